#include "candid/store/vault.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

#include "candid/base/files.h"
#include "candid/base/ids.h"

namespace candid::store {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kMaxSecretBytes = 4096;

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

// Ready for the text: key, nonce and name are in.
Cipher Start(ByteSpan key, ByteSpan nonce, std::string_view name, bool seal) {
  Cipher cipher(EVP_CIPHER_CTX_new());
  int ignored = 0;
  const ByteSpan bound = AsBytes(name);
  if (cipher == nullptr ||
      EVP_CipherInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data(),
                        seal ? 1 : 0) != 1 ||
      EVP_CipherUpdate(cipher.get(), nullptr, &ignored, bound.data(),
                       static_cast<int>(bound.size())) != 1) {
    return nullptr;
  }
  return cipher;
}

}  // namespace

Vault::~Vault() { OPENSSL_cleanse(key_.data(), key_.size()); }
Vault::Vault(Vault&& other) noexcept : file_(std::move(other.file_)), key_(std::move(other.key_)) {}

Result<Vault> Vault::Open(const std::filesystem::path& file) {
  auto key = ReadFile(file, kKeyBytes);
  if (!key && key.error().code() != Code::kTooLarge) return Fail(key.error());
  if (!key || key->size() != kKeyBytes) {
    return Fail(
        Code::kCorrupt,
        fmt::format("the master key {} is damaged (it must have {} bytes): restore it from "
                    "where you keep a copy, or delete it, revoke all access keys and create "
                    "new ones",
                    file.string(), kKeyBytes));
  }
  return Vault(file, *std::move(key));
}

Result<Vault> Vault::Create(const std::filesystem::path& file) {
  Bytes key = RandomBytes(kKeyBytes);
  CANDID_TRY(WriteFileDurably(file, key, FileMode::kSecret));
  return Vault(file, std::move(key));
}

Result<Bytes> Vault::Seal(std::string_view name, std::string_view secret) const {
  if (secret.size() > kMaxSecretBytes) {
    return Fail(Code::kTooLarge, fmt::format("a secret has at most {} bytes", kMaxSecretBytes));
  }
  Bytes sealed = RandomBytes(kNonceBytes);
  const Cipher cipher = Start(key_, sealed, name, true);
  sealed.resize(kNonceBytes + secret.size() + kTagBytes);
  std::uint8_t* const text = sealed.data() + kNonceBytes;
  std::uint8_t* const tag = text + secret.size();
  const ByteSpan plain = AsBytes(secret);
  int size = 0;
  // GCM is a stream: the end adds no text.
  if (cipher == nullptr ||
      EVP_CipherUpdate(cipher.get(), text, &size, plain.data(), static_cast<int>(plain.size())) !=
          1 ||
      EVP_CipherFinal_ex(cipher.get(), tag, &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, static_cast<int>(kTagBytes), tag) !=
          1) {
    return Fail(Code::kInternal, "OpenSSL refused to seal a secret with AES-256-GCM");
  }
  return sealed;
}

Result<std::string> Vault::Unseal(std::string_view name, ByteSpan sealed) const {
  const auto wrong = [&] {
    return Fail(Code::kCorrupt,
                fmt::format("the master key {} does not open the secret of access key {}: restore "
                            "the master key that belongs to this database, or revoke the access "
                            "keys and create new ones",
                            file_.string(), name));
  };
  if (sealed.size() < kNonceBytes + kTagBytes ||
      sealed.size() > kNonceBytes + kMaxSecretBytes + kTagBytes) {
    return wrong();
  }
  const Cipher cipher = Start(key_, sealed.first(kNonceBytes), name, false);
  const ByteSpan text = sealed.subspan(kNonceBytes, sealed.size() - kNonceBytes - kTagBytes);
  Bytes tag(sealed.end() - kTagBytes, sealed.end());
  std::string secret(text.size() + 1, '\0');  // never empty, for OpenSSL's sake
  auto* const plain = reinterpret_cast<std::uint8_t*>(secret.data());
  int size = 0;
  if (cipher == nullptr ||
      EVP_CipherUpdate(cipher.get(), plain, &size, text.data(), static_cast<int>(text.size())) !=
          1 ||
      EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, static_cast<int>(kTagBytes),
                          tag.data()) != 1 ||
      EVP_CipherFinal_ex(cipher.get(), plain + text.size(), &size) != 1) {
    return wrong();
  }
  secret.resize(text.size());
  return secret;
}

Digest Vault::Mac(std::string_view purpose, ByteSpan message) const {
  return HmacSha256(HmacSha256(key_, AsBytes(purpose)), message);
}

}  // namespace candid::store
