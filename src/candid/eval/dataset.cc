#include "candid/eval/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace candid::eval {
namespace {

namespace fs = std::filesystem;

bool IsPicture(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png";
}

// Entries in order of name, hidden ones left out.
Result<std::vector<fs::directory_entry>> Sorted(const fs::path& folder) {
  std::vector<fs::directory_entry> entries;
  std::error_code error;
  fs::directory_iterator at(folder, error), end;
  for (; !error && at != end; at.increment(error)) {
    if (!at->path().filename().string().starts_with('.')) entries.push_back(*at);
  }
  if (error) {
    return Fail(error == std::errc::no_such_file_or_directory ? Code::kNotFound : Code::kIo,
                fmt::format("cannot read the folder {}: {}", folder.string(), error.message()));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace

Result<Dataset> ListDataset(const fs::path& folder) {
  std::error_code ignored;
  const fs::path root = fs::is_directory(folder / "images", ignored) ? folder / "images" : folder;
  CANDID_ASSIGN(const auto subjects, Sorted(root));
  Dataset dataset;
  for (const auto& subject : subjects) {
    if (!subject.is_directory(ignored)) continue;
    CANDID_ASSIGN(const auto files, Sorted(subject.path()));
    const std::size_t before = dataset.images.size();
    for (const auto& file : files) {
      if (!file.is_regular_file(ignored) || !IsPicture(file.path())) continue;
      if (dataset.images.size() == kMaxImages) {
        return Fail(Code::kTooLarge,
                    fmt::format("{} holds more than {} pictures; evaluate a part of it",
                                folder.string(), kMaxImages));
      }
      dataset.images.push_back({file.path(), dataset.subjects});
    }
    if (dataset.images.size() > before) ++dataset.subjects;
  }
  if (dataset.images.empty()) {
    return Fail(Code::kNotFound,
                fmt::format("{} holds no pictures; they belong in {}/<subject>/<name>.jpg or .png",
                            folder.string(), root.string()));
  }
  return dataset;
}

}  // namespace candid::eval
