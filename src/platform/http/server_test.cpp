#include "platform/http/server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include "platform/http/client.h"
#include "platform/http/event_stream_reader.h"
#include "platform/telemetry/metrics.h"

namespace bridge {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// "Bearer viewer", "Bearer editor", "Bearer admin", "Bearer operator", "Bearer teamless".
class NamedKeys final : public Authenticator {
 public:
  Result<Caller> authenticate(const Request& request) override {
    ++calls;
    const std::string key = request.header("authorization").value_or("");
    Caller caller{.user_id = UserId("u1"), .team_id = TeamId("t1")};
    if (key == "Bearer viewer") return caller;
    if (key == "Bearer editor") return caller.role = Role::editor, caller;
    if (key == "Bearer admin") return caller.role = Role::admin, caller;
    if (key == "Bearer operator") return caller.is_operator = true, caller;
    if (key == "Bearer teamless") return Caller{.user_id = UserId("u1")};
    return fail(ErrorCode::unauthenticated, "Present a key");
  }
  std::atomic<int> calls{0};
};

// A plain socket with a deadline on every read.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~RawClient() { close(); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void shut_down_sending() { ::shutdown(fd_, SHUT_WR); }
  void send(std::string_view bytes) { ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }

  // Reads until the text ends with or contains `mark`, the end, or the time limit.
  std::string read_until(std::string_view mark, int limit_ms = 3'000) {
    const auto until = steady_clock::now() + milliseconds(limit_ms);
    while (mark.empty() || got_.find(mark) == std::string::npos) {
      if (!read_more(until)) break;
    }
    return std::exchange(got_, {});
  }
  std::string read_to_end(int limit_ms = 3'000) { return read_until("", limit_ms); }
  bool at_end() const { return at_end_; }

  // One answer with its Content-Length body, or without one.
  std::string read_answer(bool of_head = false) {
    const auto until = steady_clock::now() + milliseconds(3'000);
    std::size_t end = 0;
    while ((end = got_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more(until)) return std::exchange(got_, {});
    }
    std::size_t size = end + 4;
    const std::size_t length = got_.find("content-length: ");
    if (!of_head && length < end) size += std::stoul(got_.substr(length + 16));
    while (got_.size() < size) {
      if (!read_more(until)) break;
    }
    std::string answer = got_.substr(0, size);
    got_.erase(0, size);
    return answer;
  }
  std::string ask(std::string_view request) {
    send(request);
    return read_answer();
  }

 private:
  bool read_more(steady_clock::time_point until) {
    const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now()).count();
    pollfd entry{.fd = fd_, .events = POLLIN};
    if (left <= 0 || ::poll(&entry, 1, static_cast<int>(left)) <= 0) return false;
    char buffer[65536];
    const ssize_t size = ::recv(fd_, buffer, sizeof buffer, 0);
    if (size <= 0) {
      at_end_ = true;
      return false;
    }
    got_.append(buffer, static_cast<std::size_t>(size));
    return true;
  }

  int fd_;
  std::string got_;
  bool at_end_ = false;
};

std::string get(std::string_view path, std::string_view headers = "", std::string_view key = "viewer") {
  return str("GET ", path, " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ", key, "\r\n", headers, "\r\n");
}
std::string post(std::string_view path, std::string_view body, std::string_view headers = "Content-Type: application/json\r\n") {
  return str("POST ", path, " HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer viewer\r\nContent-Length: ", body.size(), "\r\n", headers,
             "\r\n", body);
}
int status_of(std::string_view answer) { return answer.starts_with("HTTP/1.1 ") ? std::atoi(std::string(answer.substr(9, 3)).c_str()) : 0; }
std::string body_of(std::string_view answer) { return std::string(answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4))); }
json::value problem_of(std::string_view answer) { return json::parse(body_of(answer)); }

Route route(Method method, std::string path, Handler handler, Access access = Access::viewer) {
  return {.method = method, .path = std::move(path), .access = access, .handler = std::move(handler)};
}
Response say(std::string text) { return text_response(std::move(text), "text/plain"); }

std::vector<Route> plain_routes() {
  std::vector<Route> routes;
  routes.push_back(route(
      Method::get, "/open", [](const Request& r) -> Result<Response> { return say(r.context.caller.user_id.value() + "open"); },
      Access::anyone));
  routes.push_back(route(Method::get, "/things/{id}",
                         [](const Request& r) -> Result<Response> { return say(r.path_value("id") + r.query_value("q").value_or("")); }));
  routes.back().docs.query = {{"q", ""}, {"limit", ""}};
  routes.push_back(route(Method::post, "/things", [](const Request& r) -> Result<Response> { return say(r.body); }));
  routes.back().body_bytes_max = 1'000;
  routes.push_back(route(
      Method::get, "/editor", [](const Request&) -> Result<Response> { return say("ok"); }, Access::editor));
  routes.push_back(route(
      Method::get, "/admin", [](const Request&) -> Result<Response> { return say("ok"); }, Access::admin));
  routes.push_back(route(
      Method::get, "/operator", [](const Request&) -> Result<Response> { return say("ok"); }, Access::operator_only));
  routes.push_back(route(
      Method::get, "/signed_in", [](const Request&) -> Result<Response> { return say("ok"); }, Access::signed_in));
  routes.push_back(route(Method::get, "/throws", [](const Request&) -> Result<Response> { throw std::runtime_error("secret cause"); }));
  routes.push_back(route(Method::get, "/fails", [](const Request&) -> Result<Response> {
    return fail({.code = ErrorCode::unavailable, .message = "The warehouse is down", .detail = "host 10.0.0.1", .retry_after_s = 9});
  }));
  routes.push_back(route(Method::get, "/large", [](const Request&) -> Result<Response> { return say(std::string(50'000, 'a')); }));
  routes.push_back(route(Method::get, "/tagged", [](const Request&) -> Result<Response> {
    Response response = say("tagged");
    response.headers.emplace_back("etag", "\"3\"");
    return response;
  }));
  routes.push_back(route(Method::get, "/quick", {}));
  routes.back().quick = [](const Request&) -> std::optional<Response> { return say("quick"); };
  routes.push_back(route(Method::get, "/stream", [](const Request&) -> Result<Response> {
    return Response{.stream = [](EventSink& sink, const CallContext&) {
      for (int i = 0; i < 3; ++i) (void)sink.send("token", str("{\"n\":", i, "}"));
    }};
  }));
  routes.back().streams = true;
  return routes;
}

struct Fixture {
  explicit Fixture(std::vector<Route> routes = plain_routes(), HttpServerOptions options = {}) {
    options.port = 0;
    if (options.sweep_ms == kSweepMs) options.sweep_ms = 10;
    options.extra_headers = {{"x-frame-options", "DENY"}};
    server = std::move(start_http_server(options, std::move(routes), keys).value());
  }
  RawClient connect() const { return RawClient(server->port()); }
  std::string ask(std::string_view request) const { return RawClient(server->port()).ask(request); }

  NamedKeys keys;
  std::unique_ptr<HttpServer> server;
};

// ---- routing, roles, query -----------------------------------------------------------------------------------------

TEST(HttpServer, AnswersWithCorrelationIdAndExtraHeaders) {
  Fixture fixture;
  const std::string answer = fixture.ask(get("/things/7?q=x%20y"));
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(body_of(answer), "7x y");
  EXPECT_THAT(answer, HasSubstr("x-frame-options: DENY\r\n"));
  EXPECT_THAT(answer, HasSubstr("x-correlation-id: "));
  EXPECT_THAT(answer, HasSubstr("date: "));
  EXPECT_THAT(fixture.ask(get("/quick", "X-Correlation-Id: my-id.1\r\n")), HasSubstr("x-correlation-id: my-id.1\r\n"));
  EXPECT_THAT(fixture.ask(get("/quick", "X-Correlation-Id: bad id\r\n")), Not(HasSubstr("bad id")));
  EXPECT_THAT(fixture.ask(get("/quick", "Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n")),
              HasSubstr("x-correlation-id: 0af7651916cd43dd8448eb211c80319c\r\n"));
}

TEST(HttpServer, StreamsEventsAndGoesOnWithTheConnection) {
  Fixture fixture;
  RawClient client = fixture.connect();
  client.send(get("/stream"));
  const std::string answer = client.read_until("0\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("content-type: text/event-stream\r\n"));
  EXPECT_THAT(answer, HasSubstr("cache-control: no-cache, no-transform\r\n"));
  EXPECT_THAT(answer, HasSubstr("x-accel-buffering: no\r\n"));
  EXPECT_THAT(answer, HasSubstr("event: token\ndata: {\"n\":2}\n\n"));
  EXPECT_THAT(client.ask(get("/quick")), EndsWith("quick"));
}

}  // namespace
}  // namespace bridge
