#include "ai_sdk/recording/cassette.h"

#include <re2/re2.h>

#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "ai_sdk/core/cut_text.h"
#include "ai_sdk/providers/shared/server_error.h"
#include "base/log.h"

namespace bridge {

namespace {

constexpr std::size_t kValueShownMax = 160;
constexpr std::size_t kDifferencesShownMax = 20;
constexpr std::size_t kCassetteLineBytesMax = 128 << 20;
constexpr std::string_view kHeadersKept[] = {"content-type",   "retry-after", "retry-after-ms",
                                             "x-should-retry", "request-id",  "x-request-id"};

std::string path_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t slash = url.find('/', scheme == std::string_view::npos ? 0 : scheme + 3);
  return slash == std::string_view::npos ? "/" : std::string(url.substr(slash));
}

const re2::RE2& file_addresses() {
  static const re2::RE2 pattern(R"re(file://[^"\\\s]*)re");
  return pattern;
}

// Where files are on the machine of a recording is nobody's business.
json::object body_of(const ClientRequest& request) {
  std::string body = request.body;
  re2::RE2::GlobalReplace(&body, file_addresses(), "file:///lake");
  auto value = parse_json(body, {.bytes_max = kCassetteLineBytesMax});
  return value && value->is_object() ? std::move(value->get_object()) : json::object{};
}

// Text without what is different in every run: ids, today's date, where files are.
std::string without_chance(std::string_view text) {
  static const re2::RE2 ids("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  static const re2::RE2 day(R"(Today: \d{4}-\d\d-\d\d)");
  std::string out(text);
  re2::RE2::GlobalReplace(&out, file_addresses(), "<file>");
  re2::RE2::GlobalReplace(&out, ids, "<id>");
  re2::RE2::GlobalReplace(&out, day, "Today: <day>");
  return out;
}

std::string shown(const json::value& value) {
  const std::string text = value.is_string() ? std::string(value.get_string()) : json::serialize(value);
  return std::string(cut_text(text, kValueShownMax)) + (text.size() > kValueShownMax ? "…" : "");
}

// The parts of two long texts from the first difference on.
void add_text_difference(const std::string& path, std::string_view a, std::string_view b, std::vector<std::string>& out) {
  const auto [at, ignored] = std::ranges::mismatch(a, b);
  std::size_t start = static_cast<std::size_t>(at - a.begin());
  while (start > 0 && a[start - 1] != '\n') --start;
  out.push_back(str(path, ": - ", cut_text(a.substr(start), kValueShownMax), " + ", cut_text(b.substr(start), kValueShownMax)));
}

void compare(const json::value& a, const json::value& b, const std::string& path, std::vector<std::string>& out) {
  if (out.size() >= kDifferencesShownMax) return;
  if (a.is_object() && b.is_object()) {
    for (const auto& [key, value] : a.get_object()) {
      const std::string inner = path.empty() ? std::string(key) : str(path, ".", std::string_view(key));
      const json::value* other = b.get_object().if_contains(key);
      if (other) compare(value, *other, inner, out);
      else out.push_back(str(inner, ": - ", shown(value)));
    }
    for (const auto& [key, value] : b.get_object()) {
      if (!a.get_object().contains(key)) out.push_back(str(path.empty() ? "" : path + ".", std::string_view(key), ": + ", shown(value)));
    }
  } else if (a.is_array() && b.is_array()) {
    const std::size_t both = std::min(a.get_array().size(), b.get_array().size());
    for (std::size_t i = 0; i < both; ++i) compare(a.get_array()[i], b.get_array()[i], str(path, "[", i, "]"), out);
    for (std::size_t i = both; i < a.get_array().size(); ++i) out.push_back(str(path, "[", i, "]: - ", shown(a.get_array()[i])));
    for (std::size_t i = both; i < b.get_array().size(); ++i) out.push_back(str(path, "[", i, "]: + ", shown(b.get_array()[i])));
  } else if (a.is_string() && b.is_string()) {
    const std::string left = without_chance(a.get_string());
    const std::string right = without_chance(b.get_string());
    if (left != right) add_text_difference(path, left, right, out);
  } else if (json::serialize(a) != json::serialize(b)) {
    out.push_back(str(path, ": - ", shown(a), " + ", shown(b)));
  }
}

class RecordingClient final : public HttpClient {
 public:
  RecordingClient(std::shared_ptr<HttpClient> client, std::string path) : client_(std::move(client)), path_(std::move(path)) {}

  Result<ClientResponse> send(const CallContext& context, const ClientRequest& request) override { return client_->send(context, request); }

  Result<ClientResponse> stream(const CallContext& context, ClientRequest request,
                                const std::function<Result<>(std::string_view)>& on_bytes) override {
    CassetteExchange exchange{.path = path_of(request.url), .request = body_of(request)};
    const auto start = CallContext::Clock::now();
    const auto note = [&](std::string_view bytes) {
      const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(CallContext::Clock::now() - start).count();
      CassetteChunk chunk{.at_ms = at};
      if (is_valid_utf8(bytes)) chunk.text = std::string(bytes);
      else chunk.bytes = encode_base64url(bytes);
      exchange.chunks.push_back(std::move(chunk));
    };
    auto response = client_->stream(context, std::move(request), [&](std::string_view bytes) {
      note(bytes);
      return on_bytes(bytes);
    });
    if (response) {
      exchange.status = response->status;
      if (!response->body.empty()) note(response->body);
      for (const std::string_view name : kHeadersKept) {
        if (const std::string_view value = header_value(response->headers, name); !value.empty())
          exchange.headers[std::string(name)] = value;
      }
    } else {
      exchange.failure = std::string(reason_of(response.error()));
    }
    write(exchange);
    return response;
  }

 private:
  void write(const CassetteExchange& exchange) {
    const std::lock_guard lock(mutex_);
    std::ofstream out(path_, std::ios::app | std::ios::binary);
    out << to_json_text(exchange) << '\n';
    out.flush();
    if (!out) log_warning("cassette_not_written", {{"path", path_}});
  }

  const std::shared_ptr<HttpClient> client_;
  const std::string path_;
  std::mutex mutex_;
};

class ReplayingClient final : public HttpClient {
 public:
  ReplayingClient(std::vector<CassetteExchange> exchanges, double speed)
      : exchanges_(std::move(exchanges)), taken_(exchanges_.size(), false), speed_(speed) {}

  Result<ClientResponse> send(const CallContext&, const ClientRequest&) override {
    return fail(ErrorCode::internal, "cassette_mismatch", "A cassette holds streams alone");
  }

  Result<ClientResponse> stream(const CallContext& context, ClientRequest request,
                                const std::function<Result<>(std::string_view)>& on_bytes) override {
    const CassetteExchange& exchange = exchanges_[TRY(take(path_of(request.url), body_of(request)))];
    ClientResponse response{.status = exchange.status};
    for (const auto& [name, value] : exchange.headers) response.headers.emplace_back(name, value);
    const bool streams = exchange.status >= 200 && exchange.status < 300;
    const auto start = CallContext::Clock::now();
    for (const CassetteChunk& chunk : exchange.chunks) {
      if (speed_ > 0)
        std::this_thread::sleep_until(start +
                                      std::chrono::milliseconds(static_cast<std::int64_t>(static_cast<double>(chunk.at_ms) / speed_)));
      TRY(context.check());
      const std::string bytes = chunk.text ? *chunk.text : decode_base64url(chunk.bytes.value_or("")).value_or("");
      if (streams || exchange.failure) TRY(on_bytes(bytes));
      else response.body += bytes;
    }
    if (exchange.failure)
      return fail(Error{.code = ErrorCode::unavailable, .message = "The connection broke", .reason = *exchange.failure, .retryable = true});
    return response;
  }

 private:
  Result<std::size_t> take(const std::string& path, const json::object& request) {
    const std::lock_guard lock(mutex_);
    const json::value actual(request);
    std::optional<std::size_t> next;
    for (std::size_t i = 0; i < exchanges_.size(); ++i) {
      if (taken_[i]) continue;
      if (!next) next = i;
      if (exchanges_[i].path != path || !diff_of_requests(exchanges_[i].request, actual).empty()) continue;
      taken_[i] = true;
      return i;
    }
    std::string why = "the cassette has no exchange left";
    if (next) {
      why = exchanges_[*next].path == path ? diff_of_requests(exchanges_[*next].request, actual)
                                           : str("path: - ", exchanges_[*next].path, " + ", path);
    }
    return fail(Error{.code = ErrorCode::internal,
                      .message = str("The model was asked something else than when this was recorded:\n", why),
                      .reason = "cassette_mismatch",
                      .retryable = false});
  }

  const std::vector<CassetteExchange> exchanges_;
  std::vector<bool> taken_;
  const double speed_;
  std::mutex mutex_;
};

}  // namespace

Result<std::vector<CassetteExchange>> read_cassette(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::invalid_argument, str(path, " cannot be read"));
  std::vector<CassetteExchange> out;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    const json::value value = TRY(parse_json(line, {.depth_max = 128, .bytes_max = kCassetteLineBytesMax}));
    out.push_back(TRY(from_json<CassetteExchange>(value)));
  }
  return out;
}

std::shared_ptr<HttpClient> make_recording_client(std::shared_ptr<HttpClient> client, std::string path) {
  return std::make_shared<RecordingClient>(std::move(client), std::move(path));
}

std::shared_ptr<HttpClient> make_replaying_client(std::vector<CassetteExchange> exchanges, double speed) {
  return std::make_shared<ReplayingClient>(std::move(exchanges), speed);
}

Result<std::shared_ptr<HttpClient>> open_cassette(std::string_view setting, std::shared_ptr<HttpClient> client) {
  constexpr std::string_view record = "record:";
  constexpr std::string_view replay = "replay:";
  if (setting.starts_with(record)) return make_recording_client(std::move(client), std::string(setting.substr(record.size())));
  if (setting.starts_with(replay)) return make_replaying_client(TRY(read_cassette(std::string(setting.substr(replay.size())))));
  return client;
}

std::string diff_of_requests(const json::value& expected, const json::value& actual) {
  std::vector<std::string> differences;
  compare(expected, actual, "", differences);
  return join(differences, "\n");
}

}  // namespace bridge
