#include "features/rules/yaml_writer.h"

#include "base/text.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

// Characters that YAML 1.1 reads as line breaks besides \n, and those that it does not allow bare.
bool has_odd_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\n') || c == 0x7F) return true;
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) return true;  // C1, NEL
    if (c == 0xE2 && i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) == 0x80 &&
        (static_cast<unsigned char>(text[i + 2]) & 0xFE) == 0xA8)
      return true;  // LS, PS
    if (c == 0xEF && i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) == 0xBB &&
        static_cast<unsigned char>(text[i + 2]) == 0xBF)
      return true;  // BOM
  }
  return false;
}

bool is_plain(std::string_view text) {
  if (text.empty() || text.size() > 200) return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (!letter(text.front()) || text.back() == ' ') return false;
  static constexpr auto reserved = std::to_array<std::string_view>({"true", "false", "yes", "no", "on", "off", "null", "y", "n"});
  if (std::find(reserved.begin(), reserved.end(), lower(text)) != reserved.end()) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == ' ' || c == '.' || c == '(' || c == ')';
  });
}

std::string double_quoted(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7F) {
      out += "\\x";
      out += digits[c >> 4];
      out += digits[c & 15];
    } else if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      const auto next = static_cast<unsigned char>(text[++i]);
      out += "\\x";
      out += digits[next >> 4];
      out += digits[next & 15];
    } else if (c == 0xE2 && i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) == 0x80 &&
               (static_cast<unsigned char>(text[i + 2]) & 0xFE) == 0xA8) {
      out += static_cast<unsigned char>(text[i + 2]) == 0xA8 ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (c == 0xEF && i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) == 0xBB &&
               static_cast<unsigned char>(text[i + 2]) == 0xBF) {
      out += "\\uFEFF";
      i += 2;
    } else {
      out += static_cast<char>(c);
    }
  }
  return out + "\"";
}

// A block where the text survives one unchanged, else one quoted line.
void write_sql(std::string& out, std::string_view sql) {
  if (has_odd_character(sql) || sql.empty() || sql.front() == ' ' || sql.front() == '\n' || sql.back() == '\n' ||
      sql.find(" \n") != std::string_view::npos || sql.find("\n\n") != std::string_view::npos) {
    out += str("    sql: ", double_quoted(sql), "\n");
    return;
  }
  // "|-": no line break at the end, so that the text is the one that was dry-run.
  out += "    sql: |-\n";
  for (const std::string& line : split(sql, '\n')) out += str("      ", line, "\n");
}

void write_params(std::string& out, const Plan& plan) {
  if (plan.params.empty()) return;
  out += "params:\n";
  for (const PlannedParameter& param : plan.params) {
    out += str("  ", param.name, ": {type: ", param.type, ", label: ", yaml_scalar(param.label));
    if (param.type == "enum") out += str(", multiple: true, values_from: ", yaml_scalar(param.values_from));
    const bool list = param.type == "enum" && !(param.defaults.size() == 1 && param.defaults.front() == "all");
    std::vector<std::string> values;
    for (const std::string& value : param.defaults) values.push_back(yaml_scalar(value));
    out += list ? str(", default: [", join(values, ", "), "]}\n") : str(", default: ", values.front(), "}\n");
  }
  out += "\n";
}

void write_columns(std::string& out, const PlannedQuery& query) {
  std::string columns;
  for (const PlannedColumn& column : query.columns) {
    columns += str("      ", yaml_scalar(column.name), ": {label: ", yaml_scalar(column.label));
    if (!column.unit.empty()) columns += str(", unit: ", yaml_scalar(column.unit));
    if (!column.format.empty()) columns += str(", format: ", double_quoted(column.format));
    if (column.good != Good::unknown) columns += str(", good: ", column.good == Good::up ? "up" : "down");
    columns += "}\n";
  }
  if (!columns.empty()) out += str("    columns:\n", columns);
}

void write_chart(std::string& out, const PlannedChart& chart) {
  out += str("  ", chart.id, ":\n    query: ", chart.query, "\n    mark: ", chart.mark, "\n    title: ", yaml_scalar(chart.title), "\n");
  if (!chart.description.empty()) out += str("    description: ", yaml_scalar(chart.description), "\n");
  const auto encoding = [&](std::string_view key, const std::string& field) {
    if (!field.empty()) out += str("    ", key, ": ", yaml_scalar(field), "\n");
  };
  encoding("x", chart.x);
  if (chart.y.size() == 1) encoding("y", chart.y.front());
  else if (!chart.y.empty()) {
    std::vector<std::string> fields;
    for (const std::string& field : chart.y) fields.push_back(yaml_scalar(field));
    out += str("    y: [", join(fields, ", "), "]\n");
  }
  encoding("color", chart.color);
  encoding("size", chart.size);
  if (!chart.sort.empty()) out += str("    sort: ", chart.sort == "y" ? "\"y\"" : chart.sort, "\n");
  if (!chart.stack.empty()) out += str("    stack: ", chart.stack, "\n");
  if (chart.limit) out += str("    limit: ", *chart.limit, "\n");
  if (chart.compare) out += "    compare: previous_period\n";
  if (!chart.on_click.empty()) {
    std::vector<std::string> sets;
    for (const auto& [param, value] : chart.on_click) sets.push_back(str(param, ": ", value));
    out += str("    on_click: {set: {", join(sets, ", "), "}}\n");
  }
  if (!chart.columns.empty()) {
    std::vector<std::string> fields;
    for (const std::string& field : chart.columns) fields.push_back(yaml_scalar(field));
    out += str("    columns: [", join(fields, ", "), "]\n");
  }
}

}  // namespace

std::string yaml_scalar(std::string_view text) { return is_plain(text) ? std::string(text) : double_quoted(text); }

std::string write_yaml(const Plan& plan) {
  std::string out = "bridge: 1\n";
  out += str("slug: ", yaml_scalar(plan.slug), "\ntitle: ", yaml_scalar(plan.title), "\n");
  if (!plan.description.empty()) out += str("description: ", yaml_scalar(plan.description), "\n");
  out += "view_type: analytical\n";
  if (!plan.tags.empty()) {
    std::vector<std::string> tags;
    for (const std::string& tag : plan.tags) tags.push_back(yaml_scalar(tag));
    out += str("tags: [", join(tags, ", "), "]\n");
  }
  out += str("connection: ", yaml_scalar(plan.connection), "\n\n");
  write_params(out, plan);
  out += "queries:\n";
  for (const PlannedQuery& query : plan.queries) {
    out += str("  ", query.id, ":\n");
    write_sql(out, query.sql);
    write_columns(out, query);
  }
  out += "\ncharts:\n";
  for (const PlannedChart& chart : plan.charts) write_chart(out, chart);
  out += "\nlayout:\n";
  for (const PlannedRow& row : plan.layout) {
    std::vector<std::string> items;
    for (const PlannedItem& item : row.items) {
      items.push_back(item.chart.empty() ? str("{text: ", double_quoted(item.text), ", w: ", item.width, "}")
                                         : str("{chart: ", item.chart, ", w: ", item.width, "}"));
    }
    out += str("  - row: [", join(items, ", "), "]\n    h: ", row.height, "\n");
  }
  out += "\ntheme: mono\n";
  // On one line, as JSON, which is YAML too: whoever made the page reads it back without a reader of YAML.
  if (!plan.account.empty()) {
    json::array account;
    for (const AccountedWord& word : plan.account) account.push_back(to_json(word));
    out += str(account_key, json::serialize(account), "\n");
  }
  return out;
}

}  // namespace bridge::rules
