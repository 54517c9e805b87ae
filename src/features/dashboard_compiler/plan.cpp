#include "features/dashboard_compiler/plan.h"

#include "base/digest.h"
#include "base/text.h"
#include "features/dashboard_documents/limits.h"
#include "warehouse/dialect_list.h"

namespace bridge {
namespace {

struct CacheTimes {
  std::chrono::milliseconds ttl;
  std::chrono::milliseconds max_stale;
};

// What a view type means for the age of answers.
CacheTimes default_times(ViewType view_type) {
  using namespace std::chrono;
  switch (view_type) {
    case ViewType::operational: return {minutes{5}, minutes{15}};
    case ViewType::strategic: return {hours{48}, hours{96}};
    case ViewType::analytical: break;
  }
  return {hours{24}, hours{48}};
}

// The query's own times, else the document's, else the view type's; stale answers are always bounded.
CacheTimes times_of(const DashboardDocument& document, const DocumentQuery& query) {
  CacheTimes times = default_times(document.view_type);
  for (const DocumentCache* cache : {&document.cache, &query.cache}) {
    if (cache->ttl_ms) {
      times.ttl = std::chrono::milliseconds(*cache->ttl_ms);
      times.max_stale = 2 * times.ttl;
    }
    if (cache->max_stale_ms) times.max_stale = std::chrono::milliseconds(*cache->max_stale_ms);
  }
  times.ttl = std::clamp<std::chrono::milliseconds>(times.ttl, document_limits::kTimeToLiveMin, document_limits::kTimeToLiveMax);
  times.max_stale = std::clamp<std::chrono::milliseconds>(times.max_stale, times.ttl, document_limits::kMaxStaleMax);
  return times;
}

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

class CycleSearch {
 public:
  explicit CycleSearch(const DashboardDocument& document) : document_(document) {}

  std::vector<std::string> find() {
    for (const DocumentQuery& query : document_.queries) {
      if (visit(query)) return cycle_;
    }
    return {};
  }

 private:
  // Depth is at most the number of queries, which the schema bounds.
  bool visit(const DocumentQuery& query) {
    if (done_.contains(query.id)) return false;
    if (const auto seen = std::ranges::find(path_, query.id); seen != path_.end()) {
      cycle_.assign(seen, path_.end());
      cycle_.push_back(query.id);
      return true;
    }
    path_.push_back(query.id);
    for (const PlacedText& name : query.from) {
      const DocumentQuery* next = document_.find_query(name.text);
      if (next && visit(*next)) return true;
    }
    path_.pop_back();
    done_.insert(query.id);
    return false;
  }

  const DashboardDocument& document_;
  std::vector<std::string> path_;
  std::set<std::string> done_;
  std::vector<std::string> cycle_;
};

std::unexpected<Error> invalid(std::string path, Position at, std::string code, std::string message) {
  Violation violation{.path = std::move(path), .line = at.line, .column = at.column, .code = std::move(code), .message = message};
  return fail(Error{.code = ErrorCode::invalid_argument,
                    .message = std::move(message),
                    .reason = "invalid_document",
                    .violations = {std::move(violation)}});
}

// Plans each query after those that it reads. There is no cycle.
class Planner {
 public:
  explicit Planner(const DashboardDocument& document) : document_(document) {}

  Plan plan;

  Result<> add(const DocumentQuery& query, bool previous_period) {
    const std::string id = previous_period ? query.id + std::string(kPreviousPeriodSuffix) : query.id;
    if (plan.find(id)) return {};
    PlannedQuery planned{.id = id, .source_id = query.id, .previous_period = previous_period, .local = !query.from.empty()};
    for (const PlacedText& name : query.from) {
      const DocumentQuery* read = document_.find_query(name.text);
      if (!read) return invalid(str("queries.", query.id, ".from"), name.at, "unknown_query", str("there is no query '", name.text, "'"));
      TRY(add(*read, previous_period));
      const PlannedQuery& before = *plan.find(previous_period ? read->id + std::string(kPreviousPeriodSuffix) : read->id);
      planned.dependencies.push_back({read->id, before.id});
      planned.stage = std::max(planned.stage, before.stage + 1);
    }
    planned.text = query.sql;
    const CacheTimes times = times_of(document_, query);
    planned.ttl_ms = times.ttl.count();
    planned.max_stale_ms = times.max_stale.count();
    planned.refresh = query.cache.refresh.empty() ? document_.cache.refresh : query.cache.refresh;
    plan.stage_count = std::max(plan.stage_count, planned.stage + 1);
    plan.queries.push_back(std::move(planned));
    return {};
  }

 private:
  const DashboardDocument& document_;
};

// Takes the SQL apart, and finds the parameters that each query uses itself and through those that it reads, which stand before it.
void read_sql(Plan& plan, const SqlDialect& dialect) {
  std::map<std::string, std::shared_ptr<const ScannedSql>> scanned;
  for (PlannedQuery& query : plan.queries) {
    auto& sql = scanned[query.source_id];
    const SqlDialect& own = query.local ? local_sql_dialect() : dialect;
    if (!sql) sql = std::make_shared<const ScannedSql>(scan_sql(query.text.text, own.lexical_rules()));
    query.sql = sql;
    query.parameters.clear();
    query.all_parameters.clear();
    for (const Dependency& dependency : query.dependencies) {
      for (const std::string& name : plan.find(dependency.query_id)->all_parameters) add_once(query.all_parameters, name);
    }
    for (const ParameterUse& use : parameter_uses(*sql)) {
      add_once(query.parameters, use.name);
      add_once(query.all_parameters, use.name);
    }
  }
}

Result<> check_sql(const Plan& plan) {
  for (const PlannedQuery& query : plan.queries) {
    if (query.sql->problems.empty()) continue;
    const SqlProblem& problem = query.sql->problems.front();
    return invalid(str("queries.", query.source_id, ".sql"), position_in(query.text, problem.offset), problem.code, problem.message);
  }
  return {};
}

void collect_parameters(const DashboardDocument& document, const DocumentQuery& query, const SqlDialect& connection,
                        std::set<std::string>& seen, std::vector<std::string>& names) {
  if (!seen.insert(query.id).second) return;
  const ScannedSql sql = scan_sql(query.sql.text, dialect_of(query, connection).lexical_rules());
  for (const ParameterUse& use : parameter_uses(sql)) add_once(names, use.name);
  for (const PlacedText& name : query.from) {
    if (const DocumentQuery* read = document.find_query(name.text)) collect_parameters(document, *read, connection, seen, names);
  }
}

// Type and length before each part, so that no two lists of values look alike.
std::string hash_of(const BoundQuery& query) {
  std::string text = str("sql:", query.sql.size(), ":", query.sql);
  for (const SqlValue& value : query.values) {
    const std::string part = std::visit(
        [](const auto& v) -> std::string {
          using T = std::decay_t<decltype(v)>;
          if constexpr (std::is_same_v<T, std::nullptr_t>) return "";
          else if constexpr (std::is_same_v<T, bool>) return v ? "1" : "0";
          else if constexpr (std::is_arithmetic_v<T>) return str(v);
          else if constexpr (std::is_same_v<T, std::string>) return v;
          else return v.text;
        },
        value);
    text += str("|", value.index(), ":", part.size(), ":", part);
  }
  return sha256_hex(text);
}

// The values with every period moved back; nullopt when one of those that the query uses cannot be.
std::optional<ParameterValues> values_before(const Plan& plan, const PlannedQuery& query, const ParameterValues& values) {
  ParameterValues moved = values;
  for (const DocumentParameter& parameter : plan.parameters) {
    if (parameter.type != ParameterType::date_range ||
        std::ranges::find(query.all_parameters, parameter.name) == query.all_parameters.end())
      continue;
    const auto value = values.find(parameter.name);
    const auto before = value == values.end() ? std::nullopt : previous_period(value->second);
    if (!before) return std::nullopt;
    moved[parameter.name] = *before;
  }
  return moved;
}

std::vector<UsedPeriod> periods_of(const Plan& plan, const PlannedQuery& query, const ParameterValues& values) {
  const auto text_of = [](const std::optional<Day>& day) { return day ? std::optional(format_day(*day)) : std::nullopt; };
  std::vector<UsedPeriod> periods;
  for (const DocumentParameter& parameter : plan.parameters) {
    if (parameter.type != ParameterType::date_range ||
        std::ranges::find(query.all_parameters, parameter.name) == query.all_parameters.end())
      continue;
    const auto value = values.find(parameter.name);
    if (value == values.end()) continue;
    periods.push_back({.parameter = parameter.name,
                       .from = text_of(value->second.range.from),
                       .to = text_of(value->second.range.to),
                       .newest_day = text_of(value->second.newest)});
  }
  return periods;
}

std::set<std::string> with_dependencies(const Plan& plan, const std::vector<std::string>& ids) {
  std::set<std::string> wanted(ids.begin(), ids.end());
  for (auto query = plan.queries.rbegin(); query != plan.queries.rend(); ++query) {
    if (!wanted.contains(query->id)) continue;
    for (const Dependency& dependency : query->dependencies) wanted.insert(dependency.query_id);
  }
  return wanted;
}

}  // namespace

const PlannedQuery* Plan::find(std::string_view id) const {
  const auto found = std::ranges::find(queries, id, &PlannedQuery::id);
  return found == queries.end() ? nullptr : &*found;
}

const BoundPlanQuery* BoundPlan::find(std::string_view id) const {
  const auto found = std::ranges::find(queries, id, &BoundPlanQuery::id);
  return found == queries.end() ? nullptr : &*found;
}

std::vector<std::string> find_cycle(const DashboardDocument& document) { return CycleSearch(document).find(); }

const SqlDialect& dialect_of(const DocumentQuery& query, const SqlDialect& connection) {
  return query.from.empty() ? connection : local_sql_dialect();
}

std::vector<std::string> parameters_of(const DashboardDocument& document, const DocumentQuery& query, const SqlDialect& connection) {
  std::set<std::string> seen;
  std::vector<std::string> names;
  collect_parameters(document, query, connection, seen, names);
  return names;
}

Result<Plan> compile_dashboard(const DashboardDocument& document, const SqlDialect* dialect) {
  if (const auto cycle = find_cycle(document); !cycle.empty()) {
    const Position at = document.find_query(cycle.front())->at;
    return invalid(str("queries.", cycle.front(), ".from"), at, "cycle", str("queries read each other in a circle: ", join(cycle, " → ")));
  }
  Planner planner(document);
  Plan& plan = planner.plan;
  plan.slug = document.slug.text;
  plan.version = document.meta.version;
  plan.connection = document.connection.text;
  plan.view_type = document.view_type;
  plan.policy = document.policy;
  plan.parameters = document.params;
  for (const DocumentQuery& query : document.queries) TRY(planner.add(query, false));
  for (const DocumentChart& chart : document.charts) {
    if (!chart.compare) continue;
    const DocumentQuery* query = document.find_query(chart.query.text);
    if (!query)
      return invalid(str("charts.", chart.id, ".query"), chart.query.at, "unknown_query",
                     str("there is no query '", chart.query.text, "'"));
    TRY(planner.add(*query, true));
  }
  std::ranges::stable_sort(plan.queries, {}, &PlannedQuery::stage);
  const SqlDialect& read_as = dialect ? *dialect : local_sql_dialect();
  read_sql(plan, read_as);
  const Result<> read = check_sql(plan);
  if (dialect && !read) return fail(read.error());
  plan.dialect = read ? &read_as : nullptr;
  return std::move(plan);
}

Result<Plan> in_dialect(Plan plan, const SqlDialect& dialect) {
  if (plan.dialect == &dialect) return plan;
  read_sql(plan, dialect);
  TRY(check_sql(plan));
  plan.dialect = &dialect;
  return plan;
}

QueryLimits lower_limits(const QueryLimits& limits, const DocumentPolicy& policy) {
  QueryLimits lowered = limits;
  if (policy.bytes_max) lowered.bytes_max = std::min(lowered.bytes_max, *policy.bytes_max);
  if (policy.timeout_ms) lowered.timeout_ms = std::min(lowered.timeout_ms, *policy.timeout_ms);
  if (policy.rows_max) lowered.rows_max = std::min(lowered.rows_max, static_cast<std::size_t>(*policy.rows_max));
  return lowered;
}

Result<BoundPlan> bind_plan(const Plan& plan, const BindInput& input) {
  BoundPlan bound{.stage_count = plan.stage_count};
  const QueryLimits limits = lower_limits(input.limits, plan.policy);
  const std::set<std::string> wanted = with_dependencies(plan, input.only);
  for (const PlannedQuery& query : plan.queries) {
    if (!input.only.empty() && !wanted.contains(query.id)) continue;
    const auto values = query.previous_period ? values_before(plan, query, input.values) : std::optional(input.values);
    if (!values) continue;
    const SqlDialect* dialect = query.local ? input.local : input.warehouse;
    if (!dialect) return fail(ErrorCode::internal, "No engine was named for the query");
    BoundPlanQuery one{.id = query.id, .source_id = query.source_id, .local = query.local};
    one.bound = TRY(bind_sql(*query.sql, plan.parameters, *values, *dialect));
    one.dependencies = query.dependencies;
    one.stage = query.stage;
    one.limits = limits;
    one.ttl_ms = query.ttl_ms;
    one.max_stale_ms = query.max_stale_ms;
    one.text_hash = hash_of(one.bound.query);
    one.periods = periods_of(plan, query, *values);
    bound.queries.push_back(std::move(one));
  }
  return bound;
}

}  // namespace bridge
