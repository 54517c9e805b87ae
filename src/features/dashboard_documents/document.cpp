#include "features/dashboard_documents/document.h"

#include "base/control_characters.h"
#include "base/text.h"
#include "features/dashboard_documents/schema.h"

namespace bridge {
namespace {

// All readers below run after the schema was checked: a key that is there has the right type.

std::string text_at(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.find(key);
  return node && node->kind == YamlNode::Kind::text ? node->text : std::string();
}
std::optional<PlacedText> placed_at(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.find(key);
  return node ? std::optional(node->placed()) : std::nullopt;
}
std::optional<std::int64_t> integer_at(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.find(key);
  if (!node || node->kind != YamlNode::Kind::integer) return std::nullopt;
  return json_of(*node).as_int64();
}
std::optional<int> small_at(const YamlNode& map, std::string_view key) {
  const auto value = integer_at(map, key);
  return value ? std::optional(static_cast<int>(*value)) : std::nullopt;
}
std::vector<PlacedText> texts_at(const YamlNode& map, std::string_view key) {
  std::vector<PlacedText> texts;
  if (const YamlNode* list = map.find(key)) {
    for (const YamlNode& item : list->items) texts.push_back(item.placed());
  }
  return texts;
}
Position position_at(const YamlNode& map, std::string_view key) {
  const YamlNode* node = map.find(key);
  return node ? node->at : Position{};
}
// A number with more digits than a double keeps stays as it is written.
json::value value_of(const YamlNode& node) {
  constexpr std::ptrdiff_t exact_digits = 15;
  if (node.kind == YamlNode::Kind::list) {
    json::array array;
    for (const YamlNode& item : node.items) array.push_back(value_of(item));
    return array;
  }
  const bool is_long = node.kind == YamlNode::Kind::number && node.text.find_first_of("eE") == std::string::npos &&
                       std::ranges::count_if(node.text, [](char c) { return c >= '0' && c <= '9'; }) > exact_digits;
  return is_long ? json::value(json::string(node.text.substr(node.text.starts_with('+') ? 1 : 0))) : json_of(node);
}
// Keys that begin with x- are no entries of a mapping of queries, charts or parameters: their names cannot hold a minus at that place.
template <class T, class Read>
std::vector<T> entries_at(const YamlNode& root, std::string_view key, Read read) {
  std::vector<T> entries;
  const YamlNode* map = root.find(key);
  for (std::size_t i = 0; map && i < map->items.size(); ++i) entries.push_back(read(map->keys[i], map->items[i]));
  return entries;
}

DocumentPolicy read_policy(const YamlNode& node) {
  DocumentPolicy policy;
  if (const YamlNode* bytes = node.find("max_bytes")) policy.bytes_max = parse_bytes(bytes->text);
  if (const std::string timeout = text_at(node, "timeout"); !timeout.empty()) policy.timeout_ms = parse_duration_ms(timeout);
  policy.rows_max = integer_at(node, "max_rows");
  policy.at = node.at;
  return policy;
}

DocumentCache read_cache(const YamlNode& owner) {
  DocumentCache cache;
  const YamlNode* node = owner.find("cache");
  if (!node) return cache;
  if (const std::string ttl = text_at(*node, "ttl"); !ttl.empty()) cache.ttl_ms = parse_duration_ms(ttl);
  if (const std::string stale = text_at(*node, "max_stale"); !stale.empty()) cache.max_stale_ms = parse_duration_ms(stale);
  cache.refresh = text_at(*node, "refresh");
  cache.ttl_at = position_at(*node, "ttl");
  cache.max_stale_at = position_at(*node, "max_stale");
  cache.refresh_at = position_at(*node, "refresh");
  return cache;
}

ParameterType parameter_type(std::string_view name) {
  for (const ParameterType type :
       {ParameterType::date_range, ParameterType::date, ParameterType::enumeration, ParameterType::number, ParameterType::boolean}) {
    if (parameter_type_name(type) == name) return type;
  }
  return ParameterType::text;
}

DocumentParameter read_parameter(const YamlKey& key, const YamlNode& node) {
  DocumentParameter parameter{
      .name = key.text, .at = key.at, .type = parameter_type(text_at(node, "type")), .label = text_at(node, "label")};
  parameter.description = text_at(node, "description");
  if (const YamlNode* multiple = node.find("multiple")) {
    parameter.multiple = json_of(*multiple).as_bool();
    parameter.multiple_at = multiple->at;
  }
  if (const YamlNode* value = node.find("default")) {
    parameter.default_value = value_of(*value);
    parameter.default_at = value->at;
  }
  if (const YamlNode* values = node.find("values")) {
    for (const YamlNode& value : values->items) {
      parameter.values.push_back(value_of(value));
      parameter.values_at.push_back(value.at);
    }
  }
  parameter.values_from = placed_at(node, "values_from");
  return parameter;
}

DocumentColumn read_column(const YamlKey& key, const YamlNode& node) {
  return {key.text, key.at, text_at(node, "label"), text_at(node, "unit"), text_at(node, "format"), text_at(node, "good")};
}

DocumentQuery read_query(const YamlKey& key, const YamlNode& node) {
  DocumentQuery query{.id = key.text, .at = key.at};
  if (const YamlNode* sql = node.find("sql")) query.sql = sql->block();
  query.from = texts_at(node, "from");
  query.description = text_at(node, "description");
  query.columns = entries_at<DocumentColumn>(node, "columns", read_column);
  query.cache = read_cache(node);
  return query;
}

// All that an object of the document says, but for what the server wrote or is asked to ignore.
json::object options_of(const YamlNode& node) {
  json::object options;
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    if (!node.keys[i].text.starts_with("x-")) options[node.keys[i].text] = json_of(node.items[i]);
  }
  return options;
}

Encoding read_encoding(const YamlNode& node, std::string path) {
  Encoding encoding{.at = node.at, .path = std::move(path)};
  if (node.kind != YamlNode::Kind::map) {
    encoding.field = node.placed();
    return encoding;
  }
  encoding.field = placed_at(node, "field");
  encoding.aggregate = text_at(node, "aggregate");
  encoding.title = text_at(node, "title");
  encoding.options = options_of(node);
  return encoding;
}

std::optional<Encoding> encoding_at(const YamlNode& chart, const std::string& path, std::string_view channel) {
  const YamlNode* node = chart.find(channel);
  return node ? std::optional(read_encoding(*node, str(path, ".", channel))) : std::nullopt;
}

std::vector<Encoding> read_measures(const YamlNode& chart, const std::string& path) {
  const YamlNode* node = chart.find("y");
  if (!node) return {};
  if (node->kind != YamlNode::Kind::list) return {read_encoding(*node, path + ".y")};
  std::vector<Encoding> measures;
  for (std::size_t i = 0; i < node->items.size(); ++i) measures.push_back(read_encoding(node->items[i], str(path, ".y[", i, "]")));
  return measures;
}

DocumentChart read_chart(const YamlKey& key, const YamlNode& node) {
  const std::string path = "charts." + key.text;
  DocumentChart chart{.id = key.text, .at = key.at, .query = node.find("query")->placed(), .mark = node.find("mark")->placed()};
  chart.title = text_at(node, "title");
  chart.description = text_at(node, "description");
  chart.x = encoding_at(node, path, "x");
  chart.y = read_measures(node, path);
  chart.color = encoding_at(node, path, "color");
  chart.size = encoding_at(node, path, "size");
  chart.facet = encoding_at(node, path, "facet");
  chart.sort = placed_at(node, "sort");
  chart.compare = placed_at(node, "compare");
  if (const YamlNode* click = node.find("on_click")) {
    const YamlNode* set = click->find("set");
    for (std::size_t i = 0; set && i < set->items.size(); ++i)
      chart.on_click.push_back({{set->keys[i].text, set->keys[i].at}, set->items[i].placed()});
  }
  chart.columns = texts_at(node, "columns");
  chart.options = options_of(node);
  return chart;
}

std::vector<LayoutRow> read_layout(const YamlNode& layout) {
  std::vector<LayoutRow> rows;
  for (const YamlNode& node : layout.items) {
    LayoutRow row{.at = node.at, .items = {}, .h = small_at(node, "h")};
    for (const YamlNode& item : node.find("row")->items) {
      row.items.push_back({.at = item.at, .chart = placed_at(item, "chart"), .text = text_at(item, "text"), .w = small_at(item, "w")});
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::optional<Time> time_at(const YamlNode& map, std::string_view key) {
  const std::string text = text_at(map, key);
  const auto time = text.empty() ? Result<Time>(fail(ErrorCode::not_found, "")) : parse_time(text);
  return time ? std::optional(*time) : std::nullopt;
}

DashboardDocument read_document(const YamlNode& root) {
  DashboardDocument document;
  if (auto slug = placed_at(root, "slug")) document.slug = *slug;
  document.title = text_at(root, "title");
  document.description = text_at(root, "description");
  document.view_type = enum_value<ViewType>(text_at(root, "view_type")).value_or(ViewType::analytical);
  document.owner_email = text_at(root, "owner_email");
  for (const PlacedText& tag : texts_at(root, "tags")) document.tags.push_back(tag.text);
  document.connection = *placed_at(root, "connection");
  if (const YamlNode* policy = root.find("policy")) document.policy = read_policy(*policy);
  document.cache = read_cache(root);
  document.params = entries_at<DocumentParameter>(root, "params", read_parameter);
  document.queries = entries_at<DocumentQuery>(root, "queries", read_query);
  document.charts = entries_at<DocumentChart>(root, "charts", read_chart);
  if (const YamlNode* layout = root.find("layout")) {
    document.layout = read_layout(*layout);
    document.has_layout = true;
  }
  if (root.find("theme")) document.theme = text_at(root, "theme");
  document.meta = read_meta(root);
  return document;
}

template <class T>
const T* find_by(const std::vector<T>& items, std::string T::*name, std::string_view wanted) {
  const auto found = std::ranges::find_if(items, [&](const T& item) { return item.*name == wanted; });
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

std::string_view parameter_type_name(ParameterType type) {
  switch (type) {
    case ParameterType::date_range: return "date_range";
    case ParameterType::date: return "date";
    case ParameterType::enumeration: return "enum";
    case ParameterType::text: return "text";
    case ParameterType::number: return "number";
    case ParameterType::boolean: return "boolean";
  }
  return "?";
}

json::value effective_default(const DocumentParameter& parameter, ViewType view_type) {
  if (!parameter.default_value.is_null()) return parameter.default_value;
  if (parameter.type != ParameterType::date_range) return json::string("all");
  switch (view_type) {
    case ViewType::operational: return json::string("last_7_days");
    case ViewType::strategic: return json::string("last_365_days");
    case ViewType::analytical: break;
  }
  return json::string("last_90_days");
}

const DocumentParameter* DashboardDocument::find_parameter(std::string_view name) const {
  return find_by(params, &DocumentParameter::name, name);
}
const DocumentQuery* DashboardDocument::find_query(std::string_view id) const { return find_by(queries, &DocumentQuery::id, id); }
const DocumentChart* DashboardDocument::find_chart(std::string_view id) const { return find_by(charts, &DocumentChart::id, id); }

DocumentMeta read_meta(const YamlNode& root) {
  DocumentMeta meta;
  const YamlNode* node = root.find("meta");
  if (!node || node->kind != YamlNode::Kind::map) return meta;
  meta.created_at = time_at(*node, "created_at");
  meta.updated_at = time_at(*node, "updated_at");
  meta.version = static_cast<int>(std::clamp<std::int64_t>(integer_at(*node, "version").value_or(0), 0, 1'000'000'000));
  meta.content_hash = text_at(*node, "content_hash");
  meta.access_count = std::max<std::int64_t>(integer_at(*node, "access_count").value_or(0), 0);
  meta.last_accessed = time_at(*node, "last_accessed");
  if (const YamlNode* provenance = node->find("provenance"); provenance && provenance->kind == YamlNode::Kind::map)
    meta.provenance = json_of(*provenance);
  return meta;
}

namespace {

// Texts that a person reads. SQL is shown as it is written, and what `meta` keeps is the server's.
void check_characters(const YamlNode& node, const std::string& path, std::vector<Violation>& violations) {
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    const bool is_map = node.kind == YamlNode::Kind::map;
    const std::string name = is_map ? node.keys[i].text : str("[", i, "]");
    if (name == "sql" || (path.empty() && name == "meta")) continue;
    check_characters(node.items[i], path.empty() || !is_map ? path + name : str(path, ".", name), violations);
  }
  const auto control = find_control_character(node.text);
  if (!control) return;
  violations.push_back({.path = path,
                        .line = node.at.line,
                        .column = node.at.column,
                        .code = "bad_character",
                        .message = str("must not hold the control character ", *control)});
}

}  // namespace

Result<DashboardDocument> parse_document(std::string_view text) {
  const YamlNode root = TRY(parse_yaml(text));
  std::vector<Violation> violations = check_against_schema(root, dashboard_schema());
  check_characters(root, "", violations);
  for (Violation& violation : violations) {
    if (violation.path == "bridge" && violation.code == "unknown_value") {
      violation.message =
          str("this is format '", violation.got, "' of the document, and this Bridge reads format 1: a newer one may know it");
    }
  }
  if (violations.empty() && root.flow) {
    violations.push_back({.line = root.at.line,
                          .column = root.at.column,
                          .code = "flow_document",
                          .message = "write the top level as one key a line, without braces around it"});
  }
  if (violations.empty()) return read_document(root);
  const Violation& first = violations.front();
  std::string message = str("The document does not fit the schema: ", first.path, first.path.empty() ? "" : ": ", first.message);
  return fail(Error{.code = ErrorCode::invalid_argument,
                    .message = std::move(message),
                    .reason = "invalid_document",
                    .violations = std::move(violations)});
}

}  // namespace bridge
