#include "features/dashboard_generation/suggestion_service.h"

#include "ai_sdk/core/session.h"
#include "ai_sdk/gateway/redaction.h"
#include "features/dashboard_compiler/sql_text.h"

namespace bridge {

namespace {

constexpr int kTopMax = 10;
constexpr int kStepsMax = 8;  // lists, schemas, values: each is one

bool is_one_name(std::string_view sql, const SqlLexicalRules& rules) {
  if (sql.empty()) return false;
  if (rules.identifier_quotes.contains(sql.front())) {
    const auto name = find_opaque_sql(sql, 0, rules);
    return name && name->is_closed && name->end == sql.size();
  }
  return std::ranges::all_of(sql, is_sql_word_char);
}

Result<> check_request(const SuggestionRequest& request) {
  std::vector<Violation> violations;
  if (trim(request.sentence).empty()) {
    violations.push_back({.path = "sentence", .code = "blank", .message = "Say in a sentence what to show, such as 'delays by carrier'"});
  } else if (const std::size_t characters = count_characters(request.sentence); characters > generation_limits::kPromptCharactersMax) {
    violations.push_back({.path = "sentence",
                          .code = "too_long",
                          .message = too_long_message("A sentence", generation_limits::kPromptCharactersMax, characters)});
  }
  if (request.top < 1 || request.top > kTopMax)
    violations.push_back({.path = "top", .code = "out_of_range", .message = str("top is between 1 and ", kTopMax)});
  if (violations.empty()) return {};
  const std::string message = violations.front().message;
  return fail(
      Error{.code = ErrorCode::invalid_argument, .message = message, .reason = "bad_sentence", .violations = std::move(violations)});
}

// The filters that a reading in the query's place obeys too: those of a column that stands there without its table's name.
ReplacedQuery read_replaced(const std::string& sql, const SqlDialect* dialect) {
  ReplacedQuery replaced{.sql = sql};
  if (!dialect) return replaced;
  for (const SqlPiece& piece : scan_sql(sql, dialect->lexical_rules()).pieces) {
    if (piece.kind != SqlPiece::Kind::filter || piece.expression.size() != 1) continue;
    const SqlPiece& argument = piece.expression.front();
    if (argument.kind != SqlPiece::Kind::text || !is_one_name(trim(argument.text), dialect->lexical_rules())) continue;
    std::string filter = str("filter(:", piece.parameter, ", ", trim(argument.text), ")");
    if (std::ranges::find(replaced.filters, filter) == replaced.filters.end()) replaced.filters.push_back(std::move(filter));
  }
  return replaced;
}

class RuleSuggestions final : public SuggestionService {
 public:
  RuleSuggestions(GenerationToolParts parts, ToolRegistry tools, std::shared_ptr<ToolResultCache> cache)
      : parts_(parts), tools_(std::move(tools)), cache_(std::move(cache)) {}

  Result<Suggestions> suggest(const CallContext& context, const SuggestionRequest& request) override {
    TRY(check_request(request));
    const GenerationConnection connection = TRY(parts_.catalog.get_connection(context, request.connection_id));
    const ReplacedQuery replaced = read_replaced(request.replaced_sql, connection.dialect);
    const ToolContext tool_context{.call = context, .session_id = {}, .connection_id = request.connection_id};
    std::vector<Message> messages{{.role = MessageRole::user, .text = join(split(remove_secrets(request.sentence).text, '\n'), " ")}};
    for (int i = 0; i < kStepsMax; ++i) {
      TRY(context.check());
      SuggestionStep step = next_suggestion_step(messages, request.table, static_cast<std::size_t>(request.top), replaced);
      if (step.charts) return to_suggestions(*step.charts);
      if (step.calls.empty()) return fail(ErrorCode::invalid_argument, "nothing_matched", std::move(step.refusal));
      Message answers{.role = MessageRole::tool};
      for (const ToolCall& call : step.calls) answers.tool_results.push_back(TRY(answer(tool_context, call)));
      messages.push_back({.role = MessageRole::assistant, .tool_calls = std::move(step.calls)});
      messages.push_back(std::move(answers));
    }
    return fail(ErrorCode::internal, "The readings of the sentence were not found in the steps that they may take");
  }

 private:
  static Suggestions to_suggestions(const SuggestedCharts& charts) {
    Suggestions out{.table = charts.table, .account = charts.account};
    for (const ChartSuggestion& suggestion : charts.readings) out.readings.push_back(to_reading(suggestion));
    return out;
  }

  // As an agent's tools answer: a refusal is an answer too. What ends the request ends it here.
  Result<ToolResult> answer(const ToolContext& context, const ToolCall& call) {
    const std::shared_ptr<ToolDefinition> tool = TRY(tools_.get_tool(call.name));
    if (!may_use(context.call.caller, *tool)) return fail(ErrorCode::permission_denied, str("Your role may not use ", call.name));
    const bool cacheable = cache_ && tool->cacheable();
    if (cacheable) {
      if (auto known = cache_->find(context, call.name, call.arguments))
        return ToolResult{.call_id = call.id, .name = call.name, .content = *std::move(known)};
    }
    Result<json::object> content = tool->execute(context, call.arguments);
    TRY(context.call.check());
    if (!content) return ToolResult{.call_id = call.id, .name = call.name, .ok = false, .content = tool_error_content(content.error())};
    const bool refused = content->contains("error");
    if (cacheable && !refused) cache_->keep(context, call.name, call.arguments, *content);
    return ToolResult{.call_id = call.id, .name = call.name, .ok = !refused, .content = *std::move(content)};
  }

  const GenerationToolParts parts_;
  const ToolRegistry tools_;
  const std::shared_ptr<ToolResultCache> cache_;
};

}  // namespace

ChartReading to_reading(const ChartSuggestion& suggestion) {
  ChartReading reading{.mark = suggestion.mark,
                       .x = suggestion.x,
                       .y = suggestion.y,
                       .color = suggestion.color,
                       .value = suggestion.value,
                       .filters = suggestion.filters,
                       .aggregate = suggestion.aggregate,
                       .time_unit = suggestion.time_unit,
                       .bin = suggestion.bin,
                       .sort = suggestion.sort,
                       .limit = suggestion.limit,
                       .score = suggestion.score,
                       .why = suggestion.why,
                       .sql = suggestion.sql};
  if (suggestion.mark == "scatter") reading.size = suggestion.value;
  return reading;
}

Result<std::unique_ptr<SuggestionService>> make_suggestion_service(const GenerationToolParts& tools,
                                                                   std::shared_ptr<ToolResultCache> cache) {
  ToolRegistry registry = TRY(make_generation_tools(tools));
  return std::make_unique<RuleSuggestions>(tools, std::move(registry), std::move(cache));
}

}  // namespace bridge
