#include "candid/infer/session.h"

#include <fmt/format.h>

#include <algorithm>

#include "candid/infer/fuse.h"
#include "candid/infer/graph.h"
#include "candid/infer/lower.h"
#include "candid/infer/onednn.h"
#include "candid/infer/shapes.h"

namespace candid::infer {
namespace {

constexpr std::size_t kMaxArenaBytes = std::size_t{4} << 30;

}  // namespace

struct Session::State {
  std::shared_ptr<const Model> model;
  Precision precision = Precision::kF32;
  Program program;
  std::shared_ptr<Arena> arena;
  std::size_t arena_bytes = 0;
  std::vector<std::size_t> offsets;
  std::vector<std::byte*> addresses;  // offsets in the arena at `bound`
  const std::byte* bound = nullptr;
  std::vector<Shape> input_shapes;
  std::vector<Shape> output_shapes;

  // The arena moves when a session that shares it makes it grow.
  std::byte** Addresses() {
    if (bound != arena->data()) {
      bound = arena->data();
      for (std::size_t i = 0; i < offsets.size(); ++i) addresses[i] = arena->data() + offsets[i];
    }
    return addresses.data();
  }
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

  MemoryPlan plan = PlanMemory(state->program.buffers);
  if (plan.bytes > kMaxArenaBytes) {
    return Fail(Code::kTooLarge,
                fmt::format("{} needs {} MiB at these input shapes, more than {}; use smaller ones",
                            graph.name, plan.bytes >> 20, kMaxArenaBytes >> 20));
  }
  state->arena_bytes = plan.bytes;
  state->arena = options.arena == nullptr ? std::make_shared<Arena>() : options.arena;
  // No buffer is an arena as well: it needs an address.
  CANDID_TRY(state->arena->Reserve(std::max<std::size_t>(plan.bytes, 1)));
  state->offsets = std::move(plan.offsets);
  state->addresses.resize(state->offsets.size());
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
  return {reinterpret_cast<float*>(state_->Addresses()[buffer]),
          static_cast<std::size_t>(ElementsOf(state_->input_shapes[index]))};
}

const Shape& Session::input_shape(std::size_t index) const { return state_->input_shapes[index]; }

void Session::Run() {
  const OneThread one_thread;
  std::byte** const addresses = state_->Addresses();
  for (const Step& step : state_->program.steps) step.run(addresses);
}

std::span<const float> Session::output(std::size_t index) const {
  const int buffer = state_->program.outputs[index];
  return {reinterpret_cast<const float*>(state_->Addresses()[buffer]),
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
  state_->program.steps[step].run(state_->Addresses());
}

}  // namespace candid::infer
