#include "candid/eval/dataset.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "candid/eval/labels.h"

namespace candid::eval {
namespace {

namespace fs = std::filesystem;

bool IsPicture(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return ending == ".jpg" || ending == ".jpeg" || ending == ".png";
}

// A link to a file that is gone is one too: it counts as a picture that cannot be read.
bool IsPictureFile(const fs::directory_entry& entry) {
  std::error_code ignored;
  return IsPicture(entry.path()) && (entry.is_regular_file(ignored) || !entry.exists(ignored));
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

Status Add(const fs::path& folder, const fs::path& file, std::string name, Dataset* dataset) {
  if (dataset->images.size() == kMaxImages) {
    return Fail(Code::kTooLarge,
                fmt::format("{} holds more than {} pictures; evaluate a part of it",
                            folder.string(), kMaxImages));
  }
  dataset->images.push_back({file, std::move(name), dataset->subjects});
  return {};
}

Status ListSubjects(const fs::path& folder, const fs::path& root, Dataset* dataset,
                    std::vector<std::string>* subject_of) {
  std::error_code ignored;
  CANDID_ASSIGN(const auto subjects, Sorted(root));
  for (const auto& subject : subjects) {
    if (!subject.is_directory(ignored)) continue;
    const std::string name = subject.path().filename().string();
    CANDID_ASSIGN(const auto files, Sorted(subject.path()));
    const std::size_t before = dataset->images.size();
    for (const auto& file : files) {
      if (!IsPictureFile(file)) continue;
      CANDID_TRY(Add(folder, file.path(), name + "/" + file.path().filename().string(), dataset));
      subject_of->push_back(name);
    }
    if (dataset->images.size() > before) ++dataset->subjects;
  }
  return {};
}

Status ListFlat(const fs::path& folder, const fs::path& root, Dataset* dataset) {
  CANDID_ASSIGN(const auto files, Sorted(root));
  for (const auto& file : files) {
    if (!IsPictureFile(file)) continue;
    CANDID_TRY(Add(folder, file.path(), file.path().filename().string(), dataset));
    ++dataset->subjects;
  }
  dataset->flat = true;
  return {};
}

}  // namespace

Result<Dataset> ListDataset(const fs::path& folder, const DatasetOptions& options) {
  std::error_code ignored;
  const fs::path root = fs::is_directory(folder / "images", ignored) ? folder / "images" : folder;
  Dataset dataset;
  std::vector<std::string> subject_of;
  CANDID_TRY(ListSubjects(folder, root, &dataset, &subject_of));
  if (dataset.images.empty()) CANDID_TRY(ListFlat(folder, root, &dataset));
  if (dataset.images.empty()) {
    return Fail(Code::kNotFound,
                fmt::format("{} holds no pictures; they belong in {}/<subject>/<name>.jpg or .png, "
                            "or in {} where each shows another person",
                            folder.string(), root.string(), root.string()));
  }
  CANDID_ASSIGN(const Labels labels, ReadLabels(folder, subject_of, &dataset));
  CANDID_TRY(ReadPairs(folder, &dataset));
  CANDID_TRY(ApplyLabels(labels, options, &dataset));
  return dataset;
}

}  // namespace candid::eval
