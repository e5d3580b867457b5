#include "candid/infer/onednn.h"

#include <fmt/format.h>

#include <oneapi/dnnl/dnnl.hpp>

// Of the OpenMP runtime that oneDNN was built with; clang brings no <omp.h>.
extern "C" {
int omp_get_max_threads();
void omp_set_num_threads(int threads);
}

namespace candid::infer {
namespace {

using dnnl::memory;

memory::data_type TypeOf(ElementType type) {
  return type == ElementType::kF32 ? memory::data_type::f32 : memory::data_type::bf16;
}

const dnnl::engine& Cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

dnnl::primitive_attr AttributesOf(bool residual, const Activation& activation) {
  dnnl::primitive_attr attributes;
  dnnl::post_ops operations;
  if (residual) operations.append_sum();
#if DNNL_VERSION_MAJOR >= 3
  const auto append = [&](dnnl::algorithm algorithm, float alpha, float beta) {
    operations.append_eltwise(algorithm, alpha, beta);
  };
#else
  const auto append = [&](dnnl::algorithm algorithm, float alpha, float beta) {
    operations.append_eltwise(1.F, algorithm, alpha, beta);
  };
#endif
  if (!activation.slope.empty() && activation.slope[0] != 1) {
    append(dnnl::algorithm::eltwise_relu, activation.slope[0], 0);
  }
  if (activation.bounded()) {
    append(dnnl::algorithm::eltwise_clip, activation.low, activation.high);
  }
  attributes.set_post_ops(operations);
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

// The weights as the primitive wants them, made once for all sessions that want them so.
std::shared_ptr<const memory> LayOut(const TensorPtr& weights, const memory::desc& plain,
                                     const memory::desc& wanted, WeightCache* cache) {
  const auto fits = [&](const void* entry) {
    return static_cast<const memory*>(entry)->get_desc() == wanted;
  };
  const auto make = [&]() -> std::shared_ptr<const void> {
    auto laid_out = std::make_shared<memory>(wanted, Cpu());
    // oneDNN reads through a pointer that is not const.
    memory source(plain, Cpu(), const_cast<float*>(weights->floats.data()));
    dnnl::stream stream(Cpu());
    dnnl::reorder(source, *laid_out).execute(stream, source, *laid_out);
    stream.wait();
    return laid_out;
  };
  return std::static_pointer_cast<const memory>(cache->Get(weights.get(), fits, make));
}

class OneDnnPrimitive final : public Primitive {
 public:
  template <typename Descriptor>
  OneDnnPrimitive(const Descriptor& descriptor, std::shared_ptr<const memory> weights,
                  TensorPtr bias)
      : primitive_(descriptor),
        stream_(Cpu()),
        weights_(std::move(weights)),
        bias_tensor_(std::move(bias)),
        source_(descriptor.src_desc(), Cpu(), nullptr),
        target_(descriptor.dst_desc(), Cpu(), nullptr),
        scratch_(descriptor.scratchpad_desc(), Cpu(), nullptr),
        bias_({{bias_tensor_->size()}, memory::data_type::f32, memory::format_tag::a}, Cpu(),
              const_cast<float*>(bias_tensor_->floats.data())),
        name_(descriptor.impl_info_str()) {
    arguments_[0] = {DNNL_ARG_SRC, source_.get()};
    arguments_[1] = {DNNL_ARG_WEIGHTS, weights_->get()};
    arguments_[2] = {DNNL_ARG_BIAS, bias_.get()};
    arguments_[3] = {DNNL_ARG_DST, target_.get()};
    arguments_[4] = {DNNL_ARG_SCRATCHPAD, scratch_.get()};
  }

  void Run(const void* source, void* target, void* scratch) override {
    source_.set_data_handle(const_cast<void*>(source));
    target_.set_data_handle(target);
    scratch_.set_data_handle(scratch);
    // The C call takes the arguments as they lie; the C++ one builds a map each time.
    dnnl_primitive_execute(primitive_.get(), stream_.get(), 5, arguments_);
  }

  std::size_t scratch_bytes() const override { return scratch_.get_desc().get_size(); }
  std::string name() const override { return name_; }

 private:
  dnnl::primitive primitive_;
  dnnl::stream stream_;
  std::shared_ptr<const memory> weights_;
  TensorPtr bias_tensor_;
  memory source_;
  memory target_;
  memory scratch_;
  memory bias_;
  std::string name_;
  dnnl_exec_arg_t arguments_[5];
};

TensorPtr BiasOrZeros(const TensorPtr& bias, std::int64_t outputs) {
  if (bias != nullptr) return bias;
  return MakeFloats({outputs}, std::vector<float>(static_cast<std::size_t>(outputs), 0));
}

std::unique_ptr<Primitive> Convolution(const ConvolutionSpec& spec, const TensorPtr& weights,
                                       const TensorPtr& bias, WeightCache* cache) {
  using Tag = memory::format_tag;
  const Window& window = spec.window;
  const auto f32 = memory::data_type::f32;
  const memory::desc source({spec.batch, spec.channels, spec.height, spec.width},
                            TypeOf(spec.source), Tag::nhwc);
  const memory::desc target({spec.batch, spec.outputs, window.output[0], window.output[1]},
                            TypeOf(spec.target), Tag::nhwc);
  memory::dims sizes = {spec.outputs, spec.channels / spec.groups, window.kernel[0],
                        window.kernel[1]};
  if (spec.groups > 1)
    sizes = {spec.groups, spec.outputs / spec.groups, sizes[1], sizes[2], sizes[3]};
  const memory::desc plain(sizes, f32, spec.groups > 1 ? Tag::goihw : Tag::oihw);
  const memory::desc any(sizes, TypeOf(spec.source), Tag::any);
  const memory::desc bias_desc({spec.outputs}, f32, Tag::a);
  const memory::dims strides = {window.stride[0], window.stride[1]};
  const memory::dims dilations = {window.dilation[0] - 1, window.dilation[1] - 1};
  const memory::dims begin = {window.begin[0], window.begin[1]};
  // oneDNN wants the end padding that makes the output size exact.
  memory::dims end(2);
  const std::int64_t input[2] = {spec.height, spec.width};
  for (std::size_t i = 0; i < 2; ++i) {
    end[i] = (window.output[i] - 1) * window.stride[i] +
             (window.kernel[i] - 1) * window.dilation[i] + 1 - input[i] - window.begin[i];
  }
  const auto attributes = AttributesOf(spec.residual, spec.activation);
  const auto kind = dnnl::prop_kind::forward_inference;
  const auto direct = dnnl::algorithm::convolution_direct;
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::convolution_forward::primitive_desc descriptor(Cpu(), kind, direct, source, any,
                                                             bias_desc, target, strides, dilations,
                                                             begin, end, attributes);
#else
  const dnnl::convolution_forward::desc operation(kind, direct, source, any, bias_desc, target,
                                                  strides, dilations, begin, end);
  const dnnl::convolution_forward::primitive_desc descriptor(operation, attributes, Cpu());
#endif
  return std::make_unique<OneDnnPrimitive>(dnnl::convolution_forward::primitive_desc(descriptor),
                                           LayOut(weights, plain, descriptor.weights_desc(), cache),
                                           BiasOrZeros(bias, spec.outputs));
}

std::unique_ptr<Primitive> Dense(const DenseSpec& spec, const TensorPtr& weights,
                                 const TensorPtr& bias, WeightCache* cache) {
  using Tag = memory::format_tag;
  const auto f32 = memory::data_type::f32;
  const memory::desc source({spec.rows, spec.inputs}, TypeOf(spec.source), Tag::ab);
  const memory::desc target({spec.rows, spec.outputs}, TypeOf(spec.target), Tag::ab);
  const memory::desc plain({spec.outputs, spec.inputs}, f32, Tag::ab);
  const memory::desc any({spec.outputs, spec.inputs}, TypeOf(spec.source), Tag::any);
  const memory::desc bias_desc({spec.outputs}, f32, Tag::a);
  const auto attributes = AttributesOf(false, spec.activation);
  const auto kind = dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::inner_product_forward::primitive_desc descriptor(Cpu(), kind, source, any, bias_desc,
                                                               target, attributes);
#else
  const dnnl::inner_product_forward::desc operation(kind, source, any, bias_desc, target);
  const dnnl::inner_product_forward::primitive_desc descriptor(operation, attributes, Cpu());
#endif
  return std::make_unique<OneDnnPrimitive>(dnnl::inner_product_forward::primitive_desc(descriptor),
                                           LayOut(weights, plain, descriptor.weights_desc(), cache),
                                           BiasOrZeros(bias, spec.outputs));
}

}  // namespace

CpuLevel UsableCpu() {
  const auto usable = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
  const auto includes = [&](dnnl::cpu_isa isa) {  // bit sets, in 2.x and 3.x
    return (usable & static_cast<unsigned>(isa)) == static_cast<unsigned>(isa);
  };
  if (includes(dnnl::cpu_isa::avx512_core_bf16)) return CpuLevel::kAvx512Bf16;
  return includes(dnnl::cpu_isa::avx2) ? CpuLevel::kAvx2 : CpuLevel::kBaseline;
}

OneThread::OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
OneThread::~OneThread() { omp_set_num_threads(before_); }

bool FusesActivation(const Activation& activation) { return activation.slope.size() <= 1; }

Result<std::unique_ptr<Primitive>> MakeConvolution(const ConvolutionSpec& spec,
                                                   const TensorPtr& weights, const TensorPtr& bias,
                                                   WeightCache* cache) {
  try {
    return Convolution(spec, weights, bias, cache);
  } catch (const dnnl::error& error) {
    return Fail(Code::kUnsupported,
                fmt::format("oneDNN has no such convolution: {}", error.what()));
  }
}

Result<std::unique_ptr<Primitive>> MakeDense(const DenseSpec& spec, const TensorPtr& weights,
                                             const TensorPtr& bias, WeightCache* cache) {
  try {
    return Dense(spec, weights, bias, cache);
  } catch (const dnnl::error& error) {
    return Fail(Code::kUnsupported, fmt::format("oneDNN has no such product: {}", error.what()));
  }
}

}  // namespace candid::infer
