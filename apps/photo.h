// Photos from the command line through the installed pack's pipeline.
#pragma once

#include <memory>
#include <string>

#include "apps/open.h"
#include "candid/face/pipeline.h"

namespace candid::apps {

// A picture with its bytes, which face::Photo borrows.
struct OpenPhoto {
  std::string path;
  Bytes file;
  face::Photo photo;
};

// Reads the file and detects its faces; errors name the path.
Result<std::unique_ptr<OpenPhoto>> DetectIn(const face::Pipeline& pipeline, const std::string& path,
                                            const face::AttributeSet& wanted = {});

}  // namespace candid::apps
