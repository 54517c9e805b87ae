#include "platform/http/connection.h"
#include "platform/http/event_stream_reader.h"

// An event stream: the handler writes into a StreamBuffer on its own thread, the connection sends from it on the I/O thread.

namespace bridge::http_server {
namespace {

// Runs on threads of the stream pool.
class ConnectionEventSink final : public EventSink {
 public:
  ConnectionEventSink(std::shared_ptr<Connection> connection, std::shared_ptr<StreamBuffer> buffer, int stall_ms)
      : connection_(std::move(connection)), buffer_(std::move(buffer)), stall_ms_(stall_ms) {}

  Result<> send(std::string_view event, std::string_view data, std::string_view id) override {
    const std::string bytes = encode_event(event, data, id);
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
    if (send_directly(bytes)) return {};
    if (std::exchange(buffer_->flush_posted, true)) return {};
    lock.unlock();
    connection_->post_flush();
    return {};
  }

 private:
  // Into the socket, as much as it takes; the rest is left to the I/O thread. Saves the two wake-ups of going through it. True when all is
  // sent.
  bool send_directly(const std::string& bytes) {
    const bool in_the_way = buffer_->socket < 0 || buffer_->flush_posted || buffer_->in_flight > 0 || !buffer_->pending.empty();
    if (in_the_way) {
      buffer_->pending += bytes;
      return false;
    }
    std::string chunk;
    buffer_->append_events(chunk, bytes);
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

}  // namespace

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
  stream_->chunked = !http_1_0_;
  if (write_pieces()) flush_stream();
}

// Sends what is pending until nothing is left or the socket is full. Called when nothing is in flight any more.
void Connection::flush_stream() {
  for (;;) {
    bool finished = false;
    {
      const std::lock_guard lock(stream_->mutex);
      stream_->in_flight = 0;
      frame_ = std::exchange(stream_->unsent, {});
      if (!stream_->pending.empty()) stream_->append_events(frame_, std::exchange(stream_->pending, {}));
      stream_->in_flight = frame_.size();
      stream_->last_write = steady_clock::now();
      frame_in_flight_ = !frame_.empty();
      finished = !frame_in_flight_ && stream_->finished;
      if (!frame_in_flight_) {
        stream_->flush_posted = false;
        stream_->socket = socket_->native_handle();
      }
    }
    stream_->room.notify_all();
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

// True when the stream has been silent for so long that it needs a sign of life, which then is pending.
bool Connection::put_heartbeat(TimePoint now) {
  const std::lock_guard lock(stream_->mutex);
  if (now - stream_->last_write < milliseconds(shared_.options.heartbeat_ms)) return false;
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
