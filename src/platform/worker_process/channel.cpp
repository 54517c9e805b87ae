#include "platform/worker_process/channel.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "platform/worker_process/limits.h"

namespace bridge {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t first_piece_bytes = 4'096;

std::unexpected<Error> channel_closed(int error) {
  return fail(Error{.code = ErrorCode::unavailable,
                    .message = "The other process has ended",
                    .detail = error == 0 ? "end of channel" : std::strerror(error),
                    .reason = "channel_closed"});
}

std::unexpected<Error> timed_out() { return fail(ErrorCode::deadline_exceeded, "The other process did not answer in time"); }

// Waits until the socket can be read or written.
Result<> wait_for(int socket, short events, const Patience& patience) {
  while (true) {
    int timeout_ms = -1;
    if (patience.until) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*patience.until - Clock::now());
      if (left.count() <= 0) return timed_out();
      timeout_ms = static_cast<int>(std::min<std::int64_t>(left.count(), 60'000));
    }
    std::array<pollfd, 2> waits{{{.fd = socket, .events = events, .revents = 0}, {.fd = patience.wake, .events = POLLIN, .revents = 0}}};
    const int count = ::poll(waits.data(), patience.wake >= 0 ? 2 : 1, timeout_ms);
    if (count < 0 && errno != EINTR) return channel_closed(errno);
    if (count <= 0) continue;
    if (waits[0].revents != 0) return {};
    return fail(ErrorCode::cancelled, "The call was cancelled");
  }
}

// A worker may not call sendmsg, which could pass descriptors to the server: whatever has none goes by send.
ssize_t send_with_descriptor(int socket, std::string_view bytes, int descriptor) {
  iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* const entry = CMSG_FIRSTHDR(&message);
  entry->cmsg_level = SOL_SOCKET;
  entry->cmsg_type = SCM_RIGHTS;
  entry->cmsg_len = CMSG_LEN(sizeof(int));
  std::memcpy(CMSG_DATA(entry), &descriptor, sizeof(int));
  return ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

Result<std::pair<Channel, Channel>> Channel::make_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return fail(Error{.code = ErrorCode::unavailable,
                      .message = "There are no more descriptors for a channel to another process",
                      .detail = std::strerror(errno),
                      .reason = "overloaded"});
  }
  return std::pair(Channel(FileDescriptor(ends[0])), Channel(FileDescriptor(ends[1])));
}

Result<> Channel::send(std::uint32_t kind, std::string_view body, const Patience& patience, int descriptor) {
  if (body.size() > frame_bytes_max) {
    return fail(ErrorCode::payload_too_large, str("A message of ", format_bytes(body.size()), " is larger than the ",
                                                  format_bytes(frame_bytes_max), " that one may have"));
  }
  // The beginning goes with the header in one piece.
  std::array<char, first_piece_bytes> first;
  const Header header{.length = static_cast<std::uint32_t>(body.size()), .kind = kind};
  const std::size_t with_header = std::min(body.size(), first.size() - sizeof header);
  std::memcpy(first.data(), &header, sizeof header);
  body.copy(first.data() + sizeof header, with_header);
  TRY(send_all({first.data(), sizeof header + with_header}, patience, descriptor));
  return send_all(body.substr(with_header), patience, -1);
}

Result<> Channel::send_all(std::string_view bytes, const Patience& patience, int descriptor) {
  while (!bytes.empty()) {
    const ssize_t sent = descriptor >= 0 ? send_with_descriptor(socket_.get(), bytes, descriptor)
                                         : ::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      descriptor = -1;
    } else if (errno == EAGAIN) {
      TRY(wait_for(socket_.get(), POLLOUT, patience));
    } else if (errno != EINTR) {
      return channel_closed(errno);
    }
  }
  return {};
}

Result<std::size_t> Channel::receive_some(char* to, std::size_t count, const Patience& patience) {
  while (true) {
    // Also while there is something to read: a side that never stops talking must not hold this one.
    if (patience.until && Clock::now() >= *patience.until) return timed_out();
    ssize_t received = 0;
    if (takes_descriptors_) {
      iovec part{.iov_base = to, .iov_len = count};
      alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
      msghdr message{};
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      received = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
      const cmsghdr* const entry = received > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
      if (entry && entry->cmsg_level == SOL_SOCKET && entry->cmsg_type == SCM_RIGHTS && entry->cmsg_len == CMSG_LEN(sizeof(int))) {
        int descriptor = -1;
        std::memcpy(&descriptor, CMSG_DATA(entry), sizeof(int));
        incoming_.descriptor = FileDescriptor(descriptor);
      }
    } else {
      received = ::recv(socket_.get(), to, count, MSG_DONTWAIT);
    }
    if (received > 0) return static_cast<std::size_t>(received);
    if (received == 0) return channel_closed(0);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return channel_closed(errno);
    TRY(wait_for(socket_.get(), POLLIN, patience));
  }
}

Result<> Channel::receive(Frame& frame, const Patience& patience) {
  while (header_have_ < sizeof header_)
    header_have_ += TRY(receive_some(reinterpret_cast<char*>(&header_) + header_have_, sizeof header_ - header_have_, patience));
  if (header_.length > frame_bytes_max)
    return fail(ErrorCode::data_loss, "frame_invalid", "What another process of the server said is larger than it may be");
  std::string& body = incoming_.body;
  const auto resize = [&](std::size_t bytes) { body.resize_and_overwrite(bytes, [](char*, std::size_t count) { return count; }); };
  while (body_have_ < header_.length) {
    if (body_have_ >= body.size())
      resize(std::min<std::size_t>(header_.length, std::max({frame_first_bytes, body.capacity(), body.size() * 4})));
    const std::size_t end = std::min<std::size_t>(body.size(), header_.length);
    body_have_ += TRY(receive_some(body.data() + body_have_, end - body_have_, patience));
  }
  resize(header_.length);
  incoming_.kind = header_.kind;
  header_have_ = 0;
  body_have_ = 0;
  std::swap(frame, incoming_);
  incoming_.descriptor.close();
  return {};
}

}  // namespace bridge
