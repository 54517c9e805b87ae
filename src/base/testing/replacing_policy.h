#pragma once

#include <memory>
#include <string>

#include "base/text.h"
#include "base/viewer_policy.h"

namespace bridge {

// A policy for tests: other words in the place of some, such as a filtered subquery in the place of a table.
class ReplacingPolicy final : public ViewerPolicy {
 public:
  ReplacingPolicy(std::string fingerprint, std::string what, std::string with)
      : fingerprint_(std::move(fingerprint)), what_(std::move(what)), with_(std::move(with)) {}

  const std::string& fingerprint() const override { return fingerprint_; }
  Result<std::string> rewrite(std::string_view sql, const SqlReads&) const override {
    return what_.empty() ? std::string(sql) : replace_all(std::string(sql), what_, with_);
  }

 private:
  const std::string fingerprint_;
  const std::string what_;
  const std::string with_;
};

inline std::shared_ptr<const ViewerPolicy> policy_of(std::string fingerprint, std::string what = {}, std::string with = {}) {
  return std::make_shared<ReplacingPolicy>(std::move(fingerprint), std::move(what), std::move(with));
}

}  // namespace bridge
