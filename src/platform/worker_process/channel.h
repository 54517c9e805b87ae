#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "platform/worker_process/file_descriptor.h"

namespace bridge {

// Until when a channel may block. None: until the other side has gone.
struct Patience {
  std::optional<std::chrono::steady_clock::time_point> until;
  int wake = -1;  // a descriptor that ends the wait when it becomes readable

  static Patience of(std::chrono::milliseconds limit) { return {.until = std::chrono::steady_clock::now() + limit}; }
};

struct Frame {
  std::uint32_t kind = 0;
  std::string body;
  FileDescriptor descriptor;  // that came with it, where the channel takes them

  void free_memory() { std::string().swap(body); }
};

// Frames over one end of a connected pair of sockets: the length, the kind, the bytes. The bytes are copied through the kernel: nothing is
// shared with the other side that it could change afterwards (docs/decisions). For one sender and one receiver at a time. Errors:
// deadline_exceeded and cancelled (woken), after which the same call may be made again and goes on where it was; unavailable
// ("channel_closed") when the other side is gone; data_loss ("frame_invalid") when it announces more than `frame_bytes_max`, after which
// the channel is of no more use.
class Channel final {
 public:
  Channel() = default;
  explicit Channel(FileDescriptor socket) : socket_(std::move(socket)) {}

  // Two ends of a new channel.
  static Result<std::pair<Channel, Channel>> make_pair();

  // Of this end descriptors are taken; of all others they are closed unseen.
  void take_descriptors() { takes_descriptors_ = true; }

  // payload_too_large for a body beyond `frame_bytes_max`; nothing was sent then. Any other failure ends what this side can say.
  Result<> send(std::uint32_t kind, std::string_view body, const Patience& patience, int descriptor = -1);

  // The memory of `frame` is used again for the next one.
  Result<> receive(Frame& frame, const Patience& patience);

  // What the next frame would use again, where none is under way.
  void free_memory() {
    if (header_have_ == 0) incoming_.free_memory();
  }

  int descriptor() const { return socket_.get(); }
  FileDescriptor release() { return std::move(socket_); }

 private:
  struct Header {
    std::uint32_t length = 0;
    std::uint32_t kind = 0;
  };
  Result<> send_all(std::string_view bytes, const Patience& patience, int descriptor);
  Result<std::size_t> receive_some(char* to, std::size_t count, const Patience& patience);

  FileDescriptor socket_;
  bool takes_descriptors_ = false;
  Header header_;
  std::size_t header_have_ = 0;
  std::size_t body_have_ = 0;
  Frame incoming_;
};

}  // namespace bridge
