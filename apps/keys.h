// Keys: who may call the server. One file in the state folder, readable by its owner only: a line
// a key, "id secret".
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "candid/base/bytes.h"

namespace candid::apps {

struct AccessKey {
  std::string id;      // 20 characters, "AKIA" and 16 of A-Z2-7, as AWS clients expect
  std::string secret;  // 40 characters of base64's alphabet
};

// None where there is no file. kCorrupt names file and line.
Result<std::vector<AccessKey>> ReadKeys(const std::filesystem::path& state);

// Makes a key and adds it to the file, durably.
Result<AccessKey> CreateKey(const std::filesystem::path& state);

}  // namespace candid::apps
