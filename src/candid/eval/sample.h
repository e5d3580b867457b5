// Sample: what the pipeline made of one picture of a data set.
#pragma once

#include <array>
#include <cstdint>

#include "candid/face/face.h"

namespace candid::eval {

enum class Outcome : std::uint8_t {
  kEnrolled,
  kUnreadable,   // the file system would not give the file, or it is over the limit of bytes
  kUndecodable,  // no picture that we can read
  kFaceless,     // no face found
};

struct Sample {
  Outcome outcome = Outcome::kUnreadable;
  std::uint32_t faces = 0;  // found in the picture
  // Of the subject's face; zeros unless enrolled. Box and eyes in pixels of the picture.
  face::Box box;
  std::array<face::Point, 2> eyes;  // the one left in the picture first
  face::Pose pose;
  face::Quality quality;
  float usefulness = 0;
  face::Template made;  // empty unless enrolled
};

}  // namespace candid::eval
