// Both ends of the benchmarks of streams, with nothing in between but epoll:
//   stream_load upstream PORT   a mock of the model vendors on loopback; prints {"port": …}
//   stream_load load …          clients that keep a number of streams under way; prints when the first tokens came
//   stream_load slow …          a client that asks for a stream and does not read it; prints when the server gave it up
// How the upstream answers is said in the message itself, so it is the same through whatever stands in between:
//   bench(first=200,gap=50,tokens=10)  milliseconds to the first token and from one to the next; gap=0: as fast as it can
//   bench(first=0,tokens=2,hold=1)     silent after the first token until POST /_release
// The first token carries the times (steady clock, nanoseconds) at which the upstream had read the request and wrote the token, and the
// request's size: "@read,written,bytes@". All processes are on one machine, so the way in and the way out are told apart.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

using Nanoseconds = std::int64_t;
constexpr Nanoseconds kMillisecond = 1'000'000;
constexpr Nanoseconds kNever = INT64_MAX;
constexpr std::size_t kRequestBytesMax = 4 << 20;
constexpr std::size_t kBurstBytes = 64 << 10;  // of one stream before the others have their turn
constexpr std::size_t kTailBytes = 8 << 10;    // of an answer that is searched for its last event
constexpr Nanoseconds kReleaseSpread = 2'000 * kMillisecond;

[[noreturn]] void die(std::string_view what) {
  std::fprintf(stderr, "stream_load: %.*s: %s\n", static_cast<int>(what.size()), what.data(), std::strerror(errno));
  std::exit(1);
}

Nanoseconds now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1'000'000'000 + time.tv_nsec;
}

void prepare_process() {
  std::signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0UL, 0UL, 0UL);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void set_no_delay(int fd) {
  const int yes = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
}

// Connected before it returns: on loopback that is done at once, and no stream's time is running yet.
int connect_to(int port, int receive_bytes = 0) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  if (receive_bytes > 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  const sockaddr_in address = loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("connect");
  set_no_delay(fd);
  return fd;
}

int port_of(int fd) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

std::int64_t number_after(std::string_view text, std::string_view name, std::int64_t otherwise) {
  const std::size_t at = text.find(name);
  if (at == std::string_view::npos) return otherwise;
  std::int64_t value = otherwise;
  std::from_chars(text.data() + at + name.size(), text.data() + text.size(), value);
  return value;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// epoll, and what is to be done at a certain time. An entry of somebody who is gone or has other plans is for the owner to ignore.
class Loop final {
 public:
  Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) die("epoll_create1");
  }

  void watch(int fd, std::uint32_t events, bool known) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
  }

  void at(Nanoseconds due, std::uint64_t who) { timers_.emplace(due, who); }

  template <class OnEvent, class OnTime>
  void turn(OnEvent on_event, OnTime on_time) {
    const Nanoseconds wait =
        timers_.empty() ? 100 * kMillisecond : std::clamp<Nanoseconds>(timers_.top().first - now(), 0, 100 * kMillisecond);
    const timespec timeout{.tv_sec = 0, .tv_nsec = wait};
    const int count = epoll_pwait2(epoll_, events_.data(), static_cast<int>(events_.size()), &timeout, nullptr);
    for (int i = 0; i < count; ++i) on_event(events_[static_cast<std::size_t>(i)].data.fd, events_[static_cast<std::size_t>(i)].events);
    while (!timers_.empty() && timers_.top().first <= now()) {
      const std::uint64_t who = timers_.top().second;
      timers_.pop();
      on_time(who);
    }
  }

 private:
  using Timer = std::pair<Nanoseconds, std::uint64_t>;
  int epoll_;
  std::array<epoll_event, 256> events_{};
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
};

// ---- upstream ----------------------------------------------------------------------------------------------------------

void add_chunk(std::string& out, std::string_view bytes) {
  char size[20];
  out.append(size, static_cast<std::size_t>(std::snprintf(size, sizeof size, "%zx\r\n", bytes.size())));
  out += bytes;
  out += "\r\n";
}

// The two vendors' events: what comes before the first token, a token, what comes after the last.
std::string opening(bool anthropic) {
  if (!anthropic) {
    return "data: "
           "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"bench\",\"choices\":[{\"index\":0,"
           "\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n";
  }
  return "event: message_start\ndata: "
         "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_bench\",\"type\":\"message\",\"role\":\"assistant\","
         "\"model\":\"bench\",\"content\":[],\"stop_reason\":null,\"stop_sequence\":null,\"usage\":{\"input_tokens\":40,"
         "\"cache_creation_input_tokens\":0,\"cache_read_input_tokens\":0,\"output_tokens\":1,\"service_tier\":\"standard\"}}}\n\n"
         "event: content_block_start\ndata: "
         "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n";
}

std::string token(bool anthropic, std::string_view text) {
  std::string out;
  if (anthropic) {
    out = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"";
    out += text;
    out += "\"}}\n\n";
  } else {
    out =
        "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"bench\",\"choices\":[{\"index\":0,"
        "\"delta\":{\"content\":\"";
    out += text;
    out += "\"},\"finish_reason\":null}]}\n\n";
  }
  return out;
}

std::string closing(bool anthropic, std::int64_t tokens) {
  const std::string count = std::to_string(tokens);
  if (!anthropic) {
    return "data: "
           "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"bench\",\"choices\":[{\"index\":0,"
           "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: "
           "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1,"
           "\"model\":\"bench\",\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":" +
           count + ",\"total_tokens\":" + std::to_string(40 + tokens) + "}}\n\ndata: [DONE]\n\n";
  }
  return "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: "
         "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":" +
         count + "}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
}

class Upstream final {
 public:
  explicit Upstream(int port) : listener_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const int yes = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const sockaddr_in address = loopback(port);
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) die("bind");
    if (listen(listener_, 4096) != 0) die("listen");
    loop_.watch(listener_, EPOLLIN, false);
    std::printf("{\"port\":%d}\n", port_of(listener_));
    std::fflush(stdout);
  }

  [[noreturn]] void run() {
    for (;;) {
      loop_.turn([this](int fd, std::uint32_t events) { on_event(fd, events); }, [this](std::uint64_t who) { on_time(who); });
    }
  }

 private:
  struct Connection {
    int fd = -1;
    std::uint64_t id = 0;
    std::string in;
    std::string out;
    std::size_t written = 0;
    bool watches_out = false;
    // The answer under way.
    bool answering = false;
    bool anthropic = true;
    bool held = false;
    Nanoseconds read_at = 0;
    Nanoseconds gap = 0;
    Nanoseconds due = kNever;
    std::int64_t request_bytes = 0;
    std::int64_t tokens = 0;
    std::int64_t sent = 0;
    bool hold = false;
  };

  void on_event(int fd, std::uint32_t events) {
    if (fd == listener_) return accept_all();
    const auto found = by_fd_.find(fd);
    if (found == by_fd_.end()) return;
    Connection& connection = *found->second;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !read_all(connection)) return close_one(connection);
    if ((events & EPOLLOUT) != 0) pump(connection);
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      set_no_delay(fd);
      auto connection = std::make_unique<Connection>();
      connection->fd = fd;
      connection->id = ++last_id_;
      by_id_[connection->id] = connection.get();
      by_fd_[fd] = std::move(connection);
      loop_.watch(fd, EPOLLIN, false);
    }
  }

  void close_one(Connection& connection) {
    if (connection.answering) ++cut_;
    const int fd = connection.fd;
    by_id_.erase(connection.id);
    by_fd_.erase(fd);
    close(fd);
  }

  bool read_all(Connection& connection) {
    char bytes[16 << 10];
    for (;;) {
      const ssize_t count = recv(connection.fd, bytes, sizeof bytes, 0);
      if (count == 0) return false;
      if (count < 0) {
        if (errno != EAGAIN) return false;
        break;
      }
      connection.in.append(bytes, static_cast<std::size_t>(count));
      if (connection.in.size() > kRequestBytesMax) return false;
      if (static_cast<std::size_t>(count) < sizeof bytes) break;
    }
    return connection.answering || take_request(connection);
  }

  bool take_request(Connection& connection) {
    const std::size_t head_end = connection.in.find("\r\n\r\n");
    if (head_end == std::string::npos) return true;
    const std::string head = lower(std::string_view(connection.in).substr(0, head_end + 2));
    const std::size_t length = static_cast<std::size_t>(std::max<std::int64_t>(0, number_after(head, "\r\ncontent-length: ", 0)));
    const std::size_t whole = head_end + 4 + length;
    if (connection.in.size() < whole) return true;
    const Nanoseconds read_at = now();
    const std::string body = connection.in.substr(head_end + 4, length);
    connection.in.erase(0, whole);
    if (head.starts_with("post /_release ")) return release(connection);
    if (head.starts_with("get /_stats ")) {
      return plain(connection, "200 OK",
                   "{\"open\":" + std::to_string(by_fd_.size()) + ",\"requests\":" + std::to_string(requests_) +
                       ",\"under_way\":" + std::to_string(under_way()) + ",\"cut\":" + std::to_string(cut_) + "}");
    }
    const bool anthropic = head.starts_with("post /v1/messages ");
    if (!anthropic && !head.starts_with("post /v1/chat/completions ")) return plain(connection, "404 Not Found", "{}");
    ++requests_;
    const std::size_t at = body.rfind("bench(");  // the newest message's: those before it are in the history
    const std::string_view wish = at == std::string::npos ? std::string_view{} : std::string_view(body).substr(at, 100);
    connection.answering = true;
    connection.anthropic = anthropic;
    connection.read_at = read_at;
    connection.request_bytes = static_cast<std::int64_t>(length);
    connection.gap = number_after(wish, "gap=", 0) * kMillisecond;
    connection.tokens = std::max<std::int64_t>(1, number_after(wish, "tokens=", 10));
    connection.hold = number_after(wish, "hold=", 0) != 0;
    connection.sent = 0;
    plan(connection, read_at + number_after(wish, "first=", 0) * kMillisecond);
    return true;
  }

  std::size_t under_way() const {
    return static_cast<std::size_t>(std::count_if(by_fd_.begin(), by_fd_.end(), [](const auto& entry) { return entry.second->answering; }));
  }

  bool plain(Connection& connection, std::string_view status, std::string_view body) {
    connection.out += "HTTP/1.1 " + std::string(status) +
                      "\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n";
    connection.out += body;
    return flush(connection);
  }

  // Those that wait go on one after the other.
  bool release(Connection& connection) {
    std::vector<Connection*> held;
    for (const auto& [fd, one] : by_fd_) {
      if (!std::exchange(one->held, false)) continue;
      one->hold = false;
      held.push_back(one.get());
    }
    const Nanoseconds step = held.empty() ? 0 : std::min(kReleaseSpread / static_cast<Nanoseconds>(held.size()), 2 * kMillisecond);
    for (std::size_t i = 0; i < held.size(); ++i) plan(*held[i], now() + step * static_cast<Nanoseconds>(i));
    return plain(connection, "200 OK", "{\"released\":" + std::to_string(held.size()) + "}");
  }

  void plan(Connection& connection, Nanoseconds due) {
    connection.due = due;
    loop_.at(due, connection.id);
  }

  void on_time(std::uint64_t id) {
    const auto found = by_id_.find(id);
    if (found == by_id_.end()) return;
    Connection& connection = *found->second;
    if (!connection.answering || connection.due > now()) return;
    connection.due = kNever;
    pump(connection);
  }

  // Writes what is due. Until the socket is full, but no more than a burst, so that one stream does not stop the others.
  void pump(Connection& connection) {
    if (!flush(connection)) return close_one(connection);
    if (connection.written < connection.out.size() || !connection.answering || connection.held || connection.due != kNever) return;
    do {
      if (connection.sent == 0) {
        static constexpr std::string_view kHead =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ncache-control: no-cache\r\nrequest-id: req_bench\r\n"
            "transfer-encoding: chunked\r\n\r\n";
        connection.out += kHead;
        add_chunk(connection.out, opening(connection.anthropic) +
                                      token(connection.anthropic, "@" + std::to_string(connection.read_at) + "," + std::to_string(now()) +
                                                                      "," + std::to_string(connection.request_bytes) + "@ "));
      } else {
        add_chunk(connection.out, token(connection.anthropic, "word "));
      }
      ++connection.sent;
    } while (connection.gap == 0 && !connection.hold && connection.sent < connection.tokens && connection.out.size() < kBurstBytes);
    if (connection.sent == connection.tokens) {
      add_chunk(connection.out, closing(connection.anthropic, connection.tokens));
      connection.out += "0\r\n\r\n";
      connection.answering = false;
    } else if (connection.hold && connection.sent == 1) {
      connection.held = true;
    } else if (connection.gap > 0) {
      plan(connection, now() + connection.gap);
    }
    if (!flush(connection)) return close_one(connection);
    if (!connection.answering && !connection.in.empty() && !take_request(connection)) close_one(connection);
  }

  // What the socket takes now; the rest, and whatever else there is to send as fast as possible, when it has room again.
  bool flush(Connection& connection) {
    while (connection.written < connection.out.size()) {
      const ssize_t count =
          send(connection.fd, connection.out.data() + connection.written, connection.out.size() - connection.written, MSG_NOSIGNAL);
      if (count < 0 && errno != EAGAIN) return false;
      if (count < 0) break;
      connection.written += static_cast<std::size_t>(count);
    }
    const bool all = connection.written == connection.out.size();
    if (all) {
      connection.out.clear();
      connection.written = 0;
    }
    const bool more = !all || (connection.answering && connection.sent > 0 && connection.gap == 0 && !connection.hold);
    if (more != connection.watches_out) {
      connection.watches_out = more;
      loop_.watch(connection.fd, more ? EPOLLIN | EPOLLOUT : EPOLLIN, true);
    }
    return true;
  }

  Loop loop_;
  const int listener_;
  std::uint64_t last_id_ = 0;
  std::int64_t requests_ = 0;
  std::int64_t cut_ = 0;  // answers whose client left before their end
  std::unordered_map<int, std::unique_ptr<Connection>> by_fd_;
  std::unordered_map<std::uint64_t, Connection*> by_id_;
};

// ---- clients -----------------------------------------------------------------------------------------------------------

struct Options {
  int port = 0;
  int streams = 1;
  int rounds = 1;
  int turns_per_path = 5;
  std::int64_t spread_ms = 0;  // the first requests are spread over this time
  std::int64_t pause_ms = 0;   // at most, before each further one
  std::int64_t patience_ms = 60'000;
  bool tell_when_waiting = false;
  std::string first;
  std::string last;
  std::string body;
  std::vector<std::string> paths;
  std::vector<std::string> headers;
};

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 2; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--tell-when-waiting") {
      options.tell_when_waiting = true;
      continue;
    }
    if (++i == argc) die("a value is missing after " + name);
    const std::string value = argv[i];
    if (name == "--port") options.port = std::stoi(value);
    else if (name == "--streams") options.streams = std::stoi(value);
    else if (name == "--rounds") options.rounds = std::stoi(value);
    else if (name == "--turns-per-path") options.turns_per_path = std::stoi(value);
    else if (name == "--spread-ms") options.spread_ms = std::stoll(value);
    else if (name == "--pause-ms") options.pause_ms = std::stoll(value);
    else if (name == "--patience-ms") options.patience_ms = std::stoll(value);
    else if (name == "--first") options.first = value;
    else if (name == "--last") options.last = value;
    else if (name == "--body") options.body = value;
    else if (name == "--path") options.paths.push_back(value);
    else if (name == "--header") options.headers.push_back(value);
    else if (name == "--paths") {  // a file with one a line
      std::ifstream file(value);
      for (std::string line; std::getline(file, line);) options.paths.push_back(line);
    } else die("there is no option " + name);
  }
  if (options.port == 0 || options.paths.empty()) die("--port and --path are needed");
  return options;
}

std::string request_text(const Options& options, const std::string& path) {
  std::string out = "POST " + path + " HTTP/1.1\r\nhost: 127.0.0.1:" + std::to_string(options.port) +
                    "\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(options.body.size()) + "\r\n";
  for (const std::string& header : options.headers) out += header + "\r\n";
  return out + "\r\n" + options.body;
}

std::string to_json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
    else out += ' ';
  }
  return out + "\"";
}

// Takes an answer apart as its bytes come.
class AnswerReader final {
 public:
  int status() const { return status_; }
  bool ended() const { return state_ == State::ended; }
  bool must_close() const { return must_close_; }
  const std::string& body() const { return body_; }
  std::string& body() { return body_; }

  void read(std::string_view bytes) {
    raw_ += bytes;
    std::size_t at = 0;
    while (step(at)) {
    }
    raw_.erase(0, at);
  }

 private:
  enum class State { head, size, chunk, chunk_end, trailer, plain, ended };

  bool step(std::size_t& at) {
    const std::string_view rest = std::string_view(raw_).substr(at);
    switch (state_) {
      case State::head: {
        const std::size_t end = rest.find("\r\n\r\n");
        if (end == std::string_view::npos) return false;
        const std::string head = lower(rest.substr(0, end + 2));
        at += end + 4;
        status_ = static_cast<int>(number_after(head, "http/1.1 ", 0));
        must_close_ = head.find("\r\nconnection: close") != std::string::npos;
        if (head.find("\r\ntransfer-encoding: chunked") != std::string::npos) state_ = State::size;
        else {
          left_ = static_cast<std::size_t>(std::max<std::int64_t>(0, number_after(head, "\r\ncontent-length: ", 0)));
          state_ = left_ == 0 ? State::ended : State::plain;
        }
        return true;
      }
      case State::size:
      case State::trailer: {
        const std::size_t end = rest.find("\r\n");
        if (end == std::string_view::npos) return false;
        if (state_ == State::trailer) {
          if (end == 0) state_ = State::ended;
        } else {
          left_ = 0;
          std::from_chars(rest.data(), rest.data() + end, left_, 16);
          state_ = left_ == 0 ? State::trailer : State::chunk;
        }
        at += end + 2;
        return true;
      }
      case State::chunk:
      case State::plain: {
        if (rest.empty()) return false;
        const std::size_t count = std::min(left_, rest.size());
        body_ += rest.substr(0, count);
        at += count;
        left_ -= count;
        if (left_ == 0) state_ = state_ == State::chunk ? State::chunk_end : State::ended;
        return true;
      }
      case State::chunk_end:
        if (rest.size() < 2) return false;
        at += 2;
        state_ = State::size;
        return true;
      case State::ended: return false;
    }
    return false;
  }

  State state_ = State::head;
  int status_ = 0;
  bool must_close_ = false;
  std::size_t left_ = 0;
  std::string raw_;
  std::string body_;
};

std::string spread_of(std::vector<Nanoseconds> values) {
  if (values.empty()) return "null";
  std::ranges::sort(values);
  const auto at = [&](double share) {
    return static_cast<double>(values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))]) /
           1e3;
  };
  char text[200];
  std::snprintf(text, sizeof text, "{\"min\":%.1f,\"median\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f}", at(0), at(0.5), at(0.9),
                at(0.99), at(1));
  return text;
}

class Load final {
 public:
  explicit Load(Options options) : options_(std::move(options)), streams_(static_cast<std::size_t>(options_.streams)) {}

  int run() {
    const Nanoseconds begun = now();
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      open(streams_[i], i);
      loop_.at(begun + options_.spread_ms * kMillisecond * static_cast<Nanoseconds>(i) / static_cast<Nanoseconds>(streams_.size()), i);
    }
    while (unfinished() > 0 && now() - begun < options_.patience_ms * kMillisecond) {
      loop_.turn([this](int fd, std::uint32_t) { on_readable(by_fd_.at(fd)); }, [this](std::uint64_t i) { begin(i); });
    }
    report(now() - begun);
    return 0;
  }

 private:
  struct Stream {
    int fd = -1;
    int turns = 0;
    bool under_way = false;
    Nanoseconds begun = 0;
    Nanoseconds first = 0;
    AnswerReader answer;
  };

  std::size_t unfinished() const { return streams_.size() - finished_; }

  void leave(Stream& stream, std::size_t i) {
    by_fd_.erase(stream.fd);
    close(std::exchange(stream.fd, -1));
    if (stream.turns < options_.rounds) open(stream, i);
  }

  void open(Stream& stream, std::size_t i) {
    stream.fd = connect_to(options_.port);
    by_fd_[stream.fd] = i;
    loop_.watch(stream.fd, EPOLLIN, false);
  }

  void begin(std::size_t i) {
    Stream& stream = streams_[i];
    const std::size_t path = i + streams_.size() * static_cast<std::size_t>(stream.turns / options_.turns_per_path);
    const std::string text = request_text(options_, options_.paths[path % options_.paths.size()]);
    stream.answer = {};
    stream.first = 0;
    stream.under_way = true;
    under_way_most_ = std::max(under_way_most_, ++under_way_);
    stream.begun = now();
    if (send(stream.fd, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) end(i, false);
  }

  void on_readable(std::size_t i) {
    Stream& stream = streams_[i];
    char bytes[16 << 10];
    const ssize_t count = recv(stream.fd, bytes, sizeof bytes, MSG_DONTWAIT);
    const Nanoseconds at = now();
    if (count < 0 && errno == EAGAIN) return;
    if (!stream.under_way) return leave(stream, i);  // closed between two requests, as a server may
    if (count <= 0) return end(i, false);
    stream.answer.read({bytes, static_cast<std::size_t>(count)});
    std::string& body = stream.answer.body();
    if (stream.first == 0) note_first(stream, at);
    else if (body.size() > 4 * kTailBytes) body.erase(0, body.size() - kTailBytes);
    if (stream.answer.ended()) end(i, true);
  }

  void note_first(Stream& stream, Nanoseconds at) {
    const std::string_view body = stream.answer.body();
    const std::size_t mark = body.find(options_.first);
    if (mark == std::string_view::npos) return;
    stream.first = at;
    first_.push_back(at - stream.begun);
    const std::string_view rest = body.substr(mark);
    if (const std::size_t open = rest.find('@'); open != std::string_view::npos) {
      const std::int64_t read_at = number_after(rest.substr(open), "@", 0);
      const std::size_t comma = rest.find(',', open);
      const std::int64_t written = comma == std::string_view::npos ? 0 : number_after(rest.substr(comma), ",", 0);
      const std::size_t second = comma == std::string_view::npos ? comma : rest.find(',', comma + 1);
      if (second != std::string_view::npos && read_at > 0 && written > 0) {
        in_.push_back(read_at - stream.begun);
        out_.push_back(at - written);
        outside_.push_back(at - stream.begun - (written - read_at));
        request_bytes_.push_back(number_after(rest.substr(second), ",", 0) * 1'000);
      }
    }
    ++waiting_;
    tell_waiting();
  }

  // Once, when each stream has its first token or has ended without one.
  void tell_waiting() {
    if (!options_.tell_when_waiting || waiting_ + finished_ < streams_.size()) return;
    options_.tell_when_waiting = false;
    std::printf("{\"waiting\":%zu,\"first_us\":%s}\n", waiting_, spread_of(first_).c_str());
    std::fflush(stdout);
  }

  void end(std::size_t i, bool whole) {
    Stream& stream = streams_[i];
    stream.under_way = false;
    --under_way_;
    ++stream.turns;
    ++asked_;
    const bool good = whole && stream.answer.status() == 200 && stream.answer.body().find(options_.last) != std::string::npos;
    if (good) ++good_;
    else {
      if (whole && stream.answer.status() != 200) ++refused_[stream.answer.status()];
      else ++broken_;
      if (sample_.empty())
        sample_ = whole ? stream.answer.body().substr(0, 600) : "the connection was closed after: " + stream.answer.body().substr(0, 600);
    }
    if (stream.turns == options_.rounds) {
      ++finished_;
      if (stream.first != 0) --waiting_;
      tell_waiting();
      return;
    }
    if (!whole || stream.answer.must_close()) leave(stream, i);
    const std::int64_t pause =
        options_.pause_ms == 0 ? 0 : std::uniform_int_distribution<std::int64_t>(0, options_.pause_ms * kMillisecond)(random_);
    if (stream.first != 0) --waiting_;
    loop_.at(now() + pause, i);
  }

  void report(Nanoseconds took) {
    std::string refused;
    for (const auto& [status, count] : refused_)
      refused += (refused.empty() ? "\"" : ",\"") + std::to_string(status) + "\":" + std::to_string(count);
    std::printf(
        "{\"streams\":%d,\"asked\":%lld,\"good\":%lld,\"refused\":{%s},\"broken\":%lld,\"unfinished\":%zu,\"under_way_most\":%lld,"
        "\"sample\":%s,"
        "\"first_us\":%s,\"to_upstream_us\":%s,\"from_upstream_us\":%s,\"outside_upstream_us\":%s,\"upstream_request_bytes\":%s,\"took_"
        "ms\":%.0f}\n",
        options_.streams, static_cast<long long>(asked_), static_cast<long long>(good_), refused.c_str(), static_cast<long long>(broken_),
        unfinished(), static_cast<long long>(under_way_most_), to_json_string(sample_).c_str(), spread_of(first_).c_str(),
        spread_of(in_).c_str(), spread_of(out_).c_str(), spread_of(outside_).c_str(), spread_of(request_bytes_).c_str(),
        static_cast<double>(took) / 1e6);
  }

  Options options_;
  Loop loop_;
  std::mt19937_64 random_{1};  // the same pauses whoever is measured
  std::vector<Stream> streams_;
  std::unordered_map<int, std::size_t> by_fd_;
  std::size_t finished_ = 0;
  std::size_t waiting_ = 0;  // have their first token, but not their last
  std::int64_t asked_ = 0, good_ = 0, broken_ = 0, under_way_ = 0, under_way_most_ = 0;
  std::map<int, std::int64_t> refused_;
  std::string sample_;
  std::vector<Nanoseconds> first_, in_, out_, outside_, request_bytes_;
};

// Whether the server still holds its end: the client, whose window is shut, would not hear of a close.
bool server_holds(int server_port, int client_port) {
  char wanted[32];
  std::snprintf(wanted, sizeof wanted, ":%04X 0100007F:%04X 01 ", server_port, client_port);
  std::ifstream table("/proc/net/tcp");
  for (std::string line; std::getline(table, line);) {
    if (line.find(wanted) != std::string::npos) return true;
  }
  return false;
}

int run_slow(const Options& options) {
  const int fd = connect_to(options.port, 4096);
  const std::string text = request_text(options, options.paths.front());
  const Nanoseconds begun = now();
  if (send(fd, text.data(), text.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text.size())) die("send");
  bool held = true;
  while (held && now() - begun < options.patience_ms * kMillisecond) {
    usleep(50'000);
    held = server_holds(options.port, port_of(fd));
  }
  const double closed_ms = static_cast<double>(now() - begun) / 1e6;
  // What had been sent by then, and whether it was all.
  AnswerReader answer;
  std::size_t received = 0;
  bool reset = false;
  const timeval timeout{.tv_sec = 2, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  while (!held) {
    char bytes[64 << 10];
    const ssize_t count = recv(fd, bytes, sizeof bytes, 0);
    if (count <= 0) {
      reset = count < 0;
      break;
    }
    received += static_cast<std::size_t>(count);
    answer.read({bytes, static_cast<std::size_t>(count)});
  }
  const bool whole = answer.ended() && answer.body().find(options.last) != std::string::npos;
  std::printf("{\"closed_ms\":%s,\"received\":%zu,\"reset\":%s,\"status\":%d,\"whole\":%s}\n",
              held ? "null" : std::to_string(closed_ms).c_str(), received, reset ? "true" : "false", answer.status(),
              whole ? "true" : "false");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  prepare_process();
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "upstream") Upstream(argc > 2 ? std::atoi(argv[2]) : 0).run();
  if (mode == "load") return Load(read_options(argc, argv)).run();
  if (mode == "slow") return run_slow(read_options(argc, argv));
  std::fprintf(stderr, "usage: stream_load upstream [PORT] | load OPTIONS | slow OPTIONS\n");
  return 2;
}
