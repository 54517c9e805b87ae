#include "base/guarded.h"

#include <exception>
#include <new>
#include <system_error>
#include <thread>

#include "base/log.h"

namespace bridge {
namespace {

constexpr std::chrono::seconds kMemoryRetryAfter{2};
constexpr std::chrono::milliseconds kPauseStep{10};
constexpr int kPauseSteps = 10;

// With texts so short that they need no allocation.
Error short_error(ErrorCode code, const char* message, const char* reason) noexcept {
  Error error;
  error.code = code;
  error.message = message;
  error.reason = reason;
  return error;
}

bool is_about_resources(const std::error_code& code) {
  return code == std::errc::resource_unavailable_try_again || code == std::errc::not_enough_memory;
}

Error internal_error(std::string_view detail) noexcept {
  try {
    return {.code = ErrorCode::internal, .message = "Something went wrong here", .detail = std::string(detail)};
  } catch (...) {
    return short_error(ErrorCode::internal, "Internal error", "");
  }
}

}  // namespace

Error out_of_memory() noexcept {
  Error error;
  try {
    error.message =
        "There is not enough memory for this now: try again in a moment, or ask for less at once (fewer queries, rows or columns)";
    error.code = ErrorCode::unavailable;
    error.reason = "out_of_memory";
  } catch (...) {
    error = short_error(ErrorCode::unavailable, "Out of memory", "out_of_memory");
  }
  error.retry_after = kMemoryRetryAfter;
  return error;
}

Error caught_error() noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return out_of_memory();
  } catch (const std::system_error& exception) {
    return is_about_resources(exception.code()) ? out_of_memory() : internal_error(exception.what());
  } catch (const std::exception& exception) {
    return internal_error(exception.what());
  } catch (...) {
    return internal_error("an exception of an unknown type");
  }
}

void log_failure(std::string_view event, std::string_view what, const Error& error) noexcept {
  try {
    log_error(event, {{"what", std::string(what)}, {"error", describe_error(error)}, {"detail", error.detail}});
  } catch (...) {  // there is no memory for the line either
  }
}

namespace detail {

bool pause_after_failure(const std::stop_token& stop) noexcept {
  for (int i = 0; i < kPauseSteps; ++i) {
    if (stop.stop_requested()) return false;
    std::this_thread::sleep_for(kPauseStep);
  }
  return true;
}

}  // namespace detail
}  // namespace bridge
