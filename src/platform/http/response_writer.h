#pragma once

#include <sys/uio.h>

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "platform/http/message.h"
#include "platform/http/route.h"

// The pure half of answering: from a request and a handler's response to the bytes of a head. No socket, no clock.

namespace bridge {

struct HeadOptions {
  std::string_view correlation_id;
  std::string_view extra_head;  // ready lines
  std::string_view cors_head;   // likewise, of this request's origin
  std::string_view date;
  bool http_1_0 = false;
  bool keep_alive = true;
};

// False for the statuses that never have a body.
bool has_body(int status);

// Replaces `out` with the head of `response`; returns the size of the body.
std::size_t write_head(std::string& out, const Response& response, const HeadOptions& options);
void write_stream_head(std::string& out, const Response& response, const HeadOptions& options);

// One chunk (RFC 9112, 7.1).
void append_chunk(std::string& out, std::string_view bytes);

// "name: value\r\n" of each; a header that would break the line structure is left out.
std::string header_block(const Headers& headers);

// What every answer says to the page that asked, by the Fetch standard: a listed origin by name, with credentials; to others nothing but
// that answers differ by origin. Empty when there is no list.
std::string cors_head(const Request& request, std::span<const std::string> origins);
// Adds what a preflight asks for, when it comes from a listed origin. `allow` is the path's Allow header.
void answer_preflight(const Request& request, std::span<const std::string> origins, std::string_view allow, Response& response);

// Turns the response into 304 when the request's If-None-Match has its ETag.
void apply_conditions(const Request& request, Response& response);
// Tells caches that the body depends on Accept-Encoding, where it does.
void add_vary(Response& response);
// Compresses the body if the client takes it and it is worth it.
void apply_compression(const Request& request, Response& response);

Result<> check_access(Access access, const Caller& caller);
Result<> check_query_names(const std::vector<std::pair<std::string, std::string>>& query, const std::vector<std::string>& known);

// A problem document for a status that no error code has.
Response protocol_problem(int status, std::string_view message, std::string_view correlation_id);

// Makes ids that are unique in the process and, by their random part, between processes: far cheaper than a random id each.
struct CorrelationIds {
  std::string prefix;
  std::uint64_t next = 0;
};
CorrelationIds make_correlation_ids();
// The client's x-correlation-id, else the trace id of its traceparent, else a new one.
std::string choose_correlation_id(const Request& request, CorrelationIds& ids);

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(std::chrono::system_clock::time_point time);

}  // namespace bridge
