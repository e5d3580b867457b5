// Enroll: many photos into one collection, by as many threads as there are cores.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "candid/collections/collections.h"

namespace candid::apps {

// What names the person of a photo.
enum class ExternalId { kNone, kFolder, kFile };

struct EnrollFile {
  std::filesystem::path path;
  std::string external_id;  // empty: none
  bool named = true;        // by the caller; false: found in a folder
};

// The files named and those in the folders named, each folder in order of path. Hidden files and
// folders are left out. kNotFound names a path that is not there.
Result<std::vector<EnrollFile>> ListFiles(const std::vector<std::string>& paths, ExternalId rule);

struct EnrollOptions {
  std::size_t jobs = 1;
  std::optional<std::size_t> max_faces;
  collections::QualityFilter filter = collections::QualityFilter::kAuto;
};

struct EnrollReport {
  std::size_t files = 0;
  std::size_t done = 0;
  std::size_t enrolled = 0;    // photos with at least one face stored now
  std::size_t faces = 0;       // stored now
  std::size_t present = 0;     // photos that were there already: not looked at again
  std::size_t faceless = 0;    // photos without a face worth storing
  std::size_t not_photos = 0;  // neither JPEG nor PNG, found in a folder
  std::map<std::string_view, std::size_t> left_out;              // faces, by reason
  std::vector<std::pair<std::filesystem::path, Error>> refused;  // photos, in order of path
};

// Called a few times a second with how far it has come; false ends the work after the photos in
// hand.
using EnrollTick = std::function<bool(const EnrollReport& so_far)>;

// What a photo of the caller's has wrong is in the report; anything else ends the work and is
// returned. A photo whose faces are stored already costs one hash, so that the same call again
// goes on where an interrupted one ended.
Result<EnrollReport> Enroll(collections::Collections& collections, const std::string& collection,
                            const std::vector<EnrollFile>& files, const EnrollOptions& options,
                            const EnrollTick& tick);

}  // namespace candid::apps
