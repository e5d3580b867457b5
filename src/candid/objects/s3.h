// S3: objects of a store that speaks Amazon's S3 protocol (AWS, MinIO, Ceph, ...).
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "candid/base/clock.h"
#include "candid/objects/source.h"

namespace candid::objects {

struct S3Options {
  std::string endpoint;  // https://HOST[:PORT]; http:// for this machine only
  std::string region = "us-east-1";
  std::string access_key_id;  // empty, with the secret: requests are not signed
  std::string secret_access_key;
  // The bucket is the first part of the path; false: of the host's name.
  bool path_style = true;
  bool accept_plain_http = false;  // from other machines too
  std::filesystem::path ca_file;   // PEM; empty: the system's
  std::chrono::milliseconds connect_timeout{3000};
  std::chrono::milliseconds timeout{10'000};  // for the whole of one object
  const Clock* clock = &SystemClock();        // of signatures
};

// Asks only its endpoint: redirects are refused. Connections are kept for the next object. Proxies
// as curl takes them from the environment.
class S3 final : public Source {
 public:
  // kInvalidArgument: an endpoint that is no such address, plain HTTP over the network, half a key.
  static Result<std::unique_ptr<S3>> Create(S3Options options);
  ~S3() override;

  // CheckKey holds here too. What answers but is no object (a page of HTML, an error document) is
  // kUnavailable.
  Result<Bytes> Read(const ObjectName& name, std::uint64_t max_bytes) const override;

 private:
  struct State;
  explicit S3(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// `path` and `query` as UriEncoded writes them.
struct S3Request {
  std::string host;
  std::string path;
  std::string query;
};
// The headers that sign its GET, as "Name: value".
std::vector<std::string> SignS3(const S3Request& request, const S3Options& options);

// Every byte but A-Z a-z 0-9 - . _ ~ as %XX, and "/" where `keep_slash`.
std::string UriEncoded(std::string_view text, bool keep_slash);

}  // namespace candid::objects
