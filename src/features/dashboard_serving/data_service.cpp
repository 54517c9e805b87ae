#include "features/dashboard_serving/data_service.h"

#include "base/bad_field.h"
#include "base/guarded.h"
#include "base/text.h"
#include "features/dashboard_compiler/newest_day.h"
#include "features/query_execution/limits.h"

namespace bridge {
namespace {

constexpr std::size_t kShapedRowsMax = 50'000;
constexpr std::size_t kExportRowsMax = 1'000'000'000;
constexpr std::size_t kExportBytesMax = std::size_t{16} << 30;
constexpr int kExportsPerConnectionMax = 3;  // fewer than an engine has sessions
// How long the newest day of a warehouse that cannot say whether it changed is taken for that.
constexpr std::chrono::minutes kNewestDayTimeToLive{15};
constexpr std::size_t kSharedPieceBytesMin = 64 << 10;  // below it copying costs less than sending in pieces

// The queries of one view while they run, by id.
struct Run {
  const BoundPlan& plan;
  const DataConnection& connection;
  std::string slug;
  int version = 0;
  bool fresh = false;
  std::optional<std::string> data_version;
  std::shared_ptr<AnswerView> view;
  std::vector<std::optional<Result<QueryAnswer>>> answers;  // as plan.queries

  const Result<QueryAnswer>* find(std::string_view id) const {
    for (std::size_t i = 0; i < plan.queries.size(); ++i) {
      if (plan.queries[i].id == id) return answers[i] ? &*answers[i] : nullptr;
    }
    return nullptr;
  }
};

QueryRequest request_of(const Run& run, const BoundPlanQuery& query) {
  return {.slug = run.slug,
          .version = run.version,
          .query_id = query.id,
          .connection_key = run.connection.key,
          .query = query.bound.query,
          .bytes_max = query.limits.bytes_max,
          .timeout = std::chrono::milliseconds(query.limits.timeout_ms),
          .rows_max = std::min(query.limits.rows_max, query_limits::kRowsMax),
          .time_to_live = std::chrono::milliseconds(query.ttl_ms),
          .max_stale = std::chrono::milliseconds(query.max_stale_ms),
          .fresh = run.fresh,
          .data_version = run.data_version,
          .view = run.view};
}

// A warehouse that cannot be read tells where it lies, which is no viewer's business.
Result<QueryAnswer> told_to(const Caller& caller, Result<QueryAnswer> answer) {
  if (answer || caller.is_operator || caller.role >= Role::editor || !answer.error().reason.starts_with("path_")) return answer;
  answer.error().message = "The data cannot be read now: an editor or admin of the team sees why";
  return answer;
}

// " ORDER BY …" of a shape's `sort`.
Result<std::string> order_by(const SqlDialect& dialect, const std::string& sort, const std::vector<ColumnName>& columns) {
  const bool down = sort.starts_with('-');
  const std::string column = sort.substr(down ? 1 : 0);
  std::vector<std::string> names;
  for (const ColumnName& each : columns) names.push_back(each.name);
  if (std::ranges::find(names, column) == names.end()) {
    return bad_field({.path = "sort",
                      .code = "unknown_column",
                      .message = "is no column of this query",
                      .got = column.substr(0, 100),
                      .allowed = names,
                      .suggestion = nearest_name(column, names).value_or("")},
                     {.message = str("There is no column '", column.substr(0, 100), "' to sort by")});
  }
  return str(" ORDER BY ", dialect.sort_key(dialect.quote_identifier(column), down ? SortDirection::descending : SortDirection::ascending));
}

Error too_large_to_export(std::size_t row_count) {
  return {.code = ErrorCode::resource_exhausted,
          .message = str("The answer is larger than an export may be: it was stopped after ", format_count(row_count),
                         " rows. Filter or group it, or ask with a limit"),
          .reason = "export_too_large"};
}

// How many exports run at once, by connection: each holds a session of its engine as long as its client reads.
class ExportPlaces final {
 public:
  // Given back when the last copy goes.
  Result<std::shared_ptr<void>> take(const std::string& connection) {
    const std::lock_guard lock(counts_->mutex);
    int& count = counts_->by_connection[connection];
    if (count >= kExportsPerConnectionMax) {
      return fail(Error{.code = ErrorCode::resource_exhausted,
                        .message = str("As many exports of this connection run as may at once (", kExportsPerConnectionMax,
                                       "): try again when one of them is done"),
                        .reason = "exports_busy",
                        .retry_after = std::chrono::seconds(5)});
    }
    ++count;
    return std::shared_ptr<void>(nullptr, [counts = counts_, connection](void*) {
      const std::lock_guard lock(counts->mutex);
      if (--counts->by_connection[connection] == 0) counts->by_connection.erase(connection);
    });
  }

 private:
  struct Counts {
    std::mutex mutex;
    std::map<std::string, int> by_connection;
  };
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

class BoundDataService final : public DashboardDataService {
 public:
  explicit BoundDataService(DataServiceParts parts) : parts_(parts) {}

  Result<std::vector<QueryOutcome>> run(const CallContext& context, const DataRequest& request) override {
    const auto plan = TRY(parts_.plans.get_plan(context, request.slug));
    return run_plan(context, *plan, request);
  }

  Result<std::vector<QueryOutcome>> run_plan(const CallContext& context, const Plan& plan, const DataRequest& request) override {
    if (!request.only.empty() && !plan.find(request.only.front())) {
      return fail(ErrorCode::not_found, str("The dashboard has no query '", request.only.front().substr(0, 100), "'"));
    }
    const DataConnection connection = TRY(parts_.connections.find_connection(context, plan.connection));
    if (plan.dialect != connection.dialect) return run_on(context, TRY(in_dialect(plan, *connection.dialect)), connection, request);
    return run_on(context, plan, connection, request);
  }

  Result<QueryExport> open_export(const CallContext& context, const DataRequest& request, const AnswerShape& shape) override {
    const auto kept = TRY(parts_.plans.get_plan(context, request.slug));
    const PlannedQuery* planned = request.only.size() == 1 ? kept->find(request.only.front()) : nullptr;
    if (!planned) return fail(ErrorCode::not_found, "The dashboard has no such query");
    if (planned->local) return export_of_answers(context, *kept, request, shape);
    const DataConnection connection = TRY(parts_.connections.find_connection(context, kept->connection));
    const Plan plan = TRY(in_dialect(*kept, *connection.dialect));
    std::shared_ptr<void> place = TRY(exports_.take(connection.key));
    const std::optional<std::string> data_version = connection.data_version ? connection.data_version(context) : std::nullopt;
    const Newest newest = TRY(find_newest_days(context, plan, connection, request, data_version));
    const BoundPlan bound = TRY(bind(plan, connection, request, newest.days));
    const BoundPlanQuery& query = *bound.find(request.only.front());
    if (const Error* unknown = newest.failure_of(query)) return fail(*unknown);
    const auto warehouse = TRY(connection.open(context));
    BoundQuery whole = query.bound.query;
    DryRun dry_run = TRY(warehouse->dry_run(context, whole));
    TRY(check_byte_cap(dry_run.bytes_scanned, query.limits.bytes_max));
    if (!shape.sort.empty())
      whole.sql = str("SELECT * FROM (\n", whole.sql, "\n) AS answer", TRY(order_by(*connection.dialect, shape.sort, dry_run.columns)));
    const ExecuteLimits limits{
        .rows_max = shape.limit.value_or(kExportRowsMax), .result_bytes_max = kExportBytesMax, .scanned_bytes_max = query.limits.bytes_max};
    const std::chrono::milliseconds timeout(query.limits.timeout_ms);
    return QueryExport{.bytes_scanned = dry_run.bytes_scanned,
                       .cost_usd = dry_run.estimated_cost_usd,
                       .executed_at = parts_.clock.now(),
                       .version = plan.version,
                       .stream = [warehouse, whole = std::move(whole), limits, timeout, asked = shape.limit, place](
                                     const CallContext& inner, BatchSink& sink) -> Result<Streamed> {
                         const Streamed streamed = TRY(warehouse->stream(inner.with_timeout(timeout), whole, limits, sink));
                         if (streamed.truncated && !asked) return fail(too_large_to_export(streamed.row_count));
                         return streamed;
                       }};
  }

  Result<QueryResult> shape(const CallContext& context, const QueryAnswer& answer, const AnswerShape& shape) override {
    QueryResult result = TRY(decode_rows(*answer.data));
    result.truncated = answer.truncated;
    if (shape.sort.empty() && !shape.limit) return result;
    const SqlDialect& dialect = parts_.local.dialect();
    BoundQuery query{.sql = "SELECT * FROM answer"};
    if (!shape.sort.empty()) query.sql += TRY(order_by(dialect, shape.sort, columns_of(result)));
    if (shape.limit) query.sql += str(" ", dialect.limit(*shape.limit));
    return parts_.local.execute(context, query, {{"answer", &result}}, {.rows_max = kShapedRowsMax});
  }

  Result<PrecomputeReport> precompute(const CallContext& context, std::string_view slug) override {
    const auto outcomes = TRY(run(context, {.slug = std::string(slug), .parameters = {}, .only = {}}));
    PrecomputeReport report;
    for (const QueryOutcome& outcome : outcomes) {
      if (!outcome.answer) {
        report.errors.push_back(
            {.query_id = outcome.id, .code = std::string(reason_of(outcome.answer.error())), .detail = outcome.answer.error().message});
      } else if (outcome.answer->cache == CacheState::miss) {
        ++report.queries_executed;
      } else {
        ++report.cache_hits;
      }
    }
    return report;
  }

  Result<ExplainedPlan> explain(const CallContext& context, const DataRequest& request) override {
    const auto kept = TRY(parts_.plans.get_plan(context, request.slug));
    const DataConnection connection = TRY(parts_.connections.find_connection(context, kept->connection));
    const Plan plan = TRY(in_dialect(*kept, *connection.dialect));
    const std::optional<std::string> data_version = connection.data_version ? connection.data_version(context) : std::nullopt;
    const Newest newest = TRY(find_newest_days(context, plan, connection, request, data_version));
    const BoundPlan bound = TRY(bind(plan, connection, request, newest.days));
    ExplainedPlan out{.slug = plan.slug, .version = plan.version, .stages = bound.stage_count, .queries = {}};
    const auto warehouse = TRY(connection.open(context));
    for (const BoundPlanQuery& query : bound.queries) {
      ExplainedQuery line{.id = query.id,
                          .stage = query.stage,
                          .sql = query.bound.query.sql,
                          .bytes_max = static_cast<std::int64_t>(query.limits.bytes_max),
                          .ttl_s = query.ttl_ms / 1000};
      for (const Dependency& dependency : query.dependencies) line.depends_on.push_back(dependency.query_id);
      if (query.local) {
        line.bytes_scanned = 0;
        line.bytes_accuracy = ScanAccuracy::exact;
        line.estimated_cost_usd = 0;
      } else if (const auto estimate = warehouse->dry_run(context, query.bound.query); estimate) {
        line.bytes_scanned = static_cast<std::int64_t>(estimate->bytes_scanned);
        line.bytes_accuracy = estimate->accuracy;
        line.estimated_cost_usd = estimate->estimated_cost_usd;
      } else {
        line.error = estimate.error().message;
      }
      out.queries.push_back(std::move(line));
    }
    return out;
  }

 private:
  // Of a query over other answers: these are whole or an error, and so is what is made of them, within the limit on inputs.
  Result<QueryExport> export_of_answers(const CallContext& context, const Plan& plan, const DataRequest& request,
                                        const AnswerShape& shape) {
    auto outcomes = TRY(run_plan(context, plan, request));
    const Result<QueryAnswer>& answer = outcomes.front().answer;
    if (!answer) return fail(answer.error());
    if (answer->truncated && !shape.limit) return fail(too_large_to_export(answer->row_count));
    auto shaped = std::make_shared<QueryResult>(TRY(this->shape(context, *answer, shape)));
    return QueryExport{.bytes_scanned = answer->bytes_scanned,
                       .cost_usd = answer->cost_usd,
                       .executed_at = answer->executed_at,
                       .version = plan.version,
                       .stream = [shaped](const CallContext&, BatchSink& sink) -> Result<Streamed> {
                         const Streamed streamed{.row_count = shaped->row_count, .truncated = shaped->truncated};
                         TRY(sink.take(*shaped));
                         return streamed;
                       }};
  }

  // The newest days that a request needs, and why one of them is not known.
  struct Newest {
    NewestDays days;
    std::map<std::string, Error> failures;  // by parameter

    const Error* failure_of(const BoundPlanQuery& query) const {
      for (const UsedPeriod& period : query.periods) {
        if (const auto failure = failures.find(period.parameter); failure != failures.end()) return &failure->second;
      }
      return nullptr;
    }
  };

  // Of a plan that was read in the connection's dialect.
  Result<std::vector<QueryOutcome>> run_on(const CallContext& context, const Plan& plan, const DataConnection& connection,
                                           const DataRequest& request) {
    const std::optional<std::string> data_version = connection.data_version ? connection.data_version(context) : std::nullopt;
    const Newest newest = TRY(find_newest_days(context, plan, connection, request, data_version));
    const BoundPlan bound = TRY(bind(plan, connection, request, newest.days));
    Run run{.plan = bound,
            .connection = connection,
            .slug = request.slug,
            .version = plan.version,
            .fresh = request.fresh,
            .data_version = data_version,
            .view = parts_.queries.open_view(),
            .answers = {}};
    run.answers.resize(bound.queries.size());
    for (int stage = 0; stage < bound.stage_count; ++stage) {
      std::vector<std::size_t> members;
      for (std::size_t i = 0; i < bound.queries.size(); ++i) {
        if (bound.queries[i].stage == stage) members.push_back(i);
      }
      TRY(run_all(parts_.workers, connection.key, members.size(), [&](std::size_t i) {
        const BoundPlanQuery& query = bound.queries[members[i]];
        const Error* unknown = newest.failure_of(query);
        // A query that throws fails alone, as one that the engine refuses does.
        run.answers[members[i]] = unknown ? Result<QueryAnswer>(fail(*unknown)) : guarded([&] { return execute(context, run, query); });
      }));
      TRY(context.check());
    }
    std::vector<QueryOutcome> outcomes;
    for (std::size_t i = 0; i < bound.queries.size(); ++i) {
      const std::string& id = bound.queries[i].id;
      const bool wanted = request.only.empty() || std::ranges::find(request.only, id) != request.only.end();
      if (!wanted) continue;
      outcomes.push_back({.id = id,
                          .version = plan.version,
                          .answer = told_to(context.caller, std::move(*run.answers[i])),
                          .periods = bound.queries[i].periods});
    }
    return outcomes;
  }

  // Asked for like any other query: under the cap, and kept.
  Result<Newest> find_newest_days(const CallContext& context, const Plan& plan, const DataConnection& connection,
                                  const DataRequest& request, const std::optional<std::string>& data_version) {
    Newest newest;
    const QueryLimits limits = lower_limits(connection.limits, plan.policy);
    for (const std::string& parameter : parameters_of_data(plan.parameters, plan.view_type, request.parameters)) {
      std::vector<const ScannedSql*> sources;
      std::chrono::milliseconds ttl = kNewestDayTimeToLive;
      std::chrono::milliseconds max_stale{0};
      for (const PlannedQuery& query : plan.queries) {
        if (query.local || std::ranges::find(query.parameters, parameter) == query.parameters.end()) continue;
        sources.push_back(query.sql.get());
        ttl = std::min(ttl, std::chrono::milliseconds(query.ttl_ms));
        max_stale = std::max(max_stale, std::chrono::milliseconds(query.max_stale_ms));
      }
      const auto bound = bind_newest_day(sources, plan.parameters, parameter, *connection.dialect);
      if (!bound) {
        newest.failures.emplace(parameter, bound.error());
        continue;
      }
      for (const BoundQuery& query : *bound) {
        const QueryRequest asked{.slug = request.slug,
                                 .version = plan.version,
                                 .query_id = "newest day of " + parameter,
                                 .connection_key = connection.key,
                                 .query = query,
                                 .bytes_max = limits.bytes_max,
                                 .timeout = std::chrono::milliseconds(limits.timeout_ms),
                                 .rows_max = 1,
                                 .time_to_live = std::min(ttl, parts_.time_to_live_max),
                                 .max_stale = max_stale,
                                 .fresh = request.fresh,
                                 .data_version = data_version};
        const auto answer = parts_.queries.execute(context, asked, engine_of(connection.open));
        TRY(context.check());
        if (!answer) {
          Error error = answer.error();
          error.message = str("The newest day of :", parameter, " is not known: ", error.message);
          newest.failures.emplace(parameter, std::move(error));
          break;
        }
        const auto day = newest_day_in(TRY(decode_rows(*answer->data)));
        if (!day) continue;
        Day& known = newest.days.try_emplace(parameter, *day).first->second;
        known = std::max(known, *day);
      }
    }
    return newest;
  }

  Result<BoundPlan> bind(const Plan& plan, const DataConnection& connection, const DataRequest& request, const NewestDays& newest) {
    const ParameterValues values =
        TRY(read_parameter_values(plan.parameters, plan.view_type, request.parameters, day_of(parts_.clock.now()), newest));
    return bind_plan(plan, {.values = values,
                            .limits = connection.limits,
                            .warehouse = connection.dialect,
                            .local = &parts_.local.dialect(),
                            .only = request.only});
  }

  Result<QueryAnswer> execute(const CallContext& context, const Run& run, const BoundPlanQuery& query,
                              std::optional<std::size_t> rows_max = std::nullopt) {
    QueryRequest request = request_of(run, query);
    request.time_to_live = std::min(request.time_to_live, parts_.time_to_live_max);
    if (rows_max) request.rows_max = *rows_max;
    if (!query.local) return parts_.queries.execute(context, request, engine_of(run.connection.open));

    // Runs on the answers of other queries: which answers is part of its key.
    std::vector<std::pair<std::string, QueryAnswer>> inputs;
    request.connection_key = "answers";
    for (const Dependency& dependency : query.dependencies) {
      const Result<QueryAnswer>* input = run.find(dependency.query_id);
      if (!input || !*input) {
        return fail(ErrorCode::failed_precondition, "dependency_failed",
                    str("The query '", dependency.query_id, "' that it reads has no answer", input ? ": " + input->error().message : ""));
      }
      // Shown, an answer may be cut and says so; read as a table it has to be whole.
      QueryAnswer whole = **input;
      if (whole.truncated) whole = TRY(execute(context, run, *run.plan.find(dependency.query_id), query_limits::kInputRowsMax));
      if (whole.truncated) {
        return fail(ErrorCode::failed_precondition, "dependency_cut",
                    str("The query '", dependency.query_id, "' that it reads has more than ", format_count(whole.row_count),
                        " rows, of which only these could be read: group or filter it further, or read the tables themselves"));
      }
      request.connection_key += str("|", dependency.table, "=", whole.query_hash, "@", whole.executed_at.time_since_epoch().count());
      inputs.emplace_back(dependency.table, std::move(whole));
    }
    const QueryEngine engine{
        .dry_run = [](const CallContext&, const BoundQuery&) -> Result<DryRun> { return DryRun{}; },
        .execute = [this, inputs](const CallContext& inner, const BoundQuery& bound, const ExecuteLimits& limits) -> Result<QueryResult> {
          std::vector<QueryResult> results;
          results.reserve(inputs.size());
          std::map<std::string, const QueryResult*> tables;
          for (const auto& [table, answer] : inputs) {
            results.push_back(TRY(decode_rows(*answer.data)));
            tables[table] = &results.back();
          }
          return parts_.local.execute(inner, bound, tables, limits);
        }};
    // Never refreshed behind: its inputs live only as long as this view. Its age is that of what it was made from.
    request.time_to_live = request.max_stale;
    return parts_.queries.execute(context, request, engine);
  }

  DataServiceParts parts_;
  ExportPlaces exports_;
};

}  // namespace

namespace {

// ,"periods":{"period":{"from":"2001-01-01","to":"2001-03-31","newest_day":"2001-03-31"}}
void append_periods(std::string& out, const std::vector<UsedPeriod>& periods) {
  if (periods.empty()) return;
  const auto add = [&](std::string_view name, const std::optional<std::string>& day) {
    out += str("\"", name, "\":", day ? str("\"", *day, "\"") : "null");
  };
  out += R"(,"periods":{)";
  for (std::size_t i = 0; i < periods.size(); ++i) {
    out += str(i > 0 ? "," : "", json::serialize(json::string(periods[i].parameter)), ":{");
    add("from", periods[i].from);
    out += ',';
    add("to", periods[i].to);
    if (periods[i].newest_day) {
      out += ',';
      add("newest_day", periods[i].newest_day);
    }
    out += '}';
  }
  out += '}';
}

}  // namespace

std::unique_ptr<DashboardDataService> make_data_service(DataServiceParts parts) { return std::make_unique<BoundDataService>(parts); }

void BodyPieces::append(SharedBytes bytes) {
  if (bytes->size() < kSharedPieceBytesMin) {
    text_ += *bytes;
    return;
  }
  if (!text_.empty()) {
    size_ += text_.size();
    pieces_.push_back(std::make_shared<const std::string>(std::exchange(text_, {})));
  }
  size_ += bytes->size();
  pieces_.push_back(std::move(bytes));
}

std::vector<SharedBytes> BodyPieces::take() {
  if (!text_.empty() || pieces_.empty()) pieces_.push_back(std::make_shared<const std::string>(std::exchange(text_, {})));
  size_ = 0;
  return std::exchange(pieces_, {});
}

void append_outcome(BodyPieces& pieces, const QueryOutcome& outcome) {
  if (!outcome.answer) {
    const Error& error = outcome.answer.error();
    json::object problem{{"code", reason_of(error)}, {"detail", error.message}};
    if (!error.violations.empty()) problem["errors"] = to_json(error.violations);
    pieces.text() += str(R"({"error":)", json::serialize(problem), "}");
    return;
  }
  const QueryAnswer& answer = *outcome.answer;
  pieces.text() += R"({"data":)";
  pieces.append(answer.data);
  std::string& out = pieces.text();
  out += str(R"(,"metadata":{"row_count":)", answer.row_count, R"(,"truncated":)", answer.truncated ? "true" : "false",
             R"(,"bytes_scanned":)", answer.bytes_scanned, R"(,"cost_usd":)", answer.cost_usd, R"(,"cache":")", enum_name(answer.cache),
             R"(","age_s":)", answer.age_s, R"(,"executed_at":")", format_time(answer.executed_at), R"(","duration_ms":)",
             answer.duration_ms, R"(,"query_hash":")", answer.query_hash, R"(","version":)", outcome.version);
  append_periods(out, outcome.periods);
  out += "}}";
}

}  // namespace bridge
