#include <cmath>

#include "ai_sdk/core/cut_text.h"
#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/limits.h"

namespace bridge {

namespace {

// Column names stop here, so that an answer fits what a model is given of it; get_table_schema has them all.
constexpr std::size_t kColumnNameBytesMax = 32 << 10;

struct Arguments {
  std::string dataset_name;
};
BOOST_DESCRIBE_STRUCT(Arguments, (), (dataset_name))

}  // namespace

template <>
inline constexpr auto field_notes<Arguments> = std::to_array<FieldNote>({{.name = "dataset_name",
                                                                          .about = "a name that list_datasets gave"}});
template <>
inline constexpr auto former_names<Arguments> = std::to_array<FormerName>({{.former = "dataset", .now = "dataset_name"}});

namespace {

struct ListedTable {
  std::string dataset;
  std::string name;
  std::string sql_name;
  TableType type = TableType::table;
  std::int64_t row_count = 0;
  double size_mb = 0;
  std::int64_t size_bytes = 0;
  std::string description;
  std::vector<std::string> columns;
};
BOOST_DESCRIBE_STRUCT(ListedTable, (), (dataset, name, sql_name, type, row_count, size_mb, size_bytes, description, columns))

struct Answer {
  std::vector<ListedTable> tables;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (tables))

class ListTablesTool final : public TypedTool<Arguments, Answer> {
 public:
  explicit ListTablesTool(const GenerationToolParts& parts) : parts_(parts) {}
  std::string name() const override { return "list_tables"; }
  std::string description() const override {
    return "Lists the tables and views of a dataset, with row counts, sizes and column names. sql_name is ready to stand after FROM.";
  }
  std::string title(const json::object& arguments) const override {
    const std::string dataset = text_argument<Arguments>(arguments, "dataset_name");
    return dataset.empty() ? "Looking at which tables there are" : "Looking at the tables of " + dataset;
  }
  Role required_role() const override { return Role::viewer; }
  bool cacheable() const override { return true; }

 private:
  Result<Answer> run(const ToolContext& context, const Arguments& arguments) override {
    Answer answer;
    std::size_t bytes = 0;
    for (const TableInfo& table :
         TRY(parts_.catalog.list_tables(context.call, context.connection_id, arguments.dataset_name, generation_limits::kTablesMax))) {
      ListedTable listed{.dataset = table.dataset,
                         .name = table.name,
                         .sql_name = table.sql_name,
                         .type = table.type,
                         .row_count = table.row_count,
                         .size_mb = std::round(static_cast<double>(table.size_bytes) / 1'000) / 1'000,
                         .size_bytes = table.size_bytes};
      listed.description = cut_text(table.description, generation_limits::kDescriptionBytesMax);
      for (const ColumnInfo& column : table.columns) {
        bytes += column.name.size() + 3;
        if (bytes > kColumnNameBytesMax || listed.columns.size() >= generation_limits::kColumnNamesMax) break;
        listed.columns.push_back(column.name);
      }
      answer.tables.push_back(std::move(listed));
    }
    return answer;
  }

  const GenerationToolParts parts_;
};

}  // namespace

std::shared_ptr<ToolDefinition> make_list_tables_tool(const GenerationToolParts& parts) { return std::make_shared<ListTablesTool>(parts); }

}  // namespace bridge
