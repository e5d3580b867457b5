#include "candid/infer/session.h"

#include <fmt/format.h>

#include <cstdlib>

#include "candid/infer/fuse.h"
#include "candid/infer/graph.h"
#include "candid/infer/lower.h"
#include "candid/infer/onednn.h"
#include "candid/infer/shapes.h"

namespace candid::infer {
namespace {

constexpr std::size_t kMaxArenaBytes = std::size_t{4} << 30;

struct FreeMemory {
  void operator()(std::byte* memory) const { std::free(memory); }
};

}  // namespace

struct Session::State {
  std::shared_ptr<const Model> model;
  Precision precision = Precision::kF32;
  Program program;
  std::unique_ptr<std::byte, FreeMemory> arena;
  std::size_t arena_bytes = 0;
  std::vector<std::byte*> addresses;
  std::vector<Shape> input_shapes;
  std::vector<Shape> output_shapes;
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::Create(std::shared_ptr<const Model> model,
                                                 const SessionOptions& options) {
  if (options.precision == Precision::kBf16 && BestPrecision() != Precision::kBf16) {
    return Fail(Code::kUnsupported, "this CPU does not compute in bf16; use precision f32");
  }
  const OneThread one_thread;
  auto state = std::make_unique<State>();
  Graph graph = model->graph();
  CANDID_TRY(InferShapes(&graph, options.input_shapes));
  Fuse(&graph);
  auto program = Lower(graph, options.precision);
  if (!program.has_value()) return Fail(program.error().WithContext(graph.name));
  state->program = *std::move(program);

  const MemoryPlan plan = PlanMemory(state->program.buffers);
  if (plan.bytes > kMaxArenaBytes) {
    return Fail(Code::kTooLarge,
                fmt::format("{} needs {} MiB at these input shapes, more than {}; use smaller ones",
                            graph.name, plan.bytes >> 20, kMaxArenaBytes >> 20));
  }
  state->arena_bytes = (plan.bytes / kArenaAlignment + 1) * kArenaAlignment;
  state->arena.reset(
      static_cast<std::byte*>(std::aligned_alloc(kArenaAlignment, state->arena_bytes)));
  if (state->arena == nullptr) {
    return Fail(Code::kUnavailable,
                fmt::format("no memory for {} MiB of activations", state->arena_bytes >> 20));
  }
  std::fill_n(state->arena.get(), state->arena_bytes, std::byte{0});
  for (const std::size_t offset : plan.offsets) {
    state->addresses.push_back(state->arena.get() + offset);
  }
  for (const int value : graph.inputs) {
    state->input_shapes.push_back(graph.values[static_cast<std::size_t>(value)].shape);
  }
  for (const int value : graph.outputs) {
    state->output_shapes.push_back(graph.values[static_cast<std::size_t>(value)].shape);
  }
  state->model = std::move(model);
  state->precision = options.precision;
  return std::unique_ptr<Session>(new Session(std::move(state)));
}

Precision Session::precision() const { return state_->precision; }

std::span<float> Session::input(std::size_t index) {
  const int buffer = state_->program.inputs[index];
  return {reinterpret_cast<float*>(state_->addresses[static_cast<std::size_t>(buffer)]),
          static_cast<std::size_t>(ElementsOf(state_->input_shapes[index]))};
}

const Shape& Session::input_shape(std::size_t index) const { return state_->input_shapes[index]; }

void Session::Run() {
  const OneThread one_thread;
  for (const Step& step : state_->program.steps) step.run(state_->addresses.data());
}

std::span<const float> Session::output(std::size_t index) const {
  const int buffer = state_->program.outputs[index];
  return {reinterpret_cast<const float*>(state_->addresses[static_cast<std::size_t>(buffer)]),
          static_cast<std::size_t>(ElementsOf(state_->output_shapes[index]))};
}

const Shape& Session::output_shape(std::size_t index) const { return state_->output_shapes[index]; }

std::size_t Session::arena_bytes() const { return state_->arena_bytes; }

std::size_t Session::steps() const { return state_->program.steps.size(); }

std::int64_t Session::products() const { return state_->program.products; }

const std::string& Session::step_name(std::size_t step) const {
  return state_->program.steps[step].name;
}

void Session::RunStep(std::size_t step) {
  const OneThread one_thread;
  state_->program.steps[step].run(state_->addresses.data());
}

}  // namespace candid::infer
