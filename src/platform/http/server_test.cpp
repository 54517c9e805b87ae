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

// "Bearer viewer", "Bearer editor", "Bearer admin", "Bearer operator", "Bearer teamless"; "Bearer stranger" is of another team.
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
    if (key == "Bearer stranger") return caller.team_id = TeamId("t2"), caller;
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
    return fail({.code = ErrorCode::unavailable,
                 .message = "The warehouse is down",
                 .detail = "host 10.0.0.1",
                 .retry_after = std::chrono::seconds(9)});
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

// A body in pieces; fails after so many.
Route body_route(std::string path, int pieces, std::optional<Error> error) {
  return route(Method::get, std::move(path), [pieces, error](const Request&) -> Result<Response> {
    return Response{.content_type = "text/csv", .write_body = [pieces, error](BodySink& sink, const CallContext&) -> Result<> {
                      for (int i = 0; i < pieces; ++i) TRY(sink.write(std::string(100'000, static_cast<char>('a' + i % 26))));
                      if (error) return fail(*error);
                      return {};
                    }};
  });
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

TEST(HttpServer, WritesABodyInPiecesWithoutHoldingAllOfIt) {
  Fixture fixture({body_route("/body", 30, std::nullopt)});
  RawClient client = fixture.connect();
  client.send(get("/body", "Connection: close\r\n"));
  const std::string answer = client.read_to_end();
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_THAT(answer, HasSubstr("content-type: text/csv\r\n"));
  EXPECT_THAT(answer, HasSubstr("transfer-encoding: chunked\r\n"));
  EXPECT_TRUE(answer.ends_with("0\r\n\r\n"));
  // "b" is a digit of the chunks' sizes too.
  EXPECT_EQ(std::ranges::count(body_of(answer), 'z'), 100'000);
}

TEST(HttpServer, AnswersAFailureBeforeTheFirstPieceAsAnyError) {
  Fixture fixture({body_route("/body", 0, Error{.code = ErrorCode::resource_exhausted, .message = "over the cap"})});
  const std::string answer = fixture.ask(get("/body"));
  EXPECT_EQ(status_of(answer), 429);
  EXPECT_THAT(answer, HasSubstr("over the cap"));
}

TEST(HttpServer, BreaksABodyOffThatFailsSoThatNoClientTakesItForWhole) {
  Fixture fixture({body_route("/body", 2, Error{.code = ErrorCode::deadline_exceeded, .message = "too long"})});
  RawClient client = fixture.connect();
  client.send(get("/body"));
  const std::string answer = client.read_to_end();
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_FALSE(answer.ends_with("0\r\n\r\n"));
}

TEST(HttpServer, AnswersHeadOfABodyInPiecesWithoutOne) {
  Fixture fixture({body_route("/body", 2, std::nullopt)});
  RawClient client = fixture.connect();
  client.send("HEAD /body HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer viewer\r\nConnection: close\r\n\r\n");
  const std::string answer = client.read_to_end();
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(answer.find("aaaa"), std::string::npos);
}

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

TEST(HttpServer, ChecksTheCallerBeforeTheHandler) {
  Fixture fixture;
  EXPECT_EQ(body_of(fixture.ask("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")), "open");
  EXPECT_EQ(fixture.keys.calls, 0);
  const std::string nobody = fixture.ask("GET /things/1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(nobody), 401);
  EXPECT_THAT(nobody, HasSubstr("www-authenticate: Bearer\r\n"));
  EXPECT_EQ(problem_of(nobody).at("code"), "unauthenticated");
  EXPECT_EQ(fixture.keys.calls, 1);
  const std::vector<std::tuple<std::string, std::string, int>> cases{
      {"/editor", "viewer", 403},     {"/editor", "editor", 200},      {"/editor", "admin", 200},      {"/editor", "operator", 200},
      {"/admin", "editor", 403},      {"/admin", "admin", 200},        {"/admin", "operator", 200},    {"/operator", "admin", 403},
      {"/operator", "operator", 200}, {"/signed_in", "teamless", 200}, {"/things/1", "teamless", 422},
  };
  for (const auto& [path, key, status] : cases) EXPECT_EQ(status_of(fixture.ask(get(path, "", key))), status) << path << ' ' << key;
  EXPECT_EQ(problem_of(fixture.ask(get("/things/1", "", "teamless"))).at("code"), "team_required");
}

TEST(HttpServer, SaysWhichMethodsAPathHas) {
  Fixture fixture;
  EXPECT_EQ(status_of(fixture.ask(get("/nowhere"))), 404);
  const std::string wrong = fixture.ask("DELETE /things HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(wrong), 405);
  EXPECT_THAT(wrong, HasSubstr("allow: POST, OPTIONS\r\n"));
  const std::string unknown = fixture.ask("BREW /things/1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(unknown), 405);
  EXPECT_THAT(unknown, HasSubstr("allow: GET, HEAD, OPTIONS\r\n"));
  const std::string options = fixture.ask("OPTIONS /things/1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(status_of(options), 204);
  EXPECT_THAT(options, HasSubstr("allow: GET, HEAD, OPTIONS\r\n"));
  for (const char* request : {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"}) {
    const std::string answer = fixture.ask(request);
    EXPECT_EQ(status_of(answer), 405) << request;
    EXPECT_THAT(answer, HasSubstr("allow: GET"));
  }
}

TEST(HttpServer, AnswersByItsOwnNamesAlone) {
  std::vector<Route> routes = plain_routes();
  routes.push_back({.method = Method::get,
                    .path = "/probe",
                    .access = Access::anyone,
                    .handler = [](const Request&) -> Result<Response> { return no_content(); },
                    .any_host = true});
  Fixture fixture(std::move(routes), {.hosts = {"localhost", "[::1]", "bridge.example"}});
  const auto ask = [&](std::string_view host, std::string_view path = "/quick") {
    return fixture.ask(str("GET ", path, " HTTP/1.1\r\nHost: ", host, "\r\nAuthorization: Bearer viewer\r\n\r\n"));
  };
  for (const std::string host : {"localhost", "localhost:8080", "LocalHost:1", "[::1]", "[::1]:8080", "bridge.example"})
    EXPECT_EQ(status_of(ask(host)), 200) << host;
  for (const std::string host : {"evil.example", "evil.example:8080", "localhost.evil.example", "[::2]", "xbridge.example"}) {
    const std::string answer = ask(host);
    EXPECT_EQ(status_of(answer), 403) << host;
    EXPECT_THAT(answer, HasSubstr("host_not_allowed"));
  }
  EXPECT_EQ(status_of(ask("10.0.0.7:8080", "/probe")), 204);
}

// ---- pages of other origins ----------------------------------------------------------------------------------------

HttpServerOptions with_origins() { return {.cors_origins = {"https://app.example", "http://localhost:5173"}}; }

TEST(HttpServer, LetsPagesOfListedOriginsReadEveryKindOfAnswer) {
  Fixture fixture(plain_routes(), with_origins());
  const std::string origin = "Origin: https://app.example\r\n";
  for (const std::string& answer :
       {fixture.ask(get("/things/7", origin)), fixture.ask(get("/quick", origin)), fixture.ask(get("/nowhere", origin)),
        fixture.ask(get("/fails", origin)), fixture.ask(get("/editor", origin)), fixture.ask(get("/things/1?nonsense=1", origin)),
        fixture.ask(get("/tagged", origin + "If-None-Match: \"3\"\r\n")), fixture.ask(get("/things/7", origin, "nobody")),
        fixture.ask("DELETE /things HTTP/1.1\r\nHost: a\r\n" + origin + "\r\n"),
        fixture.ask(post("/things", std::string(2'000, 'x'), "Content-Type: text/plain\r\n" + origin))}) {
    EXPECT_THAT(answer, HasSubstr("access-control-allow-origin: https://app.example\r\n"));
    EXPECT_THAT(answer, HasSubstr("access-control-allow-credentials: true\r\n"));
    EXPECT_THAT(answer, HasSubstr("access-control-expose-headers: "));
    EXPECT_THAT(answer, HasSubstr("vary: Origin\r\n"));
  }
  EXPECT_EQ(status_of(fixture.ask(get("/tagged", origin + "If-None-Match: \"3\"\r\n"))), 304);
  RawClient client = fixture.connect();
  client.send(get("/stream", origin));
  EXPECT_THAT(client.read_until("0\r\n\r\n"), HasSubstr("access-control-allow-origin: https://app.example\r\n"));
  // The next request of the same connection is answered for its own page.
  EXPECT_THAT(client.ask(get("/quick")), Not(HasSubstr("access-control-allow-origin")));
}

TEST(HttpServer, AnswersAPreflightBeforeItAsksWhoTheCallerIs) {
  Fixture fixture(plain_routes(), with_origins());
  const auto preflight = [&](std::string_view origin) {
    return fixture.ask(
        str("OPTIONS /things HTTP/1.1\r\nHost: a\r\nOrigin: ", origin,
            "\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,content-type\r\n\r\n"));
  };
  const std::string answer = preflight("http://localhost:5173");
  EXPECT_EQ(status_of(answer), 204);
  EXPECT_THAT(answer, HasSubstr("access-control-allow-origin: http://localhost:5173\r\n"));
  EXPECT_THAT(answer, HasSubstr("access-control-allow-methods: POST, OPTIONS\r\n"));
  EXPECT_THAT(answer, HasSubstr("access-control-allow-headers: Accept, Authorization, Content-Type, Idempotency-Key, If-Match"));
  EXPECT_THAT(answer, HasSubstr("access-control-max-age: 600\r\n"));
  EXPECT_EQ(fixture.keys.calls, 0);
  for (const char* stranger :
       {"https://evil.example", "https://app.example.evil.example", "https://app.example:8443", "http://app.example", "null", "*"}) {
    EXPECT_THAT(preflight(stranger), Not(HasSubstr("access-control"))) << stranger;
    EXPECT_THAT(fixture.ask(get("/quick", str("Origin: ", stranger, "\r\n"))), Not(HasSubstr("access-control"))) << stranger;
  }
}

TEST(HttpServer, AnAnswerForEverybodyNamesAListedOriginAndKeepsItsStarForTheOthers) {
  std::vector<Route> routes;
  routes.push_back(route(
      Method::get, "/schema",
      [](const Request&) -> Result<Response> {
        Response response = say("public");
        response.headers.emplace_back("access-control-allow-origin", "*");
        return response;
      },
      Access::anyone));
  Fixture fixture(std::move(routes), with_origins());
  EXPECT_THAT(fixture.ask(get("/schema", "Origin: https://app.example\r\n")), Not(HasSubstr("access-control-allow-origin: *")));
  const std::string other = fixture.ask(get("/schema", "Origin: https://other.example\r\n"));
  EXPECT_THAT(other, HasSubstr("access-control-allow-origin: *\r\n"));
  EXPECT_THAT(other, Not(HasSubstr("access-control-allow-credentials")));
}

TEST(HttpServer, SaysNothingToOtherOriginsWhenThereIsNoList) {
  Fixture fixture;
  const std::string answer = fixture.ask(get("/quick", "Origin: https://app.example\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("access-control")));
  EXPECT_THAT(answer, Not(HasSubstr("vary: Origin")));
}

TEST(HttpServer, APageMayStandForPathsThatAreNotThere) {
  HttpServerOptions options;
  options.unknown_path = [](const Request& request) -> std::optional<Response> {
    if (request.path.starts_with("/v1/")) return std::nullopt;
    return text_response("no page " + request.path, "text/html", 404);
  };
  Fixture fixture(plain_routes(), std::move(options));
  RawClient client = fixture.connect();
  const std::string page = client.ask(get("/no%20where?x=1"));
  EXPECT_EQ(status_of(page), 404);
  EXPECT_EQ(body_of(page), "no page /no where");
  EXPECT_EQ(body_of(client.ask(get("/quick"))), "quick") << "the connection goes on";
  EXPECT_EQ(problem_of(client.ask(get("/v1/nowhere"))).at("code"), "not_found");
  EXPECT_EQ(problem_of(client.ask(post("/nowhere", "{}"))).at("code"), "not_found") << "only who reads gets a page";
  EXPECT_EQ(status_of(fixture.ask(get("/bad%zz"))), 400);
}

TEST(HttpServer, ServesHeadWithoutABody) {
  Fixture fixture;
  RawClient client = fixture.connect();
  client.send("HEAD /large HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer viewer\r\n\r\n");
  const std::string answer = client.read_answer(true);
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_THAT(answer, HasSubstr("content-length: 50000\r\n"));
  EXPECT_EQ(body_of(client.ask(get("/quick"))), "quick");
}

TEST(HttpServer, RefusesQueryNamesThatItDoesNotKnowAndNamesTheNearest) {
  Fixture fixture;
  const std::string answer = fixture.ask(get("/things/1?limt=5"));
  EXPECT_EQ(status_of(answer), 422);
  EXPECT_EQ(problem_of(answer).at("errors").at(0).at("suggestion"), "limit");
  EXPECT_EQ(status_of(fixture.ask(get("/things/1?team_id=t1&limit=5"))), 200);
  EXPECT_EQ(status_of(fixture.ask(get("/things/1?q=%00"))), 400);
  EXPECT_EQ(status_of(fixture.ask(get("/things/%00"))), 400);
  EXPECT_EQ(status_of(fixture.ask(get("/things/%2e%2e"))), 404);
}

TEST(HttpServer, TurnsFailuresIntoProblemsAndKeepsTheirCauseToItself) {
  Fixture fixture;
  const std::string thrown = fixture.ask(get("/throws"));
  EXPECT_EQ(status_of(thrown), 500);
  EXPECT_THAT(thrown, Not(HasSubstr("secret")));
  EXPECT_EQ(problem_of(thrown).at("code"), "internal");
  const std::string failed = fixture.ask(get("/fails", "X-Correlation-Id: trace-5\r\n"));
  EXPECT_EQ(status_of(failed), 503);
  EXPECT_THAT(failed, HasSubstr("retry-after: 9\r\n"));
  EXPECT_THAT(failed, HasSubstr("content-type: application/problem+json\r\n"));
  EXPECT_THAT(failed, Not(HasSubstr("10.0.0.1")));
  EXPECT_EQ(problem_of(failed).at("trace_id"), "trace-5");
}

TEST(HttpServer, AnExceptionOnAnIoThreadIsA500AndNotTheEnd) {
  class Throwing final : public Authenticator {
   public:
    Result<Caller> authenticate(const Request&) override { throw std::runtime_error("secret cause"); }
  } throwing;
  std::vector<Route> routes = plain_routes();
  routes.push_back(route(Method::get, "/quick_throws", {}, Access::anyone));
  routes.back().quick = [](const Request&) -> std::optional<Response> { throw std::runtime_error("secret cause"); };
  const auto server = start_http_server({.port = 0}, std::move(routes), throwing).value().release();
  const std::unique_ptr<HttpServer> owner(server);
  for (const char* path : {"/quick", "/quick_throws"}) {
    RawClient client(server->port());
    const std::string answer = client.ask(get(path));
    EXPECT_EQ(status_of(answer), 500) << path;
    EXPECT_THAT(answer, Not(HasSubstr("secret")));
    EXPECT_EQ(status_of(client.ask(get("/open"))), 200);
  }
}

TEST(HttpServer, WhateverAHandlerThrowsIsAnAnswer) {
  Fixture fixture({{.method = Method::get,
                    .path = "/memory",
                    .access = Access::anyone,
                    .handler = [](const Request&) -> Result<Response> { throw std::bad_alloc(); }},
                   {.method = Method::get,
                    .path = "/thread",
                    .access = Access::anyone,
                    .handler = [](const Request&) -> Result<Response> {
                      throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
                    }},
                   {.method = Method::get,
                    .path = "/quick",
                    .access = Access::anyone,
                    .handler = [](const Request&) -> Result<Response> { return no_content(); },
                    .quick = [](const Request&) -> std::optional<Response> { throw std::bad_alloc(); }},
                   {.method = Method::get, .path = "/other", .access = Access::anyone, .handler = [](const Request&) -> Result<Response> {
                      throw 7;
                    }}});
  RawClient client(fixture.server->port());
  for (const std::string path : {"/memory", "/thread", "/quick"}) {
    const std::string answer = client.ask("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(answer, HasSubstr("retry-after: 2\r\n"));
    EXPECT_THAT(answer, HasSubstr(R"("code":"out_of_memory")"));
    EXPECT_THAT(answer, HasSubstr("ask for less at once"));
  }
  EXPECT_THAT(client.ask("GET /other HTTP/1.1\r\nHost: a\r\n\r\n"), StartsWith("HTTP/1.1 500 "));
}

TEST(HttpServer, AStreamThatThrowsEndsWithAnErrorEvent) {
  Fixture fixture({{.method = Method::get,
                    .path = "/stream",
                    .access = Access::anyone,
                    .handler = [](const Request&) -> Result<Response> {
                      return Response{.stream = [](EventSink& sink, const CallContext&) {
                        (void)sink.send("token", "1");
                        throw std::bad_alloc();
                      }};
                    },
                    .streams = true}});
  RawClient client(fixture.server->port());
  client.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string answer = client.read_until("\r\n0\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("event: token\n"));
  EXPECT_THAT(answer, HasSubstr("event: error\n"));
  EXPECT_THAT(answer, HasSubstr("out_of_memory"));
  EXPECT_THAT(answer, EndsWith("\r\n0\r\n\r\n"));
}

TEST(HttpServer, AHandlersHeaderCannotBreakTheAnswer) {
  std::vector<Route> routes;
  routes.push_back(route(
      Method::get, "/",
      [](const Request&) -> Result<Response> {
        return Response{.headers = {{"x-bad", "a\r\nx-injected: b"}, {"x-good", "c"}}};
      },
      Access::anyone));
  Fixture fixture(std::move(routes));
  const std::string answer = fixture.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(answer, Not(HasSubstr("x-injected")));
  EXPECT_THAT(answer, HasSubstr("x-good: c\r\n"));
}

TEST(HttpServer, QuickMayLeaveTheRequestToTheHandler) {
  std::vector<Route> routes;
  routes.push_back(route(
      Method::get, "/{id}", [](const Request&) -> Result<Response> { return say("slow"); }, Access::anyone));
  routes.back().quick = [](const Request& request) -> std::optional<Response> {
    if (request.path_value("id") != "known") return std::nullopt;
    return say("quick");
  };
  Fixture fixture(std::move(routes));
  EXPECT_EQ(body_of(fixture.ask("GET /known HTTP/1.1\r\nHost: a\r\n\r\n")), "quick");
  EXPECT_EQ(body_of(fixture.ask("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")), "slow");
}

TEST(HttpServer, RefusesTwoRoutesThatAreTheSameAndAPortInUse) {
  NamedKeys keys;
  std::vector<Route> routes = plain_routes();
  routes.push_back(routes.front());
  EXPECT_FALSE(start_http_server({.port = 0}, routes, keys).has_value());
  Fixture fixture;
  const auto second = start_http_server({.port = fixture.server->port()}, plain_routes(), keys);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::unavailable);
}

// ---- bodies and limits ---------------------------------------------------------------------------------------------

TEST(HttpServer, ReadsBodiesWithTheRoutesOwnLimit) {
  Fixture fixture;
  EXPECT_EQ(body_of(fixture.ask(post("/things", "hello"))), "hello");
  const std::string head = "POST /things HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer viewer\r\n";
  EXPECT_EQ(body_of(fixture.ask(head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")), "hello");
  RawClient client = fixture.connect();
  const std::string refused = client.ask(head + "Content-Length: 1001\r\n\r\n");  // before any byte of the body
  EXPECT_EQ(status_of(refused), 413);
  EXPECT_THAT(refused, HasSubstr("connection: close\r\n"));
  EXPECT_EQ(status_of(fixture.ask(str(head, "Transfer-Encoding: chunked\r\n\r\n3e9\r\n", std::string(1'001, 'x'), "\r\n0\r\n\r\n"))), 413);
  EXPECT_EQ(status_of(fixture.ask(post("/things", "hello", "Content-Encoding: gzip\r\n"))), 415);
  EXPECT_EQ(status_of(fixture.ask("POST /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")), 404);
  EXPECT_EQ(status_of(fixture.ask("POST /things HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")), 401);
}

TEST(HttpServer, ARefusalArrivesThoughTheClientIsStillSending) {
  Fixture fixture;
  RawClient client = fixture.connect();
  client.send("POST /things HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer viewer\r\nContent-Length: 2000000\r\n\r\n");
  client.send(std::string(500'000, 'x'));
  EXPECT_EQ(status_of(client.read_answer()), 413);
}

TEST(HttpServer, ARefusalArrivesAtAClientThatReadsOnlyAfterItHasSentALargeBody) {
  Fixture fixture;
  RawClient client = fixture.connect();
  client.send("POST /things HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer viewer\r\nContent-Length: 40000000\r\n\r\n");
  client.send(std::string(40'000'000, 'x'));
  EXPECT_EQ(status_of(client.read_answer()), 413);
}

TEST(HttpServer, MeetsTheExpectationOf100Continue) {
  Fixture fixture;
  RawClient client = fixture.connect();
  const std::string head = "POST /things HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer viewer\r\nExpect: 100-continue\r\n";
  client.send(head + "Content-Length: 5\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(body_of(client.ask("hello")), "hello");
  EXPECT_EQ(status_of(fixture.ask(head + "Content-Length: 1000000\r\n\r\n")), 413);
  EXPECT_EQ(status_of(fixture.ask("GET /open HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n")), 417);
}

TEST(HttpServer, AnswersASmugglingAttemptOnceAndCloses) {
  Fixture fixture;
  const std::string hidden = "GET /quick HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer viewer\r\n\r\n";
  for (const char* headers : {"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
                              "Content-Length: 4\r\nContent-Length: 5\r\n", "Content-Length: 010\r\n", "Content-Length: +4\r\n",
                              "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: blegh\r\n",
                              "Transfer-Encoding: \x0b"
                              "chunked\r\n"}) {
    RawClient client = fixture.connect();
    client.send(str("POST /things HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer viewer\r\n", headers, "\r\n0\r\n\r\n", hidden));
    client.shut_down_sending();
    const std::string answer = client.read_to_end();
    EXPECT_TRUE(client.at_end()) << headers;
    EXPECT_EQ(status_of(answer), 400) << headers;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << headers;
  }
}

TEST(HttpServer, AnswersAGoodRequestBeforeABadOne) {
  Fixture fixture;
  RawClient client = fixture.connect();
  client.send(get("/things/good") + "NONSENSE\r\n\r\n" + get("/quick"));
  const std::string answers = client.read_to_end();
  EXPECT_THAT(answers, HasSubstr("\r\n\r\ngoodHTTP/1.1 400 "));
  EXPECT_THAT(answers, Not(EndsWith("quick")));
}

TEST(HttpServer, RefusesWhatIsTooLong) {
  Fixture fixture;
  EXPECT_EQ(status_of(fixture.ask(get("/quick", str("X: ", std::string(kHeaderBytesMax, 'x'), "\r\n")))), 431);
  EXPECT_EQ(status_of(fixture.ask(get("/quick", str("X: ", std::string(1 << 20, 'x'), "\r\n")))), 431);
  EXPECT_EQ(status_of(fixture.ask(get(str("/", std::string(kTargetBytesMax, 'x'))))), 414);
  EXPECT_EQ(status_of(fixture.ask(get(str("/", std::string(100 << 10, 'x'))))), 414);
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "X: y\r\n";
  EXPECT_EQ(status_of(fixture.ask(get("/quick", many))), 431);
  EXPECT_EQ(body_of(fixture.ask(get("/quick", str("X: ", std::string(kHeaderBytesMax - 1'000, 'x'), "\r\n")))), "quick");
}

TEST(HttpServer, ClosesWhatIsTooSlow) {
  Fixture fixture(plain_routes(), {.header_deadline_ms = 60, .idle_ms = 60, .body_grace_ms = 60});
  RawClient silent = fixture.connect();
  EXPECT_EQ(silent.read_to_end(1'000), "");
  EXPECT_TRUE(silent.at_end());
  RawClient slow_head = fixture.connect();
  slow_head.send("GET / HTTP/1.1\r\nHost");
  EXPECT_EQ(status_of(slow_head.read_to_end(1'000)), 408);
  RawClient slow_body = fixture.connect();
  slow_body.send("POST /things HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer viewer\r\nContent-Length: 100\r\n\r\nabc");
  EXPECT_EQ(status_of(slow_body.read_to_end(1'000)), 408);
  RawClient idle = fixture.connect();
  EXPECT_EQ(status_of(idle.ask(get("/quick"))), 200);
  EXPECT_EQ(idle.read_to_end(1'000), "");
  EXPECT_TRUE(idle.at_end());
}

TEST(HttpServer, TurnsConnectionsAwayThatAreTooMany) {
  Fixture fixture(plain_routes(), {.connections_max = 2});
  RawClient first = fixture.connect();
  RawClient second = fixture.connect();
  EXPECT_EQ(status_of(first.ask(get("/quick"))), 200);
  EXPECT_EQ(status_of(second.ask(get("/quick"))), 200);
  RawClient third = fixture.connect();
  EXPECT_EQ(status_of(third.read_to_end()), 503);
  first.close();
  int status = 0;
  for (int i = 0; i < 100 && status != 200; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
    status = status_of(fixture.ask(get("/quick")));
  }
  EXPECT_EQ(status, 200);
}

// ---- keep-alive ----------------------------------------------------------------------------------------------------

TEST(HttpServer, AnswersPipelinedRequestsInOrder) {
  Fixture fixture;
  RawClient client = fixture.connect();
  std::string requests;
  for (int i = 0; i < 50; ++i)
    requests += i % 3 == 0 ? get("/quick") : i % 3 == 1 ? get(str("/things/n", i)) : post("/things", str("body", i));
  client.send(requests);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(body_of(client.read_answer()), i % 3 == 0 ? "quick" : i % 3 == 1 ? str("n", i) : str("body", i));
}

TEST(HttpServer, ReadsARequestThatComesByteByByte) {
  Fixture fixture;
  RawClient client = fixture.connect();
  for (const char c : get("/things/7") + post("/things", "hello")) client.send(std::string_view(&c, 1));
  EXPECT_EQ(body_of(client.read_answer()), "7");
  EXPECT_EQ(body_of(client.read_answer()), "hello");
}

TEST(HttpServer, ClosesWhenAskedToAndSpeaksHttp10) {
  Fixture fixture;
  RawClient closing = fixture.connect();
  closing.send(get("/things/1", "Connection: close\r\n"));
  EXPECT_THAT(closing.read_to_end(), HasSubstr("connection: close\r\n"));
  EXPECT_TRUE(closing.at_end());
  RawClient old = fixture.connect();
  old.send("GET /open HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.read_to_end(), EndsWith("open"));
  EXPECT_TRUE(old.at_end());
  RawClient old_stream = fixture.connect();
  old_stream.send("GET /stream HTTP/1.0\r\nAuthorization: Bearer viewer\r\n\r\n");
  EXPECT_THAT(old_stream.read_to_end(), HasSubstr("\r\n\r\nevent: token\ndata: {\"n\":0}\n\n"));
  EXPECT_TRUE(old_stream.at_end());
}

TEST(HttpServer, SendsAnAnswerToAClientThatOnlyClosedItsSendingSide) {
  Fixture fixture;
  RawClient client = fixture.connect();
  client.send(get("/large"));
  client.shut_down_sending();
  const std::string answer = client.read_to_end();
  EXPECT_TRUE(status_of(answer) == 200 || status_of(answer) == 499) << answer.substr(0, 100);
}

// ---- compression, conditions ---------------------------------------------------------------------------------------

TEST(HttpServer, CompressesWhatIsWorthIt) {
  Fixture fixture;
  for (const auto& [accepted, used] : std::vector<std::pair<std::string, std::string>>{
           {"gzip", "gzip"}, {"br, gzip, zstd", "br"}, {"zstd;q=1, br;q=0.5", "zstd"}, {"*", "br"}, {"br;q=0, *;q=0.1", "zstd"}}) {
    const std::string answer = fixture.ask(get("/large", str("Accept-Encoding: ", accepted, "\r\n")));
    EXPECT_THAT(answer, HasSubstr(str("content-encoding: ", used, "\r\n"))) << accepted;
    EXPECT_THAT(answer, HasSubstr("vary: accept-encoding\r\n"));
    EXPECT_LT(answer.size(), 2'000u);
  }
  EXPECT_THAT(fixture.ask(get("/large", "Accept-Encoding: identity\r\n")), Not(HasSubstr("content-encoding")));
  EXPECT_THAT(fixture.ask(get("/large")), HasSubstr("vary: accept-encoding\r\n"));
  EXPECT_THAT(fixture.ask(get("/things/small", "Accept-Encoding: gzip\r\n")), Not(HasSubstr("content-encoding")));

  const std::string packed = body_of(fixture.ask(get("/large", "Accept-Encoding: gzip\r\n")));
  std::string unpacked(60'000, '\0');
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(unpacked.data());
  stream.avail_out = static_cast<uInt>(unpacked.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  unpacked.resize(stream.total_out);
  inflateEnd(&stream);
  EXPECT_EQ(unpacked, std::string(50'000, 'a'));
}

TEST(HttpServer, AnswersNotModifiedWhenTheClientHasTheVersion) {
  Fixture fixture;
  for (const char* tags : {"\"3\"", "W/\"3\"", "\"1\", \"3\"", "*"}) {
    RawClient client = fixture.connect();
    client.send(get("/tagged", str("If-None-Match: ", tags, "\r\n")));
    const std::string answer = client.read_until("\r\n\r\n");
    EXPECT_EQ(status_of(answer), 304) << tags;
    EXPECT_THAT(answer, HasSubstr("etag: \"3\"\r\n"));
    EXPECT_THAT(answer, EndsWith("\r\n\r\n"));
    EXPECT_THAT(client.ask(get("/quick")), EndsWith("quick"));
  }
  EXPECT_EQ(body_of(fixture.ask(get("/tagged", "If-None-Match: \"4\"\r\n"))), "tagged");
}

// ---- load, cancelling, stopping ------------------------------------------------------------------------------------

// Holds handlers until it is opened or they are told to stop.
struct Gate {
  Route route(std::string path) {
    return {.method = Method::get,
            .path = std::move(path),
            .access = Access::anyone,
            .handler = [this](const Request& request) -> Result<Response> {
              ++entered;
              while (!open && !request.context.stop.stop_requested()) std::this_thread::sleep_for(milliseconds(2));
              if (request.context.stop.stop_requested()) stopped_at = steady_clock::now();
              ++left;
              return text_response("done", "text/plain");
            }};
  }
  void wait_for(const std::atomic<int>& count, int wanted) const {
    for (int i = 0; i < 1'500 && count < wanted; ++i) std::this_thread::sleep_for(milliseconds(2));
    ASSERT_GE(count, wanted);
  }
  std::atomic<bool> open{false};
  std::atomic<int> entered{0};
  std::atomic<int> left{0};
  std::atomic<steady_clock::time_point> stopped_at{};
};

std::vector<Route> with_gate(Gate& gate) {
  std::vector<Route> routes = plain_routes();
  routes.push_back(gate.route("/gate"));
  return routes;
}
constexpr std::string_view kGateRequest = "GET /gate HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(HttpServer, SheddingLoadIsQuickAndQuickAnswersGoOn) {
  Gate gate;
  Fixture fixture(with_gate(gate), {.worker_threads = 1, .worker_queue_max = 1});
  RawClient running = fixture.connect();
  running.send(kGateRequest);
  gate.wait_for(gate.entered, 1);
  RawClient waiting = fixture.connect();
  waiting.send(kGateRequest);
  std::this_thread::sleep_for(milliseconds(50));
  const auto before = steady_clock::now();
  RawClient refused = fixture.connect();
  const std::string answer = refused.ask(kGateRequest);
  EXPECT_LT(steady_clock::now() - before, milliseconds(100));
  EXPECT_EQ(status_of(answer), 503);
  EXPECT_THAT(answer, HasSubstr("retry-after: 1\r\n"));
  EXPECT_EQ(problem_of(answer).at("code"), "overloaded");
  EXPECT_EQ(body_of(refused.ask(get("/quick"))), "quick");
  gate.open = true;
  EXPECT_EQ(body_of(running.read_answer()), "done");
  EXPECT_EQ(body_of(waiting.read_answer()), "done");
}

TEST(HttpServer, WhoWaitedTooLongIsToldToComeAgain) {
  Gate gate;
  Fixture fixture(with_gate(gate), {.worker_threads = 1, .queue_wait_ms = 30});
  RawClient running = fixture.connect();
  running.send(kGateRequest);
  gate.wait_for(gate.entered, 1);
  RawClient waiting = fixture.connect();
  waiting.send(kGateRequest);
  std::this_thread::sleep_for(milliseconds(80));
  gate.open = true;
  EXPECT_EQ(status_of(waiting.read_answer()), 503);
}

TEST(HttpServer, WhoWaitedTooLongIsToldToComeAgainWhileTheWorkersStillHang) {
  Gate gate;
  Fixture fixture(with_gate(gate), {.worker_threads = 1, .queue_wait_ms = 30});
  RawClient running = fixture.connect();
  running.send(kGateRequest);
  gate.wait_for(gate.entered, 1);
  RawClient waiting = fixture.connect();
  EXPECT_EQ(problem_of(waiting.ask(kGateRequest)).at("code"), "overloaded");
  EXPECT_EQ(gate.entered, 1);
  gate.open = true;
  EXPECT_EQ(body_of(running.read_answer()), "done");
}

TEST(HttpServer, RequestsOfOneShareThatHangLeaveWorkersToTheOthers) {
  Gate slow;
  Gate other;
  other.open = true;
  std::vector<Route> routes = plain_routes();
  routes.push_back(slow.route("/slow"));
  routes.back().share = [](const Request&) { return "a connection that hangs"; };
  routes.push_back(other.route("/other"));
  Fixture fixture(std::move(routes), {.worker_threads = 8});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back(new RawClient(fixture.connect()));
    clients.back()->send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  slow.wait_for(slow.entered, 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(body_of(fixture.ask(get("/other"))), "done");
  EXPECT_EQ(slow.entered, 3);
  slow.open = true;
  for (const auto& client : clients) EXPECT_EQ(body_of(client->read_answer()), "done");
}

TEST(HttpServer, ATeamWhoseEveryConnectionHangsLeavesWorkersToTheOtherTeams) {
  Gate slow;
  Gate other;
  other.open = true;
  std::vector<Route> routes;
  routes.push_back(slow.route("/slow"));
  routes.back().access = Access::viewer;
  routes.back().share = [](const Request& request) { return std::string(request.header("x-connection").value_or("")); };
  routes.push_back(other.route("/other"));
  routes.back().access = Access::viewer;
  Fixture fixture(std::move(routes), {.worker_threads = 16});
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.emplace_back(new RawClient(fixture.connect()));
    clients.back()->send(get("/slow", str("X-Connection: ", i % 20, "\r\n")));
  }
  slow.wait_for(slow.entered, 8);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(body_of(fixture.ask(get("/other", "", "stranger"))), "done");
  EXPECT_EQ(slow.entered, 8);
  slow.open = true;
  for (const auto& client : clients) EXPECT_EQ(body_of(client->read_answer()), "done");
}

TEST(HttpServer, StopsTheHandlerWhenTheClientGoesAway) {
  Gate gate;
  Fixture fixture(with_gate(gate));
  RawClient client = fixture.connect();
  client.send(kGateRequest);
  gate.wait_for(gate.entered, 1);
  const auto gone = steady_clock::now();
  client.close();
  gate.wait_for(gate.left, 1);
  EXPECT_LT(gate.stopped_at.load() - gone, milliseconds(100));
  EXPECT_EQ(status_of(fixture.ask(get("/quick"))), 200);
}

TEST(HttpServer, GivesTheHandlerTheRoutesTimeLimit) {
  std::vector<Route> routes;
  routes.push_back(route(
      Method::get, "/", [](const Request& r) -> Result<Response> { return say(str(r.context.time_left(milliseconds(1'000'000)).count())); },
      Access::anyone));
  routes.back().timeout_ms = 5'000;
  Fixture fixture(std::move(routes));
  const int left = std::atoi(body_of(fixture.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).c_str());
  EXPECT_GT(left, 4'000);
  EXPECT_LE(left, 5'000);
}

TEST(HttpServer, StoppingLetsRequestsFinishAndAcceptsNoMore) {
  Gate gate;
  Fixture fixture(with_gate(gate));
  RawClient running = fixture.connect();
  running.send(kGateRequest);
  RawClient idle = fixture.connect();
  EXPECT_EQ(status_of(idle.ask(get("/quick"))), 200);
  gate.wait_for(gate.entered, 1);
  std::jthread stopper([&] { fixture.server->stop(5'000); });
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_TRUE(idle.at_end());
  gate.open = true;
  EXPECT_THAT(running.read_to_end(), EndsWith("done"));
  stopper.join();
  fixture.server->stop();
}

TEST(HttpServer, StoppingWaitsOnlySoLongForAHandler) {
  Gate gate;
  Fixture fixture(with_gate(gate));
  RawClient running = fixture.connect();
  running.send(kGateRequest);
  gate.wait_for(gate.entered, 1);
  const auto before = steady_clock::now();
  fixture.server->stop(50);
  EXPECT_LT(steady_clock::now() - before, milliseconds(1'000));
  EXPECT_EQ(gate.left, 1);
}

TEST(HttpServer, CountsRequestsByRoute) {
  std::vector<Route> routes;
  routes.push_back(route(
      Method::get, "/counted/{id}", [](const Request&) -> Result<Response> { return no_content(); }, Access::anyone));
  Fixture fixture(std::move(routes));
  RawClient client = fixture.connect();
  for (int i = 0; i < 3; ++i) {
    client.send(str("GET /counted/", i, " HTTP/1.1\r\nHost: a\r\n\r\n"));
    client.read_until("\r\n\r\n");
  }
  fixture.server->stop();
  EXPECT_THAT(render_metrics(), HasSubstr("bridge_http_requests_total{method=\"GET\",route=\"/counted/{id}\",status=\"2xx\"} 3"));
  EXPECT_THAT(render_metrics(), HasSubstr("bridge_http_request_seconds_count{method=\"GET\",route=\"/counted/{id}\"} 3"));
}

TEST(HttpServer, SurvivesManyClientsAtOnce) {
  Fixture fixture;
  std::atomic<int> good{0};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        RawClient client = fixture.connect();
        if (i % 4 == 3) client.send(get("/stream")), client.close();
        else if (i % 2 == 0) good += body_of(client.ask(post("/things", str(t, ":", i)))) == str(t, ":", i);
        else good += body_of(client.ask(get(str("/things/", i)))) == str(i);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(good, 8 * 15);
}

// ---- event streams -------------------------------------------------------------------------------------------------

Route stream_route(std::function<void(EventSink&, const CallContext&)> stream) {
  Route made = route(
      Method::get, "/events", [stream](const Request&) -> Result<Response> { return Response{.stream = stream}; }, Access::anyone);
  made.streams = true;
  return made;
}
constexpr std::string_view kEventsRequest = "GET /events HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(HttpServer, ASilentStreamHasAHeartbeat) {
  Fixture fixture({stream_route([](EventSink&, const CallContext& context) {
                    while (!context.stop.stop_requested()) std::this_thread::sleep_for(milliseconds(2));
                  })},
                  {.heartbeat_ms = 30});
  RawClient client = fixture.connect();
  client.send(kEventsRequest);
  EXPECT_THAT(client.read_until(": \n\n\r\n4\r\n: \n\n\r\n"), HasSubstr("\r\n4\r\n: \n\n\r\n"));
}

TEST(HttpServer, AStreamIsToldWithinATenthOfASecondThatItsClientIsGone) {
  std::atomic<bool> started{false};
  std::atomic<bool> stopped{false};
  Fixture fixture({stream_route([&](EventSink& sink, const CallContext& context) {
    (void)sink.send("token", "{}");
    started = true;
    while (!context.stop.stop_requested()) std::this_thread::sleep_for(milliseconds(1));
    stopped = !sink.send("token", "{}").has_value();
  })});
  RawClient client = fixture.connect();
  client.send(kEventsRequest);
  client.read_until("data: {}\n\n");
  const auto gone = steady_clock::now();
  client.close();
  while (!stopped && steady_clock::now() - gone < milliseconds(1'000)) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_TRUE(stopped);
  EXPECT_LT(steady_clock::now() - gone, milliseconds(100));
}

TEST(HttpServer, AClientThatDoesNotReadItsStreamIsDropped) {
  std::atomic<int> result{0};
  Fixture fixture({stream_route([&](EventSink& sink, const CallContext&) {
                    const std::string data(60'000, 'x');
                    for (int i = 0; i < 2'000; ++i) {
                      const auto sent = sink.send("token", data);
                      if (sent) continue;
                      result = sent.error().code == ErrorCode::resource_exhausted ? 1 : 2;
                      return;
                    }
                  })},
                  {.stream_stall_ms = 50});
  RawClient client(fixture.server->port(), 4'096);
  client.send(kEventsRequest);
  for (int i = 0; i < 2'000 && result == 0; ++i) std::this_thread::sleep_for(milliseconds(2));
  EXPECT_EQ(result, 1);
}

TEST(HttpServer, AClientThatReadsGetsEveryEventOfAFastStreamInOrderHoweverSlowlyItReads) {
  constexpr int kEvents = 5'000;
  for (const auto rest : {milliseconds(0), milliseconds(2)}) {
    Fixture fixture({stream_route([&](EventSink& sink, const CallContext&) {
      for (int i = 0; i < kEvents; ++i) {
        if (!sink.send("n", str(i, std::string(500, ' ')))) return;
      }
    })});
    int next = 0;
    EventStreamReader reader;
    const auto answer = make_http_client()->stream({}, {.url = str("http://127.0.0.1:", fixture.server->port(), "/events")},
                                                   [&](std::string_view bytes) -> Result<> {
                                                     return reader.feed(bytes, [&](const ServerSentEvent& event) -> Result<> {
                                                       if (std::stoi(event.data) != next) return fail(ErrorCode::internal, "out of order");
                                                       if (++next % 20 == 0) std::this_thread::sleep_for(rest);
                                                       return {};
                                                     });
                                                   });
    ASSERT_TRUE(answer.has_value()) << answer.error().message;
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(next, kEvents);
  }
}

TEST(HttpServer, StoppingEndsStreamsCleanly) {
  Fixture fixture({stream_route([](EventSink& sink, const CallContext& context) {
    (void)sink.send("token", "{}");
    while (!context.stop.stop_requested()) std::this_thread::sleep_for(milliseconds(1));
  })});
  RawClient client = fixture.connect();
  client.send(kEventsRequest);
  client.read_until("data: {}\n\n");
  fixture.server->stop(2'000);
  const std::string rest = client.read_to_end();
  EXPECT_THAT(rest, HasSubstr("retry: 2000\n\n"));
  EXPECT_THAT(rest, EndsWith("0\r\n\r\n"));
}

// Lets everybody in, and ends all that is watched when it is told to.
class EndingAuthenticator final : public Authenticator {
 public:
  Result<Caller> authenticate(const Request&) override {
    return Caller{.user_id = UserId("key:k"), .team_id = TeamId("t1"), .credential_id = "key:k"};
  }
  std::shared_ptr<void> watch(const Caller& caller, std::function<void(const Error&)> on_end) override {
    if (caller.credential_id == "key:k") on_end_ = std::move(on_end);
    return {this, [](EndingAuthenticator* self) { self->let_go = true; }};
  }
  void end() const { on_end_({.code = ErrorCode::unauthenticated, .message = "The key was revoked", .reason = "credential_ended"}); }
  std::atomic<bool> let_go = false;

 private:
  std::function<void(const Error&)> on_end_;
};

TEST(HttpServer, AStreamEndsWithItsCallersCredentialsHoweverLongItsHandlerTakes) {
  EndingAuthenticator authenticator;
  std::atomic<bool> told = false, handler_may_end = false, sent_more = true;
  Route events = stream_route([&](EventSink& sink, const CallContext& context) {
    (void)sink.send("token", "{}");
    while (!context.stop.stop_requested()) std::this_thread::sleep_for(milliseconds(1));
    told = true;
    sent_more = sink.send("token", "{}").has_value();
    while (!handler_may_end) std::this_thread::sleep_for(milliseconds(1));
  });
  events.access = Access::viewer;
  const auto server = *start_http_server({.port = 0}, {events}, authenticator);
  RawClient client(server->port());
  client.send(kEventsRequest);
  client.read_until("data: {}\n\n");
  authenticator.end();
  const std::string rest = client.read_to_end();
  EXPECT_THAT(rest, HasSubstr("event: error\ndata: {"));
  EXPECT_THAT(rest, HasSubstr("\"code\":\"credential_ended\""));
  EXPECT_THAT(rest, EndsWith("0\r\n\r\n"));
  handler_may_end = true;
  for (int i = 0; i < 1'000 && !authenticator.let_go; ++i) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_TRUE(told && authenticator.let_go);
  EXPECT_FALSE(sent_more) << "nothing comes behind the last event";
  server->stop(1'000);
}

TEST(HttpServer, AStreamMayAnswerWithAnErrorInstead) {
  Route refusing = route(
      Method::get, "/events", [](const Request&) -> Result<Response> { return fail(ErrorCode::not_found, "No such session"); },
      Access::anyone);
  refusing.streams = true;
  Fixture fixture({refusing});
  EXPECT_EQ(status_of(fixture.ask(kEventsRequest)), 404);
}

// ---- the client ----------------------------------------------------------------------------------------------------

struct Outgoing {
  Outgoing(std::vector<Route> routes = plain_routes()) : fixture(std::move(routes)) {}
  ClientRequest request(std::string path) const {
    return {.url = str("http://127.0.0.1:", fixture.server->port(), path), .headers = {{"authorization", "Bearer viewer"}}};
  }
  Fixture fixture;
  std::unique_ptr<HttpClient> client = make_http_client();
};

TEST(HttpClient, SendsAndReceives) {
  Outgoing out;
  const auto got = out.client->send({}, out.request("/things/7"));
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(got->status, 200);
  EXPECT_EQ(got->body, "7");
  EXPECT_EQ(Request{.headers = got->headers}.header("x-frame-options"), "DENY");
  ClientRequest posted = out.request("/things");
  posted.method = Method::post;
  posted.body = "hello";
  EXPECT_EQ(out.client->send({}, posted)->body, "hello");
  EXPECT_EQ(out.client->send({}, out.request("/nowhere"))->status, 404);
}

TEST(HttpClient, GivesTheBodyOfAGoodStreamAndCollectsThatOfABadOne) {
  Outgoing out;
  std::string text;
  const auto keep = [&](std::string_view bytes) -> Result<> { return text += bytes, Result<>{}; };
  const auto good = out.client->stream({}, out.request("/large"), keep);
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->body, "");
  EXPECT_EQ(text.size(), 50'000u);
  text.clear();
  const auto bad = out.client->stream({}, out.request("/nowhere"), keep);
  ASSERT_TRUE(bad.has_value());
  EXPECT_EQ(text, "");
  EXPECT_THAT(bad->body, HasSubstr("\"code\":\"not_found\""));
  const auto refused =
      out.client->stream({}, out.request("/large"), [](std::string_view) -> Result<> { return fail(ErrorCode::data_loss, "garbled"); });
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::data_loss);
}

TEST(HttpClient, EndsWellOnceItsReaderSaysThatTheAnswerIsWholeWhateverTheConnectionDoes) {
  // Its stream is never ended by its server.
  Outgoing out({stream_route([](EventSink& sink, const CallContext& context) {
    (void)sink.send("token", "whole");
    while (!context.stop.stop_requested()) std::this_thread::sleep_for(milliseconds(1));
  })});
  WholeAnswer whole;
  std::string text;
  ClientRequest request = out.request("/events");
  request.whole = &whole;
  const auto start = std::chrono::steady_clock::now();
  const auto answer = out.client->stream({}, request, [&](std::string_view bytes) -> Result<> {
    text += bytes;
    if (text.contains("data: whole")) whole.say(milliseconds(50));
    return {};
  });
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST(HttpClient, HonoursStopDeadlineSilenceAndLimits) {
  Gate gate;
  Outgoing out(with_gate(gate));
  std::stop_source source;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(50));
    source.request_stop();
  });
  auto before = steady_clock::now();
  const auto stopped = out.client->send({.stop = source.get_token()}, out.request("/gate"));
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, ErrorCode::cancelled);
  EXPECT_LT(steady_clock::now() - before, milliseconds(150));

  const auto late = out.client->send(CallContext{}.with_timeout(milliseconds(50)), out.request("/gate"));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, ErrorCode::deadline_exceeded);

  ClientRequest silent = out.request("/gate");
  silent.idle_timeout_ms = 50;
  const auto idle = out.client->send({}, silent);
  ASSERT_FALSE(idle.has_value());
  EXPECT_EQ(idle.error().reason, "idle_timeout");

  ClientRequest unanswered = out.request("/gate");
  unanswered.first_byte_timeout_ms = 50;
  const auto first = out.client->send({}, unanswered);
  ASSERT_FALSE(first.has_value());
  EXPECT_EQ(first.error().reason, "first_byte_timeout");

  ClientRequest small = out.request("/large");
  small.response_bytes_max = 1'000;
  const auto large = out.client->send({}, small);
  ASSERT_FALSE(large.has_value());
  EXPECT_EQ(large.error().code, ErrorCode::payload_too_large);
  gate.open = true;
}

TEST(HttpClient, RefusesOtherProtocolsRedirectsAndInjectedHeaders) {
  std::vector<Route> routes;
  routes.push_back(route(
      Method::get, "/moved",
      [](const Request&) -> Result<Response> {
        return Response{.status = 302, .headers = {{"location", "/open"}}};
      },
      Access::anyone));
  Outgoing out(std::move(routes));
  EXPECT_EQ(out.client->send({}, out.request("/moved"))->status, 302);
  for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "nonsense", ""}) {
    const auto answer = out.client->send({}, {.url = url});
    ASSERT_FALSE(answer.has_value()) << url;
    EXPECT_NE(answer.error().code, ErrorCode::internal) << url;
  }
  ClientRequest injected = out.request("/open");
  injected.headers.emplace_back("x", "a\r\ny: b");
  EXPECT_EQ(out.client->send({}, injected).error().code, ErrorCode::invalid_argument);
  const auto closed = out.client->send({}, {.url = "http://127.0.0.1:1/"});
  ASSERT_FALSE(closed.has_value());
  EXPECT_EQ(closed.error().code, ErrorCode::unavailable);
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
