// The HTTP server with one ready-made answer, for bench/http/run.sh: http_bench_server PORT FILE. Serves the file at /data to whoever
// presents the key "Bearer bench", until it is killed. /worker gives the same bytes by way of a worker thread.
#include <cstdio>
#include <fstream>
#include <iterator>

#include "platform/http/server.h"

namespace bridge {
namespace {

class OneKey final : public Authenticator {
 public:
  Result<Caller> authenticate(const Request& request) override {
    const auto key = request.header("authorization");
    if (!key || *key != "Bearer bench") return fail(ErrorCode::unauthenticated, "Present the key");
    return Caller{.user_id = UserId("01890a5d-ac96-774b-bcce-b302099a8057"),
                  .team_id = TeamId("01890a5d-ac96-774b-bcce-b302099a8058"),
                  .credential_id = "bench"};
  }
};

int serve(int port, const char* path) {
  std::ifstream file(path, std::ios::binary);
  const SharedBytes bytes = std::make_shared<const std::string>(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  const auto answer = [bytes] { return Response{.headers = {{"etag", "\"1\""}, {"cache-control", "private, no-cache"}}, .body = {bytes}}; };
  std::vector<Route> routes;
  routes.push_back({.method = Method::get, .path = "/data"});
  routes.back().quick = [answer](const Request&) -> std::optional<Response> { return answer(); };
  routes.push_back(
      {.method = Method::get, .path = "/worker", .handler = [answer](const Request&) -> Result<Response> { return answer(); }});
  OneKey keys;
  HttpServerOptions options{.port = static_cast<std::uint16_t>(port)};
  options.extra_headers = {
      {"content-security-policy", "default-src 'self'"}, {"x-content-type-options", "nosniff"}, {"referrer-policy", "no-referrer"}};
  auto server = start_http_server(options, std::move(routes), keys);
  if (!server) return std::fprintf(stderr, "%s\n", server.error().message.c_str()), 1;
  std::printf("ready\n");
  std::fflush(stdout);
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

}  // namespace
}  // namespace bridge

int main(int count, char** arguments) { return count == 3 ? bridge::serve(std::atoi(arguments[1]), arguments[2]) : 2; }
