#include "platform/http/message.h"

#include <cstring>

namespace bridge {
namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

json::object violation_json(const Violation& violation) {
  json::object out{{"path", to_valid_utf8(violation.path)}, {"code", violation.code}, {"message", to_valid_utf8(violation.message)}};
  if (violation.line > 0) out["line"] = violation.line;
  if (violation.column > 0) out["column"] = violation.column;
  if (!violation.got.empty()) out["got"] = to_valid_utf8(violation.got);
  if (!violation.allowed.empty()) out["allowed"] = json::value_from(violation.allowed);
  if (!violation.suggestion.empty()) out["suggestion"] = violation.suggestion;
  return out;
}

}  // namespace

// HTTP has statuses of its own for these; everything else has that of its error code.
int status_of(const Error& error) {
  const std::string_view reason = error.reason;
  if (reason == "unsupported_media_type") return 415;
  if (reason == "bad_request") return 400;
  if (reason == "method_not_allowed") return 405;
  if (reason == "disk_full") return 507;
  return traits_of(error.code).http_status;
}

std::optional<std::string> Request::header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return value;
  }
  return std::nullopt;
}

std::optional<std::string> Request::query_value(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return std::nullopt;
}

const std::string& Request::path_value(std::string_view name) const {
  static const std::string none;
  const auto found = path_parameters.find(std::string(name));
  return found == path_parameters.end() ? none : found->second;
}

Result<json::value> Request::json_value() const {
  const std::string type = lower(header("content-type").value_or(""));
  const std::string_view essence = trim(std::string_view(type).substr(0, type.find(';')));
  if (essence != "application/json" && !(essence.starts_with("application/") && essence.ends_with("+json"))) {
    return fail(ErrorCode::invalid_argument, "unsupported_media_type",
                essence.empty() ? "The body needs the header Content-Type: application/json"
                                : str("The body must be application/json, not ", essence.substr(0, 100)));
  }
  return parse_json(body);
}

Response json_response(const json::value& value, int status) {
  return {.status = status, .content_type = "application/json", .body = {std::make_shared<const std::string>(json::serialize(value))}};
}

Response text_response(std::string text, std::string content_type, int status) {
  return {.status = status, .content_type = std::move(content_type), .body = {std::make_shared<const std::string>(std::move(text))}};
}

Response no_content() { return {.status = 204, .content_type = {}}; }

json::object problem_json(const Error& error, std::string_view correlation_id) {
  const ErrorCodeTraits& traits = traits_of(error.code);
  json::object out{
      {"type", str("/docs#problem-", reason_of(error))}, {"title", traits.title},    {"status", status_of(error)},
      {"detail", to_valid_utf8(error.message)},          {"code", reason_of(error)}, {"trace_id", correlation_id},
  };
  if (!error.violations.empty()) {
    json::array violations;
    for (const Violation& violation : error.violations) violations.push_back(violation_json(violation));
    out["errors"] = std::move(violations);
  }
  return out;
}

Response problem_response(const Error& error, std::string_view correlation_id) {
  Response response = json_response(problem_json(error, correlation_id), status_of(error));
  response.content_type = "application/problem+json";
  if (error.retry_after)
    response.headers.emplace_back("retry-after", std::to_string(std::chrono::ceil<std::chrono::seconds>(*error.retry_after).count()));
  if (error.code == ErrorCode::unauthenticated) response.headers.emplace_back("www-authenticate", "Bearer");
  response.headers.emplace_back("cache-control", "no-store");
  return response;
}

std::string decode_percent(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' && plus_is_space ? ' ' : text[i];
    }
  }
  return out;
}

std::string encode_percent(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 15];
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
    out.emplace_back(decode_percent(pair.substr(0, equals), true), decode_percent(value, true));
  }
  return out;
}

}  // namespace bridge
