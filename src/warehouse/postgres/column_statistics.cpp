#include "warehouse/postgres/column_statistics.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/json.h"
#include "base/sql_name.h"
#include "base/text.h"
#include "warehouse/postgres/column_reading.h"
#include "warehouse/postgres/limits.h"
#include "warehouse/postgres/value_reading.h"

namespace bridge::postgres {

namespace {

constexpr std::size_t columns_a_query = 100;
constexpr std::int64_t sampled_rows_a_target = 300;  // how many rows ANALYZE reads for each of its steps

bool is_number(const ValueType& type) {
  return type.kind == ValueKind::whole_number || type.kind == ValueKind::float4 || type.kind == ValueKind::float8 ||
         type.kind == ValueKind::numeric;
}
bool has_range(const ValueType& type) {
  return is_number(type) || type.kind == ValueKind::text || type.kind == ValueKind::uuid || type.kind == ValueKind::date ||
         type.kind == ValueKind::timestamp || type.kind == ValueKind::time;
}
bool is_json(const ValueType& type) {
  return type.kind == ValueKind::json || type.kind == ValueKind::jsonb || type.kind == ValueKind::array;
}

// What is compared and counted: types without an order or equality of their own as texts.
std::string value_of(const ColumnInfo& column, const ValueType& type) {
  const std::string name = quoted_sql_name(column.name);
  const bool is_compared = is_number(type) || type.kind == ValueKind::boolean || type.kind == ValueKind::date ||
                           type.kind == ValueKind::timestamp || type.kind == ValueKind::time;
  return is_compared ? name : str("CAST(", name, " AS text)");
}

std::string shortened(std::string text) {
  if (text.size() <= shown_value_bytes_max) return to_valid_utf8(std::move(text));
  text.resize(shown_value_bytes_max);
  while (!text.empty() && !is_valid_utf8(text)) text.pop_back();
  return text + "…";
}

// As answers show it.
std::string shown(const std::string& text, const ValueType& type) {
  if (type.kind == ValueKind::boolean) return text == "t" ? "true" : "false";
  if (type.kind == ValueKind::date) return date_from_server_text(text);
  if (type.kind == ValueKind::timestamp) return timestamp_from_server_text(text);
  return shortened(text);
}

double number_of(const std::optional<std::string>& cell) {
  double number = 0;
  if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), number);
  return number;
}
std::int64_t whole(const std::optional<std::string>& cell) { return static_cast<std::int64_t>(number_of(cell)); }

std::size_t column_count(const TableFacts& table) { return std::min(table.info.columns.size(), statistics_columns_max); }

std::vector<ColumnStatistics> columns_of(const TableFacts& table, bool is_whole) {
  std::vector<ColumnStatistics> all;
  for (std::size_t i = 0; i < column_count(table); ++i)
    all.push_back({.column = table.info.columns[i].name, .exact = is_whole, .sampled = !is_whole});
  return all;
}

std::vector<ColumnStatistics> unread(const TableFacts& table) {
  std::vector<ColumnStatistics> all = columns_of(table, false);
  for (ColumnStatistics& statistics : all) statistics.rows_read = 0;
  return all;
}

// How often its rows are looked at: for the summary of some columns together, and for the values of each and what they mean.
std::uint64_t looks_at(const TableFacts& table) {
  return (column_count(table) + columns_a_query - 1) / columns_a_query + 2 * column_count(table);
}

// Nulls, range, average and number of values.
Result<> read_summary(const CallContext& context, Session& session, const TableFacts& table, const std::string& from,
                      std::vector<ColumnStatistics>& all) {
  for (std::size_t start = 0; start < all.size(); start += columns_a_query) {
    const std::size_t end = std::min(all.size(), start + columns_a_query);
    std::string sql = "SELECT count(*)";
    for (std::size_t i = start; i < end; ++i) {
      const ValueType& type = table.types[i];
      const std::string value = value_of(table.info.columns[i], type);
      sql += str(", count(", value, ")");
      sql += is_json(type) ? std::string(", NULL") : str(", count(DISTINCT ", value, ")");
      sql += has_range(type) ? str(", min(", value, "), max(", value, ")") : std::string(", NULL, NULL");
      sql += is_number(type) ? str(", CAST(avg(", value, ") AS double precision)") : std::string(", NULL");
    }
    const auto rows = TRY(session.query(context, str(sql, " FROM ", from)));
    if (rows.empty()) continue;
    const TextRow& row = rows.front();
    const std::int64_t count = whole(row[0]);
    for (std::size_t i = start; i < end; ++i) {
      constexpr std::size_t cells_a_column = 5;
      const std::size_t at = 1 + (i - start) * cells_a_column;
      ColumnStatistics& statistics = all[i];
      statistics.rows_read = count;
      if (count > 0) statistics.null_fraction = 1 - number_of(row[at]) / static_cast<double>(count);
      if (row[at + 1]) statistics.distinct_count = whole(row[at + 1]);
      if (row[at + 2]) statistics.min = shown(*row[at + 2], table.types[i]);
      if (row[at + 3]) statistics.max = shown(*row[at + 3], table.types[i]);
      if (row[at + 4] && std::isfinite(number_of(row[at + 4]))) statistics.average = number_of(row[at + 4]);
    }
  }
  return {};
}

// The commonest values of a column with few, and some of a text column.
Result<> read_top_values(const CallContext& context, Session& session, const ColumnInfo& column, const ValueType& type,
                         const std::string& from, ColumnStatistics& statistics) {
  const bool has_few = statistics.distinct_count.value_or(0) <= few_values_max;
  if (is_json(type) || (!has_few && type.kind != ValueKind::text)) return {};
  const std::string value = value_of(column, type);
  const auto rows =
      TRY(session.query(context, str("SELECT ", value, ", count(*) FROM ", from, " WHERE ", value,
                                     " IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ", has_few ? top_values_max : sample_values_max)));
  for (const TextRow& row : rows) statistics.top_values.push_back({.value = shown(row[0].value_or(""), type), .count = whole(row[1])});
  return {};
}

Result<std::vector<ColumnStatistics>> read_rows(const CallContext& context, Session& session, const TableFacts& table,
                                                const std::string& from, bool is_whole) {
  std::vector<ColumnStatistics> all = columns_of(table, is_whole);
  TRY(read_summary(context, session, table, from, all));
  for (std::size_t i = 0; i < all.size(); ++i) {
    TRY(read_top_values(context, session, table.info.columns[i], table.types[i], from, all[i]));
    TRY(find_reading({.context = context, .session = session, .from = from}, table.info.columns[i], table.types[i], all[i]));
  }
  return all;
}

std::vector<std::string> texts_in(const std::optional<std::string>& array, ValueKind kind) {
  std::vector<std::string> texts;
  const auto parsed = array ? parse_json(array_json(*array, kind, ',')) : Result<json::value>(json::array());
  if (!parsed || !parsed->is_array()) return texts;
  for (const json::value& item : parsed->get_array()) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

// What the server's own statistics tell; nothing when it has none of the table, or does not show them to the role.
Result<std::optional<std::vector<ColumnStatistics>>> read_server_statistics(const CallContext& context, Session& session,
                                                                            const TableFacts& table) {
  // A partitioned table has statistics of all its partitions together, in the rows that are inherited.
  const auto rows = TRY(session.query(context,
                                      "SELECT attname, null_frac, n_distinct, CAST(most_common_vals AS text), CAST(most_common_freqs AS "
                                      "text), CAST(histogram_bounds AS text), "
                                      "current_setting('default_statistics_target') FROM pg_catalog.pg_stats WHERE schemaname = CAST($1 AS "
                                      "text) AND tablename = CAST($2 AS text) "
                                      "ORDER BY inherited",
                                      {table.info.dataset, table.info.name}));
  if (rows.empty()) return std::optional<std::vector<ColumnStatistics>>();
  std::vector<ColumnStatistics> all = columns_of(table, false);
  const auto row_count = static_cast<double>(table.info.row_count);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ColumnStatistics& statistics = all[i];
    statistics.rows_read = std::min(table.info.row_count, sampled_rows_a_target * std::max<std::int64_t>(whole(rows.front()[6]), 1));
    const auto row = std::ranges::find_if(rows, [&](const TextRow& one) { return one[0] == statistics.column; });
    if (row == rows.end()) continue;
    statistics.null_fraction = number_of((*row)[1]);
    const double distinct = number_of((*row)[2]);  // below 0: as a share of the rows
    if (distinct != 0) statistics.distinct_count = static_cast<std::int64_t>(std::llround(distinct < 0 ? -distinct * row_count : distinct));
    const ValueType& type = table.types[i];
    const std::vector<std::string> bounds = texts_in((*row)[5], ValueKind::text);
    if (has_range(type) && bounds.size() >= 2) {
      statistics.min = shown(bounds.front(), type);
      statistics.max = shown(bounds.back(), type);
    }
    const std::vector<std::string> values = texts_in((*row)[3], ValueKind::text);
    const std::vector<std::string> shares = texts_in((*row)[4], ValueKind::text);
    const bool has_few = statistics.distinct_count.value_or(0) <= few_values_max;
    if (is_json(type) || (!has_few && type.kind != ValueKind::text)) continue;
    for (std::size_t at = 0; at < std::min({values.size(), shares.size(), has_few ? top_values_max : sample_values_max}); ++at)
      statistics.top_values.push_back({.value = shown(values[at], type), .count = std::llround(number_of(shares[at]) * row_count)});
  }
  return std::optional(std::move(all));
}

}  // namespace

Result<std::vector<ColumnStatistics>> statistics_of(const CallContext& context, Session& session, const TableFacts& table,
                                                    std::uint64_t look_bytes, const StatisticsBudget& budget) {
  if (budget.scanned_bytes_max == 0) return unread(table);
  const std::string name = str(quoted_sql_name(table.info.dataset), ".", quoted_sql_name(table.info.name));
  const std::uint64_t look_bytes_max = budget.scanned_bytes_max / std::max<std::uint64_t>(looks_at(table), 1);
  if (table.info.row_count <= exact_rows_max && look_bytes <= look_bytes_max) {
    const CallContext limited = context.with_timeout(exact_time_max);
    auto all = read_rows(limited, session, table, name, true);
    if (all || all.error().code != ErrorCode::deadline_exceeded || !context.check()) return all;
    return unread(table);  // the statement's end has ended the transaction
  }
  auto known = TRY(read_server_statistics(context, session, table));
  if (!table.can_be_sampled) return known ? std::move(*known) : unread(table);
  const double share_of_bytes = static_cast<double>(look_bytes_max) / static_cast<double>(std::max<std::uint64_t>(look_bytes, 1));
  const double share_of_rows =
      static_cast<double>(statistics_sample_rows) / static_cast<double>(std::max<std::int64_t>(table.info.row_count, 1));
  const double percent = 100 * std::min({share_of_bytes, share_of_rows, 1.0});
  const CallContext limited = context.with_timeout(exact_time_max);
  const std::string sample = str(name, " TABLESAMPLE SYSTEM (", percent, ") REPEATABLE (42)");
  if (known) {
    // What the server knows of all rows; what the values mean, of some.
    std::vector<ColumnStatistics> read = *known;
    for (std::size_t i = 0; i < read.size(); ++i) {
      const auto found =
          find_reading({.context = limited, .session = session, .from = sample}, table.info.columns[i], table.types[i], read[i]);
      if (found) continue;
      if (found.error().code == ErrorCode::deadline_exceeded && context.check()) return std::move(*known);
      return fail(found.error());
    }
    return read;
  }
  auto all = read_rows(limited, session, table, sample, false);
  if (all || all.error().code != ErrorCode::deadline_exceeded || !context.check()) return all;
  return unread(table);
}

}  // namespace bridge::postgres
