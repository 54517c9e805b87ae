#include "platform/http/request_reader.h"

#define BOOST_ASIO_SEPARATE_COMPILATION
#define BOOST_BEAST_SEPARATE_COMPILATION
#include <boost/beast/http/basic_parser.hpp>

#include "platform/http/limits.h"

namespace bridge {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

std::optional<Method> method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get: return Method::get;
    case http::verb::head: return Method::head;
    case http::verb::post: return Method::post;
    case http::verb::put: return Method::put;
    case http::verb::patch: return Method::patch;
    case http::verb::delete_: return Method::delete_;
    case http::verb::options: return Method::options;
    default: return std::nullopt;
  }
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_text) {
  return text.size() == lower_text.size() &&
         std::equal(text.begin(), text.end(), lower_text.begin(), [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
}

// Digits only, no sign, no leading zero, no list.
std::optional<std::size_t> plain_number(std::string_view text) {
  if (text.empty() || text.size() > 15 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::size_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<std::size_t>(c - '0');
  }
  return number;
}

bool is_plain_host(std::string_view host) { return host.size() <= 300 && host.find_first_of(" \t,/@\\?#") == std::string_view::npos; }

bool has_bare_line_feed(std::string_view text) {
  for (std::size_t i = text.find('\n'); i != std::string_view::npos; i = text.find('\n', i + 1)) {
    if (i == 0 || text[i - 1] != '\r') return true;
  }
  return false;
}

// The library's parser with our limits; gives what it finds to `sink`.
class Parser final : public http::basic_parser<true> {
 public:
  struct Sink {
    Request* request = nullptr;
    RequestHead* head = nullptr;
    ReadRefusal* refusal = nullptr;
    std::string_view piece;  // what is being parsed now: a value outside it was put together from folded lines
    std::size_t body_bytes_max = 0;
    std::size_t fields = 0;
    std::size_t head_bytes = 0;
    bool has_request_line = false;
    bool has_host = false;
    bool head_done = false;
  };

  explicit Parser(Sink& sink) : sink_(sink) {
    header_limit(kHeaderBytesMax);
    body_limit(boost::none);  // kept here, where the route's own limit is known
  }

 private:
  void refuse(int status, std::string message, error_code& error) {
    *sink_.refusal = {status, std::move(message)};
    error = http::error::bad_field;
  }

  void on_request_impl(http::verb verb, string_view method, string_view target, int version, error_code& error) override {
    sink_.has_request_line = true;
    if (target.size() > kTargetBytesMax) return refuse(414, str("The URL is over ", kTargetBytesMax, " bytes long"), error);
    for (const char c : target) {
      if (c <= ' ' || c == '#' || c == 0x7F || (c & 0x80))
        return refuse(400, "The URL has a character that must be percent-encoded", error);
    }
    sink_.head->method = std::string(method.substr(0, 32));
    if (const auto known = method_of(verb)) {
      sink_.head->known_method = true;
      sink_.request->method = *known;
    }
    sink_.head->http_1_0 = version == 10;
    sink_.request->target.assign(target.data(), target.size());
  }

  void on_response_impl(int, string_view, int, error_code&) override {}

  void on_field_impl(http::field field, string_view name, string_view value, error_code& error) override {
    if (sink_.head_done) return;  // trailers are not fields of the request
    if (++sink_.fields > kHeaderFieldsMax) return refuse(431, str("There are more than ", kHeaderFieldsMax, " header fields"), error);
    const bool inside = value.empty() || (value.data() >= sink_.piece.data() && value.data() < sink_.piece.data() + sink_.piece.size());
    if (!inside) return refuse(400, "A header value is folded over several lines", error);
    for (const char c : value) {
      if ((c >= 0 && c < ' ' && c != '\t') || c == 0x7F) return refuse(400, "A header value has a control character", error);
    }
    switch (field) {
      case http::field::host:
        if (sink_.has_host || !is_plain_host(value)) return refuse(400, "There must be exactly one valid Host header", error);
        sink_.has_host = true;
        break;
      case http::field::content_length: {
        const auto length = plain_number(value);
        if (!length || sink_.head->has_body)
          return refuse(400, "There must be at most one Content-Length, in plain digits, and no Transfer-Encoding beside it", error);
        sink_.head->has_body = true;
        sink_.head->content_length = *length;
        break;
      }
      case http::field::transfer_encoding:
        if (!equals_ignoring_case(value, "chunked") || sink_.head->has_body || sink_.head->http_1_0) {
          return refuse(400, "The only Transfer-Encoding is one 'chunked', without a Content-Length", error);
        }
        sink_.head->has_body = true;
        sink_.head->chunked = true;
        break;
      case http::field::expect:
        sink_.head->has_expect = true;
        sink_.head->expects_continue = equals_ignoring_case(value, "100-continue");
        break;
      default: break;
    }
    sink_.request->headers.emplace_back(lower(name), value);
  }

  void on_header_impl(error_code& error) override {
    if (!sink_.has_host && !sink_.head->http_1_0) return refuse(400, "The Host header is missing", error);
    sink_.head->keep_alive = keep_alive();
    if (sink_.head->content_length == 0 && !sink_.head->chunked) sink_.head->has_body = false;
    sink_.head_done = true;
  }

  void take_body(string_view body, error_code& error) {
    std::string& out = sink_.request->body;
    if (out.size() + body.size() > sink_.body_bytes_max) {
      return refuse(413, str("The body is over ", format_bytes(sink_.body_bytes_max), ", the most that this path takes"), error);
    }
    out.append(body.data(), body.size());
  }

  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view body, error_code& error) override {
    take_body(body, error);
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& error) override {
    take_body(body, error);
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  Sink& sink_;
};

class BeastRequestReader final : public RequestReader {
 public:
  BeastRequestReader() { reset(); }

  void reset() override {
    head_ = {};
    refusal_ = {};
    sink_ = {};
    told_head_ = false;
    parser_.emplace(sink_);
    parser_->eager(false);
  }

  Step read(std::string_view bytes, Request& request) override {
    sink_.request = &request;
    sink_.head = &head_;
    sink_.refusal = &refusal_;
    consumed_ = 0;
    while (consumed_ < bytes.size()) {
      sink_.piece = bytes.substr(consumed_);
      error_code error;
      const std::size_t taken = parser_->put(boost::asio::const_buffer(sink_.piece.data(), sink_.piece.size()), error);
      consumed_ += taken;
      if (!told_head_) sink_.head_bytes += taken;
      if (error == http::error::need_more) {
        if (sink_.head_bytes > kHeaderBytesMax) return refuse(431);
        // Lines end in CRLF; the parser would wait for one behind a bare LF until the buffer is full.
        return has_bare_line_feed(bytes.substr(consumed_)) ? refuse(400) : Step::more;
      }
      if (error) return error == http::error::header_limit ? refuse(too_long().status) : refuse(400, error.message());
      if (sink_.head_bytes > kHeaderBytesMax) return refuse(431);
      if (!told_head_ && parser_->is_header_done()) {
        told_head_ = true;
        parser_->eager(true);
        return Step::head;
      }
      if (parser_->is_done()) return Step::done;
    }
    return told_head_ && parser_->is_done() ? Step::done : Step::more;
  }

  std::size_t consumed() const override { return consumed_; }
  const RequestHead& head() const override { return head_; }
  const ReadRefusal& refusal() const override { return refusal_; }
  void limit_body(std::size_t bytes_max) override { sink_.body_bytes_max = bytes_max; }

  ReadRefusal too_long() const override {
    if (told_head_) return {400, "The chunked body is malformed"};
    if (!sink_.has_request_line) return {414, str("The URL is over ", kTargetBytesMax, " bytes long")};
    return {431, str("The header is over ", kHeaderBytesMax, " bytes long")};
  }

 private:
  // Keeps the refusal that a field gave itself.
  Step refuse(int status, std::string_view cause = "line ends must be CRLF") {
    if (!refusal_.message.empty()) return Step::refused;
    refusal_ = status == 400 ? ReadRefusal{400, str(told_head_ ? "The chunked body is malformed: " : "The request is malformed: ", cause)}
                             : too_long();
    return Step::refused;
  }

  std::optional<Parser> parser_;
  Parser::Sink sink_;
  RequestHead head_;
  ReadRefusal refusal_;
  std::size_t consumed_ = 0;
  bool told_head_ = false;
};

}  // namespace

std::unique_ptr<RequestReader> make_request_reader() { return std::make_unique<BeastRequestReader>(); }

}  // namespace bridge
