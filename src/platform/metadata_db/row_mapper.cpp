#include "platform/metadata_db/row_mapper.h"

namespace bridge {

DbValue db_text(std::string_view text) { return std::string(text); }
DbValue db_time(Time time) { return static_cast<std::int64_t>(time.time_since_epoch().count()); }

namespace detail {

std::unexpected<Error> unreadable_column(std::string_view column) {
  return fail(Error{.code = ErrorCode::data_loss,
                    .message = "A row of the metadata database cannot be read",
                    .detail = str("column ", column),
                    .reason = "row_unreadable"});
}

Result<std::int64_t> read_integer(const DbValue& value, std::string_view column) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  return unreadable_column(column);
}

Result<double> read_number(const DbValue& value, std::string_view column) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  return unreadable_column(column);
}

}  // namespace detail
}  // namespace bridge
