#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/application.h"
#include "platform/http/client.h"
#include "platform/http/event_stream_reader.h"

namespace bridge {

// Talks to the server of a data folder as its operator: the one that runs, or one started inside this process for as long as this lives.
// Every administrative command goes this way, so that it obeys the same rules as everybody else.
class ApiClient {
 public:
  // unavailable when a server holds the folder but does not answer.
  static Result<std::unique_ptr<ApiClient>> connect(const Config& config);
  // The server of this process, as its operator.
  static std::unique_ptr<ApiClient> attach(const Application& server);
  ~ApiClient();

  // The answer's JSON; a problem comes back as the error that it was.
  Result<json::value> call(Method method, std::string_view path, const std::optional<json::value>& body = std::nullopt);
  Result<std::string> call_text(Method method, std::string_view path, std::string body, std::string content_type);

  // Sends a POST and gives each event to `on_event` as it comes.
  Result<> stream(std::string_view path, const json::value& body, const std::function<Result<>(const ServerSentEvent&)>& on_event);

  // The team that later calls act in: by id or slug; empty picks the only one.
  Result<std::string> choose_team(std::string_view id_or_slug);

  const std::string& url() const { return url_; }
  // Whether the server ends with this client, because none was running.
  bool owns_server() const { return own_server_ != nullptr; }

 private:
  ApiClient() = default;
  ClientRequest request(Method method, std::string_view path) const;

  std::unique_ptr<Application> own_server_;
  std::unique_ptr<HttpClient> http_;
  std::string url_;
  Secret key_;
  std::string team_id_;
};

// A problem+json body as an Error.
Error problem_error(const ClientResponse& response);

}  // namespace bridge
