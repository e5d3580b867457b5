#include "candid/eval/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "candid/eval/proportion.h"

namespace candid::eval {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

Cell Number(CellKind kind, double value) {
  Cell cell;
  cell.kind = kind;
  cell.value = value;
  return cell;
}

Cell Number(CellKind kind, double value, const Interval& interval) {
  Cell cell = Number(kind, value);
  cell.interval = true;
  cell.low = interval.low;
  cell.high = interval.high;
  return cell;
}

// "21362953" -> "21,362,953".
std::string Grouped(std::string digits) {
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, 1, ',');
  return digits;
}

std::string ShowFigure(CellKind kind, double value) {
  if (std::isnan(value)) return "-";
  switch (kind) {
    case CellKind::kRate:
      return ShowRate(value);
    case CellKind::kScore:
      return fmt::format("{:.4f}", value);
    case CellKind::kRatio:
      return value >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.3g}", value);
    default:
      return fmt::format("{:.0f}", value);
  }
}

// Column names as members: "FNMR by pairs" -> "fnmr_by_pairs".
std::string Member(std::string_view name) {
  std::string member;
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      member += static_cast<char>(c + 32);
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      member += c;
    } else if (!member.empty() && member.back() != '_') {
      member += '_';
    }
  }
  while (member.ends_with('_')) member.pop_back();
  return member;
}

bool HasInterval(const Table& table, std::size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(),
                     [&](const auto& row) { return row[column].interval; });
}

boost::json::value JsonFigure(CellKind kind, double value) {
  if (!std::isfinite(value)) return nullptr;
  if (kind == CellKind::kCount) return static_cast<std::uint64_t>(value);
  return value;
}

std::string CsvText(std::string_view text) {
  // A cell that a spreadsheet would take for a formula is made text.
  std::string cell =
      !text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos ? "'"
                                                                                             : "";
  cell += text;
  if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
  std::string quoted = "\"";
  for (const char c : cell) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

std::string CsvFigure(CellKind kind, double value) {
  if (!std::isfinite(value)) return "";
  return kind == CellKind::kCount ? fmt::format("{:.0f}", value) : fmt::format("{}", value);
}

}  // namespace

Cell Cell::Text(std::string text) {
  Cell cell;
  cell.text = std::move(text);
  return cell;
}
Cell Cell::Count(std::uint64_t count) {
  return Number(CellKind::kCount, static_cast<double>(count));
}
Cell Cell::Rate(double rate) { return Number(CellKind::kRate, rate); }
Cell Cell::Rate(const Estimate& rate) { return Number(CellKind::kRate, rate.value, rate.interval); }
Cell Cell::Rate(const Estimate& rate, std::uint64_t errors, double trials) {
  if (errors > 0) return Rate(rate);
  Cell cell = Number(CellKind::kRate, kNone, {0, RuleOfThree(trials)});
  cell.text = trials > 0 ? fmt::format("none seen; below {}", ShowRate(RuleOfThree(trials))) : "-";
  cell.interval = trials > 0;
  return cell;
}
Cell Cell::Score(double score) { return Number(CellKind::kScore, score); }
Cell Cell::Score(const Estimate& score) {
  return Number(CellKind::kScore, score.value, score.interval);
}
Cell Cell::Ratio(double ratio) { return Number(CellKind::kRatio, ratio); }
Cell Cell::Ratio(double ratio, const Interval& interval) {
  return Number(CellKind::kRatio, ratio, interval);
}

std::string ShowCount(std::uint64_t count) { return Grouped(std::to_string(count)); }

std::string ShowRate(double rate) {
  if (std::isnan(rate)) return "-";
  if (rate == 0) return "0";
  if (rate >= 0.9995 && rate < 1) return fmt::format("{:.3f} %", rate * 100);
  if (rate >= 1e-3) return fmt::format("{:.2f} %", rate * 100);
  if (rate >= 1e-4) return fmt::format("{:.3f} %", rate * 100);
  std::string text = fmt::format("{:.1e}", rate);  // 3.5e-06
  const std::size_t digit = text.find('e') + 2;
  while (text[digit] == '0') text.erase(digit, 1);
  return text;
}

std::string Show(const Cell& cell) {
  if (cell.kind == CellKind::kText) return cell.text;
  if (std::isnan(cell.value)) return cell.text.empty() ? "-" : cell.text;
  const std::string figure = ShowFigure(cell.kind, cell.value);
  if (!cell.interval || std::isnan(cell.low)) return figure;
  std::string low = ShowFigure(cell.kind, cell.low);
  // "0.43 % (0.31 to 0.56)": the unit once is enough.
  if (figure.ends_with(" %") && low.ends_with(" %")) low.resize(low.size() - 2);
  std::string high = ShowFigure(cell.kind, cell.high);
  if (figure.ends_with(" %") && high.ends_with(" %")) high.resize(high.size() - 2);
  return fmt::format("{} ({} to {})", figure, low, high);
}

std::string ToJson(const Document& document) {
  boost::json::object facts, tables;
  for (const auto& [name, value] : document.facts) facts[Member(name)] = value;
  for (const Section& section : document.sections) {
    for (const Table& table : section.tables) {
      boost::json::array rows;
      for (const auto& row : table.rows) {
        boost::json::object object;
        for (std::size_t c = 0; c < row.size(); ++c) {
          const std::string name = Member(table.columns[c]);
          const Cell& cell = row[c];
          if (cell.kind == CellKind::kText) {
            object[name] = cell.text;
            continue;
          }
          object[name] = JsonFigure(cell.kind, cell.value);
          if (!cell.interval) continue;
          object[name + "_low"] = JsonFigure(cell.kind, cell.low);
          object[name + "_high"] = JsonFigure(cell.kind, cell.high);
        }
        rows.push_back(std::move(object));
      }
      tables[table.id] = std::move(rows);
    }
  }
  boost::json::array headline(document.headline.begin(), document.headline.end());
  boost::json::array notes(document.notes.begin(), document.notes.end());
  return boost::json::serialize(boost::json::object{{"report", 1},
                                                    {"title", document.title},
                                                    {"facts", std::move(facts)},
                                                    {"headline", std::move(headline)},
                                                    {"tables", std::move(tables)},
                                                    {"notes", std::move(notes)}}) +
         "\n";
}

std::string ToCsv(const Table& table) {
  std::string out;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const std::string name = CsvText(table.columns[c]);
    out += (c > 0 ? "," : "") + name;
    if (HasInterval(table, c)) out += "," + name + " low," + name + " high";
  }
  out += "\r\n";
  for (const auto& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      const Cell& cell = row[c];
      if (c > 0) out += ',';
      out += cell.kind == CellKind::kText ? CsvText(cell.text) : CsvFigure(cell.kind, cell.value);
      if (!HasInterval(table, c)) continue;
      for (const double end : {cell.low, cell.high}) {
        out += ',';
        if (cell.interval) out += CsvFigure(cell.kind, end);
      }
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace candid::eval
