#include "candid/objects/source.h"

#include <string_view>

namespace candid::objects {

Status CheckKey(const std::string& key) {
  std::string_view rest = key;
  if (rest.find('\0') != std::string_view::npos) {
    return Fail(Code::kInvalidArgument, "the object's name holds a zero byte");
  }
  for (;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..") {
      return Fail(Code::kInvalidArgument,
                  "the object's name has an empty, '.' or '..' part; name it without");
    }
    if (slash == std::string_view::npos) return {};
    rest.remove_prefix(slash + 1);
  }
}

}  // namespace candid::objects
