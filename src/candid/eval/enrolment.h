// Enrolment: a template of every picture of a Dataset, through the pipeline that serves requests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "candid/eval/dataset.h"
#include "candid/eval/sample.h"
#include "candid/eval/template_cache.h"
#include "candid/eval/verification.h"
#include "candid/face/pipeline.h"

namespace candid::eval {

struct EnrolmentOptions {
  std::size_t jobs = 1;  // threads; the result does not depend on their number
  // A grey border on every side, in percent of the longer side, 0..100: detectors want room around
  // a face that fills its picture.
  int border_pct = 0;
  TemplateCache* cache = nullptr;  // null: none
};

struct Enrolment {
  std::size_t dimension = 0;
  std::vector<float> values;            // images x dimension; zeros where it failed
  std::vector<Figures> figures;         // of each image; neutral where it failed
  std::vector<std::uint32_t> subjects;  // of each image
  std::vector<std::uint8_t> failed;     // of each image
  std::vector<Sample> samples;          // of each image, without its template's values
  std::vector<Digest> digests;          // SHA-256 of each image's file; zeros where unreadable
  std::size_t unreadable = 0;           // failed: the file could not be read
  std::size_t undecodable = 0;          // failed: no picture we can read
  std::size_t faceless = 0;             // failed: no face found
  std::size_t bystanders = 0;           // pictures with more faces than one
  std::size_t from_cache = 0;
  face::Timings seconds{};  // of all pictures together that were not in the cache

  LabelledTemplates view() const { return {values, dimension, subjects, failed, figures}; }
  std::size_t failures() const { return unreadable + undecodable + faceless; }
};

// Called a few times a second with the pictures done; false ends the work with kCancelled.
using EnrolmentTick = std::function<bool(std::size_t done)>;

// The subject of a picture is the face whose box has its centre nearest to the picture's centre:
// data sets of faces are framed so, and the rule looks at no score. Pictures that cannot be read or
// decoded or show no face are failures to enrol and no error. What was done before a stop is in the
// cache.
Result<Enrolment> EnrolAll(const face::Pipeline& pipeline, const Dataset& dataset,
                           const EnrolmentOptions& options, const EnrolmentTick& tick);

}  // namespace candid::eval
