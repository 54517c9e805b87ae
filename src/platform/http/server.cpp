#include "platform/http/server.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <atomic>
#include <cstring>
#include <ctime>
#include <unordered_set>

#define BOOST_ASIO_SEPARATE_COMPILATION
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/log.h"
#include "platform/http/compression.h"
#include "platform/http/event_stream_reader.h"
#include "platform/http/request_reader.h"
#include "platform/http/response_writer.h"
#include "platform/http/router.h"
#include "platform/http/task_pool.h"
#include "platform/telemetry/metrics.h"

// How it fits together: every I/O thread has an io_context, an acceptor on the shared port and its own connections, and touches nothing of
// the others. A connection is a state machine that answers one request at a time. While a handler runs on a worker, the request belongs to
// that worker and the connection only watches the socket; the answer comes back by `post`.

namespace bridge {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using TimePoint = std::chrono::steady_clock::time_point;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// What is counted for a request whose client did not wait for the end of the answer.
constexpr int kClientGone = 499;

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
  std::unique_ptr<TaskPool> workers;
  std::unique_ptr<TaskPool> streamers;
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
  std::unordered_set<Connection*> connections;
  std::vector<RouteCounts> counts;
  CorrelationIds ids;
  std::string date;  // of the Date header, renewed by the sweep
  std::thread thread;
};

// The events of one stream on their way from the handler's thread to the I/O thread.
struct StreamBuffer {
  std::mutex mutex;
  std::condition_variable room;
  std::string pending;
  std::size_t in_flight = 0;
  bool flush_posted = false;
  bool finished = false;  // by the handler
  bool closed = false;    // by the client, by the limit, or by the server's end
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
  void guarded(const Work& work) {
    try {
      work();
    } catch (const std::exception& e) {
      log_error("a connection was closed by an exception", {{"reason", e.what()}});
      close();
    }
  }

  // reading
  void read();
  void on_read(error_code error, std::size_t size);
  void process();
  std::string_view unread() const { return {buffer_.get() + begin_, end_ - begin_}; }
  bool make_room();

  // deciding
  void on_head();
  // False when it gave an answer of its own.
  Result<bool> admit();
  Result<> check_query(const Route& route) const;
  void on_complete();
  void dispatch();
  void handle(TimePoint queued);
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
  void run_stream(const Response& response);
  void flush_stream();
  void end_stream();

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
  std::vector<iovec> pieces_;
  std::size_t piece_ = 0;
  std::size_t answer_bytes_ = 0;
  bool write_wait_pending_ = false;

  std::shared_ptr<StreamBuffer> stream_;
  std::string frame_;
  TimePoint last_stream_write_;
  bool frame_in_flight_ = false;
  std::size_t lingered_bytes_ = 0;
};

// Runs on threads of the stream pool.
class ConnectionEventSink final : public EventSink {
 public:
  ConnectionEventSink(std::shared_ptr<Connection> connection, std::shared_ptr<StreamBuffer> buffer, int stall_ms)
      : connection_(std::move(connection)), buffer_(std::move(buffer)), stall_ms_(stall_ms) {}

  Result<> send(std::string_view event, std::string_view data) override {
    const std::string bytes = encode_event(event, data);
    if (bytes.size() > kStreamEventBytesMax) return fail(ErrorCode::payload_too_large, "The event is too large for the stream");
    std::unique_lock lock(buffer_->mutex);
    const auto has_room = [&] {
      const std::size_t waiting = buffer_->pending.size() + buffer_->in_flight;
      return buffer_->closed || waiting == 0 || waiting + bytes.size() <= kStreamBufferBytesMax;
    };
    if (!buffer_->room.wait_for(lock, milliseconds(stall_ms_), has_room)) {
      buffer_->closed = true;
      lock.unlock();
      connection_->post_overflow();
      return fail(ErrorCode::resource_exhausted, "The client reads too slowly");
    }
    if (buffer_->closed) return fail(ErrorCode::cancelled, "The client is gone");
    buffer_->pending += bytes;
    if (std::exchange(buffer_->flush_posted, true)) return {};
    lock.unlock();
    connection_->post_flush();
    return {};
  }

 private:
  const std::shared_ptr<Connection> connection_;
  const std::shared_ptr<StreamBuffer> buffer_;
  const int stall_ms_;
};

// ---- reading -------------------------------------------------------------------------------------------------------

void Connection::start() {
  home_.connections.insert(this);
  deadline_ = steady_clock::now() + milliseconds(shared_.options.header_deadline_ms);
  guarded([this] { read(); });
}

// Grows the buffer, or moves what is unread to its front. Only while no read is pending: the kernel writes behind `end_`.
bool Connection::make_room() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ < capacity_) return true;
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
    return true;
  }
  const std::size_t limit = state_ == State::body ? kBodyReadBufferBytesMax : kReadBufferBytesMax;
  if (capacity_ >= limit) return false;
  const std::size_t capacity = capacity_ == 0 ? kReadBufferBytesMin : std::min(limit, capacity_ * 4);
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (end_ > 0) std::memcpy(larger.get(), buffer_.get(), end_);
  buffer_ = std::move(larger);
  capacity_ = capacity;
  return true;
}

void Connection::read() {
  if (read_pending_ || end_of_input_ || state_ == State::closed) return;
  if (!make_room()) return;  // pipelined bytes fill the buffer: the client waits for its answer
  read_pending_ = true;
  socket_->async_read_some(
      asio::buffer(buffer_.get() + end_, capacity_ - end_),
      [self = shared_from_this()](error_code error, std::size_t size) { self->guarded([&] { self->on_read(error, size); }); });
}

void Connection::on_read(error_code error, std::size_t size) {
  read_pending_ = false;
  if (state_ == State::closed) return;
  if (error) {
    end_of_input_ = true;
    if (stop_) stop_->request_stop();
    // A client may close its sending side and still read: an answer that is on its way is sent.
    const bool answer_due = error == asio::error::eof && (state_ == State::handling || state_ == State::writing);
    if (!answer_due) close();
    return;
  }
  end_ += size;
  switch (state_) {
    case State::head:
    case State::body: return process();
    case State::lingering:
      lingered_bytes_ += size;
      begin_ = end_ = 0;
      if (lingered_bytes_ > kLingerBytesMax) return close();
      return read();
    default: return read();  // pipelined: kept for later, while the socket stays watched
  }
}

void Connection::process() {
  while (state_ == State::head || state_ == State::body) {
    if (!request_begun_) {
      // A line end before a request is tolerated (RFC 9112, 2.2).
      while (begin_ < end_ && (buffer_[begin_] == '\r' || buffer_[begin_] == '\n')) ++begin_;
    }
    if (begin_ == end_) return read();
    if (!request_begun_) {
      request_begun_ = true;
      request_start_ = steady_clock::now();
      deadline_ = request_start_ + milliseconds(shared_.options.header_deadline_ms);
    }
    const std::size_t body_before = request_.body.size();
    const RequestReader::Step step = reader_->read(unread(), request_);
    begin_ += reader_->consumed();
    if (const std::size_t grown = request_.body.size() - body_before; grown > 0) {
      body_bytes_counted_ += grown;
      if (shared_.bodies_bytes.fetch_add(grown) + grown > kBodiesBytesMax) return refuse(503, "Too many large requests at once");
    }
    switch (step) {
      case RequestReader::Step::refused: return refuse(reader_->refusal().status, reader_->refusal().message);
      case RequestReader::Step::head: on_head(); break;
      case RequestReader::Step::done: on_complete(); break;
      case RequestReader::Step::more:
        if (read_pending_) return;
        if (!make_room()) {
          const ReadRefusal refusal = reader_->too_long();
          return refuse(refusal.status, refusal.message);
        }
        return read();
    }
  }
}

// ---- deciding ------------------------------------------------------------------------------------------------------

// The head is complete: everything that can be refused without the body is refused here.
void Connection::on_head() {
  const RequestHead& head = reader_->head();
  keep_alive_ = head.keep_alive && ++requests_ < kRequestsPerConnectionMax && !shared_.draining.load(std::memory_order_relaxed);
  http_1_0_ = head.http_1_0;
  head_request_ = head.known_method && request_.method == Method::head;
  take_identity();
  Result<bool> admitted = fail(ErrorCode::internal, "");
  try {
    admitted = admit();
  } catch (const std::exception& e) {
    admitted = fail({.code = ErrorCode::internal, .message = "Something went wrong here", .detail = e.what()});
  }
  if (!admitted) {
    if (head.has_body) keep_alive_ = false;  // its body is not read
    return answer_error(admitted.error());
  }
  if (!*admitted) return;
  if (!head.has_body) return on_complete();
  const std::size_t body_bytes_max = route().body_bytes_max;
  if (!head.chunked && head.content_length > body_bytes_max) {
    return refuse(413, str("The body is over ", format_bytes(body_bytes_max), ", the most that this path takes"));
  }
  reader_->limit_body(body_bytes_max);
  if (head.expects_continue && begin_ == end_) {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    if (::send(socket_->native_handle(), kContinue.data(), kContinue.size(), MSG_NOSIGNAL | MSG_DONTWAIT) !=
        static_cast<ssize_t>(kContinue.size()))
      return close();
  }
  state_ = State::body;
  body_start_ = steady_clock::now();
  deadline_ = body_start_ + milliseconds(shared_.options.body_grace_ms);
}

void Connection::take_identity() {
  request_.remote_address = remote_address_;
  request_.context.correlation_id = choose_correlation_id(request_, home_.ids);
}

Result<bool> Connection::admit() {
  const RequestHead& head = reader_->head();
  if (!head.known_method && (head.method == "TRACE" || head.method == "CONNECT")) {
    keep_alive_ = false;
    Response response =
        problem_response({.code = ErrorCode::unsupported, .message = str(head.method, " is not served"), .reason = "method_not_allowed"},
                         request_.context.correlation_id);
    response.headers.emplace_back("allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    answer(std::move(response));
    return false;
  }
  if (head.has_expect && !head.expects_continue) {
    refuse(417, "The only expectation that can be met is 100-continue");
    return false;
  }
  const std::string_view target = request_.target;
  const std::size_t question = target.find('?');
  // An unknown method is looked up as OPTIONS, to say which methods the path has.
  RouteMatch match = TRY(shared_.router->find(head.known_method ? request_.method : Method::options, target.substr(0, question)));
  request_.path = std::move(match.path);
  request_.path_parameters = std::move(match.path_parameters);
  route_index_ = match.route;
  if (question != std::string_view::npos) {
    request_.query = parse_query(target.substr(question + 1));
    for (const auto& [name, value] : request_.query) {
      const bool fine =
          is_valid_utf8(name) && is_valid_utf8(value) && name.find('\0') == std::string::npos && value.find('\0') == std::string::npos;
      if (!fine) return fail(ErrorCode::invalid_argument, "bad_request", "The query must be UTF-8 without NUL");
    }
  }
  if (route_index_ == RouteMatch::kNone) {
    Response response;
    if (head.known_method && request_.method == Method::options) {
      response = no_content();
    } else {
      response = problem_response({.code = ErrorCode::unsupported,
                                   .message = str(head.method, " is not a method of this path: it has ", match.allow),
                                   .reason = "method_not_allowed"},
                                  request_.context.correlation_id);
    }
    response.headers.emplace_back("allow", match.allow);
    if (head.has_body) keep_alive_ = false;
    answer(std::move(response));
    return false;
  }
  if (route().access != Access::anyone) {
    request_.context.caller = TRY(shared_.authenticator->authenticate(request_));
    TRY(check_access(route().access, request_.context.caller));
  }
  TRY(check_query(route()));
  if (head.has_body && request_.header("content-encoding")) {
    keep_alive_ = false;
    return fail(ErrorCode::invalid_argument, "unsupported_media_type",
                "Compressed bodies are not accepted: send it without Content-Encoding");
  }
  return true;
}

Result<> Connection::check_query(const Route& route) const {
  if (request_.query.empty() || route.docs.open_query) return {};
  const std::vector<std::string>& names = shared_.routes[route_index_].query_names;
  return check_query_names(request_.query, names);
}

// The whole request is there.
void Connection::on_complete() {
  deadline_ = TimePoint::max();
  if (route().quick) {
    try {
      if (std::optional<Response> response = route().quick(request_)) {
        add_vary(*response);
        apply_conditions(request_, *response);
        return answer(std::move(*response));
      }
    } catch (const std::exception& e) {
      return answer_error({.code = ErrorCode::internal, .message = "Something went wrong here", .detail = e.what()});
    }
  }
  dispatch();
}

void Connection::dispatch() {
  if (head_request_ && route().streams) return answer({.content_type = "text/event-stream"});
  stop_.emplace();
  request_.context.stop = stop_->get_token();
  const TimePoint now = steady_clock::now();
  request_.context.deadline = now + milliseconds(route().timeout_ms);
  state_ = State::handling;
  TaskPool& pool = route().streams ? *shared_.streamers : *shared_.workers;
  if (!pool.try_run([self = shared_from_this(), now] { self->handle(now); })) {
    shared_.refused->add();
    state_ = State::head;
    return answer_error({.code = ErrorCode::unavailable,
                         .message = "The server is busy: try again in a moment",
                         .reason = "overloaded",
                         .retry_after_s = 1});
  }
  read();  // so that a client that goes away is noticed
}

// On a thread of a pool; the request is this thread's until it posts the answer.
void Connection::handle(TimePoint queued) {
  Result<Response> result = fail(ErrorCode::internal, "");
  try {
    if (request_.context.stop.stop_requested()) {
      result = fail(ErrorCode::cancelled, "The client is gone");
    } else if (steady_clock::now() - queued > milliseconds(shared_.options.queue_wait_ms)) {
      result = fail({.code = ErrorCode::unavailable,
                     .message = "The server is busy: try again in a moment",
                     .reason = "overloaded",
                     .retry_after_s = 1});
    } else {
      result = route().handler(request_);
    }
    if (result && result->stream) {
      auto run = [self = shared_from_this(), response = std::move(*result)] { self->run_stream(response); };
      if (route().streams) return run();
      if (shared_.streamers->try_run(std::move(run))) return;
      result = fail({.code = ErrorCode::unavailable,
                     .message = "Too many streams are open: try again in a moment",
                     .reason = "overloaded",
                     .retry_after_s = 1});
    }
    if (result) {
      apply_conditions(request_, *result);
      apply_compression(request_, *result);
    }
  } catch (const std::exception& e) {
    result = fail({.code = ErrorCode::internal, .message = "Something went wrong here", .detail = e.what()});
  } catch (...) {
    result = fail({.code = ErrorCode::internal, .message = "Something went wrong here", .detail = "an exception of an unknown type"});
  }
  asio::post(home_.io, [self = shared_from_this(), result = std::move(result)]() mutable {
    self->guarded([&] { self->on_result(std::move(result)); });
  });
}

void Connection::on_result(Result<Response> result) {
  if (state_ != State::handling) return;
  stop_.reset();
  if (result) answer(std::move(*result));
  else answer_error(result.error());
  if (state_ == State::head) process();
}

// ---- answering -----------------------------------------------------------------------------------------------------

void Connection::answer_error(const Error& error) {
  Response response = problem_response(error, request_.context.correlation_id);
  if (response.status >= 500 && error.reason != "overloaded")
    log_answer(response.status, error.detail.empty() ? error.message : error.detail);
  answer(std::move(response));
}

// For what breaks the protocol or its limits: answers and closes.
void Connection::refuse(int status, std::string message) {
  keep_alive_ = false;
  if (request_.context.correlation_id.empty()) take_identity();
  answer(protocol_problem(status, message, request_.context.correlation_id));
}

void Connection::answer(Response response) {
  deadline_ = TimePoint::max();
  response_ = std::move(response);
  if (end_of_input_ || shared_.draining.load(std::memory_order_relaxed)) keep_alive_ = false;
  answer_bytes_ = write_head(head_bytes_, response_,
                             {.correlation_id = request_.context.correlation_id,
                              .extra_head = shared_.extra_head,
                              .date = home_.date,
                              .http_1_0 = http_1_0_,
                              .keep_alive = keep_alive_});
  pieces_.clear();
  piece_ = 0;
  pieces_.push_back({head_bytes_.data(), head_bytes_.size()});
  if (!head_request_ && has_body(response_.status)) {
    for (const SharedBytes& bytes : response_.body) {
      if (bytes && !bytes->empty()) pieces_.push_back({const_cast<char*>(bytes->data()), bytes->size()});
    }
  }
  state_ = State::writing;
  if (write_pieces()) after_write();
}

// Sends as much as the socket takes. True when all is sent; otherwise the connection waits, or is closed.
bool Connection::write_pieces() {
  while (piece_ < pieces_.size()) {
    msghdr message{};
    message.msg_iov = pieces_.data() + piece_;
    message.msg_iovlen = std::min<std::size_t>(pieces_.size() - piece_, IOV_MAX);
    const ssize_t sent = ::sendmsg(socket_->native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (!std::exchange(write_wait_pending_, true)) {
        deadline_ = steady_clock::now() + milliseconds(shared_.options.write_stall_ms);
        socket_->async_wait(Socket::wait_write,
                            [self = shared_from_this()](error_code error) { self->guarded([&] { self->on_writable(error); }); });
      }
      return false;
    }
    if (sent < 0) {
      close();
      return false;
    }
    std::size_t left = static_cast<std::size_t>(sent);
    while (left > 0) {
      iovec& piece = pieces_[piece_];
      const std::size_t taken = std::min(left, piece.iov_len);
      piece.iov_base = static_cast<char*>(piece.iov_base) + taken;
      piece.iov_len -= taken;
      left -= taken;
      if (piece.iov_len == 0) ++piece_;
    }
  }
  return true;
}

void Connection::on_writable(error_code error) {
  write_wait_pending_ = false;
  if (state_ == State::closed) return;
  if (error) return close();
  if (!write_pieces()) return;
  deadline_ = TimePoint::max();
  if (state_ == State::streaming) return flush_stream();
  after_write();
  if (state_ == State::head) process();
}

// The answer is out: ready for the next request, or the end of the connection.
void Connection::after_write() {
  const TimePoint now = steady_clock::now();
  count(response_.status, now);
  finish_request();
  if (end_of_input_ && begin_ == end_) return close();
  if (!keep_alive_) return linger();
  state_ = State::head;
  deadline_ = now + milliseconds(shared_.options.idle_ms);
  if (capacity_ > kReadBufferBytesMax && begin_ == end_ && !read_pending_) {
    buffer_.reset();
    capacity_ = begin_ = end_ = 0;
  }
}

void Connection::finish_request() {
  release_body();
  request_ = Request{};
  response_ = Response{};
  stop_.reset();
  route_index_ = RouteMatch::kNone;
  request_begun_ = false;
  head_request_ = false;
  reader_->reset();
}

void Connection::release_body() {
  if (body_bytes_counted_ > 0) shared_.bodies_bytes.fetch_sub(std::exchange(body_bytes_counted_, 0));
}

// Closes the sending side and reads on for a moment: closing with unread bytes would throw the answer away on its way.
void Connection::linger() {
  error_code ignored;
  socket_->shutdown(Socket::shutdown_send, ignored);
  if (end_of_input_) return close();
  state_ = State::lingering;
  deadline_ = steady_clock::now() + milliseconds(kLingerMs);
  if (!read_pending_) begin_ = end_ = 0;
  read();
}

void Connection::close() {
  if (state_ == State::closed) return;
  const bool unanswered = state_ == State::handling || state_ == State::writing || state_ == State::streaming;
  if (unanswered) count(kClientGone, steady_clock::now());
  state_ = State::closed;
  if (stop_) stop_->request_stop();
  if (stream_) {
    {
      const std::lock_guard lock(stream_->mutex);
      stream_->closed = true;
    }
    stream_->room.notify_all();
  }
  socket_.reset();
  shared_.connections.fetch_sub(1);
  home_.connections.erase(this);
}

void Connection::count(int status, TimePoint now) {
  RouteCounts& counts = home_.counts[std::min(route_index_, home_.counts.size() - 1)];
  const double seconds = std::chrono::duration<double>(now - request_start_).count();
  const auto bounds = latency_buckets_s();
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin();
  counts.by_class[static_cast<std::size_t>(std::clamp(status / 100, 1, 5) - 1)] += 1;
  counts.buckets[static_cast<std::size_t>(bucket)] += 1;
  counts.seconds += seconds;
  counts.any = true;
  if (!shared_.options.log_requests) return;
  log(LogLevel::debug, "request",
      {{"method", reader_->head().method},
       {"path", request_.path},
       {"status", std::to_string(status)},
       {"ms", std::to_string(static_cast<std::int64_t>(seconds * 1000))},
       {"bytes", std::to_string(answer_bytes_)},
       {"correlation_id", request_.context.correlation_id}});
}

void Connection::log_answer(int status, std::string_view detail) const {
  log_warning("request failed", {{"method", reader_->head().method},
                                 {"path", request_.path},
                                 {"status", std::to_string(status)},
                                 {"detail", std::string(detail)},
                                 {"correlation_id", request_.context.correlation_id}});
}

// ---- streaming -----------------------------------------------------------------------------------------------------

// On a thread of the stream pool, from the first event to the last.
void Connection::run_stream(const Response& response) {
  auto buffer = std::make_shared<StreamBuffer>();
  asio::post(home_.io, [self = shared_from_this(), buffer, headers = response.headers, status = response.status] {
    self->stream_ = buffer;
    self->response_ = {.status = status, .headers = headers};
    self->guarded([&] { self->begin_stream(); });
  });
  shared_.open_streams->add(1);
  try {
    ConnectionEventSink sink(shared_from_this(), buffer, shared_.options.stream_stall_ms);
    response.stream(sink, request_.context);
  } catch (const std::exception& e) {
    log_answer(500, e.what());
  } catch (...) {
    log_answer(500, "an exception of an unknown type");
  }
  shared_.open_streams->add(-1);
  {
    const std::lock_guard lock(buffer->mutex);
    buffer->finished = true;
    if (std::exchange(buffer->flush_posted, true)) return;
  }
  post_flush();
}

void Connection::post_flush() {
  asio::post(home_.io, [self = shared_from_this()] {
    self->guarded([&] {
      if (self->state_ == State::streaming && !self->frame_in_flight_) self->flush_stream();
    });
  });
}

void Connection::post_overflow() {
  asio::post(home_.io, [self = shared_from_this()] {
    if (self->state_ != State::streaming) return;
    log_warning("a stream was closed: its client reads too slowly",
                {{"path", self->request_.path}, {"correlation_id", self->request_.context.correlation_id}});
    self->close();
  });
}

void Connection::begin_stream() {
  if (state_ != State::handling) {  // the client went away meanwhile
    const std::lock_guard lock(stream_->mutex);
    stream_->closed = true;
    stream_->room.notify_all();
    return;
  }
  if (http_1_0_ || end_of_input_) keep_alive_ = false;
  write_stream_head(head_bytes_, response_,
                    {.correlation_id = request_.context.correlation_id,
                     .extra_head = shared_.extra_head,
                     .date = home_.date,
                     .http_1_0 = http_1_0_,
                     .keep_alive = keep_alive_});
  response_.body.clear();
  pieces_ = {{head_bytes_.data(), head_bytes_.size()}};
  piece_ = 0;
  state_ = State::streaming;
  frame_in_flight_ = true;
  last_stream_write_ = steady_clock::now();
  if (write_pieces()) flush_stream();
}

// Sends what is pending until nothing is left or the socket is full. Called when nothing is in flight any more.
void Connection::flush_stream() {
  for (;;) {
    bool finished = false;
    {
      const std::lock_guard lock(stream_->mutex);
      stream_->in_flight = 0;
      frame_.clear();
      frame_.swap(stream_->pending);
      stream_->in_flight = frame_.size();
      finished = frame_.empty() && stream_->finished;
      if (frame_.empty()) stream_->flush_posted = false;
    }
    stream_->room.notify_all();
    frame_in_flight_ = !frame_.empty();
    if (finished) return end_stream();
    if (frame_.empty()) {
      deadline_ = TimePoint::max();
      return;
    }
    last_stream_write_ = steady_clock::now();
    pieces_.clear();
    piece_ = 0;
    write_chunk_frame(head_bytes_, frame_, http_1_0_, pieces_);
    if (!write_pieces()) return;
  }
}

void Connection::end_stream() {
  if (!head_request_ && !http_1_0_) {
    static constexpr std::string_view kLastChunk = "0\r\n\r\n";
    pieces_ = {{const_cast<char*>(kLastChunk.data()), kLastChunk.size()}};
  } else {
    pieces_.clear();
  }
  piece_ = 0;
  stream_.reset();
  state_ = State::writing;
  if (!write_pieces()) return;
  after_write();
  if (state_ == State::head) process();
}

// ---- time ----------------------------------------------------------------------------------------------------------

void Connection::sweep(TimePoint now) {
  guarded([&] { check_time(now); });
}

void Connection::check_time(TimePoint now) {
  if (state_ == State::streaming && !frame_in_flight_ && now - last_stream_write_ >= milliseconds(shared_.options.heartbeat_ms)) {
    {
      const std::lock_guard lock(stream_->mutex);
      stream_->pending += ": \n\n";
    }
    flush_stream();
    return;
  }
  if (now < deadline_) return;
  switch (state_) {
    case State::head:
      if (request_begun_) return refuse(408, "The header took too long");
      return close();
    case State::body: {
      // Every received byte buys a little more time.
      const auto earned = milliseconds(request_.body.size() * 1000 / kBodyBytesPerSecondMin);
      deadline_ = body_start_ + milliseconds(shared_.options.body_grace_ms) + earned;
      if (now >= deadline_) refuse(408, "The body comes too slowly");
      return;
    }
    case State::writing:
    case State::streaming:
      log_warning("a client stopped reading its answer", {{"path", request_.path}, {"correlation_id", request_.context.correlation_id}});
      return close();
    default: return close();
  }
}

// The server stops: idle connections end now, running requests get their answer first, streams are told to end.
void Connection::drain() {
  const bool idle = state_ == State::head && !request_begun_;
  if (idle || state_ == State::lingering) return close();
  keep_alive_ = false;
  const bool streams = state_ == State::streaming || (state_ == State::handling && route().streams);
  if (streams && stop_) stop_->request_stop();
  if (state_ != State::streaming) return;
  {
    const std::lock_guard lock(stream_->mutex);
    stream_->pending += "retry: 2000\n\n";
  }
  if (!frame_in_flight_) flush_stream();
}

// ---- the server ----------------------------------------------------------------------------------------------------

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

Result<> AsioHttpServer::start() {
  std::vector<Route> routes;
  for (const RouteEntry& entry : shared_.routes) routes.push_back({.method = entry.route.method, .path = entry.route.path});
  shared_.router = TRY(make_router(routes));
  shared_.extra_head = header_block(shared_.options.extra_headers);
  make_metrics();
  shared_.workers =
      std::make_unique<TaskPool>(static_cast<std::size_t>(std::max(1, shared_.options.worker_threads)), shared_.options.worker_queue_max);
  shared_.streamers =
      std::make_unique<TaskPool>(static_cast<std::size_t>(std::max(1, shared_.options.stream_threads)), shared_.options.stream_queue_max);

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
  for (const auto& thread : threads_) {
    accept(*thread);
    sweep(*thread);
    thread->thread = std::thread([&io_thread = *thread] { run(io_thread); });
  }
  return {};
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
  Shared& shared = thread.shared;
  if (shared.connections.fetch_add(1) >= shared.options.connections_max) {
    shared.connections.fetch_sub(1);
    shared.refused->add();
    static constexpr std::string_view kBusy =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    ::send(socket.native_handle(), kBusy.data(), kBusy.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return;
  }
  error_code error;
  socket.set_option(tcp::no_delay(true), error);
  const tcp::endpoint remote = socket.remote_endpoint(error);
  try {
    std::make_shared<Connection>(thread, std::move(socket), error ? std::string() : remote.address().to_string())->start();
  } catch (const std::bad_alloc&) {
    shared.connections.fetch_sub(1);
  }
}

void AsioHttpServer::accept(IoThread& thread) {
  thread.acceptor.async_accept([&thread](error_code error, Socket socket) {
    if (error == asio::error::operation_aborted || !thread.acceptor.is_open()) return;
    if (!error) {
      welcome(thread, std::move(socket));
    } else {
      // Out of file descriptors or memory: wait a moment for connections to end instead of spinning.
      log_warning("cannot accept a connection", {{"reason", error.message()}});
      auto pause = std::make_shared<asio::steady_timer>(thread.io, milliseconds(100));
      pause->async_wait([&thread, pause](error_code) { accept(thread); });
      return;
    }
    accept(thread);
  });
}

void AsioHttpServer::sweep(IoThread& thread) {
  const TimePoint now = steady_clock::now();
  thread.date = http_date(std::chrono::system_clock::now());
  // A connection that ends takes itself out of the set.
  const std::vector<Connection*> connections(thread.connections.begin(), thread.connections.end());
  for (Connection* connection : connections) {
    if (thread.connections.contains(connection)) connection->shared_from_this()->sweep(now);
  }
  flush_counts(thread);
  thread.timer.expires_after(milliseconds(thread.shared.options.sweep_ms));
  thread.timer.async_wait([&thread](error_code error) {
    if (!error) sweep(thread);
  });
}

void AsioHttpServer::flush_counts(IoThread& thread) {
  thread.shared.open_connections->set(static_cast<double>(thread.shared.connections.load()));
  thread.shared.waiting->set(static_cast<double>(thread.shared.workers->waiting()));
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

void AsioHttpServer::run(IoThread& thread) {
  for (;;) {
    try {
      thread.io.run();
      return;
    } catch (const std::exception& e) {
      log_error("an I/O thread caught an exception", {{"reason", e.what()}});
    }
  }
}

void AsioHttpServer::on_all_threads(const std::function<void(IoThread&)>& work) {
  std::mutex mutex;
  std::condition_variable done;
  std::size_t left = threads_.size();
  for (const auto& thread : threads_) {
    asio::post(thread->io, [&, io_thread = thread.get()] {
      work(*io_thread);
      const std::lock_guard lock(mutex);
      if (--left == 0) done.notify_all();
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
    const std::vector<Connection*> connections(thread.connections.begin(), thread.connections.end());
    for (Connection* connection : connections) {
      if (thread.connections.contains(connection)) (connection->shared_from_this().get()->*action)();
    }
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
  try {
    auto server = std::make_unique<AsioHttpServer>(std::move(options), std::move(routes), authenticator);
    TRY(server->start());
    return server;
  } catch (const std::exception& e) {
    return fail(ErrorCode::unavailable, str("The server cannot start: ", e.what()));
  }
}

}  // namespace bridge
