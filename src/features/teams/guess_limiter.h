#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace bridge {

// Slows down who tries credentials: a bucket of wrong guesses an address, refilled slowly. Thread-safe, bounded.
class GuessLimiter {
 public:
  using Clock = std::chrono::steady_clock;

  // Seconds until the address may try again, 0 for now.
  int wait_s(std::string_view address, Clock::time_point now = Clock::now());
  void note_wrong(std::string_view address, Clock::time_point now = Clock::now());

 private:
  struct Bucket {
    double left;
    Clock::time_point at;
  };
  static void refill(Bucket& bucket, Clock::time_point now);

  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;
  Clock::time_point swept_at_;
};

}  // namespace bridge
