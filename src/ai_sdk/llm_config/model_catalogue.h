#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace bridge {

enum class ReasoningKind : std::uint8_t { none, budget, adaptive, always, effort, effort_without_tools };
BOOST_DESCRIBE_ENUM(ReasoningKind, none, budget, adaptive, always, effort, effort_without_tools)

enum class OutputField : std::uint8_t { max_tokens, max_completion_tokens, by_model };
BOOST_DESCRIBE_ENUM(OutputField, max_tokens, max_completion_tokens, by_model)

// What a model takes: a row of llm_config/models.json, which explains the fields.
struct ModelTraits {
  std::string provider;
  std::string model;
  bool listed = false;
  bool is_default = false;
  bool forced_tool_choice = false;
  std::optional<double> temperature_max;
  ReasoningKind reasoning = ReasoningKind::none;
  std::optional<int> cache_tokens_min;
  OutputField output_field = OutputField::max_tokens;
};
BOOST_DESCRIBE_STRUCT(ModelTraits, (),
                      (provider, model, listed, is_default, forced_tool_choice, temperature_max, reasoning, cache_tokens_min, output_field))
template <>
inline constexpr auto field_notes<ModelTraits> = std::to_array<FieldNote>({{.name = "is_default", .optional = true},
                                                                           {.name = "output_field", .optional = true}});

// How a server that speaks OpenAI's protocol differs: a row of llm_config/openai_profiles.json.
struct OpenaiProfile {
  std::string name;
  std::string base_url;
  OutputField output_field = OutputField::max_tokens;
  bool stream_usage = false;      // takes stream_options.include_usage
  bool hide_obfuscation = false;  // takes stream_options.include_obfuscation
  bool ends_with_done = false;    // a stream without [DONE] was cut
  bool allowed_tools = false;     // takes tool_choice allowed_tools
  bool reasoning_effort = false;  // takes reasoning_effort
  bool prompt_cache_key = false;  // takes prompt_cache_key
  std::string price_list;
};
BOOST_DESCRIBE_STRUCT(OpenaiProfile, (),
                      (name, base_url, output_field, stream_usage, hide_obfuscation, ends_with_done, allowed_tools, reasoning_effort,
                       prompt_cache_key, price_list))

// Whether a row's `model` covers a name: the name itself, a dated version of it, or anything that begins so when the row ends in *.
bool covers_model(std::string_view pattern, std::string_view model);

// The row of the longest fitting name. Every provider of the file has a * row.
const ModelTraits& traits_of_model(std::string_view provider, std::string_view model);

// Those a person may choose from, the default first.
std::vector<std::string> listed_models(std::string_view provider);

// By name, or by the beginning of the base URL for an empty name; invalid_argument lists the names there are.
Result<OpenaiProfile> find_openai_profile(std::string_view name, std::string_view base_url);

}  // namespace bridge
