#include "features/dashboards/data_service.h"

#include "base/text.h"

namespace bridge {
namespace {

constexpr std::size_t kShapedRowsMax = 50'000;

// The queries of one view while they run, by id.
struct Run {
  const BoundPlan& plan;
  const DataConnection& connection;
  std::string slug;
  int version = 0;
  bool fresh = false;
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
          .rows_max = query.limits.rows_max,
          .time_to_live = std::chrono::milliseconds(query.ttl_ms),
          .max_stale = std::chrono::milliseconds(query.max_stale_ms),
          .fresh = run.fresh};
}

// A warehouse that cannot be read tells where it lies, which is no viewer's business.
Result<QueryAnswer> told_to(const Caller& caller, Result<QueryAnswer> answer) {
  if (answer || caller.is_operator || caller.role >= Role::editor || !answer.error().reason.starts_with("path_")) return answer;
  answer.error().message = "The data cannot be read now: an editor or admin of the team sees why";
  return answer;
}

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
    const BoundPlan bound = TRY(bind(plan, connection, request));
    Run run{.plan = bound, .connection = connection, .slug = request.slug, .version = plan.version, .fresh = request.fresh, .answers = {}};
    run.answers.resize(bound.queries.size());
    for (int stage = 0; stage < bound.stage_count; ++stage) {
      std::vector<std::size_t> members;
      for (std::size_t i = 0; i < bound.queries.size(); ++i) {
        if (bound.queries[i].stage == stage) members.push_back(i);
      }
      parts_.workers.run_all(members.size(),
                             [&](std::size_t i) { run.answers[members[i]] = execute(context, run, bound.queries[members[i]]); });
      TRY(context.check());
    }
    std::vector<QueryOutcome> outcomes;
    for (std::size_t i = 0; i < bound.queries.size(); ++i) {
      const std::string& id = bound.queries[i].id;
      const bool wanted = request.only.empty() || std::ranges::find(request.only, id) != request.only.end();
      if (wanted) outcomes.push_back({.id = id, .version = plan.version, .answer = told_to(context.caller, std::move(*run.answers[i]))});
    }
    return outcomes;
  }

  Result<QueryResult> shape(const CallContext& context, const QueryAnswer& answer, const AnswerShape& shape) override {
    QueryResult result = TRY(decode_rows(*answer.data));
    result.truncated = answer.truncated;
    if (shape.sort.empty() && !shape.limit) return result;
    BoundQuery query{.sql = "SELECT * FROM answer"};
    if (!shape.sort.empty()) {
      const bool down = shape.sort.starts_with('-');
      const std::string column = shape.sort.substr(down ? 1 : 0);
      std::vector<std::string> names;
      for (const ResultColumn& each : result.columns) names.push_back(each.name);
      if (std::ranges::find(names, column) == names.end()) {
        return fail(Error{.code = ErrorCode::invalid_argument,
                          .message = str("There is no column '", column.substr(0, 100), "' to sort by"),
                          .violations = {{.path = "sort",
                                          .code = "unknown_column",
                                          .message = "is no column of this query",
                                          .got = column.substr(0, 100),
                                          .allowed = names,
                                          .suggestion = nearest_name(column, names).value_or("")}}});
      }
      query.sql += str(" ORDER BY ", quote_identifier(parts_.local.dialect(), column), down ? " DESC" : "", " NULLS LAST");
    }
    if (shape.limit) query.sql += str(" LIMIT ", *shape.limit);
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
    const auto plan = TRY(parts_.plans.get_plan(context, request.slug));
    const DataConnection connection = TRY(parts_.connections.find_connection(context, plan->connection));
    const BoundPlan bound = TRY(bind(*plan, connection, request));
    ExplainedPlan out{.slug = plan->slug, .version = plan->version, .stages = bound.stage_count, .queries = {}};
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
        line.estimated_cost_usd = 0;
      } else if (const auto estimate = warehouse->dry_run(context, query.bound.query); estimate) {
        line.bytes_scanned = static_cast<std::int64_t>(estimate->bytes_scanned);
        line.estimated_cost_usd = estimate->estimated_cost_usd;
      } else {
        line.error = estimate.error().message;
      }
      out.queries.push_back(std::move(line));
    }
    return out;
  }

 private:
  Result<BoundPlan> bind(const Plan& plan, const DataConnection& connection, const DataRequest& request) {
    const ParameterValues values =
        TRY(read_parameter_values(plan.parameters, plan.view_type, request.parameters, day_of(parts_.clock.now())));
    return bind_plan(plan, {.values = values,
                            .limits = connection.limits,
                            .warehouse = &connection.dialect,
                            .local = &parts_.local.dialect(),
                            .only = request.only});
  }

  Result<QueryAnswer> execute(const CallContext& context, const Run& run, const BoundPlanQuery& query) {
    QueryRequest request = request_of(run, query);
    request.time_to_live = std::min(request.time_to_live, parts_.time_to_live_max);
    if (!query.local) return parts_.queries.execute(context, request, engine_of(run.connection.open));

    // Runs on the answers of other queries: which answers is part of its key.
    std::vector<std::pair<std::string, const QueryAnswer*>> inputs;
    request.connection_key = "answers";
    for (const Dependency& dependency : query.dependencies) {
      const Result<QueryAnswer>* input = run.find(dependency.query_id);
      if (!input || !*input) {
        return fail(ErrorCode::failed_precondition, "dependency_failed",
                    str("The query '", dependency.query_id, "' that it reads has no answer", input ? ": " + input->error().message : ""));
      }
      inputs.emplace_back(dependency.table, &**input);
      request.connection_key +=
          str("|", dependency.table, "=", (*input)->query_hash, "@", (*input)->executed_at.time_since_epoch().count());
    }
    const QueryEngine engine{
        .dry_run = [](const CallContext&, const BoundQuery&) -> Result<DryRun> { return DryRun{}; },
        .execute = [this, inputs](const CallContext& inner, const BoundQuery& bound, const ExecuteLimits& limits) -> Result<QueryResult> {
          std::vector<QueryResult> results;
          results.reserve(inputs.size());
          std::map<std::string, const QueryResult*> tables;
          for (const auto& [table, answer] : inputs) {
            results.push_back(TRY(decode_rows(*answer->data)));
            tables[table] = &results.back();
          }
          return parts_.local.execute(inner, bound, tables, limits);
        }};
    // Never refreshed behind: its inputs live only as long as this view. Its age is that of what it was made from.
    request.time_to_live = request.max_stale;
    return parts_.queries.execute(context, request, engine);
  }

  DataServiceParts parts_;
};

}  // namespace

std::unique_ptr<DashboardDataService> make_data_service(DataServiceParts parts) { return std::make_unique<BoundDataService>(parts); }

void append_outcome(std::string& out, const QueryOutcome& outcome) {
  if (!outcome.answer) {
    const Error& error = outcome.answer.error();
    json::object problem{{"code", reason_of(error)}, {"detail", error.message}};
    if (!error.violations.empty()) problem["errors"] = to_json(error.violations);
    out += str(R"({"error":)", json::serialize(problem), "}");
    return;
  }
  const QueryAnswer& answer = *outcome.answer;
  out += R"({"data":)";
  out += *answer.data;
  out += str(R"(,"metadata":{"row_count":)", answer.row_count, R"(,"truncated":)", answer.truncated ? "true" : "false",
             R"(,"bytes_scanned":)", answer.bytes_scanned, R"(,"cost_usd":)", answer.cost_usd, R"(,"cache":")", enum_name(answer.cache),
             R"(","age_s":)", answer.age_s, R"(,"executed_at":")", format_time(answer.executed_at), R"(","duration_ms":)",
             answer.duration_ms, R"(,"query_hash":")", answer.query_hash, R"(","version":)", outcome.version, "}}");
}

}  // namespace bridge
