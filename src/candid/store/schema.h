// Schema: the tables of the database and the steps that lead to them from older versions.
#pragma once

#include <span>

#include "candid/store/sqlite.h"

namespace candid::store {

// Rows of a collection's faces lie together: row = collection number << kSequenceBits | sequence.
inline constexpr int kSequenceBits = 36;

// Step i leads from version i to i + 1.
std::span<const char* const> Migrations();

// Brings a database to the newest version, one transaction per step. kUnsupported: it is newer
// than the steps; kCorrupt: it belongs to another program.
Status Migrate(Connection& connection, std::span<const char* const> steps);

// The same without a change: kUnsupported also where the database is older than the steps.
Status RequireNewest(Connection& connection, std::span<const char* const> steps);

}  // namespace candid::store
