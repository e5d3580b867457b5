// Session: a Model made ready to run at fixed input shapes and one precision.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>

#include "candid/infer/arena.h"
#include "candid/infer/model.h"

namespace candid::infer {

enum class Precision { kF32, kBf16 };

// bf16 where the CPU multiplies it natively (AVX512_BF16 or AMX), else f32.
Precision BestPrecision();
std::string_view NameOf(Precision precision);             // "f32", "bf16"
Result<Precision> ParsePrecision(std::string_view name);  // also "auto"

struct SessionOptions {
  Precision precision = BestPrecision();
  // By input name; needed for inputs with free sizes, may override the batch (first) size and the
  // height and width of fully convolutional graphs.
  std::map<std::string, Shape> input_shapes;
  // Null: one of the session's own. Sessions that share one overwrite each other's inputs and
  // outputs: what is written before a Run, and read after it, is that Run's.
  std::shared_ptr<Arena> arena;
};

// One thread at a time. Inputs and outputs are always f32; nothing is allocated by Run. Weights
// already laid out for this CPU are shared between the sessions of a Model.
class Session {
 public:
  // kInvalidArgument: shapes that don't fit the graph; kTooLarge: an arena over the bound.
  static Result<std::unique_ptr<Session>> Create(std::shared_ptr<const Model> model,
                                                 const SessionOptions& options = {});
  ~Session();

  Precision precision() const;

  // Written by the caller before every Run, which uses the memory for other things as well, and
  // after the last Run or Create of sessions that share the arena. In the order of
  // Model::inputs().
  std::span<float> input(std::size_t index = 0);
  const Shape& input_shape(std::size_t index = 0) const;

  void Run();

  // Valid until the next Run of a session that uses the arena. In the order of Model::outputs().
  std::span<const float> output(std::size_t index = 0) const;
  const Shape& output_shape(std::size_t index = 0) const;

  // Bytes of activations and scratch that this session wants of its arena, weights not counted.
  std::size_t arena_bytes() const;

  // For profiles: Run is RunStep(0), RunStep(1), ... in order. Names tell operator, node and
  // implementation.
  std::size_t steps() const;
  std::int64_t products() const;  // multiplications of one run, convolutions and products only
  const std::string& step_name(std::size_t step) const;
  void RunStep(std::size_t step);

 private:
  struct State;
  explicit Session(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace candid::infer
