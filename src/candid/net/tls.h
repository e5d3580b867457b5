// The server's side of TLS: a certificate and its key, and which versions are spoken.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <filesystem>
#include <memory>

#include "candid/base/result.h"

namespace candid::net {

// TLS 1.2 and 1.3, OpenSSL's ciphers, no renegotiation. `certificate`: PEM, the server's own first,
// then those that lead to the root; `key`: PEM, without a pass phrase. kInvalidArgument names the
// file that is no such thing, or that the two do not belong together; kNotFound, kIo: ReadFile's.
Result<std::unique_ptr<boost::asio::ssl::context>> LoadTls(const std::filesystem::path& certificate,
                                                           const std::filesystem::path& key);

}  // namespace candid::net
