#include "warehouse/checked_warehouse.h"

#include <gtest/gtest.h>

#include "warehouse/testing/unruly_warehouse.h"

namespace bridge {
namespace {

using namespace std::chrono_literals;

struct Stage {
  std::shared_ptr<UnrulyEngine> engine = std::make_shared<UnrulyEngine>();
  std::shared_ptr<Warehouse> warehouse = make_checked_warehouse(std::make_shared<UnrulyWarehouse>(engine));

  // The error of each call, by its name.
  std::map<std::string, std::function<Error(const CallContext&)>> calls() {
    const auto error_of = [](const auto& result) { return result ? Error{.message = ""} : result.error(); };
    const std::vector<std::string> names{"sales"};
    return {
        {"ping", [=, this](const CallContext& c) { return error_of(warehouse->ping(c)); }},
        {"list_datasets", [=, this](const CallContext& c) { return error_of(warehouse->list_datasets(c)); }},
        {"list_tables", [=, this](const CallContext& c) { return error_of(warehouse->list_tables(c, "main")); }},
        {"describe_tables", [=, this](const CallContext& c) { return error_of(warehouse->describe_tables(c, "main", names)); }},
        {"column_statistics", [=, this](const CallContext& c) { return error_of(warehouse->column_statistics(c, "main", "sales", {})); }},
        {"check_sql", [=, this](const CallContext& c) { return error_of(warehouse->check_sql(c, "SELECT 1")); }},
        {"dry_run", [=, this](const CallContext& c) { return error_of(warehouse->dry_run(c, {.sql = "SELECT 1"})); }},
        {"stream", [=, this](const CallContext& c) { return error_of(warehouse->execute(c, {.sql = "SELECT 1"}, {})); }}};
  }
};

TEST(CheckedWarehouse, MakesOneErrorOfWhateverACallDoesAndTheNextCallAnswers) {
  Stage stage;
  struct Case {
    Misbehaviour what;
    ErrorCode code;
  };
  for (const auto& [name, call] : stage.calls()) {
    for (const Case& each :
         {Case{Misbehaviour::hangs, ErrorCode::deadline_exceeded}, Case{Misbehaviour::throws, ErrorCode::internal},
          Case{Misbehaviour::throws_bad_alloc, ErrorCode::unavailable}, Case{Misbehaviour::fails, ErrorCode::unavailable}}) {
      stage.engine->let(name, each.what);
      const int before = stage.engine->count(name);
      const Error error = call(CallContext{}.with_timeout(50ms));
      EXPECT_EQ(error.code, each.code) << name;
      EXPECT_FALSE(error.message.empty()) << name;
      EXPECT_FALSE(error.message.contains("library throws")) << name << ": what a library says is for the log";
      EXPECT_EQ(stage.engine->count(name), before + 1) << name << ": nothing is done twice";
      for (const auto& [other, neighbour] : stage.calls()) {
        if (other == name) continue;
        EXPECT_EQ(neighbour({}).message, "") << other << " beside " << name;
      }
      stage.engine->let(name, Misbehaviour::none);
      EXPECT_EQ(call({}).message, "") << name;
    }
  }
}

TEST(CheckedWarehouse, BeginsNothingForACallThatHasEnded) {
  Stage stage;
  std::stop_source stop;
  stop.request_stop();
  for (const auto& [name, call] : stage.calls()) {
    EXPECT_EQ(call({.stop = stop.get_token()}).code, ErrorCode::cancelled) << name;
    EXPECT_EQ(stage.engine->count(name), 0) << name;
  }
}

TEST(CheckedWarehouse, ReadsNoAnswerWhoseColumnsDoNotFitTogether) {
  for (int which = 0; which < broken_batches; ++which) {
    Stage stage;
    stage.engine->answer = [&](BatchSink& sink, const ExecuteLimits&) -> Result<Streamed> {
      QueryResult good{.columns = {{.name = "n", .type = ColumnType::integer, .valid = {true}, .integers = {1}}}, .row_count = 1};
      TRY(sink.take(good));
      QueryResult batch = broken_batch(which);
      TRY(sink.take(batch));
      return Streamed{.row_count = 3};
    };
    const auto answer = stage.warehouse->execute({}, {.sql = "SELECT n FROM sales"}, {});
    ASSERT_FALSE(answer) << which;
    EXPECT_EQ(reason_of(answer.error()), "answer_broken") << which;
  }
  Stage stage;
  stage.engine->answer = [](BatchSink& sink, const ExecuteLimits&) -> Result<Streamed> {
    QueryResult one{.columns = {{.name = "n"}}};
    TRY(sink.take(one));
    QueryResult other{.columns = {{.name = "n"}, {.name = "m"}}};
    TRY(sink.take(other));
    return Streamed{};
  };
  EXPECT_FALSE(stage.warehouse->execute({}, {.sql = "SELECT n FROM sales"}, {})) << "another number of columns in the next batch";
}

TEST(CheckedWarehouse, LeavesOutNamesThatNobodyCanWriteAndKeepsAllOthers) {
  Stage stage;
  stage.engine->tables.clear();
  const std::vector<std::string> good{"sales", "a \"quoted\" name", "名前", "line\nbreak", "semi;colon -- comment", "'", " "};
  std::vector<std::string> all = good;
  all.insert(all.end(), {std::string(), std::string("with\0zero", 9), "\xff\xfe", "sales"});
  for (const std::string& name : all) {
    TableInfo& table = stage.engine->tables.emplace_back(TableInfo{.dataset = "main", .name = name, .sql_name = name});
    for (const std::string& column : all) table.columns.push_back({.name = column});
  }
  std::vector<std::string> names;
  const auto listed = stage.warehouse->list_tables({}, "main");
  ASSERT_TRUE(listed);
  for (const TableName& table : *listed) names.push_back(table.name);
  EXPECT_EQ(names, good) << "each once";
  const auto described = stage.warehouse->describe_tables({}, "main", names);
  ASSERT_TRUE(described);
  EXPECT_EQ(described->size(), good.size());
  EXPECT_EQ(described->front().columns.size(), good.size() + 1) << "columns of an answer may have the same name";
}

TEST(CheckedWarehouse, DescribesOnlyWhatWasAskedForAndAPageAtOnce) {
  Stage stage;
  stage.engine->tables.clear();
  for (int i = 0; i < 10'000; ++i) stage.engine->tables.push_back({.dataset = "main", .name = str("table ", i)});
  const auto all = stage.warehouse->describe_all_tables({}, "main");
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), 10'000u);
  EXPECT_EQ(stage.engine->described_at_once_max, kTablesDescribedAtOnceMax);
  EXPECT_EQ(stage.warehouse->describe_all_tables({}, "main", 7)->size(), 7u);
  const std::vector<std::string> too_many(kTablesDescribedAtOnceMax + 1, "table 1");
  EXPECT_EQ(stage.warehouse->describe_tables({}, "main", too_many).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace bridge
