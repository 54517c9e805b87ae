#include "warehouse/sql_dialect.h"

#include <map>

#include "base/text.h"

namespace bridge {

std::unexpected<Error> not_in_dialect(std::string_view engine, std::string_view operation, std::string_view instead) {
  return fail(ErrorCode::unsupported, "not_in_dialect", str(engine, " has no ", operation, ": ", instead));
}

std::optional<FunctionMeaning> standard_meaning_of(std::string_view function) {
  using enum FunctionMeaning;
  static const std::map<std::string_view, FunctionMeaning> known{
      {"count", count}, {"sum", sum},         {"avg", mean},       {"min", minimum},
      {"max", maximum}, {"lag", neighbour},   {"lead", neighbour}, {"first_value", window_first},
      {"rank", rank},   {"dense_rank", rank}, {"ntile", quantile},
  };
  const auto found = known.find(function);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

std::string_view unit_name(TimeUnit unit) {
  switch (unit) {
    case TimeUnit::hour: return "hour";
    case TimeUnit::day: return "day";
    case TimeUnit::week: return "week";
    case TimeUnit::month: return "month";
    case TimeUnit::quarter: return "quarter";
    case TimeUnit::year: break;
  }
  return "year";
}

}  // namespace bridge
