#pragma once

#include <string>
#include <string_view>

#include "base/text.h"

namespace bridge {

// A URL's part before its query, without slashes at its end.
inline std::string_view base_without_query(std::string_view base) {
  base = base.substr(0, base.find('?'));
  while (base.ends_with('/')) base.remove_suffix(1);
  return base;
}

// The address of one thing of an API. A query of the base (some servers want their version there) stays at the end.
inline std::string url_below(std::string_view base, std::string_view path) {
  const std::size_t query = base.find('?');
  return str(base_without_query(base), path, query == std::string_view::npos ? std::string_view() : base.substr(query));
}

}  // namespace bridge
