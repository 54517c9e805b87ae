#include "platform/http/connection.h"

#include <climits>
#include <cstring>

// Reading, deciding, answering. Streams are in connection_stream.cpp.

namespace bridge::http_server {

// ---- reading -------------------------------------------------------------------------------------------------------

void Connection::start() {
  deadline_ = steady_clock::now() + milliseconds(shared_.options.header_deadline_ms);
  on_io_thread([this] { read(); });
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
      [self = shared_from_this()](error_code error, std::size_t size) { self->on_io_thread([&] { self->on_read(error, size); }); });
}

// Like read(), but without a buffer until there is something to read: streams wait for long, and many of them.
void Connection::watch() {
  if (begin_ != end_ || read_pending_) return read();
  buffer_.reset();
  capacity_ = begin_ = end_ = 0;
  read_pending_ = true;
  socket_->async_wait(Socket::wait_read, [self = shared_from_this()](error_code error) {
    self->on_io_thread([&] {
      self->read_pending_ = false;
      if (error) self->on_read(error, 0);
      else self->read();
    });
  });
}

void Connection::on_read(error_code error, std::size_t size) {
  read_pending_ = false;
  if (state_ == State::closed) return;
  if (error) {
    end_of_input_ = true;
    // A client may close its sending side and still read: an answer that is on its way is sent.
    const bool answer_due = error == asio::error::eof && (state_ == State::handling || state_ == State::writing);
    if (!answer_due) return close();
    if (stop_) stop_->request_stop();
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
      deadline_ = std::min(linger_until_, steady_clock::now() + milliseconds(kLingerSilenceMs));
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
      if (shared_.bodies_bytes.fetch_add(grown) + grown > shared_.options.bodies_bytes_max)
        return refuse(503, "Too many large requests at once");
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
  const Result<bool> admitted = guarded([&] { return admit(); });
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
  cors_head_ = cors_head(request_, shared_.options.cors_origins);
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
  Result<RouteMatch> found = shared_.router->find(head.known_method ? request_.method : Method::options, target.substr(0, question));
  if (!found && found.error().code == ErrorCode::not_found && answer_unknown_path(target.substr(0, question))) return false;
  RouteMatch match = TRY(std::move(found));
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
      answer_preflight(request_, shared_.options.cors_origins, match.allow, response);
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
  TRY(check_host());
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

Result<> Connection::check_host() const {
  const auto host = request_.header("host");
  if (shared_.options.hosts.empty() || route().any_host || !host) return {};
  std::string name = lower(*host);
  // The colon of a port stands behind the bracket of an IPv6 address.
  if (const std::size_t colon = name.rfind(':'); colon != std::string::npos && name.find(']', colon) == std::string::npos)
    name.resize(colon);
  if (std::ranges::find(shared_.options.hosts, name) != shared_.options.hosts.end()) return {};
  return fail(ErrorCode::permission_denied, "host_not_allowed", str("This server does not answer by the name ", name.substr(0, 100)));
}

// True when a page of its own stands for the path that is not there.
bool Connection::answer_unknown_path(std::string_view path) {
  const bool reads = reader_->head().known_method && (request_.method == Method::get || request_.method == Method::head);
  if (!reads || !shared_.options.unknown_path) return false;
  request_.path = decode_percent(path, false);
  std::optional<Response> response = shared_.options.unknown_path(request_);
  if (!response) return false;
  if (reader_->head().has_body) keep_alive_ = false;
  answer(std::move(*response));
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
    Result<std::optional<Response>> quick = guarded([&]() -> std::optional<Response> {
      std::optional<Response> response = route().quick(request_);
      if (!response) return std::nullopt;
      add_vary(*response);
      apply_conditions(request_, *response);
      return response;
    });
    if (!quick) return answer_error(quick.error());
    if (*quick) return answer(std::move(**quick));
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
  WorkerPool& pool = route().streams ? *shared_.streamers : *shared_.workers;
  const Result<> queued = guarded([&] {
    CallContext while_waiting;
    while_waiting.stop = request_.context.stop;
    while_waiting.deadline = now + milliseconds(shared_.options.queue_wait_ms);
    const auto handle = [self = shared_from_this(), now] { self->handle(now); };
    // Who is dropped hears of it from the handling too, which then runs no handler.
    const auto dropped = [handle](const Error& why) {
      if (why.reason != "stopping") handle();
    };
    return pool.submit({.key = share_key(),
                        .group = str(request_.context.caller.team_id.value()),
                        .context = std::move(while_waiting),
                        .work = handle,
                        .dropped = dropped});
  });
  if (!queued) {
    shared_.refused->add();
    state_ = State::head;
    return answer_error({.code = ErrorCode::unavailable,
                         .message = "The server is busy: try again in a moment",
                         .reason = "overloaded",
                         .retry_after = std::chrono::seconds(1)});
  }
  // So that a client that goes away is noticed.
  if (route().streams) watch();
  else read();
}

std::string Connection::share_key() const {
  return str(request_.context.caller.team_id.value(), "\n", route().share ? route().share(request_) : std::string());
}

// On a thread of a pool; the request is this thread's until it posts the answer.
void Connection::handle(TimePoint queued) {
  Result<std::optional<Response>> result = guarded([&] { return run_in_span(queued); });
  if (!result) deliver(std::unexpected(std::move(result).error()));
  else if (*result) deliver(std::move(**result));
}

// Nothing when the answer is a stream, which then has been sent or is on a thread of its own.
Result<std::optional<Response>> Connection::run_in_span(TimePoint queued) {
  request_.context.trace = begin_trace(request_.header("traceparent").value_or(""));
  Span span(request_.context, {method_name(request_.method), " ", route().path}, SpanKind::server);
  if (span.recorded()) {
    describe(span);
    request_.context.trace = span.inside(request_.context).trace;
  }
  Result<std::optional<Response>> result = guarded([&] { return run_handler(queued); });
  const bool streamed = result && !*result;
  const int status = streamed ? 200 : result ? (*result)->status : status_of(result.error());
  span.set("http.response.status_code", std::int64_t{status});
  if (!result && status >= 500) span.fail(result.error());
  return result;
}

Result<std::optional<Response>> Connection::run_handler(TimePoint queued) {
  if (request_.context.stop.stop_requested() && shared_.draining.load(std::memory_order_relaxed)) {
    return fail({.code = ErrorCode::unavailable,
                 .message = "The server is stopping: try again when it is back",
                 .reason = "stopping",
                 .retry_after = std::chrono::seconds(2)});
  }
  if (request_.context.stop.stop_requested()) return fail(ErrorCode::cancelled, "The client is gone");
  if (steady_clock::now() - queued >= milliseconds(shared_.options.queue_wait_ms)) {
    return fail({.code = ErrorCode::unavailable,
                 .message = "The server is busy: try again in a moment",
                 .reason = "overloaded",
                 .retry_after = std::chrono::seconds(1)});
  }
  Response response = TRY(route().handler(request_));
  if (head_request_) response.write_body = nullptr;
  if (response.stream || response.write_body) {
    if (response.stream) {
      response.content_type = "text/event-stream";
      response.headers.emplace_back("cache-control", "no-cache, no-transform");
    }
    auto run = [self = shared_from_this(), response = std::move(response)] { self->run_stream(response); };
    if (route().streams) {
      run();
      return std::nullopt;
    }
    if (shared_.streamers->submit({.key = share_key(), .context = {}, .work = std::move(run), .dropped = {}})) return std::nullopt;
    return fail({.code = ErrorCode::unavailable,
                 .message = "Too many streams are open: try again in a moment",
                 .reason = "overloaded",
                 .retry_after = std::chrono::seconds(1)});
  }
  apply_conditions(request_, response);
  apply_compression(request_, response);
  return response;
}

// Hands the handler's result to the I/O thread. When there is no memory to wake it, it looks by itself at its next sweep.
void Connection::deliver(Result<Response> result) noexcept {
  delivery_.emplace(std::move(result));
  delivered_.store(true, std::memory_order_release);
  (void)guarded([&] { asio::post(home_.io, [self = shared_from_this()] { self->on_io_thread([&] { self->take_delivery(); }); }); });
}

void Connection::take_delivery() {
  if (!delivered_.exchange(false, std::memory_order_acquire)) return;
  Result<Response> result = std::move(*delivery_);
  delivery_.reset();
  on_result(std::move(result));
}

// OpenTelemetry's names for HTTP servers (semantic conventions 1.41), and what Bridge's own logs go by.
void Connection::describe(Span& span) const {
  span.set("http.request.method", std::string(method_name(request_.method)));
  span.set("http.route", route().path);
  span.set("url.path", request_.path);
  span.set("bridge.correlation_id", request_.context.correlation_id);
  if (!request_.context.caller.team_id.empty()) span.set("bridge.team.id", request_.context.caller.team_id.value());
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

// The last resort, when not even an error could be answered: fixed bytes, if none of the answer are out, and the end of the connection.
void Connection::give_up(const Error& error) noexcept {
  log_failure("connection_given_up", "an exception", error);
  constexpr std::string_view kNoMemory =
      "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\nretry-after: 2\r\ncache-control: no-store\r\n"
      "connection: close\r\ncontent-length: 176\r\n\r\n"
      R"({"type":"/docs#problem-out_of_memory","title":"Not available now","status":503,"detail":"There is not enough memory for this now: try again in a moment","code":"out_of_memory"})";
  constexpr std::string_view kDefect =
      "HTTP/1.1 500 Internal Server Error\r\ncontent-type: application/problem+json\r\ncache-control: no-store\r\nconnection: close\r\n"
      "content-length: 126\r\n\r\n"
      R"({"type":"/docs#problem-internal","title":"Internal error","status":500,"detail":"Something went wrong here","code":"internal"})";
  const bool unanswered = state_ == State::head || state_ == State::body || state_ == State::handling;
  const std::string_view bytes = error.code == ErrorCode::unavailable ? kNoMemory : kDefect;
  if (!unanswered || !request_begun_) return close();
  ::send(socket_->native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  const Result<> lingers = guarded([&] {
    count(error.code == ErrorCode::unavailable ? 503 : 500, steady_clock::now());
    if (stop_) stop_->request_stop();
    linger();
  });
  if (!lingers) close();
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
                              .cors_head = cors_head_,
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
                            [self = shared_from_this()](error_code error) { self->on_io_thread([&] { self->on_writable(error); }); });
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

// Closes the sending side and reads on while the client sends: closing with unread bytes would throw the answer away on
// its way.
void Connection::linger() {
  error_code ignored;
  socket_->shutdown(Socket::shutdown_send, ignored);
  if (end_of_input_) return close();
  state_ = State::lingering;
  linger_until_ = steady_clock::now() + milliseconds(kLingerMs);
  deadline_ = steady_clock::now() + milliseconds(kLingerSilenceMs);
  if (!read_pending_) begin_ = end_ = 0;
  read();
}

void Connection::close() {
  if (state_ == State::closed) return;
  const bool unanswered = state_ == State::handling || state_ == State::writing || state_ == State::streaming;
  if (unanswered) (void)guarded([&] { count(kClientGone, steady_clock::now()); });
  state_ = State::closed;
  if (stream_) {
    {
      const std::lock_guard lock(stream_->mutex);
      stream_->closed = true;
      stream_->socket = -1;
    }
    stream_->room.notify_all();
  }
  if (stop_) stop_->request_stop();  // after the stream is closed: whoever is told to stop finds it so
  socket_.reset();
  shared_.connections.fetch_sub(1);
  home_.connections.erase(shared_from_this());  // whoever calls holds it
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

// ---- time ----------------------------------------------------------------------------------------------------------

void Connection::sweep(TimePoint now) {
  on_io_thread([&] {
    take_delivery();
    check_time(now);
  });
}

void Connection::check_time(TimePoint now) {
  if (state_ == State::streaming && is_stream_closed()) return close_slow_stream();
  if (state_ == State::streaming && !frame_in_flight_ && needs_flush(now)) return flush_stream();
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

}  // namespace bridge::http_server
