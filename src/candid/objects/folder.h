// Folder: a bucket whose objects are the files below one folder of this machine.
#pragma once

#include <filesystem>
#include <memory>

#include "candid/objects/source.h"

namespace candid::objects {

// Reads regular files below its folder and nothing else: each part of a name is opened within the
// folder opened before it, "..", links and devices are refused, so no name leads out, whatever is
// renamed meanwhile. Keeps no versions: only none, and S3's "null", can be asked for.
class Folder final : public Source {
 public:
  // kNotFound, kIo. A link is followed here: this name is the operator's.
  static Result<std::unique_ptr<Folder>> Open(const std::filesystem::path& path);
  ~Folder() override;
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  Result<Bytes> Read(const ObjectName& name, std::uint64_t max_bytes) const override;

 private:
  explicit Folder(int folder) : folder_(folder) {}
  int folder_;
};

}  // namespace candid::objects
