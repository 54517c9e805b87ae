#include "warehouse/duckdb/scan_estimate.h"

#include <charconv>

#include "base/json.h"
#include "base/text.h"

namespace bridge::duckdb {

namespace {

// One scan of a plan.
struct Scan {
  std::string table;  // empty: the plan does not say (views over files)
  std::vector<std::string> columns;
  std::vector<std::string> filters;
};

// `column op constant` that the plan pushes into a scan.
struct Bound {
  std::string column;
  std::string op;  // = < <= > >=
  std::string constant;
};

std::vector<std::string> texts_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  std::vector<std::string> texts;
  if (!value) return texts;
  if (value->is_string()) texts.emplace_back(value->get_string());
  if (value->is_array()) {
    for (const json::value& item : value->get_array()) {
      if (item.is_string()) texts.emplace_back(item.get_string());
    }
  }
  return texts;
}

void collect(const json::value& value, std::vector<Scan>& scans, std::vector<std::string>& operators) {
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) collect(item, scans, operators);
    return;
  }
  const json::object* node = value.if_object();
  if (!node) return;
  std::string name;
  if (const json::value* text = node->if_contains("name"); text && text->is_string()) name = trim(std::string_view(text->get_string()));
  operators.push_back(name);
  if (const json::value* info = node->if_contains("extra_info"); info && info->is_object()) {
    const json::object& extra = info->get_object();
    const bool is_scan = extra.contains("Table") || (extra.contains("Function") && (name.starts_with("READ_") || name.ends_with("_SCAN")));
    if (is_scan) {
      const auto tables = texts_of(extra, "Table");
      scans.push_back({.table = tables.empty() ? "" : tables.front(),
                       .columns = texts_of(extra, "Projections"),
                       .filters = texts_of(extra, "Filters")});
    }
  }
  if (const json::value* children = node->if_contains("children")) collect(*children, scans, operators);
}

// The constant at the start of `text`: 'text' with an optional ::TYPE, or a bare number. Nothing when it is anything else.
std::optional<std::string> parse_constant(std::string_view text) {
  if (text.starts_with('\'')) {
    std::string value;
    std::size_t at = 1;
    for (; at < text.size(); ++at) {
      if (text[at] != '\'') {
        value += text[at];
      } else if (at + 1 < text.size() && text[at + 1] == '\'') {
        value += text[at++];
      } else {
        break;
      }
    }
    const std::string_view rest = text.substr(std::min(at + 1, text.size()));
    if (at >= text.size() || !(rest.empty() || rest.starts_with("::"))) return std::nullopt;
    return value;
  }
  if (text.empty() || text.find_first_not_of("0123456789.-+eE") != std::string_view::npos) return std::nullopt;
  return std::string(text);
}

// Reads "date>='2001-01-05 00:00:00'::TIMESTAMP AND date<…" as far as it is plain; what it does not understand prunes nothing.
std::vector<Bound> bounds_of(const std::vector<std::string>& filters) {
  std::vector<Bound> bounds;
  for (const std::string& filter : filters) {
    if (filter.starts_with("optional:") || filter.find(" OR ") != std::string::npos) continue;
    std::string_view rest = filter;
    while (!rest.empty()) {
      // The end of this comparison: " AND " outside of quotes.
      std::size_t end = 0;
      bool is_quoted = false;
      for (; end < rest.size(); ++end) {
        if (rest[end] == '\'') is_quoted = !is_quoted;
        if (!is_quoted && rest.substr(end).starts_with(" AND ")) break;
      }
      const std::string_view comparison = rest.substr(0, end);
      rest = end < rest.size() ? rest.substr(end + 5) : std::string_view();
      const std::size_t op_start = comparison.find_first_of("=<>!");
      if (op_start == std::string_view::npos || op_start == 0) continue;
      std::size_t op_end = op_start;
      while (op_end < comparison.size() && std::string_view("=<>!").find(comparison[op_end]) != std::string_view::npos) ++op_end;
      const std::string op(comparison.substr(op_start, op_end - op_start));
      if (op != "=" && op != "<" && op != "<=" && op != ">" && op != ">=") continue;
      if (auto constant = parse_constant(comparison.substr(op_end))) {
        std::string column = lower(comparison.substr(0, op_start));
        if (column.size() > 1 && column.front() == '"' && column.back() == '"')
          column = replace_all(column.substr(1, column.size() - 2), "\"\"", "\"");
        bounds.push_back({.column = std::move(column), .op = op, .constant = std::move(*constant)});
      }
    }
  }
  return bounds;
}

std::optional<double> number_of(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Negative, zero or positive as `a` is before, equal to or after `b`; nothing when they cannot be compared safely.
std::optional<int> compare(ColumnType type, std::string_view a, std::string_view b) {
  switch (type) {
    case ColumnType::integer:
    case ColumnType::number: {
      const auto left = number_of(a);
      const auto right = number_of(b);
      if (!left || !right) return std::nullopt;
      return *left < *right ? -1 : *left > *right ? 1 : 0;
    }
    case ColumnType::date:
    case ColumnType::timestamp: {
      constexpr std::size_t day_length = 10;  // "2001-01-31", then perhaps " 10:00:00": such texts sort as their times do
      const auto is_plain = [](std::string_view text) {
        return text.size() >= day_length && text[4] == '-' && text[7] == '-' && (text.size() == day_length || text[day_length] == ' ');
      };
      if (!is_plain(a) || !is_plain(b)) return std::nullopt;
      const int by_day = a.substr(0, day_length).compare(b.substr(0, day_length));
      if (by_day != 0) return by_day;
      if (a.size() == day_length || b.size() == day_length) return std::nullopt;
      return a.substr(0, 19).compare(b.substr(0, 19));
    }
    case ColumnType::text: return a.compare(b);
    default: return std::nullopt;
  }
}

// Whether no row of the part can satisfy the bound.
bool excludes(const ColumnPart& part, ColumnType type, const Bound& bound) {
  if (!part.min || !part.max) return false;
  const auto to_min = compare(type, bound.constant, *part.min);
  const auto to_max = compare(type, bound.constant, *part.max);
  if (bound.op == "=") return (to_min && *to_min < 0) || (to_max && *to_max > 0);
  if (bound.op == "<" || bound.op == "<=") return to_min && *to_min < 0;
  return to_max && *to_max > 0;
}

std::optional<std::size_t> index_of(const TableLayout& table, std::string_view column) {
  const auto found = std::ranges::find(table.columns, column);
  if (found == table.columns.end()) return std::nullopt;
  return static_cast<std::size_t>(found - table.columns.begin());
}

// Nothing when the scan cannot be of this table: it names a column that the table has not.
std::optional<std::uint64_t> cost_of(const Scan& scan, const TableLayout& table) {
  std::vector<bool> is_read(table.columns.size(), table.reads_whole_rows);
  for (const std::string& column : scan.columns) {
    const std::string name = lower(column);
    if (const auto index = index_of(table, name)) is_read[*index] = true;
    else if (name != "rowid" && !name.starts_with("file_")) return std::nullopt;
  }
  // A column that only a filter needs is not among the projections.
  for (const std::string& filter : scan.filters) {
    const std::string lowered = lower(filter);
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      if (lowered.find(table.columns[i]) != std::string::npos) is_read[i] = true;
    }
  }
  const std::vector<Bound> bounds = bounds_of(scan.filters);
  std::uint64_t bytes = table.overhead_bytes;
  for (const auto& group : table.groups) {
    const bool is_skipped = std::ranges::any_of(bounds, [&](const Bound& bound) {
      const auto index = index_of(table, bound.column);
      return index && excludes(group[*index], table.types[*index], bound);
    });
    if (is_skipped) continue;
    for (std::size_t i = 0; i < group.size(); ++i) bytes += is_read[i] ? group[i].bytes : 0;
  }
  return bytes;
}

}  // namespace

ScanEstimate estimate_scan(std::string_view plan_json, const std::vector<const TableLayout*>& tables) {
  ScanEstimate estimate;
  std::vector<Scan> scans;
  constexpr std::size_t plan_depth_max = 4'000;
  json::parse_options options;
  options.max_depth = plan_depth_max;
  boost::system::error_code code;
  const json::value plan = json::parse(plan_json, code, json::storage_ptr(), options);
  if (!code) collect(plan, scans, estimate.operators);

  std::vector<bool> is_scanned(tables.size(), false);
  for (const Scan& scan : scans) {
    std::optional<std::uint64_t> dearest;
    for (std::size_t i = 0; i < tables.size(); ++i) {
      if (!scan.table.empty() && lower(scan.table) != lower(tables[i]->table)) continue;
      const auto cost = cost_of(scan, *tables[i]);
      if (!cost) continue;
      is_scanned[i] = true;
      dearest = std::max(dearest.value_or(0), *cost);
    }
    if (!dearest) {  // a scan that nothing is known of: as dear as everything that the query names
      for (const TableLayout* table : tables) {
        for (const auto& group : table->groups) {
          for (const ColumnPart& part : group) dearest = dearest.value_or(table->overhead_bytes) + part.bytes;
        }
      }
    }
    estimate.bytes += dearest.value_or(0);
  }
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (!is_scanned[i]) estimate.bytes += std::max<std::uint64_t>(tables[i]->overhead_bytes, 1);
  }
  if (code) {
    for (const TableLayout* table : tables) {
      for (const auto& group : table->groups) {
        for (const ColumnPart& part : group) estimate.bytes += part.bytes;
      }
    }
  }
  return estimate;
}

}  // namespace bridge::duckdb
