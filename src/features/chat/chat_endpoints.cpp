#include "features/chat/chat_endpoints.h"

#include "features/teams/page.h"

namespace bridge {

namespace {

constexpr int kStreamTimeoutMs = 900'000;  // over the longest turn, so that a turn's own limit speaks first
constexpr std::size_t kChatBodyBytesMax = 256 << 10;

SessionId session_of(const Request& request) { return SessionId(request.path_value("id")); }

Result<Response> stream(ChatService& chat, const Request& request) {
  const SessionId id = session_of(request);
  if (const auto last = request.header("last-event-id"); last && !last->empty()) {
    TRY(chat.check_resume(request.context, id, *last));
    Response response;
    response.stream = [&chat, id, last = *last](EventSink& sink, const CallContext& context) { chat.resume(context, id, last, sink); };
    return response;
  }
  const auto input = TRY(request.json_body<ChatInput>());
  // Shared, because what runs a stream must be copyable.
  const auto turn = std::make_shared<ChatTurn>(TRY(chat.start_turn(request.context, id, input)));
  Response response;
  response.stream = [&chat, turn](EventSink& sink, const CallContext& context) { chat.run_turn(context, std::move(*turn), sink); };
  return response;
}

Response export_response(std::vector<std::string> parts) {
  Response response{.content_type = "application/x-ndjson",
                    .headers = {{"content-disposition", "attachment; filename=\"conversation.jsonl\""}}};
  for (std::string& part : parts) response.body.push_back(std::make_shared<const std::string>(std::move(part)));
  return response;
}

}  // namespace

std::vector<Route> make_chat_routes(ChatService& chat) {
  std::vector<Route> routes{
      {Method::get, "/v1/chat/providers", Access::editor, [&chat](const Request&) -> Result<Response> { return ok(chat.list_providers()); },
       docs<void, ProviderChoices>("list_providers", "Chat", "The model providers of this server, and their models", {},
                                   "ProviderChoices")},
      {Method::post, "/v1/chat/sessions", Access::editor,
       [&chat](const Request& request) -> Result<Response> {
         return created(TRY(chat.create(request.context, TRY(request.json_body<NewChat>()))));
       },
       docs<NewChat, ChatSession>("create_chat", "Chat", "Begin a conversation", "NewChat", "ChatSession")},
      {Method::get, "/v1/chat/sessions", Access::editor,
       [&chat](const Request& request) -> Result<Response> {
         const Page page = TRY(read_page(request));
         return ok(TRY(chat.list(request.context, SessionId(page.after), page.limit)));
       },
       docs<void, ChatList>("list_chats", "Chat", "Your conversations, newest first", {}, "ChatList", page_parameters())},
      {Method::get, "/v1/chat/sessions/{id}", Access::editor,
       [&chat](const Request& request) -> Result<Response> { return ok(TRY(chat.get(request.context, session_of(request)))); },
       docs<void, ChatDetail>("get_chat", "Chat", "A conversation with its messages", {}, "ChatDetail")},
      {Method::get, "/v1/chat/sessions/{id}/messages", Access::editor,
       [&chat](const Request& request) -> Result<Response> { return ok(TRY(chat.get_messages(request.context, session_of(request)))); },
       docs<void, ChatMessages>("list_chat_messages", "Chat", "What was said in a conversation", {}, "ChatMessages")},
      {Method::post, "/v1/chat/sessions/{id}/stop", Access::editor,
       [&chat](const Request& request) -> Result<Response> { return ok(TRY(chat.stop(request.context, session_of(request)))); },
       docs<void, ChatStopped>("stop_chat", "Chat", "Stop the answer that is under way", {}, "ChatStopped")},
      {Method::get, "/v1/chat/sessions/{id}/export", Access::editor,
       [&chat](const Request& request) -> Result<Response> {
         return export_response(TRY(chat.export_transcript(request.context, session_of(request))));
       },
       docs<void, void>("export_chat", "Chat", "The transcript as JSON lines")},
      {Method::delete_, "/v1/chat/sessions/{id}", Access::editor,
       [&chat](const Request& request) -> Result<Response> { return ok(TRY(chat.end(request.context, session_of(request)))); },
       docs<void, ChatEnded>("end_chat", "Chat", "End a conversation; its transcript is kept", {}, "ChatEnded")},
  };
  routes[6].docs.response_type = "application/x-ndjson";
  routes.push_back({.method = Method::post,
                    .path = "/v1/chat/sessions/{id}/stream",
                    .access = Access::editor,
                    .handler = [&chat](const Request& request) { return stream(chat, request); },
                    .docs = docs<ChatInput, void>("stream_chat", "Chat",
                                                  "Say something; the answer comes as events: token, tool_call, tool_result, warning, "
                                                  "fallback, reset, and last done or error. With "
                                                  "Last-Event-ID: what you have missed of an answer",
                                                  "ChatInput"),
                    .streams = true,
                    .body_bytes_max = kChatBodyBytesMax,
                    .timeout_ms = kStreamTimeoutMs});
  return routes;
}

}  // namespace bridge
