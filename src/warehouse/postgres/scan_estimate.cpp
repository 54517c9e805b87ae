#include "warehouse/postgres/scan_estimate.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "warehouse/postgres/limits.h"

namespace bridge::postgres {

namespace {

constexpr std::size_t plan_depth_max = 2'000;

std::string text_of(const json::object& node, std::string_view key) {
  const json::value* value = node.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}
double number_of(const json::object& node, std::string_view key) {
  const json::value* value = node.if_contains(key);
  return value && value->is_number() ? value->to_number<double>() : 0;
}

const json::array& plans_of(const json::object& node) {
  static const json::array none;
  const json::value* plans = node.if_contains("Plans");
  return plans && plans->is_array() ? plans->get_array() : none;
}

// The index of a bitmap's scan stands in the nodes beneath it.
void collect_bitmap_indexes(const json::object& node, std::vector<std::string>& indexes) {
  if (text_of(node, "Node Type") == "Bitmap Index Scan") indexes.push_back(text_of(node, "Index Name"));
  for (const json::value& inner : plans_of(node)) {
    if (inner.is_object()) collect_bitmap_indexes(inner.get_object(), indexes);
  }
}

// `times`: how often the node is run.
void collect(const json::object& node, double times, ScanPlan& plan) {
  const std::string kind = text_of(node, "Node Type");
  const RelationName table{text_of(node, "Schema"), text_of(node, "Relation Name")};
  const double rows = std::max(number_of(node, "Plan Rows"), 1.0) * times;
  if (kind == "Foreign Scan" || kind == "Custom Scan") {
    plan.unknown.push_back(table.second.empty() ? "a foreign server" : str("the foreign table ", table.second));
  } else if (kind == "Function Scan" || kind == "Table Function Scan") {
    plan.unknown.push_back(str("the function ", text_of(node, "Function Name")));
  } else if (kind == "Seq Scan" || kind == "Sample Scan") {
    plan.scans.push_back({.table = table, .rows = rows});
  } else if (kind == "Index Scan" || kind == "Index Only Scan") {
    plan.scans.push_back({.table = table, .index = text_of(node, "Index Name"), .rows = rows, .is_whole = false});
  } else if (kind == "Bitmap Heap Scan") {
    std::vector<std::string> indexes;
    for (const json::value& inner : plans_of(node)) {
      if (inner.is_object()) collect_bitmap_indexes(inner.get_object(), indexes);
    }
    for (std::string& index : indexes) plan.scans.push_back({.table = table, .index = std::move(index), .rows = rows, .is_whole = false});
    return;
  } else if (!table.second.empty()) {  // TID scans
    plan.scans.push_back({.table = table, .rows = rows, .is_whole = false});
  }
  const bool is_loop = kind == "Nested Loop";
  double outer_rows = 1;
  for (const json::value& inner : plans_of(node)) {
    if (!inner.is_object()) continue;
    const json::object& child = inner.get_object();
    const bool repeats = is_loop && text_of(child, "Parent Relationship") == "Inner";
    collect(child, repeats ? times * outer_rows : times, plan);
    if (is_loop && text_of(child, "Parent Relationship") == "Outer") outer_rows = std::max(number_of(child, "Plan Rows"), 1.0);
  }
}

}  // namespace

Result<ScanPlan> read_plan(std::string_view explained) {
  const auto parsed = parse_json(explained, {.depth_max = plan_depth_max, .bytes_max = tree_bytes_max});
  const json::array* list = parsed ? parsed->if_array() : nullptr;
  const json::object* first = list && !list->empty() ? list->front().if_object() : nullptr;
  const json::value* root = first ? first->if_contains("Plan") : nullptr;
  if (!root || !root->is_object())
    return fail(
        Error{.code = ErrorCode::data_loss, .message = "PostgreSQL's plan of the query cannot be read", .reason = "plan_unreadable"});
  ScanPlan plan;
  collect(root->get_object(), 1, plan);
  std::ranges::sort(plan.unknown);
  plan.unknown.erase(std::ranges::unique(plan.unknown).begin(), plan.unknown.end());
  return plan;
}

std::uint64_t estimate_bytes(const ScanPlan& plan, const RelationSizes& sizes) {
  const auto size_of = [&](const std::string& schema, const std::string& name) -> std::uint64_t {
    const auto found = sizes.find({schema, name});
    return found == sizes.end() ? 0 : found->second;
  };
  std::uint64_t bytes = 0;
  for (const ScanNode& scan : plan.scans) {
    const std::uint64_t table = std::max(size_of(scan.table.first, scan.table.second), page_bytes);
    if (scan.is_whole) {
      bytes += table;
      continue;
    }
    const double pages = std::min(scan.rows, static_cast<double>(table) / page_bytes + 1);
    const auto found = static_cast<std::uint64_t>(std::ceil(pages)) * page_bytes;
    bytes += std::min(found, table);
    if (!scan.index.empty()) bytes += std::min(std::max(size_of(scan.table.first, scan.index), page_bytes), found + page_bytes);
  }
  return bytes;
}

}  // namespace bridge::postgres
