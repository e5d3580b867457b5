// Vault: seals secrets with the state folder's master key, AES-256-GCM by OpenSSL (NIST SP
// 800-38D). Private to this folder. The layout is in docs/formats/store.md.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "candid/base/bytes.h"
#include "candid/base/hash.h"

namespace candid::store {

// Of a state folder.
inline std::filesystem::path MasterKeyOf(const std::filesystem::path& folder) {
  return folder / "candid.key";
}

class Vault {
 public:
  // kNotFound: there is no master key; kCorrupt: it has the wrong length.
  static Result<Vault> Open(const std::filesystem::path& file);
  // Makes a new master key, readable by this user only; it is on disk when this returns.
  static Result<Vault> Create(const std::filesystem::path& file);
  ~Vault();
  Vault(Vault&& other) noexcept;
  Vault& operator=(Vault&&) = delete;

  // What is sealed under a name opens under that name only.
  Result<Bytes> Seal(std::string_view name, std::string_view secret) const;
  // kCorrupt names the master key's file: sealed with another one, or damaged.
  Result<std::string> Unseal(std::string_view name, ByteSpan sealed) const;
  // A keyed hash for this purpose: only who has the master key can make it.
  Digest Mac(std::string_view purpose, ByteSpan message) const;

 private:
  Vault(std::filesystem::path file, Bytes key) : file_(std::move(file)), key_(std::move(key)) {}

  std::filesystem::path file_;
  Bytes key_;
};

}  // namespace candid::store
