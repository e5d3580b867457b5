// Pipeline: Decode, Detect, Align, Assess, Embed, for one picture or many, on any thread.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "candid/base/bytes.h"
#include "candid/face/face.h"
#include "candid/image/decode.h"
#include "candid/infer/session.h"
#include "candid/models/pack.h"

namespace candid::face {

enum class Stage { kDecode, kDetect, kAlign, kAssess, kEmbed };
inline constexpr std::size_t kStageCount = 5;
std::string_view NameOf(Stage stage);  // "decode", ...

// Seconds spent in each stage, by Stage.
using Timings = std::array<double, kStageCount>;

struct PipelineOptions {
  infer::Precision precision = infer::BestPrecision();
  image::Limits limits;
  std::size_t max_faces = 100;  // the largest are kept
  float min_face_px = 20;       // shorter box side
};

// One picture with its faces, largest box first. Holds the pixels that Embed needs and borrows the
// file's bytes, which must outlive it.
class Photo {
 public:
  const image::Info& info() const;
  const std::vector<Face>& faces() const;
  const Timings& timings() const;

  struct State;
  explicit Photo(std::shared_ptr<State> state) : state_(std::move(state)) {}
  State& state() const { return *state_; }

 private:
  std::shared_ptr<State> state_;
};

// Thread-safe: any number of threads may call at once; sessions are made as the load needs them
// and kept, so options decide nothing about threads.
class Pipeline {
 public:
  // Reads and checks the pack's files. Errors name the file.
  static Result<std::unique_ptr<Pipeline>> Create(const models::Pack& pack,
                                                  const PipelineOptions& options = {});
  ~Pipeline();

  // Of the templates: their length, and the hash of everything that shapes them (files, geometry,
  // normalisation). Templates of different hashes are not comparable.
  std::size_t dimension() const;
  const std::string& model_hash() const;
  // Digits and dots, Rekognition's FaceModelVersion.
  const std::string& version() const;

  // Errors are those of image::Source and Sniff. No face is no error. What is `wanted` costs a
  // run of the first embedder a face, and an age one of that which knows it.
  Result<Photo> Detect(ByteSpan file, const AttributeSet& wanted = {}) const;

  // Templates of the faces at `which` (indexes into photo.faces()), in that order.
  Result<std::vector<Template>> Embed(const Photo& photo, std::span<const std::size_t> which) const;

 private:
  struct State;
  explicit Pipeline(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace candid::face
