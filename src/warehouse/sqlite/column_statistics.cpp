#include "warehouse/sqlite/column_statistics.h"

#include <limits>

#include "base/sql_name.h"
#include "base/text.h"
#include "warehouse/sqlite/column_reading.h"
#include "warehouse/sqlite/database_file.h"
#include "warehouse/sqlite/limits.h"
#include "warehouse/sqlite/sqlite_dialect.h"

namespace bridge::sqlite {

namespace {

constexpr std::size_t columns_a_query = 100;

bool has_range(const ColumnInfo& column) { return column.type != ColumnType::json && column.type != ColumnType::boolean; }
bool has_average(const ColumnInfo& column) {
  return column.type == ColumnType::integer || column.type == ColumnType::number || column.type == ColumnType::decimal;
}

std::string shortened(std::string text) {
  if (text.size() <= shown_value_bytes_max) return to_valid_utf8(std::move(text));
  text.resize(shown_value_bytes_max);
  while (!text.empty() && !is_valid_utf8(text)) text.pop_back();
  return text + "…";
}

// As answers show it.
std::optional<std::string> text_of(const ResultColumn& column, std::size_t row, ColumnType type) {
  if (!column.valid[row]) return std::nullopt;
  if (type == ColumnType::boolean && !column.integers.empty()) return column.integers[row] != 0 ? "true" : "false";
  if (!column.integers.empty()) return str(column.integers[row]);
  if (!column.numbers.empty()) return str(column.numbers[row]);
  if (type == ColumnType::timestamp) return timestamp_of(column.texts[row]).value_or(column.texts[row]);
  return shortened(column.texts[row]);
}

std::int64_t integer_at(const QueryResult& result, std::size_t column) {
  const ResultColumn& values = result.columns[column];
  return values.valid[0] && !values.integers.empty() ? values.integers[0] : 0;
}

enum class Distinct : std::uint8_t { leave, count };

// Nulls, range, average and number of values.
Result<> read_summary(const ColumnPlace& place, const FileTable& table, Distinct distinct, std::vector<ColumnStatistics>& all) {
  for (std::size_t start = 0; start < all.size(); start += columns_a_query) {
    const std::size_t end = std::min(all.size(), start + columns_a_query);
    std::string sql = "SELECT count(*)";
    for (std::size_t i = start; i < end; ++i) {
      const ColumnInfo& column = table.columns[i];
      const std::string name = quoted_sql_name(column.name);
      sql += str(", count(", name, ")");
      if (has_range(column)) sql += str(", min(", name, "), max(", name, ")");
      if (has_average(column)) sql += str(", avg(", name, ")");
      if (distinct == Distinct::count) sql += str(", count(DISTINCT ", name, ")");
    }
    const QueryResult result = TRY(place.connection.run(place.context, str(sql, " FROM ", place.table)));
    const auto rows = static_cast<double>(integer_at(result, 0));
    std::size_t next = 1;
    for (std::size_t i = start; i < end; ++i) {
      if (distinct == Distinct::count) all[i].rows_read = integer_at(result, 0);
      const ColumnInfo& column = table.columns[i];
      const auto present = static_cast<double>(integer_at(result, next++));
      if (rows > 0) all[i].null_fraction = 1 - present / rows;
      if (has_range(column)) {
        all[i].min = text_of(result.columns[next++], 0, column.type);
        all[i].max = text_of(result.columns[next++], 0, column.type);
      }
      if (has_average(column)) {
        if (result.columns[next].valid[0] && !result.columns[next].numbers.empty()) all[i].average = result.columns[next].numbers[0];
        ++next;
      }
      if (distinct == Distinct::count) all[i].distinct_count = integer_at(result, next++);
    }
  }
  return {};
}

// The commonest values of a column with few, and some of a text column.
Result<> read_top_values(const ColumnPlace& place, const ColumnInfo& column, ColumnStatistics& statistics) {
  const bool has_few = statistics.distinct_count.value_or(0) <= few_values_max;
  if (column.type == ColumnType::json || (!has_few && column.type != ColumnType::text)) return {};
  const std::string name = quoted_sql_name(column.name);
  const QueryResult result = TRY(place.connection.run(
      place.context, str("SELECT ", name, ", count(*) FROM ", place.table, " WHERE ", name,
                         " IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ", has_few ? top_values_max : sample_values_max)));
  for (std::size_t row = 0; row < result.row_count; ++row) {
    statistics.top_values.push_back(
        {.value = text_of(result.columns[0], row, column.type).value_or(""), .count = result.columns[1].integers[row]});
  }
  return {};
}

enum class Rows : std::uint8_t { all, some };

std::vector<ColumnStatistics> columns_of(const FileTable& table, Rows rows) {
  std::vector<ColumnStatistics> all;
  for (std::size_t i = 0; i < std::min(table.columns.size(), statistics_columns_max); ++i)
    all.push_back({.column = table.columns[i].name, .exact = rows == Rows::all, .sampled = rows == Rows::some});
  return all;
}

// How often its rows are looked at: for the summary of some columns together, and for the values of each and what they mean.
std::uint64_t looks_at(const FileTable& table) {
  const std::size_t columns = std::min(table.columns.size(), statistics_columns_max);
  return (columns + columns_a_query - 1) / columns_a_query + 2 * columns;
}

// All of it, from the place's rows.
Result<std::vector<ColumnStatistics>> read_all(const ColumnPlace& place, const FileTable& table, Rows rows) {
  std::vector<ColumnStatistics> all = columns_of(table, rows);
  TRY(read_summary(place, table, Distinct::count, all));
  for (std::size_t i = 0; i < all.size(); ++i) {
    TRY(read_top_values(place, table.columns[i], all[i]));
    TRY(find_reading(place, table.columns[i], table.declared[i], all[i]));
  }
  return all;
}

// Rows spread over the table by their numbers; its first rows where they have none, or where most numbers are not in use.
Result<std::string> sample_of(const CallContext& context, Connection& connection, const FileTable& table, std::int64_t sample_rows) {
  const std::string name = str("main.", quoted_sql_name(table.name));
  const std::string first_rows = sqlite_dialect().sample(name, static_cast<std::size_t>(sample_rows));
  constexpr std::string_view rowid_names[] = {"rowid", "_rowid_", "oid"};
  const auto* const rowid = std::ranges::find_if(rowid_names, [&](std::string_view one) {
    return std::ranges::none_of(table.columns, [&](const ColumnInfo& column) { return lower(column.name) == one; });
  });
  if (!table.has_rowid || rowid == std::end(rowid_names)) return first_rows;
  const QueryResult ends = TRY(connection.run(context, str("SELECT min(", *rowid, "), max(", *rowid, ") FROM ", name)));
  const std::int64_t first = integer_at(ends, 0);
  const std::int64_t last = integer_at(ends, 1);
  if (first < 0 || last / sample_rows < 1) return first_rows;
  // As far apart as they can be, without the product running over.
  const std::int64_t span_max = std::numeric_limits<std::int64_t>::max() / (2 * sample_rows);
  const std::int64_t span = last - first;
  const std::string place = span <= span_max ? str("place * ", span, " / ", sample_rows) : str("place * ", span / sample_rows);
  const std::string spread =
      str("(WITH RECURSIVE spot(place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM spot LIMIT ", sample_rows,
          ") SELECT sampled.* FROM spot CROSS JOIN ", name, " AS sampled ON sampled.", *rowid, " = ", first, " + ", place, ")");
  const QueryResult found = TRY(connection.run(context, "SELECT count(*) FROM " + spread));
  return 10 * integer_at(found, 0) >= sample_rows ? spread : first_rows;
}

}  // namespace

Result<std::vector<ColumnStatistics>> statistics_of(const CallContext& context, Connection& connection, const FileTable& table,
                                                    const StatisticsCost& cost) {
  const std::string whole = str("main.", quoted_sql_name(table.name));
  const auto has_run_out = [&](const Error& error) { return error.code == ErrorCode::deadline_exceeded && context.check().has_value(); };
  const std::uint64_t look_bytes_max = cost.bytes_max / std::max<std::uint64_t>(looks_at(table), 1);
  if (table.is_row_count_exact && table.row_count <= exact_rows_max && cost.look_bytes <= look_bytes_max) {
    const CallContext budget = context.with_timeout(exact_time_max);
    auto all = read_all({.context = budget, .connection = connection, .table = whole}, table, Rows::all);
    if (all || !has_run_out(all.error())) return all;
  }
  const CallContext budget = context.with_timeout(exact_time_max);
  // Of a look at rows that lie apart; a view may look at all that is beneath it for each.
  const std::uint64_t row_bytes = table.type == TableType::table ? lookup_pages * cost.page_bytes : cost.look_bytes;
  const std::int64_t sample_rows = cost.look_bytes <= look_bytes_max
                                       ? statistics_sample_rows
                                       : static_cast<std::int64_t>(std::min<std::uint64_t>(
                                             look_bytes_max / std::max<std::uint64_t>(row_bytes, 1), statistics_sample_rows));
  std::vector<ColumnStatistics> all;
  if (sample_rows == 0) {
    all = columns_of(table, Rows::some);
    for (ColumnStatistics& statistics : all) statistics.rows_read = 0;
    return all;
  }
  const auto sample = sample_of(budget, connection, table, sample_rows);
  if (sample) {
    auto sampled = read_all({.context = budget, .connection = connection, .table = *sample}, table, Rows::some);
    if (!sampled && !has_run_out(sampled.error())) return sampled;
    if (sampled) all = std::move(*sampled);
  } else if (!has_run_out(sample.error())) {
    return fail(sample.error());
  }
  if (all.empty()) {  // what is slow even for a sample, such as a view that joins large tables
    all = columns_of(table, Rows::some);
    for (ColumnStatistics& statistics : all) statistics.rows_read = 0;
    return all;
  }
  if (cost.look_bytes > look_bytes_max) return all;
  // Range and average of the whole table, if there is time for one look at it.
  std::vector<ColumnStatistics> looked = all;
  const CallContext rest = context.with_timeout(exact_time_max);
  const auto summary = read_summary({.context = rest, .connection = connection, .table = whole}, table, Distinct::leave, looked);
  if (!summary && !has_run_out(summary.error())) return fail(summary.error());
  for (std::size_t i = 0; summary && i < all.size(); ++i) {
    all[i].null_fraction = looked[i].null_fraction;
    if (all[i].read_as) continue;  // they are of what is read
    all[i].min = looked[i].min;
    all[i].max = looked[i].max;
    all[i].average = looked[i].average;
  }
  return all;
}

}  // namespace bridge::sqlite
