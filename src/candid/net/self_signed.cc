#include "candid/net/self_signed.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <memory>
#include <set>

#include "candid/base/bytes.h"
#include "candid/base/files.h"
#include "candid/base/ids.h"

namespace candid::net {
namespace {

constexpr int kDays = 825;      // the longest that browsers take
constexpr int kRenewDays = 30;  // before the end
constexpr long kDaySeconds = 86'400;
constexpr std::uint64_t kMaxFileBytes = 1u << 20;

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* thing) const {
    kFree(thing);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Bio = std::unique_ptr<BIO, Free<BIO_free_all>>;

tl::unexpected<Error> Refused(const char* what) {
  return Fail(Code::kInternal, std::string("OpenSSL refused to ") + what);
}

// The names a client may call this machine by, as OpenSSL's configuration writes them.
std::string NamesOf(const std::string& address) {
  std::set<std::string> names{"DNS:localhost", "IP:127.0.0.1", "IP:::1"};
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) == 0) {
    const std::string name = host.data();
    // A name that is none would spoil the others.
    const bool usable =
        !name.empty() &&
        name.find_first_not_of(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == name.npos;
    if (usable) names.insert("DNS:" + name);
  }
  if (address != "0.0.0.0" && address != "::") names.insert("IP:" + address);
  ifaddrs* interfaces = nullptr;
  if (getifaddrs(&interfaces) == 0) {
    for (const ifaddrs* one = interfaces; one != nullptr; one = one->ifa_next) {
      if (one->ifa_addr == nullptr) continue;
      std::array<char, INET6_ADDRSTRLEN> text{};
      const void* bytes = nullptr;
      if (one->ifa_addr->sa_family == AF_INET) {
        bytes = &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr;
      } else if (one->ifa_addr->sa_family == AF_INET6) {
        bytes = &reinterpret_cast<const sockaddr_in6*>(one->ifa_addr)->sin6_addr;
      }
      if (bytes != nullptr &&
          inet_ntop(one->ifa_addr->sa_family, bytes, text.data(), text.size()) != nullptr) {
        names.insert(std::string("IP:") + text.data());
      }
    }
    freeifaddrs(interfaces);
  }
  std::string joined;
  for (const std::string& name : names) joined += (joined.empty() ? "" : ",") + name;
  return joined;
}

bool AddExtension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  if (extension == nullptr) return false;
  const bool added = X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

Result<Certificate> Sign(EVP_PKEY* key, const std::string& address) {
  Certificate certificate(X509_new());
  if (certificate == nullptr) return Refused("make a certificate");
  Bytes serial = RandomBytes(16);
  serial[0] &= 0x7F;
  BIGNUM* number = BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr);
  const bool numbered =
      number != nullptr &&
      BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get())) != nullptr;
  BN_free(number);
  const std::string names = NamesOf(address);
  X509* const x509 = certificate.get();
  X509_NAME* const subject = X509_get_subject_name(x509);
  static constexpr unsigned char kName[] = "Candid, self-signed";
  const bool made =
      numbered && X509_set_version(x509, X509_VERSION_3) == 1 &&
      X509_gmtime_adj(X509_getm_notBefore(x509), -kDaySeconds) != nullptr &&
      X509_gmtime_adj(X509_getm_notAfter(x509), kDays * kDaySeconds) != nullptr &&
      X509_set_pubkey(x509, key) == 1 &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, kName, -1, -1, 0) == 1 &&
      X509_set_issuer_name(x509, subject) == 1 &&
      // It is its own authority, and vouches for nothing else.
      AddExtension(x509, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      AddExtension(x509, NID_key_usage, "critical,digitalSignature,keyCertSign") &&
      AddExtension(x509, NID_ext_key_usage, "serverAuth") &&
      AddExtension(x509, NID_subject_key_identifier, "hash") &&
      AddExtension(x509, NID_subject_alt_name, names) && X509_sign(x509, key, EVP_sha256()) != 0;
  if (!made) return Refused("make a certificate");
  return certificate;
}

std::string TextOf(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

Status Make(const SelfSigned& files, const std::string& address) {
  const Key key(EVP_EC_gen("P-256"));
  if (key == nullptr) return Refused("make a key");
  CANDID_ASSIGN(const Certificate certificate, Sign(key.get(), address));
  const Bio key_text(BIO_new(BIO_s_mem()));
  const Bio certificate_text(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(key_text.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1 ||
      PEM_write_bio_X509(certificate_text.get(), certificate.get()) != 1) {
    return Refused("write a certificate");
  }
  CANDID_TRY(WriteFileDurably(files.key, AsBytes(TextOf(key_text.get())), FileMode::kSecret));
  return WriteFileDurably(files.certificate, AsBytes(TextOf(certificate_text.get())));
}

// Fills in what the certificate says.
Status Read(SelfSigned* files) {
  CANDID_ASSIGN(const Bytes text, ReadFile(files->certificate, kMaxFileBytes));
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  std::tm end{};
  if (certificate == nullptr ||
      X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) != 1 ||
      ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    return Fail(Code::kCorrupt, files->certificate.string() + " is no certificate: remove it and " +
                                    files->key.string() + ", and another is made");
  }
  files->fingerprint.clear();
  for (unsigned i = 0; i < size; ++i) {
    std::array<char, 4> pair{};
    std::snprintf(pair.data(), pair.size(), "%02X", digest[i]);
    if (i > 0) files->fingerprint += ':';
    files->fingerprint += pair.data();
  }
  files->expires = std::chrono::system_clock::from_time_t(timegm(&end));
  return {};
}

}  // namespace

Result<SelfSigned> EnsureSelfSigned(const std::filesystem::path& folder,
                                    const std::string& address) {
  SelfSigned files{folder / "certificate.pem", folder / "key.pem", {}, {}, false};
  std::error_code error;
  if (std::filesystem::create_directories(folder, error)) {
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  }
  const bool has_certificate = std::filesystem::exists(files.certificate, error);
  const bool has_key = std::filesystem::exists(files.key, error);
  if (has_certificate != has_key) {
    const auto& there = has_certificate ? files.certificate : files.key;
    const auto& missing = has_certificate ? files.key : files.certificate;
    return Fail(Code::kCorrupt, missing.string() + " is missing beside " + there.string() +
                                    ": restore it, or remove the other and both are made anew");
  }
  if (has_certificate) {
    CANDID_TRY(Read(&files));
    const auto least = std::chrono::system_clock::now() + std::chrono::hours(24 * kRenewDays);
    if (files.expires > least) return files;
  }
  CANDID_TRY(Make(files, address));
  CANDID_TRY(Read(&files));
  files.made = true;
  return files;
}

}  // namespace candid::net
