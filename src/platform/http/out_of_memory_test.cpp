#include <gtest/gtest.h>

#include <charconv>

#include "base/testing/failing_allocations.h"
#include "platform/http/client.h"
#include "platform/http/server.h"

namespace bridge {
namespace {

using std::chrono::milliseconds;

long number_of(std::string_view text) {
  long number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// Has an allocation of the I/O thread fail that many allocations later.
class ArmingAuthenticator final : public Authenticator {
 public:
  Result<Caller> authenticate(const Request& request) override {
    FailingAllocations::arm(number_of(request.header("x-arm").value_or("0")));
    return Caller{.user_id = UserId("u"), .team_id = TeamId("t")};
  }
};

struct Served {
  ArmingAuthenticator authenticator;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<HttpClient> client = make_http_client();

  Served() {
    const auto arm = [](const Request& request) { FailingAllocations::arm(number_of(request.query_value("arm").value_or("0"))); };
    const std::vector<QueryParameter> query{{"arm", "", false}};
    std::vector<Route> routes;
    routes.push_back({.method = Method::get, .path = "/plain", .access = Access::signed_in, .handler = [=](const Request& request) {
                        arm(request);
                        return Result<Response>(text_response(std::string(5'000, 'x'), "text/plain"));
                      }});
    routes.push_back({.method = Method::get,
                      .path = "/stream",
                      .access = Access::signed_in,
                      .handler = [=](const Request& request) -> Result<Response> {
                        arm(request);
                        Response response;
                        response.stream = [](EventSink& sink, const CallContext&) {
                          for (int i = 0; i < 3; ++i) (void)sink.send("token", std::string(500, 'x'));
                          (void)sink.send("done", "{}");
                        };
                        return response;
                      },
                      .streams = true});
    for (Route& route : routes) route.docs.query = query;
    server = *start_http_server({.port = 0, .io_threads = 1, .worker_threads = 1, .stream_threads = 1, .sweep_ms = 20}, std::move(routes),
                                authenticator);
  }
  Result<ClientResponse> get(const std::string& path, const std::string& armed = "0") {
    return client->send(CallContext{}.with_timeout(milliseconds(3'000)),
                        {.method = Method::get, .url = str("http://127.0.0.1:", server->port(), path), .headers = {{"x-arm", armed}}});
  }
  // A failure that was armed may hit the next request instead.
  bool is_well() {
    for (int i = 0; i < 3; ++i) {
      if (const auto answer = get("/plain"); answer && answer->status == 200) return true;
    }
    return false;
  }
};

TEST(OutOfMemory, WhicheverAllocationBehindAHandlerFailsTheClientIsAnswered) {
  Served served;
  ASSERT_TRUE(served.is_well());
  for (const std::string path : {"/plain", "/stream"}) {
    for (int nth = 1; nth <= 24; ++nth) {
      const auto answer = served.get(str(path, "?arm=", nth));
      ASSERT_TRUE(answer.has_value()) << path << " " << nth << ": " << answer.error().message;
      EXPECT_TRUE(answer->status == 200 || answer->status == 503) << path << " " << nth << ": " << answer->status;
      const bool says_why = answer->status == 200 || answer->body.find("out_of_memory") != std::string::npos;
      EXPECT_TRUE(says_why) << answer->body;
      ASSERT_TRUE(served.is_well()) << path << " " << nth;
    }
  }
}

TEST(OutOfMemory, WhicheverAllocationOfTheIoThreadFailsTheClientIsAnsweredAndTheServerGoesOn) {
  Served served;
  ASSERT_TRUE(served.is_well());
  for (const std::string path : {"/plain", "/stream"}) {
    for (int nth = 1; nth <= 40; ++nth) {
      const auto answer = served.get(path, str(nth));
      // A stream that has begun can only be cut off.
      EXPECT_TRUE(answer.has_value() || path == "/stream") << path << " " << nth;
      EXPECT_TRUE(!answer || answer->status == 200 || answer->status == 503) << path << " " << nth << ": " << answer->status;
      ASSERT_TRUE(served.is_well()) << path << " " << nth;
    }
  }
}

}  // namespace
}  // namespace bridge
