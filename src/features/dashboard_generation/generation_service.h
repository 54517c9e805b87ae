#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ai_sdk/core/orchestrator.h"
#include "ai_sdk/core/provider_factory.h"
#include "ai_sdk/core/session_manager.h"
#include "ai_sdk/prompts/prompt_block_service.h"
#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/limits.h"
#include "features/dashboard_generation/suggestion_service.h"
#include "features/rules/accounted_word.h"
#include "platform/http/message.h"

namespace bridge {

struct GenerationRequest {
  ConnectionId connection_id;
  std::string user_prompt;
  std::string provider;  // empty: the default
  std::string model;     // empty: the provider's default
};
BOOST_DESCRIBE_STRUCT(GenerationRequest, (), (connection_id, user_prompt, provider, model))
template <>
inline constexpr auto field_notes<GenerationRequest> = std::to_array<FieldNote>({
    {.name = "connection_id", .about = "the warehouse to answer from"},
    {.name = "user_prompt",
     .about = "what the dashboard should show, in one sentence",
     .subject = "A sentence",
     .length_max = generation_limits::kPromptCharactersMax},
    {.name = "provider", .about = "a provider of this server; the default one when missing", .length_max = 64, .optional = true},
    {.name = "model", .about = "a model of that provider; its default when missing", .length_max = 200, .optional = true},
});

struct GenerationDone {
  SessionId session_id;
  std::string dashboard_slug;
  std::string gcs_yaml_path;
  std::string preview_url;
  std::vector<AccountedWord> account;  // what became of every word of the sentence; empty when the agent kept no account
};
BOOST_DESCRIBE_STRUCT(GenerationDone, (), (session_id, dashboard_slug, gcs_yaml_path, preview_url, account))

// A generation that may begin: everything that can be refused with a plain answer has been looked at.
struct GenerationStart {
  SessionState session;
  ConnectionId connection_id;
  std::string user_message;  // the sentence, and which tables there are
  std::string table_names;   // for people, when nothing comes of it
  std::shared_ptr<ProviderAdapter> provider;
};

// From a sentence to a saved dashboard. Thread-safe.
class GenerationService {
 public:
  virtual ~GenerationService() = default;

  // Makes the session. invalid_argument for a blank sentence or an unknown provider, not_found for another team's connection, and what
  // looking at the warehouse failed with.
  virtual Result<GenerationStart> start(const CallContext& context, const GenerationRequest& request) = 0;

  // Runs the agent and sends every step: session, token, tool_call, tool_result, warning, reset, fallback, and last done or error (as it is
  // returned: "nothing_matched" when the rules did not find what to show, "not_saved" when they did not get that far). When a model does
  // not manage (its document stays wrong, it goes round in circles, it uses up what it may, it ends without having saved, whatever it says
  // of that), the rules take over. The session's transcript is kept however it ends. `done` has the sentence's other readings as charts,
  // for people to choose from: `readings`, and their `table`.
  virtual Result<GenerationDone> run(const CallContext& context, GenerationStart start, EventSink& sink) = 0;
};

// All of these must outlive the service.
struct GenerationParts {
  GenerationToolParts tools;
  ProviderFactory& providers;
  SessionManager& sessions;
  PromptBlockService& prompt_blocks;
  OrchestratorLimits limits = {};
  std::shared_ptr<ToolResultCache> tool_cache = nullptr;  // may be null
  SuggestionService* suggestions = nullptr;               // null: other readings are not offered
};
Result<std::unique_ptr<GenerationService>> make_generation_service(GenerationParts parts);

}  // namespace bridge
