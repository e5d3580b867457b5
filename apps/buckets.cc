#include "apps/buckets.h"

#include <fmt/format.h>

#include <algorithm>

#include "candid/objects/folder.h"
#include "candid/objects/s3.h"

namespace candid::apps {
namespace {

std::string_view Trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

Status AddFolder(std::string_view pair, objects::Buckets* buckets) {
  const std::size_t equals = pair.find('=');
  const std::string bucket(Trim(pair.substr(0, equals)));
  const std::string_view path =
      equals == std::string_view::npos ? std::string_view() : Trim(pair.substr(equals + 1));
  if (bucket.size() < 3 || path.empty()) {
    return Fail(Code::kInvalidArgument,
                fmt::format("[objects] folders: '{}' is not BUCKET=FOLDER, the bucket of 3 "
                            "characters at least",
                            pair));
  }
  auto folder = objects::Folder::Open(path);
  if (!folder) return Fail(folder.error().WithContext("[objects] folders"));
  buckets->Add(bucket, *std::move(folder));
  return {};
}

Result<std::unique_ptr<objects::S3>> OpenStore(const ops::Config& config) {
  objects::S3Options options;
  options.endpoint = config.objects_endpoint;
  options.region = config.objects_region;
  options.access_key_id = config.objects_access_key_id;
  options.secret_access_key = config.objects_secret_access_key;
  options.path_style = config.objects_path_style;
  options.accept_plain_http = config.objects_accept_plain_http;
  options.ca_file = config.objects_ca_file;
  options.connect_timeout = std::chrono::seconds(config.objects_connect_timeout_s);
  options.timeout = std::chrono::seconds(config.objects_timeout_s);
  return objects::S3::Create(std::move(options));
}

}  // namespace

Result<std::unique_ptr<objects::Buckets>> OpenBuckets(const ops::Config& config,
                                                      std::size_t workers) {
  const std::size_t most = config.objects_max_reads > 0
                               ? static_cast<std::size_t>(config.objects_max_reads)
                               : std::max<std::size_t>(workers, 2) - 1;
  auto buckets = std::make_unique<objects::Buckets>(most);
  for (std::string_view rest = config.objects_folders; !rest.empty();) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    CANDID_TRY(AddFolder(rest.substr(0, comma), buckets.get()));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  if (!config.objects_endpoint.empty()) {
    CANDID_ASSIGN(auto store, OpenStore(config));
    buckets->AddAllOthers(std::move(store));
  }
  return buckets;
}

}  // namespace candid::apps
