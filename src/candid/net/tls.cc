#include "candid/net/tls.h"

#include <boost/asio/buffer.hpp>
#include <string>

#include "candid/base/files.h"

namespace candid::net {
namespace ssl = boost::asio::ssl;
namespace {

constexpr std::uint64_t kMaxFileBytes = 1u << 20;

tl::unexpected<Error> Unusable(const std::filesystem::path& file, const char* what,
                               const boost::system::error_code& error) {
  return Fail(Code::kInvalidArgument, file.string() + ": " + what + " (" + error.message() + ")");
}

}  // namespace

Result<std::unique_ptr<ssl::context>> LoadTls(const std::filesystem::path& certificate,
                                              const std::filesystem::path& key) {
  CANDID_ASSIGN(const Bytes chain, ReadFile(certificate, kMaxFileBytes));
  CANDID_ASSIGN(const Bytes secret, ReadFile(key, kMaxFileBytes));
  auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
  boost::system::error_code error;
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  context->set_options(ssl::context::default_workarounds | SSL_OP_NO_RENEGOTIATION, error);
  // OpenSSL's own callback would ask on the terminal.
  context->set_password_callback(
      [](std::size_t, ssl::context::password_purpose) { return std::string(); }, error);
  context->use_certificate_chain(boost::asio::buffer(chain), error);
  if (error) return Unusable(certificate, "not a certificate in PEM form", error);
  context->use_private_key(boost::asio::buffer(secret), ssl::context::pem, error);
  if (error) {
    return Unusable(key, "not the certificate's private key in PEM form without a pass phrase",
                    error);
  }
  return context;
}

}  // namespace candid::net
