// Enrolment: a template of every picture of a Dataset, through the pipeline that serves requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "candid/eval/dataset.h"
#include "candid/eval/verification.h"
#include "candid/face/pipeline.h"

namespace candid::eval {

struct Enrolment {
  std::size_t dimension = 0;
  std::vector<float> values;            // images x dimension; zeros where it failed
  std::vector<std::uint32_t> subjects;  // of each image
  std::vector<std::uint8_t> failed;     // of each image
  std::size_t undecodable = 0;          // failed: no picture we can read
  std::size_t faceless = 0;             // failed: no face found
  std::size_t bystanders = 0;           // pictures with more faces than one
  face::Timings seconds{};              // of all pictures together

  LabelledTemplates view() const { return {values, dimension, subjects, failed}; }
};

// Called a few times a second with the pictures done; false ends the work with kCancelled.
using EnrolmentTick = std::function<bool(std::size_t done)>;

// The subject of a picture is the face whose box has its centre nearest to the picture's centre:
// data sets of faces are framed so, and the rule looks at no score. Pictures that cannot be decoded
// or show no face are failures to enrol; a file that cannot be read is an error. `jobs` threads,
// the result does not depend on their number.
Result<Enrolment> EnrolAll(const face::Pipeline& pipeline, const Dataset& dataset, std::size_t jobs,
                           const EnrolmentTick& tick);

}  // namespace candid::eval
