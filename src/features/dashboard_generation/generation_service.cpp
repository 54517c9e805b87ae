#include "features/dashboard_generation/generation_service.h"

#include "ai_sdk/core/cut_text.h"
#include "ai_sdk/gateway/redaction.h"
#include "base/bad_field.h"
#include "base/guarded.h"
#include "base/log.h"
#include "features/chat/turn_events.h"
#include "features/dashboard_generation/connection_context.h"
#include "features/dashboard_generation/list_all_tables.h"

namespace bridge {

namespace {

Result<> check_prompt(const std::string& prompt) {
  Violation violation{.path = "user_prompt"};
  if (trim(prompt).empty()) {
    violation.code = "blank";
    violation.message = "Say in a sentence what the dashboard should show, such as 'Which carriers run late?'";
  } else if (const std::size_t characters = count_characters(prompt); characters > generation_limits::kPromptCharactersMax) {
    violation.code = "too_long";
    violation.message = too_long_message("A sentence", generation_limits::kPromptCharactersMax, characters);
  } else {
    return {};
  }
  return bad_field(std::move(violation), {.reason = "bad_prompt"});
}

std::string names_of(const std::vector<TableInfo>& tables) {
  std::vector<std::string> names;
  for (const TableInfo& table : tables) {
    if (names.size() == generation_limits::kHintTablesMax) {
      names.push_back("…");
      break;
    }
    names.push_back(table.sql_name);
  }
  return join(names, ", ");
}

// Whether the words say already which tables there are: all of them, or enough to go on with.
bool names_tables(std::string_view words, std::string_view table_names) {
  constexpr std::ptrdiff_t enough = 5;
  const std::vector<std::string> names = split(table_names, ',');
  const auto named =
      std::ranges::count_if(names, [&](const std::string& name) { return words.find(trim(name)) != std::string_view::npos; });
  return named >= std::min<std::ptrdiff_t>(enough, std::ssize(names));
}

// A blank line ends a person's words in the first message: theirs have none.
std::string without_blank_lines(std::string_view words) {
  std::string text;
  for (const std::string& line : split(words, '\n')) {
    if (trim(line).empty()) continue;
    if (!text.empty()) text += '\n';
    text += trim(line);
  }
  return text;
}

// What a document says of the words of its sentence.
std::vector<AccountedWord> account_in(std::string_view yaml) {
  std::vector<AccountedWord> account;
  for (const std::string& line : split(std::string(yaml), '\n')) {
    if (!line.starts_with(account_key)) continue;
    const auto list = parse_json(std::string_view(line).substr(account_key.size()));
    if (!list || !list->is_array()) continue;
    for (const json::value& item : list->get_array()) {
      if (auto word = from_json<AccountedWord>(item)) account.push_back(*std::move(word));
    }
  }
  return account;
}

// Turns the events of a turn into those of the stream, and remembers what matters for its end.
class EventWriter final {
 public:
  explicit EventWriter(EventSink& sink) : sink_(sink) {}

  // resource_exhausted ("repair_limit") when the model does not get its document right.
  Result<> write(const TurnEvent& event) {
    has_text_ = has_text_ || std::holds_alternative<TextEvent>(event);
    if (const auto wire = to_wire_event(event)) TRY(send(wire->name, wire->data));
    if (const auto* call = std::get_if<ToolCallEvent>(&event)) note(call->call);
    if (const auto* result = std::get_if<ToolResultEvent>(&event)) return note(result->result);
    return {};  // the end is written by who knows what it was for
  }

  Result<> send(std::string_view event, const json::object& data) { return sink_.send(event, json::serialize(data)); }

  const std::optional<SavedDocument>& saved() const { return saved_; }
  const std::vector<AccountedWord>& account() const { return account_; }
  bool tried_sql() const { return tried_sql_; }
  bool has_text() const { return has_text_; }

 private:
  void note(const ToolCall& call) {
    const json::value* yaml = call.name == "save_dashboard_yaml" ? call.arguments.if_contains("yaml") : nullptr;
    if (yaml && yaml->is_string()) account_of_call_ = account_in(yaml->get_string());
  }
  Result<> note(const ToolResult& result) {
    if (result.name == "run_dry_run_query") tried_sql_ = true;
    if (result.outcome.kind == ToolOutcome::Kind::saved) {
      if (auto saved = from_json<SavedDocument>(result.content)) {
        saved_ = *std::move(saved);
        account_ = account_of_call_;
      }
    }
    if (result.name != "validate_dashboard_yaml") return {};
    const json::value* valid = result.content.if_contains("valid");
    if (valid && valid->is_bool() && valid->get_bool()) return {};
    if (++failed_validations_ <= generation_limits::kRepairRoundsMax) return {};
    return fail(ErrorCode::resource_exhausted, "repair_limit",
                str("The model's document had problems ", failed_validations_, " times in a row"));
  }

  EventSink& sink_;
  std::optional<SavedDocument> saved_;
  std::vector<AccountedWord> account_of_call_;
  std::vector<AccountedWord> account_;
  int failed_validations_ = 0;
  bool tried_sql_ = false;
  bool has_text_ = false;
};

// Whether it was the model that did not manage, and not its server, the person, or the time.
bool is_failing_of_the_model(const Error& error) {
  constexpr std::string_view reasons[] = {"repair_limit",       "step_limit", "token_limit",  "cost_limit",
                                          "repeated_tool_call", "not_saved",  "empty_answer", "answer_too_large"};
  return std::ranges::find(reasons, error.reason) != std::end(reasons);
}

constexpr std::string_view kTakeoverProvider = "rules";

class AgentGeneration final : public GenerationService {
 public:
  AgentGeneration(GenerationParts parts, ToolRegistry tools)
      : parts_(std::move(parts)), tools_(std::move(tools)), orchestrator_(make_orchestrator(parts_.limits, parts_.tool_cache)) {}

  Result<GenerationStart> start(const CallContext& context, const GenerationRequest& request) override {
    TRY(check_prompt(request.user_prompt));
    const std::string prompt = remove_secrets(request.user_prompt).text;
    GenerationStart start{.connection_id = request.connection_id};
    start.provider = TRY(parts_.providers.get_provider(request.provider));
    const GenerationConnection connection = TRY(parts_.tools.catalog.get_connection(context, request.connection_id));
    const std::vector<TableInfo> tables =
        TRY(list_all_tables(context, parts_.tools.catalog, request.connection_id, generation_limits::kHintTablesMax + 1));
    if (tables.empty())
      return fail(ErrorCode::failed_precondition, "no_tables",
                  str("The connection '", connection.name, "' has no tables to make a dashboard of"));
    start.table_names = names_of(tables);
    start.user_message =
        without_blank_lines(prompt) + make_connection_context(connection, tables, parts_.tools.cap_bytes, parts_.tools.clock.now());
    NewSession input{
        .provider = start.provider->name(), .model = TRY(parts_.providers.choose_model(*start.provider, request.model)), .title = prompt};
    input.connection_id = request.connection_id;
    input.prompt_blocks = to_prompt_texts(TRY(parts_.prompt_blocks.get_active_blocks(context)));
    start.session = TRY(parts_.sessions.create_session(context, std::move(input)));
    parts_.tools.ledger.open_session(start.session.id, {.generator = start.session.provider, .prompt = prompt});
    return start;
  }

  Result<GenerationDone> run(const CallContext& context, GenerationStart start, EventSink& sink) override {
    EventWriter writer(sink);
    TurnOutcome outcome;
    const AtEnd close([&] { parts_.tools.ledger.close_session(start.session.id); });
    const Result<> begun = writer.send("session", {{"session_id", start.session.id.value()}});
    Result<GenerationDone> done = begun ? run_model(context, start, *start.provider, writer, outcome) : fail(begun.error());
    if (!done && is_failing_of_the_model(done.error()) && start.provider->name() != kTakeoverProvider)
      done = take_over(context, start, done.error(), writer, outcome);
    outcome.totals = start.session.totals;  // of every provider that had a part in it
    TurnEnd end = done ? TurnEnd{"done", with_other_readings(context, start, done_event(*done, outcome))}
                       : TurnEnd{"error", error_data(done.error(), context.correlation_id, writer.has_text(), outcome)};
    if (const Result<> kept = guarded([&] { return keep(context, start.session, done.has_value(), end); }); !kept)
      log_error("transcript_not_kept",
                {{"session_id", start.session.id.value()}, {"error", describe_error(kept.error())}, {"detail", kept.error().detail}});
    // The stream's last event; when nobody listens any more there is nobody to tell.
    (void)writer.send(end.event, end.data);
    return done;
  }

 private:
  static json::object done_event(const GenerationDone& done, const TurnOutcome& outcome) {
    json::object data = done_data(outcome);
    const json::value fields = to_json(done);
    for (const auto& [name, value] : fields.get_object()) data[name] = value;
    return data;
  }

  // The first reading leads the page; the others are offered. Without any there is nothing to offer, and the page is no worse for it.
  json::object with_other_readings(const CallContext& context, const GenerationStart& start, json::object data) const {
    if (!parts_.suggestions) return data;
    auto suggestions = parts_.suggestions->suggest(context, {.connection_id = start.connection_id, .sentence = start.session.title});
    if (!suggestions || suggestions->readings.size() < 2) return data;
    suggestions->readings.erase(suggestions->readings.begin());
    data["table"] = suggestions->table;
    data["readings"] = to_json(suggestions->readings);
    return data;
  }

  // A model that does not manage is followed by one that always does, and people are told.
  Result<GenerationDone> take_over(const CallContext& context, GenerationStart& start, const Error& reason, EventWriter& writer,
                                   TurnOutcome& outcome) {
    const auto rules = parts_.providers.get_provider(kTakeoverProvider);
    if (!rules) return fail(reason);
    TRY(writer.send("fallback", {{"from", str(start.session.provider, "/", start.session.model)},
                                 {"to", str(kTakeoverProvider, "/", (*rules)->default_model())},
                                 {"reason", str(reason.message, ". The rules take over.")}}));
    const std::string model = std::exchange(start.session.model, (*rules)->default_model());
    parts_.tools.ledger.open_session(start.session.id, {.generator = std::string(kTakeoverProvider), .prompt = start.session.title});
    // The rules plan from a conversation of their own: the failed attempts of another would only mislead them.
    std::vector<Message> earlier = std::exchange(start.session.messages, {});
    Result<GenerationDone> done = run_model(context, start, **rules, writer, outcome);
    std::ranges::move(start.session.messages, std::back_inserter(earlier));
    start.session.messages = std::move(earlier);
    start.session.model = model;
    return done;
  }

  Result<GenerationDone> run_model(const CallContext& context, GenerationStart& start, ProviderAdapter& model, EventWriter& writer,
                                   TurnOutcome& outcome) {
    const ToolContext tool_context{.call = context, .session_id = start.session.id, .connection_id = start.connection_id};
    const Result<TurnOutcome> ran = guarded([&] {
      return orchestrator_->run_turn(tool_context, model, tools_, start.session, start.user_message,
                                     [&writer](const TurnEvent& event) { return writer.write(event); });
    });
    if (ran) outcome = *ran;
    // A dashboard that is saved stays saved, whatever became of the words after it.
    if (const auto& saved = writer.saved()) {
      return GenerationDone{.session_id = start.session.id,
                            .dashboard_slug = saved->slug,
                            .gcs_yaml_path = saved->gcs_yaml_path,
                            .preview_url = "/d/" + saved->slug,
                            .account = writer.account()};
    }
    if (!ran) return fail(ran.error());
    return model.name() == kTakeoverProvider ? nothing_saved_by_rules(*ran, start, writer.tried_sql()) : nothing_saved(*ran);
  }

  // Bridge knows that nothing was saved, whatever the model says of it: people have heard its words, and they are not repeated here. But
  // for a refusal, which is the model's own.
  static std::unexpected<Error> nothing_saved(const TurnOutcome& outcome) {
    constexpr std::size_t words_bytes_max = 1'000;
    if (outcome.reason == FinishReason::refused)
      return fail(ErrorCode::invalid_argument, "model_refused",
                  str("The model refused to answer. ", cut_text(trim(outcome.text), words_bytes_max)));
    return fail(ErrorCode::failed_precondition, "not_saved",
                str("The model ended without saving a dashboard",
                    outcome.reason == FinishReason::length ? ": its answer was cut off at the longest that is allowed" : ""));
  }

  static std::unexpected<Error> nothing_saved_by_rules(const TurnOutcome& outcome, const GenerationStart& start, bool tried_sql) {
    constexpr std::size_t words_bytes_max = 1'000;
    const std::string words(cut_text(trim(outcome.text), words_bytes_max));
    if (tried_sql)
      return fail(ErrorCode::failed_precondition, "not_saved",
                  str("The agent ended without saving a dashboard", words.empty() ? "" : ": ", words));
    std::string message = words.empty() ? std::string("Nothing in this warehouse matches the sentence.") : words;
    if (!names_tables(message, start.table_names)) message += str(" There are these tables: ", start.table_names, ".");
    return fail(ErrorCode::invalid_argument, "nothing_matched", std::move(message));
  }

  // A transcript that cannot be kept is a matter for the log: what was made is made.
  Result<> keep(const CallContext& context, SessionState& session, bool completed, const TurnEnd& end) {
    TRY(parts_.sessions.append_turn(context, session, end));
    return parts_.sessions.end_session(context, session, completed ? SessionStatus::completed : SessionStatus::failed);
  }

  GenerationParts parts_;
  const ToolRegistry tools_;
  const std::unique_ptr<Orchestrator> orchestrator_;
};

}  // namespace

Result<std::unique_ptr<GenerationService>> make_generation_service(GenerationParts parts) {
  ToolRegistry tools = TRY(make_generation_tools(parts.tools));
  return std::make_unique<AgentGeneration>(std::move(parts), std::move(tools));
}

}  // namespace bridge
