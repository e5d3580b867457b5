// Where S3Object leads, by the configuration.
#pragma once

#include <cstddef>
#include <memory>

#include "candid/base/result.h"
#include "candid/objects/buckets.h"
#include "candid/ops/config.h"

namespace candid::apps {

// Folders are opened; the store is not asked. kInvalidArgument names the setting.
Result<std::unique_ptr<objects::Buckets>> OpenBuckets(const ops::Config& config,
                                                      std::size_t workers);

}  // namespace candid::apps
