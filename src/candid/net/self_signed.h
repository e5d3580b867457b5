// A certificate of the server's own making, for who has none: clients trust this very file.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "candid/base/result.h"

namespace candid::net {

struct SelfSigned {
  std::filesystem::path certificate;  // PEM; what clients are told to trust
  std::filesystem::path key;          // PEM, readable by its owner only
  std::string fingerprint;            // SHA-256 of the certificate, as "AB:CD:..."
  std::chrono::system_clock::time_point expires;
  bool made = false;  // by this call
};

// Takes the certificate that lies in `folder`, or makes one (EC P-256, 825 days) and the folder:
// where there is none, or the one there ends within 30 days. It names localhost, this machine's
// name and addresses, and `address` unless that stands for all. kCorrupt: one of the two files is
// missing or no such thing, with the remedy; kIo.
Result<SelfSigned> EnsureSelfSigned(const std::filesystem::path& folder,
                                    const std::string& address);

}  // namespace candid::net
