#include "warehouse/column_names.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace bridge {

bool is_named_as_time(std::string_view name) {
  static constexpr auto words =
      std::to_array<std::string_view>({"date", "day", "month", "period", "yyyymm", "time", "stamp", "epoch", "created", "updated",
                                       "modified", "datum", "monat", "fecha", "mes", "week"});
  const std::string text = lower(name);
  if (std::ranges::any_of(words, [&](std::string_view word) { return text.contains(word); })) return true;
  const std::vector<std::string> parts = split(replace_all(text, " ", "_"), '_');
  return std::ranges::any_of(
      parts, [](const std::string& part) { return part == "ts" || part == "dt" || part == "ym" || part == "at" || part == "on"; });
}

}  // namespace bridge
