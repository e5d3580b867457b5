// Records: what the store remembers, as plain values. No pixels travel here but encoded ones that
// the operator chose to keep.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "candid/base/bytes.h"
#include "candid/base/figures.h"
#include "candid/base/hash.h"

namespace candid::store {

using Time = std::chrono::system_clock::time_point;  // kept to the microsecond

// A face's row. Never reused, not even after deletion; rises in order of insertion.
using RowId = std::uint64_t;

// Where a page begins: rows after this one. 0 is the beginning. Opaque to callers.
using Cursor = std::uint64_t;

template <typename T>
struct Page {
  std::vector<T> items;
  std::optional<Cursor> next;  // absent on the last page
};

// What is kept of the pictures besides templates. Needed to make templates anew with another pack.
enum class Keep {
  kNone,
  kCrops,   // about twice the face's box, as JPEG
  kImages,  // the file as it came; erased with the first of its faces that is deleted
};

// Which models made a collection's templates. Templates of different hashes are not comparable.
struct ModelIdentity {
  std::string pack;     // the pack's name
  std::string hash;     // of everything that shapes a template
  std::string version;  // digits and dots, Rekognition's FaceModelVersion
  std::size_t dimension = 0;

  bool operator==(const ModelIdentity&) const = default;
};

struct Collection {
  std::string id;
  Time created;
  ModelIdentity model;
  Keep keep = Keep::kNone;
  std::uint64_t face_count = 0;
  std::uint64_t user_count = 0;
  // The value of its tag kFalseAlarmsTag; empty: nothing is promised. Changed by tags alone.
  std::string false_alarms = {};
  std::chrono::seconds retention{0};  // faces older than this are erased; 0: they stay
};

// What the operator calls a collection by: keys and values.
using Tags = std::map<std::string, std::string>;
inline constexpr const char* kFalseAlarmsTag = "candid:false-alarms";
inline constexpr std::size_t kMaxTags = 200;  // of one collection

// Fractions of the upright picture's width and height; may be negative or reach beyond 1.
struct Region {
  float left = 0;
  float top = 0;
  float width = 0;
  float height = 0;

  bool operator==(const Region&) const = default;
};

struct StoredFace {
  RowId row = 0;
  std::string face_id;            // UUID
  std::string image_id;           // UUID, the same for the same bytes
  std::string external_image_id;  // empty: none
  Region box;
  float confidence = 0;      // 0 to 1
  float usefulness = 0;      // 0 to 1
  std::string user_id = {};  // of the user it is associated with; empty: none
};

struct NewImage {
  std::string image_id;           // UUID
  std::string external_image_id;  // empty: none
  Digest sha256{};
  int width = 0;   // of the upright picture, pixels
  int height = 0;  // of the upright picture, pixels
  ByteSpan file;   // kept where not empty; borrowed for the call
};

struct StoredTemplate {
  std::vector<float> vector;
  Figures figures;
};

struct NewFace {
  // UUID, unique in the collection; empty: the store derives it from the collection, the image,
  // the model and the box, so that the same face gets the same id again.
  std::string face_id;
  Region box;
  float confidence = 0;
  float usefulness = 0;
  std::vector<float> vector;  // of the collection's dimension
  Figures figures;
  Bytes crop;  // kept where not empty
};

// Templates of consecutive rows, `vectors` row-major.
struct TemplateBlock {
  std::vector<RowId> rows;
  std::vector<float> vectors;
  std::vector<Figures> figures;
};

// A user's number. Never reused; rises in order of creation.
using UserNumber = std::uint64_t;

// A named identity of a collection, to which faces of it are associated.
struct StoredUser {
  UserNumber number = 0;
  std::string user_id;
  std::uint64_t face_count = 0;
};

// What a user's vector is made of.
struct UserFace {
  RowId row = 0;
  std::vector<float> vector;
  Figures figures;
  float usefulness = 0;
};

// A caller's token that makes a repeated call harmless: the call's answer is kept and given again.
// Digests only, so that neither token nor ids can be read or guessed from what is kept.
struct RequestToken {
  Digest name{};     // of caller, operation and token
  Digest request{};  // of token and everything asked for
  Time now;
  Time expires;
};

// What a new template of a face can be made from. At most one of the two is there.
struct KeptPixels {
  StoredFace face;
  Bytes crop;
  Bytes file;
};

// One line of the trail: who did what to which collection and how it ended. Never a picture, a
// template or a person's name.
struct AuditEntry {
  Time time;
  std::string key_id;                    // access key; empty: the command line
  std::string operation;                 // "IndexFaces"
  std::string collection;                // empty: none
  std::string outcome;                   // "ok", or an error's code
  std::uint64_t affected = 0;            // faces stored, deleted or returned
  std::uint64_t refused = 0;             // faces left out
  std::string session = {};              // temporary credentials of the key; empty: the key itself
  std::string address = {};              // whence, where the operator wants that kept
  std::optional<double> threshold = {};  // least similarity asked for, 0 to 100
  std::string images = {};               // SHA-256 in hex of each picture, separated by a space
};

struct AuditRow {
  std::uint64_t sequence = 0;
  AuditEntry entry;
  std::optional<Digest> hash = {};  // absent: written before the trail was a chain
};

// What a look at the whole trail found. Sound where `flaws` is empty.
struct AuditReport {
  std::uint64_t lines = 0;
  std::uint64_t unchained = 0;  // the first of them, from before the trail was a chain
  std::uint64_t last = 0;       // the last line's sequence
  Digest head{};                // its hash; keep it elsewhere, and the trail up to it is held
  // The line that the folder's sealed head record names; absent: there is no record.
  std::optional<std::uint64_t> sealed;
  std::vector<std::string> flaws;  // the first of them, in order
  std::uint64_t flaw_count = 0;
};

// Lines of calls that changed nothing and could not be written.
struct AuditHealth {
  std::uint64_t lost = 0;  // since the opening
  bool failing = false;    // the last attempt failed
};

// What an access key may do. Patterns are names in which * stands for any characters.
struct Policy {
  std::vector<std::string> actions;      // operations; empty: all
  std::vector<std::string> collections;  // ids; empty: all
  bool read_only = false;
  double rate = 0;   // requests a second; 0: as many as the server can
  double burst = 0;  // how many may come at once; at least 1 where there is a rate

  bool operator==(const Policy&) const = default;
};

struct AccessKey {
  std::string id;
  Time created;
  bool enabled = true;
  std::string note;
  Policy policy = {};
  std::optional<Time> expires = {};  // from then on it opens nothing
  bool revoked = false;              // for ever; its secret is gone
};

}  // namespace candid::store
