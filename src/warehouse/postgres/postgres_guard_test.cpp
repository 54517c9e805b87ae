#include <gtest/gtest.h>

#include "base/text.h"
#include "warehouse/postgres/limits.h"
#include "warehouse/postgres/postgres_driver.h"
#include "warehouse/postgres/postgres_server.h"
#include "warehouse/postgres/session.h"
#include "warehouse/postgres/sql_guard.h"

namespace bridge::postgres {
namespace {

// "sql_not_allowed 1:8 pg_sleep", or "" when it is let through.
std::string verdict(std::string_view sql) {
  const auto checked = check_statement(sql);
  if (checked) return "";
  const Violation& violation = checked.error().violations.at(0);
  return str(violation.code, " ", violation.line, ":", violation.column, " ", violation.got);
}

TEST(PostgresGuard, RefusesWhatWritesLocksWaitsOrLooksElsewhere) {
  for (const char* sql : {
           "WITH gone AS (DELETE FROM sales RETURNING *) SELECT * FROM gone",
           "WITH made AS (INSERT INTO sales DEFAULT VALUES RETURNING id) SELECT id FROM made",
           "SELECT * INTO copied FROM sales",
           "SELECT * FROM (SELECT 1) AS a, LATERAL (WITH w AS (UPDATE sales SET id = 1 RETURNING id) SELECT * FROM w) AS b",
           "COPY sales TO PROGRAM 'id'",
           "COPY (SELECT 1) TO '/tmp/x'",
           "DO $$ BEGIN END $$",
           "CALL p()",
           "SELECT * FROM sales FOR UPDATE",
           "SELECT * FROM sales FOR SHARE SKIP LOCKED",
           "SELECT * FROM (SELECT * FROM sales FOR UPDATE) AS x",
           "SELECT pg_read_file('/etc/passwd')",
           "SELECT pg_catalog.pg_read_file('/etc/passwd')",
           "SELECT \"pg_read_file\"('/etc/passwd')",
           "SELECT U&\"\\0070g_read_file\"('/etc/passwd')",
           "SELECT * FROM pg_ls_dir('/')",
           "SELECT pg_read_binary_file('x')",
           "SELECT pg_stat_file('x')",
           "SELECT lo_import('/etc/hostname')",
           "SELECT lo_export(1, '/tmp/x')",
           "SELECT lo_create(0)",
           "SELECT lo_get(1)",
           "SELECT * FROM dblink('host=x', 'select 1') AS t(a int)",
           "SELECT query_to_xml('select 1', true, true, '')",
           "SELECT table_to_xml('sales', true, true, '')",
           "SELECT database_to_xml(true, true, '')",
           "SELECT pg_terminate_backend(1)",
           "SELECT pg_cancel_backend(1)",
           "SELECT pg_advisory_lock(1)",
           "SELECT pg_sleep(10)",
           "SELECT pg_sleep_for('1 hour')",
           "SELECT pg_notify('a', 'b')",
           "SELECT nextval('s')",
           "SELECT setval('s', 1)",
           "SELECT set_config('statement_timeout', '0', false)",
           "SELECT current_setting('data_directory')",
           "SELECT ts_stat('select 1')",
           "SELECT pg_export_snapshot()",
           "SELECT pg_reload_conf()",
           "SELECT pg_logical_emit_message(true, 'a', 'b')",
           "SELECT txid_current()",
           "SELECT version()",
           "SELECT inet_server_addr()",
           "SELECT public.anything(1)",
           "SELECT mydb.public.anything(1)",
           "SELECT current_user",
           "SELECT session_user",
           "SELECT 'pg_authid'::regclass",
           "SELECT CAST('x' AS pg_catalog.regproc)",
           "SELECT 1 OPERATOR(public.+) 2",
           "SELECT * FROM otherdb.public.sales",
           "SELECT * FROM XMLTABLE('/a' PASSING '<a/>' COLUMNS x int)",
           "SELECT xmlparse(DOCUMENT '<a/>')",
           "SELECT * FROM sales TABLESAMPLE system_time (100)",
           "SELECT a FROM sales ORDER BY pg_sleep(1)",
           "SELECT a FROM sales LIMIT (SELECT pg_sleep(1))",
           "SELECT sum(a) FILTER (WHERE pg_sleep(1) IS NULL) FROM sales",
           "SELECT sum(a) OVER (ORDER BY pg_sleep(1)) FROM sales",
           "SELECT CASE WHEN pg_sleep(1) IS NULL THEN 1 END",
           "SELECT ARRAY[pg_sleep(1)]",
           "SELECT (ARRAY[1])[pg_backend_pid()]",
           "SELECT a FROM sales GROUP BY GROUPING SETS ((pg_backend_pid()))",
           "SELECT a FROM sales a JOIN sales b ON pg_sleep(1) IS NULL",
           "VALUES (pg_sleep(1))",
           "SELECT 1 UNION SELECT pg_backend_pid()",
           "SELECT * FROM ROWS FROM (generate_series(1, 2), pg_ls_dir('/'))",
           "SELECT DISTINCT ON (pg_backend_pid()) 1",
           "SELECT extract(hour FROM pg_conf_load_time())",
           "EXPLAIN ANALYZE SELECT 1",
           "SET x = 1",
           "RESET ALL",
           "SHOW ALL",
           "BEGIN",
           "PREPARE p AS SELECT 1",
           "EXECUTE p",
           "DECLARE c CURSOR FOR SELECT 1",
           "LISTEN a",
           "VACUUM",
           "LOCK TABLE sales",
           "TRUNCATE sales",
           "MERGE INTO sales USING sales s ON true WHEN MATCHED THEN DELETE",
           "CREATE TEMP TABLE t (a int)",
           "SELECT 1;; SELECT 2",
           "SELECT 1; COMMIT",
       })
    EXPECT_TRUE(verdict(sql).starts_with("sql_not_allowed ")) << sql << ": " << verdict(sql);
}

TEST(PostgresGuard, LetsThroughWhatReads) {
  for (const char* sql : {
           "SELECT 1",
           "SELECT 1;",
           "-- a comment\nSELECT /* another */ 1 -- end",
           "TABLE sales",
           "VALUES (1, 'a'), (2, NULL)",
           "(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1 LIMIT 3 OFFSET 1",
           "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5) SELECT * FROM n",
           "WITH a AS MATERIALIZED (SELECT 1 AS x) SELECT x FROM a WHERE x IN (SELECT x FROM a)",
           "SELECT region, count(*) FILTER (WHERE amount > 1), sum(amount) OVER w, percentile_cont(0.5) WITHIN GROUP (ORDER BY amount), "
           "grouping(region) "
           "FROM public.sales AS s WHERE day BETWEEN DATE '2024-01-01' AND $1 AND note ILIKE 'a%' AND is_new IS NOT TRUE GROUP BY ROLLUP "
           "(region) "
           "HAVING count(*) > 1 WINDOW w AS (PARTITION BY region ORDER BY day RANGE BETWEEN INTERVAL '1 day' PRECEDING AND CURRENT ROW) "
           "ORDER BY 1 DESC NULLS LAST FETCH FIRST 3 ROWS ONLY",
           "SELECT extract(year FROM sold_at), sold_at AT TIME ZONE 'Europe/Berlin', date_trunc('week', day), overlay('abc' PLACING 'x' "
           "FROM 2), "
           "substring('abc' FROM 2 FOR 1), position('a' IN 'b'), trim(BOTH 'x' FROM 'xax'), coalesce(note, ''), nullif(1, 2), greatest(1, "
           "2) FROM sales",
           "SELECT a.x, b.* FROM unnest(ARRAY[1,2]) WITH ORDINALITY AS a(x, n), LATERAL (SELECT a.x * 2 AS y) AS b",
           "SELECT * FROM sales TABLESAMPLE BERNOULLI (10) REPEATABLE (1)",
           "SELECT * FROM json_to_recordset('[]') AS t(a int, b text)",
           "SELECT CAST('{1,2}' AS int[]), (ARRAY[1,2,3])[1:2], ROW(1, 'a'), '{\"a\":1}'::jsonb -> 'a' ->> 'b', 1 = ANY (ARRAY[1]), 'a' "
           "COLLATE \"C\"",
           "SELECT current_date, current_timestamp, localtimestamp, now()",
           "SELECT E'it\\'s', $$a;b$$, U&'\\0041', B'1', X'ff'",
       })
    EXPECT_EQ(verdict(sql), "") << sql;
}

TEST(PostgresGuard, PointsAtTheFirstThingThatOffends) {
  EXPECT_EQ(verdict("SELECT 1,\n  pg_sleep(1),\n  pg_read_file('x')"), "sql_not_allowed 2:3 pg_sleep");
  EXPECT_EQ(verdict("SELECT 'ü' AS a, pg_sleep(1)"), "sql_not_allowed 1:19 pg_sleep");
  EXPECT_EQ(verdict("SELECT 1;\n /* x */ DELETE FROM t"), "sql_not_allowed 2:10 DELETE");
  EXPECT_EQ(verdict("SELECT a\nFROM t\nWHERE\n"), "sql_invalid 4:1 ");
  EXPECT_TRUE(verdict("SELECT 'ü' FORM t x y").starts_with("sql_invalid 1:18 ")) << verdict("SELECT 'ü' FORM t x y");
  EXPECT_EQ(verdict(""), "sql_invalid 0:0 ");
  EXPECT_EQ(verdict(" -- nothing"), "sql_invalid 0:0 ");
  EXPECT_EQ(verdict(std::string_view("SELECT 1\0", 9)).substr(0, 12), "sql_invalid ");
  EXPECT_EQ(verdict("SELECT '\xff'").substr(0, 12), "sql_invalid ");
}

TEST(PostgresGuard, TellsTablesFromWithEntriesByWhereTheyAreSeen) {
  const auto tables = [](std::string_view sql) {
    std::string out;
    const auto checked = check_statement(sql);
    EXPECT_TRUE(checked) << sql;
    for (const TableReference& table : checked ? checked->tables : std::vector<TableReference>{})
      out += str(table.schema, ".", table.name, " ");
    return out;
  };
  EXPECT_EQ(tables("WITH a AS (SELECT 1) SELECT * FROM a"), "");
  EXPECT_EQ(tables("WITH a AS (SELECT 1) SELECT * FROM public.a"), "public.a ");
  EXPECT_EQ(tables("SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) AS x, a"), ".a ");
  EXPECT_EQ(tables("WITH a AS (SELECT * FROM a) SELECT * FROM a"), ".a ") << "an entry does not see itself";
  EXPECT_EQ(tables("WITH RECURSIVE a AS (SELECT 1 UNION SELECT * FROM a) SELECT * FROM a"), "");
  EXPECT_EQ(tables("WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a, b"), ".b ");
  EXPECT_EQ(tables("SELECT (SELECT count(*) FROM inner_one) FROM outer_one WHERE x IN (TABLE third)"), ".inner_one .outer_one .third ");
}

TEST(PostgresGuard, KnowsWhenAllColumnsAreRead) {
  const auto reads_all = [](std::string_view sql) { return check_statement(sql)->reads_all_columns; };
  for (const char* sql : {"SELECT * FROM t", "SELECT s FROM t s", "SELECT t FROM t", "SELECT (s).* FROM t s",
                          "SELECT to_jsonb(s) FROM t AS s", "SELECT a FROM t AS s(a)", "SELECT 1 FROM t NATURAL JOIN u", "TABLE t"})
    EXPECT_TRUE(reads_all(sql)) << sql;
  for (const char* sql : {"SELECT a FROM t", "SELECT s.a FROM t s", "SELECT count(*) FROM t", "SELECT 1 FROM t JOIN u USING (id)"})
    EXPECT_FALSE(reads_all(sql)) << sql;
}

// The parser goes as deep as a statement is.
TEST(PostgresGuard, EndsForTheDeepestStatements) {
  const auto repeated = [](std::string_view begin, std::string_view part, std::string_view end, std::string_view tail = "") {
    std::string sql(begin);
    std::string closing;
    while (sql.size() + closing.size() + part.size() + end.size() + tail.size() < sql_bytes_max - 16) {
      sql += part;
      closing += end;
    }
    return sql + std::string(tail) + closing;
  };
  for (const std::string& sql : {repeated("SELECT 1", "+1", ""), repeated("SELECT ", "(", ")", "1"), repeated("SELECT ", "- ", "", "1"),
                                 repeated("SELECT ", "NOT ", "", "true"), repeated("SELECT 1", "::a", ""),
                                 repeated("SELECT ", "ARRAY[", "]", "1"), repeated("SELECT ", "(SELECT ", ")", "1"),
                                 repeated("SELECT 1", " UNION SELECT 1", ""), repeated("SELECT * FROM t", " JOIN t ON a", ""),
                                 repeated("SELECT ", "CASE WHEN ", " THEN 1 END", "a"), repeated("SELECT a", "[1]", ""),
                                 repeated("SELECT 1", " IS NULL", ""), repeated("SELECT f", "(f", ")"), repeated("SELECT 1", "||1", "")}) {
    const std::string said = verdict(sql);
    EXPECT_TRUE(said.starts_with("sql_") || said.empty()) << sql.substr(0, 40);
  }
  EXPECT_EQ(verdict(repeated("SELECT 1 WHERE a IN (1", ",1", "") + ")"), "") << "long is not deep";
  EXPECT_EQ(verdict(repeated("SELECT a", " OR a", "")).substr(0, 4), "") << "nor is a chain of OR";
  EXPECT_TRUE(verdict(std::string(sql_bytes_max + 1, ' ')).starts_with("sql_not_allowed"));
}

TEST(PostgresGuard, ListsNoFunctionThatTheServerCallsVolatileButThoseOfTime) {
  std::vector<std::string> quoted;
  for (const std::string& name : allowed_function_names()) quoted.push_back(str("'", name, "'"));
  EXPECT_TRUE(std::ranges::is_sorted(allowed_function_names()));
  EXPECT_EQ(shared_server().ask(
                str("SELECT DISTINCT proname FROM pg_proc WHERE provolatile = 'v' AND pronamespace = 'pg_catalog'::regnamespace AND "
                    "proname IN (",
                    join(quoted, ","), ") ORDER BY 1")),
            "clock_timestamp\ngen_random_uuid\nrandom\ntimeofday\n");
}

// ---- the walls behind it -------------------------------------------------------------------------------------------

std::string run_unguarded(Session& session, const std::string& sql) {
  const auto prepared = session.prepare({}, sql, {}, {});
  if (!prepared) return describe_error(prepared.error());
  const auto transaction = Session::Transaction::begin({}, session);
  if (!transaction) return describe_error(transaction.error());
  const auto done = session.run(
      {}, {}, ValueFormat::text, [](const RowView&) -> Result<bool> { return true; }, sql);
  return done ? "" : describe_error(done.error());
}

TEST(PostgresWithoutItsGuard, IsHeldByTheTransactionAndTheRole) {
  shared_server().run("CREATE SEQUENCE counter; CREATE TABLE kept (a int); INSERT INTO kept VALUES (1)");
  auto settings = check_settings(shared_server().credentials());
  ASSERT_TRUE(settings);
  settings->networks = *AllowedNetworks::parse("127.0.0.1");
  auto session = Session::connect({}, *settings);
  ASSERT_TRUE(session) << describe_error(session.error());
  for (const char* sql : {"INSERT INTO kept VALUES (2)", "WITH w AS (DELETE FROM kept RETURNING a) SELECT a FROM w",
                          "SELECT nextval('counter')", "SELECT pg_read_file('/etc/passwd')", "SELECT lo_import('/etc/hostname')",
                          "SELECT pg_ls_dir('/')", "SELECT a FROM kept FOR UPDATE", "CREATE TEMP TABLE t (a int)", "SELECT 1; SELECT 2",
                          "COMMIT; DELETE FROM kept", "COPY kept TO PROGRAM 'id'", "SELECT * INTO other FROM kept"})
    EXPECT_NE(run_unguarded(**session, sql), "") << sql;
  // What a transaction's own statements would undo.
  EXPECT_TRUE(run_unguarded(**session, "SET TRANSACTION READ WRITE").contains("before any query"));
  EXPECT_EQ(shared_server().ask("SELECT count(*) FROM kept"), "1\n");
}

TEST(PostgresWithoutItsGuard, LeavesNothingToTheNextOneWhoTakesTheConnection) {
  auto settings = check_settings(shared_server().credentials());
  ASSERT_TRUE(settings);
  settings->networks = *AllowedNetworks::parse("127.0.0.1");
  auto session = Session::connect({}, *settings);
  ASSERT_TRUE(session);
  const auto shown = [&] {
    const auto rows = (*session)->query({},
                                        "SELECT current_setting('statement_timeout'), current_setting('app.team_id', true), "
                                        "current_setting('search_path'), current_setting('TimeZone'), pg_try_advisory_lock_shared(7)");
    EXPECT_TRUE(rows) << describe_error(rows.error());
    std::string out;
    for (const auto& cell : rows ? rows->front() : TextRow{}) out += cell.value_or("null") + "|";
    return out;
  };
  const std::string clean = shown();
  for (const char* sql : {"SELECT set_config('statement_timeout', '0', false)", "SELECT set_config('app.team_id', '2', false)",
                          "SELECT set_config('search_path', 'elsewhere', false)", "SELECT set_config('TimeZone', 'Asia/Tokyo', false)",
                          "SELECT pg_advisory_lock(7)"})
    ASSERT_TRUE((*session)->query({}, sql)) << sql;
  ASSERT_NE(shown(), clean);
  ASSERT_TRUE((*session)->make_clean({}));
  EXPECT_EQ(replace_all(shown(), "|null|", "||"), replace_all(clean, "|null|", "||"));
}

// The guard alone, where the role's rights stand wide open.
TEST(PostgresGuard, StandsWhereTheRoleMayDoEverything) {
  auto credentials = shared_server().credentials("postgres", "postgres");
  credentials["password"] = Secret("super");
  const auto opened = driver_of_this_machine()->open({}, credentials);
  ASSERT_TRUE(opened) << describe_error(opened.error());
  for (const char* sql : {"SELECT pg_read_file('/etc/passwd') AS x", "COPY sales TO PROGRAM 'id'", "SELECT * FROM pg_authid",
                          "SELECT * FROM pg_catalog.pg_class", "SELECT rolname FROM pg_roles", "SELECT * FROM pg_stat_activity",
                          "SELECT * FROM information_schema.columns", "DELETE FROM sales", "SELECT lo_import('/etc/hostname') AS x"}) {
    for (const bool is_dry : {true, false}) {
      const auto planned = is_dry ? (*opened)->dry_run({}, {.sql = sql}) : Result<DryRun>();
      const auto run = is_dry ? Result<QueryResult>() : (*opened)->execute({}, {.sql = sql}, {});
      ASSERT_FALSE(is_dry ? planned.has_value() : run.has_value()) << sql;
      const Error& refused = is_dry ? planned.error() : run.error();
      EXPECT_EQ(refused.reason, "sql_not_allowed") << sql << ": " << refused.message;
    }
  }
}

TEST(PostgresGuard, RefusesAFunctionOfTheDatabaseThatIsNamedAsAnAllowedOne) {
  shared_server().run("CREATE DATABASE shadowed");
  shared_server().run("CREATE FUNCTION lower(integer) RETURNS text LANGUAGE sql AS 'SELECT ''own'''; CREATE TABLE t (a int)", "shadowed");
  const auto opened = driver_of_this_machine()->open({}, shared_server().credentials("shadowed"));
  ASSERT_TRUE(opened) << describe_error(opened.error());
  EXPECT_FALSE((*opened)->execute({}, {.sql = "SELECT lower(1) AS x FROM t"}, {}));
  EXPECT_TRUE((*opened)->execute({}, {.sql = "SELECT upper('a') AS x FROM t"}, {}));
}

}  // namespace
}  // namespace bridge::postgres
