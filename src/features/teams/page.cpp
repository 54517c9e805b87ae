#include "features/teams/page.h"

#include "base/bad_field.h"

#include <charconv>

namespace bridge {

Result<Page> read_page(const Request& request) {
  Page page{.after = request.query_value("cursor").value_or("")};
  const std::string limit = request.query_value("limit").value_or(str(kPageSizeDefault));
  const auto [end, error] = std::from_chars(limit.data(), limit.data() + limit.size(), page.limit);
  if (error == std::errc{} && end == limit.data() + limit.size() && page.limit >= 1 && page.limit <= kPageSizeMax) return page;
  return bad_value({.path = "limit",
                    .code = "out_of_range",
                    .message = str("must be a whole number from 1 to ", kPageSizeMax),
                    .got = limit.substr(0, 100)});
}

std::vector<QueryParameter> page_parameters() {
  return {{.name = "limit", .about = "At most this many, 1 to 1,000; 100 when not given"},
          {.name = "cursor", .about = "next_cursor of the page before"}};
}

}  // namespace bridge
