#include "features/dashboard_compiler/limits.h"
#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/small_answer.h"

namespace bridge {

namespace {

struct Arguments {
  std::string sql;
  std::optional<json::object> params;
};
BOOST_DESCRIBE_STRUCT(Arguments, (), (sql, params))

struct Answer {
  std::vector<ColumnName> columns;
  json::array rows;
  std::int64_t row_count = 0;
  bool truncated = false;
  std::int64_t bytes_scanned = 0;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (columns, rows, row_count, truncated, bytes_scanned))

}  // namespace

template <>
inline constexpr auto field_notes<Arguments> = std::to_array<FieldNote>({
    {.name = "sql",
     .about = "one SELECT that groups, filters and limits: at most 200 rows are shown",
     .length_max = compiler_limits::kSqlBytesMax},
    {.name = "params", .about = "a params block as in a document, if the SQL uses parameters; their defaults are bound"},
});

namespace {

class RunQueryTool final : public TypedTool<Arguments, Answer> {
 public:
  explicit RunQueryTool(const GenerationToolParts& parts) : parts_(parts) {}
  std::string name() const override { return "run_query"; }
  std::string description() const override {
    return "Runs a SELECT, after a dry run under the byte cap, and returns its rows. The person sees them as a small table.";
  }
  std::string title(const json::object&) const override { return "Asking the warehouse"; }
  Role required_role() const override { return Role::editor; }
  ToolOutcome outcome(const json::object&) const override { return {.kind = ToolOutcome::Kind::shown}; }
  std::string summarise(const json::object& answer) const override {
    const std::int64_t rows = answer.at("row_count").as_int64();
    return str(rows, rows == 1 ? " row, " : " rows, ", format_bytes(static_cast<std::uint64_t>(answer.at("bytes_scanned").as_int64())),
               " scanned");
  }

 private:
  Result<Answer> run(const ToolContext& context, const Arguments& arguments) override {
    SmallAnswer answer =
        TRY(answer_with_chart(parts_, context, arguments.sql, arguments.params.value_or(json::object{}), {{"mark", "table"}}));
    return Answer{.columns = std::move(answer.columns),
                  .rows = std::move(answer.rows),
                  .row_count = answer.row_count,
                  .truncated = answer.truncated,
                  .bytes_scanned = answer.bytes_scanned};
  }

  const GenerationToolParts parts_;
};

}  // namespace

std::shared_ptr<ToolDefinition> make_run_query_tool(const GenerationToolParts& parts) { return std::make_shared<RunQueryTool>(parts); }

}  // namespace bridge
