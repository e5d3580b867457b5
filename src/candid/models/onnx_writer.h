// OnnxWriter: an ONNX graph put together node by node.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "candid/base/bytes.h"

namespace candid::models {

using Dims = std::vector<std::int64_t>;

class OnnxWriter {
 public:
  explicit OnnxWriter(const std::string& graph_name);
  ~OnnxWriter();

  void AddInput(const std::string& name, const Dims& shape);
  void AddOutput(const std::string& name, const Dims& shape);
  // Return the name to use as an input.
  std::string AddFloats(const std::string& name, const Dims& shape,
                        const std::vector<float>& values);
  std::string AddIntegers(const std::string& name, const Dims& values);

  // One operator; attributes are added to the one added last.
  void AddNode(const std::string& op, const std::vector<std::string>& inputs,
               const std::string& output);
  void Attribute(const std::string& name, const Dims& values);
  void Attribute(const std::string& name, std::int64_t value);
  void Attribute(const std::string& name, float value);
  void Attribute(const std::string& name, const std::string& value);

  Bytes Serialise() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace candid::models
