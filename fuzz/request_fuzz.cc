// A request's JSON against the schema of an operation that the first byte chooses. What is accepted
// must be readable by every accessor.
#include "candid/api/input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto operations = candid::api::Operations();
  const auto& schema = operations[data[0] % operations.size()];
  const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
  const auto input = candid::api::Input::Parse(body, schema);
  if (!input) {
    (void)candid::api::RenderFailure(input.error(), "id");
    return 0;
  }
  for (const auto& member : schema.members) {
    switch (member.constraint->type) {
      case candid::api::Type::kString:
        (void)input->Text(member.name);
        break;
      case candid::api::Type::kInteger:
      case candid::api::Type::kFloat:
        (void)input->Number(member.name);
        break;
      case candid::api::Type::kList:
        (void)input->Texts(member.name);
        break;
      case candid::api::Type::kMap:
        (void)input->Pairs(member.name);
        break;
      case candid::api::Type::kObject:
        if (input->Has(member.name)) (void)input->Image(member.name);
        break;
      case candid::api::Type::kBlob:
        break;
    }
  }
  return 0;
}
