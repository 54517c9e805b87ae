#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "platform/http/limits.h"
#include "platform/http/route.h"

namespace bridge {

// Turns credentials into a caller. Thread-safe; called on an I/O thread, so it must answer from memory or quickly.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // The caller of this request (from `authorization`, `cookie`, `x-bridge-team` and ?team_id=). unauthenticated when there are no or bad
  // credentials; permission_denied for a cross-site request with a cookie; not_found for a team that is not the caller's.
  virtual Result<Caller> authenticate(const Request& request) = 0;

  // Calls `on_end` once, within a second of the moment at which the caller's credentials are no longer good for what they were let in with,
  // on a thread of its own; never after what is returned has been let go. Null where nobody looks.
  virtual std::shared_ptr<void> watch(const Caller& caller, std::function<void(const Error&)> on_end) {
    (void)caller, (void)on_end;
    return nullptr;
  }
};

struct HttpServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  // 0 picks a free one
  int io_threads = 2;
  int worker_threads = kWorkerThreads;
  std::size_t worker_threads_per_share = kWorkerThreadsPerShare;
  int stream_threads = kStreamThreads;
  Headers extra_headers;  // sent with every answer, e.g. the content security policy
  // Whose pages may read answers and send credentials from a browser, each as browsers write it; none: no page of another origin.
  std::vector<std::string> cors_origins;
  // Names by which clients may ask (the Host header without its port, lower-case): a page of another site that has its own name lead here
  // gets nothing. Empty: any.
  std::vector<std::string> hosts;
  bool log_requests = false;  // one debug line a request; answers of 500 and above are logged in any case
  // Answers a GET of a path that no route has; nothing, or no function: the problem document.
  QuickHandler unknown_path;

  std::size_t connections_max = kConnectionsMax;
  std::size_t worker_queue_max = kWorkerQueueMax;  // requests that wait for a worker; the next one gets 503
  std::size_t stream_queue_max = kStreamQueueMax;
  std::size_t bodies_bytes_max = kBodiesBytesMax;  // of the requests of all connections together; the next one gets 503
  int queue_wait_ms = kQueueWaitMs;
  int header_deadline_ms = kHeaderDeadlineMs;
  int idle_ms = kIdleMs;
  int body_grace_ms = kBodyGraceMs;
  int write_stall_ms = kWriteStallMs;
  int heartbeat_ms = kHeartbeatMs;
  int stream_stall_ms = kStreamStallMs;
  int sweep_ms = kSweepMs;
};

// HTTP/1.1 over plain TCP: keep-alive, pipelining, limits (limits.h), route table with roles, problem+json, Server-Sent Events.
class HttpServer {
 public:
  virtual ~HttpServer() = default;
  virtual std::uint16_t port() const = 0;
  // Stops accepting, lets running requests finish for at most `drain_ms`, then asks them to stop; ends streams; joins all threads, so it
  // waits for a handler that does not heed its stop token. Safe to call twice; not from a handler.
  virtual void stop(int drain_ms = 10'000) = 0;
};

// Listens and serves until stopped. unavailable when the address is in use. `authenticator` must outlive the server.
Result<std::unique_ptr<HttpServer>> start_http_server(HttpServerOptions options, std::vector<Route> routes, Authenticator& authenticator);

}  // namespace bridge
