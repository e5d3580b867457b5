#include "candid/api/json_writer.h"

#include <charconv>
#include <cmath>

namespace candid::api {
namespace {

template <typename T>
void AppendNumber(std::string& text, T value) {
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  text.append(digits, end);
}

void AppendEscaped(std::string& text, std::string_view value) {
  constexpr char kHex[] = "0123456789abcdef";
  text.push_back('"');
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      text.push_back('\\');
      text.push_back(c);
    } else if (byte < 0x20) {
      text += "\\u00";
      text.push_back(kHex[byte >> 4]);
      text.push_back(kHex[byte & 15]);
    } else {
      text.push_back(c);
    }
  }
  text.push_back('"');
}

}  // namespace

void JsonWriter::Separate() {
  if (!first_) text_.push_back(',');
  first_ = false;
}

void JsonWriter::Open(char bracket) {
  Separate();
  text_.push_back(bracket);
  first_ = true;
}

void JsonWriter::Close(char bracket) {
  text_.push_back(bracket);
  first_ = false;
}

void JsonWriter::Key(std::string_view name) {
  Separate();
  AppendEscaped(text_, name);
  text_.push_back(':');
  first_ = true;
}

void JsonWriter::Value(std::string_view text) {
  Separate();
  AppendEscaped(text_, text);
}

void JsonWriter::Value(bool value) {
  Separate();
  text_ += value ? "true" : "false";
}

void JsonWriter::Null() {
  Separate();
  text_ += "null";
}

void JsonWriter::Value(double value) {
  Separate();
  AppendNumber(text_, std::isfinite(value) ? value : 0.0);
}

void JsonWriter::Value(float value) {
  Separate();
  AppendNumber(text_, std::isfinite(value) ? value : 0.0f);
}

void JsonWriter::Integer(std::int64_t value) {
  Separate();
  AppendNumber(text_, value);
}

}  // namespace candid::api
