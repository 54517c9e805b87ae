#include "features/observability/model_call_store.h"

#include "features/observability/limits.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {

namespace {

constexpr std::string_view kTokens =
    "COALESCE(input_tokens, 0) + COALESCE(output_tokens, 0) + COALESCE(cache_read_tokens, 0) + COALESCE(cache_write_tokens, 0) + "
    "COALESCE(cache_write_long_tokens, 0)";

// The conditions of a filter, with their values behind the team's.
struct Conditions {
  std::string sql = "team_id = :p1";
  std::vector<DbValue> values;

  void add(std::string_view column, std::string_view comparison, DbValue value) {
    values.push_back(std::move(value));
    sql += str(" AND ", column, " ", comparison, " :p", values.size());
  }
};

Conditions conditions_of(const TeamScope& team, const ModelCallFilter& filter) {
  Conditions conditions{.values = {team.team_id().value()}};
  if (!filter.session_id.empty()) conditions.add("session_id", "=", filter.session_id.value());
  if (!filter.provider.empty()) conditions.add("provider", "=", filter.provider);
  if (filter.from) conditions.add("created_at", ">=", db_time(*filter.from));
  if (filter.until) conditions.add("created_at", "<", db_time(*filter.until));
  return conditions;
}

std::int64_t integer_at(const DbRow& row, std::size_t index) {
  const auto* value = index < row.values.size() ? std::get_if<std::int64_t>(&row.values[index]) : nullptr;
  return value ? *value : 0;
}

}  // namespace

Result<> insert_model_call(Transaction& transaction, const ModelCall& call) { return insert_row(transaction, "model_calls", call); }

Result<std::vector<ModelCall>> list_model_calls(Transaction& transaction, const TeamScope& team, const ModelCallFilter& filter) {
  Conditions conditions = conditions_of(team, filter);
  const std::string sql = str("SELECT ", select_list<ModelCall>(), " FROM model_calls WHERE ", conditions.sql,
                              " ORDER BY created_at DESC, id DESC LIMIT ", filter.limit, " OFFSET ", filter.offset);
  return read_rows<ModelCall>(TRY(transaction.query(sql, conditions.values)));
}

Result<std::int64_t> count_model_calls(Transaction& transaction, const TeamScope& team, const ModelCallFilter& filter) {
  const Conditions conditions = conditions_of(team, filter);
  return read_count(TRY(transaction.query(str("SELECT COUNT(*) FROM model_calls WHERE ", conditions.sql), conditions.values)));
}

Result<std::vector<DayUse>> list_use_by_day(Transaction& transaction, const TeamScope& team, const std::optional<UserId>& person) {
  Conditions conditions{.values = {team.team_id().value()}};
  if (person && person->empty()) conditions.sql += " AND person_id IS NULL";
  if (person && !person->empty()) conditions.add("person_id", "=", person->value());
  const std::string sql =
      str("SELECT created_at / 86400000000 AS day, SUM(", kTokens,
          "), COALESCE(SUM(cost_nano_usd), 0), SUM(CASE WHEN cost_nano_usd IS NULL THEN 1 ELSE 0 END) FROM model_calls WHERE ",
          conditions.sql, " GROUP BY created_at / 86400000000 ORDER BY day DESC LIMIT ", kSummaryDaysMax);
  std::vector<DayUse> out;
  for (const DbRow& row : TRY(transaction.query(sql, conditions.values))) {
    out.push_back(
        {.day = integer_at(row, 0), .tokens = integer_at(row, 1), .nano_usd = integer_at(row, 2), .unpriced_calls = integer_at(row, 3)});
  }
  return out;
}

Result<TeamUse> read_team_use(Transaction& transaction, const TeamScope& team, Time since) {
  const auto rows = TRY(transaction.query(str("SELECT COALESCE(SUM(", kTokens,
                                              "), 0), COALESCE(SUM(cost_nano_usd), 0) FROM model_calls "
                                              "WHERE team_id = :p1 AND created_at >= :p2"),
                                          {team.team_id().value(), db_time(since)}));
  if (rows.empty()) return TeamUse{};
  return TeamUse{.tokens = integer_at(rows.front(), 0), .nano_usd = integer_at(rows.front(), 1)};
}

}  // namespace bridge
