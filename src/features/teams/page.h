#pragma once

#include <optional>
#include <string>
#include <vector>

#include "platform/http/message.h"
#include "platform/http/route.h"

namespace bridge {

inline constexpr int kPageSizeDefault = 100;
inline constexpr int kPageSizeMax = 1'000;

// `?limit=` and `?cursor=`: the rows whose id comes after `after`, at most `limit`. Ids sort by the time they were made.
struct Page {
  int limit = kPageSizeDefault;
  std::string after;
};

// invalid_argument for a limit that is no number from 1 to 1,000.
Result<Page> read_page(const Request& request);
std::vector<QueryParameter> page_parameters();

// One page of a list on the wire.
template <class T>
struct ListOf {
  std::vector<T> items;
  std::optional<std::string> next_cursor;
  BOOST_DESCRIBE_CLASS(ListOf, (), (items, next_cursor), (), ())
};

// `items` were read with a limit one larger than the page's: the extra one says that there are more.
template <class T>
ListOf<T> make_list(std::vector<T> items, const Page& page) {
  ListOf<T> out{.items = std::move(items), .next_cursor = std::nullopt};
  if (out.items.size() > static_cast<std::size_t>(page.limit)) {
    out.items.resize(static_cast<std::size_t>(page.limit));
    out.next_cursor = out.items.back().id.value();
  }
  return out;
}

}  // namespace bridge
