#include "warehouse/testing/driver_contract.h"

#include <thread>

#include "base/testing/replacing_policy.h"
#include "base/text.h"
#include "warehouse/viewer_warehouse.h"

namespace bridge {

namespace {

// Takes hours unless it is stopped.
constexpr std::string_view endless_sql =
    "SELECT count(*) FROM {sales} a, {sales} b, {sales} c, {sales} d WHERE a.amount + b.amount * c.amount - d.amount = -1.5";
constexpr std::chrono::seconds stopped_within{5};

const ResultColumn* column_of(const QueryResult& result, std::string_view name) {
  for (const ResultColumn& column : result.columns) {
    if (lower(column.name) == name) return &column;
  }
  return nullptr;
}

template <class T>
Error error_of(const Result<T>& result) {
  return result ? Error{.message = ""} : result.error();
}

}  // namespace

#define ASSERT_OK(result) ASSERT_TRUE(result) << describe_error((result).error())

void DriverContract::SetUp() {
  under_test_ = GetParam()();
  auto opened = under_test_.driver->open({}, under_test_.credentials);
  ASSERT_OK(opened);
  warehouse_ = *opened;
  const auto tables = warehouse_->describe_all_tables({}, under_test_.dataset);
  ASSERT_OK(tables);
  const auto sales = std::ranges::find_if(*tables, [](const TableInfo& table) { return lower(table.name) == "sales"; });
  ASSERT_NE(sales, tables->end()) << "the warehouse under test has no table 'sales'";
  sales_ = *sales;
}

std::string DriverContract::placeholder(int number) const {
  return warehouse_->dialect().placeholder(static_cast<std::size_t>(number), ColumnType::text);
}
std::string DriverContract::with_table(std::string sql) const { return replace_all(std::move(sql), "{sales}", sales_.sql_name); }
Result<QueryResult> DriverContract::run(std::string sql, std::vector<SqlValue> values, ExecuteLimits limits) {
  return warehouse_->execute({}, {.sql = with_table(std::move(sql)), .values = std::move(values)}, limits);
}
std::int64_t DriverContract::count_of(std::string sql, std::vector<SqlValue> values) {
  const auto result = run(sql, std::move(values));
  EXPECT_TRUE(result) << sql << ": " << describe_error(error_of(result));
  if (!result || result->row_count != 1 || result->columns[0].integers.empty()) return -1;
  return result->columns[0].integers[0];
}
Result<DryRun> DriverContract::dry_run(std::string sql, std::vector<SqlValue> values) {
  return warehouse_->dry_run({}, {.sql = with_table(std::move(sql)), .values = std::move(values)});
}

TEST_P(DriverContract, DescribesItselfAndItsFields) {
  EXPECT_FALSE(under_test_.driver->type().empty());
  EXPECT_FALSE(under_test_.driver->title().empty());
  for (const CredentialField& field : under_test_.driver->fields()) {
    EXPECT_FALSE(field.name.empty());
    EXPECT_FALSE(field.about.empty());
  }
}

TEST_P(DriverContract, AnswersAPing) { EXPECT_TRUE(warehouse_->ping({})); }

TEST_P(DriverContract, ListsDatasetsAndTablesWithTheirColumns) {
  const auto datasets = warehouse_->list_datasets({});
  ASSERT_OK(datasets);
  const auto dataset = std::ranges::find(*datasets, under_test_.dataset, &DatasetInfo::name);
  ASSERT_NE(dataset, datasets->end());
  EXPECT_GE(dataset->table_count, 1);
  EXPECT_FALSE(dataset->location.empty());

  EXPECT_EQ(sales_.row_count, 1'000);
  EXPECT_GT(sales_.size_bytes, 0);
  EXPECT_EQ(sales_.dataset, under_test_.dataset);
  std::map<std::string, ColumnType> types;
  for (const ColumnInfo& column : sales_.columns) {
    types[lower(column.name)] = column.type;
    EXPECT_FALSE(column.engine_type.empty());
  }
  EXPECT_EQ(types, (std::map<std::string, ColumnType>{{"id", ColumnType::integer},
                                                      {"day", ColumnType::date},
                                                      {"sold_at", ColumnType::timestamp},
                                                      {"region", ColumnType::text},
                                                      {"amount", ColumnType::number},
                                                      {"price", ColumnType::decimal},
                                                      {"is_new", ColumnType::boolean},
                                                      {"note", ColumnType::text}}));
}

TEST_P(DriverContract, ListsNamesAndDescribesTheOnesThatAreAskedFor) {
  const auto names = warehouse_->list_tables({}, under_test_.dataset);
  ASSERT_OK(names);
  const auto listed = std::ranges::find(*names, sales_.name, &TableName::name);
  ASSERT_NE(listed, names->end());
  EXPECT_EQ(listed->sql_name, sales_.sql_name);
  EXPECT_EQ(listed->type, TableType::table);
  EXPECT_EQ(sales_.type, TableType::table);

  const std::vector<std::string> asked{"no such table", sales_.name, "nor this"};
  const auto described = warehouse_->describe_tables({}, under_test_.dataset, asked);
  ASSERT_OK(described);
  ASSERT_EQ(described->size(), 1U) << "what is not there is left out";
  EXPECT_EQ(to_json_text(described->front()), to_json_text(sales_));
  EXPECT_TRUE(warehouse_->describe_tables({}, under_test_.dataset, {})->empty());
}

TEST_P(DriverContract, SaysNotFoundOfADatasetAndATableThatItHasNot) {
  const auto tables = warehouse_->list_tables({}, "no_such_dataset");
  ASSERT_FALSE(tables);
  EXPECT_EQ(tables.error().code, ErrorCode::not_found);
  EXPECT_EQ(error_of(warehouse_->describe_tables({}, "no_such_dataset", {})).code, ErrorCode::not_found);
  const auto statistics = warehouse_->column_statistics({}, under_test_.dataset, "no_such_table", {});
  ASSERT_FALSE(statistics);
  EXPECT_EQ(statistics.error().code, ErrorCode::not_found);
}

TEST_P(DriverContract, KnowsTheValuesOfColumns) {
  const auto all = warehouse_->column_statistics({}, under_test_.dataset, sales_.name, {});
  ASSERT_OK(all);
  std::map<std::string, ColumnStatistics> by_name;
  for (const ColumnStatistics& statistics : *all) by_name[lower(statistics.column)] = statistics;
  EXPECT_EQ(by_name["region"].distinct_count, 4);
  ASSERT_EQ(by_name["region"].top_values.size(), 4U);
  EXPECT_EQ(by_name["region"].top_values[0].count, 250);
  EXPECT_EQ(by_name["day"].min, "2024-01-01");
  EXPECT_EQ(by_name["day"].max, "2024-04-09");
  EXPECT_NEAR(by_name["note"].null_fraction.value_or(0), 0.1, 0.001);
  EXPECT_NEAR(by_name["amount"].average.value_or(0), 249.75, 0.001);
}

TEST_P(DriverContract, ReadsNoMoreForStatisticsThanItsBudget) {
  const std::uint64_t look = dry_run("SELECT * FROM {sales}")->bytes_scanned;
  const auto within = [&](std::uint64_t bytes) {
    return warehouse_->column_statistics({}, under_test_.dataset, sales_.name, {.scanned_bytes_max = bytes});
  };
  constexpr std::uint64_t looks_max = 100;
  const auto all = within(looks_max * look);
  ASSERT_OK(all);
  ASSERT_EQ(all->size(), sales_.columns.size());
  for (const ColumnStatistics& statistics : *all) {
    EXPECT_FALSE(statistics.sampled) << statistics.column;
    EXPECT_TRUE(statistics.exact) << statistics.column;
    EXPECT_EQ(statistics.rows_read, 1'000) << statistics.column;
  }
  for (const std::uint64_t bytes : {look, look / 2}) {
    const auto some = within(bytes);
    ASSERT_OK(some);
    ASSERT_EQ(some->size(), sales_.columns.size());
    for (const ColumnStatistics& statistics : *some) {
      EXPECT_TRUE(statistics.sampled) << statistics.column;
      EXPECT_FALSE(statistics.exact) << statistics.column;
      EXPECT_LE(statistics.rows_read.value_or(-1), 1'000) << statistics.column;
      EXPECT_GE(statistics.rows_read.value_or(-1), 0) << statistics.column;
    }
  }
  const auto nothing = within(0);
  ASSERT_OK(nothing);
  ASSERT_EQ(nothing->size(), sales_.columns.size());
  for (const ColumnStatistics& statistics : *nothing) {
    EXPECT_TRUE(statistics.sampled);
    EXPECT_EQ(statistics.rows_read, 0);
    EXPECT_FALSE(statistics.min || statistics.max || statistics.average || statistics.distinct_count || statistics.null_fraction);
    EXPECT_TRUE(statistics.top_values.empty());
  }
  EXPECT_FALSE(within(looks_max * look)->front().sampled) << "what a small budget gave is not kept for a larger one";
}

TEST_P(DriverContract, GivesValuesOfEveryTypeExactly) {
  const auto result = run("SELECT id, day, sold_at, region, amount, price, is_new, note FROM {sales} WHERE id = 10");
  ASSERT_OK(result);
  ASSERT_EQ(result->row_count, 1U);
  EXPECT_TRUE(encode_rows(*result).ends_with(R"("rows":[[10,"2024-01-11","2024-01-11T12:30:00Z","east",5,"10.25",true,null]]})"))
      << encode_rows(*result);
}

TEST_P(DriverContract, GivesWholeNumbersBeyondTwoToThe53AsText) {
  const auto result = run("SELECT max(id) AS small, max(id) + 9007199254740993 AS large FROM {sales}");
  ASSERT_OK(result);
  EXPECT_TRUE(encode_rows(*result).ends_with(R"("rows":[[999,"9007199254741992"]]})")) << encode_rows(*result);
}

TEST_P(DriverContract, ComparesTypedParametersAsTheirTypes) {
  const auto count = [&](const std::string& condition, std::vector<SqlValue> values) {
    return count_of("SELECT count(*) AS n FROM {sales} WHERE " + condition, std::move(values));
  };
  EXPECT_EQ(count("id < " + placeholder(1), {std::int64_t{7}}), 7);
  EXPECT_EQ(count("amount < " + placeholder(1), {2.25}), 5);
  EXPECT_EQ(count("region = " + placeholder(1), {std::string("north")}), 250);
  EXPECT_EQ(count("region = " + placeholder(1), {std::string("north' OR '1'='1")}), 0);
  EXPECT_EQ(count("is_new = " + placeholder(1), {true}), 500);
  EXPECT_EQ(count("day <= " + placeholder(1), {Date{"2024-01-02"}}), 20);
  EXPECT_EQ(count("day >= " + placeholder(1) + " AND day <= " + placeholder(2), {Date{"2024-01-02"}, Date{"2024-01-03"}}), 20);
  EXPECT_EQ(count("sold_at < " + placeholder(1), {Timestamp{"2024-01-02T12:30:00Z"}}), 10);
  EXPECT_EQ(count("sold_at <= " + placeholder(1), {Timestamp{"2024-01-02T13:30:00+01:00"}}), 20);
  EXPECT_EQ(count("sold_at >= " + placeholder(1), {Date{"2024-01-02"}}), 990);
  EXPECT_EQ(count("note = " + placeholder(1), {nullptr}), 0);
}

TEST_P(DriverContract, RefusesTheWrongNumberOfValuesAndValuesThatAreNoDate) {
  for (const std::vector<SqlValue>& values :
       {std::vector<SqlValue>{}, std::vector<SqlValue>{std::int64_t{1}, std::int64_t{2}}, std::vector<SqlValue>{Date{"tomorrow"}}}) {
    const auto result = run("SELECT count(*) AS n FROM {sales} WHERE day = " + placeholder(1), values);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
  }
}

TEST_P(DriverContract, SaysInADryRunWhatAQueryReadsAndAnswers) {
  const auto one = dry_run("SELECT region, count(*) AS n, sum(amount) AS amount FROM {sales} GROUP BY region");
  ASSERT_OK(one);
  EXPECT_GT(one->bytes_scanned, 0U);
  ASSERT_EQ(one->columns.size(), 3U);
  EXPECT_EQ(one->columns[0].name, "region");
  EXPECT_EQ(one->columns[0].type, ColumnType::text);
  EXPECT_EQ(one->columns[1].type, ColumnType::integer);
  EXPECT_EQ(one->columns[2].type, ColumnType::number);
  ASSERT_EQ(one->tables.size(), 1U);
  EXPECT_EQ(one->tables[0], sales_.sql_name);

  const auto all = dry_run("SELECT * FROM {sales}");
  ASSERT_OK(all);
  EXPECT_EQ(all->accuracy, under_test_.scan_accuracy);
  EXPECT_GE(all->bytes_scanned, one->bytes_scanned);
  const auto twice = dry_run("SELECT count(*) AS n FROM {sales} a JOIN {sales} b ON a.region = b.region");
  ASSERT_OK(twice);
  EXPECT_GT(twice->bytes_scanned, 0U);
  const auto counted = dry_run("SELECT count(*) AS n FROM {sales}");
  ASSERT_OK(counted);
  EXPECT_GE(counted->bytes_scanned, 1U);
}

TEST_P(DriverContract, DryRunsWithParameters) {
  const auto result = dry_run(
      "SELECT day, sum(price) AS price FROM {sales} WHERE day >= " + placeholder(1) + " AND region = " + placeholder(2) + " GROUP BY day",
      {Date{"2024-01-02"}, std::string("north")});
  ASSERT_OK(result);
  EXPECT_EQ(result->columns[0].type, ColumnType::date);
  EXPECT_EQ(result->columns[1].type, under_test_.sum_of_decimals);
}

TEST_P(DriverContract, StreamsALargeAnswerInBatchesThatJoinToTheWhole) {
  struct Counting final : public BatchSink {
    Result<> take(QueryResult& batch) override {
      ++batches;
      rows_max = std::max(rows_max, batch.row_count);
      return all.take(batch);
    }
    int batches = 0;
    std::size_t rows_max = 0;
    BatchCollector all;
  } sink;
  const BoundQuery query{.sql = with_table("SELECT a.amount AS amount FROM {sales} a, {sales} b, {sales} c")};
  constexpr std::size_t rows = 40'000;
  const auto streamed = warehouse_->stream({}, query, {.rows_max = rows, .result_bytes_max = 1 << 30}, sink);
  ASSERT_OK(streamed);
  EXPECT_EQ(streamed->row_count, sink.all.result.row_count);
  if (streamed->row_count < rows) GTEST_SKIP() << "the table is too small for several batches";
  EXPECT_TRUE(streamed->truncated);
  EXPECT_GT(sink.batches, 1);
  EXPECT_LE(sink.rows_max, rows / 2);
  EXPECT_EQ(sink.all.result.columns.at(0).valid.size(), rows);
}

TEST_P(DriverContract, EndsAQueryWhoseSinkTakesNoMoreAndGoesOn) {
  struct Refusing final : public BatchSink {
    Result<> take(QueryResult&) override { return fail(ErrorCode::cancelled, "enough"); }
  } sink;
  const auto streamed = warehouse_->stream({}, {.sql = with_table("SELECT amount FROM {sales}")}, {}, sink);
  ASSERT_FALSE(streamed);
  EXPECT_EQ(streamed.error().message, "enough");
  EXPECT_TRUE(warehouse_->ping({}));
  EXPECT_TRUE(run("SELECT count(*) AS n FROM {sales}"));
}

TEST_P(DriverContract, CutsAnAnswerOffAtTheRowLimit) {
  const auto cut = run("SELECT id FROM {sales} ORDER BY id", {}, {.rows_max = 10});
  ASSERT_OK(cut);
  EXPECT_EQ(cut->row_count, 10U);
  EXPECT_TRUE(cut->truncated);
  EXPECT_EQ(cut->columns[0].integers.size(), 10U);
  const auto whole = run("SELECT id FROM {sales} ORDER BY id", {}, {.rows_max = 1'000});
  ASSERT_OK(whole);
  EXPECT_EQ(whole->row_count, 1'000U);
  EXPECT_FALSE(whole->truncated);
}

TEST_P(DriverContract, CutsAnAnswerOffAtTheByteLimit) {
  constexpr std::size_t bytes_max = 4'000;
  const auto cut = run("SELECT id, note, region FROM {sales} ORDER BY id", {}, {.rows_max = 1'000, .result_bytes_max = bytes_max});
  ASSERT_OK(cut);
  EXPECT_TRUE(cut->truncated);
  EXPECT_GT(cut->row_count, 10U);
  EXPECT_LT(cut->row_count, 500U);
  for (const ResultColumn& column : cut->columns) EXPECT_EQ(column.valid.size(), cut->row_count);
}

TEST_P(DriverContract, RunsNothingThatReadsMoreThanItsCap) {
  const BoundQuery query{.sql = with_table("SELECT region, amount FROM {sales}")};
  const std::uint64_t bytes = dry_run(query.sql)->bytes_scanned;
  struct Counting final : public BatchSink {
    Result<> take(QueryResult& batch) override {
      rows += batch.row_count;
      return {};
    }
    std::size_t rows = 0;
  } sink;
  const auto refused = warehouse_->stream({}, query, {.scanned_bytes_max = bytes - 1}, sink);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::resource_exhausted);
  EXPECT_EQ(reason_of(refused.error()), "scan_too_large");
  EXPECT_EQ(sink.rows, 0U);
  ASSERT_OK(warehouse_->stream({}, query, {.scanned_bytes_max = bytes}, sink));
  EXPECT_EQ(sink.rows, 1'000U);
}

TEST_P(DriverContract, StopsAtTheDeadlineAndWorksAfterIt) {
  const auto started = std::chrono::steady_clock::now();
  const CallContext context = CallContext{}.with_timeout(std::chrono::milliseconds(300));
  const auto result = warehouse_->execute(context, {.sql = with_table(std::string(endless_sql))}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::deadline_exceeded);
  EXPECT_LT(std::chrono::steady_clock::now() - started, stopped_within);
  EXPECT_TRUE(run("SELECT count(*) AS n FROM {sales}"));
}

TEST_P(DriverContract, StopsWhenTheCallIsCancelled) {
  std::stop_source stop;
  CallContext context;
  context.stop = stop.get_token();
  std::jthread canceller([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    stop.request_stop();
  });
  const auto started = std::chrono::steady_clock::now();
  const auto result = warehouse_->execute(context, {.sql = with_table(std::string(endless_sql))}, {});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - started, stopped_within);
  EXPECT_FALSE(warehouse_->execute(context, {.sql = with_table("SELECT 1 AS one FROM {sales}")}, {}))
      << "a call that is cancelled before it starts does not run";
  EXPECT_TRUE(run("SELECT count(*) AS n FROM {sales}"));
}

TEST_P(DriverContract, RefusesEverythingThatIsNotOneSelect) {
  for (const std::string& sql :
       {std::string("DELETE FROM {sales}"), std::string("INSERT INTO {sales} SELECT * FROM {sales}"),
        std::string("UPDATE {sales} SET id = 1"), std::string("DROP TABLE {sales}"),
        std::string("CREATE TABLE copied AS SELECT * FROM {sales}"), std::string("SELECT 1; SELECT 2"),
        std::string("SELECT 1; DROP TABLE {sales}"), std::string("BEGIN"), std::string(""), std::string("   -- nothing"),
        std::string("EXPLAIN ANALYZE DELETE FROM {sales}"), std::string("SELECT * FROM information_schema.tables")}) {
    for (const bool is_dry : {true, false}) {
      const Error error = is_dry ? error_of(dry_run(sql)) : error_of(run(sql));
      EXPECT_EQ(error.code, ErrorCode::invalid_argument) << sql;
      ASSERT_FALSE(error.violations.empty()) << sql;
      EXPECT_TRUE(error.violations[0].code == "sql_not_allowed" || error.violations[0].code == "sql_invalid") << sql;
      EXPECT_FALSE(error.message.empty()) << sql;
    }
  }
  EXPECT_EQ(count_of("SELECT count(*) AS n FROM {sales}"), 1'000);
}

TEST_P(DriverContract, PointsAtWhatIsWrongInTheSql) {
  const auto column = dry_run("SELECT region,\n       amuont\nFROM {sales}");
  ASSERT_FALSE(column);
  ASSERT_EQ(column.error().violations.size(), 1U);
  EXPECT_EQ(column.error().violations[0].code, "sql_invalid");
  EXPECT_EQ(column.error().violations[0].line, 2);
  EXPECT_EQ(column.error().violations[0].column, 8);
  EXPECT_EQ(column.error().violations[0].suggestion, "amount");

  std::string misspelled = sales_.sql_name;  // also where it is quoted or has a dataset before it
  misspelled.insert(misspelled.rfind(sales_.name) + sales_.name.size(), "x");
  const auto table = dry_run("SELECT 1 AS one FROM " + misspelled);
  ASSERT_FALSE(table);
  ASSERT_FALSE(table.error().violations.empty());
  EXPECT_EQ(table.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(lower(table.error().violations[0].suggestion), lower(sales_.name));

  const auto syntax = dry_run("SELECT region FROM {sales} WHERE");
  ASSERT_FALSE(syntax);
  ASSERT_FALSE(syntax.error().violations.empty());
  EXPECT_EQ(syntax.error().violations[0].code, "sql_invalid");

  const auto conversion = run(under_test_.failing_sql);
  ASSERT_FALSE(conversion);
  EXPECT_EQ(conversion.error().code, ErrorCode::invalid_argument);
}

TEST_P(DriverContract, TellsWhatAStatementReads) {
  const auto reads_of = [&](const std::string& sql) {
    const auto reads = warehouse_->check_sql({}, with_table(sql));
    EXPECT_TRUE(reads) << sql << ": " << describe_error(error_of(reads));
    return reads.value_or(SqlReads{});
  };
  const auto columns_of = [&](const SqlReads& reads) {
    std::vector<std::string> names;
    for (const ColumnRead& column : reads.columns) {
      EXPECT_EQ(column.dataset, under_test_.dataset);
      EXPECT_EQ(column.table, sales_.name);
      names.push_back(lower(column.column));
    }
    return join(names, " ");
  };
  const SqlReads grouped = reads_of("SELECT region,\n  sum(amount) AS amount\nFROM {sales}\nWHERE id > 5 GROUP BY region");
  ASSERT_EQ(grouped.tables.size(), 1U);
  EXPECT_EQ(grouped.tables[0].dataset, under_test_.dataset);
  EXPECT_EQ(grouped.tables[0].name, sales_.name);
  EXPECT_EQ(grouped.tables[0].line, 3);
  EXPECT_EQ(grouped.tables[0].column, 6 + static_cast<int>(sales_.sql_name.size() - sales_.name.size()));
  EXPECT_EQ(columns_of(grouped), "amount id region");
  EXPECT_NE(std::ranges::find(grouped.functions, "sum"), grouped.functions.end()) << join(grouped.functions, " ");

  EXPECT_EQ(columns_of(reads_of("WITH days AS (SELECT day FROM {sales}) SELECT max(day) AS day FROM days")), "day");
  EXPECT_EQ(columns_of(reads_of("SELECT s.price FROM {sales} s JOIN {sales} t ON s.id = t.id ORDER BY t.sold_at")), "id price sold_at");
  EXPECT_TRUE(columns_of(reads_of("SELECT s.price FROM {sales} s JOIN {sales} t USING (id)")).contains("id"));
  EXPECT_EQ(columns_of(reads_of("SELECT region FROM (SELECT region FROM {sales} WHERE day IS NOT NULL) AS sub")), "day region");
  EXPECT_EQ(columns_of(reads_of("SELECT * FROM {sales}")), "amount day id is_new note price region sold_at");
  EXPECT_EQ(columns_of(reads_of("SELECT count(*) AS n FROM {sales} a NATURAL JOIN {sales} b")),
            "amount day id is_new note price region sold_at");
  EXPECT_EQ(reads_of("SELECT a.region FROM {sales} a, {sales} b").tables.size(), 1U);
  EXPECT_TRUE(reads_of("SELECT 1 AS one").tables.empty());
}

TEST_P(DriverContract, NamesTheFirstThingThatOffendsAndItsPlace) {
  struct Case {
    std::string sql;
    std::string got;
    int line;
    int column;
  };
  for (const Case& each :
       {Case{"SELECT region,\n  no_such_function(amount) AS a,\n  nor_this(amount) AS b\nFROM {sales}", "no_such_function", 2, 3},
        Case{"SELECT 1 AS one;\n  DELETE FROM {sales}", "DELETE", 2, 3}, Case{"\n DROP TABLE {sales}", "DROP", 2, 2}}) {
    const auto verdict = warehouse_->check_sql({}, with_table(each.sql));
    ASSERT_FALSE(verdict) << each.sql;
    EXPECT_EQ(verdict.error().code, ErrorCode::invalid_argument);
    ASSERT_EQ(verdict.error().violations.size(), 1U) << each.sql;
    const Violation& violation = verdict.error().violations[0];
    EXPECT_TRUE(violation.code == "sql_not_allowed" || violation.code == "sql_invalid") << each.sql << ": " << violation.code;
    EXPECT_TRUE(violation.got.contains(each.got)) << each.sql << ": " << violation.got;
    EXPECT_EQ(violation.line, each.line) << each.sql;
    EXPECT_EQ(violation.column, each.column) << each.sql;
  }
}

TEST_P(DriverContract, RunsForAViewerWhatTheirPolicyMakesOfTheSql) {
  const std::shared_ptr<Warehouse> seen = make_viewer_warehouse(warehouse_);
  CallContext viewer;
  viewer.caller.policy = policy_of("north", sales_.sql_name, with_table("(SELECT * FROM {sales} WHERE region = 'north') AS seen"));
  const BoundQuery all{.sql = with_table("SELECT count(*) AS n FROM {sales}")};
  const auto part = seen->execute(viewer, all, {});
  ASSERT_OK(part);
  EXPECT_EQ(part->columns[0].integers[0], 250);
  EXPECT_EQ(seen->execute({}, all, {})->columns[0].integers[0], 1'000) << "who has no policy sees all";
  EXPECT_TRUE(seen->dry_run(viewer, all));

  CallContext broken;
  broken.caller.policy = policy_of("broken", "count", "no_such_function");
  EXPECT_FALSE(seen->dry_run(broken, all)) << "what is run is what was rewritten";
  EXPECT_FALSE(seen->execute(broken, all, {}));
  const auto refused = seen->execute(viewer, {.sql = with_table("SELECT 1;\nDELETE FROM {sales}")}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().violations.at(0).line, 2) << "the place is that of what was written, and not of what was made of it";
  EXPECT_EQ(reason_of(error_of(seen->column_statistics(viewer, under_test_.dataset, sales_.name, {}))), "viewer_policy")
      << "statistics tell values of the rows that the viewer does not see";
  EXPECT_TRUE(seen->column_statistics({}, under_test_.dataset, sales_.name, {}));
}

TEST_P(DriverContract, AnswersSeveralThreadsAtOnce) {
  constexpr int threads_count = 4;
  constexpr int queries_each = 25;
  std::atomic<int> right = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < threads_count; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < queries_each; ++i) {
          const auto result = run("SELECT count(*) AS n FROM {sales} WHERE id < " + placeholder(1), {std::int64_t{thread * 100 + i}});
          if (result && result->columns[0].integers[0] == thread * 100 + i) ++right;
        }
      });
    }
  }
  EXPECT_EQ(right, threads_count * queries_each);
}

TEST_P(DriverContract, GivesTheColumnsOfAnEmptyAnswer) {
  const auto result = run("SELECT region, amount FROM {sales} WHERE id < 0");
  ASSERT_OK(result);
  EXPECT_EQ(result->row_count, 0U);
  ASSERT_EQ(result->columns.size(), 2U);
  EXPECT_NE(column_of(*result, "amount"), nullptr);
}

}  // namespace bridge
