#pragma once

#include <atomic>
#include <new>
#include <thread>

#include "platform/metadata_db/database.h"

namespace bridge {

// A directory whose transaction number `at` of other threads than the test's throws, counted from when it is armed.
class ThrowingDatabase final : public Database {
 public:
  explicit ThrowingDatabase(std::shared_ptr<Database> inner) : inner_(std::move(inner)) {}

  DatabaseKind kind() const override { return inner_->kind(); }
  Result<> transact(const CallContext& context, const std::function<Result<>(Transaction&)>& work) override {
    if (std::this_thread::get_id() != test_ && left_ > 0 && --left_ == 0) throw std::bad_alloc();
    return inner_->transact(context, work);
  }
  Result<> read(const CallContext& context, const std::function<Result<>(Transaction&)>& work) override {
    return inner_->read(context, work);
  }
  Result<> change_schema(const CallContext& context, const std::function<Result<>(Transaction&)>& work) override {
    return inner_->change_schema(context, work);
  }
  Result<> ping(const CallContext& context) override { return inner_->ping(context); }

  void arm(int at) { left_ = at; }

 private:
  const std::thread::id test_ = std::this_thread::get_id();
  std::shared_ptr<Database> inner_;
  std::atomic<int> left_ = 0;
};

}  // namespace bridge
