#include "ai_sdk/core/cut_text.h"
#include "base/bad_field.h"
#include "base/text.h"
#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/limits.h"

namespace bridge {

namespace {

struct Arguments {
  std::string table_name;
  std::optional<std::vector<std::string>> columns;
};
BOOST_DESCRIBE_STRUCT(Arguments, (), (table_name, columns))

}  // namespace

template <>
inline constexpr auto field_notes<Arguments> = std::to_array<FieldNote>(
    {{.name = "table_name", .about = "a sql_name that list_tables gave, or dataset.table"},
     {.name = "columns", .about = "only these, as other_columns of an earlier answer names them; * stands for any text"}});
template <>
inline constexpr auto former_names<Arguments> = std::to_array<FormerName>({{.former = "table", .now = "table_name"}});

namespace {

struct Answer : TableSchema {
  std::string table_name;
};
BOOST_DESCRIBE_STRUCT(Answer, (TableSchema), (table_name))

void cut(std::string& text, std::size_t bytes_max) { text = cut_text(text, bytes_max); }

// Keeps the first `count` columns; the names of the others stand beside them as far as there is room.
void leave(TableSchema& answer, std::size_t count) {
  std::vector<std::string> names;
  std::size_t bytes = 0;
  for (std::size_t i = count; i < answer.columns.size(); ++i) names.push_back(answer.columns[i].name);
  names.insert(names.end(), answer.other_columns.begin(), answer.other_columns.end());
  std::size_t kept = 0;
  while (kept < names.size() && (bytes += names[kept].size() + 3) <= generation_limits::kOtherColumnsBytesMax) ++kept;
  names.resize(kept);
  answer.other_columns = std::move(names);
  answer.columns.resize(count);
}

void cut(SchemaColumn& column) {
  cut(column.description, generation_limits::kDescriptionBytesMax);
  SchemaStatistics& statistics = column.statistics;
  if (statistics.min) cut(*statistics.min, generation_limits::kValueBytesMax);
  if (statistics.max) cut(*statistics.max, generation_limits::kValueBytesMax);
  if (statistics.top_values.size() > generation_limits::kTopValuesMax) statistics.top_values.resize(generation_limits::kTopValuesMax);
  for (ValueCount& value : statistics.top_values) cut(value.value, generation_limits::kValueBytesMax);
}

// `*` stands for any text; letters are equal in either case.
bool fits(std::string_view name, std::string_view pattern) {
  std::size_t n = 0, p = 0, star = std::string_view::npos, after_star = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      after_star = n;
    } else if (p < pattern.size() && lower(name.substr(n, 1)) == lower(pattern.substr(p, 1))) {
      ++n;
      ++p;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++after_star;
    } else {
      return false;
    }
  }
  return pattern.substr(p).find_first_not_of('*') == std::string_view::npos;
}

// Leaves the columns that were asked for. invalid_argument for a pattern that none of them fits, with the nearest names.
Result<> choose(TableSchema& schema, const std::vector<std::string>& patterns) {
  std::vector<std::string> names;
  for (const SchemaColumn& column : schema.columns) names.push_back(column.name);
  for (const std::string& pattern : patterns) {
    if (std::ranges::any_of(names, [&](const std::string& name) { return fits(name, pattern); })) continue;
    Violation violation{.path = "columns", .code = "unknown_column", .got = pattern.substr(0, 200)};
    violation.message = str(schema.table, " has no column '", violation.got, "'");
    if (const auto near = nearest_name(violation.got, names)) violation.suggestion = *near;
    if (names.size() > generation_limits::kAllowedShownMax) names.resize(generation_limits::kAllowedShownMax);
    violation.allowed = std::move(names);
    return bad_field(std::move(violation), {.reason = "unknown_column"});
  }
  std::erase_if(schema.columns, [&](const SchemaColumn& column) {
    return std::ranges::none_of(patterns, [&](const std::string& pattern) { return fits(column.name, pattern); });
  });
  return {};
}

// Wide tables lose samples first, the rarest values first of all, and then their last columns, of which the names stay: a cut-off JSON
// would help nobody.
void fit(Answer& answer) {
  cut(answer.description, generation_limits::kDescriptionBytesMax);
  if (answer.columns.size() > generation_limits::kColumnsMax) leave(answer, generation_limits::kColumnsMax);
  for (SchemaColumn& column : answer.columns) cut(column);
  for (const std::size_t values_max : {10, 5, 2, 0}) {
    if (to_json_text(answer).size() <= generation_limits::kSchemaBytesMax) return;
    for (SchemaColumn& column : answer.columns) {
      if (column.statistics.top_values.size() > values_max) column.statistics.top_values.resize(values_max);
    }
  }
  while (answer.columns.size() > 1 && to_json_text(answer).size() > generation_limits::kSchemaBytesMax)
    leave(answer, answer.columns.size() * 3 / 4);
}

class GetTableSchemaTool final : public TypedTool<Arguments, Answer> {
 public:
  explicit GetTableSchemaTool(const GenerationToolParts& parts) : parts_(parts) {}
  std::string name() const override { return "get_table_schema"; }
  std::string description() const override {
    return "Columns of a table: types, share of nulls, distinct values, range, average, commonest values. Read it before writing SQL about "
           "the table. Where read_sql is given, the values are numbers, durations or dates that the type does not show: use that "
           "expression, and say how many it does not read (unread_count). `keys` are the primary one (references nothing) and those to "
           "other "
           "tables: join along them, from the table that has the key. A wide table shows its first columns and names others.";
  }
  std::string title(const json::object& arguments) const override {
    const std::string table = text_argument<Arguments>(arguments, "table_name");
    return "Reading the columns of " + (table.empty() ? "a table" : table);
  }
  Role required_role() const override { return Role::viewer; }
  bool cacheable() const override { return true; }
  std::string summarise(const json::object& answer) const override {
    return str(std::string_view(answer.at("table").as_string()), ": ", answer.at("columns").as_array().size(), " columns, ",
               format_count(static_cast<std::uint64_t>(answer.at("row_count").as_int64())), " rows");
  }

 private:
  Result<Answer> run(const ToolContext& context, const Arguments& arguments) override {
    Answer answer{TRY(parts_.catalog.get_table(context.call, context.connection_id, arguments.table_name)), {}};
    answer.table_name = answer.table;
    if (arguments.columns && !arguments.columns->empty()) TRY(choose(answer, *arguments.columns));
    fit(answer);
    return answer;
  }

  const GenerationToolParts parts_;
};

}  // namespace

std::shared_ptr<ToolDefinition> make_get_table_schema_tool(const GenerationToolParts& parts) {
  return std::make_shared<GetTableSchemaTool>(parts);
}

}  // namespace bridge
