// TfjsGraph: a TensorFlow.js graph model (a JSON with the topology, binary shards with the weights)
// as nodes and float tensors. Pictures are NHWC, convolution weights HWIO, as TensorFlow has them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "candid/base/bytes.h"

namespace candid::models {

struct TfjsTensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;  // whole numbers too: no graph of ours has one above 2^24
};

struct TfjsNode {
  std::string name;
  std::string op;
  std::vector<std::string> inputs;
  std::vector<std::int64_t> strides;  // of height and width
  std::vector<std::int64_t> window;   // a pool's height and width
  std::vector<std::string> fused;     // "BiasAdd", "Relu", "Prelu", ...
  bool same_padding = false;
  std::vector<std::int64_t> shape;  // a placeholder's, NHWC
};

struct TfjsGraph {
  std::vector<TfjsNode> nodes;                // inputs before users, constants left out
  std::map<std::string, TfjsTensor> weights;  // by the constant's name
  std::vector<std::string> outputs;           // nodes that the signature names; may be empty
};

// Reads `json` and the shards that it names beside itself. Weights stored as float16 or uint8 are
// widened. kMalformed names the file and what is wrong; at most 64 MiB a file.
Result<TfjsGraph> ReadTfjsGraph(const std::filesystem::path& json);

}  // namespace candid::models
