#pragma once

#include <sys/uio.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#define BOOST_ASIO_SEPARATE_COMPILATION
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/guarded.h"
#include "base/log.h"
#include "platform/http/request_reader.h"
#include "platform/http/response_writer.h"
#include "platform/http/router.h"
#include "platform/http/server.h"
#include "platform/telemetry/metrics.h"
#include "platform/telemetry/trace.h"
#include "platform/work/worker_pool.h"

// Internal to the server, and the only header that includes Asio: for server.cpp and connection*.cpp alone.
//
// How it fits together: every I/O thread has an io_context, an acceptor on the shared port and its own connections, and touches nothing of
// the others. A connection is a state machine that answers one request at a time. While a handler runs on a worker, the request belongs to
// that worker and the connection only watches the socket; the answer comes back by `post`.

namespace bridge::http_server {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using TimePoint = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// What is counted for a request whose client did not wait for the end of the answer.
inline constexpr int kClientGone = 499;

class Connection;

// With the executor's own type: the default one is type-erased, which every read would pay for.
using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<tcp, asio::io_context::executor_type>;

// What the hot path needs of a route, resolved once.
struct RouteEntry {
  Route route;
  std::vector<std::string> query_names;
};

// Counted by one I/O thread without locks and moved to the shared metrics by its sweep.
struct RouteCounts {
  std::array<double, 5> by_class{};
  std::vector<double> buckets = std::vector<double>(latency_buckets_s().size() + 1);
  double seconds = 0;
  bool any = false;
};
struct RouteMetrics {
  std::array<Counter*, 5> by_class{};
  Histogram* latency = nullptr;
};

// What all threads of a server share; read-only but for the atomics.
struct Shared {
  HttpServerOptions options;
  std::vector<RouteEntry> routes;
  std::unique_ptr<Router> router;
  Authenticator* authenticator = nullptr;
  std::string extra_head;             // the extra headers, ready to send
  std::vector<RouteMetrics> metrics;  // by route; the last is for requests that match none
  std::unique_ptr<WorkerPool> workers;
  std::unique_ptr<WorkerPool> streamers;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> bodies_bytes{0};
  std::atomic<bool> draining{false};
  Gauge* open_connections = nullptr;
  Gauge* open_streams = nullptr;
  Gauge* waiting = nullptr;
  Counter* refused = nullptr;
};

// One I/O thread: everything but `io` is touched by that thread alone.
struct IoThread {
  explicit IoThread(Shared& everybody)
      : shared(everybody), acceptor(io), timer(io), counts(everybody.metrics.size()), ids(make_correlation_ids()) {}

  Shared& shared;
  // Sockets are used by this thread alone, so the reactor needs no lock; post() from other threads stays safe.
  asio::io_context io{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  Acceptor acceptor;
  asio::steady_timer timer;
  std::unordered_set<std::shared_ptr<Connection>> connections;  // until they are closed
  std::vector<RouteCounts> counts;
  CorrelationIds ids;
  std::string date;      // of the Date header, renewed by the sweep
  bool accepts = false;  // an accept is pending, or will be again
  bool sweeps = false;
  std::thread thread;
};

// The events of one stream, or the pieces of one body, on their way from the handler's thread to the client: straight into the socket while
// nothing is in the way, else through `pending` and the I/O thread.
struct StreamBuffer {
  std::mutex mutex;
  std::condition_variable room;
  int socket = -1;  // once the head is out and until the connection closes: whoever holds the mutex may send on it, without waiting
  bool chunked = true;
  bool events = true;  // Server-Sent Events, which have signs of life and a last event that says how they ended
  TimePoint last_write;
  std::string unsent;   // the rest of a chunk that the socket did not take
  std::string pending;  // events, not yet a chunk
  std::size_t in_flight = 0;
  bool flush_posted = false;
  bool finished = false;  // by the handler
  bool broken = false;    // before its end: the connection is closed without the mark of a whole body
  bool closed = false;    // by the client, by the limit, or by the server's end
  bool ended = false;     // by the server, whose last event is on its way: nothing more is taken, and the connection is not used again

  void append_bytes(std::string& out, std::string_view bytes) const {
    if (chunked) append_chunk(out, bytes);
    else out += bytes;
  }
};

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(IoThread& home, Socket socket, std::string remote_address)
      : home_(home),
        shared_(home.shared),
        socket_(std::move(socket)),
        remote_address_(std::move(remote_address)),
        reader_(make_request_reader()) {}
  ~Connection() { release_body(); }

  void start();
  void sweep(TimePoint now);
  void drain();
  void close();

  // For the handler's side of a stream.
  void post_flush();
  void post_overflow();

 private:
  enum class State : std::uint8_t { head, body, handling, writing, streaming, lingering, closed };

  // Whatever is thrown on the I/O thread ends this connection and nothing else.
  template <class Work>
  void on_io_thread(const Work& work) {
    if (const Result<> done = guarded(work); !done) give_up(done.error());
  }
  void give_up(const Error& error) noexcept;

  // reading
  void read();
  void watch();
  void on_read(error_code error, std::size_t size);
  void process();
  std::string_view unread() const { return {buffer_.get() + begin_, end_ - begin_}; }
  bool make_room();

  // deciding
  void on_head();
  // False when it gave an answer of its own.
  Result<bool> admit();
  bool answer_unknown_path(std::string_view path);
  Result<> check_host() const;
  Result<> check_query(const Route& route) const;
  void on_complete();
  void dispatch();
  std::string share_key() const;
  void handle(TimePoint queued);
  void describe(Span& span) const;
  Result<std::optional<Response>> run_in_span(TimePoint queued);
  Result<std::optional<Response>> run_handler(TimePoint queued);
  void deliver(Result<Response> result) noexcept;
  void take_delivery();
  void on_result(Result<Response> result);
  void take_identity();

  // answering
  void answer(Response response);
  void answer_error(const Error& error);
  void refuse(int status, std::string message);
  bool write_pieces();
  void on_writable(error_code error);
  void after_write();
  void finish_request();
  void linger();

  // streaming
  void begin_stream();
  bool is_stream_closed() const;
  bool needs_flush(TimePoint now);
  void run_stream(const Response& response);
  void run_events(const Response& response, const std::shared_ptr<StreamBuffer>& buffer);
  void write_body(const Response& response, const std::shared_ptr<StreamBuffer>& buffer, const std::function<void()>& begin);
  template <class Run>
  Result<> run_watched(const std::shared_ptr<StreamBuffer>& buffer, const Run& run);
  void finish_stream(StreamBuffer& buffer, bool whole);
  void end_for(const Error& why, StreamBuffer& buffer);
  void flush_stream();
  void end_stream();
  void close_slow_stream();

  void check_time(TimePoint now);
  void release_body();
  const Route& route() const { return shared_.routes[route_index_].route; }
  void count(int status, TimePoint now);
  void log_answer(int status, std::string_view detail) const;

  IoThread& home_;
  Shared& shared_;
  std::optional<Socket> socket_;
  const std::string remote_address_;
  State state_ = State::head;

  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool read_pending_ = false;
  bool end_of_input_ = false;

  std::unique_ptr<RequestReader> reader_;
  Request request_;
  std::size_t route_index_ = RouteMatch::kNone;
  std::optional<std::stop_source> stop_;
  std::optional<Result<Response>> delivery_;  // the handler's, on its way to the I/O thread
  std::atomic<bool> delivered_ = false;
  std::size_t body_bytes_counted_ = 0;
  bool request_begun_ = false;
  bool keep_alive_ = true;
  bool http_1_0_ = false;
  bool head_request_ = false;
  std::size_t requests_ = 0;
  TimePoint request_start_;
  TimePoint deadline_ = TimePoint::max();
  TimePoint body_start_;

  Response response_;
  std::string head_bytes_;
  std::string cors_head_;
  std::vector<iovec> pieces_;
  std::size_t piece_ = 0;
  std::size_t answer_bytes_ = 0;
  bool write_wait_pending_ = false;

  std::shared_ptr<StreamBuffer> stream_;
  std::string frame_;
  bool frame_in_flight_ = false;
  std::size_t lingered_bytes_ = 0;
  TimePoint linger_until_;
};

}  // namespace bridge::http_server
