#include "candid/eval/tsv.h"

#include <fmt/format.h>

#include <algorithm>

#include "candid/base/files.h"

namespace candid::eval {
namespace {

std::string_view Trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \r") - first + 1);
}

std::vector<std::string> Cells(std::string_view line) {
  std::vector<std::string> cells;
  while (true) {
    const auto tab = line.find('\t');
    cells.emplace_back(Trimmed(line.substr(0, tab)));
    if (tab == std::string_view::npos) return cells;
    line.remove_prefix(tab + 1);
  }
}

}  // namespace

std::optional<std::size_t> Tsv::Column(std::string_view name) const {
  const auto at = std::find(columns.begin(), columns.end(), name);
  if (at == columns.end()) return std::nullopt;
  return static_cast<std::size_t>(at - columns.begin());
}

Result<Tsv> ParseTsv(std::string_view text, std::string_view name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  Tsv table;
  for (std::size_t line = 1; !text.empty(); ++line) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (Trimmed(row).empty()) continue;
    std::vector<std::string> cells = Cells(row);
    if (!table.columns.empty()) {
      if (cells.size() != table.columns.size()) {
        return Fail(Code::kMalformed, fmt::format("{}, line {}: {} cells where the header has {}",
                                                  name, line, cells.size(), table.columns.size()));
      }
      table.rows.push_back(std::move(cells));
      continue;
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (cells[i].empty() || table.Column(cells[i])) {
        return Fail(Code::kMalformed,
                    fmt::format("{}, line {}: column {} has no name or one that is taken", name,
                                line, i + 1));
      }
      table.columns.push_back(std::move(cells[i]));
    }
  }
  if (table.columns.empty()) {
    return Fail(Code::kMalformed, fmt::format("{} has no header line", name));
  }
  return table;
}

Result<Tsv> ReadTsv(const std::filesystem::path& path) {
  CANDID_ASSIGN(const Bytes bytes, ReadFile(path, kMaxTsvBytes));
  return ParseTsv(AsText(bytes), path.filename().string());
}

}  // namespace candid::eval
