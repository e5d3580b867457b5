#include "candid/infer/model.h"

#include "candid/infer/fold.h"
#include "candid/infer/graph.h"
#include "candid/infer/onnx_reader.h"
#include "candid/infer/simplify.h"

namespace candid::infer {

Model::Model(std::unique_ptr<Graph> graph) : graph_(std::move(graph)) {}

Model::~Model() = default;

Result<std::shared_ptr<const Model>> Model::Load(ByteSpan onnx, std::string name) {
  CANDID_ASSIGN(auto graph, ReadOnnx(onnx, std::move(name)));
  CANDID_TRY(FoldConstants(graph.get()));
  CANDID_TRY(Simplify(graph.get()));
  return std::shared_ptr<const Model>(new Model(std::move(graph)));
}

const std::string& Model::name() const { return graph_->name; }
const std::vector<TensorInfo>& Model::inputs() const { return graph_->input_info; }
const std::vector<TensorInfo>& Model::outputs() const { return graph_->output_info; }

}  // namespace candid::infer
