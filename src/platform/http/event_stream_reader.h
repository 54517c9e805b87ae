#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace bridge {

struct ServerSentEvent {
  std::string event = "message";
  std::string data;
  std::string id;
};

// Decodes text/event-stream from pieces of any size: pure, no clock, no socket. LF, CRLF and CR end lines; comments are skipped.
class EventStreamReader {
 public:
  explicit EventStreamReader(std::size_t event_bytes_max = 8 << 20) : event_bytes_max_(event_bytes_max) {}

  // Gives each event that these bytes complete to `on_event`, whose error ends it. payload_too_large when one event is over the limit.
  // After an error nothing more may be fed.
  Result<> feed(std::string_view bytes, const std::function<Result<>(const ServerSentEvent&)>& on_event);

 private:
  Result<> end_line(const std::function<Result<>(const ServerSentEvent&)>& on_event);

  std::size_t event_bytes_max_;
  std::string line_;
  ServerSentEvent event_;
  bool has_data_ = false;
  bool last_was_cr_ = false;
  bool at_start_ = true;
};

// "event: name\ndata: …\n\n", with every line of `data` on a data line of its own.
std::string encode_event(std::string_view event, std::string_view data, std::string_view id = {});

}  // namespace bridge
