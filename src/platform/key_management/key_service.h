#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/call_context.h"
#include "base/result.h"
#include "base/secret.h"

namespace bridge {

// Seals small secrets into envelopes: a fresh AES-256-GCM data key a record, wrapped by a key that never leaves its keeper. `binding` (team
// and record) is authenticated with it, so that an envelope moved to another record does not open. Thread-safe.
class KeyService {
 public:
  virtual ~KeyService() = default;
  // A JSON envelope {format, key_name, algorithm, wrapped_key, nonce, ciphertext}, safe to store.
  virtual Result<std::string> seal(const CallContext& context, const Secret& plain, std::string_view binding) = 0;
  // data_loss ("credential_unreadable") for anything that was altered, moved, or sealed under another key.
  virtual Result<Secret> open(const CallContext& context, std::string_view envelope, std::string_view binding) = 0;
  virtual Result<> ping(const CallContext& context) = 0;
  // HMAC-SHA-256 under a key of this service's keeping, for storing API keys and sessions.
  virtual std::string fingerprint(std::string_view text) const = 0;
};

// A key file of mode 0600, made on first start when `may_create`; refuses a missing file otherwise, and short or world-readable ones.
Result<std::shared_ptr<KeyService>> open_local_keys(const std::string& key_file, bool may_create);

}  // namespace bridge
