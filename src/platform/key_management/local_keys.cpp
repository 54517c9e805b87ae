#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/json.h"
#include "base/log.h"
#include "platform/key_management/key_service.h"

// The key file holds one line, "bridge-key-v1:" and 32 random bytes as base64url. From it HKDF-SHA-256 makes two independent keys: one
// wraps data keys, one fingerprints. An envelope is stored exactly as `seal` writes it: any other bytes are refused before anything is
// decrypted.

namespace bridge {

// Not in an unnamed namespace, because Boost.Describe needs the name.
struct LocalEnvelope {
  int format = 1;
  std::string key_name;
  std::string algorithm;
  std::string wrapped_key;  // nonce, encrypted data key, tag
  std::string nonce;
  std::string ciphertext;  // and tag
};
BOOST_DESCRIBE_STRUCT(LocalEnvelope, (), (format, key_name, algorithm, wrapped_key, nonce, ciphertext))

template <>
inline constexpr auto field_notes<LocalEnvelope> = std::to_array<FieldNote>({{.name = "ciphertext", .length_max = 200'000}});

namespace {

constexpr std::string_view kFilePrefix = "bridge-key-v1:";
constexpr std::string_view kAlgorithm = "AES-256-GCM";
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kSecretBytesMax = 64 << 10;
constexpr std::size_t kEnvelopeBytesMax = 256 << 10;
constexpr std::size_t kKeyFileBytesMax = 1'024;

unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::unexpected<Error> unreadable(std::string detail) {
  return fail(Error{.code = ErrorCode::data_loss,
                    .message = "The stored credential cannot be read: enter it again",
                    .detail = std::move(detail),
                    .reason = "credential_unreadable"});
}

std::unexpected<Error> crypto_failed(std::string_view what) {
  return fail(Error{.code = ErrorCode::internal, .message = "The cryptography library failed", .detail = std::string(what)});
}

Result<std::string> fresh_bytes(std::size_t count) {
  std::string out(count, '\0');
  if (RAND_bytes(bytes_of(out), static_cast<int>(count)) != 1) return crypto_failed("RAND_bytes");
  return out;
}

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

// Ciphertext and tag.
Result<std::string> encrypt(std::string_view key, std::string_view nonce, std::string_view plain, std::string_view bound) {
  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  std::string out(plain.size() + kTagBytes, '\0');
  int size = 0;
  const bool good = context && EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) == 1 &&
                    EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(bound), static_cast<int>(bound.size())) == 1 &&
                    EVP_EncryptUpdate(context.get(), bytes_of(out), &size, bytes_of(plain), static_cast<int>(plain.size())) == 1 &&
                    EVP_EncryptFinal_ex(context.get(), bytes_of(out) + plain.size(), &size) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTagBytes, bytes_of(out) + plain.size()) == 1;
  if (!good) return crypto_failed("AES-256-GCM");
  return out;
}

// Nothing unless every byte, the binding among them, is what was encrypted.
std::optional<Secret> decrypt(std::string_view key, std::string_view nonce, std::string_view sealed, std::string_view bound) {
  if (key.size() != kKeyBytes || nonce.size() != kNonceBytes || sealed.size() < kTagBytes) return std::nullopt;
  const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  const std::size_t plain_size = sealed.size() - kTagBytes;
  std::string tag(sealed.substr(plain_size));
  std::string out(plain_size + 1, '\0');  // one more, so that the pointer is good when there is nothing
  int size = 0;
  const bool good = context && EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(nonce)) == 1 &&
                    EVP_DecryptUpdate(context.get(), nullptr, &size, bytes_of(bound), static_cast<int>(bound.size())) == 1 &&
                    EVP_DecryptUpdate(context.get(), bytes_of(out), &size, bytes_of(sealed), static_cast<int>(plain_size)) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagBytes, bytes_of(tag)) == 1 &&
                    EVP_DecryptFinal_ex(context.get(), bytes_of(out) + plain_size, &size) == 1;
  if (!good) {
    OPENSSL_cleanse(out.data(), out.size());
    return std::nullopt;
  }
  out.resize(plain_size);
  return Secret(std::move(out));
}

Result<Secret> derive_key(const Secret& master, std::string_view purpose) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr), &EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr, &EVP_KDF_CTX_free);
  std::string digest = "SHA256", key = master.reveal(), info(purpose), out(kKeyBytes, '\0');
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
                                   OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key.data(), key.size()),
                                   OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
                                   OSSL_PARAM_construct_end()};
  const bool good = context && EVP_KDF_derive(context.get(), bytes_of(out), out.size(), parameters) == 1;
  OPENSSL_cleanse(key.data(), key.size());
  if (!good) return crypto_failed("HKDF");
  return Secret(std::move(out));
}

std::string hmac(const Secret& key, std::string_view text) {
  std::string out(kKeyBytes, '\0');
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.reveal().data(), static_cast<int>(key.reveal().size()), bytes_of(text), text.size(), bytes_of(out), &size);
  return out;
}

class LocalKeys final : public KeyService {
 public:
  LocalKeys(Secret wrapping_key, Secret fingerprint_key)
      : wrapping_key_(std::move(wrapping_key)), fingerprint_key_(std::move(fingerprint_key)) {
    key_name_ = "local:" + encode_hex(std::string_view(hmac(wrapping_key_, "name")).substr(0, 8));
  }

  Result<std::string> seal(const CallContext& context, const Secret& plain, std::string_view binding) override {
    TRY(context.check());
    if (plain.reveal().size() > kSecretBytesMax)
      return fail(ErrorCode::payload_too_large, str("A secret holds at most ", format_bytes(kSecretBytesMax)));
    const Secret data_key(TRY(fresh_bytes(kKeyBytes)));
    const std::string wrap_nonce = TRY(fresh_bytes(kNonceBytes));
    const std::string nonce = TRY(fresh_bytes(kNonceBytes));
    LocalEnvelope envelope{.key_name = key_name_, .algorithm = std::string(kAlgorithm)};
    envelope.wrapped_key =
        encode_base64url(wrap_nonce + TRY(encrypt(wrapping_key_.reveal(), wrap_nonce, data_key.reveal(), bound_to(binding, "key"))));
    envelope.nonce = encode_base64url(nonce);
    envelope.ciphertext = encode_base64url(TRY(encrypt(data_key.reveal(), nonce, plain.reveal(), bound_to(binding, "secret"))));
    return to_json_text(envelope);
  }

  Result<Secret> open(const CallContext& context, std::string_view envelope_text, std::string_view binding) override {
    TRY(context.check());
    if (envelope_text.size() > kEnvelopeBytesMax) return unreadable("too large");
    const auto envelope = from_json_text<LocalEnvelope>(envelope_text);
    if (!envelope || to_json_text(*envelope) != envelope_text) return unreadable("not an envelope");
    if (envelope->format != 1 || envelope->algorithm != kAlgorithm) return unreadable("unknown format");
    if (envelope->key_name != key_name_) return unreadable(str("sealed under the key ", envelope->key_name, ", not ", key_name_));
    const auto wrapped = decode(envelope->wrapped_key), nonce = decode(envelope->nonce), ciphertext = decode(envelope->ciphertext);
    if (!wrapped || wrapped->size() < kNonceBytes || !nonce || !ciphertext) return unreadable("not base64url");
    const std::string_view wrapped_bytes = *wrapped;
    const auto data_key =
        decrypt(wrapping_key_.reveal(), wrapped_bytes.substr(0, kNonceBytes), wrapped_bytes.substr(kNonceBytes), bound_to(binding, "key"));
    if (!data_key) return unreadable("the wrapped key does not open");
    auto plain = decrypt(data_key->reveal(), *nonce, *ciphertext, bound_to(binding, "secret"));
    if (!plain) return unreadable("the ciphertext does not open");
    return std::move(*plain);
  }

  Result<> ping(const CallContext& context) override { return context.check(); }

  std::string fingerprint(std::string_view text) const override { return encode_base64url(hmac(fingerprint_key_, text)); }

 private:
  static std::string bound_to(std::string_view binding, std::string_view part) { return str("bridge|v1|", part, "|", binding); }

  // One text for the same bytes only: the last character's spare bits count too.
  static std::optional<std::string> decode(std::string_view text) {
    auto bytes = decode_base64url(text);
    if (bytes && encode_base64url(*bytes) != text) return std::nullopt;
    return bytes;
  }

  Secret wrapping_key_;
  Secret fingerprint_key_;
  std::string key_name_;
};

std::unexpected<Error> key_file_error(std::string_view path, std::string_view what) {
  return fail(ErrorCode::failed_precondition, "key_file_unusable", str("The key file ", path, " ", what));
}

Result<Secret> read_key_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0) return key_file_error(path, str("cannot be read: ", std::strerror(errno)));
  const std::unique_ptr<const int, void (*)(const int*)> closer(&fd, [](const int* open_fd) { ::close(*open_fd); });
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return key_file_error(path, "is not a file");
  if (status.st_mode & 077) return key_file_error(path, "can be read by others: chmod 600 it");
  std::string text(kKeyFileBytesMax, '\0');
  const ssize_t size = ::read(fd, text.data(), text.size());
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  const Secret line{std::string(trim(text))};
  OPENSSL_cleanse(text.data(), text.size());
  const std::string_view view = line.reveal();
  auto key = view.starts_with(kFilePrefix) ? decode_base64url(view.substr(kFilePrefix.size())) : std::nullopt;
  if (!key || key->size() != kKeyBytes)
    return key_file_error(path, str("must hold one line, '", kFilePrefix, "' and 32 bytes as base64url: restore it from a backup"));
  if (std::set<char>(key->begin(), key->end()).size() < 8) return key_file_error(path, "does not hold random bytes");
  return Secret(std::move(*key));
}

// Writes a new key where there is none. Of two processes that do so at once, one wins and both read its key.
Result<> make_key_file(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  std::error_code error;
  if (!folder.empty() && std::filesystem::create_directories(folder, error))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  const std::string temporary = str(path, ".", make_uuid());
  Secret key(TRY(fresh_bytes(kKeyBytes)));
  const Secret line(str(kFilePrefix, encode_base64url(key.reveal()), "\n"));
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return key_file_error(path, str("cannot be made: ", std::strerror(errno)));
  const bool written =
      ::write(fd, line.reveal().data(), line.reveal().size()) == static_cast<ssize_t>(line.reveal().size()) && ::fsync(fd) == 0;
  ::close(fd);
  const bool linked = written && (::link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int reason = errno;
  ::unlink(temporary.c_str());
  if (!linked) return key_file_error(path, str("cannot be made: ", std::strerror(reason)));
  const int parent = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent >= 0) {
    ::fsync(parent);
    ::close(parent);
  }
  log_info("key_file_made", {{"path", path}, {"advice", "back it up: without it no stored credential can be read"}});
  return {};
}

}  // namespace

Result<std::shared_ptr<KeyService>> open_local_keys(const std::string& key_file, bool may_create) {
  struct stat status {};
  if (::lstat(key_file.c_str(), &status) != 0) {
    if (errno != ENOENT) return key_file_error(key_file, str("cannot be read: ", std::strerror(errno)));
    if (!may_create) return key_file_error(key_file, "is missing, and credentials are sealed under it: restore it from a backup");
    TRY(make_key_file(key_file));
  }
  const Secret master = TRY(read_key_file(key_file));
  Secret wrapping_key = TRY(derive_key(master, "bridge|v1|wrap"));
  Secret fingerprint_key = TRY(derive_key(master, "bridge|v1|fingerprint"));
  return std::make_shared<LocalKeys>(std::move(wrapping_key), std::move(fingerprint_key));
}

}  // namespace bridge
