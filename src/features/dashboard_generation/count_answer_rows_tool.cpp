#include "features/dashboard_compiler/limits.h"
#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/tried_query.h"
#include "features/query_execution/query_execution.h"

namespace bridge {

namespace {

constexpr std::size_t kRowsCountedMax = 100;

struct Arguments {
  std::string sql;
  std::optional<json::object> params;
};
BOOST_DESCRIBE_STRUCT(Arguments, (), (sql, params))

struct Answer {
  std::int64_t row_count = 0;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (row_count))

}  // namespace

template <>
inline constexpr auto field_notes<Arguments> = std::to_array<FieldNote>({
    {.name = "sql", .about = "one SELECT that was dry-run", .length_max = compiler_limits::kSqlBytesMax},
    {.name = "params", .about = "a params block as in a document; its defaults are bound"},
});

namespace {

// Whether a chart would be empty: under the same cap as the chart itself.
class CountAnswerRowsTool final : public TypedTool<Arguments, Answer> {
 public:
  explicit CountAnswerRowsTool(const GenerationToolParts& parts) : parts_(parts) {}
  std::string name() const override { return "count_answer_rows"; }
  std::string description() const override { return "Runs a SELECT under the byte cap and tells how many rows it has, of the first few."; }
  std::string title(const json::object&) const override { return "Counting the rows of an answer"; }
  Role required_role() const override { return Role::editor; }
  bool listed() const override { return false; }
  std::string summarise(const json::object& answer) const override {
    return answer.at("row_count").as_int64() == 0 ? "no rows" : "has rows";
  }

 private:
  Result<Answer> run(const ToolContext& context, const Arguments& arguments) override {
    const TriedQuery query = TRY(bind_with_defaults(parts_, context, arguments.sql, arguments.params.value_or(json::object{})));
    const DryRun dry_run = TRY(query.warehouse->dry_run(context.call, query.bound.query));
    TRY(check_byte_cap(dry_run.bytes_scanned, parts_.cap_bytes));
    const QueryResult result = TRY(
        query.warehouse->execute(context.call, query.bound.query, {.rows_max = kRowsCountedMax, .scanned_bytes_max = parts_.cap_bytes}));
    return Answer{.row_count = static_cast<std::int64_t>(result.row_count)};
  }

  const GenerationToolParts parts_;
};

}  // namespace

std::shared_ptr<ToolDefinition> make_count_answer_rows_tool(const GenerationToolParts& parts) {
  return std::make_shared<CountAnswerRowsTool>(parts);
}

}  // namespace bridge
