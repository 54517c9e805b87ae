#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/limits.h"
#include "features/query_execution/query_execution.h"

namespace bridge {

namespace {

constexpr std::size_t kWordsMax = 12;
constexpr std::size_t kColumnsSearchedMax = 12;
constexpr std::size_t kFoundMax = 60;

struct Arguments {
  std::string table;
  std::vector<std::string> words;
};
BOOST_DESCRIBE_STRUCT(Arguments, (), (table, words))

struct FoundValue {
  std::string column;
  std::string value;
};
BOOST_DESCRIBE_STRUCT(FoundValue, (), (column, value))

struct Answer {
  std::vector<FoundValue> found;
  std::int64_t bytes_scanned = 0;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (found, bytes_scanned))

}  // namespace

template <>
inline constexpr auto field_notes<Arguments> = std::to_array<FieldNote>(
    {{.name = "table", .about = "a sql_name that list_tables gave, or dataset.table"},
     {.name = "words", .about = "what may be values, letter case aside", .length_max = generation_limits::kValueBytesMax}});

namespace {

// Words of a sentence that are none of the commonest values may be rarer ones.
class FindValuesTool final : public TypedTool<Arguments, Answer> {
 public:
  explicit FindValuesTool(const GenerationToolParts& parts) : parts_(parts) {}
  std::string name() const override { return "find_values"; }
  std::string description() const override { return "Looks words up among the values of a table's text columns."; }
  std::string title(const json::object&) const override { return "Looking words up in the data"; }
  Role required_role() const override { return Role::editor; }
  bool listed() const override { return false; }
  bool cacheable() const override { return true; }
  std::string summarise(const json::object& answer) const override {
    const std::size_t count = answer.at("found").as_array().size();
    return str(count, count == 1 ? " value found" : " values found");
  }

 private:
  Result<Answer> run(const ToolContext& context, const Arguments& arguments) override {
    const TableSchema schema = TRY(parts_.catalog.get_table(context.call, context.connection_id, arguments.table));
    const std::shared_ptr<Warehouse> warehouse = TRY(parts_.catalog.open_warehouse(context.call, context.connection_id));
    const SqlDialect& dialect = warehouse->dialect();
    BoundQuery query;
    std::vector<std::string> places;
    for (const std::string& word : arguments.words) {
      if (query.values.size() >= kWordsMax || trim(word).empty()) continue;
      query.values.emplace_back(lower(word));
      places.push_back(str("lower(", dialect.placeholder(query.values.size(), ColumnType::text), ")"));
    }
    std::vector<std::string> selects;
    std::vector<std::string> names;
    for (const SchemaColumn& column : schema.columns) {
      // Of a column whose values are all known nothing new can be found.
      const bool all_known = column.statistics.exact && column.statistics.distinct_count &&
                             static_cast<std::size_t>(*column.statistics.distinct_count) <= column.statistics.top_values.size();
      if (column.type != ColumnType::text || all_known || selects.size() >= kColumnsSearchedMax) continue;
      const std::string quoted = dialect.quote_identifier(column.name);
      selects.push_back(str("SELECT ", selects.size(), " AS place, ", quoted, " AS value FROM ", schema.sql_name, " WHERE lower(", quoted,
                            ") IN (", join(places, ", "), ") GROUP BY ", quoted));
      names.push_back(column.name);
    }
    Answer answer;
    if (selects.empty() || places.empty()) return answer;
    query.sql = str(join(selects, " UNION ALL "), " ORDER BY 1, 2 ", dialect.limit(kFoundMax));
    const DryRun dry_run = TRY(warehouse->dry_run(context.call, query));
    TRY(check_byte_cap(dry_run.bytes_scanned, parts_.cap_bytes));
    answer.bytes_scanned = static_cast<std::int64_t>(dry_run.bytes_scanned);
    const QueryResult result = TRY(warehouse->execute(context.call, query, {.rows_max = kFoundMax, .scanned_bytes_max = parts_.cap_bytes}));
    const json::value rows = TRY(parse_json(encode_rows(result)));
    for (const json::value& row : rows.as_object().at("rows").as_array()) {
      const json::array& cells = row.as_array();
      const auto place = cells.at(0).to_number<std::size_t>();
      if (place < names.size() && cells.at(1).is_string()) answer.found.push_back({names[place], std::string(cells.at(1).as_string())});
    }
    return answer;
  }

  const GenerationToolParts parts_;
};

}  // namespace

std::shared_ptr<ToolDefinition> make_find_values_tool(const GenerationToolParts& parts) { return std::make_shared<FindValuesTool>(parts); }

}  // namespace bridge
