// SHA-256 and its keyed form (FIPS 180-4, RFC 2104), by OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "candid/base/bytes.h"

namespace candid {

using Digest = std::array<std::uint8_t, 32>;

Digest Sha256(ByteSpan bytes);
Digest HmacSha256(ByteSpan key, ByteSpan message);

// Lower-case hexadecimal SHA-256.
std::string Sha256Hex(ByteSpan bytes);

// Of a file's contents, read in pieces.
Result<std::string> Sha256HexOfFile(const std::filesystem::path& path);

// For bytes that come in pieces. One thread at a time.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(Sha256Stream&&) noexcept;
  Sha256Stream& operator=(Sha256Stream&&) noexcept;

  void Update(ByteSpan bytes);
  // Ends the stream; nothing may follow.
  Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace candid
