#include "candid/base/hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <cstring>
#include <fstream>
#include <vector>

#include "candid/base/check.h"

namespace candid {

Digest Sha256(ByteSpan bytes) {
  Digest digest;
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

Digest HmacSha256(ByteSpan key, ByteSpan message) {
  Digest digest;
  unsigned length = 0;
  CANDID_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(),
                    message.size(), digest.data(), &length) != nullptr);
  return digest;
}

std::string Sha256Hex(ByteSpan bytes) { return ToHex(Sha256(bytes)); }

Result<std::string> Sha256HexOfFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Fail(Code::kIo, fmt::format("cannot read {}: {}", path.string(), std::strerror(errno)));
  }
  Sha256Stream stream;
  std::vector<char> block(1 << 16);
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    stream.Update({reinterpret_cast<const std::uint8_t*>(block.data()),
                   static_cast<std::size_t>(file.gcount())});
  }
  if (file.bad()) return Fail(Code::kIo, fmt::format("reading {} failed", path.string()));
  return ToHex(stream.Finish());
}

struct Sha256Stream::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  CANDID_CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}
Sha256Stream::~Sha256Stream() = default;
Sha256Stream::Sha256Stream(Sha256Stream&&) noexcept = default;
Sha256Stream& Sha256Stream::operator=(Sha256Stream&&) noexcept = default;

void Sha256Stream::Update(ByteSpan bytes) {
  CANDID_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Digest Sha256Stream::Finish() {
  Digest digest;
  CANDID_CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), nullptr) == 1);
  return digest;
}

}  // namespace candid
