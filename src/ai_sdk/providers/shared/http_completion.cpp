#include "ai_sdk/providers/shared/http_completion.h"

#include "base/text.h"

namespace bridge {

namespace {

constexpr std::size_t kErrorBodyBytesMax = 64 << 10;

std::unexpected<Error> first_event_timeout(int milliseconds) {
  return fail(Error{.code = ErrorCode::deadline_exceeded,
                    .message = str("The model did not begin to answer within ", milliseconds / 1'000, " s"),
                    .reason = "first_event_timeout",
                    .retryable = true});
}

// "The host refuses connections" helps nobody who does not know which host.
Error in_words_of_models(Error error, const std::string& origin) {
  constexpr std::string_view reasons[] = {"connect_timeout", "host_unknown", "connection_refused", "bad_certificate"};
  if (std::ranges::find(reasons, error.reason) != std::end(reasons))
    error.message = str("The model's server at ", origin, " cannot be reached: ", error.message);
  if (error.reason == "connection_broken") error.message = str("The connection to the model's server at ", origin, " broke");
  return error;
}

Result<> refused(Error error, const StreamSink& sink) {
  TRY(sink(UsageUpdate{{.input_tokens = 0, .cache_read_tokens = 0, .cache_write_tokens = 0, .output_tokens = 0, .complete = true}}));
  return fail(std::move(error));
}

}  // namespace

Result<> stream_http_completion(const CallContext& context, HttpClient& http, ClientRequest request, const CallDeadlines& deadlines,
                                StreamDecoder& decoder, const ErrorReader& read_error, const StreamSink& sink) {
  const auto start = CallContext::Clock::now();
  const CallContext call = context.with_timeout(std::chrono::milliseconds(deadlines.call_ms));
  request.connect_timeout_ms = deadlines.connect_ms;
  request.first_byte_timeout_ms = deadlines.first_event_ms;
  request.idle_timeout_ms = deadlines.idle_ms;
  request.response_bytes_max = kErrorBodyBytesMax;
  const std::string origin = request.url.substr(0, request.url.find('/', request.url.find("://") + 3));
  WholeAnswer whole;
  request.whole = &whole;
  std::string beginning;  // until the first event, in case that it is no stream at all
  const auto on_bytes = [&](std::string_view bytes) -> Result<> {
    if (!decoder.has_begun()) {
      if (CallContext::Clock::now() - start > std::chrono::milliseconds(deadlines.first_event_ms))
        return first_event_timeout(deadlines.first_event_ms);
      beginning.append(bytes.substr(0, kErrorBodyBytesMax - std::min(beginning.size(), kErrorBodyBytesMax)));
    }
    TRY(decoder.feed(bytes, sink));
    if (decoder.wholeness() == StreamDecoder::Wholeness::ended) whole.say(std::chrono::milliseconds(deadlines.linger_ms));
    if (decoder.wholeness() == StreamDecoder::Wholeness::may_end) whole.say(std::chrono::milliseconds(deadlines.linger_for_usage_ms));
    return {};
  };
  auto response = http.stream(call, std::move(request), on_bytes);
  if (!response) {
    // The call's own deadline is not the caller's: the caller may try again.
    if (response.error().code == ErrorCode::deadline_exceeded && context.check().has_value() && response.error().reason.empty()) {
      return fail(Error{.code = ErrorCode::deadline_exceeded,
                        .message = str("The model did not come to an end within ", deadlines.call_ms / 1'000, " s"),
                        .reason = "call_timeout",
                        .retryable = false});
    }
    if (response.error().reason == "first_byte_timeout") return first_event_timeout(deadlines.first_event_ms);
    return fail(in_words_of_models(std::move(response).error(), origin));
  }
  if (response->status < 200 || response->status >= 300)
    return refused(read_error(response->status, response->headers, response->body), sink);
  if (!decoder.has_begun() && !trim(beginning).empty() && trim(beginning).front() == '{')
    return refused(read_error(response->status, response->headers, beginning), sink);
  return decoder.end(sink);
}

}  // namespace bridge
