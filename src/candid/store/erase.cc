#include "candid/store/erase.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "candid/store/leftovers.h"
#include "candid/store/rows.h"
#include "candid/store/sqlite.h"
#include "candid/store/state_lock.h"

namespace candid::store {
namespace {

constexpr std::uint64_t kMostPieces = 2'000'000;  // some 200 MB in memory
constexpr std::size_t kShownStill = 100;

// A face on its way out.
struct Doomed {
  RowId row = 0;
  std::uint64_t collection = 0;
};

struct Plan {
  std::vector<Doomed> faces;
  std::map<std::uint64_t, std::string> collections;  // by number
  std::vector<std::uint64_t> users;
  std::vector<Needle> needles;
  EraseStatement statement;
};

tl::unexpected<Error> Nothing(const EraseRequest& request) {
  static constexpr const char* kNames[] = {"face id", "external image id", "user", "collection"};
  return Fail(
      Code::kNotFound,
      fmt::format("there is no {} {}{}{}", kNames[static_cast<int>(request.what)], request.id,
                  request.collection.empty() ? "" : " in collection ", request.collection));
}

Result<bool> HasTable(Connection& connection, std::string_view name) {
  Query query(connection, "SELECT 1 FROM sqlite_schema WHERE type='table' AND name=?");
  return query.Bind(name).Step();
}

// Which faces the request is about: a SELECT of row and collection number by one text.
std::string_view FacesSql(EraseRequest::What what) {
  switch (what) {
    case EraseRequest::What::kFace:
      return "SELECT row,row>>36 FROM faces WHERE face_id=?";
    case EraseRequest::What::kExternalImage:
      return "SELECT f.row,f.row>>36 FROM images i JOIN faces f ON f.image=i.number "
             "WHERE i.external_id=?";
    case EraseRequest::What::kUser:
      return "SELECT a.face,a.face>>36 FROM users u JOIN associations a ON a.user=u.number "
             "WHERE u.user_id=?";
    case EraseRequest::What::kCollection:
      break;
  }
  return "SELECT f.row,f.row>>36 FROM collections c JOIN images i ON i.collection=c.number "
         "JOIN faces f ON f.image=i.number WHERE c.id=?";
}

Result<std::map<std::uint64_t, std::string>> Collections(Connection& connection,
                                                         const std::string& only) {
  std::map<std::uint64_t, std::string> all;
  Query query(connection, "SELECT number,id FROM collections");
  while (true) {
    CANDID_ASSIGN(const bool found, query.Step());
    if (!found) return all;
    if (only.empty() || query.Text(1) == only) {
      all.emplace(static_cast<std::uint64_t>(query.Int(0)), query.Text(1));
    }
  }
}

Status FindUsers(Connection& connection, const EraseRequest& request, Plan* plan) {
  Query query(connection, "SELECT number,collection FROM users WHERE user_id=?");
  query.Bind(request.id);
  while (true) {
    CANDID_ASSIGN(const bool found, query.Step());
    if (!found) return {};
    if (plan->collections.contains(static_cast<std::uint64_t>(query.Int(1)))) {
      plan->users.push_back(static_cast<std::uint64_t>(query.Int(0)));
    }
  }
}

Status FindFaces(Connection& connection, const EraseRequest& request, Plan* plan) {
  const bool whole = request.what == EraseRequest::What::kCollection;
  CANDID_ASSIGN(plan->collections,
                Collections(connection, whole ? request.id : request.collection));
  if (request.what == EraseRequest::What::kUser) {
    CANDID_ASSIGN(const bool users, HasTable(connection, "users"));
    if (!users) return Nothing(request);
    CANDID_TRY(FindUsers(connection, request, plan));
  }
  Query query(connection, FacesSql(request.what));
  query.Bind(request.id);
  while (true) {
    CANDID_ASSIGN(const bool found, query.Step());
    if (!found) break;
    const Doomed face{static_cast<RowId>(query.Int(0)), static_cast<std::uint64_t>(query.Int(1))};
    if (plan->collections.contains(face.collection)) plan->faces.push_back(face);
  }
  const bool there = whole ? !plan->collections.empty() : !plan->faces.empty();
  if (!there && plan->users.empty()) return Nothing(request);
  return {};
}

void AddId(const std::string& id, std::vector<Needle>* needles) {
  const ByteSpan bytes = AsBytes(id);
  if (bytes.size() < kLeastNeedle || bytes.size() > kMostNeedle) return;
  needles->push_back({NeedleKind::kId, Bytes(bytes.begin(), bytes.end())});
}

// What must not be found afterwards, read before it goes.
Status Remember(Connection& connection, const EraseRequest& request, Plan* plan) {
  EraseStatement& statement = plan->statement;
  std::uint64_t pieces = 0;
  std::set<std::uint64_t> images;
  for (const Doomed& face : plan->faces) {
    Query query(connection,
                "SELECT length(t.vector),ifnull(length(c.jpeg),0),f.image FROM faces f "
                "JOIN templates t ON t.face=f.row LEFT JOIN crops c ON c.face=f.row WHERE f.row=?");
    CANDID_ASSIGN(const bool found, query.Bind(face.row).Step());
    if (!found) continue;
    pieces += static_cast<std::uint64_t>(query.Int(0) + query.Int(1) / 2) / 16;
    if (query.Int(1) != 0) ++statement.crops;
    images.insert(static_cast<std::uint64_t>(query.Int(2)));
  }
  for (const std::uint64_t image : images) {
    Query query(connection, "SELECT length(file) FROM kept_images WHERE image=?");
    CANDID_ASSIGN(const bool found, query.Bind(image).Step());
    if (!found) continue;
    ++statement.pictures;
    pieces += static_cast<std::uint64_t>(query.Int(0)) / 32;
  }
  statement.piece_every = pieces / kMostPieces + 1;
  const auto stride = static_cast<std::size_t>(statement.piece_every);
  const auto add = [&](NeedleKind kind, const char* sql, std::uint64_t key) -> Status {
    Query query(connection, sql);
    CANDID_ASSIGN(const bool found, query.Bind(key).Step());
    if (found) AddPieces(kind, query.Blob(0), stride, &plan->needles);
    return {};
  };
  for (const Doomed& face : plan->faces) {
    CANDID_TRY(add(NeedleKind::kTemplate, "SELECT vector FROM templates WHERE face=?", face.row));
    CANDID_TRY(add(NeedleKind::kCrop, "SELECT jpeg FROM crops WHERE face=?", face.row));
    Query query(connection, "SELECT face_id FROM faces WHERE row=?");
    CANDID_ASSIGN(const bool found, query.Bind(face.row).Step());
    if (found) AddId(query.Text(0), &plan->needles);
  }
  for (const std::uint64_t image : images) {
    CANDID_TRY(add(NeedleKind::kPicture, "SELECT file FROM kept_images WHERE image=?", image));
  }
  const bool by_name = request.what == EraseRequest::What::kExternalImage ||
                       request.what == EraseRequest::What::kUser;
  // A collection's id stays in the trail, which says what was done to it.
  if (by_name) {
    const std::size_t before = plan->needles.size();
    // Only where it goes from all collections must it be found nowhere.
    if (request.collection.empty()) AddId(request.id, &plan->needles);
    statement.id_searched = plan->needles.size() > before;
  }
  statement.faces = plan->faces.size();
  statement.pieces = plan->needles.size();
  std::set<std::string> touched;
  for (const Doomed& face : plan->faces) touched.insert(plan->collections.at(face.collection));
  if (request.what == EraseRequest::What::kCollection) touched.insert(request.id);
  statement.collections.assign(touched.begin(), touched.end());
  return {};
}

// Answers kept for repeated requests name faces.
Status ForgetAnswers(Connection& connection, const Plan& plan) {
  CANDID_ASSIGN(const bool kept, HasTable(connection, "request_tokens"));
  if (!kept) return {};
  for (const auto& [number, id] : plan.collections) {
    CANDID_TRY(
        Query(connection, "DELETE FROM request_tokens WHERE collection=?").Bind(number).Run());
  }
  return {};
}

Status Erase(Connection& connection, const EraseRequest& request, const Plan& plan,
             AuditEntry audit) {
  return connection.Transact([&]() -> Status {
    if (request.what == EraseRequest::What::kCollection) {
      CANDID_TRY(Query(connection, "DELETE FROM collections WHERE id=?").Bind(request.id).Run());
    } else {
      for (const Doomed& face : plan.faces) {
        CANDID_TRY(EraseFace(connection, face.row));
        CANDID_TRY(
            Query(connection, "UPDATE collections SET face_count=face_count-1 WHERE number=?")
                .Bind(face.collection)
                .Run());
      }
      CANDID_TRY(ForgetAnswers(connection, plan));
      for (const std::uint64_t user : plan.users) {
        CANDID_TRY(Query(connection,
                         "UPDATE collections SET user_count=user_count-1 WHERE number="
                         "(SELECT collection FROM users WHERE number=?)")
                       .Bind(user)
                       .Run());
        CANDID_TRY(Query(connection, "DELETE FROM users WHERE number=?").Bind(user).Run());
      }
    }
    audit.affected = plan.faces.size();
    return AppendAudit(connection, audit);
  });
}

// Which needles rows that stay hold too: the same picture indexed elsewhere has the same template.
Result<std::vector<bool>> StillStored(Connection& connection, const LeftoverSearch& search,
                                      std::vector<std::string>* owners) {
  std::vector<bool> live(search.needles().size());
  const auto look = [&](const char* sql) -> Status {
    Query query(connection, sql);
    while (true) {
      CANDID_ASSIGN(const bool found, query.Step());
      if (!found) return {};
      const auto hits = search.In(query.Blob(0));
      if (hits.empty()) continue;
      for (const std::size_t hit : hits) live[hit] = true;
      const std::string owner = query.Text(1) + "/" + query.Text(2);
      if (owners->size() < kShownStill && std::ranges::find(*owners, owner) == owners->end()) {
        owners->push_back(owner);
      }
    }
  };
  CANDID_TRY(
      look("SELECT t.vector,c.id,f.face_id FROM templates t JOIN faces f ON f.row=t.face "
           "JOIN collections c ON c.number=f.row>>36"));
  CANDID_TRY(
      look("SELECT j.jpeg,c.id,f.face_id FROM crops j JOIN faces f ON f.row=j.face "
           "JOIN collections c ON c.number=f.row>>36"));
  CANDID_TRY(
      look("SELECT k.file,c.id,i.image_id FROM kept_images k JOIN images i ON "
           "i.number=k.image JOIN collections c ON c.number=i.collection"));
  return live;
}

const char* NameOf(NeedleKind kind) {
  switch (kind) {
    case NeedleKind::kTemplate:
      return "a piece of a template";
    case NeedleKind::kCrop:
      return "a piece of a crop";
    case NeedleKind::kPicture:
      return "a piece of a picture";
    case NeedleKind::kId:
      break;
  }
  return "an id";
}

// Every regular file but those of the shipped models, which nothing of a person is written to.
Result<std::vector<std::filesystem::path>> FilesOf(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  std::filesystem::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::recursive_directory_iterator();
       entry.increment(error)) {
    if (entry.depth() == 0 && entry->path().filename() == "models") {
      entry.disable_recursion_pending();
      continue;
    }
    if (entry->is_symlink() || !entry->is_regular_file()) continue;
    files.push_back(entry->path());
  }
  if (error) {
    return Fail(Code::kIo,
                fmt::format("{} cannot be searched: {}", folder.string(), error.message()));
  }
  std::ranges::sort(files);
  return files;
}

bool IsCache(const std::filesystem::path& folder, const std::filesystem::path& file) {
  return file.parent_path() == folder / "eval";
}

Status Search(const std::filesystem::path& folder, const LeftoverSearch& search,
              const std::vector<bool>& live, EraseStatement* statement) {
  CANDID_ASSIGN(const auto files, FilesOf(folder));
  for (const std::filesystem::path& file : files) {
    CANDID_ASSIGN(const auto found, search.InFile(file, &statement->bytes_searched));
    ++statement->files_searched;
    std::set<NeedleKind> kinds;
    for (const std::size_t hit : found) {
      if (!live[hit] || IsCache(folder, file)) kinds.insert(search.needles()[hit].kind);
    }
    if (kinds.empty()) continue;
    std::error_code error;
    if (IsCache(folder, file) && std::filesystem::remove(file, error)) {
      statement->caches_removed.push_back(file.string());
      continue;
    }
    for (const NeedleKind kind : kinds) {
      statement->leftovers.push_back(fmt::format("{}: {}", file.string(), NameOf(kind)));
    }
  }
  return {};
}

}  // namespace

Result<EraseStatement> EraseAndProve(const std::filesystem::path& folder,
                                     const EraseRequest& request, AuditEntry audit) {
  Plan plan;
  // Held from the first look to the last, so that nobody writes meanwhile.
  std::unique_ptr<StateLock> lock;
  {
    // Brings an older database up to date, and empties the log of a server that died.
    CANDID_ASSIGN(const auto store, Store::Open(folder));
  }
  CANDID_ASSIGN(lock, StateLock::Take(folder));
  CANDID_ASSIGN(auto connection, Connection::Open(folder / "candid.db", true));
  CANDID_TRY(FindFaces(*connection, request, &plan));
  CANDID_TRY(Remember(*connection, request, &plan));
  CANDID_TRY(Erase(*connection, request, plan, std::move(audit)));
  // secure_delete has overwritten; rebuilding leaves no page behind that once was something else.
  CANDID_TRY(connection->Execute("VACUUM"));
  CANDID_ASSIGN(const bool emptied, connection->EmptyLog(std::chrono::seconds(5)));
  if (!emptied) {
    return Fail(Code::kUnavailable,
                fmt::format("erased, but a reader still needs the log of {}: end it and erase "
                            "once more to prove it",
                            (folder / "candid.db").string()));
  }
  const LeftoverSearch search(std::move(plan.needles));
  CANDID_ASSIGN(const auto live, StillStored(*connection, search, &plan.statement.still_stored));
  // The last connection to close removes the log's files.
  connection.reset();
  CANDID_TRY(Search(folder, search, live, &plan.statement));
  lock.reset();
  // The head record takes the erasure's line in.
  CANDID_TRY(Store::Open(folder));
  return std::move(plan.statement);
}

}  // namespace candid::store
