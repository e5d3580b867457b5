// BlazeFace: what the detector's four output tensors mean.
//
// The network is fully convolutional: a cell grid of stride 16 with 2 anchors a cell and one of
// stride 32 with 6, each anchor at its cell's centre and without a size of its own (Bazarevsky and
// others 2019, "BlazeFace", section 3.3). All distances are in pixels of the network's input, so
// the same weights serve any input size that 32 divides.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "candid/face/face.h"

namespace candid::face {

// In pixels of whatever picture the detector was given; converted by its caller.
struct Detection {
  Box box;
  float score = 0;  // 0 to 1
  Point eye_left;   // left in the picture
  Point eye_right;
  Point nose;
  Point mouth;
};

// One grid's outputs, cells row by row, anchors inside a cell.
struct BlazeGrid {
  int columns = 0;
  int rows = 0;
  int stride = 0;  // pixels
  int anchors_per_cell = 0;
  std::span<const float> logits;       // rows x columns x anchors
  std::span<const float> regressions;  // ... x 16: centre, size, six points
};

// Every anchor whose score reaches `threshold`, unmerged, appended to `detections`.
void ReadGrid(const BlazeGrid& grid, float threshold, std::vector<Detection>* detections);

// Detections that overlap by more than `overlap` (intersection over union) with a better one are
// averaged into it by score, as BlazeFace's blending does; what is left comes best first.
std::vector<Detection> Blend(std::vector<Detection> detections, float overlap);

// Intersection over union.
float Overlap(const Box& a, const Box& b);

// Intersection over the smaller of the two: 1 where one lies inside the other.
float OverlapOfSmaller(const Box& a, const Box& b);

}  // namespace candid::face
