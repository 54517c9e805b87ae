#include "platform/http/response_writer.h"

#include <ctime>

#include "base/guarded.h"
#include "platform/http/compression.h"
#include "platform/http/limits.h"
#include "platform/telemetry/trace.h"

namespace bridge {
namespace {

constexpr std::size_t kCorrelationIdLengthMax = 64;
constexpr std::size_t kUnknownNamesShownMax = 10;

// What a page of a listed origin may send, and what it may read of an answer.
constexpr std::string_view kCorsRequestHeaders =
    "Accept, Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Traceparent, Tracestate, X-Bridge-Team, "
    "X-Correlation-Id";
constexpr std::string_view kCorsExposedHeaders =
    "Age, Allow, Cache-Status, Content-Disposition, ETag, Idempotent-Replayed, Location, Retry-After, X-Correlation-Id";
constexpr std::string_view kAllowOrigin = "access-control-allow-origin";
constexpr int kCorsMaxAgeS = 600;

std::string_view status_line(int status) {
  switch (status) {
    case 200: return "HTTP/1.1 200 OK\r\n";
    case 201: return "HTTP/1.1 201 Created\r\n";
    case 202: return "HTTP/1.1 202 Accepted\r\n";
    case 204: return "HTTP/1.1 204 No Content\r\n";
    case 301: return "HTTP/1.1 301 Moved Permanently\r\n";
    case 302: return "HTTP/1.1 302 Found\r\n";
    case 303: return "HTTP/1.1 303 See Other\r\n";
    case 304: return "HTTP/1.1 304 Not Modified\r\n";
    case 307: return "HTTP/1.1 307 Temporary Redirect\r\n";
    case 308: return "HTTP/1.1 308 Permanent Redirect\r\n";
    case 400: return "HTTP/1.1 400 Bad Request\r\n";
    case 401: return "HTTP/1.1 401 Unauthorized\r\n";
    case 403: return "HTTP/1.1 403 Forbidden\r\n";
    case 404: return "HTTP/1.1 404 Not Found\r\n";
    case 405: return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 408: return "HTTP/1.1 408 Request Timeout\r\n";
    case 409: return "HTTP/1.1 409 Conflict\r\n";
    case 412: return "HTTP/1.1 412 Precondition Failed\r\n";
    case 413: return "HTTP/1.1 413 Content Too Large\r\n";
    case 414: return "HTTP/1.1 414 URI Too Long\r\n";
    case 415: return "HTTP/1.1 415 Unsupported Media Type\r\n";
    case 417: return "HTTP/1.1 417 Expectation Failed\r\n";
    case 422: return "HTTP/1.1 422 Unprocessable Content\r\n";
    case 429: return "HTTP/1.1 429 Too Many Requests\r\n";
    case 431: return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case 500: return "HTTP/1.1 500 Internal Server Error\r\n";
    case 501: return "HTTP/1.1 501 Not Implemented\r\n";
    case 503: return "HTTP/1.1 503 Service Unavailable\r\n";
    case 504: return "HTTP/1.1 504 Gateway Timeout\r\n";
    default: return "";
  }
}

struct ProtocolStatus {
  int status;
  std::string_view code;
  std::string_view title;
};
constexpr std::array<ProtocolStatus, 8> kProtocolStatuses{{
    {400, "bad_request", "The request is not valid HTTP"},
    {408, "request_timeout", "The request took too long"},
    {413, "payload_too_large", "Too large"},
    {414, "uri_too_long", "The URL is too long"},
    {417, "expectation_failed", "The expectation cannot be met"},
    {431, "header_too_large", "The header is too large"},
    {503, "overloaded", "Not available now"},
    {0, "bad_request", "The request cannot be served"},
}};

bool is_safe_header(std::string_view name, std::string_view value) {
  const auto breaks_line = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  return !name.empty() && std::none_of(value.begin(), value.end(), breaks_line) &&
         std::none_of(name.begin(), name.end(), [&](char c) { return breaks_line(c) || c == ':' || c == ' '; });
}

void append_header(std::string& out, std::string_view name, std::string_view value) {
  if (!is_safe_header(name, value)) return;
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

// Everything of a head but what says where the body ends.
void begin_head(std::string& out, const Response& response, const HeadOptions& options) {
  out.clear();
  if (const std::string_view line = status_line(response.status); !line.empty()) out += line;
  else out += str("HTTP/1.1 ", response.status, " Status\r\n");
  append_header(out, "date", options.date);
  out += "x-correlation-id: ";
  out += options.correlation_id;
  out += "\r\n";
  out += options.extra_head;
  out += options.cors_head;
  // A page that is listed by name is answered by name: what everybody may read says so to everybody else.
  const bool names_the_origin = options.cors_head.starts_with(kAllowOrigin);
  for (const auto& [name, value] : response.headers) {
    if (!names_the_origin || name != kAllowOrigin) append_header(out, name, value);
  }
  if (!options.keep_alive) out += "connection: close\r\n";
  else if (options.http_1_0) out += "connection: keep-alive\r\n";
}

const std::string* find_header(const Headers& headers, std::string_view lower_name) {
  for (const auto& [name, value] : headers) {
    if (name == lower_name) return &value;
  }
  return nullptr;
}

std::size_t body_size(const Response& response) {
  std::size_t size = 0;
  for (const SharedBytes& bytes : response.body) size += bytes ? bytes->size() : 0;
  return size;
}

std::string_view opaque_tag(std::string_view tag) {
  tag = trim(tag);
  if (tag.starts_with("W/")) tag.remove_prefix(2);
  return tag;
}

bool is_correlation_id(std::string_view text) {
  return !text.empty() && text.size() <= kCorrelationIdLengthMax && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

void append_hex(std::string& out, std::uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i) out += "0123456789abcdef"[(value >> (4 * i)) & 15];
}

}  // namespace

bool has_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::size_t write_head(std::string& out, const Response& response, const HeadOptions& options) {
  begin_head(out, response, options);
  const std::size_t size = has_body(response.status) ? body_size(response) : 0;
  if (has_body(response.status)) {
    if (!response.content_type.empty()) append_header(out, "content-type", response.content_type);
    out += "content-length: ";
    detail::append_part(out, size);
    out += "\r\n";
  }
  out += "\r\n";
  return size;
}

void write_stream_head(std::string& out, const Response& response, const HeadOptions& options) {
  begin_head(out, response, options);
  append_header(out, "content-type", response.content_type);
  out += "x-accel-buffering: no\r\n";
  if (!options.http_1_0) out += "transfer-encoding: chunked\r\n";
  out += "\r\n";
}

void append_chunk(std::string& out, std::string_view bytes) {
  static constexpr std::string_view kLineEnd = "\r\n";
  char digits[16];
  const std::string_view size(digits,
                              static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, bytes.size(), 16).ptr - digits));
  out.reserve(out.size() + size.size() + bytes.size() + 2 * kLineEnd.size());
  out.append(size).append(kLineEnd).append(bytes).append(kLineEnd);
}

std::string header_block(const Headers& headers) {
  std::string out;
  for (const auto& [name, value] : headers) append_header(out, name, value);
  return out;
}

std::string cors_head(const Request& request, std::span<const std::string> origins) {
  if (origins.empty()) return {};
  const std::string* const origin = find_header(request.headers, "origin");
  if (!origin || std::ranges::find(origins, *origin) == origins.end()) return "vary: Origin\r\n";
  return str(kAllowOrigin, ": ", *origin,
             "\r\naccess-control-allow-credentials: true\r\naccess-control-expose-headers: ", kCorsExposedHeaders, "\r\nvary: Origin\r\n");
}

void answer_preflight(const Request& request, std::span<const std::string> origins, std::string_view allow, Response& response) {
  const std::string* const origin = find_header(request.headers, "origin");
  if (origins.empty() || !find_header(request.headers, "access-control-request-method")) return;
  response.headers.emplace_back("vary", "Access-Control-Request-Method, Access-Control-Request-Headers");
  if (!origin || std::ranges::find(origins, *origin) == origins.end()) return;
  response.headers.emplace_back("access-control-allow-methods", std::string(allow));
  response.headers.emplace_back("access-control-allow-headers", std::string(kCorsRequestHeaders));
  response.headers.emplace_back("access-control-max-age", std::to_string(kCorsMaxAgeS));
}

void apply_conditions(const Request& request, Response& response) {
  if (response.status != 200 || (request.method != Method::get && request.method != Method::head)) return;
  const std::string* const tag = find_header(response.headers, "etag");
  if (!tag) return;
  const std::string* const wanted = find_header(request.headers, "if-none-match");
  if (!wanted) return;
  std::string_view list = *wanted;
  bool matches = trim(list) == "*";
  while (!list.empty() && !matches) {
    const std::string_view item = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), item.size() + 1));
    matches = opaque_tag(item) == opaque_tag(*tag);
  }
  if (!matches) return;
  response.status = 304;
  response.body.clear();
  std::erase_if(response.headers,
                [](const auto& header) { return header.first == "content-encoding" || header.first == "content-disposition"; });
}

void add_vary(Response& response) {
  if (body_size(response) < kCompressionBytesMin || !is_compressible(response.content_type) || find_header(response.headers, "vary"))
    return;
  response.headers.emplace_back("vary", "accept-encoding");
}

void apply_compression(const Request& request, Response& response) {
  const std::size_t size = body_size(response);
  if (!has_body(response.status) || size < kCompressionBytesMin || !is_compressible(response.content_type)) return;
  add_vary(response);
  const std::string* const accepted = find_header(request.headers, "accept-encoding");
  if (!accepted || find_header(response.headers, "content-encoding")) return;
  const ContentEncoding encoding = choose_encoding(*accepted, size);
  if (encoding == ContentEncoding::identity) return;
  Result<std::string> compressed = guarded([&] { return compress(encoding, response.body); });
  if (!compressed || compressed->size() >= size) return;  // it goes as it is, also when there is no memory to make it smaller
  response.body = {std::make_shared<const std::string>(std::move(*compressed))};
  response.headers.emplace_back("content-encoding", encoding_name(encoding));
}

Result<> check_access(Access access, const Caller& caller) {
  const auto need_role = [&](Role role) -> Result<> {
    if (caller.team_id.empty()) {
      return fail(ErrorCode::invalid_argument, "team_required", "Name the team with the header X-Bridge-Team or with ?team_id=");
    }
    if (!caller.is_operator && caller.role < role)
      return fail(ErrorCode::permission_denied, "Your role in this team is too small for this");
    return {};
  };
  switch (access) {
    case Access::anyone:
    case Access::signed_in: return {};
    case Access::viewer: return need_role(Role::viewer);
    case Access::editor: return need_role(Role::editor);
    case Access::admin: return need_role(Role::admin);
    case Access::operator_only:
      if (!caller.is_operator) return fail(ErrorCode::permission_denied, "Only the operator of this server may do this");
      return {};
  }
  return fail(ErrorCode::internal, "There is no such access");
}

Result<> check_query_names(const std::vector<std::pair<std::string, std::string>>& query, const std::vector<std::string>& known) {
  std::vector<Violation> violations;
  for (const auto& [name, value] : query) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string shown = name.substr(0, 100);
    Violation violation{.path = shown,
                        .code = "unknown_parameter",
                        .message = str("unknown query parameter '", shown, "'"),
                        .got = shown,
                        .allowed = known};
    if (const auto near = nearest_name(shown, known)) {
      violation.suggestion = *near;
      violation.message += str(": did you mean '", *near, "'?");
    }
    violations.push_back(std::move(violation));
    if (violations.size() == kUnknownNamesShownMax) break;
  }
  if (violations.empty()) return {};
  return fail(Error{.code = ErrorCode::invalid_argument,
                    .message = violations.front().message,
                    .reason = "unknown_parameter",
                    .violations = std::move(violations)});
}

Response protocol_problem(int status, std::string_view message, std::string_view correlation_id) {
  const auto known =
      std::find_if(kProtocolStatuses.begin(), kProtocolStatuses.end() - 1, [&](const ProtocolStatus& s) { return s.status == status; });
  Response response = json_response(json::object{{"type", str("/docs#problem-", known->code)},
                                                 {"title", known->title},
                                                 {"status", status},
                                                 {"detail", message},
                                                 {"code", known->code},
                                                 {"trace_id", correlation_id}},
                                    status);
  response.content_type = "application/problem+json";
  if (status == 503) response.headers.emplace_back("retry-after", "1");
  return response;
}

CorrelationIds make_correlation_ids() {
  const std::string hex = encode_hex(random_bytes(10));
  // A version 8 UUID (RFC 9562): random in front, a counter behind.
  return {.prefix = str(hex.substr(0, 8), "-", hex.substr(8, 4), "-8", hex.substr(12, 3), "-a", hex.substr(15, 3), "-")};
}

std::string choose_correlation_id(const Request& request, CorrelationIds& ids) {
  std::optional<TraceParent> parent;
  for (const auto& [name, value] : request.headers) {
    if (name == "x-correlation-id" && is_correlation_id(value)) return value;
    if (name == "traceparent") parent = parse_traceparent(value);
  }
  if (parent) return std::move(parent->trace.trace_id);
  std::string id;
  id.reserve(36);
  id = ids.prefix;
  append_hex(id, ++ids.next, 12);
  return id;
}

std::string http_date(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text, size};
}

}  // namespace bridge
