#include "ai_sdk/providers/anthropic/anthropic_error.h"

#include "ai_sdk/providers/shared/json_fields.h"

namespace bridge {

namespace {

struct Kind {
  std::string_view type;
  int status;
};
constexpr Kind kKinds[] = {{"invalid_request_error", 400}, {"authentication_error", 401}, {"billing_error", 402},
                           {"permission_error", 403},      {"not_found_error", 404},      {"conflict_error", 409},
                           {"request_too_large", 413},     {"rate_limit_error", 429},     {"api_error", 500},
                           {"timeout_error", 504},         {"overloaded_error", 529}};

Error make_error(int status, const json::object& body, const RetryAdvice& advice) {
  const json::object& error = object_field(body, "error");
  const std::string_view message = text_field(error, "message");
  Error out = make_server_error("anthropic", status, text_field(error, "type"), message, advice);
  if (status == 413 || (status == 400 && (message.contains("prompt is too long") || message.contains("context window")))) {
    out.code = ErrorCode::payload_too_large;
    out.reason = "context_overflow";
  }
  return out;
}

}  // namespace

Error read_anthropic_error(int status, const Headers& headers, std::string_view body, Time now) {
  const auto value = parse_json(body);
  const json::object object = value && value->is_object() ? value->get_object() : json::object{};
  // An error in an answer of status 200 has only its kind to go by.
  if (status >= 200 && status < 300) return anthropic_event_error(object);
  return make_error(status, object, read_retry_advice(headers, now));
}

Error anthropic_event_error(const json::object& event) {
  const std::string_view type = text_field(object_field(event, "error"), "type");
  const auto kind = std::ranges::find(kKinds, type, &Kind::type);
  return make_error(kind == std::end(kKinds) ? 500 : kind->status, event, {});
}

}  // namespace bridge
