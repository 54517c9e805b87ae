#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "base/json.h"
#include "base/text.h"
#include "features/rules/rules_provider.h"

// Conversations without a warehouse: the tools' answers are made from the statistics of real tables, kept in this folder as JSON.

namespace bridge {

inline std::string read_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline json::object schema_of(const std::string& table) {
  auto parsed = parse_json(read_text(str("src/features/rules/testing/", table, ".json")));
  EXPECT_TRUE(parsed) << table;
  return parsed->as_object();
}

// Answers the tools' calls from the fixtures, and keeps what was saved.
struct ToolBench {
  std::vector<std::string> tables{"flights", "weather", "birdstrikes", "movies", "penguins", "jobs", "gapminder", "stocks"};
  std::function<std::optional<json::object>(const ToolCall&)> refuse;  // an error block instead of the answer
  std::vector<Message> messages;
  std::vector<ToolCall> calls;
  std::string connection = "demo";
  const std::vector<PromptText>* prompt_blocks = nullptr;
  std::vector<std::pair<std::string, std::string>> rare_values;  // column and value: what only the warehouse knows
  std::string without_rows;                                      // what the SQL of an empty answer holds
  std::string yaml;                                              // saved
  std::string text;                                              // of the last step
  std::vector<std::string> sqls;

  json::object answer(const ToolCall& call) {
    if (call.name == "list_datasets") return {{"datasets", json::array{json::object{{"name", "main"}, {"table_count", tables.size()}}}}};
    if (call.name == "list_tables") {
      json::array list;
      for (const std::string& table : tables) {
        const json::object schema = schema_of(table);
        json::array columns;
        for (const json::value& column : schema.at("columns").as_array()) columns.push_back(column.as_object().at("name"));
        list.push_back(json::object{{"dataset", "main"},
                                    {"name", table},
                                    {"sql_name", table},
                                    {"row_count", schema.at("row_count")},
                                    {"size_bytes", schema.at("size_bytes")},
                                    {"columns", columns}});
      }
      return {{"tables", list}};
    }
    if (call.name == "get_table_schema") return schema_of(std::string(call.arguments.at("table").as_string()));
    if (call.name == "find_values") {
      json::array found;
      for (const auto& [column, value] : rare_values) {
        for (const json::value& word : call.arguments.at("words").as_array()) {
          if (lower(word.as_string()) == lower(value)) found.push_back(json::object{{"column", column}, {"value", value}});
        }
      }
      return {{"found", found}};
    }
    if (call.name == "count_answer_rows") {
      const auto& sql = call.arguments.at("sql").as_string();
      return {{"row_count", !without_rows.empty() && sql.find(without_rows) != std::string::npos ? 0 : 10}};
    }
    if (call.name == "run_dry_run_query") {
      sqls.emplace_back(call.arguments.at("sql").as_string());
      return {{"valid", true}, {"bytes_scanned", 1'000'000}, {"cap_bytes", 100'000'000}};
    }
    if (call.name == "validate_dashboard_yaml") return {{"valid", true}, {"errors", json::array{}}, {"warnings", json::array{}}};
    yaml = std::string(call.arguments.at("yaml").as_string());
    return {{"slug", "saved"}, {"version", 1}, {"gcs_yaml_path", "dashboards/saved.yaml"}};
  }

  std::optional<std::string> sql_with(std::string_view part) const {
    const auto found = std::find_if(sqls.begin(), sqls.end(), [&](const std::string& sql) { return sql.find(part) != std::string::npos; });
    return found == sqls.end() ? std::nullopt : std::optional(*found);
  }
  bool wrote(std::string_view part) const { return yaml.find(part) != std::string::npos; }
  int count(std::string_view tool) const {
    return static_cast<int>(std::count_if(calls.begin(), calls.end(), [&](const ToolCall& call) { return call.name == tool; }));
  }

  void run(const std::string& sentence, int steps_max = 20) {
    const auto provider = make_rules_provider();
    messages.push_back(
        {.role = MessageRole::user, .text = messages.empty() ? str(sentence, kContextMark, "Connection: ", connection) : sentence});
    for (int i = 0; i < steps_max; ++i) {
      Message assistant{.role = MessageRole::assistant};
      CompletionRequest request{.model = "rules-1", .prompt_blocks = prompt_blocks, .messages = &messages};
      bool finished = false;
      const auto result = provider->stream_completion({}, request, [&](const StreamPart& part) -> Result<> {
        if (const auto* delta = std::get_if<TextDelta>(&part)) assistant.text += delta->text;
        if (const auto* end = std::get_if<ToolCallEnd>(&part)) assistant.tool_calls.push_back(end->call);
        finished |= std::holds_alternative<Finish>(part);
        return {};
      });
      ASSERT_TRUE(result) << result.error().message;
      ASSERT_TRUE(finished);
      text = assistant.text;
      Message tools{.role = MessageRole::tool};
      for (const ToolCall& call : assistant.tool_calls) {
        calls.push_back(call);
        const auto refusal = refuse ? refuse(call) : std::nullopt;
        tools.tool_results.push_back(
            {.call_id = call.id, .name = call.name, .ok = !refusal, .content = refusal ? json::object{{"error", *refusal}} : answer(call)});
      }
      messages.push_back(std::move(assistant));
      if (tools.tool_results.empty()) return;
      messages.push_back(std::move(tools));
    }
    FAIL() << "did not finish";
  }
};

}  // namespace bridge
