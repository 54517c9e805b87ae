#include "features/dashboard_documents/document_json.h"

#include "base/text.h"
#include "features/dashboard_documents/schema.h"

namespace bridge {
namespace {

constexpr int kGridColumns = 12;

json::value text_or_null(std::string_view text) { return text.empty() ? json::value(nullptr) : json::value(json::string(text)); }

json::array texts(const std::vector<PlacedText>& items) {
  json::array array;
  for (const PlacedText& item : items) array.emplace_back(item.text);
  return array;
}

// Every key that the schema knows in this definition: as the document says, or null.
json::object with_every_key(std::string_view definition, const json::object& options) {
  json::object out;
  for (const auto& [key, schema] : schema_properties(definition)) {
    const json::value* said = options.if_contains(key);
    out[key] = said ? *said : json::value(nullptr);
  }
  return out;
}

json::object encoding_json(const Encoding& encoding) {
  json::object out = with_every_key("encoding_object", encoding.options);
  if (encoding.field) out["field"] = encoding.field->text;
  return out;
}
json::value encoding_or_null(const std::optional<Encoding>& encoding) {
  return encoding ? json::value(encoding_json(*encoding)) : json::value(nullptr);
}

// One measure as itself, several as a list.
json::value measures_json(const std::vector<Encoding>& measures) {
  if (measures.empty()) return nullptr;
  if (measures.size() == 1) return encoding_json(measures.front());
  json::array array;
  for (const Encoding& measure : measures) array.push_back(encoding_json(measure));
  return array;
}

json::object parameter_json(const DocumentParameter& parameter, ViewType view_type) {
  json::object out{{"type", parameter_type_name(parameter.type)},
                   {"label", text_or_null(parameter.label)},
                   {"description", text_or_null(parameter.description)},
                   {"multiple", parameter.multiple},
                   {"default", effective_default(parameter, view_type)},
                   {"values", nullptr},
                   {"values_from", parameter.values_from ? json::value(json::string(parameter.values_from->text)) : json::value(nullptr)}};
  if (!parameter.values.empty()) out["values"] = json::array(parameter.values.begin(), parameter.values.end());
  return out;
}

json::object query_json(const DocumentQuery& query) {
  json::object columns;
  for (const DocumentColumn& column : query.columns) {
    columns[column.name] = json::object{{"label", text_or_null(column.label)},
                                        {"unit", text_or_null(column.unit)},
                                        {"format", text_or_null(column.format)},
                                        {"good", text_or_null(column.good)}};
  }
  return {{"sql", query.sql.text},
          {"from", texts(query.from)},
          {"description", text_or_null(query.description)},
          {"columns", std::move(columns)}};
}

json::object chart_json(const DocumentChart& chart) {
  json::object out = with_every_key("chart", chart.options);
  out["x"] = encoding_or_null(chart.x);
  out["y"] = measures_json(chart.y);
  out["color"] = encoding_or_null(chart.color);
  out["size"] = encoding_or_null(chart.size);
  out["facet"] = encoding_or_null(chart.facet);
  out["compare_query"] =
      chart.compare ? json::value(json::string(chart.query.text + std::string(kPreviousPeriodSuffix))) : json::value(nullptr);
  return out;
}

int default_height(ViewType view_type) {
  switch (view_type) {
    case ViewType::operational: return 4;
    case ViewType::strategic: return 8;
    case ViewType::analytical: break;
  }
  return 6;
}

// Rows of numbers need less room than rows of pictures.
int height_of(const LayoutRow& row, const DashboardDocument& document) {
  if (row.h) return *row.h;
  const bool only_numbers = std::ranges::all_of(row.items, [&](const LayoutItem& item) {
    const DocumentChart* chart = item.chart ? document.find_chart(item.chart->text) : nullptr;
    return !item.chart || (chart && (chart->mark.text == "kpi" || chart->mark.text == "sparkline"));
  });
  return only_numbers ? 2 : default_height(document.view_type);
}

json::array layout_json(const DashboardDocument& document) {
  json::array rows;
  for (const LayoutRow& row : document.has_layout ? document.layout : default_layout(document)) {
    const std::vector<int> widths = resolve_widths(row);
    json::array items;
    for (std::size_t i = 0; i < row.items.size(); ++i) {
      json::object item{{"w", widths[i]}};
      if (row.items[i].chart) item["chart"] = row.items[i].chart->text;
      else item["text"] = row.items[i].text;
      items.push_back(std::move(item));
    }
    rows.push_back(json::object{{"h", height_of(row, document)}, {"items", std::move(items)}});
  }
  return rows;
}

}  // namespace

std::vector<int> resolve_widths(const LayoutRow& row) {
  int given = 0, open = 0;
  for (const LayoutItem& item : row.items) {
    given += item.w.value_or(0);
    open += item.w ? 0 : 1;
  }
  const int left = std::max(kGridColumns - given, open);
  std::vector<int> widths;
  int place = 0;
  for (const LayoutItem& item : row.items) {
    if (item.w) {
      widths.push_back(*item.w);
    } else {
      widths.push_back(left / open + (place < left % open ? 1 : 0));
      ++place;
    }
  }
  return widths;
}

std::vector<LayoutRow> default_layout(const DashboardDocument& document) {
  constexpr std::size_t kNumbersInARow = 4, kPicturesInARow = 2;
  std::vector<LayoutRow> numbers, pictures;
  bool last_is_full = true;
  for (const DocumentChart& chart : document.charts) {
    const bool is_number = chart.mark.text == "kpi" || chart.mark.text == "sparkline";
    const bool full =
        !is_number && (chart.mark.text == "table" || chart.mark.text == "line" || chart.mark.text == "area" || chart.mark.text == "map");
    auto& rows = is_number ? numbers : pictures;
    const std::size_t most = is_number ? kNumbersInARow : kPicturesInARow;
    if (rows.empty() || rows.back().items.size() >= most || (!is_number && (full || last_is_full))) rows.emplace_back();
    rows.back().items.push_back({.chart = PlacedText{chart.id, chart.at}});
    if (!is_number) last_is_full = full;
  }
  numbers.insert(numbers.end(), std::make_move_iterator(pictures.begin()), std::make_move_iterator(pictures.end()));
  return numbers;
}

json::object make_document_json(const DashboardDocument& document, std::string_view slug) {
  json::array tags;
  for (const std::string& tag : document.tags) tags.emplace_back(tag);
  json::object params, queries, charts;
  for (const DocumentParameter& parameter : document.params) params[parameter.name] = parameter_json(parameter, document.view_type);
  for (const DocumentQuery& query : document.queries) queries[query.id] = query_json(query);
  for (const DocumentChart& chart : document.charts) charts[chart.id] = chart_json(chart);
  return {
      {"slug", slug},
      {"title", document.title},
      {"description", text_or_null(document.description)},
      {"view_type", enum_name(document.view_type)},
      {"tags", std::move(tags)},
      {"connection", document.connection.text},
      {"theme", document.theme},
      {"version", document.meta.version},
      {"updated_at", document.meta.updated_at ? json::value(json::string(format_time(*document.meta.updated_at))) : json::value(nullptr)},
      {"params", std::move(params)},
      {"queries", std::move(queries)},
      {"charts", std::move(charts)},
      {"layout", layout_json(document)},
      {"provenance", document.meta.provenance}};
}

}  // namespace bridge
