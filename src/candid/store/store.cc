#include "candid/store/store.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <mutex>

#include "candid/store/schema.h"
#include "candid/store/state_lock.h"
#include "candid/store/writer.h"

namespace candid::store {
namespace {

constexpr std::size_t kBlockRows = 4096;

std::int64_t Microseconds(Time time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count();
}
Time FromMicroseconds(std::int64_t us) { return Time(std::chrono::microseconds(us)); }

ByteSpan BytesOf(std::span<const float> values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()};
}

struct CollectionRow {
  std::uint64_t number = 0;
  std::uint64_t next_sequence = 0;
  Collection collection;
};

constexpr std::string_view kCollectionColumns =
    "SELECT number,next_sequence,id,created_us,pack,model_hash,model_version,dimension,keep,"
    "face_count FROM collections ";

CollectionRow ReadCollection(const Query& q) {
  CollectionRow row;
  row.number = static_cast<std::uint64_t>(q.Int(0));
  row.next_sequence = static_cast<std::uint64_t>(q.Int(1));
  row.collection = {q.Text(2),
                    FromMicroseconds(q.Int(3)),
                    {q.Text(4), q.Text(5), q.Text(6), static_cast<std::size_t>(q.Int(7))},
                    static_cast<Keep>(q.Int(8)),
                    static_cast<std::uint64_t>(q.Int(9))};
  return row;
}

Result<CollectionRow> Find(Connection& connection, const std::string& id) {
  Query query(connection, std::string(kCollectionColumns) + "WHERE id=?");
  CANDID_ASSIGN(const bool found, query.Bind(id).Step());
  if (!found) {
    return Fail(Code::kNotFound, fmt::format("The collection id: {} does not exist", id));
  }
  return ReadCollection(query);
}

Status Append(Connection& connection, const AuditEntry& entry) {
  return Query(connection, "INSERT INTO audit VALUES(NULL,?,?,?,?,?,?,?,NULL,NULL)")
      .Bind(Microseconds(entry.time))
      .Bind(entry.key_id)
      .Bind(entry.operation)
      .Bind(entry.collection)
      .Bind(entry.outcome)
      .Bind(entry.affected)
      .Bind(entry.refused)
      .Run();
}

constexpr std::string_view kFaceColumns =
    "SELECT f.row,f.face_id,i.image_id,i.external_id,f.left,f.top,f.width,f.height,f.confidence,"
    "f.usefulness FROM faces f JOIN images i ON i.number=f.image ";

StoredFace ReadFace(const Query& q) {
  const auto real = [&](int column) { return static_cast<float>(q.Real(column)); };
  return {static_cast<RowId>(q.Int(0)),         q.Text(1), q.Text(2), q.Text(3),
          {real(4), real(5), real(6), real(7)}, real(8),   real(9)};
}

Result<std::vector<StoredFace>> ReadFaces(Query& query) {
  std::vector<StoredFace> faces;
  while (true) {
    CANDID_ASSIGN(const bool row, query.Step());
    if (!row) return faces;
    faces.push_back(ReadFace(query));
  }
}

// The rows a collection may use.
struct Range {
  std::uint64_t first;
  std::uint64_t last;
};
Range RowsOf(std::uint64_t number) {
  return {number << kSequenceBits, ((number + 1) << kSequenceBits) - 1};
}

bool SameFace(const Region& a, const Region& b) {
  const float width = std::min(a.left + a.width, b.left + b.width) - std::max(a.left, b.left);
  const float height = std::min(a.top + a.height, b.top + b.height) - std::max(a.top, b.top);
  if (width <= 0 || height <= 0) return false;
  const float both = width * height;
  return both > 0.5f * (a.width * a.height + b.width * b.height - both);
}

Result<std::vector<StoredFace>> FindIn(Connection& connection, std::uint64_t number,
                                       const std::vector<std::string>& face_ids) {
  const Range rows = RowsOf(number);
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

Status PutFace(Connection& connection, RowId row, std::uint64_t image, const NewFace& face) {
  CANDID_TRY(Query(connection, "INSERT INTO faces VALUES(?,?,?,?,?,?,?,?,?)")
                 .Bind(row)
                 .Bind(image)
                 .Bind(face.face_id)
                 .Bind(double{face.box.left})
                 .Bind(double{face.box.top})
                 .Bind(double{face.box.width})
                 .Bind(double{face.box.height})
                 .Bind(double{face.confidence})
                 .Bind(double{face.usefulness})
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

struct Store::State {
  std::filesystem::path folder;
  std::filesystem::path database;
  std::unique_ptr<StateLock> lock;
  std::unique_ptr<Writer> writer;
  mutable std::mutex mutex;
  mutable std::vector<std::unique_ptr<Connection>> idle;

  template <typename Work>
  auto Read(Work work) const -> decltype(work(std::declval<Connection&>())) {
    std::unique_ptr<Connection> connection;
    {
      const std::lock_guard guard(mutex);
      if (!idle.empty()) {
        connection = std::move(idle.back());
        idle.pop_back();
      }
    }
    if (connection == nullptr) {
      CANDID_ASSIGN(connection, Connection::Open(database, false));
    }
    CANDID_TRY(connection->Execute("BEGIN"));
    auto outcome = work(*connection);
    CANDID_TRY(connection->Execute("COMMIT"));
    const std::lock_guard guard(mutex);
    idle.push_back(std::move(connection));
    return outcome;
  }

  Status Write(Work work) {
    if (writer == nullptr) {
      return Fail(Code::kDenied, fmt::format("{} was opened for reading", database.string()));
    }
    return writer->Write(std::move(work));
  }
};

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;
const std::filesystem::path& Store::folder() const { return state_->folder; }
const std::filesystem::path& Store::database() const { return state_->database; }

Result<std::unique_ptr<Store>> Store::Open(const std::filesystem::path& folder,
                                           const OpenOptions& options) {
  auto state = std::make_unique<State>();
  state->folder = folder;
  state->database = folder / "candid.db";
  std::error_code error;
  if (options.access == Access::kRead) {
    if (!std::filesystem::exists(state->database, error)) {
      return Fail(Code::kNotFound, fmt::format("there is no {}", state->database.string()));
    }
    return std::unique_ptr<Store>(new Store(std::move(state)));
  }
  std::filesystem::create_directories(folder, error);
  CANDID_ASSIGN(state->lock, StateLock::Take(folder));
  CANDID_ASSIGN(auto connection, Connection::Open(state->database, true));
  if (Status ready = Migrate(*connection, Migrations()); !ready) {
    return Fail(ready.error().WithContext(state->database.string()));
  }
  CANDID_TRY(connection->Execute("PRAGMA journal_mode=WAL; DELETE FROM staged_templates"));
  state->writer = std::make_unique<Writer>(std::move(connection));
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

Result<Collection> Store::CreateCollection(const Collection& collection, const AuditEntry& audit) {
  const auto work = [&](Connection& connection) -> Status {
    if (Find(connection, collection.id)) {
      return Fail(Code::kAlreadyExists,
                  fmt::format("The collection id: {} already exists", collection.id));
    }
    CANDID_TRY(Query(connection, "INSERT INTO collections VALUES(NULL,?,?,?,?,?,?,?,1,0)")
                   .Bind(collection.id)
                   .Bind(Microseconds(collection.created))
                   .Bind(collection.model.pack)
                   .Bind(collection.model.hash)
                   .Bind(collection.model.version)
                   .Bind(std::uint64_t{collection.model.dimension})
                   .Bind(static_cast<int>(collection.keep))
                   .Run());
    return Append(connection, audit);
  };
  CANDID_TRY(state_->Write(work));
  return FindCollection(collection.id);
}

Result<Collection> Store::FindCollection(const std::string& id) const {
  return state_->Read([&](Connection& connection) -> Result<Collection> {
    CANDID_ASSIGN(auto row, Find(connection, id));
    return row.collection;
  });
}

Result<Page<Collection>> Store::ListCollections(Cursor after, std::size_t limit) const {
  return state_->Read([&](Connection& connection) -> Result<Page<Collection>> {
    Query query(connection,
                std::string(kCollectionColumns) + "WHERE number>? ORDER BY number LIMIT ?");
    query.Bind(after).Bind(std::uint64_t{limit} + 1);
    Page<Collection> page;
    Cursor last = after;
    while (true) {
      CANDID_ASSIGN(const bool found, query.Step());
      if (!found) return page;
      if (page.items.size() == limit) {
        page.next = last;
        return page;
      }
      CollectionRow row = ReadCollection(query);
      last = row.number;
      page.items.push_back(std::move(row.collection));
    }
  });
}

Result<std::uint64_t> Store::DeleteCollection(const std::string& id, AuditEntry audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, Find(connection, id));
    CANDID_TRY(Query(connection, "DELETE FROM collections WHERE number=?").Bind(row.number).Run());
    audit.affected = row.collection.face_count;
    return Append(connection, audit);
  };
  CANDID_TRY(state_->Write(work));
  return audit.affected;
}

Result<std::vector<RecordedFace>> Store::RecordImage(const std::string& collection,
                                                     const std::string& model_hash,
                                                     const NewImage& image,
                                                     std::vector<NewFace> faces,
                                                     std::uint64_t max_faces, AuditEntry audit) {
  std::vector<RecordedFace> recorded;
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(auto row, Find(connection, collection));
    if (row.collection.model.hash != model_hash) {
      return Fail(Code::kConflict,
                  fmt::format("collection {} belongs to model pack {}: run `candid reembed {}`",
                              collection, row.collection.model.pack, collection));
    }
    if (faces.empty()) return Append(connection, audit);
    CANDID_ASSIGN(const std::uint64_t number, PutImage(connection, row.number, image));
    Query present(connection, std::string(kFaceColumns) + "WHERE f.image=? ORDER BY f.row");
    CANDID_ASSIGN(auto known, ReadFaces(present.Bind(number)));
    std::uint64_t added = 0;
    for (const NewFace& face : faces) {
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
      CANDID_TRY(PutFace(connection, key, number, face));
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
    return Append(connection, audit);
  };
  CANDID_TRY(state_->Write(work));
  return recorded;
}

Result<Page<StoredFace>> Store::ListFaces(const std::string& collection, Cursor after,
                                          std::size_t limit) const {
  return state_->Read([&](Connection& connection) -> Result<Page<StoredFace>> {
    CANDID_ASSIGN(const auto row, Find(connection, collection));
    const Range rows = RowsOf(row.number);
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
    CANDID_ASSIGN(const auto row, Find(connection, collection));
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

Result<std::vector<StoredFace>> Store::DeleteFaces(const std::string& collection,
                                                   const std::vector<std::string>& face_ids,
                                                   AuditEntry audit) {
  std::vector<StoredFace> gone;
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, Find(connection, collection));
    for (const std::string& id : face_ids) {
      CANDID_ASSIGN(auto found, FindIn(connection, row.number, {id}));
      if (found.empty()) continue;
      const RowId key = found.front().row;
      Query image(connection, "SELECT image FROM faces WHERE row=?");
      CANDID_TRY(image.Bind(key).Step());
      const std::int64_t number = image.Int(0);
      CANDID_TRY(Query(connection, "DELETE FROM faces WHERE row=?").Bind(key).Run());
      // A kept picture still shows the face that was erased.
      CANDID_TRY(Query(connection, "DELETE FROM kept_images WHERE image=?").Bind(number).Run());
      CANDID_TRY(Query(connection,
                       "DELETE FROM images WHERE number=?1 AND NOT EXISTS"
                       "(SELECT 1 FROM faces WHERE image=?1)")
                     .Bind(number)
                     .Run());
      gone.push_back(std::move(found.front()));
    }
    CANDID_TRY(Query(connection, "UPDATE collections SET face_count=face_count-? WHERE number=?")
                   .Bind(std::uint64_t{gone.size()})
                   .Bind(row.number)
                   .Run());
    audit.affected = gone.size();
    return Append(connection, audit);
  };
  CANDID_TRY(state_->Write(work));
  return gone;
}

Status Store::ReadTemplates(const std::string& collection,
                            const std::function<Status(const TemplateBlock&)>& take) const {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, Find(connection, collection));
    const Range rows = RowsOf(row.number);
    const std::size_t dimension = row.collection.model.dimension;
    Query query(connection,
                "SELECT face,vector,mean,deviation FROM templates WHERE face BETWEEN ? AND ? "
                "ORDER BY face");
    query.Bind(rows.first).Bind(rows.last);
    TemplateBlock block;
    while (true) {
      CANDID_ASSIGN(const bool found, query.Step());
      if (!found || block.rows.size() == kBlockRows) {
        if (!block.rows.empty()) CANDID_TRY(take(block));
        block = {};
      }
      if (!found) return {};
      const ByteSpan vector = query.Blob(1);
      if (vector.size() != dimension * sizeof(float)) {
        return Fail(Code::kCorrupt,
                    fmt::format("{} is damaged: the template of face {} has {} bytes, not {}; "
                                "restore a backup",
                                state_->database.string(), query.Int(0), vector.size(),
                                dimension * sizeof(float)));
      }
      block.rows.push_back(static_cast<RowId>(query.Int(0)));
      const std::size_t filled = block.vectors.size();
      block.vectors.resize(filled + dimension);
      std::memcpy(block.vectors.data() + filled, vector.data(), vector.size());
      block.figures.push_back(
          {static_cast<float>(query.Real(2)), static_cast<float>(query.Real(3))});
    }
  };
  return state_->Read(work);
}

Result<std::vector<StoredFace>> Store::FacesOfImage(const std::string& collection,
                                                    const std::string& image_id,
                                                    const std::string& external_image_id) const {
  return state_->Read([&](Connection& connection) -> Result<std::vector<StoredFace>> {
    CANDID_ASSIGN(const auto row, Find(connection, collection));
    Query query(connection,
                std::string(kFaceColumns) +
                    "WHERE i.collection=? AND i.image_id=? AND i.external_id=? ORDER BY f.row");
    query.Bind(row.number).Bind(image_id).Bind(external_image_id);
    return ReadFaces(query);
  });
}

Result<std::vector<float>> Store::TemplateAt(RowId row) const {
  return state_->Read([&](Connection& connection) -> Result<std::vector<float>> {
    Query query(connection, "SELECT vector FROM templates WHERE face=?");
    CANDID_ASSIGN(const bool found, query.Bind(row).Step());
    if (!found) return Fail(Code::kNotFound, fmt::format("there is no face in row {}", row));
    const ByteSpan vector = query.Blob(0);
    std::vector<float> values(vector.size() / sizeof(float));
    std::memcpy(values.data(), vector.data(), values.size() * sizeof(float));
    return values;
  });
}

Result<std::uint64_t> Store::CountCollections() const {
  return state_->Read([&](Connection& connection) -> Result<std::uint64_t> {
    CANDID_ASSIGN(const auto count, connection.Number("SELECT count(*) FROM collections"));
    return static_cast<std::uint64_t>(count);
  });
}

Status Store::Check() const {
  return state_->Read([&](Connection& connection) -> Status {
    Query query(connection, "PRAGMA integrity_check(1)");
    CANDID_TRY(query.Step());
    if (query.Text(0) == "ok") return {};
    return Fail(Code::kCorrupt, fmt::format("{} is damaged ({}): restore a backup in its place",
                                            state_->database.string(), query.Text(0)));
  });
}

void Store::Audit(AuditEntry entry) {
  if (state_->writer == nullptr) return;
  state_->writer->Later(
      [entry = std::move(entry)](Connection& connection) { return Append(connection, entry); });
}

Status Store::Flush() {
  return state_->Write([](Connection&) -> Status { return {}; });
}

}  // namespace candid::store
