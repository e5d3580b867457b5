#include "candid/eval/labels.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <unordered_map>

#include "candid/eval/tsv.h"

namespace candid::eval {
namespace {

namespace fs = std::filesystem;

struct AgeBand {
  double below;
  const char* name;
};
// Infants and young children stand apart because embedders do (models.md section 11); the rest
// follows the usual reports of adults.
constexpr AgeBand kAgeBands[] = {{4, "0-3"},    {13, "4-12"},  {18, "13-17"},
                                 {41, "18-40"}, {65, "41-64"}, {1e9, "65+"}};

std::optional<double> Number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0)) return {};
  return value;
}

bool IsAge(const std::string& column) { return column == "age" || column == "Age"; }

// Ages become bands where all are numbers; elsewhere values stay as they are.
void BandAges(std::vector<std::string>* values) {
  std::vector<std::string> bands;
  for (const std::string& value : *values) {
    if (value.empty()) {
      bands.emplace_back();
      continue;
    }
    const auto age = Number(value);
    if (!age) return;
    bands.emplace_back(std::find_if(std::begin(kAgeBands), std::end(kAgeBands), [&](auto& band) {
                         return *age < band.below;
                       })->name);
  }
  *values = std::move(bands);
}

// One table's columns, joined to the pictures by the key column. A key with two different rows says
// nothing.
struct Joined {
  std::size_t unknown = 0;        // rows that name no picture or subject
  std::size_t contradictory = 0;  // cells that another row of the same key contradicts
};

Joined Join(const Tsv& table, std::size_t key, const std::vector<std::string>& key_of,
            const std::string& suffix, Labels* labels) {
  std::unordered_map<std::string, std::vector<std::size_t>> rows;
  for (std::size_t r = 0; r < table.rows.size(); ++r) rows[table.rows[r][key]].push_back(r);
  Joined joined;
  const std::set<std::string> known(key_of.begin(), key_of.end());
  for (const auto& [name, at] : rows) joined.unknown += known.contains(name) ? 0 : at.size();
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (c == key) continue;
    std::set<std::string> contradicted;
    std::vector<std::string> values(key_of.size());
    for (std::size_t i = 0; i < key_of.size(); ++i) {
      const auto found = rows.find(key_of[i]);
      if (found == rows.end()) continue;
      const std::string& first = table.rows[found->second.front()][c];
      const bool agree = std::all_of(found->second.begin(), found->second.end(),
                                     [&](std::size_t r) { return table.rows[r][c] == first; });
      if (agree) values[i] = first;
      if (!agree) contradicted.insert(key_of[i]);
    }
    joined.contradictory += contradicted.size();
    if (IsAge(table.columns[c])) BandAges(&values);
    const std::string name = table.columns[c];
    (*labels)[labels->contains(name) ? name + suffix : name] = std::move(values);
  }
  return joined;
}

Status ReadTable(const fs::path& path, const std::string& key_column,
                 const std::vector<std::string>& key_of, const std::string& suffix, Labels* labels,
                 Dataset* dataset) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return {};
  CANDID_ASSIGN(const Tsv table, ReadTsv(path));
  const auto key = table.Column(key_column);
  if (!key) {
    return Fail(Code::kMalformed,
                fmt::format("{} has no column {}", path.filename().string(), key_column));
  }
  const Joined joined = Join(table, *key, key_of, suffix, labels);
  if (joined.unknown > 0) {
    dataset->notes.push_back(fmt::format("{}: {} rows name a {} that is not there; left out",
                                         path.filename().string(), joined.unknown, key_column));
  }
  if (joined.contradictory > 0) {
    dataset->notes.push_back(
        fmt::format("{}: rows of the same {} contradict each other {} times; taken as not said",
                    path.filename().string(), key_column, joined.contradictory));
  }
  return {};
}

std::vector<std::string> Split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  while (true) {
    const std::size_t end = text.find(at, from);
    parts.push_back(text.substr(from, end - from));
    if (end == std::string::npos) return parts;
    from = end + 1;
  }
}

std::string Known(const Labels& labels) {
  std::string names;
  for (const auto& [name, values] : labels) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "there are none" : "there are " + names;
}

Result<const std::vector<std::string>*> Find(const Labels& labels, const std::string& column) {
  const auto found = labels.find(column);
  if (found == labels.end()) {
    return Fail(
        Code::kInvalidArgument,
        fmt::format("no column {} in subjects.tsv or images.tsv: {}", column, Known(labels)));
  }
  return &found->second;
}

Result<std::vector<bool>> Kept(const Labels& labels, const DatasetOptions& options,
                               std::size_t count) {
  std::vector<bool> kept(count, true);
  for (const std::string& condition : options.only) {
    const std::size_t equals = condition.find('=');
    if (equals == std::string::npos) {
      return Fail(Code::kInvalidArgument,
                  fmt::format("'{}' is not COLUMN=VALUE,VALUE,...", condition));
    }
    CANDID_ASSIGN(const auto* values, Find(labels, condition.substr(0, equals)));
    const auto wanted = Split(condition.substr(equals + 1), ',');
    for (std::size_t i = 0; i < count; ++i) {
      kept[i] = kept[i] && std::find(wanted.begin(), wanted.end(), (*values)[i]) != wanted.end();
    }
  }
  if (std::find(kept.begin(), kept.end(), true) == kept.end()) {
    return Fail(Code::kInvalidArgument, "the conditions leave no picture");
  }
  return kept;
}

// Drops pictures and numbers the subjects anew.
void Keep(const std::vector<bool>& kept, Dataset* dataset) {
  std::vector<std::uint32_t> moved(kept.size(), 0);
  std::unordered_map<std::uint32_t, std::uint32_t> subjects;
  std::vector<LabelledImage> images;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (!kept[i]) continue;
    moved[i] = static_cast<std::uint32_t>(images.size());
    LabelledImage& image = images.emplace_back(std::move(dataset->images[i]));
    image.subject = subjects.try_emplace(image.subject, static_cast<std::uint32_t>(subjects.size()))
                        .first->second;
  }
  std::erase_if(dataset->pairs, [&](const auto& pair) { return !kept[pair.a] || !kept[pair.b]; });
  for (ListedPair& pair : dataset->pairs) {
    pair.a = moved[pair.a];
    pair.b = moved[pair.b];
  }
  dataset->images = std::move(images);
  dataset->subjects = static_cast<std::uint32_t>(subjects.size());
}

// "female*asian" for each picture; empty where one of the columns says nothing.
Result<std::vector<std::string>> Crossed(const Labels& labels, const std::string& name,
                                         std::size_t count) {
  std::vector<std::string> crossed(count);
  bool first = true;
  for (const std::string& column : Split(name, '*')) {
    CANDID_ASSIGN(const auto* values, Find(labels, column));
    for (std::size_t i = 0; i < count; ++i) {
      if (!first && crossed[i].empty()) continue;
      if ((*values)[i].empty()) {
        crossed[i].clear();
      } else {
        crossed[i] += (first ? "" : "*") + (*values)[i];
      }
    }
    first = false;
  }
  return crossed;
}

bool ByAge(const std::string& a, const std::string& b) {
  const auto start = [](const std::string& text) {
    return Number(text.substr(0, text.find_first_of("-+"))).value_or(-1);
  };
  return start(a) != start(b) ? start(a) < start(b) : a < b;
}

// Nothing where the column is empty or has too many values.
std::optional<Grouping> Group(const std::string& name, const std::vector<std::string>& values) {
  std::set<std::string, decltype(&ByAge)> groups(&ByAge);
  for (const std::string& value : values) {
    if (!value.empty()) groups.insert(value);
    if (groups.size() > kMaxGroups) return std::nullopt;
  }
  if (groups.empty()) return std::nullopt;
  Grouping grouping{name, {groups.begin(), groups.end()}, {}};
  for (const std::string& value : values) {
    const auto at = groups.find(value);
    grouping.of_image.push_back(
        at == groups.end() ? kNoGroup
                           : static_cast<std::uint16_t>(std::distance(groups.begin(), at)));
  }
  return grouping;
}

}  // namespace

Result<Labels> ReadLabels(const fs::path& folder, const std::vector<std::string>& subject_of,
                          Dataset* dataset) {
  Labels labels;
  if (!dataset->flat) {
    CANDID_TRY(ReadTable(folder / "subjects.tsv", "subject", subject_of, "", &labels, dataset));
  }
  std::vector<std::string> names;
  for (const LabelledImage& image : dataset->images) names.push_back(image.name);
  CANDID_TRY(ReadTable(folder / "images.tsv", "image", names, " of the image", &labels, dataset));
  return labels;
}

Status ReadPairs(const fs::path& folder, Dataset* dataset) {
  std::error_code ignored;
  if (!fs::exists(folder / "pairs.tsv", ignored)) return {};
  CANDID_ASSIGN(const Tsv table, ReadTsv(folder / "pairs.tsv"));
  const auto same = table.Column("same"), a = table.Column("image_a"), b = table.Column("image_b");
  if (!same || !a || !b) {
    return Fail(Code::kMalformed, "pairs.tsv must have the columns same, image_a and image_b");
  }
  const auto fold = table.Column("fold");
  std::unordered_map<std::string, std::uint32_t> index;
  for (std::uint32_t i = 0; i < dataset->images.size(); ++i) index[dataset->images[i].name] = i;
  std::size_t unknown = 0, contradictory = 0;
  for (const auto& row : table.rows) {
    const auto first = index.find(row[*a]), second = index.find(row[*b]);
    if (first == index.end() || second == index.end() || first->second == second->second ||
        (row[*same] != "0" && row[*same] != "1")) {
      ++unknown;
      continue;
    }
    ListedPair pair{first->second, second->second, row[*same] == "1", fold ? row[*fold] : ""};
    contradictory += !dataset->flat && pair.same != (dataset->images[pair.a].subject ==
                                                     dataset->images[pair.b].subject);
    dataset->pairs.push_back(std::move(pair));
  }
  if (unknown > 0) {
    dataset->notes.push_back(fmt::format(
        "pairs.tsv: {} rows do not name two pictures that are there, or are neither 1 nor 0; left "
        "out",
        unknown));
  }
  if (contradictory > 0) {
    dataset->notes.push_back(
        fmt::format("pairs.tsv: {} rows contradict the folders; in the listed pairs the row counts",
                    contradictory));
  }
  return {};
}

Status ApplyLabels(const Labels& all, const DatasetOptions& options, Dataset* dataset) {
  CANDID_ASSIGN(const std::vector<bool> kept, Kept(all, options, dataset->images.size()));
  Labels labels;
  for (const auto& [name, values] : all) {
    auto& left = labels[name];
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (kept[i]) left.push_back(values[i]);
    }
  }
  Keep(kept, dataset);
  std::vector<std::string> by = options.by;
  if (by.empty()) {
    for (const auto& [name, values] : labels) by.push_back(name);
  }
  for (const std::string& name : by) {
    CANDID_ASSIGN(const auto values, Crossed(labels, name, dataset->images.size()));
    auto grouping = Group(name, values);
    if (grouping) {
      dataset->groupings.push_back(std::move(*grouping));
    } else {
      dataset->notes.push_back(fmt::format(
          "{} is no grouping: it says nothing, or has more than {} values", name, kMaxGroups));
    }
  }
  return {};
}

}  // namespace candid::eval
