#include "candid/store/rows.h"

#include <fmt/format.h>

#include <cstring>

#include "candid/store/schema.h"

namespace candid::store {

std::int64_t Microseconds(Time time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}

Time FromMicroseconds(std::int64_t us) { return Time(std::chrono::microseconds(us)); }

CollectionRow ReadCollection(const Query& query) {
  CollectionRow row;
  row.number = static_cast<std::uint64_t>(query.Int(0));
  row.next_sequence = static_cast<std::uint64_t>(query.Int(1));
  row.collection = {
      query.Text(2),
      FromMicroseconds(query.Int(3)),
      {query.Text(4), query.Text(5), query.Text(6), static_cast<std::size_t>(query.Int(7))},
      static_cast<Keep>(query.Int(8)),
      static_cast<std::uint64_t>(query.Int(9)),
      static_cast<std::uint64_t>(query.Int(10)),
      query.Text(11),
      std::chrono::seconds(query.Int(12))};
  return row;
}

Result<CollectionRow> FindCollectionRow(Connection& connection, const std::string& id) {
  Query query(connection, std::string(kCollectionColumns) + "WHERE id=?");
  CANDID_ASSIGN(const bool found, query.Bind(id).Step());
  if (!found) {
    return Fail(Code::kNotFound, fmt::format("The collection id: {} does not exist", id));
  }
  return ReadCollection(query);
}

StoredFace ReadFace(const Query& query) {
  const auto real = [&](int column) { return static_cast<float>(query.Real(column)); };
  return {static_cast<RowId>(query.Int(0)),     query.Text(1), query.Text(2), query.Text(3),
          {real(4), real(5), real(6), real(7)}, real(8),       real(9),       query.Text(10)};
}

Result<std::vector<StoredFace>> ReadFaces(Query& query) {
  std::vector<StoredFace> faces;
  while (true) {
    CANDID_ASSIGN(const bool found, query.Step());
    if (!found) return faces;
    faces.push_back(ReadFace(query));
  }
}

StoredUser ReadUser(const Query& query) {
  return {static_cast<UserNumber>(query.Int(0)), query.Text(1),
          static_cast<std::uint64_t>(query.Int(2))};
}

RowRange RowsOf(std::uint64_t collection) {
  return {collection << kSequenceBits, ((collection + 1) << kSequenceBits) - 1};
}

ByteSpan BytesOf(std::span<const float> values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()};
}

Result<std::vector<float>> ReadVector(const Query& query, int column, std::size_t dimension,
                                      RowId face, const std::filesystem::path& database) {
  const ByteSpan bytes = query.Blob(column);
  if (bytes.size() != dimension * sizeof(float)) {
    return Fail(Code::kCorrupt,
                fmt::format("{} is damaged: the template of face {} has {} bytes, "
                            "not {}; restore a backup",
                            database.string(), face, bytes.size(), dimension * sizeof(float)));
  }
  std::vector<float> vector(dimension);
  std::memcpy(vector.data(), bytes.data(), bytes.size());
  return vector;
}

Figures ReadFigures(const Query& query, int column) {
  return {static_cast<float>(query.Real(column)), static_cast<float>(query.Real(column + 1))};
}

Status EraseFace(Connection& connection, RowId row) {
  std::uint64_t image = 0;
  {
    Query query(connection, "SELECT image FROM faces WHERE row=?");
    CANDID_ASSIGN(const bool found, query.Bind(row).Step());
    if (!found) return {};
    image = static_cast<std::uint64_t>(query.Int(0));
  }
  CANDID_TRY(Query(connection, "DELETE FROM faces WHERE row=?").Bind(row).Run());
  // A kept picture still shows the face that was erased.
  CANDID_TRY(Query(connection, "DELETE FROM kept_images WHERE image=?").Bind(image).Run());
  return Query(connection,
               "DELETE FROM images WHERE number=?1 AND NOT EXISTS"
               "(SELECT 1 FROM faces WHERE image=?1)")
      .Bind(image)
      .Run();
}

}  // namespace candid::store
