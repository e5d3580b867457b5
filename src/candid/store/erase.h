// Erase: takes somebody out of a state folder and looks whether anything is left. For a folder that
// no server has. docs/audit.md says what the proof is worth.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "candid/store/records.h"
#include "candid/store/store.h"

namespace candid::store {

struct EraseRequest {
  enum class What { kFace, kExternalImage, kUser, kCollection };
  What what = What::kFace;
  std::string id;
  std::string collection;  // only there; empty: in all
};

// What was done and what a search of every file found afterwards.
struct EraseStatement {
  std::uint64_t faces = 0;
  std::uint64_t crops = 0;
  std::uint64_t pictures = 0;
  std::vector<std::string> collections;     // that held something of it
  std::vector<std::string> caches_removed;  // files that can be made anew
  std::uint64_t files_searched = 0;
  std::uint64_t bytes_searched = 0;
  std::uint64_t pieces = 0;            // of templates and pictures, and ids, that were searched for
  std::uint64_t piece_every = 1;       // of so many pieces one was searched for
  bool id_searched = true;             // false: too short to tell from chance
  std::vector<std::string> leftovers;  // "file: what"
  // Faces with the very same template that lie elsewhere and were not to be erased, as
  // "collection/face id".
  std::vector<std::string> still_stored;

  bool proven() const { return leftovers.empty() && still_stored.empty(); }
};

// kNotFound: there is nothing of that name; kConflict: a server has the folder. Overwrites,
// rebuilds the database without the gaps, cuts its log, removes eval caches that hold a piece, then
// searches every file but those of models/.
Result<EraseStatement> EraseAndProve(const std::filesystem::path& folder,
                                     const EraseRequest& request, AuditEntry audit);

}  // namespace candid::store
