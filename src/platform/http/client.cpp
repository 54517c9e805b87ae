#include "platform/http/client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <list>

#include "base/guarded.h"
#include "platform/http/router.h"

// A transfer runs in curl_easy_perform, whose own multi handle is smaller than one of curl_multi_init (by 5 KB a waiting stream, measured
// with a thousand of them). What it lacks, a way to wake it, is done by shutting its sockets down.

namespace bridge {
namespace {

constexpr std::size_t kIdleSessionsMax = 128;
constexpr std::size_t kHeaderBytesMaxOfResponse = 256 << 10;
constexpr std::chrono::milliseconds kWatchEvery{50};  // how late silence and deadlines are noticed; a stop request acts at once
constexpr long kStreamBufferBytes = 2'048;            // of a transfer; streams come in small pieces, and many wait at the same time
constexpr std::size_t kStackGivenBackMax = 256 << 10;
constexpr std::size_t kStackOfThisCall = 1 << 10;     // more than give_back_stack() and what it calls last have below its frame
constexpr std::chrono::milliseconds kStackIdle{500};  // a transfer that waits for longer gives back what is unused of its thread's stack

using TimePoint = std::chrono::steady_clock::time_point;

// The sockets of a session, which another thread may shut down: whatever waits on them then ends. Thread-safe.
class Sockets final {
 public:
  // For the next transfer.
  void reset() {
    const std::lock_guard lock(mutex_);
    shut_ = false;
  }
  int open(const curl_sockaddr& address) {
    const std::lock_guard lock(mutex_);
    // Called from C, which no exception may cross.
    if (shut_ || !guarded([&] { open_.reserve(open_.size() + 1); })) return -1;
    const int socket = ::socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
    if (socket >= 0) open_.push_back(socket);
    return socket;
  }
  int close(int socket) {
    const std::lock_guard lock(mutex_);
    std::erase(open_, socket);
    return ::close(socket);
  }
  void shut_down() {
    const std::lock_guard lock(mutex_);
    shut_ = true;
    for (const int socket : open_) ::shutdown(socket, SHUT_RDWR);
  }

 private:
  std::mutex mutex_;
  std::vector<int> open_;
  bool shut_ = false;
};

curl_socket_t on_open_socket(void* user, curlsocktype, curl_sockaddr* address) { return static_cast<Sockets*>(user)->open(*address); }
int on_close_socket(void* user, curl_socket_t socket) { return static_cast<Sockets*>(user)->close(socket); }

// One connection cache and one transfer at a time. Reused, so that connections and TLS sessions are.
struct Session {
  Session() : easy(curl_easy_init()) {}
  ~Session() { curl_easy_cleanup(easy); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Sockets sockets;
  CURL* easy;
  std::string origin;  // of the last call
};

enum class Silence : std::uint8_t { none, before_the_answer, within_the_answer };

// What the callbacks of one transfer share. An error set here ends the transfer.
struct Transfer {
  CURL* easy = nullptr;
  std::size_t body_bytes_max = 0;
  const std::function<Result<>(std::string_view)>* on_bytes = nullptr;
  std::string* request_body = nullptr;  // no longer needed once the answer begins
  bool once = false;                    // a request that must not be sent twice
  ClientResponse response;
  std::size_t header_bytes = 0;
  int sendings = 0;
  std::optional<Error> error;

  // Looked at by the watchdog.
  const TimePoint start = std::chrono::steady_clock::now();
  std::atomic<TimePoint> last_byte = start;
  std::atomic<bool> body_begun = false;
  std::atomic<Silence> silence = Silence::none;

  bool stack_given_back = false;  // since the last byte
};

// Ends transfers that are silent for too long or out of time, by shutting their sockets down. Thread-safe.
class Watchdog final {
 public:
  struct Watched {
    const CallContext& context;
    const ClientRequest& request;
    Session& session;
    Transfer& transfer;
  };
  using Place = std::list<Watched>::iterator;

  Watchdog() : thread_([this](const std::stop_token& stop) { watch(stop); }) {}

  Place add(Watched watched) {
    const std::lock_guard lock(mutex_);
    if (watched_.empty()) changed_.notify_all();
    return watched_.insert(watched_.end(), watched);
  }
  void remove(Place place) {
    const std::lock_guard lock(mutex_);
    watched_.erase(place);
  }

 private:
  void watch(const std::stop_token& stop) {
    run_rounds(stop, "watch over calls", [&] {
      std::unique_lock lock(mutex_);
      if (watched_.empty()) changed_.wait(lock, stop, [&] { return !watched_.empty(); });
      for (const Watched& one : watched_) look_at(one);
      changed_.wait_for(lock, stop, kWatchEvery, [] { return false; });
      return !stop.stop_requested();
    });
  }

  static void look_at(const Watched& one) {
    const auto now = std::chrono::steady_clock::now();
    const auto over = [&](TimePoint since, int time_max_ms) { return now - since > std::chrono::milliseconds(std::max(time_max_ms, 1)); };
    Transfer& transfer = one.transfer;
    if (!transfer.body_begun && over(transfer.start, one.request.first_byte_timeout_ms)) transfer.silence = Silence::before_the_answer;
    // A stream's answer may take as long to begin as its first byte may.
    const bool may_be_idle = transfer.on_bytes && !transfer.body_begun;
    if (!may_be_idle && over(transfer.last_byte, one.request.idle_timeout_ms)) transfer.silence = Silence::within_the_answer;
    const bool enough = one.request.whole && one.request.whole->over(now);
    if (enough || transfer.silence != Silence::none || !one.context.check()) one.session.sockets.shut_down();
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::list<Watched> watched_;
  std::jthread thread_;  // last: it uses all of the above
};

// A piece of an answer, taken by `take`. No exception may cross libcurl, which is C.
template <class Take>
std::size_t take_piece(Transfer& transfer, std::size_t bytes, const Take& take) {
  Result<> taken = guarded(take);
  if (taken) return bytes;
  transfer.error = std::move(taken.error());
  return bytes == 0 ? 1 : 0;  // whatever is not the size of the piece ends the transfer
}

Result<> take_header(Transfer& transfer, std::string_view data) {
  const std::size_t bytes = data.size();
  transfer.last_byte = std::chrono::steady_clock::now();
  if (transfer.request_body) std::string().swap(*std::exchange(transfer.request_body, nullptr));
  transfer.header_bytes += bytes;
  if (transfer.header_bytes > kHeaderBytesMaxOfResponse) {
    return fail(ErrorCode::unavailable, "The answer's header is too large");
  }
  const std::string_view line = trim(data);
  if (line.starts_with("HTTP/")) {
    transfer.response.headers.clear();  // an interim answer came before
  } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
    transfer.response.headers.emplace_back(lower(line.substr(0, colon)), trim(line.substr(colon + 1)));
  }
  return {};
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  return take_piece(transfer, size * count, [&] { return take_header(transfer, {data, size * count}); });
}

Result<> take_body(Transfer& transfer, std::string_view data) {
  transfer.last_byte = std::chrono::steady_clock::now();
  transfer.stack_given_back = false;
  transfer.body_begun = true;
  long status = 0;
  curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
  if (transfer.on_bytes && status >= 200 && status < 300) return (*transfer.on_bytes)(data);
  if (transfer.response.body.size() + data.size() > transfer.body_bytes_max)
    return fail(ErrorCode::payload_too_large, str("The answer is over ", format_bytes(transfer.body_bytes_max)));
  transfer.response.body.append(data);
  return {};
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  return take_piece(transfer, size * count, [&] { return take_body(transfer, {data, size * count}); });
}

// What deeper calls have touched of this thread's stack goes back to the system: of a thousand streams that wait, 12 KB each.
void give_back_stack() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return;  // frames are larger, and what is below them is the sanitizer's
#endif
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
  void* lowest = nullptr;
  std::size_t size = 0;
  const bool known = pthread_attr_getstack(&attributes, &lowest, &size) == 0;
  pthread_attr_destroy(&attributes);
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::uintptr_t in_use = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) - kStackOfThisCall;
  const std::uintptr_t end = in_use / page * page;
  const auto begin = std::max(reinterpret_cast<std::uintptr_t>(lowest), end - kStackGivenBackMax);
  if (known && begin < end) (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

// libcurl calls it about once a second while nothing comes.
int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& transfer = *static_cast<Transfer*>(user);
  const auto idle = std::chrono::steady_clock::now() - transfer.last_byte.load();
  if (idle > kStackIdle && !std::exchange(transfer.stack_given_back, true)) give_back_stack();
  return 0;
}

// A request that may change something is sent once: libcurl would send it again when a connection that it kept turns out to be dead, and
// nobody would know that it had been received twice.
int before_request(void* user, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(user);
  return ++transfer.sendings > 1 && transfer.once ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

std::string host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view rest = url.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  return lower(rest);
}

// A proxy from the environment cannot reach this machine's own loopback.
bool is_loopback(std::string_view host) {
  return host.starts_with("127.") || host.starts_with("[::1]") || host == "localhost" || host.starts_with("localhost:");
}

Error transport_error(CURLcode code, const char* detail, const ClientRequest& request, Silence silence) {
  if (silence == Silence::before_the_answer) {
    return {.code = ErrorCode::deadline_exceeded,
            .message = str("No answer came within ", request.first_byte_timeout_ms, " ms"),
            .reason = "first_byte_timeout"};
  }
  if (silence == Silence::within_the_answer) {
    return {.code = ErrorCode::deadline_exceeded,
            .message = str("Nothing came for ", request.idle_timeout_ms, " ms"),
            .reason = "idle_timeout"};
  }
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT: return {.code = ErrorCode::invalid_argument, .message = "The URL must be http or https", .detail = detail};
    case CURLE_OPERATION_TIMEDOUT:
      return {.code = ErrorCode::unavailable,
              .message = "No connection within the time allowed",
              .detail = detail,
              .reason = "connect_timeout"};
    case CURLE_COULDNT_RESOLVE_HOST:
      return {.code = ErrorCode::unavailable, .message = "The host name cannot be resolved", .detail = detail, .reason = "host_unknown"};
    case CURLE_COULDNT_CONNECT:
      return {.code = ErrorCode::unavailable, .message = "The host refuses connections", .detail = detail, .reason = "connection_refused"};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {.code = ErrorCode::unavailable,
              .message = "The host's certificate cannot be verified",
              .detail = detail,
              .reason = "bad_certificate"};
    default:
      return {.code = ErrorCode::unavailable,
              .message = "The connection broke",
              .detail = str(curl_easy_strerror(code), ": ", detail),
              .reason = "connection_broken"};
  }
}

bool has_line_break(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos; }

class CurlHttpClient final : public HttpClient {
 public:
  Result<ClientResponse> send(const CallContext& context, const ClientRequest& request) override {
    return call(context, request, nullptr, nullptr);
  }

  Result<ClientResponse> stream(const CallContext& context, ClientRequest request,
                                const std::function<Result<>(std::string_view)>& on_bytes) override {
    return call(context, request, &on_bytes, &request.body);
  }

 private:
  Result<ClientResponse> call(const CallContext& context, const ClientRequest& request,
                              const std::function<Result<>(std::string_view)>* on_bytes, std::string* body) {
    TRY(context.check());
    for (const auto& [name, value] : request.headers) {
      if (name.empty() || has_line_break(name) || has_line_break(value))
        return fail(ErrorCode::invalid_argument, "A header has a line break");
    }
    if (has_line_break(request.url)) return fail(ErrorCode::invalid_argument, "The URL has a line break");
    const std::string host = host_of(request.url);
    std::unique_ptr<Session> session = take_session(host);
    if (!session->easy) return std::unexpected(out_of_memory());
    Result<ClientResponse> result = run(*session, watchdog_, context, request, on_bytes, body, host);
    session->origin = host;
    give_back(std::move(session));
    return result;
  }

  static Result<ClientResponse> run(Session& session, Watchdog& watchdog, const CallContext& context, const ClientRequest& request,
                                    const std::function<Result<>(std::string_view)>* on_bytes, std::string* body, const std::string& host) {
    CURL* const easy = session.easy;
    curl_easy_reset(easy);
    Transfer transfer{.easy = easy, .body_bytes_max = request.response_bytes_max, .on_bytes = on_bytes, .request_body = body};
    char detail[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout_ms));
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &session.sockets);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &on_close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, &session.sockets);
    transfer.once = request.method == Method::post || request.method == Method::patch;
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, &before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    if (on_bytes) {
      curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, kStreamBufferBytes);
      curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
      curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &on_progress);
      curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &transfer);
    }
    // Nothing compressed is asked for: it would be held back. What comes compressed all the same is unpacked.
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "identity");
    if (is_loopback(host)) curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, std::string(method_name(request.method)).c_str());
    if (request.method == Method::head) curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (!request.body.empty() || request.method == Method::post || request.method == Method::put || request.method == Method::patch) {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
    // No "Expect: 100-continue": it costs a round trip, or a second where it is not answered.
    curl_slist* list = nullptr;
    const AtEnd free_list([&] { curl_slist_free_all(list); });
    bool all_headers = true;
    const auto append = [&](const std::string& line) {
      curl_slist* const longer = curl_slist_append(list, line.c_str());
      if (longer) list = longer;
      else all_headers = false;
    };
    append("Expect:");
    for (const auto& [name, value] : request.headers) append(value.empty() ? str(name, ";") : str(name, ": ", value));
    const bool has_type = std::any_of(request.headers.begin(), request.headers.end(),
                                      [](const auto& header) { return lower(header.first) == "content-type"; });
    // Without a type of ours libcurl would call every body a form.
    if (!has_type) append(request.body.empty() ? "content-type:" : "content-type: application/json");
    if (!all_headers) return std::unexpected(out_of_memory());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);

    session.sockets.reset();
    const Watchdog::Place place = watchdog.add({context, request, session, transfer});
    CURLcode code = CURLE_OK;
    {
      const AtEnd unwatch([&] { watchdog.remove(place); });
      const std::stop_callback on_stop(context.stop, [&] { session.sockets.shut_down(); });
      code = curl_easy_perform(easy);
    }
    if (transfer.error) return std::unexpected(std::move(*transfer.error));
    if (code != CURLE_OK && !(request.whole && request.whole->said())) {
      TRY(context.check());
      return std::unexpected(transport_error(code, detail, request, transfer.silence));
    }
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    transfer.response.status = static_cast<int>(status);
    return std::move(transfer.response);
  }

  // A session that last spoke to the same host has a warm connection.
  std::unique_ptr<Session> take_session(const std::string& host) {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::make_unique<Session>();
    auto best = std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& session) { return session->origin == host; });
    if (best == idle_.rend()) best = idle_.rbegin();
    std::unique_ptr<Session> session = std::move(*best);
    idle_.erase(std::next(best).base());
    return session;
  }

  void give_back(std::unique_ptr<Session> session) {
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kIdleSessionsMax) idle_.push_back(std::move(session));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Session>> idle_;
  Watchdog watchdog_;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client() {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  (void)ready;
  return std::make_unique<CurlHttpClient>();
}

}  // namespace bridge
