// The card of the running model: what its calibration says, as JSON.
#pragma once

#include <string>

#include "candid/collections/collections.h"

namespace candid::api {

// Without a calibration: who the model is, and "Calibrated": false.
std::string AccuracyCard(const collections::ModelIdentity& model, const decision::Scale& scale);

}  // namespace candid::api
