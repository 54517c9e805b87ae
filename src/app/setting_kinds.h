#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/settings.h"

// The kinds of values that settings take: each says what it refuses and what is allowed instead, and puts what it takes where it belongs.

namespace bridge::setting_kinds {

// A member of the configuration: `&Config::model`, or a function of it for one that lies deeper.
template <class Value>
using Place = std::function<Value&(Config&)>;

inline constexpr std::int64_t kAnyCount = std::numeric_limits<std::int64_t>::max();
inline constexpr std::uint64_t kAnyBytes = std::numeric_limits<std::uint64_t>::max();

std::unexpected<Error> not_allowed(std::string allowed);

// For what belongs to a part that is not in this build: it says so instead of being ignored.
TakeValue not_in_this_build(std::string what);
TakeValue anything();
TakeValue only(std::string value, std::string why);

TakeValue flag(Place<bool> place);           // 1, true, 0, false or nothing
TakeValue folder(Place<std::string> place);  // made absolute; "~" is the home folder
TakeValue address_and_port(Place<std::string> address, Place<std::uint16_t> port);
TakeValue api_key(Place<Secret> place);
TakeValue base_url(Place<std::string> place);
TakeValue model_url(Place<std::string> place);  // a model's server may want its version in the query
TakeValue model_name(Place<std::string> place);
TakeValue openai_profile(Place<std::string> place);
TakeValue name_or_default(Place<std::string> place, std::string default_name);
TakeValue prefixed(Place<std::string> place, std::vector<std::string> prefixes, std::string allowed);  // or nothing
TakeValue fallbacks(Place<std::vector<Fallback>> place);
TakeValue origins(Place<std::vector<std::string>> place);  // as browsers send them: RFC 6454, 6.2
TakeValue host_names(Place<std::vector<std::string>> place);
TakeValue data_roots(Place<DataRoots> place);
TakeValue allowed_networks(Place<AllowedNetworks> place);
TakeValue otlp_headers(Place<Headers> place);  // "name=value,name=value", values percent-encoded, as OpenTelemetry has it
TakeValue bytes(Place<std::uint64_t> place, std::uint64_t min, std::uint64_t max, std::string allowed);
TakeValue byte_count(Place<std::int64_t> place);  // 0: any number
TakeValue duration(Place<std::int64_t> place_ms, std::chrono::milliseconds max, std::string allowed);
TakeValue milliseconds(Place<std::chrono::milliseconds> place, std::int64_t min, std::int64_t max);
TakeValue dollars(Place<std::int64_t> place_nano_usd, std::int64_t max);

std::optional<std::int64_t> parse_count(std::string_view text);  // of digits alone
std::string allowed_counts(std::int64_t min, std::int64_t max);

// `Where` gives an int or an std::int64_t, which must hold `max`.
template <class Where>
TakeValue count(Where where, std::int64_t min, std::int64_t max) {
  return [where, min, max](std::string_view text, Config& config) -> Result<> {
    auto& place = std::invoke(where, config);
    const auto number = parse_count(text);
    if (!number || *number < min || *number > max) return not_allowed(allowed_counts(min, max));
    place = static_cast<std::remove_reference_t<decltype(place)>>(*number);
    return {};
  };
}

// One of these words, each with what it stands for. An empty word is left out where the allowed ones are told.
template <class Value>
TakeValue choice(Value Config::*place, std::vector<std::pair<std::string, Value>> words) {
  return [place, words = std::move(words)](std::string_view text, Config& config) -> Result<> {
    std::string allowed;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const auto& [word, value] = words[i];
      if (word == text) {
        config.*place = value;
        return {};
      }
      if (!word.empty()) allowed += (allowed.empty() ? "" : i + 1 == words.size() ? " or " : ", ") + word;
    }
    return not_allowed(allowed);
  };
}

}  // namespace bridge::setting_kinds
