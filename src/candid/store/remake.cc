// The store's move of a collection to another pack: templates staged beside the old ones, then
// switched in one transaction.
#include <fmt/format.h>

#include "candid/store/rows.h"
#include "candid/store/state.h"

namespace candid::store {
namespace {

// A page of kept pictures ends here, whatever the number of faces asked for.
constexpr std::size_t kPageBytes = 64 << 20;

Status DropFacesWithoutStaged(Connection& connection, const RowRange& rows) {
  std::vector<RowId> lost;
  {
    Query query(connection,
                "SELECT row FROM faces WHERE row BETWEEN ? AND ? AND NOT EXISTS"
                "(SELECT 1 FROM staged_templates WHERE face=row)");
    query.Bind(rows.first).Bind(rows.last);
    while (true) {
      CANDID_ASSIGN(const bool found, query.Step());
      if (!found) break;
      lost.push_back(static_cast<RowId>(query.Int(0)));
    }
  }
  for (const RowId row : lost) CANDID_TRY(EraseFace(connection, row));
  return {};
}

Result<std::uint64_t> Count(Connection& connection, const char* sql, const RowRange& rows) {
  Query query(connection, sql);
  CANDID_TRY(query.Bind(rows.first).Bind(rows.last).Step());
  return static_cast<std::uint64_t>(query.Int(0));
}

}  // namespace

Result<Page<KeptPixels>> Store::ReadKeptPixels(const std::string& collection, Cursor after,
                                               std::size_t limit) const {
  return state_->Read([&](Connection& connection) -> Result<Page<KeptPixels>> {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    const RowRange rows = RowsOf(row.number);
    Query faces(connection, std::string(kFaceColumns) +
                                "WHERE f.row>? AND f.row BETWEEN ? AND ? ORDER BY f.row LIMIT ?");
    faces.Bind(after).Bind(rows.first).Bind(rows.last).Bind(std::uint64_t{limit} + 1);
    Page<KeptPixels> page;
    std::size_t bytes = 0;
    while (true) {
      CANDID_ASSIGN(const bool found, faces.Step());
      if (!found) return page;
      if (page.items.size() == limit || bytes > kPageBytes) {
        page.next = page.items.empty() ? after : page.items.back().face.row;
        return page;
      }
      KeptPixels kept{ReadFace(faces), {}, {}};
      Query crop(connection, "SELECT jpeg FROM crops WHERE face=?");
      CANDID_ASSIGN(const bool cropped, crop.Bind(kept.face.row).Step());
      if (cropped) {
        const ByteSpan jpeg = crop.Blob(0);
        kept.crop.assign(jpeg.begin(), jpeg.end());
      } else {
        Query image(connection,
                    "SELECT file FROM kept_images WHERE image=(SELECT image FROM faces WHERE "
                    "row=?)");
        CANDID_ASSIGN(const bool whole, image.Bind(kept.face.row).Step());
        const ByteSpan file = whole ? image.Blob(0) : ByteSpan();
        kept.file.assign(file.begin(), file.end());
      }
      bytes += kept.crop.size() + kept.file.size();
      page.items.push_back(std::move(kept));
    }
  });
}

Status Store::StageTemplates(const std::string& collection, const TemplateBlock& templates) {
  const std::size_t count = templates.rows.size();
  if (count == 0) return {};
  if (templates.vectors.empty() || templates.vectors.size() % count != 0 ||
      templates.figures.size() != count) {
    return Fail(Code::kInvalidArgument,
                fmt::format("{} rows with {} floats and {} figures are no block of templates",
                            count, templates.vectors.size(), templates.figures.size()));
  }
  const std::size_t dimension = templates.vectors.size() / count;
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    const RowRange rows = RowsOf(row.number);
    for (std::size_t i = 0; i < count; ++i) {
      const RowId face = templates.rows[i];
      if (face < rows.first || face > rows.last) {
        return Fail(Code::kInvalidArgument,
                    fmt::format("row {} is not of collection {}", face, collection));
      }
      const std::span vector(templates.vectors.data() + i * dimension, dimension);
      // A face deleted meanwhile needs none.
      CANDID_TRY(Query(connection,
                       "INSERT OR REPLACE INTO staged_templates "
                       "SELECT row,?2,?3,?4 FROM faces WHERE row=?1")
                     .Bind(face)
                     .Bind(BytesOf(vector))
                     .Bind(double{templates.figures[i].mean})
                     .Bind(double{templates.figures[i].deviation})
                     .Run());
    }
    return {};
  };
  return state_->Write(work);
}

Status Store::DiscardStaged(const std::string& collection) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    const RowRange rows = RowsOf(row.number);
    return Query(connection, "DELETE FROM staged_templates WHERE face BETWEEN ? AND ?")
        .Bind(rows.first)
        .Bind(rows.last)
        .Run();
  };
  return state_->Write(work, Erasing::kBytes);
}

Status Store::SwitchModel(const std::string& collection, const ModelIdentity& model, bool drop_lost,
                          AuditEntry audit) {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    const RowRange rows = RowsOf(row.number);
    const auto run = [&](const char* sql) {
      return Query(connection, sql).Bind(rows.first).Bind(rows.last).Run();
    };
    const auto count = [&](const char* sql) { return Count(connection, sql, rows); };
    {
      Query odd(connection,
                "SELECT count(*) FROM staged_templates WHERE face BETWEEN ? AND ? AND "
                "length(vector)<>?");
      odd.Bind(rows.first).Bind(rows.last).Bind(std::uint64_t{model.dimension * sizeof(float)});
      CANDID_TRY(odd.Step());
      if (odd.Int(0) != 0) {
        return Fail(Code::kInvalidArgument,
                    fmt::format("{} templates staged for collection {} are not of dimension {}",
                                odd.Int(0), collection, model.dimension));
      }
    }
    CANDID_ASSIGN(const auto faces, count("SELECT count(*) FROM faces WHERE row BETWEEN ? AND ?"));
    CANDID_ASSIGN(const auto staged, count("SELECT count(*) FROM staged_templates WHERE face "
                                           "BETWEEN ? AND ?"));
    const std::uint64_t lost = faces - staged;  // a staged template has its face
    if (lost != 0 && !drop_lost) {
      return Fail(Code::kConflict,
                  fmt::format("{} faces of collection {} have no new template: make theirs too, "
                              "or let them be deleted",
                              lost, collection));
    }
    if (lost != 0) CANDID_TRY(DropFacesWithoutStaged(connection, rows));
    CANDID_TRY(run("DELETE FROM templates WHERE face BETWEEN ? AND ?"));
    CANDID_TRY(
        run("INSERT INTO templates SELECT * FROM staged_templates WHERE face BETWEEN ? "
            "AND ?"));
    CANDID_TRY(run("DELETE FROM staged_templates WHERE face BETWEEN ? AND ?"));
    CANDID_TRY(Query(connection,
                     "UPDATE collections SET pack=?,model_hash=?,model_version=?,dimension=?,"
                     "face_count=? WHERE number=?")
                   .Bind(model.pack)
                   .Bind(model.hash)
                   .Bind(model.version)
                   .Bind(std::uint64_t{model.dimension})
                   .Bind(staged)
                   .Bind(row.number)
                   .Run());
    audit.affected = staged;
    audit.refused = lost;
    return AppendAudit(connection, audit);
  };
  return state_->Write(work, Erasing::kBytes);
}

}  // namespace candid::store
