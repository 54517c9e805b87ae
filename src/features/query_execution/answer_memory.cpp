#include "features/query_execution/answer_memory.h"

#include <algorithm>

#include "base/guarded.h"
#include "base/text.h"
#include "features/query_execution/limits.h"

namespace bridge {

AnswerView::AnswerView(std::shared_ptr<AnswerMemory> memory) : memory_(std::move(memory)), number_(memory_->open()) {}
AnswerView::~AnswerView() { memory_->close(number_); }

AnswerMemoryLimits answer_memory_limits(std::uint64_t process_bytes_max) {
  const auto running = static_cast<int>(std::min<std::uint64_t>(process_bytes_max / query_limits::kMemoryPerRunningQuery, 1'000));
  return {.bytes_max = process_bytes_max / 8 * 3, .running_max = std::clamp(running, 1, query_limits::kRunningQueriesMax)};
}

AnswerMemory::Charge::~Charge() {
  if (bytes_ == 0) return;
  const std::lock_guard lock(memory_->mutex_);
  memory_->bytes_ -= bytes_;
  memory_->changed_.notify_all();
}

AnswerMemory::Turn::~Turn() {
  if (!memory_) return;
  const std::lock_guard lock(memory_->mutex_);
  --memory_->running_;
  if (--connection_->second == 0) memory_->running_by_connection_.erase(connection_);
  memory_->changed_.notify_all();
}

Result<AnswerMemory::Turn> AnswerMemory::wait_for_turn(const CallContext& context, const AnswerView& view,
                                                       const std::string& connection_key) {
  std::unique_lock lock(mutex_);
  const auto leaves_room = [&] {
    const auto own = running_by_connection_.find(connection_key);
    return own == running_by_connection_.end() || own->second < limits_.running_max - running_;
  };
  const auto has_memory = [&] { return bytes_ <= limits_.bytes_max / 2 || is_oldest(view); };
  const auto may_run = [&] { return running_ < limits_.running_max && leaves_room() && has_memory(); };
  const auto gives_up = [&] { return starving_ > 0 && view.bytes_ > 0 && !is_oldest(view); };
  changed_.wait_for(lock, context.stop, context.time_left(limits_.wait_max), [&] { return may_run() || gives_up(); });
  if (gives_up() || !may_run()) {
    TRY(context.check());
    if (!gives_up() && has_memory() && !leaves_room()) {
      return fail(
          Error{.code = ErrorCode::unavailable,
                .message = "As many queries of this connection run as may at once, and none of them has ended: try again in a moment",
                .reason = "connection_busy",
                .retry_after = std::chrono::seconds(5)});
    }
    return std::unexpected(out_of_memory());
  }
  const auto connection = running_by_connection_.try_emplace(connection_key).first;
  ++connection->second;
  ++running_;
  return Turn(*this, connection);
}

Result<AnswerMemory::Charge> AnswerMemory::charge(const CallContext& context, const AnswerView& view, std::uint64_t bytes) {
  std::unique_lock lock(mutex_);
  if (!fits(bytes) && is_oldest(view) && views_.size() > 1) {
    ++starving_;
    changed_.notify_all();
    changed_.wait_for(lock, context.stop, context.time_left(limits_.wait_max), [&] { return fits(bytes) || views_.size() == 1; });
    --starving_;
    TRY(context.check());
  }
  if (!fits(bytes)) {
    if (views_.size() > 1) return std::unexpected(out_of_memory());
    return fail(ErrorCode::resource_exhausted, "answers_too_large",
                str("The answers of this request together are over ", format_bytes(limits_.bytes_max),
                    ", the most memory that this server has for them: let the queries select fewer rows or columns, or aggregate"));
  }
  bytes_ += bytes;
  return Charge(*this, bytes);
}

Result<SharedBytes> AnswerMemory::hold(const CallContext& context, std::shared_ptr<AnswerView> view, SharedBytes bytes) {
  struct Held {
    std::shared_ptr<AnswerView> view;  // first: it keeps alive where the charge is given back
    SharedBytes bytes;
    Charge charge;
  };
  Charge charged = TRY(charge(context, *view, bytes->size()));
  {
    const std::lock_guard lock(mutex_);
    view->bytes_ += bytes->size();
  }
  const std::string* const text = bytes.get();
  return SharedBytes(std::make_shared<Held>(std::move(view), std::move(bytes), std::move(charged)), text);
}

std::uint64_t AnswerMemory::bytes_used() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

std::uint64_t AnswerMemory::open() {
  const std::lock_guard lock(mutex_);
  views_.insert(last_number_ + 1);
  return ++last_number_;
}

void AnswerMemory::close(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  views_.erase(number);
  changed_.notify_all();
}

}  // namespace bridge
