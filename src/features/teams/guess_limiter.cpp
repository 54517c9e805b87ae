#include "features/teams/guess_limiter.h"

#include <cmath>

#include "features/teams/limits.h"

namespace bridge {

int GuessLimiter::wait_s(std::string_view address, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto found = buckets_.find(std::string(address));
  if (found == buckets_.end()) return 0;
  refill(found->second, now);
  if (found->second.left >= 1) return 0;
  return static_cast<int>(std::ceil((1 - found->second.left) * static_cast<double>(kWrongGuessEvery.count())));
}

void GuessLimiter::note_wrong(std::string_view address, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= kGuessingAddressesMax && !buckets_.contains(std::string(address))) {
    // Seldom, because many addresses at once must not make every guess of theirs a walk through all.
    if (now - swept_at_ >= kWrongGuessEvery) {
      swept_at_ = now;
      std::erase_if(buckets_, [&](const auto& item) {
        Bucket bucket = item.second;
        refill(bucket, now);
        return bucket.left >= kWrongGuessesMax;
      });
    }
    if (buckets_.size() >= kGuessingAddressesMax) buckets_.erase(buckets_.begin());
  }
  Bucket& bucket = buckets_.try_emplace(std::string(address), Bucket{kWrongGuessesMax, now}).first->second;
  refill(bucket, now);
  bucket.left = std::max(0.0, bucket.left - 1);
}

void GuessLimiter::refill(Bucket& bucket, Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - bucket.at).count();
  bucket.left = std::min(kWrongGuessesMax, bucket.left + std::max(0.0, seconds) / static_cast<double>(kWrongGuessEvery.count()));
  bucket.at = now;
}

}  // namespace bridge
