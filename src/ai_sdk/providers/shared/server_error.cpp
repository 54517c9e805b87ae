#include "ai_sdk/providers/shared/server_error.h"

#include <charconv>
#include <sstream>

#include "ai_sdk/core/cut_text.h"
#include "base/text.h"

namespace bridge {

namespace {

constexpr std::size_t kMessageBytesMax = 400;
constexpr double kSecondsMax = 1e9;

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0) || value > kSecondsMax * 1'000) return std::nullopt;
  return value;
}

// "Wed, 21 Oct 2026 07:28:00 GMT"
std::optional<Time> parse_http_date(std::string_view text) {
  std::istringstream in{std::string(text)};
  in.imbue(std::locale::classic());
  std::tm parts{};
  in >> std::get_time(&parts, "%a, %d %b %Y %H:%M:%S GMT");
  if (in.fail()) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year(parts.tm_year + 1900),
                                        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
                                        std::chrono::day(static_cast<unsigned>(parts.tm_mday))};
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days(day) + std::chrono::hours(parts.tm_hour) + std::chrono::minutes(parts.tm_min) +
         std::chrono::seconds(parts.tm_sec);
}

std::optional<std::chrono::milliseconds> read_after(const Headers& headers, Time now) {
  if (const auto milliseconds = parse_number(header_value(headers, "retry-after-ms")))
    return std::chrono::milliseconds(static_cast<std::int64_t>(*milliseconds));
  const std::string_view text = header_value(headers, "retry-after");
  if (const auto seconds = parse_number(text); seconds && *seconds <= kSecondsMax)
    return std::chrono::milliseconds(static_cast<std::int64_t>(*seconds * 1'000));
  if (const auto date = parse_http_date(text))
    return std::max(std::chrono::milliseconds(0), std::chrono::ceil<std::chrono::milliseconds>(*date - now));
  return std::nullopt;
}

ErrorCode code_of(int status) {
  switch (status) {
    case 401:
    case 403: return ErrorCode::failed_precondition;  // the server's key, not the caller's
    case 402: return ErrorCode::failed_precondition;
    case 404: return ErrorCode::invalid_argument;
    case 408:
    case 504: return ErrorCode::deadline_exceeded;
    case 409: return ErrorCode::unavailable;
    case 413: return ErrorCode::payload_too_large;
    case 429: return ErrorCode::resource_exhausted;
    default: return status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid_argument;
  }
}

std::string what_to_do(std::string_view provider, int status) {
  switch (status) {
    case 401:
      return str("The key for ", provider, " was refused: give the server a valid one (",
                 provider == "anthropic" ? "ANTHROPIC_API_KEY" : "OPENAI_API_KEY", ")");
    case 402: return str(provider, " refuses to go on until its account is paid for");
    case 403: return str("The key for ", provider, " may not do this");
    case 404: return str(provider, " does not know this model or address");
    case 413: return str("The conversation is too large for ", provider);
    case 429: return str(provider, " allows no more for now");
    case 529: return str(provider, " is overloaded");
    default: return status >= 500 ? str(provider, " failed") : str(provider, " did not accept the request");
  }
}

std::string printable(std::string_view text) {
  std::string out(cut_text(trim(text), kMessageBytesMax));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return out;
}

}  // namespace

std::unexpected<Error> stream_broken(std::string detail) {
  return fail(Error{.code = ErrorCode::unavailable,
                    .message = "The model's answer could not be read",
                    .detail = std::move(detail),
                    .reason = "provider_stream_broken",
                    .retryable = true});
}

std::unexpected<Error> stream_cut() {
  return fail(Error{.code = ErrorCode::unavailable,
                    .message = "The model's answer broke off before its end",
                    .reason = "premature_eof",
                    .retryable = true});
}

std::string_view header_value(const Headers& headers, std::string_view lower_name) {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return value;
  }
  return {};
}

RetryAdvice read_retry_advice(const Headers& headers, Time now) {
  RetryAdvice advice{.after = read_after(headers, now)};
  const std::string_view should = header_value(headers, "x-should-retry");
  if (should == "true") advice.should_retry = true;
  if (should == "false") advice.should_retry = false;
  return advice;
}

Error make_server_error(std::string_view provider, int status, std::string_view kind, std::string_view message, const RetryAdvice& advice) {
  Error error{.code = code_of(status), .message = what_to_do(provider, status)};
  const std::string said = printable(message);
  if (!said.empty()) error.message += str(": ", said);
  error.detail = str("status ", status);
  error.reason = kind.empty() ? str("provider_", status) : printable(kind);
  error.retryable = advice.should_retry.value_or(status == 408 || status == 409 || status == 429 || status >= 500);
  error.retry_after = advice.after;
  return error;
}

}  // namespace bridge
