// JsonWriter: JSON text, member by member, by std::to_chars. Strings are escaped and must be UTF-8;
// a number that is not finite is written as 0 (the wire's clients break on NaN).
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace candid::api {

class JsonWriter {
 public:
  void BeginObject() { Open('{'); }
  void EndObject() { Close('}'); }
  void BeginArray() { Open('['); }
  void EndArray() { Close(']'); }

  void Key(std::string_view name);

  void Value(std::string_view text);
  void Value(const char* text) { Value(std::string_view(text)); }
  void Value(bool value);
  void Null();
  void Value(double value);  // shortest form that reads back the same
  void Value(float value);
  void Value(std::integral auto value) { Integer(static_cast<std::int64_t>(value)); }

  template <typename T>
  void Member(std::string_view name, const T& value) {
    Key(name);
    Value(value);
  }

  std::string Take() && { return std::move(text_); }

 private:
  void Open(char bracket);
  void Close(char bracket);
  void Integer(std::int64_t value);
  void Separate();

  std::string text_;
  bool first_ = true;  // nothing written yet in the innermost object or array, or after a key
};

}  // namespace candid::api
