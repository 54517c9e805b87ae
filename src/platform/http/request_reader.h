#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "platform/http/message.h"

namespace bridge {

// Why a request is refused before any route sees it: the connection is closed after the answer, since nobody knows where the next one
// begins.
struct ReadRefusal {
  int status = 400;
  std::string message;
};

// What the head says that is no part of Request.
struct RequestHead {
  std::string method;  // as it came; Request::method is set only when it is one of Method
  bool known_method = false;
  bool keep_alive = true;
  bool http_1_0 = false;
  bool has_body = false;
  bool chunked = false;
  std::size_t content_length = 0;
  bool has_expect = false;
  bool expects_continue = false;
};

// Reads one HTTP/1.x request from pieces of any size: pure, no clock, no socket. Strict where leniency lets two parties disagree about
// where a request ends (RFC 9112): no folded lines, no bare LF, one plain Content-Length or one `chunked`, never both.
class RequestReader {
 public:
  enum class Step : std::uint8_t { more, head, done, refused };

  virtual ~RequestReader() = default;

  // Forgets everything; the next bytes begin a request.
  virtual void reset() = 0;

  // Takes bytes from the front of `bytes`, at most up to the end of the head or of the request, and says how many in `consumed()`.
  // `head` comes once, before any byte of the body is taken. Bytes that were not taken must be offered again, with more behind them.
  virtual Step read(std::string_view bytes, Request& request) = 0;
  virtual std::size_t consumed() const = 0;

  virtual const RequestHead& head() const = 0;
  virtual const ReadRefusal& refusal() const = 0;
  // Why a request is refused whose next line does not fit into the read buffer.
  virtual ReadRefusal too_long() const = 0;
  // Of the body; call it before more bytes are offered after `head`.
  virtual void limit_body(std::size_t bytes_max) = 0;
};

std::unique_ptr<RequestReader> make_request_reader();

}  // namespace bridge
