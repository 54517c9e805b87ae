#include "app/api_client.h"

#include <fstream>

#include "base/text.h"

namespace bridge {
namespace {

constexpr std::chrono::seconds kCallTimeout{120};
constexpr std::chrono::seconds kStreamTimeout{700};  // over the longest turn of a model

Result<Secret> read_operator_key(const Config& config) {
  std::ifstream in(config.path("operator.key"));
  std::string key;
  if (!std::getline(in, key) || key.empty()) {
    return fail(ErrorCode::failed_precondition, str("The operator's key is missing: ", config.path("operator.key"), " cannot be read"));
  }
  return Secret(std::move(key));
}

CallContext call_context(std::chrono::seconds time_max = kCallTimeout) {
  CallContext context;
  context.deadline = CallContext::Clock::now() + time_max;
  return context;
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

// The code that made this status; the first one of the table wins.
ErrorCode code_of(int status, std::string_view reason) {
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    if (traits_of(code).name == reason) return code;
  }
  for (int i = 0; i <= static_cast<int>(ErrorCode::internal); ++i) {
    const auto code = static_cast<ErrorCode>(i);
    if (traits_of(code).http_status == status) return code;
  }
  return status >= 500 ? ErrorCode::internal : ErrorCode::invalid_argument;
}

}  // namespace

Error problem_error(const ClientResponse& response) {
  const auto value = parse_json(response.body);
  if (!value || !value->is_object())
    return Error{.code = code_of(response.status, ""), .message = str("The server answered ", response.status)};
  const json::object& problem = value->get_object();
  const std::string reason = text_of(problem, "code");
  Error error{.code = code_of(response.status, reason), .message = text_of(problem, "detail"), .reason = reason};
  if (error.message.empty()) error.message = text_of(problem, "title");
  if (const json::value* list = problem.if_contains("errors"); list && list->is_array()) {
    for (const json::value& item : list->get_array()) {
      if (!item.is_object()) continue;
      Violation violation{.path = text_of(item.get_object(), "path"),
                          .code = text_of(item.get_object(), "code"),
                          .message = text_of(item.get_object(), "message")};
      error.violations.push_back(std::move(violation));
    }
  }
  return error;
}

Result<std::unique_ptr<ApiClient>> ApiClient::connect(const Config& config) {
  std::unique_ptr<ApiClient> client(new ApiClient);
  client->http_ = make_http_client();
  client->url_ = running_server_url(config);
  if (client->url_.empty()) {
    Config own = config;
    own.listen_address = "127.0.0.1";
    own.listen_port = 0;
    auto server = open_application(own);
    if (!server && server.error().reason == "data_dir_in_use") {
      return fail(ErrorCode::unavailable, str(server.error().message, ". It does not answer: wait until it is ready, or stop it"));
    }
    client->own_server_ = TRY(std::move(server));
    TRY(client->own_server_->start());
    client->url_ = client->own_server_->url();
  }
  client->key_ = TRY(read_operator_key(config));
  return client;
}

std::unique_ptr<ApiClient> ApiClient::attach(const Application& server) {
  std::unique_ptr<ApiClient> client(new ApiClient);
  client->http_ = make_http_client();
  client->url_ = server.url();
  client->key_ = Secret(server.operator_key());
  return client;
}

ApiClient::~ApiClient() {
  if (own_server_) own_server_->stop();
}

ClientRequest ApiClient::request(Method method, std::string_view path) const {
  ClientRequest out{.method = method, .url = str(url_, path)};
  out.headers.emplace_back("authorization", str("Bearer ", key_.reveal()));
  if (!team_id_.empty()) out.headers.emplace_back("x-bridge-team", team_id_);
  return out;
}

Result<json::value> ApiClient::call(Method method, std::string_view path, const std::optional<json::value>& body) {
  const std::string text = TRY(call_text(method, path, body ? json::serialize(*body) : std::string(), "application/json"));
  if (text.empty()) return json::value(nullptr);
  return parse_json(text, {.bytes_max = 64 << 20});
}

Result<std::string> ApiClient::call_text(Method method, std::string_view path, std::string body, std::string content_type) {
  ClientRequest out = request(method, path);
  if (!body.empty()) out.headers.emplace_back("content-type", std::move(content_type));
  out.body = std::move(body);
  ClientResponse response = TRY(http_->send(call_context(), out));
  if (response.status >= 400) return fail(problem_error(response));
  return std::move(response.body);
}

Result<> ApiClient::stream(std::string_view path, const json::value& body,
                           const std::function<Result<>(const ServerSentEvent&)>& on_event) {
  ClientRequest out = request(Method::post, path);
  out.headers.emplace_back("content-type", "application/json");
  out.headers.emplace_back("accept", "text/event-stream");
  out.body = json::serialize(body);
  EventStreamReader reader;
  const ClientResponse response = TRY(
      http_->stream(call_context(kStreamTimeout), std::move(out), [&](std::string_view bytes) { return reader.feed(bytes, on_event); }));
  if (response.status >= 400) return fail(problem_error(response));
  return {};
}

Result<std::string> ApiClient::choose_team(std::string_view id_or_slug) {
  const json::value list = TRY(call(Method::get, "/v1/onboarding/teams"));
  const json::array& items = list.as_object().at("items").as_array();
  std::vector<std::string> slugs;
  for (const json::value& item : items) {
    const json::object& team = item.as_object();
    slugs.push_back(text_of(team, "slug"));
    if (text_of(team, "id") == id_or_slug || slugs.back() == id_or_slug || (id_or_slug.empty() && items.size() == 1)) {
      team_id_ = text_of(team, "id");
      return team_id_;
    }
  }
  if (items.empty()) return fail(ErrorCode::failed_precondition, "There is no team yet: make one with `bridge team create NAME`");
  if (id_or_slug.empty())
    return fail(ErrorCode::invalid_argument, str("There are several teams: name one with --team (", join(slugs, ", "), ")"));
  const auto near = nearest_name(id_or_slug, slugs);
  return fail(ErrorCode::not_found, str("There is no team '", id_or_slug, "'",
                                        near ? str(": did you mean ", *near, "?") : str("; there are ", join(slugs, ", "))));
}

}  // namespace bridge
