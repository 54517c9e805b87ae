#include "warehouse/duckdb/sql_guard.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/text.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/private_engine.h"
#include "warehouse/duckdb/test_data.h"

namespace bridge::duckdb {
namespace {

Result<GuardedStatement> check(std::string_view sql) { return StatementGuard(*parser_engine()).check({}, sql); }

std::string names(const GuardedStatement& statement) {
  std::string out;
  for (const TableReference& table : statement.tables)
    out += str(out.empty() ? "" : " ", table.schema, table.schema.empty() ? "" : ".", table.name);
  return out;
}

void expect_refused(std::string_view sql, std::string_view named) {
  const auto result = check(sql);
  ASSERT_FALSE(result) << sql;
  EXPECT_EQ(result.error().code, ErrorCode::invalid_argument) << sql;
  ASSERT_EQ(result.error().violations.size(), 1U) << sql;
  EXPECT_NE(lower(result.error().message).find(lower(named)), std::string::npos) << sql << "\n  says: " << result.error().message;
}

void expect_allowed(std::string_view sql) {
  const auto result = check(sql);
  EXPECT_TRUE(result) << sql << "\n  " << (result ? "" : describe_error(result.error()));
}

TEST(StatementGuard, LetsPlainAnalyticalSqlThrough) {
  for (const char* sql : {
           "SELECT 1",
           "SELECT date_trunc('month', day) AS month, count(*) AS n, sum(x) FILTER (WHERE y > 1) FROM t WHERE a IN (1, 2) AND b LIKE 'x%' "
           "GROUP BY ALL ORDER BY 1 DESC LIMIT 5 OFFSET 2",
           "WITH a AS (SELECT * FROM t), b AS MATERIALIZED (SELECT * FROM a) SELECT * FROM b JOIN u USING (k) LEFT JOIN v ON v.k = b.k",
           "SELECT *, row_number() OVER (PARTITION BY a ORDER BY b DESC) AS r, sum(x) OVER w FROM t WINDOW w AS (ORDER BY b ROWS BETWEEN 2 "
           "PRECEDING AND CURRENT ROW) QUALIFY r = 1",
           "SELECT CASE WHEN a > $1 THEN 'x' ELSE 'y' END, a::DECIMAL(18, 2), TRY_CAST(b AS DATE), coalesce(c, 0), nullif(d, 0), INTERVAL "
           "1 DAY, d AT TIME ZONE 'UTC' FROM t",
           "SELECT * EXCLUDE (a) REPLACE (b + 1 AS b) FROM t UNION ALL BY NAME SELECT * FROM u",
           "SELECT x FROM generate_series(1, 10) AS s(x)",
           "SELECT unnest([1, 2, 3])",
           "SELECT list_transform(l, lambda q: q + 1), [q FOR q IN l IF q > 1] FROM t",
           "SELECT EXISTS (SELECT 1 FROM u WHERE u.k = t.k), (SELECT max(x) FROM u), a = ANY (SELECT 1) FROM t",
           "SELECT a, grouping(a) FROM t GROUP BY ROLLUP (a)",
           "SELECT strptime(d, '%b %d %Y'), extract(year FROM d), quantile_cont(x, 0.5), median(x), mode(x), arg_max(a, b), string_agg(a, "
           "', ' ORDER BY b) FROM t",
           "FROM t SELECT a WHERE b",
           "VALUES (1, 2), (3, 4)",
           "TABLE t",
           "SELECT * FROM t TABLESAMPLE 10%",
           "SELECT j->>'a', json_extract(j, '$.b'), regexp_matches(a, 'x+') FROM t",
           "/* comment; */ SELECT 1 -- the end",
           "SELECT 'a;b', $$x;y$$, \"odd;name\" FROM t",
           "SELECT 1;",
           ";;SELECT 1;;",
           "SELECT * FROM t ASOF JOIN u ON t.a >= u.a",
           "SELECT approx_count_distinct(x), stddev(x), corr(x, y), percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM t",
           "SELECT current_date, today(), now()",
           "SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b",
           "SELECT COLUMNS('x.*') FROM t",
           "SELECT a.b.c, x[1], x[1:2] FROM t",
       }) {
    expect_allowed(sql);
  }
}

TEST(StatementGuard, NamesTheTablesThatAreReadAndNotTheWithEntries) {
  EXPECT_EQ(
      names(*check(
          "WITH a AS (SELECT * FROM t), b AS (SELECT * FROM A) SELECT * FROM b, sales.u, (SELECT * FROM v) WHERE x IN (SELECT y FROM w)")),
      "t sales.u v w");
  EXPECT_EQ(names(*check("WITH a AS MATERIALIZED (SELECT 1) SELECT * FROM a")), "");
}

TEST(StatementGuard, SeesATableBehindAWithEntryOfTheSameName) {
  // Inside of its own definition, and outside of the query that defines it, the name is the table's.
  EXPECT_EQ(names(*check("WITH duckdb_settings AS (SELECT * FROM duckdb_settings) SELECT * FROM duckdb_settings")), "duckdb_settings");
  EXPECT_EQ(names(*check("SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a), a")), "a");
  EXPECT_EQ(names(*check("WITH a AS (SELECT 1) SELECT * FROM main.a")), "main.a");
}

TEST(StatementGuard, RefusesToReadAndWriteFiles) {
  for (const char* function : {"read_csv",
                               "read_csv_auto",
                               "read_text",
                               "read_blob",
                               "read_json",
                               "read_json_auto",
                               "read_ndjson",
                               "read_parquet",
                               "parquet_scan",
                               "parquet_metadata",
                               "parquet_schema",
                               "parquet_file_metadata",
                               "parquet_kv_metadata",
                               "sniff_csv",
                               "glob",
                               "seq_scan",
                               "arrow_scan",
                               "sqlite_scan",
                               "postgres_scan",
                               "iceberg_scan",
                               "delta_scan",
                               "st_read"}) {
    expect_refused(str("SELECT * FROM ", function, "('/etc/passwd')"), function);
  }
  expect_refused("FROM '/x.csv'", "/x.csv");
  expect_refused("SELECT * FROM \"https://example.com/x.parquet\"", "file");
  expect_refused("SELECT * FROM 's3://bucket/x'", "file");
  expect_refused("SELECT * FROM 'data.parquet'", "data.parquet");
  expect_refused("COPY (SELECT 1) TO '/tmp/x.csv'", "COPY");
  expect_refused("COPY t FROM '/tmp/x.csv'", "COPY");
  expect_refused("EXPORT DATABASE '/tmp/x'", "EXPORT");
  expect_refused("IMPORT DATABASE '/tmp/x'", "IMPORT");
  expect_refused("ATTACH '/tmp/x.db'", "ATTACH");
  expect_refused("DETACH x", "DETACH");
  expect_refused("INSTALL httpfs", "INSTALL");
  expect_refused("LOAD httpfs", "LOAD");
  expect_refused("CREATE SECRET s (TYPE s3)", "CREATE");
}

TEST(StatementGuard, RefusesSelectsWithEffects) {
  for (const char* call : {"enable_logging('QueryLog', storage='file', storage_config={'path': '/tmp/x'})",
                           "disable_logging()",
                           "truncate_duckdb_logs()",
                           "checkpoint()",
                           "force_checkpoint()",
                           "query('SELECT 1')",
                           "query_table('t')",
                           "json_execute_serialized_sql('x')",
                           "duckdb_settings()",
                           "duckdb_secrets()",
                           "which_secret('a', 'b')",
                           "duckdb_tables()",
                           "pragma_storage_info('t')",
                           "pragma_table_info('t')",
                           "pg_timezone_names()",
                           "sql_auto_complete('x')",
                           "test_all_types()",
                           "duckdb_logs()",
                           "repeat_row(1)",
                           "summary(t)",
                           "json_each('x')",
                           "histogram('t', 'a')"}) {
    expect_refused(str("SELECT * FROM ", call), str(call).substr(0, str(call).find('(')));
  }
  for (const char* call : {"write_log('x')",
                           "nextval('q')",
                           "currval('q')",
                           "setseed(0.5)",
                           "current_setting('threads')",
                           "getvariable('x')",
                           "current_query()",
                           "json_serialize_sql('SELECT 1')",
                           "json_deserialize_sql('x')",
                           "json_serialize_plan('SELECT 1')",
                           "error('x')",
                           "txid_current()",
                           "has_table_privilege('t', 'x')",
                           "pg_get_viewdef(1)",
                           "in_search_path('a', 'b')",
                           "parse_duckdb_log_message('a', 'b')",
                           "getenv('HOME')",
                           "pg_sleep(10)",
                           "set_config('a', 'b', false)",
                           "no_such_function(1)"}) {
    expect_refused(str("SELECT ", call), str(call).substr(0, str(call).find('(')));
  }
  expect_refused("SELECT other.lower('x')", "lower");
  expect_refused("SELECT x OVER () FROM (SELECT write_log('y') AS x)", "");
}

TEST(StatementGuard, FindsARefusedFunctionWhereverItHides) {
  for (const char* sql : {
           "SELECT * FROM t WHERE a = write_log('x')",
           "SELECT * FROM t ORDER BY write_log('x')",
           "SELECT * FROM t GROUP BY write_log('x')",
           "SELECT count(*) FROM t HAVING write_log('x')",
           "SELECT * FROM t QUALIFY write_log('x')",
           "SELECT * FROM t LIMIT write_log('x')",
           "SELECT DISTINCT ON (write_log('x')) * FROM t",
           "SELECT sum(x ORDER BY write_log('x')) FROM t",
           "SELECT sum(x) FILTER (WHERE write_log('x')) FROM t",
           "SELECT sum(x) OVER (PARTITION BY write_log('x')) FROM t",
           "SELECT sum(x) OVER (ORDER BY a ROWS BETWEEN write_log('x') PRECEDING AND CURRENT ROW) FROM t",
           "SELECT lag(x, write_log('x')) OVER () FROM t",
           "SELECT CASE WHEN write_log('x') THEN 1 END",
           "SELECT CASE WHEN a THEN write_log('x') ELSE 1 END FROM t",
           "SELECT a BETWEEN 1 AND write_log('x') FROM t",
           "SELECT write_log('x')::INTEGER",
           "SELECT write_log('x') COLLATE nocase",
           "SELECT [write_log('x')]",
           "SELECT {'a': write_log('x')}",
           "SELECT list_transform([1], lambda q: write_log('x'))",
           "SELECT * REPLACE (write_log('x') AS a) FROM t",
           "SELECT COLUMNS(c -> write_log('x')) FROM t",
           "SELECT * FROM t JOIN u ON write_log('x')",
           "SELECT * FROM (VALUES (write_log('x')))",
           "SELECT * FROM range(write_log('x'))",
           "SELECT * FROM unnest([(SELECT write_log('x'))])",
           "SELECT (SELECT write_log('x'))",
           "SELECT 1 IN (SELECT write_log('x'))",
           "WITH a AS (SELECT write_log('x')) SELECT 1",
           "WITH a AS MATERIALIZED (SELECT write_log('x')) SELECT 1",
           "SELECT 1 UNION SELECT write_log('x')",
           "(SELECT 1 EXCEPT SELECT write_log('x'))",
           "SELECT * FROM t, LATERAL (SELECT write_log('x'))",
           "SELECT x[write_log('x')] FROM t",
       }) {
    expect_refused(sql, "write_log");
  }
}

TEST(StatementGuard, RefusesEveryOtherStatementAndShape) {
  expect_refused("SELECT 1; CREATE TABLE x (i INTEGER)", "CREATE");
  expect_refused("SELECT 1; SELECT 2", "second statement");
  expect_refused("EXPLAIN ANALYZE CREATE TABLE x (i INTEGER)", "EXPLAIN");
  expect_refused("EXPLAIN SELECT 1", "EXPLAIN");
  expect_refused("PREPARE p AS SELECT 1", "PREPARE");
  expect_refused("EXECUTE p", "EXECUTE");
  expect_refused("CALL pragma_version()", "CALL");
  expect_refused("SET threads = 1", "SET");
  expect_refused("RESET threads", "RESET");
  expect_refused("PRAGMA version", "PRAGMA");
  expect_refused("USE x", "USE");
  expect_refused("BEGIN", "BEGIN");
  expect_refused("COMMIT", "COMMIT");
  expect_refused("VACUUM", "VACUUM");
  expect_refused("CHECKPOINT", "CHECKPOINT");
  expect_refused("INSERT INTO t VALUES (1)", "INSERT");
  expect_refused("UPDATE t SET a = 1", "UPDATE");
  expect_refused("DELETE FROM t", "DELETE");
  expect_refused("WITH a AS (SELECT 1) DELETE FROM t", "DELETE");
  expect_refused("TRUNCATE t", "TRUNCATE");
  expect_refused("ALTER TABLE t ADD COLUMN x INTEGER", "ALTER");
  expect_refused("DROP TABLE t", "DROP");
  expect_refused("CREATE MACRO lower(x) AS 1", "CREATE");
  expect_refused("PIVOT t ON a USING sum(b)", "PIVOT");
  expect_refused("SELECT * FROM (PIVOT t ON a USING sum(b))", "PIVOT");
  expect_refused("DESCRIBE t", "DESCRIBE");
  expect_refused("SHOW TABLES", "SHOW");
  expect_refused("SUMMARIZE t", "SUMMARIZE");
  expect_refused("SELECT * FROM (SHOW TABLES)", "SHOW");
  expect_refused("SELECT 1 INTO x", "SELECT INTO");
  expect_refused("SELECT * FROM t AT (VERSION => 1)", "AT");
  expect_refused("WITH RECURSIVE c AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM c) SELECT * FROM c", "RECURSIVE");
  expect_refused("SELECT $name", "$name");
  expect_refused("", "empty");
  expect_refused(" ; ", "empty");
  expect_refused("-- only a comment", "empty");
}

TEST(StatementGuard, RefusesLengthsThatOneCallWouldTakeLongToMake) {
  expect_refused("SELECT repeat('x', 1000000000)", "100000 in repeat");
  expect_refused("SELECT repeat('x', 1000000000::BIGINT)", "repeat");
  expect_refused("SELECT repeat('x', '1000000000')", "repeat");
  expect_refused("SELECT repeat('x', 99999999999999999999)", "repeat");
  expect_refused("SELECT lpad(a, 2000000000, 'b') FROM t", "lpad");
  expect_refused("SELECT list_resize([1], 2000000000)", "list_resize");
  expect_refused("SELECT printf('%1000000000d', 1)", "printf");
  expect_refused("SELECT format('{:>1000000000}', 1)", "format");
  expect_refused("SELECT unnest(range(1000000000))", "range");
  expect_refused("SELECT generate_series(1, 1000000000, 2)", "generate_series");
  expect_refused("SELECT len(range(99999999999999999999))", "range");
  expect_allowed("SELECT unnest(range(1000)), generate_series(1, 100000000, 10000) FROM range(1000000000)");  // a table comes bit by bit
  expect_allowed("SELECT unnest(generate_series(DATE '2001-01-01', a, INTERVAL 1 DAY)) FROM t");
  expect_allowed("SELECT lpad(a, 10, '0'), repeat('#', 100000), repeat('#', b), printf('%05.2f of 2001', b), format('{:,}', b) FROM t");
}

TEST(StatementGuard, IsNotFooledByCommentsQuotesAndUnusualCharacters) {
  expect_refused("SELECT 1 /* ; */ ; /* x */ DROP TABLE t", "DROP");
  expect_refused("SELECT $$a$$; DROP TABLE t", "DROP");
  expect_refused("SELECT * FROM \"READ_CSV\"('/etc/passwd')", "read_csv");
  expect_refused("SELECT * FROM main.read_csv('/etc/passwd')", "read_csv");
  expect_refused("SELECT * FROM system.main.read_csv('/etc/passwd')", "read_csv");
  expect_refused("SELECT Write_Log('x')", "write_log");
  expect_refused(std::string_view("SELECT 1\0; DROP TABLE t", 23), "not text");
  expect_refused("SELECT '\xff'", "not text");
  expect_refused("SELECT\xC2\xA0* FROM\xC2\xA0read_csv('/etc/passwd')", "read_csv");
}

TEST(StatementGuard, SaysWhereTheRefusedPartStands) {
  const auto result = check("SELECT a,\n  write_log('x')\nFROM t");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, "sql_not_allowed");
  EXPECT_EQ(result.error().violations[0].line, 2);
  EXPECT_EQ(result.error().violations[0].column, 3);
  const auto syntax = check("SELECT a\nFORM t");
  ASSERT_FALSE(syntax);
  EXPECT_EQ(syntax.error().reason, "sql_invalid");
  EXPECT_EQ(syntax.error().violations[0].line, 2);
}

TEST(StatementGuard, LimitsLengthDepthAndSize) {
  const auto repeated = [](std::string_view text, int times) {
    std::string out;
    for (int i = 0; i < times; ++i) out += text;
    return out;
  };
  expect_refused("SELECT '" + std::string(70'000, 'x') + "'", "bytes long");
  expect_refused("SELECT " + repeated("abs(", 300) + "1" + repeated(")", 300), "levels deep");
  expect_refused("SELECT " + repeated("abs(", 5'000) + "1" + repeated(")", 5'000), "");
  expect_refused("SELECT * FROM " + repeated("(SELECT * FROM ", 300) + "t" + repeated(")", 300), "levels deep");
  expect_refused("WITH " + repeated("a AS MATERIALIZED (SELECT 1), ", 40) + "b AS (SELECT 1) SELECT 1", "MATERIALIZED");
  expect_allowed("SELECT * FROM t WHERE " + repeated("a = 1 OR ", 5'000) + "b");
}

// The guard switched off: the engine itself must still give nothing away and change nothing.
TEST(HardenedEngine, StaysShutWithoutTheGuard) {
  const TestFolder data;
  const TestFolder outside;
  outside.write("secret.csv", "a,b\n1,2\n");
  data.write("t.csv", "a,b\n1,2\n");
  data.write("other.csv", "a,b\n1,2\n");
  const auto engine = Engine::open({.readable_files = {(data / "t.csv").string()}});
  ASSERT_TRUE(engine);
  const auto session = *(*engine)->borrow({});
  const std::string secret = (outside / "secret.csv").string();
  EXPECT_TRUE(session->command({}, str("SELECT * FROM read_csv('", (data / "t.csv").string(), "')")));
  for (const std::string& sql : {
           str("SELECT * FROM read_csv('", secret, "')"),
           str("SELECT * FROM '", secret, "'"),
           str("SELECT * FROM read_text('/etc/passwd')"),
           str("SELECT * FROM read_blob('/etc/passwd')"),
           str("SELECT * FROM read_csv('", data.path().string(), "/../", outside.path().filename().string(), "/secret.csv')"),
           str("SELECT * FROM glob('", outside.path().string(), "/*')"),
           str("SELECT * FROM read_csv('", (data / "other.csv").string(), "')"),
           str("COPY (SELECT 1) TO '", (data / "out.csv").string(), "'"),
           str("SELECT * FROM sniff_csv('", secret, "')"),
           str("SELECT * FROM parquet_metadata('", secret, "')"),
           str("COPY (SELECT 1) TO '", (outside / "out.csv").string(), "'"),
           str("EXPORT DATABASE '", (outside / "out").string(), "'"),
           str("ATTACH '", (outside / "new.db").string(), "'"),
           str("INSTALL httpfs"),
           str("LOAD httpfs"),
           str("SELECT * FROM 'https://127.0.0.1:1/x.csv'"),
           str("SET enable_external_access = true"),
           str("SET threads = 1"),
           str("SET GLOBAL lock_configuration = false"),
           str("SET GLOBAL allowed_paths = ['/etc/passwd']"),
           str("RESET ALL"),
           str("SET temp_directory = '", outside.path().string(), "'"),
       }) {
    EXPECT_FALSE(session->command({}, sql)) << sql;
  }
  // The statement that a caller's SQL runs as has to be a SELECT, whatever the guard thinks.
  for (const std::string& sql :
       {str("COPY (SELECT 1) TO '", (data / "out.csv").string(), "'"), str("CREATE TABLE x (i INTEGER)"), str("ATTACH ':memory:' AS other"),
        str("SET threads = 1"), str("EXPLAIN ANALYZE SELECT 1"), str("SELECT 1; SELECT 2")}) {
    const auto result = session->run({}, {.sql = sql}, {});
    ASSERT_FALSE(result) << sql;
    EXPECT_TRUE(result.error().code == ErrorCode::invalid_argument || result.error().code == ErrorCode::permission_denied) << sql;
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(outside.path()), {}), 1);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(data.path()), {}), 2);
  EXPECT_TRUE(session->run({}, {.sql = "SELECT 42"}, {}));
}

TEST(HardenedEngine, OpensADatabaseFileForReadingOnly) {
  const TestFolder folder;
  const auto file = folder / "sales.duckdb";
  run_in_duckdb(file, {"CREATE TABLE t AS SELECT 1 AS a"});
  const auto engine = Engine::open({.database_file = file.string()});
  ASSERT_TRUE(engine);
  const auto session = *(*engine)->borrow({});
  for (const char* sql :
       {"INSERT INTO t VALUES (2)", "DROP TABLE t", "CREATE TABLE u (i INTEGER)", "SELECT * FROM read_text('/etc/passwd')"})
    EXPECT_FALSE(session->command({}, sql)) << sql;
  EXPECT_EQ((*session->run({}, {.sql = "SELECT count(*) FROM t"}, {})).columns[0].integers[0], 1);
}

}  // namespace
}  // namespace bridge::duckdb
