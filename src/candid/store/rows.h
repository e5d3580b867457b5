// Rows: how the tables' rows and the plain values of records.h become each other. Private to this
// folder.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "candid/store/records.h"
#include "candid/store/sqlite.h"

namespace candid::store {

std::int64_t Microseconds(Time time);
Time FromMicroseconds(std::int64_t us);

struct CollectionRow {
  std::uint64_t number = 0;
  std::uint64_t next_sequence = 0;
  Collection collection;
};

// A WHERE follows; ReadCollection reads its rows.
inline constexpr std::string_view kCollectionColumns =
    "SELECT number,next_sequence,id,created_us,pack,model_hash,model_version,dimension,keep,"
    "face_count,user_count,"
    "ifnull((SELECT value FROM tags WHERE collection=number AND key='candid:false-alarms'),''),"
    "retention_s FROM collections ";
CollectionRow ReadCollection(const Query& query);

// kNotFound in Rekognition's words.
Result<CollectionRow> FindCollectionRow(Connection& connection, const std::string& id);

// A WHERE follows; ReadFace reads its rows.
inline constexpr std::string_view kFaceColumns =
    "SELECT f.row,f.face_id,i.image_id,i.external_id,f.left,f.top,f.width,f.height,f.confidence,"
    "f.usefulness,u.user_id FROM faces f JOIN images i ON i.number=f.image "
    "LEFT JOIN associations a ON a.face=f.row LEFT JOIN users u ON u.number=a.user ";
StoredFace ReadFace(const Query& query);
Result<std::vector<StoredFace>> ReadFaces(Query& query);

// A WHERE follows; ReadUser reads its rows.
inline constexpr std::string_view kUserColumns =
    "SELECT u.number,u.user_id,(SELECT count(*) FROM associations a WHERE a.user=u.number) "
    "FROM users u ";
StoredUser ReadUser(const Query& query);

// The rows that a collection's faces may use, both ends included.
struct RowRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
RowRange RowsOf(std::uint64_t collection);

ByteSpan BytesOf(std::span<const float> values);

// The vector of a template; kCorrupt, naming face and database, where it is not of `dimension`.
Result<std::vector<float>> ReadVector(const Query& query, int column, std::size_t dimension,
                                      RowId face, const std::filesystem::path& database);

// The mean in this column, the deviation in the next.
Figures ReadFigures(const Query& query, int column);

Status PutTags(Connection& connection, std::uint64_t collection, const Tags& tags);

// The trail's next line, chained to the last one (trail.cc).
Status AppendAudit(Connection& connection, const AuditEntry& entry);
// Lines from before the trail was a chain become its foundation: the first chained line holds their
// number and the hash over them. Does nothing where there are none, or where that was done.
Status StartChain(Connection& connection, Time now);

// Deletes a face, and of its image what may not outlive it.
Status EraseFace(Connection& connection, RowId row);

}  // namespace candid::store
