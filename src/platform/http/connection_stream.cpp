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

}  // namespace bridge::http_server
