#include "features/dashboards/dashboard_list.h"

#include "base/bad_field.h"
#include "base/text.h"

namespace bridge {
namespace {

struct SortKey {
  std::string_view name;
  std::string (*of)(const DashboardMetadata&);
};
std::string padded(std::int64_t number) {
  const std::string digits = str(number);
  return std::string(20 - std::min<std::size_t>(digits.size(), 20), '0') + digits;
}
constexpr SortKey kSortKeys[] = {{"title", [](const DashboardMetadata& d) { return lower(d.title); }},
                                 {"slug", [](const DashboardMetadata& d) { return d.slug; }},
                                 {"created_at", [](const DashboardMetadata& d) { return padded(d.created_at.time_since_epoch().count()); }},
                                 {"updated_at", [](const DashboardMetadata& d) { return padded(d.updated_at.time_since_epoch().count()); }},
                                 {"access_count", [](const DashboardMetadata& d) { return padded(d.access_count); }},
                                 {"last_accessed", [](const DashboardMetadata& d) {
                                    return padded(d.last_accessed ? d.last_accessed->time_since_epoch().count() : 0);
                                  }}};

Result<const SortKey*> find_sort_key(std::string_view sort) {
  const std::string_view wanted = sort.substr(sort.starts_with('-') ? 1 : 0);
  std::vector<std::string> allowed;
  for (const SortKey& key : kSortKeys) {
    if (key.name == wanted) return &key;
    allowed.emplace_back(key.name);
  }
  Violation violation{.path = "sort",
                      .code = "unknown_value",
                      .message = str("'", wanted.substr(0, 100), "' is not one of ", join(allowed, ", ")),
                      .got = std::string(sort.substr(0, 100))};
  violation.suggestion = nearest_name(wanted, allowed).value_or("");
  violation.allowed = std::move(allowed);
  return bad_field(std::move(violation));
}

bool matches(const DashboardMetadata& item, const ListDashboards& input) {
  if (input.view_type && item.view_type != *input.view_type) return false;
  if (input.owner && lower(item.owner_email.value_or("")) != lower(*input.owner)) return false;
  if (!input.query) return true;
  const std::string text = lower(str(item.slug, " ", item.title, " ", item.description, " ", join(item.tags, " ")));
  for (const std::string& word : split(lower(*input.query), ' ')) {
    if (!word.empty() && text.find(word) == std::string::npos) return false;
  }
  return true;
}

}  // namespace

Result<DashboardPage> make_dashboard_page(std::vector<DashboardMetadata> items, const ListDashboards& input) {
  const SortKey* key = TRY(find_sort_key(input.sort));
  const bool descending = input.sort.starts_with('-');
  struct Item {
    std::string key;
    DashboardMetadata metadata;
  };
  std::vector<Item> found;
  for (DashboardMetadata& metadata : items) {
    if (matches(metadata, input)) found.push_back({key->of(metadata), std::move(metadata)});
  }
  const auto before = [&](const std::string& a, const std::string& a_slug, const std::string& b, const std::string& b_slug) {
    if (a != b) return descending ? a > b : a < b;
    return a_slug < b_slug;
  };
  std::ranges::sort(found, [&](const Item& a, const Item& b) { return before(a.key, a.metadata.slug, b.key, b.metadata.slug); });
  DashboardPage page{.total = static_cast<std::int64_t>(found.size())};
  auto from = found.begin();
  if (!input.cursor.empty()) {
    const auto cursor = decode_base64url(input.cursor);
    const auto cut = cursor ? cursor->rfind('\x1f') : std::string::npos;
    if (cut == std::string::npos)
      return fail(ErrorCode::invalid_argument, "bad_cursor", "cursor must be the next_cursor of the page before");
    const std::string last = cursor->substr(0, cut), last_slug = cursor->substr(cut + 1);
    from = std::ranges::find_if(found, [&](const Item& item) { return before(last, last_slug, item.key, item.metadata.slug); });
  }
  for (; from != found.end(); ++from) {
    if (page.items.size() == static_cast<std::size_t>(std::max(input.limit, 1))) {
      const Item& last = *std::prev(from);
      page.next_cursor = encode_base64url(str(last.key, '\x1f', page.items.back().slug));
      break;
    }
    page.items.push_back(from->metadata);
  }
  return page;
}

}  // namespace bridge
