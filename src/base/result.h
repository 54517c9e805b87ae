#pragma once

#include <expected>
#include <string>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace bridge {

// A value, or the reason why there is none.
template <class T = void>
using Result = std::expected<T, Error>;

// Shorthands for the commonest failures: `return fail(ErrorCode::not_found, "There is no team 'x'")`.
inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{.code = code, .message = std::move(message)});
}
inline std::unexpected<Error> fail(ErrorCode code, std::string reason, std::string message) {
  return std::unexpected(Error{.code = code, .message = std::move(message), .reason = std::move(reason)});
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

namespace detail {
template <class T>
T take(std::expected<T, Error>&& result) {
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}
}  // namespace detail

}  // namespace bridge

// Unwraps a Result, or returns its error from the enclosing function. Works as an expression: `auto team = TRY(find(id));`
#define TRY(...)                                              \
  ({                                                          \
    auto try_result_ = (__VA_ARGS__);                         \
    if (!try_result_) [[unlikely]]                            \
      return std::unexpected(std::move(try_result_).error()); \
    ::bridge::detail::take(std::move(try_result_));           \
  })
