// The store's templates: read as they are, made anew with another pack.
#include <fmt/format.h>

#include <cstring>

#include "candid/store/rows.h"
#include "candid/store/state.h"

namespace candid::store {
namespace {

constexpr std::size_t kBlockRows = 4096;

}  // namespace

Status Store::ReadTemplates(const std::string& collection,
                            const std::function<Status(const TemplateBlock&)>& take) const {
  const auto work = [&](Connection& connection) -> Status {
    CANDID_ASSIGN(const auto row, FindCollectionRow(connection, collection));
    const RowRange rows = RowsOf(row.number);
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
      block.rows.push_back(static_cast<RowId>(query.Int(0)));
      CANDID_ASSIGN(const auto vector,
                    ReadVector(query, 1, dimension, block.rows.back(), state_->database));
      block.vectors.insert(block.vectors.end(), vector.begin(), vector.end());
      block.figures.push_back(ReadFigures(query, 2));
    }
  };
  return state_->Read(work);
}

Result<StoredTemplate> Store::TemplateAt(RowId row) const {
  return state_->Read([&](Connection& connection) -> Result<StoredTemplate> {
    Query query(connection, "SELECT vector,mean,deviation FROM templates WHERE face=?");
    CANDID_ASSIGN(const bool found, query.Bind(row).Step());
    if (!found) return Fail(Code::kNotFound, fmt::format("there is no face in row {}", row));
    const ByteSpan vector = query.Blob(0);
    StoredTemplate stored{std::vector<float>(vector.size() / sizeof(float)), ReadFigures(query, 1)};
    if (!stored.vector.empty()) {
      std::memcpy(stored.vector.data(), vector.data(), stored.vector.size() * sizeof(float));
    }
    return stored;
  });
}

}  // namespace candid::store
