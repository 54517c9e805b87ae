#include "platform/http/event_stream_reader.h"

namespace bridge {

Result<> EventStreamReader::feed(std::string_view bytes, const std::function<Result<>(const ServerSentEvent&)>& on_event) {
  for (std::size_t i = 0; i < bytes.size();) {
    if (last_was_cr_ && bytes[i] == '\n') {
      last_was_cr_ = false;
      ++i;
      continue;
    }
    last_was_cr_ = false;
    const std::size_t end = std::min(bytes.find_first_of("\r\n", i), bytes.size());
    line_.append(bytes, i, end - i);
    if (line_.size() + event_.data.size() > event_bytes_max_) {
      return std::unexpected(Error{.code = ErrorCode::payload_too_large, .message = "An event of the stream is too large"});
    }
    if (end == bytes.size()) break;
    last_was_cr_ = bytes[end] == '\r';
    TRY(end_line(on_event));
    line_.clear();
    i = end + 1;
  }
  return {};
}

Result<> EventStreamReader::end_line(const std::function<Result<>(const ServerSentEvent&)>& on_event) {
  std::string_view line = line_;
  if (at_start_ && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  at_start_ = false;
  if (line.empty()) {
    if (has_data_) {
      event_.data.pop_back();  // the line end after the last data line
      TRY(on_event(event_));
    }
    event_.event = "message";
    event_.data.clear();
    has_data_ = false;
    return {};
  }
  const std::size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? std::string_view() : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    event_.data += value;
    event_.data += '\n';
    has_data_ = true;
  } else if (field == "event") {
    event_.event = value.empty() ? "message" : value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    event_.id = value;
  }
  return {};
}

std::string encode_event(std::string_view event, std::string_view data, std::string_view id) {
  const auto one_line = [](std::string_view text) { return text.substr(0, text.find_first_of("\r\n")); };
  std::string out;
  out.reserve(event.size() + data.size() + id.size() + 24);
  if (!id.empty()) out += "id: ", out += one_line(id), out += '\n';
  if (!event.empty()) out += "event: ", out += one_line(event), out += '\n';
  for (;;) {
    const std::size_t end = data.find_first_of("\r\n");
    out += "data: ";
    out += data.substr(0, end);
    out += '\n';
    if (end == std::string_view::npos) break;
    data.remove_prefix(data.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  out += '\n';
  return out;
}

}  // namespace bridge
