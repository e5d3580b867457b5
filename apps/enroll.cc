#include "apps/enroll.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "candid/base/files.h"
#include "candid/image/decode.h"

namespace candid::apps {
namespace {

constexpr std::chrono::milliseconds kTick{200};

EnrollFile MakeFile(std::filesystem::path path, ExternalId rule, bool named) {
  std::string id;
  if (rule == ExternalId::kFile) id = path.stem().string();
  if (rule == ExternalId::kFolder) {
    std::error_code ignored;
    id = std::filesystem::absolute(path, ignored).parent_path().filename().string();
  }
  return {std::move(path), std::move(id), named};
}

Status ListFolder(const std::filesystem::path& folder, ExternalId rule,
                  std::vector<EnrollFile>* files) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  std::filesystem::recursive_directory_iterator at(folder, error), end;
  for (; !error && at != end; at.increment(error)) {
    if (at->path().filename().string().starts_with('.')) {
      at.disable_recursion_pending();
    } else if (std::error_code ignored; at->is_regular_file(ignored)) {
      found.push_back(at->path());
    }
  }
  if (error) {
    return Fail(Code::kIo,
                fmt::format("cannot read the folder {}: {}", folder.string(), error.message()));
  }
  std::sort(found.begin(), found.end());
  for (auto& path : found) files->push_back(MakeFile(std::move(path), rule, false));
  return {};
}

enum class Kind { kEnrolled, kPresent, kFaceless, kNotPhoto };

struct Outcome {
  Kind kind = Kind::kEnrolled;
  collections::IndexOutcome index;
};

Result<Outcome> EnrollOne(collections::Collections& collections, const std::string& collection,
                          const EnrollFile& file, const EnrollOptions& options) {
  CANDID_TRY(collections::CheckExternalImageId(file.external_id));
  const image::Limits limits;
  const auto read = ReadFile(file.path, limits.max_bytes);
  // One file that cannot be read is no reason to give up the others.
  if (!read) return Fail(Code::kInvalidArgument, read.error().message());
  const Bytes& bytes = *read;
  const auto sniffed = image::Sniff(bytes, limits);
  if (!sniffed && sniffed.error().code() == Code::kUnsupported && !file.named) {
    return Outcome{Kind::kNotPhoto, {}};
  }
  if (!sniffed) return Fail(sniffed.error());
  CANDID_ASSIGN(const auto known, collections.FacesOfImage(collection, bytes, file.external_id));
  if (!known.empty()) return Outcome{Kind::kPresent, {}};
  CANDID_ASSIGN(auto index, collections.Index({}, {collection, bytes, file.external_id,
                                                   options.max_faces, options.filter}));
  const Kind kind = index.indexed.empty() ? Kind::kFaceless : Kind::kEnrolled;
  return Outcome{kind, std::move(index)};
}

void Count(const Outcome& outcome, EnrollReport* report) {
  switch (outcome.kind) {
    case Kind::kEnrolled:
      ++report->enrolled;
      break;
    case Kind::kPresent:
      ++report->present;
      break;
    case Kind::kFaceless:
      ++report->faceless;
      break;
    case Kind::kNotPhoto:
      ++report->not_photos;
      break;
  }
  for (const auto& face : outcome.index.indexed) report->faces += face.is_new ? 1 : 0;
  for (const auto& face : outcome.index.unindexed) {
    for (const collections::Reason reason : face.reasons) ++report->left_out[NameOf(reason)];
  }
}

// A full disk or a collection that is gone stops the work; what is wrong with a photo does not.
bool IsOfThePhoto(const Error& error) { return ClassOf(error.code()) == ErrorClass::kCaller; }

}  // namespace

Result<std::vector<EnrollFile>> ListFiles(const std::vector<std::string>& paths, ExternalId rule) {
  std::vector<EnrollFile> files;
  for (const std::string& path : paths) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) {
      return Fail(Code::kNotFound, fmt::format("there is no file or folder {}", path));
    }
    if (std::filesystem::is_directory(status)) {
      CANDID_TRY(ListFolder(path, rule, &files));
    } else {
      files.push_back(MakeFile(path, rule, true));
    }
  }
  return files;
}

Result<EnrollReport> Enroll(collections::Collections& collections, const std::string& collection,
                            const std::vector<EnrollFile>& files, const EnrollOptions& options,
                            const EnrollTick& tick) {
  EnrollReport report;
  report.files = files.size();
  std::optional<Error> broken;
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;  // of report and broken
  std::condition_variable changed;
  std::size_t working =
      std::clamp<std::size_t>(options.jobs, 1, std::max<std::size_t>(files.size(), 1));
  const auto work = [&] {
    while (!stop) {
      const std::size_t index = next++;
      if (index >= files.size()) break;
      const auto outcome = EnrollOne(collections, collection, files[index], options);
      const std::lock_guard guard(mutex);
      if (outcome) {
        Count(*outcome, &report);
      } else if (IsOfThePhoto(outcome.error())) {
        report.refused.emplace_back(files[index].path, outcome.error());
      } else {
        if (!broken) broken = outcome.error().WithContext(files[index].path.string());
        stop = true;
        break;
      }
      ++report.done;
    }
    const std::lock_guard guard(mutex);
    --working;
    changed.notify_one();
  };
  std::vector<std::thread> threads;
  for (std::size_t count = working; count > 0; --count) threads.emplace_back(work);
  {
    std::unique_lock lock(mutex);
    while (!changed.wait_for(lock, kTick, [&] { return working == 0; })) {
      const EnrollReport so_far = report;
      lock.unlock();
      if (!tick(so_far)) stop = true;
      lock.lock();
    }
  }
  for (std::thread& thread : threads) thread.join();
  if (broken) return Fail(*broken);
  std::sort(report.refused.begin(), report.refused.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  return report;
}

}  // namespace candid::apps
