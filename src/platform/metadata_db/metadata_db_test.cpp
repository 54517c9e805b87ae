#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "platform/metadata_db/row_mapper.h"

namespace bridge {
namespace {

enum class Size { small, large };
BOOST_DESCRIBE_ENUM(Size, small, large)

struct Parcel {
  TeamId id;
  std::string name;
  Size size = Size::small;
  std::optional<Time> sent_at;
  UserId owner;
  bool fragile = false;
  double weight = 0;
  std::int64_t cents = 0;
  json::value labels;
};
BOOST_DESCRIBE_STRUCT(Parcel, (), (id, name, size, sent_at, owner, fragile, weight, cents, labels))

constexpr std::string_view kParcels =
    "CREATE TABLE parcels (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, size TEXT, sent_at BIGINT, owner TEXT, fragile BIGINT, "
    "weight DOUBLE PRECISION, cents BIGINT, "
    "labels TEXT)";

std::shared_ptr<Database> memory_database() {
  auto database = open_sqlite(":memory:");
  EXPECT_TRUE(database.has_value()) << database.error().detail;
  return *database;
}

Result<> run(Database& database, std::string_view sql) {
  return database.transact({}, [&](Transaction& transaction) -> Result<> {
    TRY(transaction.execute(sql, {}));
    return {};
  });
}

std::string temporary_folder() {
  std::string pattern = "/tmp/bridge_db_XXXXXX";
  return mkdtemp(pattern.data());
}

TEST(RowMapper, BringsEveryKindOfFieldBack) {
  const auto database = memory_database();
  ASSERT_TRUE(run(*database, kParcels));
  const Parcel parcel{.id = TeamId("a"),
                      .name = "snow 'globe'; --",
                      .size = Size::large,
                      .sent_at = *parse_time("2026-08-01T10:00:00.000001Z"),
                      .fragile = true,
                      .weight = 1.5,
                      .cents = 9'007'199'254'740'993,
                      .labels = json::parse(R"({"a":[1,null]})")};
  ASSERT_TRUE(database->transact({}, [&](Transaction& transaction) { return insert_row(transaction, "parcels", parcel); }));
  const auto back = read_value<std::vector<Parcel>>(*database, {}, [&](Transaction& transaction) -> Result<std::vector<Parcel>> {
    return read_rows<Parcel>(
        TRY(transaction.query(str("SELECT ", select_list<Parcel>("p"), " FROM parcels p WHERE name = :p1"), {parcel.name})));
  });
  ASSERT_TRUE(back.has_value()) << back.error().detail;
  ASSERT_EQ(back->size(), 1u);
  EXPECT_EQ(to_json_text(back->front()), to_json_text(parcel));
  EXPECT_TRUE(back->front().owner.empty());
}

TEST(RowMapper, ReadsCountsAndExpressionsWithTheirOwnTypes) {
  const auto database = memory_database();
  const auto rows = read_value<std::vector<DbRow>>(*database, {}, [](Transaction& transaction) {
    return transaction.query("SELECT COUNT(*), 5000000000, 1.5, 'x', NULL, '12' WHERE :p1 = 7", {std::int64_t{7}});
  });
  ASSERT_TRUE(rows.has_value()) << rows.error().detail;
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ(*read_count(*rows), 1);
  EXPECT_EQ(std::get<std::int64_t>(rows->front().values[1]), 5'000'000'000);
  EXPECT_EQ(std::get<double>(rows->front().values[2]), 1.5);
  EXPECT_EQ(std::get<std::string>(rows->front().values[3]), "x");
  EXPECT_TRUE(std::holds_alternative<std::nullptr_t>(rows->front().values[4]));
  EXPECT_EQ(std::get<std::string>(rows->front().values[5]), "12");
}

TEST(Database, MapsWhatTheEngineRefuses) {
  const auto database = memory_database();
  ASSERT_TRUE(run(*database, kParcels));
  ASSERT_TRUE(run(*database, "CREATE TABLE labels (id TEXT PRIMARY KEY, parcel TEXT REFERENCES parcels (id))"));
  ASSERT_TRUE(run(*database, "INSERT INTO parcels (id, name) VALUES ('1', 'a')"));
  EXPECT_EQ(run(*database, "INSERT INTO parcels (id, name) VALUES ('2', 'a')").error().code, ErrorCode::already_exists);
  EXPECT_EQ(run(*database, "INSERT INTO parcels (id, name) VALUES ('1', 'b')").error().code, ErrorCode::already_exists);
  EXPECT_EQ(run(*database, "INSERT INTO labels VALUES ('1', 'none')").error().code, ErrorCode::failed_precondition);
  const auto broken = run(*database, "SELEC");
  EXPECT_EQ(broken.error().code, ErrorCode::internal);
  EXPECT_EQ(broken.error().message.find("SELEC"), std::string::npos);
}

TEST(Database, RollsBackWhatFailsAndGoesOn) {
  const auto database = memory_database();
  ASSERT_TRUE(run(*database, kParcels));
  const auto outcome = database->transact({}, [](Transaction& transaction) -> Result<> {
    TRY(transaction.execute("INSERT INTO parcels (id, name) VALUES ('1', 'a')", {}));
    return fail(ErrorCode::aborted, "no");
  });
  EXPECT_EQ(outcome.error().code, ErrorCode::aborted);
  const auto thrown = database->transact({}, [](Transaction& transaction) -> Result<> {
    TRY(transaction.execute("INSERT INTO parcels (id, name) VALUES ('1', 'a')", {}));
    throw std::runtime_error("x");
  });
  EXPECT_EQ(thrown.error().code, ErrorCode::internal);
  const auto count = read_value<std::int64_t>(*database, {}, [](Transaction& transaction) -> Result<std::int64_t> {
    return read_count(TRY(transaction.query("SELECT COUNT(*) FROM parcels", {})));
  });
  EXPECT_EQ(*count, 0);
}

TEST(Database, LetsNoReadingTransactionWrite) {
  const auto database = memory_database();
  ASSERT_TRUE(run(*database, kParcels));
  EXPECT_FALSE(database->read({}, [](Transaction& transaction) -> Result<> {
    TRY(transaction.execute("INSERT INTO parcels (id, name) VALUES ('1', 'a')", {}));
    return {};
  }));
  EXPECT_TRUE(run(*database, "INSERT INTO parcels (id, name) VALUES ('1', 'a')"));
}

TEST(Database, RefusesATransactionInsideAnother) {
  const auto database = memory_database();
  EXPECT_EQ(database->transact({}, [&](Transaction&) { return database->ping({}); }).error().code, ErrorCode::internal);
  EXPECT_TRUE(database->ping({}));
}

TEST(Database, WaitsOnlyAsLongAsTheCallerDoes) {
  const auto database = memory_database();
  std::atomic<bool> inside = false, leave = false;
  std::jthread holder([&] {
    (void)database->read({}, [&](Transaction&) -> Result<> {
      inside = true;
      while (!leave) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      return {};
    });
  });
  while (!inside) std::this_thread::yield();
  EXPECT_EQ(database->ping(CallContext{}.with_timeout(std::chrono::milliseconds(30))).error().code, ErrorCode::deadline_exceeded);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(database->ping({.stop = stop.get_token()}).error().code, ErrorCode::cancelled);
  leave = true;
}

TEST(Database, IsRefusedToASecondProcess) {
  const std::string folder = temporary_folder();
  const auto database = open_sqlite(folder + "/a b.db");
  ASSERT_TRUE(database.has_value()) << database.error().detail;
  ASSERT_TRUE(run(**database, kParcels));
  const pid_t child = fork();
  if (child == 0) {
    const auto second = open_sqlite(folder + "/a b.db");
    _exit(!second.has_value() && second.error().reason == "database_in_use" ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE((*database)->ping({}));
  std::filesystem::remove_all(folder);
}

TEST(Database, KeepsWhatItAcknowledgedWhenItIsKilled) {
  const std::string folder = temporary_folder();
  const std::string path = folder + "/bridge.db";
  for (int round = 0; round < 5; ++round) {
    int acknowledged[2];
    ASSERT_EQ(pipe(acknowledged), 0);
    const pid_t child = fork();
    if (child == 0) {
      const auto database = open_sqlite(path);
      if (!database) _exit(1);
      (void)run(**database, kParcels);
      for (std::int64_t i = 0;; ++i) {
        const std::string id = str(round, "-", i);
        const auto outcome = (*database)->transact({}, [&](Transaction& transaction) -> Result<> {
          TRY(transaction.execute("INSERT INTO parcels (id, name) VALUES (:p1, :p1)", {id}));
          TRY(transaction.execute("INSERT INTO parcels (id, name) VALUES (:p1, :p1)", {id + "b"}));
          return {};
        });
        if (!outcome || write(acknowledged[1], "x", 1) != 1) _exit(1);
      }
    }
    close(acknowledged[1]);
    std::int64_t count = 0;
    char byte = 0;
    while (count < 20 + round && read(acknowledged[0], &byte, 1) == 1) ++count;
    kill(child, SIGKILL);
    while (read(acknowledged[0], &byte, 1) == 1) ++count;
    close(acknowledged[0]);
    int status = 0;
    waitpid(child, &status, 0);
    const auto database = open_sqlite(path);
    ASSERT_TRUE(database.has_value()) << database.error().detail;
    const auto found = read_value<std::int64_t>(**database, {}, [&](Transaction& transaction) -> Result<std::int64_t> {
      return read_count(TRY(transaction.query("SELECT COUNT(*) FROM parcels WHERE id LIKE :p1", {str(round, "-%")})));
    });
    ASSERT_TRUE(found.has_value());
    EXPECT_GE(*found, 2 * count);
    EXPECT_LE(*found, 2 * count + 2);  // the one in flight, whole or not at all
    EXPECT_EQ(*found % 2, 0);
  }
  std::filesystem::remove_all(folder);
}

TEST(Database, SaysThatTheDiskIsFullAndGoesOnWhenThereIsSpaceAgain) {
  const std::string folder = temporary_folder();
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const auto database = open_sqlite(folder + "/bridge.db");
    if (!database || !run(**database, kParcels)) _exit(1);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = 64 << 10;
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto insert = [&](int i) {
      return (*database)->transact({}, [&](Transaction& transaction) -> Result<> {
        TRY(transaction.execute("INSERT INTO parcels (id, name) VALUES (:p1, :p2)", {str(i), str(i, std::string(5'000, 'x'))}));
        return {};
      });
    };
    int i = 0;
    Result<> outcome;
    while (i < 1'000 && outcome) outcome = insert(i++);
    if (outcome || outcome.error().reason != "disk_full") {
      if (!outcome) fprintf(stderr, "%s: %s\n", outcome.error().reason.c_str(), outcome.error().detail.c_str());
      _exit(2);
    }
    if (!(*database)->ping({})) _exit(3);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
    if (!insert(i)) _exit(4);
    _exit(0);
  }
  int status = 1;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  std::filesystem::remove_all(folder);
}

TEST(Database, TakesNothingIntoAFileThatWasRemoved) {
  const std::string folder = temporary_folder();
  auto database = open_sqlite(folder + "/gone.db");
  ASSERT_TRUE(database);
  ASSERT_TRUE((*database)->ping({}));
  std::filesystem::remove_all(folder);
  const auto write = (*database)->transact({}, [](Transaction& transaction) -> Result<> {
    TRY(transaction.execute("CREATE TABLE t (a BIGINT)", {}));
    return {};
  });
  ASSERT_FALSE(write);
  EXPECT_EQ(write.error().reason, "data_folder_gone");
  EXPECT_EQ((*database)->ping({}).error().reason, "data_folder_gone");
}

TEST(Database, SaysThatAFileIsDamagedOrCannotBeMade) {
  const std::string folder = temporary_folder();
  std::ofstream(folder + "/bad.db") << std::string(8'192, 'x');
  EXPECT_EQ(open_sqlite(folder + "/bad.db").error().code, ErrorCode::data_loss);
  EXPECT_EQ(open_sqlite(folder + "/none/x.db").error().code, ErrorCode::unavailable);
  EXPECT_EQ(open_sqlite("").error().code, ErrorCode::invalid_argument);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace bridge
