#include "features/rules/rules_provider.h"

#include "base/text.h"
#include "features/rules/filters.h"
#include "features/rules/joined_table.h"
#include "features/rules/match.h"
#include "features/rules/plan.h"
#include "features/rules/question.h"
#include "features/rules/reading_query.h"
#include "features/rules/suggestion_step.h"
#include "features/rules/words.h"
#include "features/rules/yaml_writer.h"

namespace bridge {

namespace {

using namespace rules;

constexpr std::size_t datasets_max = 8;  // that are listed
constexpr std::size_t tables_max = 400;  // that are considered
constexpr double score_of_cues = 0.8;    // of words that only ask, before they choose a table
constexpr std::size_t schemas_max = 8;   // that are read for one sentence
constexpr int revisions_max = 24;        // of one plan
constexpr double period_share_least = 0.002;
constexpr double dominant_factor = 5;         // a table so many times larger than the next is what "everything" means
constexpr std::size_t text_piece_bytes = 24;  // of a delta
constexpr std::size_t columns_named_max = 8;  // of a table, when there is nothing to chart

struct ListedTable {
  std::string dataset;
  std::string name;
  std::string sql_name;
  double row_count = 0;
  double fit = 0;
  std::vector<std::string> columns;
};

// The next thing to do: calls, or (with none) the last word.
struct Step {
  std::string text;
  std::vector<ToolCall> calls;
};

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}
double number_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_number() ? value->to_number<double>() : 0;
}
const json::array& array_at(const json::object& object, std::string_view key) {
  static const json::array none;
  const json::value* value = object.if_contains(key);
  return value && value->is_array() ? value->get_array() : none;
}

// Failures come as {"error": {...}}, whether or not the result says ok.
const json::object* error_of(const ToolResult& result) {
  const json::value* error = result.content.if_contains("error");
  if (error && error->is_object()) return &error->get_object();
  static const json::object unknown;
  return result.ok ? nullptr : &unknown;
}

// One call of the conversation with its answer.
struct Answered {
  const ToolCall* call = nullptr;
  const ToolResult* result = nullptr;
  std::size_t message = 0;
};

// "Connection: flights" on a line of its own, in the context that was put behind a person's words.
std::string connection_in(std::string_view text) {
  for (const std::string& line : split(text, '\n')) {
    const std::string_view trimmed = trim(line);
    if (!lower(trimmed.substr(0, 11)).starts_with("connection:")) continue;
    std::string_view name = trim(trimmed.substr(11));
    while (!name.empty() && (name.front() == '`' || name.front() == '"' || name.front() == '\'')) name.remove_prefix(1);
    while (!name.empty() && (name.back() == '`' || name.back() == '"' || name.back() == '\'' || name.back() == '.')) name.remove_suffix(1);
    if (!name.empty()) return std::string(name);
  }
  return {};
}

// "and by month?", "only in June", "what about Boston": words that have no meaning without what was asked before.
bool goes_on(std::string_view words) {
  static constexpr auto openings =
      std::to_array<std::string_view>({"and ",     "but ",     "also ", "now ",        "only ",      "just ", "without ", "excluding ",
                                       "except ",  "instead ", "then ", "what about ", "how about ", "same ", "split ",   "broken down ",
                                       "grouped ", "by ",      "per ",  "for ",        "in ",        "as a ", "as an ",   "with "});
  const std::string text = lower(words.substr(0, 40));
  return std::any_of(openings.begin(), openings.end(), [&](std::string_view opening) { return text.starts_with(opening); });
}

class Conversation {
 public:
  explicit Conversation(const std::vector<Message>& messages) {
    std::map<std::string_view, std::pair<const ToolCall*, std::size_t>> open;
    for (std::size_t i = 0; i < messages.size(); ++i) {
      const Message& message = messages[i];
      if (message.role == MessageRole::user && !trim(message.text).empty()) {
        const std::string_view words = trim(words_of(message));
        goes_on_ = !asked_.empty() && goes_on(words) && asked_.size() + words.size() < sentence_bytes_max;
        asked_ = goes_on_ ? str(asked_, ", ", words) : std::string(words);
        asked_at_ = i;
        const std::string_view context = std::string_view(message.text).substr(words_of(message).size());
        if (std::string name = connection_in(context); !name.empty()) connection_ = std::move(name);
      }
      for (const ToolCall& call : message.tool_calls) open[call.id] = {&call, i};
      for (const ToolResult& result : message.tool_results) {
        const auto found = open.find(result.call_id);
        if (found != open.end()) answered_.push_back({found->second.first, &result, i});
      }
      if (message.role == MessageRole::assistant) ++steps_;
    }
  }

  // The person's last words; when they go on from what was asked before ("and by month?"), that stands before them.
  const std::string& asked() const { return asked_; }
  bool asked_goes_on() const { return goes_on_; }
  // As the context of the conversation names it. The prompt's blocks hold an example of a document, whose connection is nobody's.
  const std::string& connection() const { return connection_; }
  int steps() const { return steps_; }

  // The newest answer to a call of that tool whose arguments satisfy `matches`; `this_turn`: since the person last spoke.
  template <class Matches>
  const ToolResult* find_where(std::string_view tool, bool this_turn, const Matches& matches) const {
    for (auto it = answered_.rbegin(); it != answered_.rend(); ++it) {
      if (it->call->name == tool && (!this_turn || it->message > asked_at_) && matches(it->call->arguments)) return it->result;
    }
    return nullptr;
  }
  const ToolResult* find(std::string_view tool) const {
    return find_where(tool, false, [](const json::object&) { return true; });
  }
  const ToolResult* find(std::string_view tool, std::string_view argument, std::string_view value, bool this_turn = false) const {
    return find_where(tool, this_turn, [&](const json::object& arguments) { return text_at(arguments, argument) == value; });
  }

 private:
  std::string asked_;
  bool goes_on_ = false;
  std::string connection_;
  std::size_t asked_at_ = 0;
  int steps_ = 0;
  std::vector<Answered> answered_;
};

// What the query's dry run came to.
enum class Verdict : std::uint8_t { open, good, too_large, wrong };

class Author {
 public:
  explicit Author(const CompletionRequest& request) : conversation_(*request.messages), sentence_(parse_sentence(conversation_.asked())) {
    options_.connection = conversation_.connection();
  }

  Step next() {
    if (sentence_.words.empty())
      return say(
          "I could not match a question without words. Ask about something in the data, for example how many there are, by what, and over "
          "which time.");
    if (auto step = list()) return *step;
    rank_tables();
    if (tables_.empty()) return say("I could not match the question: this connection has no tables yet.");
    if (auto step = read_schemas()) return *step;
    if (auto step = choose_table()) return *step;
    if (auto step = look_up_values()) return *step;
    sentence_ = without_named_cues(std::move(sentence_), match_);
    question_ = make_question(sentence_, match_);
    if (std::vector<ChartSuggestion> readings = suggest_charts(sentence_, match_, 1); !readings.empty())
      question_.reading = std::move(readings.front());
    return write();
  }

  // The same way as far as the table, and then the readings instead of a dashboard. `table`: empty, or the only one to look at.
  SuggestionStep suggest(std::string_view table, std::size_t top, const ReplacedQuery& replaced) {
    if (sentence_.words.empty()) return {.refusal = "Say in a sentence what to show, for example how many there are, by what."};
    if (auto step = list()) return to_suggestion_step(*step);
    if (!table.empty()) {
      const std::string wanted = lower(table);
      const std::string names = table_names();
      std::erase_if(tables_, [&](const ListedTable& one) {
        return lower(one.name) != wanted && lower(one.sql_name) != wanted && lower(str(one.dataset, ".", one.name)) != wanted;
      });
      if (tables_.empty())
        return {.refusal = str("There is no table '", shortened(table, 100), "'", names.empty() ? "" : ": there are ", names)};
    }
    rank_tables();
    if (tables_.empty()) return {.refusal = "This connection has no tables yet."};
    if (auto step = read_schemas()) return to_suggestion_step(*step);
    table_is_given_ = !table.empty();
    if (auto step = choose_table()) return to_suggestion_step(*step);
    if (auto step = look_up_values()) return to_suggestion_step(*step);
    sentence_ = without_named_cues(std::move(sentence_), match_);
    SuggestionStep step;
    step.charts = SuggestedCharts{.table = match_.table->source, .readings = suggest_charts(sentence_, match_, top)};
    const bool is_same_table = replaced.sql.contains(match_.table->sql_name);
    for (ChartSuggestion& reading : step.charts->readings)
      reading.sql = reading_query(reading, *match_.table, is_same_table ? replaced.filters : std::vector<std::string>{});
    question_ = make_question(sentence_, match_);
    if (!step.charts->readings.empty()) question_.reading = step.charts->readings.front();
    step.charts->account = make_plan(question_, sentence_, options_).account;
    return step;
  }

 private:
  static SuggestionStep to_suggestion_step(Step step) {
    if (step.calls.empty()) return {.refusal = std::move(step.text)};
    return {.calls = std::move(step.calls)};
  }
  std::string table_names() const {
    std::vector<std::string> names;
    for (const ListedTable& table : tables_) {
      if (names.size() < 12) names.push_back(table.name);
    }
    return join(names, ", ");
  }
  static Step say(std::string text) { return {.text = std::move(text), .calls = {}}; }

  void call(Step& step, std::string_view name, json::object arguments) const {
    step.calls.push_back({.id = str("rules_", conversation_.steps() + 1, "_", step.calls.size() + 1),
                          .name = std::string(name),
                          .arguments = std::move(arguments)});
  }

  // ---- what there is ------------------------------------------------------------------------------------------------

  std::optional<Step> list() {
    const ToolResult* listed = conversation_.find("list_datasets");
    Step step;
    if (!listed) {
      step.text = "Looking at what this connection holds.";
      call(step, "list_datasets", {});
      return step;
    }
    if (const json::object* error = error_of(*listed)) return failed("The datasets could not be listed", *error);
    if (options_.connection.empty()) options_.connection = text_at(listed->content, "connection");
    std::size_t count = 0;
    for (const json::value& item : array_at(listed->content, "datasets")) {
      if (!item.is_object() || ++count > datasets_max) continue;
      const std::string name = text_at(item.get_object(), "name");
      const ToolResult* tables = conversation_.find("list_tables", "dataset", name);
      if (!tables) {
        call(step, "list_tables", {{"dataset", name}});
        continue;
      }
      if (error_of(*tables)) continue;
      for (const json::value& entry : array_at(tables->content, "tables")) {
        if (!entry.is_object() || tables_.size() >= tables_max) continue;
        const json::object& object = entry.get_object();
        ListedTable table{.dataset = text_at(object, "dataset"),
                          .name = text_at(object, "name"),
                          .sql_name = text_at(object, "sql_name"),
                          .row_count = number_at(object, "row_count")};
        if (table.dataset.empty()) table.dataset = name;
        for (const json::value& column : array_at(object, "columns")) {
          if (column.is_string()) table.columns.emplace_back(column.get_string());
          else if (column.is_object()) table.columns.push_back(text_at(column.get_object(), "name"));
        }
        if (!table.name.empty()) tables_.push_back(std::move(table));
      }
    }
    if (!step.calls.empty()) return step;
    return {};
  }

  void rank_tables() {
    for (ListedTable& table : tables_) table.fit = match_names(sentence_, table.name, table.columns);
    std::stable_sort(tables_.begin(), tables_.end(), [](const ListedTable& a, const ListedTable& b) {
      return std::tuple(-a.fit, -a.row_count) < std::tuple(-b.fit, -b.row_count);
    });
  }

  static std::string name_for_schema(const ListedTable& table) {
    return table.sql_name.empty() ? str(table.dataset, ".", table.name) : table.sql_name;
  }

  std::optional<Step> read_schemas() {
    Step step;
    std::vector<std::string> names;
    std::size_t count = 0;
    for (const ListedTable& table : tables_) {
      // Words may be values ("Seattle"), which only the statistics show: a few tables are read even if their names say nothing.
      if (count >= schemas_max) break;
      ++count;
      const std::string name = name_for_schema(table);
      const auto asked = [&](const json::object& arguments, bool by_name) {
        return text_at(arguments, "table") == name && arguments.contains("columns") == by_name;
      };
      const ToolResult* schema =
          conversation_.find_where("get_table_schema", false, [&](const json::object& arguments) { return asked(arguments, false); });
      if (!schema) {
        call(step, "get_table_schema", {{"table", name}});
        names.push_back(table.name);
        continue;
      }
      if (error_of(*schema)) continue;
      json::object content = schema->content;
      if (const std::vector<std::string> wanted = others_meant(content); !wanted.empty()) {
        const ToolResult* others =
            conversation_.find_where("get_table_schema", false, [&](const json::object& arguments) { return asked(arguments, true); });
        if (!others) {
          call(step, "get_table_schema", {{"table", name}, {"columns", json::value_from(wanted)}});
          names.push_back(table.name);
          continue;
        }
        for (const json::value& column : array_at(others->content, "columns")) content["columns"].as_array().push_back(column);
      }
      TableProfile profile = make_table_profile(content);
      if (profile.columns.empty()) continue;
      if (profile.row_count == 0) profile.row_count = static_cast<std::int64_t>(table.row_count);
      profiles_.push_back(std::move(profile));
      schemas_.insert_or_assign(profiles_.back().sql_name, std::move(content));
    }
    if (step.calls.empty()) return {};
    step.text = str("Reading the columns of ", join(names, ", "), ".");
    return step;
  }

  // A wide table shows its first columns and names others: those that the sentence names, and the first that may say when.
  std::vector<std::string> others_meant(const json::object& schema) const {
    constexpr std::size_t others_max = 40;
    std::set<std::string> said;
    for (const std::string& word : split_name(sentence_.text)) said.insert(stem_of(word));
    std::vector<std::string> meant;
    std::size_t times = 0;
    for (const json::value& item : array_at(schema, "other_columns")) {
      if (!item.is_string() || meant.size() >= others_max) continue;
      const std::vector<std::string> words = split_name(item.get_string());
      const bool is_said =
          !words.empty() && std::all_of(words.begin(), words.end(), [&](const std::string& word) { return said.contains(stem_of(word)); });
      const bool is_time =
          std::any_of(words.begin(), words.end(), [](const std::string& word) { return word == "date" || word == "time"; });
      if (is_said || (is_time && ++times <= 3)) meant.emplace_back(item.get_string());
    }
    return meant;
  }

  // Tables with those that their keys lead to, for sentences that need columns of both. They stand behind the tables themselves, which are
  // chosen where they do as well.
  void add_joined_tables() {
    std::vector<TableProfile> joined;
    for (const TableProfile& profile : profiles_) {
      const auto schema = join_along_keys(schemas_.at(profile.sql_name), schemas_);
      if (schema) joined.push_back(make_table_profile(*schema));
    }
    std::ranges::move(joined, std::back_inserter(profiles_));
  }

  // Of the others' columns those that the sentence names.
  void leave_out_unused_joins() {
    const auto own = schemas_.find(match_.table->source);
    if (match_.table->source == match_.table->sql_name || own == schemas_.end()) return;
    std::set<std::string> used;
    for (const ColumnMention& mention : match_.columns) used.insert(match_.table->columns[mention.column].name);
    for (const ValueMention& mention : match_.values) used.insert(match_.table->columns[mention.column].name);
    const auto schema = join_along_keys(own->second, schemas_, &used);
    if (!schema) return;
    const auto profile = std::ranges::find(profiles_, match_.table->sql_name, &TableProfile::sql_name);
    *profile = make_table_profile(*schema);
    match_ = match_table(sentence_, *profile);
  }

  std::optional<Step> choose_table() {
    if (profiles_.empty()) return say("I could not match the question: none of the tables could be read.");
    add_joined_tables();
    std::vector<TableMatch> matches;
    for (const TableProfile& profile : profiles_) matches.push_back(match_table(sentence_, profile));
    auto best =
        std::max_element(matches.begin(), matches.end(), [](const TableMatch& a, const TableMatch& b) { return a.score < b.score; });
    // What nothing is called may be a slip of the keys.
    if (!best->unmatched.empty()) {
      Sentence mended = parse_sentence(sentence_.text, true);
      if (!mended.mended.empty()) {
        std::vector<TableMatch> others;
        for (const TableProfile& profile : profiles_) others.push_back(match_table(mended, profile));
        const auto other =
            std::max_element(others.begin(), others.end(), [](const TableMatch& a, const TableMatch& b) { return a.score < b.score; });
        if (other->score > best->score) {
          const auto at = other - others.begin();
          matches = std::move(others);
          best = matches.begin() + at;
          sentence_ = std::move(mended);
        }
      }
    }
    // "hottest day" has only words that ask, and yet one of them names something.
    // The only table, of which something is named, is the one that is meant, whatever else was said.
    const bool only =
        tables_.size() == 1 && (!best->values.empty() || std::any_of(best->columns.begin(), best->columns.end(),
                                                                     [](const ColumnMention& mention) { return mention.strength >= 0.7; }));
    if (table_is_given_ || only || (sentence_.any_content && best->score >= score_least) || best->score >= score_of_cues) {
      match_ = std::move(*best);
      leave_out_unused_joins();
      return {};
    }
    // The sentence asks for nothing in particular: the only table, or the one that the others are small beside.
    const auto largest = std::max_element(profiles_.begin(), profiles_.end(),
                                          [](const TableProfile& a, const TableProfile& b) { return a.row_count < b.row_count; });
    const bool dominant = tables_.size() == 1 || std::all_of(profiles_.begin(), profiles_.end(), [&](const TableProfile& profile) {
                            return &profile == &*largest ||
                                   static_cast<double>(profile.row_count) * dominant_factor <= static_cast<double>(largest->row_count);
                          });
    if (!sentence_.any_content && dominant) {
      match_ = match_table(sentence_, *largest);
      return {};
    }
    return say(no_match(sentence_.any_content ? best->unmatched : std::vector<std::string>{}));
  }

  // Words that stand where values stand, and are none of the commonest: the warehouse is asked, once. What it does not know stays a word
  // without a use, and is said to be one.
  std::optional<Step> look_up_values() {
    const bool all_known = std::none_of(match_.table->columns.begin(), match_.table->columns.end(), [](const ColumnProfile& column) {
      return column.type == "text" && (!column.distinct || static_cast<std::size_t>(*column.distinct) > column.values.size());
    });
    if (all_known) return {};
    json::array words;
    for (const UnknownValue& value : unknown_values(sentence_, match_)) words.emplace_back(value.text);
    if (words.empty()) return {};
    const std::string table = match_.table->source;
    const ToolResult* result = conversation_.find_where("find_values", false, [&](const json::object& arguments) {
      const json::value* asked = arguments.if_contains("words");
      return text_at(arguments, "table") == table && asked && *asked == json::value(words);
    });
    if (!result) {
      Step step{.text = "Looking up what may be values.", .calls = {}};
      call(step, "find_values", {{"table", table}, {"words", std::move(words)}});
      return step;
    }
    if (error_of(*result)) return {};
    const auto profile = std::find_if(profiles_.begin(), profiles_.end(), [&](const TableProfile& one) { return &one == match_.table; });
    if (profile == profiles_.end()) return {};
    for (const json::value& item : array_at(result->content, "found")) {
      if (!item.is_object()) continue;
      for (ColumnProfile& column : profile->columns) {
        const std::string value = text_at(item.get_object(), "value");
        if (column.name == text_at(item.get_object(), "column") &&
            std::find(column.values.begin(), column.values.end(), value) == column.values.end())
          column.values.push_back(value);
      }
    }
    match_ = match_table(sentence_, *profile);
    return {};
  }

  std::string no_match(const std::vector<std::string>& words) const {
    std::string text = "I could not match ";
    std::vector<std::string> quoted;
    for (const std::string& word : words) {
      if (quoted.size() < 5) quoted.push_back(str('"', shortened(word, 40), '"'));
    }
    text += quoted.empty() ? "the question to one table" : str(join(quoted, ", "), " to anything in this connection");
    std::vector<std::string> names;
    for (const ListedTable& table : tables_) {
      if (names.size() < 12) names.push_back(table.name);
    }
    text += str(". There ", tables_.size() == 1 ? "is this table: " : "are these tables: ", join(names, ", "));
    if (tables_.size() > names.size()) text += str(" and ", tables_.size() - names.size(), " more");
    if (!profiles_.empty()) text += str(". ", profiles_.front().table, " has ", columns_of(profiles_.front()));
    return text + ". Ask with these words; nothing was saved.";
  }
  static std::string columns_of(const TableProfile& table) {
    std::vector<std::string> columns;
    for (const ColumnProfile& column : table.columns) {
      if (columns.size() < columns_named_max) columns.push_back(column.name);
    }
    return str(join(columns, ", "),
               table.columns.size() > columns.size() ? str(" and ", table.columns.size() - columns.size(), " more columns") : "");
  }

  // ---- writing it ---------------------------------------------------------------------------------------------------

  Step write() {
    for (int revision = 0; revision < revisions_max; ++revision) {
      const Plan plan = make_plan(question_, sentence_, options_);
      if (plan.charts.empty()) return say(nothing_left());
      const json::object params = params_of(plan);

      Step tries;
      bool changed = false;
      for (const PlannedQuery& query : plan.queries) {
        switch (verdict_of(query, params)) {
          case Verdict::open: call(tries, "run_dry_run_query", {{"sql", query.sql}, {"params", params}}); break;
          case Verdict::good: break;
          case Verdict::too_large: changed |= make_smaller(plan, query.id); break;
          case Verdict::wrong: changed |= options_.without.insert(query.id).second; break;
        }
        if (changed) break;
      }
      if (changed) continue;
      if (!tries.calls.empty()) {
        tries.text = revision == 0 ? opening(plan)
                                   : str("Some of it was refused", last_refusal_.empty() ? "" : str(" (", last_refusal_, ")"),
                                         ": trying a smaller version.");
        return tries;
      }

      if (const PlannedQuery* lead = narrowed_lead(plan)) {
        const ToolResult* counted = find_tried("count_answer_rows", *lead, params);
        if (!counted) {
          Step step;
          call(step, "count_answer_rows", {{"sql", lead->sql}, {"params", params}});
          return step;
        }
        if (!error_of(*counted) && number_at(counted->content, "row_count") == 0) {
          if (question_.reading) {
            question_.reading.reset();
            continue;
          }
          return say(no_rows(plan));
        }
      }

      const std::string yaml = write_yaml(plan);
      const ToolResult* validated = conversation_.find("validate_dashboard_yaml", "yaml", yaml, true);
      if (!validated) {
        Step step{.text = str("All ", plan.queries.size(), " queries are under the cap. Checking the document."), .calls = {}};
        call(step, "validate_dashboard_yaml", {{"yaml", yaml}});
        return step;
      }
      if (!is_valid(*validated)) {
        if (repair(plan, *validated)) continue;
        return say(str("I could not write a valid dashboard: ", last_refusal_, ". Nothing was saved."));
      }
      const ToolResult* saved = conversation_.find("save_dashboard_yaml", "yaml", yaml, true);
      if (!saved) {
        Step step{.text = "The document is valid. Saving it.", .calls = {}};
        call(step, "save_dashboard_yaml", {{"yaml", yaml}});
        return step;
      }
      if (const json::object* error = error_of(*saved)) {
        const std::string code = text_at(*error, "code");
        const bool taken = code == "already_exists" || code == "slug_conflict" || code == "aborted" || code == "version_conflict";
        if (taken && options_.slug_number < 20) {
          ++options_.slug_number;
          continue;
        }
        return *failed("The dashboard could not be saved", *error);
      }
      return say(closing(plan, saved->content));
    }
    return say(str("I could not finish the dashboard in ", revisions_max, " attempts",
                   last_refusal_.empty() ? "" : str(": ", last_refusal_), ". Nothing was saved."));
  }

  // The byte cap is named only when it was the cap.
  std::string nothing_left() const {
    if (over_cap_)
      return str("I could not build a dashboard on ", match_.table->table, " that stays under the byte cap: ", last_refusal_,
                 ". A shorter period, or a smaller table, would help; nothing was saved.");
    if (last_refusal_.empty())
      return str("I found nothing in ", match_.table->table, " that can be charted for this question. It has ", columns_of(*match_.table),
                 ". Ask with these words; nothing was saved.");
    return str("I could not build a dashboard on ", match_.table->table, ": its queries were refused. ", last_refusal_,
               ". Nothing was saved.");
  }

  // The query of the first chart, when the sentence narrows its rows: it may have none.
  const PlannedQuery* narrowed_lead(const Plan& plan) const {
    const bool narrowed = question_.window_asked || !question_.conditions.empty() || !question_.filters.empty() ||
                          !question_.compare_values.empty() || !question_.having.empty();
    const auto chart = std::ranges::find_if(plan.charts, [](const PlannedChart& one) { return one.mark != "kpi"; });
    if (!narrowed || chart == plan.charts.end()) return nullptr;
    const auto query = std::ranges::find(plan.queries, chart->query, &PlannedQuery::id);
    return query == plan.queries.end() ? nullptr : &*query;
  }
  std::string no_rows(const Plan& plan) const {
    return str("No rows of ", match_.table->table, " are what was asked for: \"", plan.title, "\" would be empty.",
               question_.notes.empty() ? "" : " ", join(question_.notes, " "), " It has ", columns_of(*match_.table),
               ". Ask with other values or another time; nothing was saved.");
  }

  const ToolResult* find_tried(std::string_view tool, const PlannedQuery& query, const json::object& params) const {
    return conversation_.find_where(tool, false, [&](const json::object& arguments) {
      const json::value* given = arguments.if_contains("params");
      return text_at(arguments, "sql") == query.sql && given && *given == json::value(params);
    });
  }

  Verdict verdict_of(const PlannedQuery& query, const json::object& params) {
    const ToolResult* result = find_tried("run_dry_run_query", query, params);
    if (!result) return Verdict::open;
    const json::object* error = error_of(*result);
    if (!error) {
      const json::value* valid = result->content.if_contains("valid");
      return valid && valid->is_bool() && !valid->get_bool() ? Verdict::wrong : Verdict::good;
    }
    last_refusal_ = shortened(text_at(*error, "message"), 300);
    const std::string code = text_at(*error, "code");
    const bool large = code.find("cap") != std::string::npos || code.find("bytes") != std::string::npos || code == "resource_exhausted" ||
                       code == "too_large";
    over_cap_ |= large;
    if (large) over_cap_by_ = over_by(*error);
    return large ? Verdict::too_large : Verdict::wrong;
  }

  // How many times the cap, when the refusal says so; 4 when it does not.
  static double over_by(const json::object& error) {
    double estimate = number_at(error, "bytes_scanned");
    double cap = number_at(error, "cap_bytes");
    if (const json::value* help = error.if_contains("help"); help && help->is_object()) {
      if (estimate <= 0) estimate = number_at(help->get_object(), "bytes_scanned");
      if (cap <= 0) cap = number_at(help->get_object(), "cap_bytes");
    }
    return estimate > 0 && cap > 0 ? std::max(1.1, estimate / cap) : 4;
  }

  // First a shorter period (once for all queries, at most twice), then without the query.
  bool make_smaller(const Plan& plan, const std::string& query) {
    const ColumnProfile* time = match_.table->time_column();
    const bool can_narrow = time && question_.from && question_.to && !time->time_is_text && !time->time_is_year && narrowed_ < 2 &&
                            !is_values_query(plan, query);
    if (can_narrow && options_.period_share > period_share_least) {
      ++narrowed_;
      options_.period_share = std::max(period_share_least, options_.period_share * 0.7 / over_cap_by_);
      return true;
    }
    return options_.without.insert(query).second;
  }
  static bool is_values_query(const Plan& plan, const std::string& query) {
    return std::any_of(plan.params.begin(), plan.params.end(),
                       [&](const PlannedParameter& param) { return param.values_from == query + ".name"; });
  }

  static bool is_valid(const ToolResult& result) {
    if (error_of(result)) return false;
    const json::value* valid = result.content.if_contains("valid");
    return valid && valid->is_bool() && valid->get_bool();
  }

  // Leaves out what the validation names. False when it names nothing that can be left out.
  bool repair(const Plan& plan, const ToolResult& result) {
    const json::object* error = error_of(result);
    bool changed = false;
    for (const json::value& item : array_at(error ? *error : result.content, "errors")) {
      if (!item.is_object()) continue;
      last_refusal_ = shortened(text_at(item.get_object(), "message"), 300);
      const std::vector<std::string> path = split(text_at(item.get_object(), "path"), '.');
      if (path.size() < 2) continue;
      if (path[0] == "charts" || path[0] == "queries") changed |= options_.without.insert(path[1]).second;
      if (path[0] == "params") {
        for (const PlannedParameter& param : plan.params) {
          if (param.name == path[1] && !param.values_from.empty())
            changed |= options_.without.insert(param.values_from.substr(0, param.values_from.find('.'))).second;
        }
      }
    }
    if (error && last_refusal_.empty()) last_refusal_ = shortened(text_at(*error, "message"), 300);
    return changed;
  }

  // ---- words --------------------------------------------------------------------------------------------------------

  std::string opening(const Plan& plan) const {
    std::vector<std::string> what;
    for (const Measure& measure : question_.measures) what.push_back(in_sentence(measure.label));
    std::vector<std::string> by;
    for (const Dimension& dimension : question_.asked) by.push_back(in_sentence(dimension.label));
    if (question_.compare) by.push_back(in_sentence(question_.compare->label));
    std::string text =
        conversation_.asked_goes_on() ? str("I take this together with what was asked before: \"", conversation_.asked(), "\". ") : "";
    text += str("The table ", match_.table->table, " (", format_count(static_cast<std::uint64_t>(match_.table->row_count)),
                " rows) fits. I will show ", join(what, ", "));
    if (!by.empty()) text += str(" by ", join(by, ", "));
    return text + str(", in ", plan.charts.size(), " charts. Trying their queries without running them.");
  }

  std::string closing(const Plan& plan, const json::object& saved) const {
    std::vector<std::string> titles;
    for (const PlannedChart& chart : plan.charts) {
      if (chart.mark != "kpi" && titles.size() < 6) titles.push_back(in_sentence(chart.title));
    }
    // Of a page of numbers alone, these are what it shows.
    const bool numbers_only = titles.empty();
    for (const PlannedChart& chart : plan.charts) {
      if (numbers_only && titles.size() < 6) titles.push_back(in_sentence(chart.title));
    }
    const std::string slug = text_at(saved, "slug");
    std::string text =
        str("\"", plan.title, "\" is ready", slug.empty() ? "" : str(" as ", slug), titles.empty() ? "" : ": ", join(titles, "; "), ".");
    if (!plan.notes.empty()) text += str(" ", join(plan.notes, " "));
    if (!options_.without.empty())
      text += str(" Left out because it did not pass: ", options_.without.size(),
                  options_.without.size() == 1 ? " query or chart." : " queries or charts.");
    return text;
  }

  static std::optional<Step> failed(std::string_view what, const json::object& error) {
    const std::string message = text_at(error, "message");
    return say(str("I could not go on. ", what, message.empty() ? "" : str(": ", shortened(message, 300)), "."));
  }

  const Conversation conversation_;
  Sentence sentence_;
  PlanOptions options_;
  std::vector<ListedTable> tables_;
  TableSchemas schemas_;
  std::vector<TableProfile> profiles_;
  bool table_is_given_ = false;
  TableMatch match_;
  Question question_;
  std::string last_refusal_;
  bool over_cap_ = false;
  double over_cap_by_ = 4;
  int narrowed_ = 0;
};

class RulesProvider final : public ProviderAdapter {
 public:
  std::string name() const override { return "rules"; }
  std::string default_model() const override { return "rules-1"; }
  ProviderCapabilities capabilities(std::string_view) const override { return {.needs_network = false, .price_list = "rules"}; }

  Result<> stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) override {
    TRY(context.check());
    if (!request.messages) return fail(ErrorCode::invalid_argument, "There are no messages to answer");
    const Step step = Author(request).next();
    TRY(context.check());
    for (std::size_t at = 0; at < step.text.size();) {
      std::size_t end = std::min(at + text_piece_bytes, step.text.size());
      // A piece ends between characters.
      while (end < step.text.size() && (static_cast<unsigned char>(step.text[end]) & 0xC0) == 0x80) ++end;
      TRY(sink(TextDelta{step.text.substr(at, end - at)}));
      at = end;
    }
    for (const ToolCall& call : step.calls) {
      TRY(sink(ToolCallStart{call.id, call.name}));
      TRY(sink(ToolCallDelta{call.id, json::serialize(call.arguments)}));
      TRY(sink(ToolCallEnd{call}));
    }
    return sink(
        Finish{.reason = step.calls.empty() ? FinishReason::stop : FinishReason::tool_calls,
               .usage = {.input_tokens = 0, .cache_read_tokens = 0, .cache_write_tokens = 0, .output_tokens = 0, .complete = true}});
  }
};

}  // namespace

SuggestionStep next_suggestion_step(const std::vector<Message>& messages, std::string_view table, std::size_t top,
                                    const ReplacedQuery& replaced) {
  CompletionRequest request;
  request.messages = &messages;
  return Author(request).suggest(table, top, replaced);
}

std::shared_ptr<ProviderAdapter> make_rules_provider() { return std::make_shared<RulesProvider>(); }

}  // namespace bridge
