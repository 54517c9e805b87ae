#pragma once

#include <optional>
#include <string>
#include <vector>

#include "features/dashboards/dashboard.h"

namespace bridge {

struct ListDashboards {
  int limit = 100;
  std::string cursor;
  std::optional<ViewType> view_type;
  std::optional<std::string> owner;  // an email address
  std::optional<std::string> query;  // words of slug, title, description or tags
  std::string sort = "-updated_at";
};

struct DashboardPage {
  std::vector<DashboardMetadata> items;
  std::optional<std::string> next_cursor;
  std::int64_t total = 0;
};
BOOST_DESCRIBE_STRUCT(DashboardPage, (), (items, next_cursor, total))

// Those of `items` that fit, in the order that `input` asks for, from its cursor on. Fails with invalid_argument for an unknown order
// ("unknown_value") and for what is no cursor ("bad_cursor").
Result<DashboardPage> make_dashboard_page(std::vector<DashboardMetadata> items, const ListDashboards& input);

}  // namespace bridge
