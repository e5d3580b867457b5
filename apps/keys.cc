#include "apps/keys.h"

#include <fmt/format.h>

#include <sstream>

#include "candid/base/files.h"
#include "candid/base/ids.h"

namespace candid::apps {
namespace {

constexpr std::uint64_t kMaxFileBytes = 1u << 20;
constexpr std::size_t kIdLength = 20;
constexpr std::size_t kSecretLength = 40;

std::filesystem::path FileOf(const std::filesystem::path& state) { return state / "keys"; }

Status MakeFolder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return Fail(Code::kIo, fmt::format("cannot make {}: {}", folder.string(), error.message()));
  }
  return {};
}

}  // namespace

Result<std::vector<AccessKey>> ReadKeys(const std::filesystem::path& state) {
  const auto contents = ReadFile(FileOf(state), kMaxFileBytes);
  if (!contents && contents.error().code() == Code::kNotFound) return std::vector<AccessKey>{};
  if (!contents) return Fail(contents.error());
  std::vector<AccessKey> keys;
  std::istringstream lines{std::string(AsText(*contents))};
  for (std::string line; std::getline(lines, line);) {
    const std::size_t blank = line.find(' ');
    if (blank != kIdLength || line.size() != kIdLength + 1 + kSecretLength) {
      return Fail(Code::kCorrupt,
                  fmt::format("{} line {}: not \"id secret\"; remove the line, or the file for new "
                              "keys",
                              FileOf(state).string(), keys.size() + 1));
    }
    keys.push_back({line.substr(0, blank), line.substr(blank + 1)});
  }
  return keys;
}

Result<AccessKey> CreateKey(const std::filesystem::path& state) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  AccessKey key{"AKIA", ToBase64(RandomBytes(kSecretLength / 4 * 3))};
  for (const std::uint8_t byte : RandomBytes(kIdLength - key.id.size())) {
    key.id += kAlphabet[byte % kAlphabet.size()];
  }
  CANDID_TRY(MakeFolder(state));
  CANDID_ASSIGN(auto keys, ReadKeys(state));
  keys.push_back(key);
  std::string contents;
  for (const AccessKey& each : keys) contents += each.id + ' ' + each.secret + '\n';
  CANDID_TRY(WriteFileDurably(FileOf(state), AsBytes(contents), FileMode::kSecret));
  return key;
}

}  // namespace candid::apps
