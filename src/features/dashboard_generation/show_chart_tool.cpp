#include "features/dashboard_compiler/limits.h"
#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/small_answer.h"

namespace bridge {

namespace {

// The encodings are a document's: a column's name, or an object with `field` and more.
struct Arguments {
  std::string title;
  std::string sql;
  std::string mark;
  std::optional<json::object> params;
  std::optional<json::value> x;
  std::optional<json::value> y;
  std::optional<json::value> color;
  std::optional<json::value> size;
  std::optional<std::string> sort;
  std::optional<std::int64_t> limit;
};
BOOST_DESCRIBE_STRUCT(Arguments, (), (title, sql, mark, params, x, y, color, size, sort, limit))

struct Answer {
  std::string title;
  json::object chart;
  std::vector<ColumnName> columns;
  json::array rows;
  bool truncated = false;
  std::int64_t bytes_scanned = 0;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (title, chart, columns, rows, truncated, bytes_scanned))

}  // namespace

template <>
inline constexpr auto field_notes<Arguments> = std::to_array<FieldNote>({
    {.name = "title", .about = "what is shown, in what unit, by what", .length_max = 200},
    {.name = "sql",
     .about = "one SELECT with the columns of the chart; at most 200 rows are shown",
     .length_max = compiler_limits::kSqlBytesMax},
    {.name = "mark",
     .about = "kpi, line, area, bar, stacked_bar, grouped_bar, donut, scatter, heatmap, histogram, table, …",
     .length_max = 40},
    {.name = "params", .about = "a params block as in a document, if the SQL uses parameters; their defaults are bound"},
    {.name = "x", .about = "a column of the answer, or {field, title, format, …} as in a document"},
    {.name = "y", .about = "a column of the answer, or {field, title, format, …} as in a document"},
    {.name = "color", .about = "the column that splits the chart into series"},
    {.name = "size", .about = "the column that a scatter's points grow with"},
    {.name = "sort", .about = "y, -y, x or -x", .length_max = 100},
});

namespace {

class ShowChartTool final : public TypedTool<Arguments, Answer> {
 public:
  explicit ShowChartTool(const GenerationToolParts& parts) : parts_(parts) {}
  std::string name() const override { return "show_chart"; }
  std::string description() const override {
    return "Runs a SELECT, after a dry run under the byte cap, and shows the person one chart of its rows. You get the rows as well.";
  }
  std::string title(const json::object&) const override { return "Drawing a chart"; }
  Role required_role() const override { return Role::editor; }
  ToolOutcome outcome(const json::object&) const override { return {.kind = ToolOutcome::Kind::shown}; }
  std::string summarise(const json::object& answer) const override {
    return str(std::string_view(answer.at("title").as_string()), ": ", answer.at("rows").as_array().size(), " points");
  }

 private:
  Result<Answer> run(const ToolContext& context, const Arguments& arguments) override {
    json::object chart{{"mark", arguments.mark}, {"title", arguments.title}};
    const auto add = [&](std::string_view name, const std::optional<json::value>& value) {
      if (value && !value->is_null()) chart[name] = *value;
    };
    add("x", arguments.x);
    add("y", arguments.y);
    add("color", arguments.color);
    add("size", arguments.size);
    if (arguments.sort) chart["sort"] = *arguments.sort;
    if (arguments.limit) chart["limit"] = *arguments.limit;
    SmallAnswer answer =
        TRY(answer_with_chart(parts_, context, arguments.sql, arguments.params.value_or(json::object{}), std::move(chart)));
    return Answer{.title = arguments.title,
                  .chart = std::move(answer.chart),
                  .columns = std::move(answer.columns),
                  .rows = std::move(answer.rows),
                  .truncated = answer.truncated,
                  .bytes_scanned = answer.bytes_scanned};
  }

  const GenerationToolParts parts_;
};

}  // namespace

std::shared_ptr<ToolDefinition> make_show_chart_tool(const GenerationToolParts& parts) { return std::make_shared<ShowChartTool>(parts); }

}  // namespace bridge
