#include "candid/base/bytes.h"

#include <openssl/crypto.h>

#include <array>

namespace candid {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNotADigit = 0xFF;

constexpr std::array<std::uint8_t, 256> MakeBase64Values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNotADigit);
  for (std::size_t i = 0; i < kBase64Digits.size(); ++i) {
    values[static_cast<std::uint8_t>(kBase64Digits[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}
constexpr std::array<std::uint8_t, 256> kBase64Values = MakeBase64Values();

std::uint8_t Base64Value(char c) { return kBase64Values[static_cast<std::uint8_t>(c)]; }

}  // namespace

std::string ToHex(ByteSpan bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (std::uint8_t byte : bytes) {
    text.push_back(kHexDigits[byte >> 4]);
    text.push_back(kHexDigits[byte & 15]);
  }
  return text;
}

Result<Bytes> FromHex(std::string_view text) {
  if (text.size() % 2 != 0) return Fail(Code::kMalformed, "hexadecimal text of odd length");
  const auto value = [](char c) -> int {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  Bytes bytes(text.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const int high = value(text[2 * i]);
    const int low = value(text[2 * i + 1]);
    if (high < 0 || low < 0) return Fail(Code::kMalformed, "not a hexadecimal digit");
    bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return bytes;
}

std::string ToBase64(ByteSpan bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  const auto put = [&](std::uint32_t group, int digits) {
    for (int d = 0; d < 4; ++d) {
      text.push_back(d < digits ? kBase64Digits[(group >> (18 - 6 * d)) & 63] : '=');
    }
  };
  for (; i + 3 <= bytes.size(); i += 3) {
    put(std::uint32_t{bytes[i]} << 16 | std::uint32_t{bytes[i + 1]} << 8 | bytes[i + 2], 4);
  }
  if (bytes.size() - i == 1) put(std::uint32_t{bytes[i]} << 16, 2);
  if (bytes.size() - i == 2) {
    put(std::uint32_t{bytes[i]} << 16 | std::uint32_t{bytes[i + 1]} << 8, 3);
  }
  return text;
}

Result<Bytes> FromBase64(std::string_view text) {
  if (text.size() % 4 != 0) return Fail(Code::kMalformed, "base64 length is not a multiple of 4");
  std::size_t digits = text.size();
  while (digits > 0 && text.size() - digits < 2 && text[digits - 1] == '=') --digits;
  Bytes bytes;
  bytes.reserve(digits * 3 / 4);
  std::size_t i = 0;
  for (; i + 4 <= digits; i += 4) {
    const std::uint8_t a = Base64Value(text[i]), b = Base64Value(text[i + 1]);
    const std::uint8_t c = Base64Value(text[i + 2]), d = Base64Value(text[i + 3]);
    // Every valid digit is below 64, so one bit of the union tells of a stranger among the four.
    if ((a | b | c | d) & 0x80) return Fail(Code::kMalformed, "not a base64 character");
    bytes.push_back(static_cast<std::uint8_t>(a << 2 | b >> 4));
    bytes.push_back(static_cast<std::uint8_t>(b << 4 | c >> 2));
    bytes.push_back(static_cast<std::uint8_t>(c << 6 | d));
  }
  const std::size_t rest = digits - i;
  if (rest == 0) return bytes;
  const std::uint8_t a = Base64Value(text[i]), b = Base64Value(text[i + 1]);
  const std::uint8_t c = rest == 3 ? Base64Value(text[i + 2]) : std::uint8_t{0};
  if ((a | b | c) & 0x80) return Fail(Code::kMalformed, "not a base64 character");
  if (rest == 2 ? (b & 15) != 0 : (c & 3) != 0) {
    return Fail(Code::kMalformed, "base64 ends in stray bits");
  }
  bytes.push_back(static_cast<std::uint8_t>(a << 2 | b >> 4));
  if (rest == 3) bytes.push_back(static_cast<std::uint8_t>(b << 4 | c >> 2));
  return bytes;
}

bool EqualInConstantTime(ByteSpan a, ByteSpan b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace candid
