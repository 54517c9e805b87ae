#include "platform/worker_process/wire_format.h"

namespace bridge {

void append_wire(std::string& out, const Error& error) {
  append_plain(out, static_cast<std::uint8_t>(error.code));
  append_wire(out, error.message);
  append_wire(out, error.detail);
  append_wire(out, error.reason);
  append_wire(out, error.violations);
  append_wire(out, error.retry_after);
  append_wire(out, error.retryable);
}

bool read_wire(WireReader& in, Error& out) {
  std::uint8_t code = 0;
  if (!in.read_plain(code) || code > static_cast<std::uint8_t>(ErrorCode::internal)) return false;
  out.code = static_cast<ErrorCode>(code);
  return read_wire(in, out.message) && read_wire(in, out.detail) && read_wire(in, out.reason) && read_wire(in, out.violations) &&
         read_wire(in, out.retry_after) && read_wire(in, out.retryable);
}

}  // namespace bridge
