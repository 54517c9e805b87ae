#include "warehouse/sql_dialect.h"

#include "base/text.h"

namespace bridge {

std::unexpected<Error> not_in_dialect(std::string_view engine, std::string_view operation, std::string_view instead) {
  return fail(ErrorCode::unsupported, "not_in_dialect", str(engine, " has no ", operation, ": ", instead));
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
