#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "platform/http/message.h"

namespace bridge {

// Said by the reader of a streamed answer, while it reads: the answer is whole. Thread-safe.
class WholeAnswer final {
 public:
  using Clock = std::chrono::steady_clock;

  // What may still come is waited for until then and no longer; of several times the soonest holds.
  void say(std::chrono::milliseconds linger) { until_ = std::min(until_.load(), Clock::now() + linger); }
  bool said() const { return until_.load() != Clock::time_point::max(); }
  bool over(Clock::time_point now) const { return now >= until_.load(); }

 private:
  std::atomic<Clock::time_point> until_ = Clock::time_point::max();
};

struct ClientRequest {
  Method method = Method::get;
  std::string url;
  Headers headers;
  std::string body;
  int connect_timeout_ms = 10'000;
  int first_byte_timeout_ms = 60'000;  // of the answer's body, from the start of the call
  int idle_timeout_ms = 60'000;        // no byte for this long ends the call; a stream's only once its body has begun
  std::size_t response_bytes_max = 32 << 20;
  const WholeAnswer* whole = nullptr;  // of a streamed answer: once said, the call ends well however the connection ends
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;  // empty when the body was streamed
};

// Outgoing HTTP. Thread-safe; calls block, honour the context's deadline and stop token, follow no redirect. unavailable for what is the
// network's or the other server's fault ("connect_timeout", "connection_refused", "connection_broken", …), deadline_exceeded
// ("first_byte_timeout", "idle_timeout") for silence.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<ClientResponse> send(const CallContext& context, const ClientRequest& request) = 0;

  // Gives each piece of a 2xx body to `on_bytes` as it comes (any split); returning an error ends the call with that error.
  // The body of any other status is collected instead. The request's body is let go once the answer begins.
  virtual Result<ClientResponse> stream(const CallContext& context, ClientRequest request,
                                        const std::function<Result<>(std::string_view)>& on_bytes) = 0;
};

std::unique_ptr<HttpClient> make_http_client();

}  // namespace bridge
