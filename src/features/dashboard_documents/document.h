#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"
#include "features/dashboard_documents/yaml_tree.h"

// A dashboard document as plain structs, in the order of the file, with the places that validation needs.

namespace bridge {

enum class ViewType : std::uint8_t { analytical, operational, strategic };
BOOST_DESCRIBE_ENUM(ViewType, analytical, operational, strategic)

enum class ParameterType : std::uint8_t { date_range, date, enumeration, text, number, boolean };
// As documents write it: "enum" for enumeration.
std::string_view parameter_type_name(ParameterType type);

// Limits that the document sets; empty where it sets none. They only ever lower what holds anyway.
struct DocumentPolicy {
  std::optional<std::uint64_t> bytes_max;
  std::optional<std::int64_t> timeout_ms;
  std::optional<std::int64_t> rows_max;
  Position at;
};

struct DocumentCache {
  std::optional<std::int64_t> ttl_ms;
  std::optional<std::int64_t> max_stale_ms;
  std::string refresh;  // cron: minute hour day month weekday
  Position ttl_at;
  Position max_stale_at;
  Position refresh_at;
};

struct DocumentParameter {
  std::string name;
  Position at;
  ParameterType type = ParameterType::text;
  std::string label;
  std::string description;
  bool multiple = false;
  Position multiple_at;       // line 0 when not set
  json::value default_value;  // null when missing: the view type's range for a date_range, else "all"
  Position default_at;
  std::vector<json::value> values;  // of an enum; empty when it has none
  std::vector<Position> values_at;
  std::optional<PlacedText> values_from;  // "query.column"
};

struct DocumentColumn {
  std::string name;
  Position at;
  std::string label;
  std::string unit;
  std::string format;
  std::string good;  // "up", "down" or empty
};

struct DocumentQuery {
  std::string id;
  Position at;
  PlacedBlock sql;
  std::vector<PlacedText> from;
  std::string description;
  std::vector<DocumentColumn> columns;
  DocumentCache cache;
};

struct Encoding {
  std::optional<PlacedText> field;  // missing only for `{aggregate: count}`
  std::string aggregate;
  std::string title;
  json::object options;  // see DocumentChart
  Position at;
  std::string path;  // "charts.trend.y"
};

struct ClickTarget {
  PlacedText parameter;
  PlacedText value;  // "$x"
};

// Ends the id of the extra query that a kpi with `compare: previous_period` reads.
inline constexpr std::string_view kPreviousPeriodSuffix = "@previous_period";

struct DocumentChart {
  std::string id;
  Position at;
  PlacedText query;
  PlacedText mark;
  std::string title;
  std::string description;
  std::optional<Encoding> x;
  std::vector<Encoding> y;
  std::optional<Encoding> color;
  std::optional<Encoding> size;
  std::optional<Encoding> facet;
  std::optional<PlacedText> sort;
  std::optional<PlacedText> compare;
  std::vector<ClickTarget> on_click;
  std::vector<PlacedText> columns;
  // All that the document says of it, as it is written, the members above included. What only the page needs to know is here alone.
  json::object options;
};

struct LayoutItem {
  Position at;
  std::optional<PlacedText> chart;
  std::string text;
  std::optional<int> w;
};

struct LayoutRow {
  Position at;
  std::vector<LayoutItem> items;
  std::optional<int> h;
};

// What the server wrote; all of it may be missing.
struct DocumentMeta {
  std::optional<Time> created_at;
  std::optional<Time> updated_at;
  int version = 0;  // 0: never saved
  std::string content_hash;
  std::int64_t access_count = 0;
  std::optional<Time> last_accessed;
  json::value provenance;  // null or an object
};

struct DashboardDocument {
  PlacedText slug;  // may be empty
  std::string title;
  std::string description;
  ViewType view_type = ViewType::analytical;
  std::string owner_email;
  std::vector<std::string> tags;
  PlacedText connection;
  DocumentPolicy policy;
  DocumentCache cache;
  std::vector<DocumentParameter> params;
  std::vector<DocumentQuery> queries;
  std::vector<DocumentChart> charts;
  std::vector<LayoutRow> layout;
  bool has_layout = false;
  std::string theme = "mono";
  DocumentMeta meta;

  const DocumentParameter* find_parameter(std::string_view name) const;
  const DocumentQuery* find_query(std::string_view id) const;
  const DocumentChart* find_chart(std::string_view id) const;
};

// The text of a default as it would stand in a URL; for a date_range without one, the range that the view type suggests.
json::value effective_default(const DocumentParameter& parameter, ViewType view_type);

// Reads a document that has the right syntax and fits the schema; else invalid_argument ("invalid_yaml", "invalid_document") with every
// problem of the first level that fails. References are not looked at: see validation.h.
Result<DashboardDocument> parse_document(std::string_view text);

// Only what the server wrote, from any text that is YAML; defaults for all that is missing or unreadable.
DocumentMeta read_meta(const YamlNode& root);

}  // namespace bridge
