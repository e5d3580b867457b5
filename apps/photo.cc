#include "apps/photo.h"

#include <fmt/format.h>

#include "candid/base/files.h"
#include "candid/models/pack.h"

namespace candid::apps {

Result<std::unique_ptr<face::Pipeline>> OpenPipeline(const Context& context) {
  const auto manifest = context.state / "models" / "candid-default" / "pack.toml";
  auto pack = models::ReadManifest(manifest);
  if (!pack && pack.error().code() == Code::kNotFound) {
    return Fail(Code::kUnavailable,
                fmt::format("no models at {}; ./up installs them", manifest.string()));
  }
  if (!pack) return Fail(pack.error());
  return face::Pipeline::Create(*pack);
}

Result<std::unique_ptr<OpenPhoto>> DetectIn(const face::Pipeline& pipeline,
                                            const std::string& path) {
  CANDID_ASSIGN(Bytes file, ReadFile(path, image::Limits{}.max_bytes));
  auto photo = pipeline.Detect(file);
  if (!photo) return Fail(photo.error().WithContext(path));
  // A vector's bytes stay where they are when it is moved.
  return std::make_unique<OpenPhoto>(OpenPhoto{path, std::move(file), *std::move(photo)});
}

}  // namespace candid::apps
