// The store's faces.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "candid/base/ids.h"
#include "candid/store/rows.h"
#include "candid/store/schema.h"
#include "candid/store/state.h"

namespace candid::store {
namespace {

// Every part is of fixed length or ends with a byte that it cannot hold, so that no two differing
// lists of parts read the same.
std::string FaceIdOf(const std::string& collection, const std::string& model_hash,
                     const NewImage& image, const Region& box) {
  std::string name = collection + '\0' + model_hash + '\0' + image.external_image_id + '\0' +
                     image.image_id + '\0';
  name += AsText(image.sha256);
  const std::array<float, 4> sides{box.left, box.top, box.width, box.height};
  name += AsText(BytesOf(sides));
  return NamedUuid(AsBytes(name));
}

bool SameFace(const Region& a, const Region& b) {
  if (a == b) return true;  // also where it has no area
  const float width = std::min(a.left + a.width, b.left + b.width) - std::max(a.left, b.left);
  const float height = std::min(a.top + a.height, b.top + b.height) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) return false;
  const float both = width * height;
  return both > 0.5f * (a.width * a.height + b.width * b.height - both);
}

Result<std::vector<StoredFace>> FindIn(Connection& connection, std::uint64_t number,
                                       const std::vector<std::string>& face_ids) {
  const RowRange rows = RowsOf(number);
  std::vector<StoredFace> found;
  for (const std::string& id : face_ids) {
    Query query(connection,
                std::string(kFaceColumns) + "WHERE f.face_id=? AND f.row BETWEEN ? AND ?");
    CANDID_ASSIGN(const bool row, query.Bind(id).Bind(rows.first).Bind(rows.last).Step());
    if (row) found.push_back(ReadFace(query));
  }
  return found;
}

Result<std::uint64_t> PutImage(Connection& connection, std::uint64_t collection,
                               const NewImage& image) {
  CANDID_TRY(Query(connection, "INSERT OR IGNORE INTO images VALUES(NULL,?,?,?,?,?,?)")
                 .Bind(collection)
                 .Bind(image.image_id)
                 .Bind(image.external_image_id)
                 .Bind(ByteSpan(image.sha256))
                 .Bind(image.width)
                 .Bind(image.height)
                 .Run());
  Query query(connection,
              "SELECT number FROM images WHERE collection=? AND image_id=? AND external_id=?");
  CANDID_TRY(query.Bind(collection).Bind(image.image_id).Bind(image.external_image_id).Step());
  const auto number = static_cast<std::uint64_t>(query.Int(0));
  if (!image.file.empty()) {
    CANDID_TRY(Query(connection, "INSERT OR IGNORE INTO kept_images VALUES(?,?)")
                   .Bind(number)
                   .Bind(image.file)
                   .Run());
  }
  return number;
}

Status PutFace(Connection& connection, RowId row, std::uint64_t image, const NewFace& face,
               Time now) {
  CANDID_TRY(Query(connection,
                   "INSERT INTO faces(row,image,face_id,left,top,width,height,confidence,"
                   "usefulness,created_us) VALUES(?,?,?,?,?,?,?,?,?,?)")
                 .Bind(row)
                 .Bind(image)
                 .Bind(face.face_id)
                 .Bind(double{face.box.left})
                 .Bind(double{face.box.top})
                 .Bind(double{face.box.width})
                 .Bind(double{face.box.height})
                 .Bind(double{face.confidence})
                 .Bind(double{face.usefulness})
                 .Bind(Microseconds(now))
                 .Run());
  CANDID_TRY(Query(connection, "INSERT INTO templates VALUES(?,?,?,?)")
                 .Bind(row)
                 .Bind(BytesOf(face.vector))
                 .Bind(double{face.figures.mean})
                 .Bind(double{face.figures.deviation})
                 .Run());
  if (face.crop.empty()) return {};
  return Query(connection, "INSERT INTO crops VALUES(?,?)")
      .Bind(row)
      .Bind(ByteSpan(face.crop))
      .Run();
}

}  // namespace

Result<std::vector<RecordedFace>> Store::RecordImage(const std::string& collection,
                                                     const std::string& model_hash,
                                                     const NewImage& image,
                                                     std::vector<NewFace> faces,
                                                     std::uint64_t max_faces, AuditEntry audit) {
  std::vector<RecordedFace> recorded;
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(auto row, FindCollectionRow(connection, collection));
    if (row.collection.model.hash != model_hash) {
      return Fail(Code::kConflict,
                  fmt::format("collection {} belongs to model pack {}: run `candid reembed {}`",
                              collection, row.collection.model.pack, collection));
    }
    if (faces.empty()) return AppendAudit(connection, audit);
    CANDID_ASSIGN(const std::uint64_t number, PutImage(connection, row.number, image));
    Query present(connection, std::string(kFaceColumns) + "WHERE f.image=? ORDER BY f.row");
    CANDID_ASSIGN(auto known, ReadFaces(present.Bind(number)));
    std::uint64_t added = 0;
    for (NewFace& face : faces) {
      if (face.vector.size() != row.collection.model.dimension) {
        return Fail(Code::kInvalidArgument,
                    fmt::format("a template of {} floats, collection {} has {}", face.vector.size(),
                                collection, row.collection.model.dimension));
      }
      const auto same = std::find_if(known.begin(), known.end(), [&](const StoredFace& other) {
        return SameFace(face.box, other.box);
      });
      if (same != known.end()) {
        recorded.push_back({*same, false});
        continue;
      }
      if (row.collection.face_count + ++added > max_faces ||
          row.next_sequence >> kSequenceBits != 0) {
        return Fail(Code::kExhausted, fmt::format("collection {} holds its limit of {} faces",
                                                  collection, max_faces));
      }
      const RowId key = (row.number << kSequenceBits) | row.next_sequence++;
      if (face.face_id.empty()) face.face_id = FaceIdOf(collection, model_hash, image, face.box);
      CANDID_TRY(PutFace(connection, key, number, face, audit.time));
      known.push_back({key, face.face_id, image.image_id, image.external_image_id, face.box,
                       face.confidence, face.usefulness});
      recorded.push_back({known.back(), true});
    }
    CANDID_TRY(Query(connection,
                     "UPDATE collections SET next_sequence=?,face_count=face_count+? WHERE "
                     "number=?")
                   .Bind(row.next_sequence)
                   .Bind(added)
                   .Bind(row.number)
                   .Run());
    audit.affected = added;
    return AppendAudit(connection, audit);
  };
  CANDID_TRY(state_->Write(work));
  return recorded;
}

Result<std::vector<StoredFace>> Store::FacesOfImage(const std::string& collection,
                                                    const std::string& image_id,
                                                    const std::string& external_image_id) const {
  return state_->Read([&](Connection& connection) -> Result<std::vector<StoredFace>> {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    Query query(connection,
                std::string(kFaceColumns) +
                    "WHERE i.collection=? AND i.image_id=? AND i.external_id=? ORDER BY f.row");
    query.Bind(row.number).Bind(image_id).Bind(external_image_id);
    return ReadFaces(query);
  });
}

Result<Page<StoredFace>> Store::ListFaces(const std::string& collection, Cursor after,
                                          std::size_t limit) const {
  return state_->Read([&](Connection& connection) -> Result<Page<StoredFace>> {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    const RowRange rows = RowsOf(row.number);
    Query query(connection, std::string(kFaceColumns) +
                                "WHERE f.row>? AND f.row BETWEEN ? AND ? ORDER BY f.row LIMIT ?");
    query.Bind(after).Bind(rows.first).Bind(rows.last).Bind(std::uint64_t{limit} + 1);
    CANDID_ASSIGN(auto faces, ReadFaces(query));
    Page<StoredFace> page{std::move(faces), {}};
    if (page.items.size() > limit) {
      page.items.pop_back();
      page.next = page.items.empty() ? after : page.items.back().row;
    }
    return page;
  });
}

Result<std::vector<StoredFace>> Store::FindFaces(const std::string& collection,
                                                 const std::vector<std::string>& face_ids) const {
  return state_->Read([&](Connection& connection) -> Result<std::vector<StoredFace>> {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    return FindIn(connection, row.number, face_ids);
  });
}

Result<std::vector<StoredFace>> Store::FacesAt(std::span<const RowId> rows) const {
  return state_->Read([&](Connection& connection) -> Result<std::vector<StoredFace>> {
    std::vector<StoredFace> faces;
    for (const RowId row : rows) {
      Query query(connection, std::string(kFaceColumns) + "WHERE f.row=?");
      CANDID_ASSIGN(const bool found, query.Bind(row).Step());
      if (found) faces.push_back(ReadFace(query));
    }
    return faces;
  });
}

Result<std::vector<std::string>> Store::FacesStoredBefore(const std::string& collection, Time time,
                                                          std::size_t limit) const {
  return state_->Read([&](Connection& connection) -> Result<std::vector<std::string>> {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    Query query(connection,
                "SELECT face_id FROM faces WHERE row >> 36=? AND created_us<? "
                "ORDER BY created_us LIMIT ?");
    query.Bind(row.number).Bind(Microseconds(time)).Bind(std::uint64_t{limit});
    std::vector<std::string> ids;
    while (true) {
      CANDID_ASSIGN(const bool found, query.Step());
      if (!found) return ids;
      ids.push_back(query.Text(0));
    }
  });
}

Result<std::vector<StoredFace>> Store::DeleteFaces(const std::string& collection,
                                                   const std::vector<std::string>& face_ids,
                                                   AuditEntry audit) {
  std::vector<StoredFace> gone;
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    for (const std::string& id : face_ids) {
      CANDID_ASSIGN(auto found, FindIn(connection, row.number, {id}));
      if (found.empty()) continue;
      CANDID_TRY(EraseFace(connection, found.front().row));
      gone.push_back(std::move(found.front()));
    }
    CANDID_TRY(Query(connection, "UPDATE collections SET face_count=face_count-? WHERE number=?")
                   .Bind(std::uint64_t{gone.size()})
                   .Bind(row.number)
                   .Run());
    audit.affected = gone.size();
    return AppendAudit(connection, audit);
  };
  CANDID_TRY(state_->Write(work, Erasing::kBytes));
  return gone;
}

}  // namespace candid::store
