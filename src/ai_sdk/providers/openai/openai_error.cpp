#include "ai_sdk/providers/openai/openai_error.h"

#include "ai_sdk/providers/shared/json_fields.h"
#include "base/text.h"

namespace bridge {

namespace {

struct Said {
  std::string kind;
  std::string message;
};

Said read_body(const json::object& body) {
  const json::object& error = object_field(body, "error");
  Said said{.kind = std::string(text_field(error, "code")), .message = std::string(text_field(error, "message"))};
  if (said.kind.empty()) said.kind = text_field(error, "type");
  for (const std::string_view name : {"error", "message", "detail"}) {
    if (said.message.empty()) said.message = text_field(body, name);
  }
  // A list of what is wrong, as servers written with FastAPI answer.
  for (const json::value& one : array_field(body, "detail")) {
    if (!one.is_object()) continue;
    const std::string_view message = text_field(one.get_object(), "msg");
    std::string place;
    for (const json::value& part : array_field(one.get_object(), "loc"))
      place += str(place.empty() ? "" : ".", part.is_string() ? std::string(part.get_string()) : json::serialize(part));
    if (!message.empty()) said.message += str(said.message.empty() ? "" : "; ", place, place.empty() ? "" : ": ", message);
  }
  return said;
}

int status_of(std::string_view kind) {
  if (kind.contains("rate_limit") || kind == "insufficient_quota") return 429;
  if (kind == "invalid_api_key" || kind == "authentication_error") return 401;
  if (kind == "model_not_found") return 404;
  if (kind.contains("invalid_request") || kind == "context_length_exceeded" || kind.contains("unsupported")) return 400;
  if (kind.contains("timeout")) return 504;
  if (kind.contains("overloaded")) return 529;
  return 500;
}

Error make_error(int status, const Said& said, const RetryAdvice& advice) {
  Error error = make_server_error("openai", status, said.kind, said.message, advice);
  if (said.kind == "insufficient_quota") error.retryable = false;
  if (said.kind == "context_length_exceeded" || status == 413 || said.message.contains("maximum context length")) {
    error.code = ErrorCode::payload_too_large;
    error.reason = "context_overflow";
    error.retryable = false;
  }
  return error;
}

}  // namespace

Error read_openai_error(int status, const Headers& headers, std::string_view body, Time now) {
  const auto value = parse_json(body);
  const json::object object = value && value->is_object() ? value->get_object() : json::object{};
  if (status >= 200 && status < 300) {
    if (object.contains("choices"))
      return {.code = ErrorCode::unavailable,
              .message = "The model's server answered at once instead of streaming; Bridge needs a server that streams",
              .reason = "provider_does_not_stream",
              .retryable = false};
    return openai_event_error(object);
  }
  return make_error(status, read_body(object), read_retry_advice(headers, now));
}

Error openai_event_error(const json::object& event) {
  Said said = read_body(event);
  // Servers that name no kind may name a status.
  const auto status = count_field(object_field(event, "error"), "code");
  return make_error(status && *status >= 400 && *status < 600 ? static_cast<int>(*status) : status_of(said.kind), said, {});
}

}  // namespace bridge
