#include "apps/photo.h"

#include "candid/base/files.h"

namespace candid::apps {

Result<std::unique_ptr<OpenPhoto>> DetectIn(const face::Pipeline& pipeline, const std::string& path,
                                            const face::AttributeSet& wanted) {
  CANDID_ASSIGN(Bytes file, ReadFile(path, image::Limits{}.max_bytes));
  auto photo = pipeline.Detect(file, wanted);
  if (!photo) return Fail(photo.error().WithContext(path));
  // A vector's bytes stay where they are when it is moved.
  return std::make_unique<OpenPhoto>(OpenPhoto{path, std::move(file), *std::move(photo)});
}

}  // namespace candid::apps
