#include "warehouse/duckdb/column_statistics.h"

#include <cmath>

#include "base/log.h"
#include "base/text.h"
#include "warehouse/duckdb/column_reading.h"
#include "warehouse/duckdb/duckdb_dialect.h"
#include "warehouse/duckdb/limits.h"

namespace bridge::duckdb {

namespace {

// One pass over the table, or over a sample of it.
struct Pass {
  Session& session;
  const CallContext& context;
  std::string table;   // ready for FROM
  std::string sample;  // TABLESAMPLE …, or empty
  bool counts_distinct = false;
};

std::string name_of(const ColumnInfo& column) { return duckdb_dialect().quote_identifier(column.name); }

bool has_range(const ColumnInfo& column) { return column.type != ColumnType::json && column.type != ColumnType::boolean; }
bool has_average(const ColumnInfo& column) {
  return column.type == ColumnType::integer || column.type == ColumnType::number || column.type == ColumnType::decimal ||
         column.type == ColumnType::big_integer;
}

std::string shortened(std::string text) {
  if (text.size() <= shown_value_bytes_max) return text;
  text.resize(shown_value_bytes_max);
  while (!text.empty() && !is_valid_utf8(text)) text.pop_back();
  return text + "…";
}

std::optional<std::string> text_of(const ResultColumn& column, std::size_t row) {
  if (!column.valid[row]) return std::nullopt;
  switch (column.type) {
    case ColumnType::boolean: return column.integers[row] != 0 ? "true" : "false";
    case ColumnType::integer: return str(column.integers[row]);
    case ColumnType::number: return str(column.numbers[row]);
    default: return shortened(column.texts[row]);
  }
}

std::optional<std::int64_t> integer_of(const ResultColumn& column, std::size_t row) {
  if (!column.valid[row] || column.type != ColumnType::integer) return std::nullopt;
  return column.integers[row];
}

// Nulls, range, average and number of values of every column at once.
Result<> read_summary(const Pass& pass, const std::vector<ColumnInfo>& columns, const std::vector<bool>& is_counted_later,
                      std::vector<ColumnStatistics>& all) {
  std::string sql = "SELECT count(*)";
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string name = name_of(columns[i]);
    sql += str(", count(", name, ")");
    if (has_range(columns[i])) sql += str(", min(", name, "), max(", name, ")");
    if (has_average(columns[i])) sql += str(", avg(", name, ")::DOUBLE");
    if (columns[i].type != ColumnType::json && !is_counted_later[i])
      sql += str(pass.counts_distinct ? ", count(DISTINCT " : ", approx_count_distinct(", name, ")");
  }
  const QueryResult result = TRY(pass.session.run(pass.context, {.sql = str(sql, " FROM ", pass.table, pass.sample)}, {}));
  const auto rows = static_cast<double>(integer_of(result.columns[0], 0).value_or(0));
  std::size_t next = 1;
  for (std::size_t i = 0; i < all.size(); ++i) {
    ColumnStatistics& statistics = all[i];
    const auto present = static_cast<double>(integer_of(result.columns[next++], 0).value_or(0));
    if (rows > 0) statistics.null_fraction = 1 - present / rows;
    if (has_range(columns[i])) {
      statistics.min = text_of(result.columns[next++], 0);
      statistics.max = text_of(result.columns[next++], 0);
    }
    if (has_average(columns[i])) {
      if (result.columns[next].valid[0]) statistics.average = result.columns[next].numbers[0];
      ++next;
    }
    if (columns[i].type != ColumnType::json && !is_counted_later[i]) statistics.distinct_count = integer_of(result.columns[next++], 0);
    statistics.exact = pass.counts_distinct;
    statistics.rows_read = static_cast<std::int64_t>(rows);
  }
  return {};
}

// The commonest values of a column, and how many different ones there are.
Result<> read_top_values(const Pass& pass, const ColumnInfo& column, ColumnStatistics& statistics) {
  const std::string name = name_of(column);
  const QueryResult result = TRY(pass.session.run(
      pass.context,
      {.sql = str("SELECT value, number, count(*) OVER () FROM (SELECT ", name, " AS value, count(*) AS number FROM ", pass.table,
                  pass.sample, " WHERE ", name, " IS NOT NULL GROUP BY 1) ORDER BY number DESC, value LIMIT ", top_values_max)},
      {}));
  statistics.top_values.clear();
  statistics.distinct_count = result.row_count == 0 ? 0 : integer_of(result.columns[2], 0);
  const bool has_few = statistics.distinct_count <= few_values_max;
  const std::size_t wanted = has_few ? top_values_max : column.type == ColumnType::text ? sample_values_max : 0;
  for (std::size_t row = 0; row < std::min(result.row_count, wanted); ++row) {
    statistics.top_values.push_back(
        {.value = text_of(result.columns[0], row).value_or(""), .count = integer_of(result.columns[1], row).value_or(0)});
  }
  return {};
}

// Which text columns of a large table repeat their values so much that counting them all is cheap.
Result<std::vector<bool>> find_repeating(const Pass& pass, const std::vector<ColumnInfo>& columns, std::size_t count) {
  std::vector<bool> repeats(count, false);
  std::string sql = "SELECT count(*)";
  std::string names;
  for (std::size_t i = 0; i < count; ++i) {
    if (columns[i].type != ColumnType::text) continue;
    sql += str(", approx_count_distinct(", name_of(columns[i]), ")");
    names += (names.empty() ? "" : ", ") + name_of(columns[i]);
  }
  if (names.empty()) return repeats;
  const QueryResult result = TRY(
      pass.session.run(pass.context, {.sql = str(sql, " FROM (SELECT ", names, " FROM ", pass.table, " LIMIT ", looked_at_rows, ")")}, {}));
  std::size_t next = 1;
  for (std::size_t i = 0; i < count; ++i) {
    if (columns[i].type == ColumnType::text) repeats[i] = integer_of(result.columns[next++], 0).value_or(0) <= repeating_values_max;
  }
  return repeats;
}

Result<> read_sample_values(const Pass& pass, const ColumnInfo& column, ColumnStatistics& statistics) {
  const std::string name = name_of(column);
  const QueryResult result = TRY(pass.session.run(
      pass.context, {.sql = str("SELECT ", name, " FROM ", pass.table, " WHERE ", name, " IS NOT NULL LIMIT ", sample_values_max)}, {}));
  for (std::size_t row = 0; row < result.row_count; ++row)
    statistics.top_values.push_back({.value = text_of(result.columns[0], row).value_or(""), .count = 1});
  return {};
}

// Some rows of a table that may not be looked at as often as statistics do, kept in memory for as long as this lives.
struct SampledTable {
  Session& session;
  bool is_made = false;

  static constexpr std::string_view name = "temp.main.\"rows of a table\"";

  // The table to look at instead; empty when the budget does not do for any row. The rows are spread over the table where it may be looked
  // at once, else they are its first.
  Result<std::string> fill(const CallContext& context, const std::string& table, std::int64_t rows, std::uint64_t look_bytes,
                           const StatisticsBudget& budget) {
    std::string from = duckdb_dialect().sample(table, statistics_sample_rows);
    if (look_bytes > budget.scanned_bytes_max) {
      // A view computes all of its rows for the first one.
      const double share = static_cast<double>(budget.scanned_bytes_max) / static_cast<double>(look_bytes);
      const auto affordable = static_cast<std::size_t>(static_cast<double>(std::max<std::int64_t>(rows, 0)) * share);
      if (affordable == 0) return std::string();
      from = str("(SELECT * FROM ", table, " ", duckdb_dialect().limit(std::min(affordable, statistics_sample_rows)), ")");
    }
    TRY(session.command(context, str("CREATE OR REPLACE TEMPORARY TABLE ", name, " AS SELECT * FROM ", from)));
    is_made = true;
    return std::string(name);
  }

  ~SampledTable() {
    if (is_made) (void)session.command({}, str("DROP TABLE IF EXISTS ", name));
  }
};

}  // namespace

Result<std::vector<ColumnStatistics>> statistics_of(const CallContext& context, Engine& engine, SourceTable& table,
                                                    std::uint64_t look_bytes, const StatisticsBudget& budget) {
  const std::lock_guard lock(table.statistics_mutex);
  if (table.statistics && table.statistics_bytes_max == budget.scanned_bytes_max) return *table.statistics;
  const auto session = TRY(engine.borrow(context));
  const std::vector<ColumnInfo>& columns = table.info.columns;
  const std::size_t count = std::min(columns.size(), statistics_columns_max);
  const std::int64_t rows = table.info.row_count;
  Pass pass{.session = *session,
            .context = context,
            .table = str(duckdb_dialect().quote_identifier(table.dataset), ".", duckdb_dialect().quote_identifier(table.name)),
            .counts_distinct = rows <= exact_distinct_rows_max};
  std::vector<ColumnStatistics> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back({.column = columns[i].name});
  SampledTable sampled{.session = *session};
  const bool has_all_looks = look_bytes <= budget.scanned_bytes_max / statistics_looks;
  if (has_all_looks && rows > whole_table_rows_max) {
    pass.sample = str(" TABLESAMPLE ", 100.0 * static_cast<double>(sampled_rows) / static_cast<double>(rows), "% (system)");
  } else if (!has_all_looks) {
    pass.table = TRY(sampled.fill(context, pass.table, rows, look_bytes, budget));
    if (pass.table.empty()) {
      for (ColumnStatistics& statistics : all) statistics = {.column = statistics.column, .sampled = true, .rows_read = 0};
      table.statistics = all;
      table.statistics_bytes_max = budget.scanned_bytes_max;
      return all;
    }
  }
  const bool is_sampled = !has_all_looks || !pass.sample.empty();
  std::vector<bool> repeats(count, false);
  if (!pass.counts_distinct && pass.sample.empty()) repeats = TRY(find_repeating(pass, columns, count));
  TRY(read_summary(pass, columns, repeats, all));
  for (std::size_t i = 0; i < count; ++i) {
    if (columns[i].type == ColumnType::json) continue;
    const bool has_few = all[i].distinct_count && *all[i].distinct_count <= few_values_max;
    if (has_few || repeats[i] || (pass.counts_distinct && columns[i].type == ColumnType::text)) {
      TRY(read_top_values(pass, columns[i], all[i]));
      all[i].exact = !is_sampled;
    } else if (columns[i].type == ColumnType::text) {
      TRY(read_sample_values(pass, columns[i], all[i]));
    }
    const auto read =
        find_reading({.session = *session, .context = context, .table = pass.table, .sample = pass.sample}, columns[i], all[i]);
    TRY(context.check());
    // What is known without it is worth more than nothing.
    if (!read)
      log_warning("column_not_read", {{"table", table.name}, {"column", columns[i].name}, {"error", describe_error(read.error())}});
  }
  for (ColumnStatistics& statistics : all) {
    statistics.sampled = is_sampled;
    statistics.exact = statistics.exact && !is_sampled;
  }
  if (is_sampled) {  // the storage knows the ends of the range better than a sample does
    for (std::size_t i = 0; i < count && i < table.layout.types.size(); ++i) {
      if (table.layout.groups.empty() || !has_average(columns[i]) || all[i].read_as) continue;
      std::optional<double> low;
      std::optional<double> high;
      bool is_known = true;
      for (const auto& group : table.layout.groups) {
        const ColumnPart& part = group[i];
        double min = 0;
        double max = 0;
        is_known = is_known && part.min && part.max &&
                   std::from_chars(part.min->data(), part.min->data() + part.min->size(), min).ec == std::errc{} &&
                   std::from_chars(part.max->data(), part.max->data() + part.max->size(), max).ec == std::errc{};
        low = std::min(low.value_or(min), min);
        high = std::max(high.value_or(max), max);
      }
      if (!is_known || !low || !std::isfinite(*low) || !std::isfinite(*high)) continue;
      all[i].min = str(*low);
      all[i].max = str(*high);
    }
  }
  table.statistics = all;
  table.statistics_bytes_max = budget.scanned_bytes_max;
  return all;
}

}  // namespace bridge::duckdb
