#include "candid/decision/calibration.h"

#include <fmt/format.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

namespace candid::decision {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::size_t kMaxText = 1000;
constexpr double kMaxScore = 100;
constexpr double kMostCount = 1e15;
constexpr double kTopFmr = 1e-3;  // every group's first point is here or above
constexpr double kLeastLimit = 1e-12;
constexpr double kMostLimit = 1e-6;

[[noreturn]] void Refuse(const std::string& message) { throw std::invalid_argument(message); }

bool IsControl(char c) { return static_cast<unsigned char>(c) < 32 || c == 127; }

// One table of the file; says which member is wrong.
class Reader {
 public:
  Reader(const toml::table& table, std::string where) : table_(table), where_(std::move(where)) {}

  std::string Member(std::string_view name) const {
    return where_.empty() ? std::string(name) : fmt::format("{}.{}", where_, name);
  }
  bool Has(std::string_view name) const { return table_.contains(name); }

  void AllowOnly(std::initializer_list<std::string_view> names) const {
    for (const auto& [key, node] : table_) {
      if (std::find(names.begin(), names.end(), key.str()) == names.end()) {
        Refuse(fmt::format("{} is no member of this format (docs/formats/calibration.md)",
                           Member(key.str())));
      }
    }
  }

  std::string Text(std::string_view name) const {
    const auto value = table_[name].value_exact<std::string>();
    if (!value || value->empty() || value->size() > kMaxText ||
        std::any_of(value->begin(), value->end(), IsControl)) {
      Refuse(fmt::format("{} wants one line of 1 to {} bytes", Member(name), kMaxText));
    }
    return *value;
  }

  double Number(std::string_view name, double least, double most) const {
    return Bounded(table_[name].value<double>(), least, most, name);
  }

  std::uint64_t Count(std::string_view name) const {
    const auto value = table_[name].value_exact<std::int64_t>();
    if (!value || *value < 0 || static_cast<double>(*value) > kMostCount) {
      Refuse(fmt::format("{} wants a whole number from 0 to {}", Member(name), kMostCount));
    }
    return static_cast<std::uint64_t>(*value);
  }

  const toml::table& Table(std::string_view name) const {
    const toml::table* found = table_[name].as_table();
    if (found == nullptr) Refuse(fmt::format("{} is no table or missing", Member(name)));
    return *found;
  }

  const toml::array& List(std::string_view name, std::size_t least, std::size_t most) const {
    const toml::array* found = table_[name].as_array();
    if (found == nullptr || found->size() < least || found->size() > most) {
      Refuse(fmt::format("{} wants a list of {} to {}", Member(name), least, most));
    }
    return *found;
  }

  // Lists of `width` numbers each.
  std::vector<std::vector<double>> Rows(std::string_view name, std::size_t width) const {
    std::vector<std::vector<double>> rows;
    for (const toml::node& node : List(name, 1, kMaxRatePoints)) {
      const toml::array* row = node.as_array();
      if (row == nullptr || row->size() != width) {
        Refuse(fmt::format("{} wants lists of {} numbers", Member(name), width));
      }
      auto& values = rows.emplace_back();
      for (const toml::node& value : *row) {
        values.push_back(Bounded(value.value<double>(), -kMaxScore, kMaxScore, name));
      }
    }
    return rows;
  }

 private:
  double Bounded(std::optional<double> value, double least, double most,
                 std::string_view name) const {
    if (!value || !(*value >= least && *value <= most)) {
      Refuse(fmt::format("{} wants a number from {} to {}", Member(name), least, most));
    }
    return *value;
  }

  const toml::table& table_;
  std::string where_;
};

bool Holds(const Range& range, double value) { return range.low <= value && value <= range.high; }

std::vector<RatePoint> ReadPoints(const Reader& reader, double limit) {
  std::vector<RatePoint> points;
  for (const auto& row : reader.Rows("points", 4)) {
    const RatePoint point{row[0], row[1], {row[2], row[3]}};
    const bool first = points.empty();
    if (!(point.fmr > 0 && point.fmr < 1) || !Holds(point.score_range, point.score) ||
        (!first && !(point.fmr < points.back().fmr && point.score > points.back().score))) {
      Refuse(
          fmt::format("{} wants [fmr, score, low, high] with falling fmr of 0 to 1, rising "
                      "score, and low <= score <= high",
                      reader.Member("points")));
    }
    points.push_back(point);
  }
  if (points.front().fmr < kTopFmr || points.back().fmr != limit) {
    Refuse(fmt::format("{} must reach from an fmr of {} or more to the limit {}",
                       reader.Member("points"), kTopFmr, limit));
  }
  return points;
}

std::vector<MissRate> ReadMisses(const Reader& reader, std::size_t points) {
  std::vector<MissRate> misses;
  if (!reader.Has("misses")) return misses;
  for (const auto& row : reader.Rows("misses", 3)) {
    const MissRate miss{row[0], {row[1], row[2]}};
    if (!(miss.range.low >= 0 && miss.range.high <= 1) || !Holds(miss.range, miss.fnmr)) {
      Refuse(fmt::format("{} wants [fnmr, low, high] of 0 to 1", reader.Member("misses")));
    }
    misses.push_back(miss);
  }
  if (misses.size() != points) {
    Refuse(fmt::format("{} wants one for each of points", reader.Member("misses")));
  }
  return misses;
}

ParetoTail ReadTail(const toml::table& table, const std::string& where) {
  const Reader reader(table, where);
  reader.AllowOnly({"threshold", "shape", "scale", "share"});
  return {reader.Number("threshold", -kMaxScore, kMaxScore), reader.Number("shape", -10, 10),
          reader.Number("scale", 1e-9, kMaxScore), reader.Number("share", 1e-15, 1)};
}

AgesDeclined ReadAges(const toml::table& table, const std::string& where) {
  const Reader reader(table, where);
  reader.AllowOnly({"estimated", "declined"});
  const AgesDeclined ages{reader.Count("estimated"), reader.Count("declined")};
  if (ages.declined > ages.estimated) Refuse(where + " declines more than it estimated");
  return ages;
}

GroupCalibration ReadGroup(const toml::table& table, const std::string& where, double limit) {
  const Reader reader(table, where);
  reader.AllowOnly({"name", "people", "impostor_pairs", "mated_pairs", "measured_to", "points",
                    "misses", "tail", "ages"});
  GroupCalibration group;
  group.name = reader.Text("name");
  group.people = reader.Count("people");
  group.impostor_pairs = reader.Count("impostor_pairs");
  group.mated_pairs = reader.Count("mated_pairs");
  group.measured_to = reader.Number("measured_to", 0, 1);
  group.points = ReadPoints(reader, limit);
  group.misses = ReadMisses(reader, group.points.size());
  if (reader.Has("tail")) group.tail = ReadTail(reader.Table("tail"), reader.Member("tail"));
  if (reader.Has("ages")) group.ages = ReadAges(reader.Table("ages"), reader.Member("ages"));
  const double behind = group.measured_to * static_cast<double>(group.impostor_pairs);
  if (!(behind * (1 + 1e-6) >= static_cast<double>(kLeastPairs))) {
    Refuse(fmt::format("{} is a rate of less than {} pairs", reader.Member("measured_to"),
                       kLeastPairs));
  }
  return group;
}

CalibrationData ReadData(const toml::table& table, const std::string& where) {
  const Reader reader(table, where);
  reader.AllowOnly({"name", "people", "images", "failed", "left_out"});
  return {reader.Text("name"), reader.Count("people"), reader.Count("images"),
          reader.Count("failed"), reader.Count("left_out")};
}

Growth ReadGrowth(const toml::table& table) {
  const Reader reader(table, "growth");
  reader.AllowOnly({"factor", "low", "high", "searches", "sizes"});
  Growth growth{reader.Number("factor", 0.01, 100),
                {reader.Number("low", 0.001, 1000), reader.Number("high", 0.001, 1000)},
                reader.Count("searches"),
                {}};
  if (!Holds(growth.range, growth.factor)) Refuse("growth wants low <= factor <= high");
  for (const toml::node& node : reader.List("sizes", 0, kMaxRatePoints)) {
    const auto size = node.value_exact<std::int64_t>();
    if (!size || *size < 1) Refuse("growth.sizes wants whole numbers of at least 1");
    growth.sizes.push_back(static_cast<std::uint64_t>(*size));
  }
  return growth;
}

template <typename Read>
auto ReadAll(const Reader& reader, std::string_view name, std::size_t most, const Read& read) {
  std::vector<decltype(read(std::declval<const toml::table&>(), std::string()))> all;
  for (const toml::node& node : reader.List(name, 1, most)) {
    const std::string where = fmt::format("{} {}", name, all.size() + 1);
    if (!node.is_table()) Refuse(where + " is no table");
    all.push_back(read(*node.as_table(), where));
  }
  return all;
}

Calibration ReadCalibration(const toml::table& root) {
  const Reader reader(root, "");
  reader.AllowOnly({"format", "pack", "model_hash", "date", "command", "precision", "limit",
                    "groups", "data", "group", "growth", "ages"});
  if (root["format"].value_exact<std::int64_t>() != kFormat) {
    Refuse(fmt::format("format wants {}: the table was written for another Candid", kFormat));
  }
  Calibration table;
  table.pack = reader.Text("pack");
  table.model_hash = reader.Text("model_hash");
  table.date = reader.Text("date");
  table.command = reader.Text("command");
  table.precision = reader.Text("precision");
  table.limit = reader.Number("limit", kLeastLimit, kMostLimit);
  table.data = ReadAll(reader, "data", kMaxCalibrationGroups, ReadData);
  table.groups = ReadAll(reader, "group", kMaxCalibrationGroups,
                         [&](const toml::table& group, const std::string& where) {
                           return ReadGroup(group, where, table.limit);
                         });
  if (reader.Count("groups") != table.groups.size()) {
    Refuse(fmt::format("groups says {}, {} are there: a part of the file is missing",
                       reader.Count("groups"), table.groups.size()));
  }
  if (table.groups.front().name != kEverybody) Refuse("group 1 must be named all");
  std::set<std::string> names;
  for (const GroupCalibration& group : table.groups) {
    if (!names.insert(group.name).second) Refuse("two groups are named " + group.name);
  }
  if (reader.Has("growth")) table.growth = ReadGrowth(reader.Table("growth"));
  if (reader.Has("ages")) {
    const Reader ages(reader.Table("ages"), "ages");
    ages.AllowOnly({"decline_below"});
    table.decline_below_age = ages.Number("decline_below", 0, 30);
  }
  return table;
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

void FormatGroup(const GroupCalibration& group, std::string* out) {
  *out +=
      fmt::format("\n[[group]]\nname = {}\npeople = {}\nimpostor_pairs = {}\nmated_pairs = {}\n",
                  Quoted(group.name), group.people, group.impostor_pairs, group.mated_pairs);
  *out += fmt::format("measured_to = {:.9g}\n", group.measured_to);
  if (group.ages) {
    *out += fmt::format("ages = {{ estimated = {}, declined = {} }}\n", group.ages->estimated,
                        group.ages->declined);
  }
  if (group.tail) {
    *out += fmt::format(
        "tail = {{ threshold = {:.6f}, shape = {:.6f}, scale = {:.6f}, share = "
        "{:.6e} }}\n",
        group.tail->threshold, group.tail->shape, group.tail->scale, group.tail->share);
  }
  *out += "points = [\n";
  for (const RatePoint& p : group.points) {
    *out += fmt::format("  [{:.6e}, {:.6f}, {:.6f}, {:.6f}],\n", p.fmr, p.score, p.score_range.low,
                        p.score_range.high);
  }
  *out += "]\n";
  if (group.misses.empty()) return;
  *out += "misses = [\n";
  for (const MissRate& m : group.misses) {
    *out += fmt::format("  [{:.6f}, {:.6f}, {:.6f}],\n", m.fnmr, m.range.low, m.range.high);
  }
  *out += "]\n";
}

}  // namespace

Result<Calibration> ParseCalibration(ByteSpan text, const std::string& origin) {
  // As for manifests: toml++ 3.3 runs into undefined behaviour at some letters outside ASCII.
  const auto foreign = std::find_if(text.begin(), text.end(), [](auto byte) { return byte > 127; });
  if (foreign != text.end()) {
    return Fail(Code::kMalformed,
                fmt::format("{}, line {}: a calibration table is ASCII; texts may hold \\uXXXX",
                            origin, 1 + std::count(text.begin(), foreign, '\n')));
  }
  const toml::parse_result parsed = toml::parse(AsText(text));
  if (!parsed) {
    return Fail(Code::kMalformed,
                fmt::format("{}, line {}: {}", origin, parsed.error().source().begin.line,
                            parsed.error().description()));
  }
  try {
    return ReadCalibration(parsed.table());
  } catch (const std::exception& error) {
    return Fail(Code::kMalformed, fmt::format("{}: {}", origin, error.what()));
  }
}

std::string FormatCalibration(const Calibration& table) {
  std::string out = fmt::format(
      "# Made by the command below; docs/formats/calibration.md says what each member means.\n"
      "format = {}\npack = {}\nmodel_hash = {}\ndate = {}\ncommand = {}\nprecision = {}\n"
      "limit = {:.6e}\ngroups = {}\n",
      kFormat, Quoted(table.pack), Quoted(table.model_hash), Quoted(table.date),
      Quoted(table.command), Quoted(table.precision), table.limit, table.groups.size());
  for (const CalibrationData& one : table.data) {
    out +=
        fmt::format("\n[[data]]\nname = {}\npeople = {}\nimages = {}\nfailed = {}\nleft_out = {}\n",
                    Quoted(one.name), one.people, one.images, one.failed, one.left_out);
  }
  std::string sizes;
  for (const std::uint64_t size : table.growth.sizes) {
    sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ", size);
  }
  out += fmt::format(
      "\n[growth]\nfactor = {:.4f}\nlow = {:.4f}\nhigh = {:.4f}\nsearches = {}\nsizes = [{}]\n",
      table.growth.factor, table.growth.range.low, table.growth.range.high, table.growth.searches,
      sizes);
  if (table.decline_below_age) {
    out += fmt::format("\n[ages]\ndecline_below = {:.2f}\n", *table.decline_below_age);
  }
  for (const GroupCalibration& group : table.groups) FormatGroup(group, &out);
  return out;
}

}  // namespace candid::decision
