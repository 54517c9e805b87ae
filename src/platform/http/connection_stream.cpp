#include "platform/http/connection.h"
#include "platform/http/event_stream_reader.h"

// An event stream, or a body in pieces: the handler writes into a StreamBuffer on its own thread, the connection sends from it on the I/O
// thread.

namespace bridge::http_server {
namespace {

// What is common to events and bodies: runs on threads of the stream pool.
class StreamWriter final {
 public:
  StreamWriter(std::shared_ptr<Connection> connection, std::shared_ptr<StreamBuffer> buffer, int stall_ms)
      : connection_(std::move(connection)), buffer_(std::move(buffer)), stall_ms_(stall_ms) {}

  Result<> write(std::string_view bytes) {
    std::unique_lock lock(buffer_->mutex);
    const auto has_room = [&] {
      const std::size_t waiting = buffer_->pending.size() + buffer_->in_flight;
      return buffer_->closed || buffer_->ended || waiting == 0 || waiting + bytes.size() <= kStreamBufferBytesMax;
    };
    if (!buffer_->room.wait_for(lock, milliseconds(stall_ms_), has_room)) {
      buffer_->closed = true;
      lock.unlock();
      connection_->post_overflow();
      return fail(ErrorCode::resource_exhausted, "The client reads too slowly");
    }
    if (buffer_->closed) return fail(ErrorCode::cancelled, "The client is gone");
    if (buffer_->ended) return fail(ErrorCode::cancelled, "The client may no longer listen");
    if (send_directly(bytes)) return {};
    if (std::exchange(buffer_->flush_posted, true)) return {};
    lock.unlock();
    connection_->post_flush();
    return {};
  }

 private:
  // Into the socket, as much as it takes; the rest is left to the I/O thread. Saves the two wake-ups of going through it. True when all is
  // sent.
  bool send_directly(std::string_view bytes) {
    const bool in_the_way = buffer_->socket < 0 || buffer_->flush_posted || buffer_->in_flight > 0 || !buffer_->pending.empty();
    if (in_the_way) {
      buffer_->pending += bytes;
      return false;
    }
    std::string chunk;
    buffer_->append_bytes(chunk, bytes);
    const ssize_t sent = ::send(buffer_->socket, chunk.data(), chunk.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) buffer_->last_write = steady_clock::now();
    if (sent == static_cast<ssize_t>(chunk.size())) return true;
    // Full, or broken, which the I/O thread finds out when it sends the rest.
    buffer_->unsent = chunk.substr(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    buffer_->in_flight = buffer_->unsent.size();
    return false;
  }

  const std::shared_ptr<Connection> connection_;
  const std::shared_ptr<StreamBuffer> buffer_;
  const int stall_ms_;
};

class ConnectionEventSink final : public EventSink {
 public:
  explicit ConnectionEventSink(StreamWriter writer) : writer_(std::move(writer)) {}

  Result<> send(std::string_view event, std::string_view data, std::string_view id) override {
    const std::string bytes = encode_event(event, data, id);
    if (bytes.size() > kStreamEventBytesMax) return fail(ErrorCode::payload_too_large, "The event is too large for the stream");
    return writer_.write(bytes);
  }

 private:
  StreamWriter writer_;
};

// The head goes out with the first piece.
class ConnectionBodySink final : public BodySink {
 public:
  ConnectionBodySink(StreamWriter writer, std::function<void()> begin) : writer_(std::move(writer)), begin_(std::move(begin)) {}

  Result<> write(std::string_view bytes) override {
    if (bytes.empty()) return {};
    begin();
    for (std::size_t at = 0; at < bytes.size(); at += kStreamPieceBytes) TRY(writer_.write(bytes.substr(at, kStreamPieceBytes)));
    return {};
  }
  void begin() {
    if (!std::exchange(has_begun_, true)) begin_();
  }
  bool has_begun() const { return has_begun_; }

 private:
  StreamWriter writer_;
  std::function<void()> begin_;
  bool has_begun_ = false;
};

}  // namespace

// On a thread of the stream pool, from the first byte to the last.
void Connection::run_stream(const Response& response) {
  auto buffer = std::make_shared<StreamBuffer>();
  buffer->events = response.stream != nullptr;
  const auto begin = [this, buffer, &response] {
    asio::post(home_.io, [self = shared_from_this(), buffer, content_type = response.content_type, headers = response.headers,
                          status = response.status] {
      self->stream_ = buffer;
      self->on_io_thread([&] {
        self->response_ = {.status = status, .content_type = content_type, .headers = headers};
        self->begin_stream();
      });
    });
  };
  shared_.open_streams->add(1);
  if (response.stream) {
    begin();
    run_events(response, buffer);
  } else {
    write_body(response, buffer, begin);
  }
}

// Ends with the buffer finished.
template <class Run>
Result<> Connection::run_watched(const std::shared_ptr<StreamBuffer>& buffer, const Run& run) {
  return guarded([&]() -> Result<> {
    // A stream outlives the look at its caller's credentials by minutes: they are looked after until its end.
    CallContext context = request_.context;
    std::stop_source stop;
    const std::stop_callback on_gone(request_.context.stop, [&stop] { stop.request_stop(); });
    context.stop = stop.get_token();
    const auto on_end = [&](const Error& why) {
      end_for(why, *buffer);
      stop.request_stop();
    };
    const bool known = !context.caller.credential_id.empty();
    const std::shared_ptr<void> watched = known ? shared_.authenticator->watch(context.caller, on_end) : nullptr;
    return run(context);
  });
}

void Connection::finish_stream(StreamBuffer& buffer, bool whole) {
  shared_.open_streams->add(-1);
  bool posted = false;
  {
    const std::lock_guard lock(buffer.mutex);
    buffer.finished = true;
    buffer.broken = !whole;
    posted = std::exchange(buffer.flush_posted, true);
  }
  if (!posted) post_flush();
}

void Connection::run_events(const Response& response, const std::shared_ptr<StreamBuffer>& buffer) {
  const AtEnd end([&] { finish_stream(*buffer, true); });
  ConnectionEventSink sink(StreamWriter(shared_from_this(), buffer, shared_.options.stream_stall_ms));
  const Result<> ran = run_watched(buffer, [&](const CallContext& context) -> Result<> {
    response.stream(sink, context);
    return {};
  });
  if (ran) return;
  // Clients of a stream know by its last event how it ended.
  (void)guarded([&] {
    log_answer(status_of(ran.error()), ran.error().detail.empty() ? ran.error().message : ran.error().detail);
    (void)sink.send("error", json::serialize(problem_json(ran.error(), request_.context.correlation_id)), {});
  });
}

void Connection::write_body(const Response& response, const std::shared_ptr<StreamBuffer>& buffer, const std::function<void()>& begin) {
  ConnectionBodySink sink(StreamWriter(shared_from_this(), buffer, shared_.options.write_stall_ms), begin);
  const Result<> ran = run_watched(buffer, [&](const CallContext& context) -> Result<> {
    TRY(response.write_body(sink, context));
    sink.begin();  // of nothing
    return {};
  });
  if (!ran && !sink.has_begun()) {
    shared_.open_streams->add(-1);
    return deliver(std::unexpected(ran.error()));
  }
  if (!ran) {
    (void)guarded([&] { log_answer(status_of(ran.error()), ran.error().detail.empty() ? ran.error().message : ran.error().detail); });
  }
  finish_stream(*buffer, ran.has_value());
}

// The caller may no longer listen. The stream's last event says why, and the stream is over with it, however long its handler takes to
// stop.
void Connection::end_for(const Error& why, StreamBuffer& buffer) {
  json::object data = problem_json(why, request_.context.correlation_id);
  data["kind"] = traits_of(why.code).name;
  data["retryable"] = false;
  data["retry_after_ms"] = nullptr;
  data["partial"] = true;
  data["request_id"] = request_.context.correlation_id;
  {
    const std::lock_guard lock(buffer.mutex);
    if (buffer.closed || buffer.finished || std::exchange(buffer.ended, true)) return;
    if (buffer.events) buffer.pending += encode_event("error", json::serialize(data));
    buffer.broken = !buffer.events;
    buffer.finished = true;
    buffer.room.notify_all();
    if (std::exchange(buffer.flush_posted, true)) return;
  }
  post_flush();
}

// When there is no memory to wake the I/O thread, it looks by itself at its next sweep.
void Connection::post_flush() {
  (void)guarded([&] {
    asio::post(home_.io, [self = shared_from_this()] {
      self->on_io_thread([&] {
        if (self->state_ == State::streaming && !self->frame_in_flight_) self->flush_stream();
      });
    });
  });
}

// The buffer says that it is closed: without memory to wake the I/O thread its sweep finds that out.
void Connection::post_overflow() {
  (void)guarded([&] { asio::post(home_.io, [self = shared_from_this()] { self->on_io_thread([&] { self->close_slow_stream(); }); }); });
}

void Connection::close_slow_stream() {
  if (state_ != State::streaming) return;
  log_warning("a stream was closed: its client reads too slowly",
              {{"path", request_.path}, {"correlation_id", request_.context.correlation_id}});
  close();
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
                     .cors_head = cors_head_,
                     .date = home_.date,
                     .http_1_0 = http_1_0_,
                     .keep_alive = keep_alive_});
  response_.body.clear();
  pieces_ = {{head_bytes_.data(), head_bytes_.size()}};
  piece_ = 0;
  state_ = State::streaming;
  frame_in_flight_ = true;
  stream_->chunked = !http_1_0_;
  if (write_pieces()) flush_stream();
}

// Sends what is pending until nothing is left or the socket is full. Called when nothing is in flight any more.
void Connection::flush_stream() {
  for (;;) {
    bool finished = false;
    bool ended = false;
    bool broken = false;
    {
      const std::lock_guard lock(stream_->mutex);
      stream_->in_flight = 0;
      frame_ = std::exchange(stream_->unsent, {});
      if (!stream_->pending.empty()) stream_->append_bytes(frame_, std::exchange(stream_->pending, {}));
      stream_->in_flight = frame_.size();
      stream_->last_write = steady_clock::now();
      frame_in_flight_ = !frame_.empty();
      finished = !frame_in_flight_ && stream_->finished;
      ended = stream_->ended;
      broken = stream_->broken;
      if (!frame_in_flight_) {
        stream_->flush_posted = false;
        stream_->socket = socket_->native_handle();
      }
    }
    stream_->room.notify_all();
    if (ended) keep_alive_ = false;
    if (finished && broken) return close();
    if (finished) return end_stream();
    if (!frame_in_flight_) {
      deadline_ = TimePoint::max();
      return;
    }
    pieces_ = {{frame_.data(), frame_.size()}};
    piece_ = 0;
    if (!write_pieces()) return;
  }
}

bool Connection::is_stream_closed() const {
  const std::lock_guard lock(stream_->mutex);
  return stream_->closed;
}

// True when there is something to send: a sign of life after a long silence, or what nobody could be woken for.
bool Connection::needs_flush(TimePoint now) {
  const std::lock_guard lock(stream_->mutex);
  if (stream_->flush_posted || stream_->finished || !stream_->pending.empty()) return true;
  if (!stream_->events || now - stream_->last_write < milliseconds(shared_.options.heartbeat_ms)) return false;
  stream_->pending += ": \n\n";
  return true;
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

}  // namespace bridge::http_server
