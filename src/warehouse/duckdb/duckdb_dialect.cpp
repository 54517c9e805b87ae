#include "warehouse/duckdb/duckdb_dialect.h"

#include <map>

#include "base/sql_name.h"
#include "base/text.h"

namespace bridge {

namespace {

constexpr int decimal_digits_max = 38;
constexpr std::string_view engine = "DuckDB";

std::string called(std::string_view function, std::string_view argument) { return str(function, "(", argument, ")"); }

class DuckdbDialect final : public SqlDialect {
 public:
  std::string_view name() const override { return "duckdb"; }
  const SqlLexicalRules& lexical_rules() const override {
    static const SqlLexicalRules rules{
        .has_escape_texts = true, .has_dollar_texts = true, .nests_comments = true, .placeholder_signs = "?$"};
    return rules;
  }

  std::string quote_identifier(std::string_view name) const override { return quoted_sql_name(name); }
  std::string identifier(std::string_view name) const override { return sql_name(name); }
  std::string text_literal(std::string_view text) const override { return str('\'', replace_all(std::string(text), "'", "''"), '\''); }
  std::string date_literal(std::string_view day) const override { return str("DATE ", text_literal(day)); }
  std::string true_literal() const override { return "TRUE"; }
  std::string placeholder(std::size_t position, ColumnType) const override { return str("$", position); }

  Result<std::string> cast(std::string_view value, ColumnType type) const override {
    const auto to = [&](std::string_view type_name) { return str("CAST(", value, " AS ", type_name, ")"); };
    switch (type) {
      case ColumnType::boolean: return to("BOOLEAN");
      case ColumnType::integer: return to("BIGINT");
      case ColumnType::big_integer: return to("HUGEINT");
      case ColumnType::decimal: return to("DECIMAL(38, 10)");
      case ColumnType::number: return to("DOUBLE");
      case ColumnType::text: return to("VARCHAR");
      case ColumnType::date: return to("DATE");
      case ColumnType::timestamp: return to("TIMESTAMP");
      case ColumnType::time:
      case ColumnType::json: break;
    }
    return not_in_dialect(engine, str("cast to ", enum_name(type), " that Bridge writes"), "read the value as text");
  }

  std::string sort_key(std::string_view value, SortDirection direction) const override {
    return str(value, direction == SortDirection::descending ? " DESC" : "", " NULLS LAST");
  }
  std::string limit(std::size_t rows) const override { return str("LIMIT ", rows); }
  std::string sample(std::string_view table, std::size_t rows) const override {
    return str("(SELECT * FROM ", table, " USING SAMPLE reservoir(", rows, " ROWS) REPEATABLE (42)) AS sample");
  }

  std::string ratio(std::string_view part, std::string_view whole) const override { return str(part, " / ", whole); }
  std::string safe_ratio(std::string_view part, std::string_view whole) const override { return str(part, " / nullif(", whole, ", 0)"); }
  std::string band_start(std::string_view number, std::string_view width) const override {
    return str("floor(", number, " / ", width, ") * ", width);
  }

  Result<std::string> quantile(std::string_view number, std::string_view fraction) const override {
    return str("quantile_cont(", number, ", ", fraction, ")");
  }
  // The middle of two decimals has one digit more than they have, which the engine cuts off.
  Result<std::string> median(std::string_view number, std::optional<int> decimals) const override {
    if (!decimals) return called("median", number);
    return str("median(CAST(", number, " AS DECIMAL(", decimal_digits_max, ", ", std::min(*decimals, decimal_digits_max), ")))");
  }
  Result<std::string> standard_deviation(std::string_view number) const override { return called("stddev_samp", number); }
  Result<std::string> value_at(ValueAt which, std::string_view value, std::string_view time) const override {
    return str(which == ValueAt::earliest ? "arg_min(" : "arg_max(", value, ", ", time, ")");
  }

  std::string truncate(std::string_view time, TimeUnit unit) const override {
    const std::string start = str("date_trunc('", unit_name(unit), "', ", time, ")");
    return unit == TimeUnit::hour ? start : str("CAST(", start, " AS DATE)");
  }
  std::string day_of(std::string_view time) const override { return str("CAST(", time, " AS DATE)"); }
  std::string date_part(std::string_view time, DatePart part) const override {
    switch (part) {
      case DatePart::hour: return called("hour", time);
      case DatePart::weekday: return called("isodow", time);
      case DatePart::day: return called("day", time);
      case DatePart::month: break;
    }
    return called("month", time);
  }
  std::string weekday_name(std::string_view time) const override { return called("dayname", time); }
  std::string month_name(std::string_view time) const override { return called("monthname", time); }
  std::string start_of_year(std::string_view year) const override { return str("make_date(CAST(", year, " AS INTEGER), 1, 1)"); }
  std::string days_between(std::string_view from, std::string_view to) const override {
    return str("date_diff('day', ", from, ", ", to, ")");
  }
  Result<std::string> parse_time(std::string_view text, std::string_view format) const override {
    return str("try_strptime(", text, ", ", text_literal(format), ")");
  }
  Result<TimeWindow> window_back(std::string_view time, std::optional<TimeUnit> step, TimeUnit unit, int count) const override {
    if (!step) return TimeWindow{.order = std::string(time), .back = str(count)};
    const bool is_quarter = unit == TimeUnit::quarter;
    return TimeWindow{.order = std::string(time),
                      .back = is_quarter ? str("INTERVAL ", 3 * count, " MONTH") : str("INTERVAL ", count, " ", unit_name(unit))};
  }

  std::optional<FunctionMeaning> meaning_of(std::string_view function) const override {
    using enum FunctionMeaning;
    static const std::map<std::string_view, FunctionMeaning> own{
        {"mean", mean},
        {"fsum", sum},
        {"median", median},
        {"quantile", quantile},
        {"quantile_cont", quantile},
        {"quantile_disc", quantile},
        {"approx_quantile", quantile},
        {"percentile_cont", quantile},
        {"percentile_disc", quantile},
        {"stddev", standard_deviation},
        {"stddev_samp", standard_deviation},
        {"corr", correlation},
        {"arg_min", value_at},
        {"arg_max", value_at},
        {"first", value_at},
        {"last", value_at},
        {"date_trunc", start_of_unit},
        {"hour", hour},
        {"dayname", weekday},
        {"isodow", weekday},
        {"dayofweek", weekday},
        {"weekday", weekday},
        {"month", month},
        {"monthname", month},
    };
    const auto found = own.find(function);
    return found == own.end() ? standard_meaning_of(function) : found->second;
  }

  // The middle of two decimals has no more digits than they have.
  std::optional<SqlCaution> find_caution(std::string_view sql, const std::vector<ColumnName>& columns) const override {
    const std::string text = lower(sql);
    const bool has_decimal = std::ranges::find(columns, ColumnType::decimal, &ColumnName::type) != columns.end();
    if (!has_decimal || (!text.contains("median(") && !text.contains("quantile_cont("))) return std::nullopt;
    return SqlCaution{.code = "median_is_cut",
                      .message =
                          "the median of a decimal column is cut to the column's digits (73.83 for 73.835): write "
                          "median(CAST(column AS DECIMAL(38, 3))), with one digit more than the column has"};
  }
};

}  // namespace

const SqlDialect& duckdb_dialect() {
  static const DuckdbDialect dialect;
  return dialect;
}

}  // namespace bridge
