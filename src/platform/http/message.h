#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/call_context.h"
#include "base/json.h"
#include "base/result.h"
#include "base/shared_bytes.h"

namespace bridge {

enum class Method : std::uint8_t { get, head, post, put, patch, delete_, options };

// Header names are stored in lower case, in the order they came.
using Headers = std::vector<std::pair<std::string, std::string>>;

// A request as a handler sees it: authenticated, within the limits, path and query decoded once. Owned by the request's thread.
struct Request {
  Method method = Method::get;
  std::string path;                                        // decoded, without the query
  std::string target;                                      // as it came
  std::map<std::string, std::string> path_parameters;      // {slug} → value
  std::vector<std::pair<std::string, std::string>> query;  // decoded, in order, names may repeat
  Headers headers;
  std::string body;
  std::string remote_address;
  CallContext context;  // the caller, the deadline, the stop token (fires when the client goes away)

  std::optional<std::string> header(std::string_view lower_name) const;
  std::optional<std::string> query_value(std::string_view name) const;
  // The value of a `{name}` in the route's path; the route guarantees that it is there.
  const std::string& path_value(std::string_view name) const;

  // The body as a described struct: every unknown field, missing field and wrong type at once. Requires Content-Type application/json.
  template <class T>
  Result<T> json_body() const {
    const json::value value = TRY(json_value());
    return from_json<T>(value);
  }
  Result<json::value> json_value() const;
};

// Where a streaming handler writes Server-Sent Events. Thread-safe.
class EventSink {
 public:
  virtual ~EventSink() = default;

  // Queues one event, with an id when there is one, waiting up to kStreamStallMs for room. Fails with cancelled when the client is gone,
  // and with resource_exhausted when it reads so slowly that the stream's buffer limit is reached (the stream is then closed).
  virtual Result<> send(std::string_view event, std::string_view data, std::string_view id = {}) = 0;
};

// Where a handler writes a body whose size is not known beforehand, piece by piece. For one thread at a time.
class BodySink {
 public:
  virtual ~BodySink() = default;

  // Waits while the client has much to read yet, as long as it reads at all. Fails with cancelled when it is gone or may no longer listen,
  // and with resource_exhausted when it took nothing for kWriteStallMs.
  virtual Result<> write(std::string_view bytes) = 0;
};

// What a handler answers. The body is a list of shared fragments, sent in one gathered write without a copy.
struct Response {
  int status = 200;
  std::string content_type = "application/json";
  Headers headers;
  std::vector<SharedBytes> body;
  // When set the answer is an event stream, run on a thread of the stream pool; `body` is ignored. Returns when the stream is over.
  // The context's stop token fires when the client goes away.
  std::function<void(EventSink&, const CallContext&)> stream;
  // When set the body is written by this, on a thread of the stream pool; `body` is ignored. A failure before the first byte is answered as
  // any error is; one behind it breaks the connection off, so that no client takes a part for the whole.
  std::function<Result<>(BodySink&, const CallContext&)> write_body;
};

Response json_response(const json::value& value, int status = 200);
Response text_response(std::string text, std::string content_type, int status = 200);
Response no_content();
// RFC 9457 problem+json. `detail` of the error stays out of it.
int status_of(const Error& error);  // the HTTP status
Response problem_response(const Error& error, std::string_view correlation_id);
json::object problem_json(const Error& error, std::string_view correlation_id);

template <class T>
Response ok(const T& value) {
  return json_response(to_json(value));
}
template <class T>
Response created(const T& value) {
  return json_response(to_json(value), 201);
}

std::string decode_percent(std::string_view text, bool plus_is_space);
std::string encode_percent(std::string_view text);
std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query);

}  // namespace bridge
