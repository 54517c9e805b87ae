#include "features/dashboard_validation/validation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>
#include <sstream>

#include <valijson/adapters/boost_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "base/testing/patience.h"
#include "base/text.h"
#include "features/dashboard_documents/document_json.h"
#include "features/dashboard_documents/limits.h"
#include "features/dashboard_documents/schema.h"
#include "features/dashboard_validation/violations_format.h"
#include "warehouse/dialect_list.h"

namespace bridge {
namespace {

namespace fs = std::filesystem;

const fs::path kCases = "src/features/dashboard_documents/testdata";
constexpr std::string_view kMarker = "#= ";  // begins a line that says what is expected

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<fs::path> case_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(kCases)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

// The document, and the lines of what is expected below it.
std::pair<std::string, std::string> split_case(const std::string& text) {
  std::size_t at = text.starts_with(kMarker) ? 0 : text.find("\n" + std::string(kMarker));
  if (at == std::string::npos) return {text, ""};
  if (at > 0) ++at;
  return {text.substr(0, at), text.substr(at)};
}

std::string expected_lines(const Validation& validation) {
  std::string out;
  const auto add = [&](std::string_view level, const std::vector<Violation>& list) {
    for (const Violation& v : list) {
      out += str(kMarker, level, " ", v.line, ":", v.column, " ", v.code, " at ", v.path.empty() ? "-" : v.path, ": ", v.message);
      if (!v.suggestion.empty()) out += str(" -> ", v.suggestion);
      out += "\n";
    }
  };
  add("error", validation.report.errors);
  add("warning", validation.report.warnings);
  return out.empty() ? std::string(kMarker) + "valid\n" : out;
}

std::string example() { return split_case(read_file(kCases / "specification_example.yaml")).first; }
std::string plain() { return split_case(read_file(kCases / "plain.yaml")).first; }

// Of this thread's own work, so that a busy machine does not count.
double milliseconds_of(const std::function<void()>& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
  };
  const double start = now();
  work();
  return now() - start;
}

bool agrees_with_the_schema(const json::value& document) {
  static const json::value schema_json = json::parse(dashboard_schema_text());
  static const valijson::Schema& schema = *[] {
    auto* parsed = new valijson::Schema;
    valijson::SchemaParser().populateSchema(valijson::adapters::BoostJsonAdapter(schema_json), *parsed);
    return parsed;
  }();
  valijson::Validator validator;
  return validator.validate(schema, valijson::adapters::BoostJsonAdapter(document), nullptr);
}

TEST(Validation, GivesTheExpectedRecordsForEveryCase) {
  const bool update = std::getenv("UPDATE") != nullptr;
  const std::string_view ci = std::getenv("CI") ? std::getenv("CI") : "";
  ASSERT_FALSE(update && !ci.empty() && ci != "0" && ci != "false") << "UPDATE is refused where CI is set";
  for (const fs::path& file : case_files()) {
    const auto [document, expected] = split_case(read_file(file));
    const std::string got = expected_lines(validate_document(document));
    if (update) std::ofstream(file, std::ios::binary) << document << got;
    else EXPECT_EQ(got, expected) << file;
  }
}

TEST(Validation, TheExampleOfTheSpecificationIsValidAndComplete) {
  const Validation validation = validate_document(example());
  ASSERT_TRUE(validation.report.valid) << describe_error(validation_error(validation.report));
  const DashboardDocument& document = *validation.document;
  EXPECT_EQ(document.slug.text, "carrier-delays");
  EXPECT_EQ(document.policy.bytes_max, 50'000'000u);
  EXPECT_EQ(document.params.size(), 2u);
  EXPECT_EQ(document.queries.size(), 3u);
  EXPECT_EQ(document.find_chart("ranked")->on_click.front().parameter.text, "carrier");
  EXPECT_EQ(document.meta.version, 3);
  const json::object out = make_document_json(document, "carrier-delays");
  EXPECT_EQ(out.at("layout").at(0).at("items").at(1).at("w").as_int64(), 9);
  EXPECT_EQ(out.at("charts").at("total").at("compare_query").as_string(), "flights_by_day@previous_period");
  EXPECT_EQ(out.at("queries").at("flights_by_day").at("columns").at("delay").at("unit").as_string(), "min");
}

TEST(Validation, AgreesWithACompleteSchemaValidatorOnEveryCaseAndItsMutations) {
  std::mt19937 random(7);
  int compared = 0, invalid = 0;
  const auto compare = [&](const std::string& text, const std::string& name) {
    const auto tree = parse_yaml(text);
    if (!tree) return;
    const bool ours = check_against_schema(*tree, dashboard_schema()).empty();
    EXPECT_EQ(ours, agrees_with_the_schema(json_of(*tree))) << name << "\n" << text;
    ++compared;
    invalid += ours ? 0 : 1;
  };
  const std::vector<std::string> words{"1",   "-1",     "true",   "null",   "[]",  "{}", "text", "\"\"",
                                       "1.5", "[a, b]", "{a: b}", "999999", "kpi", "2d", "$x",   "x-y"};
  for (const fs::path& file : case_files()) {
    const std::string text = split_case(read_file(file)).first;
    compare(text, file);
    for (int i = 0; i < 40; ++i) {
      // A value or a key is replaced by something else.
      std::string mutated = text;
      const std::size_t colon = mutated.find(i % 3 == 2 ? '\n' : ':', random() % mutated.size());
      if (colon == std::string::npos) continue;
      const std::size_t end = std::min(mutated.find_first_of(",}\n", colon + 1), mutated.size());
      mutated.replace(colon + 1, end - colon - 1, " " + words[random() % words.size()]);
      compare(mutated, file);
    }
  }
  EXPECT_GT(compared, 300);
  EXPECT_GT(invalid, 100);
}

TEST(Validation, RefusesBombsQuicklyAndWithAPlace) {
  std::string laughs = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'j'; ++c) {
    laughs += str(std::string(1, c), ": &", std::string(1, c), " [");
    for (int i = 0; i < 9; ++i) laughs += str("*", std::string(1, static_cast<char>(c - 1)), ",");
    laughs += "]\n";
  }
  std::string anchors = "[";
  for (int i = 0; i < 20'000; ++i) anchors += str("&a", i, " x,");
  std::string block;
  for (int i = 0; i < 500; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  const auto many = [](std::string_view part, std::size_t count) {
    std::string out;
    while (out.size() < count) out += part;
    return out;
  };
  const std::map<std::string, std::string> bombs = {{"laughs", laughs},
                                                    {"anchors", anchors + "]"},
                                                    {"flow", many("[", 10'000)},
                                                    {"flow maps", many("{a: ", 100'000)},
                                                    {"braces", many("{", 200'000)},
                                                    {"block", block},
                                                    {"dashes", many("- ", 200'000)},
                                                    {"questions", many("? ", 200'000)},
                                                    {"colons", many(": ", 200'000)},
                                                    {"items", "[" + many("a,", 200'000) + "]"},
                                                    {"keys", "{" + many("a: 1,", 200'000) + "}"},
                                                    {"too large", "a: " + many("x", 10'000'000)},
                                                    {"long scalar", "a: " + many("x", 250'000)},
                                                    {"quotes", "a: \"" + many("\\n\n", 200'000)},
                                                    {"comments", many("#\n", 200'000)},
                                                    {"mark",
                                                     "\xEF\xBB\xBF"
                                                     "bridge: 1"},
                                                    {"utf-16", std::string("b\0r\0", 4)},
                                                    {"nul", std::string("a: \0b", 5)},
                                                    {"escaped nul", "a: \"\\0\""},
                                                    {"latin-1", "a: \xE9t\xE9"},
                                                    {"nothing", ""}};
  for (const auto& [name, text] : bombs) {
    Validation validation;
    const double ms = milliseconds_of([&] { validation = validate_document(text); });
    EXPECT_LT(ms, 100 * kPatience) << name;
    ASSERT_FALSE(validation.report.valid) << name;
    EXPECT_LE(validation.report.errors.size(), document_limits::kViolationsMax) << name;
    EXPECT_GT(validation.report.errors.front().line, 0) << name;
    EXPECT_TRUE(is_valid_utf8(validation.report.errors.front().message)) << name;
  }
}

TEST(Validation, TakesALargeDocumentInItsStride) {
  std::string text = "bridge: 1\ntitle: Large\nconnection: c\nparams:\n  p: {type: date_range}\nqueries:\n";
  const std::string columns = [] {
    std::string out;
    for (int i = 0; i < 250; ++i) out += str("column_", i, ", ");
    return out;
  }();
  for (int i = 0; i < 64; ++i) {
    text += str("  q", i, ":\n");
    if (i > 0) text += str("    from: [q", i - 1, i > 1 ? ", q0" : "", "]\n");
    text += str("    sql: |\n      SELECT ", columns, "n FROM t WHERE filter(:p, d)\n");
  }
  text += "charts:\n";
  for (int i = 0; i < 128; ++i) text += str("  c", i, ": {query: q", 63 - i % 64, ", mark: kpi, y: n, compare: previous_period}\n");
  Validation validation;
  EXPECT_LT(milliseconds_of([&] { validation = validate_document(text); }),
            15'000);  // a bound on its growth: sanitizers on a busy machine take seconds
  EXPECT_TRUE(validation.report.valid) << describe_error(validation_error(validation.report));
  const auto plan = compile_dashboard(*validation.document);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->stage_count, 64);
  EXPECT_EQ(plan->queries.size(), 128u);
}

TEST(Validation, SurvivesEveryCutAndManyMutationsOfADocument) {
  const std::string text = example();
  for (std::size_t i = 0; i < text.size(); i += 7) validate_document(text.substr(0, i));
  std::mt19937 random(42);
  const std::string_view noise = "{}[]:,&*!|>'\"%@`#?-\n \t\\$().;xé0";
  for (int i = 0; i < 1'500; ++i) {
    std::string mutated = text;
    for (int k = 0; k < 4; ++k) mutated[random() % mutated.size()] = noise[random() % noise.size()];
    const Validation validation = validate_document(mutated);
    EXPECT_EQ(validation.report.valid, validation.report.errors.empty());
    for (const Violation& violation : validation.report.errors) EXPECT_GT(violation.line, 0) << violation.path << ": " << violation.message;
  }
}

TEST(Validation, ShowsWhichConnectionsThereAreAndHoldsTheSlug) {
  const Validation validation = validate_document(plain(), {.connections = std::vector<std::string>{"flight", "sales"}, .slug = "other"});
  ASSERT_EQ(validation.report.errors.size(), 2u);
  EXPECT_EQ(validation.report.errors[0].code, "slug_mismatch");
  EXPECT_EQ(validation.report.errors[1].code, "unknown_connection");
  EXPECT_EQ(validation.report.errors[1].suggestion, "flight");
}

// A warehouse that knows what it would answer, and nothing else.
class KnownWarehouse final : public Warehouse, public LocalQueryEngine {
 public:
  std::uint64_t bytes = 1'000;
  std::optional<Error> error;
  std::vector<std::string> seen;

  const SqlDialect& dialect() const override { return *find_sql_dialect("duckdb"); }
  bool is_reading_free() const override { return true; }
  Result<> ping(const CallContext&) override { return {}; }
  Result<std::vector<DatasetInfo>> list_datasets(const CallContext&) override { return std::vector<DatasetInfo>{}; }
  Result<std::vector<TableName>> list_tables(const CallContext&, std::string_view) override { return std::vector<TableName>{}; }
  Result<std::vector<TableInfo>> describe_tables(const CallContext&, std::string_view, std::span<const std::string>) override {
    return std::vector<TableInfo>{};
  }
  Result<std::vector<ColumnStatistics>> column_statistics(const CallContext&, std::string_view, std::string_view,
                                                          const StatisticsBudget&) override {
    return std::vector<ColumnStatistics>{};
  }
  Result<SqlReads> check_sql(const CallContext&, std::string_view) override { return SqlReads{}; }
  Result<DryRun> dry_run(const CallContext&, const BoundQuery& query) override {
    seen.push_back(query.sql);
    if (error) return fail(*error);
    if (query.sql.find("DISTINCT") != std::string::npos) return DryRun{.bytes_scanned = bytes, .columns = {{"name", ColumnType::text}}};
    return DryRun{.bytes_scanned = bytes,
                  .columns = {{"day", ColumnType::timestamp},
                              {"carrier", ColumnType::text},
                              {"flights", ColumnType::integer},
                              {"delay", ColumnType::number}}};
  }
  Result<Streamed> stream(const CallContext&, const BoundQuery&, const ExecuteLimits&, BatchSink&) override { return Streamed{}; }
  Result<QueryResult> execute(const CallContext&, const BoundQuery& query, const std::map<std::string, const QueryResult*>& tables,
                              const ExecuteLimits&) override {
    seen.push_back(query.sql);
    QueryResult result;
    for (const ResultColumn& column : tables.begin()->second->columns) {
      if (column.name == "delay") result.columns.push_back(column);
    }
    result.columns.push_back({.name = "week", .type = ColumnType::timestamp});
    return result;
  }
};

Validation dry_run(KnownWarehouse& warehouse, std::string text, QueryLimits limits = {}) {
  Validation validation = validate_document(text);
  EXPECT_TRUE(validation.report.valid) << describe_error(validation_error(validation.report));
  const auto done = validate_by_dry_run(
      {}, {.warehouse = warehouse, .local = warehouse, .limits = limits, .today = *parse_day("2001-04-01")}, validation);
  EXPECT_TRUE(done);
  return validation;
}

TEST(DryRunValidation, AcceptsTheExampleAndSumsItsBytes) {
  KnownWarehouse warehouse;
  const Validation validation = dry_run(warehouse, example());
  EXPECT_TRUE(validation.report.valid) << describe_error(validation_error(validation.report));
  EXPECT_EQ(validation.bytes_scanned, 2'000u);
  EXPECT_EQ(validation.columns.at("worst_week").size(), 2u);
  EXPECT_NE(warehouse.seen.front().find("((f.departure) >= $1 AND (f.departure) < $2) AND TRUE"), std::string::npos)
      << warehouse.seen.front();
}

TEST(DryRunValidation, NamesTheColumnThatAChartAsksForInVain) {
  KnownWarehouse warehouse;
  const Validation validation = dry_run(warehouse, replace_all(example(), "y: delay, color", "y: dealy, color"));
  ASSERT_EQ(validation.report.errors.size(), 1u);
  const Violation& violation = validation.report.errors.front();
  EXPECT_EQ(violation.path, "charts.trend.y");
  EXPECT_EQ(violation.code, "unknown_column");
  EXPECT_EQ(violation.message, "flights_by_day has no column 'dealy'");
  EXPECT_EQ(violation.got, "dealy");
  EXPECT_EQ(violation.suggestion, "delay");
  EXPECT_EQ(violation.allowed.size(), 4u);
  const auto lines = split(example(), '\n');
  EXPECT_EQ(lines[static_cast<std::size_t>(violation.line) - 1].substr(static_cast<std::size_t>(violation.column) - 1, 5), "delay");
}

TEST(DryRunValidation, RefusesWhatIsAtTheCapWithTheWayOut) {
  KnownWarehouse warehouse;
  warehouse.bytes = 50'000'000;  // the document's own cap
  const Validation validation = dry_run(warehouse, example());
  ASSERT_EQ(validation.report.errors.size(), 2u);
  EXPECT_EQ(validation.report.errors.front().code, "byte_cap_exceeded");
  EXPECT_NE(validation.report.errors.front().message.find("would scan 50 MB, and the cap is 50 MB"), std::string::npos);
}

TEST(DryRunValidation, PutsTheEnginesPlaceIntoTheDocument) {
  KnownWarehouse warehouse;
  warehouse.error = Error{.code = ErrorCode::invalid_argument, .message = "no column 'departur'", .reason = "sql_invalid"};
  // Line 3 of the bound SQL, in the text behind a filter that grew.
  warehouse.error->violations = {{.line = 3, .column = 71, .code = "sql_invalid", .message = "no column"}};
  const Validation validation = dry_run(warehouse, plain());
  const Violation& violation = validation.report.errors.front();
  EXPECT_EQ(violation.path, "queries.by_day.sql");
  EXPECT_EQ(violation.line, 13);
  EXPECT_GT(violation.column, 7);
  EXPECT_LT(violation.column, 71);
}

TEST(DryRunValidation, DoesNotBlameTheDocumentForABrokenWarehouse) {
  KnownWarehouse warehouse;
  warehouse.error = Error{.code = ErrorCode::unavailable, .message = "down"};
  Validation validation = validate_document(plain());
  const auto done = validate_by_dry_run({}, {.warehouse = warehouse, .local = warehouse, .limits = {}, .today = Day{}}, validation);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::unavailable);
}

TEST(ViolationsFormat, WritesLinesForPeopleAndSarifForMachines) {
  const std::vector<FileReport> files{{"a.yaml", validate_document(replace_all(plain(), "mark: line", "mark: lien")).report}};
  const std::string text = format_violations_text(files);
  EXPECT_NE(text.find("a.yaml:19:32: error: charts.trend.mark: 'lien' is not one of"), std::string::npos) << text;
  EXPECT_NE(text.find("1 file: 1 error, 0 warnings"), std::string::npos);
  const json::object sarif = format_violations_sarif(files, "0.1.0");
  EXPECT_EQ(sarif.at("runs").at(0).at("results").at(0).at("locations").at(0).at("physicalLocation").at("region").at("startLine").as_int64(),
            19);
  EXPECT_EQ(sarif.at("runs").at(0).at("results").at(0).at("ruleId").as_string(), "unknown_value");
}

}  // namespace
}  // namespace bridge
