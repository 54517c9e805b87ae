#include "platform/http/server.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include "platform/http/connection.h"

namespace bridge {
namespace {

using namespace http_server;

class AsioHttpServer final : public HttpServer {
 public:
  AsioHttpServer(HttpServerOptions options, std::vector<Route> routes, Authenticator& authenticator) {
    shared_.options = std::move(options);
    shared_.authenticator = &authenticator;
    for (Route& route : routes) {
      RouteEntry entry{.route = std::move(route)};
      for (const QueryParameter& parameter : entry.route.docs.query) entry.query_names.push_back(parameter.name);
      entry.query_names.emplace_back("team_id");
      shared_.routes.push_back(std::move(entry));
    }
  }
  ~AsioHttpServer() override { stop(0); }

  Result<> start();
  std::uint16_t port() const override { return port_; }
  void stop(int drain_ms) override;

 private:
  Result<> listen(IoThread& thread, const tcp::endpoint& endpoint);
  void make_metrics();
  static void accept(IoThread& thread);
  static void welcome(IoThread& thread, Socket socket);
  static void sweep(IoThread& thread);
  static void flush_counts(IoThread& thread);
  static void run(IoThread& thread);
  // Runs `work` on every I/O thread and waits for all.
  void on_all_threads(const std::function<void(IoThread&)>& work);

  Shared shared_;
  std::vector<std::unique_ptr<IoThread>> threads_;
  std::uint16_t port_ = 0;
  std::mutex stop_mutex_;
  bool stopped_ = false;
};

// Requests of one thing that may hang have some of the threads, and those of one team leave some to the other teams.
std::unique_ptr<WorkerPool> make_request_workers(const HttpServerOptions& options) {
  return make_worker_pool({.name = "pool of requests",
                           .threads_max = static_cast<std::size_t>(std::max(1, options.worker_threads)),
                           .queue_max = options.worker_queue_max,
                           .key_threads_max = options.worker_threads_per_share,
                           .key_queue_max = options.worker_queue_max,
                           .groups_leave_room = true});
}

// A team may have three quarters of the streams, at least one.
std::size_t streams_of_team(std::size_t whole) { return std::max<std::size_t>(1, whole - whole / 4); }

std::unique_ptr<WorkerPool> make_stream_workers(const HttpServerOptions& options) {
  const auto threads_max = static_cast<std::size_t>(std::max(1, options.stream_threads));
  return make_worker_pool({.name = "pool of streams",
                           .threads_max = threads_max,
                           .queue_max = options.stream_queue_max,
                           .key_threads_max = streams_of_team(threads_max),
                           .key_queue_max = streams_of_team(options.stream_queue_max),
                           .stack_bytes = kStreamStackBytes});
}

Result<> AsioHttpServer::start() {
  std::vector<Route> routes;
  for (const RouteEntry& entry : shared_.routes) routes.push_back({.method = entry.route.method, .path = entry.route.path});
  shared_.router = TRY(make_router(routes));
  shared_.extra_head = header_block(shared_.options.extra_headers);
  make_metrics();
  shared_.workers = make_request_workers(shared_.options);
  shared_.streamers = make_stream_workers(shared_.options);

  error_code error;
  const asio::ip::address address = asio::ip::make_address(shared_.options.address, error);
  if (error) return fail(ErrorCode::invalid_argument, str("'", shared_.options.address, "' is not an IP address"));
  tcp::endpoint endpoint(address, shared_.options.port);
  if (endpoint.port() != 0) {
    // With SO_REUSEPORT the kernel would let two servers of one user share a port: a plain socket finds out whether somebody has it.
    asio::io_context io;
    tcp::acceptor probe(io);
    probe.open(endpoint.protocol(), error);
    if (!error) probe.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) probe.bind(endpoint, error);
    if (!error) probe.listen(1, error);
    if (error)
      return fail(ErrorCode::unavailable, str("Cannot listen on ", shared_.options.address, ":", endpoint.port(), ": ", error.message()));
  }
  for (int i = 0; i < std::max(1, shared_.options.io_threads); ++i) {
    auto thread = std::make_unique<IoThread>(shared_);
    TRY(listen(*thread, endpoint));
    endpoint.port(thread->acceptor.local_endpoint(error).port());
    threads_.push_back(std::move(thread));
  }
  port_ = endpoint.port();
  const Result<> started = guarded([&] {
    for (const auto& thread : threads_) thread->thread = std::thread([&io_thread = *thread] { run(io_thread); });
  });
  if (!started) std::erase_if(threads_, [](const auto& thread) { return !thread->thread.joinable(); });  // stop() waits for the others
  return started;
}

Result<> AsioHttpServer::listen(IoThread& thread, const tcp::endpoint& endpoint) {
  using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;
  error_code error;
  thread.acceptor.open(endpoint.protocol(), error);
  if (!error) thread.acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) thread.acceptor.set_option(ReusePort(true), error);
  if (!error) thread.acceptor.bind(endpoint, error);
  if (!error) thread.acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error)
    return fail(ErrorCode::unavailable, str("Cannot listen on ", shared_.options.address, ":", endpoint.port(), ": ", error.message()));
  return {};
}

void AsioHttpServer::make_metrics() {
  constexpr std::array<const char*, 5> kClasses{"1xx", "2xx", "3xx", "4xx", "5xx"};
  for (std::size_t i = 0; i <= shared_.routes.size(); ++i) {
    const bool none = i == shared_.routes.size();
    const std::string path = none ? "unmatched" : shared_.routes[i].route.path;
    const std::string method = none ? "any" : std::string(method_name(shared_.routes[i].route.method));
    RouteMetrics metrics;
    for (std::size_t c = 0; c < kClasses.size(); ++c) {
      metrics.by_class[c] = &counter("bridge_http_requests_total", "Requests by route and class of status",
                                     {{"method", method}, {"route", path}, {"status", kClasses[c]}});
    }
    metrics.latency = &histogram("bridge_http_request_seconds", "From the first byte of a request to the last of its answer",
                                 {{"method", method}, {"route", path}});
    shared_.metrics.push_back(metrics);
  }
  shared_.open_connections = &gauge("bridge_http_connections", "Open connections");
  shared_.open_streams = &gauge("bridge_http_streams", "Open event streams");
  shared_.waiting = &gauge("bridge_http_waiting", "Requests that wait for a worker");
  shared_.refused = &counter("bridge_http_overloaded_total", "Requests refused because the queue was full");
}

void AsioHttpServer::welcome(IoThread& thread, Socket socket) {
  static constexpr std::string_view kBusy =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  Shared& shared = thread.shared;
  if (shared.connections.fetch_add(1) >= shared.options.connections_max) {
    shared.connections.fetch_sub(1);
    shared.refused->add();
    ::send(socket.native_handle(), kBusy.data(), kBusy.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return;
  }
  const int native = socket.native_handle();
  std::shared_ptr<Connection> connection;
  const Result<> made = guarded([&] {
    error_code error;
    socket.set_option(tcp::no_delay(true), error);
    const tcp::endpoint remote = socket.remote_endpoint(error);
    connection = std::make_shared<Connection>(thread, std::move(socket), error ? std::string() : remote.address().to_string());
    thread.connections.insert(connection);
  });
  if (made) return connection->start();
  shared.connections.fetch_sub(1);
  shared.refused->add();
  if (socket.is_open()) ::send(native, kBusy.data(), kBusy.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void AsioHttpServer::accept(IoThread& thread) {
  thread.acceptor.async_accept([&thread](error_code error, Socket socket) {
    thread.accepts = false;
    if (error == asio::error::operation_aborted || !thread.acceptor.is_open()) return;
    if (!error) {
      welcome(thread, std::move(socket));
    } else {
      // Out of file descriptors or memory: wait a moment for connections to end instead of spinning.
      log_warning("cannot accept a connection", {{"reason", error.message()}});
      auto pause = std::make_shared<asio::steady_timer>(thread.io, milliseconds(100));
      pause->async_wait([&thread, pause](error_code) { accept(thread); });
      thread.accepts = true;
      return;
    }
    accept(thread);
  });
  thread.accepts = true;
}

void AsioHttpServer::sweep(IoThread& thread) {
  const TimePoint now = steady_clock::now();
  const Result<> swept = guarded([&] {
    thread.date = http_date(std::chrono::system_clock::now());
    // A connection that ends takes itself out of the set.
    const std::vector<std::shared_ptr<Connection>> connections(thread.connections.begin(), thread.connections.end());
    for (const auto& connection : connections) connection->sweep(now);
    flush_counts(thread);
  });
  if (!swept) log_failure("sweep_failed", "an I/O thread", swept.error());
  thread.timer.expires_after(milliseconds(thread.shared.options.sweep_ms));
  thread.timer.async_wait([&thread](error_code error) {
    thread.sweeps = false;
    if (!error) sweep(thread);
  });
  thread.sweeps = true;
}

void AsioHttpServer::flush_counts(IoThread& thread) {
  thread.shared.open_connections->set(static_cast<double>(thread.shared.connections.load()));
  thread.shared.waiting->set(static_cast<double>(thread.shared.workers->statistics().waiting));
  for (std::size_t i = 0; i < thread.counts.size(); ++i) {
    RouteCounts& counts = thread.counts[i];
    if (!counts.any) continue;
    const RouteMetrics& metrics = thread.shared.metrics[i];
    for (std::size_t c = 0; c < counts.by_class.size(); ++c) {
      if (counts.by_class[c] > 0) metrics.by_class[c]->add(counts.by_class[c]);
    }
    metrics.latency->observe_many(counts.buckets, counts.seconds);
    counts = {};
  }
}

// What was thrown out of accept() or sweep() has ended its chain: it is begun anew.
void AsioHttpServer::run(IoThread& thread) {
  run_rounds({}, "I/O of the server", [&] {
    if (!thread.sweeps) sweep(thread);
    if (!thread.accepts && thread.acceptor.is_open()) accept(thread);
    thread.io.run();
    return false;
  });
}

void AsioHttpServer::on_all_threads(const std::function<void(IoThread&)>& work) {
  std::mutex mutex;
  std::condition_variable done;
  std::size_t left = threads_.size();
  for (const auto& thread : threads_) {
    insist("stop of the server", [&] {
      asio::post(thread->io, [&, io_thread = thread.get()] {
        insist("stop of the server", [&] { work(*io_thread); });
        const std::lock_guard lock(mutex);
        if (--left == 0) done.notify_all();
      });
    });
  }
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return left == 0; });
}

void AsioHttpServer::stop(int drain_ms) {
  const std::lock_guard lock(stop_mutex_);
  if (std::exchange(stopped_, true) || port_ == 0) return;
  shared_.draining = true;
  const auto for_each_connection = [](IoThread& thread, void (Connection::*action)()) {
    const std::vector<std::shared_ptr<Connection>> connections(thread.connections.begin(), thread.connections.end());
    for (const auto& connection : connections) (connection.get()->*action)();
  };
  on_all_threads([&](IoThread& thread) {
    error_code ignored;
    thread.acceptor.close(ignored);
    for_each_connection(thread, &Connection::drain);
  });
  const TimePoint until = steady_clock::now() + milliseconds(drain_ms);
  while (shared_.connections.load() > 0 && steady_clock::now() < until) std::this_thread::sleep_for(milliseconds(5));
  on_all_threads([&](IoThread& thread) { for_each_connection(thread, &Connection::close); });
  shared_.workers->stop();
  shared_.streamers->stop();
  on_all_threads([&](IoThread& thread) {
    thread.timer.cancel();
    thread.sweeps = true;  // never again
    flush_counts(thread);
  });
  for (const auto& thread : threads_) {
    thread->io.stop();
    thread->thread.join();
  }
  threads_.clear();
}

}  // namespace

Result<std::unique_ptr<HttpServer>> start_http_server(HttpServerOptions options, std::vector<Route> routes, Authenticator& authenticator) {
  return guarded([&]() -> Result<std::unique_ptr<HttpServer>> {
    auto server = std::make_unique<AsioHttpServer>(std::move(options), std::move(routes), authenticator);
    TRY(server->start());
    return server;
  });
}

}  // namespace bridge
