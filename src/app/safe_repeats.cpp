#include "app/safe_repeats.h"

#include <set>

#include "base/bad_field.h"
#include "base/guarded.h"
#include "base/ids.h"
#include "base/text.h"

namespace bridge {
namespace {

constexpr std::size_t kKeyBytesMax = 255;
constexpr std::size_t kAnswersBytesMax = 16 << 20;
constexpr std::size_t kAnswerBytesMax = 1 << 20;
constexpr std::size_t kAtWorkMax = 4'096;
constexpr std::chrono::hours kKeptFor{24};

// An answer as it is kept, with what asked for it.
struct KeptAnswer {
  std::string request_body;  // base64url: whatever bytes came
  int status = 200;
  std::string content_type;
  std::map<std::string, std::string> headers;
  std::string body;
};
BOOST_DESCRIBE_STRUCT(KeptAnswer, (), (request_body, status, content_type, headers, body))

std::string body_of(const Response& response) {
  std::string body;
  for (const SharedBytes& part : response.body) body += *part;
  return body;
}

Response response_of(const json::object& kept) {
  Response response = text_response(std::string(kept.at("body").as_string()), std::string(kept.at("content_type").as_string()),
                                    static_cast<int>(kept.at("status").to_number<std::int64_t>()));
  for (const auto& [name, value] : kept.at("headers").as_object())
    response.headers.emplace_back(std::string(name), std::string(value.as_string()));
  response.headers.emplace_back("idempotent-replayed", "true");
  return response;
}

// The answers of all routes, and which keys are at work. Thread-safe.
class Repeats {
 public:
  Result<Response> run(const Handler& handler, const Request& request) {
    const auto key = request.header("idempotency-key");
    if (!key) return handler(request);
    if (key->empty() || key->size() > kKeyBytesMax) {
      return bad_value({.path = "Idempotency-Key", .code = "bad_length", .message = str("must have 1 to ", kKeyBytesMax, " characters")});
    }
    const Caller& caller = request.context.caller;
    const std::string name = str(caller.team_id.value(), "\n", caller.credential_id, "\n", request.target, "\n", *key);
    if (const SharedBytes bytes = kept_->find(name)) {
      const json::value kept = TRY(parse_json(*bytes, {.bytes_max = 4 * kAnswerBytesMax}));
      if (std::string_view(kept.as_object().at("request_body").as_string()) != encode_base64url(request.body)) {
        return fail(ErrorCode::invalid_argument, "idempotency_key_reused",
                    "This Idempotency-Key was used with another body: use a new key for a new request");
      }
      return response_of(kept.as_object());
    }
    if (!begin(name))
      return fail(ErrorCode::failed_precondition, "request_in_progress",
                  "A request with this Idempotency-Key is still at work: repeat it in a moment");
    const AtEnd release([&] { end(name); });  // also when it throws: the key may be used again
    Result<Response> response = guarded([&] { return handler(request); });
    if (const Result<> kept = guarded([&] { keep(name, request, response); }); !kept)
      log_failure("answer_not_kept", "a repeat under its Idempotency-Key does the work again", kept.error());
    return response;
  }

 private:
  bool begin(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return at_work_.size() < kAtWorkMax && at_work_.insert(name).second;
  }
  void end(const std::string& name) {
    const std::lock_guard lock(mutex_);
    at_work_.erase(name);
  }

  void keep(const std::string& name, const Request& request, const Result<Response>& response) {
    const Response answer = response ? *response : problem_response(response.error(), request.context.correlation_id);
    if (answer.status >= 500 || answer.status == 429 || answer.stream) return;
    KeptAnswer kept{.request_body = encode_base64url(request.body),
                    .status = answer.status,
                    .content_type = answer.content_type,
                    .body = body_of(answer)};
    if (kept.body.size() + kept.request_body.size() > kAnswerBytesMax) return;
    for (const auto& [header, value] : answer.headers) kept.headers[header] = value;
    kept_->put(name, std::make_shared<const std::string>(to_json_text(kept)), kKeptFor);
  }

  std::shared_ptr<ByteCache> kept_ = make_memory_cache(kAnswersBytesMax);
  std::mutex mutex_;
  std::set<std::string> at_work_;
};

}  // namespace

void add_safe_repeats(std::vector<Route>& routes) {
  const auto repeats = std::make_shared<Repeats>();
  for (Route& route : routes) {
    // Signing in is left out: whoever repeats a key without credentials must not be handed somebody's session.
    if (route.method != Method::post || route.streams || route.access == Access::anyone) continue;
    route.handler = [repeats, handler = std::move(route.handler)](const Request& request) { return repeats->run(handler, request); };
  }
}

}  // namespace bridge
