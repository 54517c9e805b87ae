#include "features/dashboard_validation/validation.h"

#include "base/text.h"
#include "features/dashboard_compiler/newest_day.h"
#include "features/dashboard_documents/document_json.h"
#include "features/dashboard_documents/limits.h"
#include "features/dashboard_documents/schedule.h"
#include "features/dashboard_documents/schema.h"
#include "warehouse/dialect_list.h"

namespace bridge {
namespace {

using namespace document_limits;

constexpr int kGridColumns = 12;

// What a mark cannot do without, and whether it draws several measures.
struct MarkRule {
  std::string_view mark;
  std::vector<std::string_view> needs;
  bool several_measures = false;
};
const MarkRule& rule_of(std::string_view mark) {
  static const std::vector<MarkRule> rules = {{"kpi", {"y"}},
                                              {"line", {"x", "y"}, true},
                                              {"area", {"x", "y"}, true},
                                              {"bar", {"x", "y"}, true},
                                              {"stacked_bar", {"x", "y"}, true},
                                              {"grouped_bar", {"x", "y"}, true},
                                              {"scatter", {"x", "y"}},
                                              {"pie", {"color|x", "y"}},
                                              {"donut", {"color|x", "y"}},
                                              {"heatmap", {"x", "y", "color"}},
                                              {"histogram", {"x"}},
                                              {"box", {"y"}},
                                              {"funnel", {"x", "y"}},
                                              {"table", {}, true},
                                              {"sparkline", {"x", "y"}},
                                              {"map", {"x", "y|color|size"}}};
  const auto found = std::ranges::find(rules, mark, &MarkRule::mark);
  return found == rules.end() ? rules.front() : *found;
}

bool has_channel(const DocumentChart& chart, std::string_view channel) {
  if (channel == "x") return chart.x.has_value();
  if (channel == "y") return !chart.y.empty();
  if (channel == "color") return chart.color.has_value();
  if (channel == "size") return chart.size.has_value();
  return chart.facet.has_value();
}

std::vector<const Encoding*> encodings_of(const DocumentChart& chart) {
  std::vector<const Encoding*> all;
  const auto add = [&](const std::optional<Encoding>& encoding) {
    if (encoding) all.push_back(&*encoding);
  };
  add(chart.x);
  for (const Encoding& measure : chart.y) all.push_back(&measure);
  add(chart.color);
  add(chart.size);
  add(chart.facet);
  return all;
}

template <class T>
std::vector<std::string> names_of(const std::vector<T>& items, std::string T::*name) {
  std::vector<std::string> names;
  for (const T& item : items) names.push_back(item.*name);
  return names;
}

class Problems {
 public:
  explicit Problems(ValidationReport& report) : report_(report) {}

  void error(Position at, std::string path, std::string code, std::string message) {
    add(report_.errors, at, std::move(path), std::move(code), std::move(message));
  }
  void warn(Position at, std::string path, std::string code, std::string message) {
    add(report_.warnings, at, std::move(path), std::move(code), std::move(message));
  }

  // "flights_by_day has no column 'dealy'", with what there is and what was probably meant.
  void unknown(Position at, std::string path, std::string code, std::string message, const std::string& got,
               std::vector<std::string> allowed) {
    if (report_.errors.size() >= kViolationsMax) return;
    std::string suggestion = suggest_name(got, allowed);
    if (suggestion.empty() && allowed.size() == 1) suggestion = allowed.front();
    report_.errors.push_back({std::move(path), at.line, at.column, std::move(code), std::move(message), got.substr(0, 100),
                              std::move(allowed), std::move(suggestion)});
  }

  void add_error(Violation violation) {
    if (report_.errors.size() < kViolationsMax) report_.errors.push_back(std::move(violation));
  }

 private:
  static void add(std::vector<Violation>& list, Position at, std::string path, std::string code, std::string message) {
    if (list.size() < kViolationsMax)
      list.push_back(
          {.path = std::move(path), .line = at.line, .column = at.column, .code = std::move(code), .message = std::move(message)});
  }

  ValidationReport& report_;
};

const SqlDialect& dialect_for(const DashboardDocument& document, const ReferenceContext& context) {
  const SqlDialect* known = context.dialect_of ? context.dialect_of(document.connection.text) : nullptr;
  return known ? *known : local_sql_dialect();
}

// The third level, part by part.
class ReferenceCheck {
 public:
  ReferenceCheck(const DashboardDocument& document, const ReferenceContext& context, Problems& problems)
      : document_(document), context_(context), dialect_(dialect_for(document, context)), problems_(problems) {}

  void check() {
    check_head();
    for (const DocumentParameter& parameter : document_.params) check_parameter(parameter);
    for (const DocumentQuery& query : document_.queries) check_query(query);
    const auto cycle = find_cycle(document_);
    if (!cycle.empty()) {
      const DocumentQuery& query = *document_.find_query(cycle.front());
      problems_.error(query.from.front().at, str("queries.", query.id, ".from"), "cycle",
                      str("queries read each other in a circle: ", join(cycle, " → ")));
    }
    for (const DocumentChart& chart : document_.charts) check_chart(chart, cycle.empty());
    check_layout();
    check_unused();
  }

 private:
  void check_head() {
    if (context_.slug && !document_.slug.text.empty() && document_.slug.text != *context_.slug) {
      problems_.unknown(document_.slug.at, "slug", "slug_mismatch",
                        str("the slug is '", document_.slug.text, "', but the dashboard is kept as '", *context_.slug, "'"),
                        document_.slug.text, {*context_.slug});
    }
    if (context_.connections && std::ranges::find(*context_.connections, document_.connection.text) == context_.connections->end()) {
      problems_.unknown(document_.connection.at, "connection", "unknown_connection",
                        str("there is no connection '", document_.connection.text, "'"), document_.connection.text, *context_.connections);
    }
    if (document_.policy.bytes_max == 0)
      problems_.error(document_.policy.at, "policy.max_bytes", "out_of_range", "must be more than 0 bytes");
    if (document_.policy.timeout_ms && *document_.policy.timeout_ms < 1)
      problems_.error(document_.policy.at, "policy.timeout", "out_of_range", "must be more than 0");
    check_cache(document_.cache, "cache");
  }

  void check_cache(const DocumentCache& cache, const std::string& path) {
    using std::chrono::milliseconds;
    if (cache.ttl_ms && (milliseconds(*cache.ttl_ms) < kTimeToLiveMin || milliseconds(*cache.ttl_ms) > kTimeToLiveMax)) {
      problems_.error(cache.ttl_at, path + ".ttl", "out_of_range", "must be from 10s to 48h");
    }
    if (cache.max_stale_ms && milliseconds(*cache.max_stale_ms) > kMaxStaleMax)
      problems_.error(cache.max_stale_at, path + ".max_stale", "out_of_range", "must be at most 7d");
    if (cache.ttl_ms && cache.max_stale_ms && *cache.max_stale_ms < *cache.ttl_ms)
      problems_.error(cache.max_stale_at, path + ".max_stale", "out_of_range", "must not be less than ttl");
    if (!cache.refresh.empty() && !parse_schedule(cache.refresh)) {
      problems_.error(
          cache.refresh_at, path + ".refresh", "bad_format",
          str("'", cache.refresh, "' is no schedule: write minute, hour, day of month, month and day of week, as in 0 6 * * *"));
    }
  }

  void check_parameter(const DocumentParameter& parameter) {
    const std::string path = "params." + parameter.name;
    const bool is_enum = parameter.type == ParameterType::enumeration;
    if (std::ranges::find(reserved_parameter_names(), parameter.name) != reserved_parameter_names().end()) {
      problems_.error(parameter.at, path, "reserved_name",
                      str("'", parameter.name, "' means something else in a URL: choose another name"));
    }
    if (!is_enum && !parameter.values.empty())
      problems_.error(parameter.values_at.front(), path + ".values", "not_an_enum", "only an enum has values");
    if (!is_enum && parameter.values_from)
      problems_.error(parameter.values_from->at, path + ".values_from", "not_an_enum", "only an enum has values_from");
    if (!is_enum && parameter.multiple)
      problems_.error(parameter.multiple_at, path + ".multiple", "not_an_enum", "only an enum takes several values");
    if (is_enum && parameter.values.empty() && !parameter.values_from) {
      problems_.error(parameter.at, path, "missing_field", "an enum needs values, or values_from: query.column");
    }
    if (parameter.values_from) check_values_from(parameter, path);
    const auto value = default_value(parameter, document_.view_type, Day{});
    if (!value) {
      Violation violation = value.error().violations.front();
      violation.path = path + ".default";
      violation.line = parameter.default_at.line;
      violation.column = parameter.default_at.column;
      problems_.add_error(std::move(violation));
    }
  }

  void check_values_from(const DocumentParameter& parameter, const std::string& path) {
    const std::string query = parameter.values_from->text.substr(0, parameter.values_from->text.find('.'));
    if (document_.find_query(query)) return;
    problems_.unknown(parameter.values_from->at, path + ".values_from", "unknown_query", str("there is no query '", query, "'"), query,
                      names_of(document_.queries, &DocumentQuery::id));
  }

  void check_query(const DocumentQuery& query) {
    const std::string path = "queries." + query.id;
    std::set<std::string> seen;
    for (std::size_t i = 0; i < query.from.size(); ++i) {
      const PlacedText& name = query.from[i];
      const std::string from_path = str(path, ".from[", i, "]");
      if (!document_.find_query(name.text)) {
        std::vector<std::string> others = names_of(document_.queries, &DocumentQuery::id);
        std::erase(others, query.id);
        problems_.unknown(name.at, from_path, "unknown_query", str("there is no query '", name.text, "'"), name.text, std::move(others));
      } else if (!seen.insert(name.text).second) {
        problems_.error(name.at, from_path, "duplicate", str("'", name.text, "' is named twice"));
      }
    }
    check_cache(query.cache, path + ".cache");
    const ScannedSql sql = scan_sql(query.sql.text, dialect_of(query, dialect_).lexical_rules());
    for (const SqlProblem& problem : sql.problems) {
      const Position at = position_in(query.sql, problem.offset);
      problems_.add_error({.path = path + ".sql",
                           .line = at.line,
                           .column = at.column,
                           .code = problem.code,
                           .message = problem.message,
                           .got = problem.got});
    }
    for (const ParameterUse& use : parameter_uses(sql)) check_use(query, use);
  }

  void check_use(const DocumentQuery& query, const ParameterUse& use) {
    const std::string path = str("queries.", query.id, ".sql");
    const Position at = position_in(query.sql, use.offset);
    const DocumentParameter* parameter = document_.find_parameter(use.name);
    if (!parameter) {
      return problems_.unknown(at, path, "unknown_parameter", str("there is no parameter '", use.name, "'"), use.name,
                               names_of(document_.params, &DocumentParameter::name));
    }
    if (use.in_filter) return;
    const bool is_range = parameter->type == ParameterType::date_range;
    if (is_range && use.part.empty()) {
      return problems_.error(
          at, path, "bad_parameter_use",
          str(":", use.name, " is a range: write filter(:", use.name, ", column), :", use.name, ".from or :", use.name, ".to"));
    }
    if (is_range && use.part != "from" && use.part != "to") {
      return problems_.unknown(at, path, "bad_parameter_use", str(":", use.name, " has no part '", use.part, "'"), use.part,
                               {"from", "to"});
    }
    if (!is_range && !use.part.empty())
      return problems_.error(at, path, "bad_parameter_use", str(":", use.name, " has no parts: it is no date_range"));
    if (parameter->multiple)
      problems_.error(at, path, "bad_parameter_use", str(":", use.name, " may hold several values: write filter(:", use.name, ", column)"));
  }

  void check_chart(const DocumentChart& chart, bool without_cycles) {
    const std::string path = "charts." + chart.id;
    const DocumentQuery* query = document_.find_query(chart.query.text);
    if (!query) {
      problems_.unknown(chart.query.at, path + ".query", "unknown_query", str("there is no query '", chart.query.text, "'"),
                        chart.query.text, names_of(document_.queries, &DocumentQuery::id));
    }
    check_mark(chart, path);
    for (const Encoding* encoding : encodings_of(chart)) {
      if (!encoding->field && encoding->aggregate != "count")
        problems_.error(encoding->at, encoding->path + ".field", "missing_field", "'field' is missing: only a count goes without");
    }
    if (chart.sort && chart.mark.text != "table") check_sort(chart, path);
    for (const ClickTarget& target : chart.on_click) check_click(chart, target, path);
    if (chart.compare) check_compare(chart, query, path, without_cycles);
    if (!chart.columns.empty() && chart.mark.text != "table")
      problems_.error(chart.columns.front().at, path + ".columns", "not_a_table", "only a table has columns");
  }

  void check_mark(const DocumentChart& chart, const std::string& path) {
    const MarkRule& rule = rule_of(chart.mark.text);
    for (const std::string_view need : rule.needs) {
      const auto any_of = split(need, '|');
      if (std::ranges::any_of(any_of, [&](const std::string& channel) { return has_channel(chart, channel); })) continue;
      problems_.add_error({.path = str(path, ".", any_of.front()),
                           .line = chart.mark.at.line,
                           .column = chart.mark.at.column,
                           .code = "missing_encoding",
                           .message = str("a ", chart.mark.text, " needs ", join(any_of, " or ")),
                           .got = chart.mark.text,
                           .allowed = any_of,
                           .suggestion = any_of.front()});
    }
    if (chart.y.size() > 1 && !rule.several_measures)
      problems_.error(chart.y[1].at, path + ".y", "too_many", str("a ", chart.mark.text, " draws one measure, not ", chart.y.size()));
  }

  void check_sort(const DocumentChart& chart, const std::string& path) {
    const std::string channel = chart.sort->text.substr(chart.sort->text.starts_with('-') ? 1 : 0);
    std::vector<std::string> allowed;
    for (const std::string_view name : {"x", "y", "color", "size"}) {
      if (!has_channel(chart, name)) continue;
      allowed.emplace_back(name);
      allowed.push_back("-" + std::string(name));
    }
    if (std::ranges::find(allowed, channel) != allowed.end()) return;
    problems_.unknown(chart.sort->at, path + ".sort", "unknown_encoding", str("the chart has no encoding '", channel, "' to sort by"),
                      chart.sort->text, std::move(allowed));
  }

  void check_click(const DocumentChart& chart, const ClickTarget& target, const std::string& path) {
    const std::string target_path = str(path, ".on_click.set.", target.parameter.text);
    if (!document_.find_parameter(target.parameter.text)) {
      problems_.unknown(target.parameter.at, target_path, "unknown_parameter", str("there is no parameter '", target.parameter.text, "'"),
                        target.parameter.text, names_of(document_.params, &DocumentParameter::name));
    }
    if (has_channel(chart, target.value.text.substr(1))) return;
    std::vector<std::string> allowed;
    for (const std::string_view name : {"x", "y", "color", "size", "facet"}) {
      if (has_channel(chart, name)) allowed.push_back("$" + std::string(name));
    }
    problems_.unknown(target.value.at, target_path, "unknown_encoding",
                      str("the chart has no encoding '", target.value.text.substr(1), "'"), target.value.text, std::move(allowed));
  }

  void check_compare(const DocumentChart& chart, const DocumentQuery* query, const std::string& path, bool without_cycles) {
    if (chart.mark.text != "kpi")
      return problems_.error(chart.compare->at, path + ".compare", "not_a_kpi", "only a kpi compares with the previous period");
    if (!query || !without_cycles) return;
    std::vector<std::string> ranges;
    auto [used, is_new] = parameters_.try_emplace(query->id);
    if (is_new) used->second = parameters_of(document_, *query, dialect_);
    for (const std::string& name : used->second) {
      const DocumentParameter* parameter = document_.find_parameter(name);
      if (parameter && parameter->type == ParameterType::date_range) ranges.push_back(name);
    }
    if (ranges.size() == 1) return;
    const std::string found = ranges.empty() ? "uses none" : str("uses ", join(ranges, " and "));
    problems_.error(chart.compare->at, path + ".compare", "bad_compare",
                    str("comparing needs exactly one date_range parameter in the query, and ", query->id, " ", found));
  }

  void check_layout() {
    std::map<std::string, int> drawn;
    for (std::size_t r = 0; r < document_.layout.size(); ++r) {
      const LayoutRow& row = document_.layout[r];
      int given = 0, open = 0;
      for (std::size_t i = 0; i < row.items.size(); ++i) {
        const LayoutItem& item = row.items[i];
        given += item.w.value_or(0);
        open += item.w ? 0 : 1;
        if (!item.chart) continue;
        const std::string path = str("layout[", r, "].row[", i, "].chart");
        if (!document_.find_chart(item.chart->text)) {
          problems_.unknown(item.chart->at, path, "unknown_chart", str("there is no chart '", item.chart->text, "'"), item.chart->text,
                            names_of(document_.charts, &DocumentChart::id));
        } else if (++drawn[item.chart->text] == 2) {
          problems_.warn(item.chart->at, path, "repeated_chart", str("'", item.chart->text, "' is drawn twice"));
        }
      }
      if (given + open > kGridColumns) {
        const std::string detail =
            open > 0 && given <= kGridColumns ? str(", which leaves no room for ", open, " more without w") : std::string();
        problems_.error(row.at, str("layout[", r, "].row"), "row_too_wide",
                        str("the items are ", given, " columns wide", detail, "; a row has ", kGridColumns));
      }
    }
    for (const DocumentChart& chart : document_.charts) {
      if (document_.has_layout && !drawn.contains(chart.id))
        problems_.warn(chart.at, "charts." + chart.id, "unused_chart", str("'", chart.id, "' stands nowhere in the layout"));
    }
  }

  void check_unused() {
    std::set<std::string> queries, params;
    for (const DocumentChart& chart : document_.charts) queries.insert(chart.query.text);
    for (const DocumentParameter& parameter : document_.params) {
      if (parameter.values_from) queries.insert(parameter.values_from->text.substr(0, parameter.values_from->text.find('.')));
    }
    for (const DocumentQuery& query : document_.queries) {
      for (const PlacedText& name : query.from) queries.insert(name.text);
      for (const ParameterUse& use : parameter_uses(scan_sql(query.sql.text, dialect_of(query, dialect_).lexical_rules())))
        params.insert(use.name);
    }
    for (const DocumentQuery& query : document_.queries) {
      if (!queries.contains(query.id))
        problems_.warn(query.at, "queries." + query.id, "unused_query", str("nothing reads '", query.id, "'"));
    }
    for (const DocumentParameter& parameter : document_.params) {
      if (!params.contains(parameter.name))
        problems_.warn(parameter.at, "params." + parameter.name, "unused_parameter", str("no query uses '", parameter.name, "'"));
    }
  }

  const DashboardDocument& document_;
  const ReferenceContext& context_;
  const SqlDialect& dialect_;  // of the connection
  Problems& problems_;
  std::map<std::string, std::vector<std::string>> parameters_;  // by query, for those that are compared
};

// The fourth level.
class DryRunCheck {
 public:
  DryRunCheck(const CallContext& context, const DryRunTarget& target, Validation& validation)
      : context_(context), target_(target), validation_(validation), problems_(validation.report) {}

  Result<> check() {
    const DashboardDocument& document = *validation_.document;
    const Plan plan = TRY(compile_dashboard(document, &target_.warehouse.dialect()));
    BindInput input{.limits = target_.limits, .warehouse = &target_.warehouse.dialect(), .local = &target_.local.dialect()};
    NewestDays newest;
    for (const std::string& parameter : parameters_of_data(plan.parameters, plan.view_type, {}))
      TRY(find_newest_day(plan, parameter, newest));
    input.values = TRY(read_parameter_values(plan.parameters, plan.view_type, {}, target_.today, newest));
    const BoundPlan bound = TRY(bind_plan(plan, input));
    for (const BoundPlanQuery& query : bound.queries) {
      if (query.id != query.source_id) continue;  // the same SQL with other days
      TRY(context_.check());
      TRY(query.local ? try_local(query) : try_warehouse(query));
    }
    check_columns(document);
    return {};
  }

 private:
  // Whether the author of the document can mend it.
  static bool is_authors(const Error& error) {
    switch (error.code) {
      case ErrorCode::cancelled:
      case ErrorCode::deadline_exceeded:
      case ErrorCode::unavailable:
      case ErrorCode::unauthenticated:
      case ErrorCode::data_loss:
      case ErrorCode::internal: return false;
      default: return error.reason != "disk_full";
    }
  }

  // The days that the document will show are those of the data, so that the estimates are of them.
  Result<> find_newest_day(const Plan& plan, const std::string& parameter, NewestDays& newest) {
    std::vector<const ScannedSql*> sources;
    for (const PlannedQuery& query : plan.queries) {
      if (!query.local) sources.push_back(query.sql.get());
    }
    const auto bound = bind_newest_day(sources, plan.parameters, parameter, target_.warehouse.dialect());
    auto day = bound ? ask_newest_day(context_, target_.warehouse, *bound, lower_limits(target_.limits, plan.policy).bytes_max)
                     : Result<std::optional<Day>>(fail(bound.error()));
    if (day) {
      if (*day) newest[parameter] = **day;
      return {};
    }
    if (!is_authors(day.error())) return fail(std::move(day).error());
    const Position at = validation_.document->find_parameter(parameter)->default_at;
    problems_.error(at, str("params.", parameter, ".default"), std::string(reason_of(day.error())),
                    str("the newest day of the data is not known: ", day.error().message));
    return {};
  }

  Result<> try_warehouse(const BoundPlanQuery& query) {
    auto dry_run = target_.warehouse.dry_run(context_, query.bound.query);
    if (!dry_run) return report(query, std::move(dry_run).error());
    validation_.bytes_scanned += dry_run->bytes_scanned;
    validation_.columns[query.id] = dry_run->columns;
    if (dry_run->bytes_scanned >= query.limits.bytes_max) report_cap(query, dry_run->bytes_scanned);
    warn_of_cautions(query, dry_run->columns);
    return {};
  }

  void warn_of_cautions(const BoundPlanQuery& query, const std::vector<ColumnName>& columns) {
    const auto caution = target_.warehouse.dialect().find_caution(query.bound.query.sql, columns);
    if (!caution) return;
    const DocumentQuery& source = *validation_.document->find_query(query.source_id);
    problems_.warn(source.sql.at, str("queries.", query.source_id, ".sql"), caution->code, caution->message);
  }

  void report_cap(const BoundPlanQuery& query, std::uint64_t bytes_scanned) {
    const DocumentQuery& source = *validation_.document->find_query(query.source_id);
    problems_.add_error(
        {.path = str("queries.", query.source_id, ".sql"),
         .line = source.sql.at.line,
         .column = source.sql.at.column,
         .code = "byte_cap_exceeded",
         .message = str("would scan ", format_bytes(bytes_scanned), ", and the cap is ", format_bytes(query.limits.bytes_max),
                        ": read fewer columns, filter on a partitioned or sorted column, or choose a shorter default range"),
         .got = str(bytes_scanned),
         .allowed = {},
         .suggestion = ""});
  }

  // Empty tables with the right columns are enough for the engine to check the SQL and to name the columns of its answer.
  Result<> try_local(const BoundPlanQuery& query) {
    std::map<std::string, QueryResult> empty;
    std::map<std::string, const QueryResult*> tables;
    for (const Dependency& dependency : query.dependencies) {
      const auto columns = validation_.columns.find(dependency.query_id);
      if (columns == validation_.columns.end()) return {};  // its own problem is reported already
      QueryResult& table = empty[dependency.table];
      for (const ColumnName& column : columns->second) table.columns.push_back({.name = column.name, .type = column.type});
      tables[dependency.table] = &table;
    }
    auto result = target_.local.execute(context_, query.bound.query, tables, ExecuteLimits{.rows_max = 1});
    if (!result) return report(query, std::move(result).error());
    for (const ResultColumn& column : result->columns) validation_.columns[query.id].push_back({column.name, column.type});
    return {};
  }

  // Engines speak of places in the bound SQL; people look at the document.
  Result<> report(const BoundPlanQuery& query, Error error) {
    if (!is_authors(error)) return fail(std::move(error));
    const DocumentQuery& source = *validation_.document->find_query(query.source_id);
    if (error.violations.empty()) error.violations.push_back({.message = error.message});
    for (Violation& violation : error.violations) {
      const Position at = violation.line > 0
                              ? position_in(source.sql, query.bound.source_offset(violation.line, std::max(violation.column, 1)))
                              : source.sql.at;
      violation.path = str("queries.", query.source_id, ".sql");
      violation.line = at.line;
      violation.column = at.column;
      if (violation.code.empty()) violation.code = std::string(reason_of(error));
      if (violation.message.empty()) violation.message = error.message;
      problems_.add_error(std::move(violation));
    }
    return {};
  }

  void check_columns(const DashboardDocument& document) {
    for (const DocumentQuery& query : document.queries) {
      for (const DocumentColumn& column : query.columns)
        check_column(query.id, {column.name, column.at}, str("queries.", query.id, ".columns.", column.name));
    }
    for (const DocumentParameter& parameter : document.params) {
      if (!parameter.values_from) continue;
      const auto dot = parameter.values_from->text.find('.');
      check_column(parameter.values_from->text.substr(0, dot), {parameter.values_from->text.substr(dot + 1), parameter.values_from->at},
                   str("params.", parameter.name, ".values_from"));
    }
    for (const DocumentChart& chart : document.charts) {
      for (const Encoding* encoding : encodings_of(chart)) {
        if (encoding->field) check_column(chart.query.text, *encoding->field, encoding->path);
      }
      for (std::size_t i = 0; i < chart.columns.size(); ++i)
        check_column(chart.query.text, chart.columns[i], str("charts.", chart.id, ".columns[", i, "]"));
      if (chart.mark.text == "table" && chart.columns.empty()) check_all_columns(chart);
      if (chart.sort && chart.mark.text == "table") check_table_sort(chart);
    }
  }

  void check_table_sort(const DocumentChart& chart) {
    const bool descending = chart.sort->text.starts_with('-');
    check_column(chart.query.text, {chart.sort->text.substr(descending ? 1 : 0), chart.sort->at}, str("charts.", chart.id, ".sort"));
  }

  // A table without a list shows every column of the answer.
  void check_all_columns(const DocumentChart& chart) {
    const auto columns = validation_.columns.find(chart.query.text);
    if (columns == validation_.columns.end()) return;
    std::set<std::string> seen;
    for (const ColumnName& column : columns->second) {
      if (seen.insert(column.name).second)
        check_column(chart.query.text, {column.name, chart.query.at}, str("charts.", chart.id, ".query"));
    }
  }

  void check_column(const std::string& query, const PlacedText& name, std::string path) {
    const auto columns = validation_.columns.find(query);
    if (columns == validation_.columns.end()) return;
    const std::vector<std::string> names = names_of(columns->second, &ColumnName::name);
    const auto count = std::ranges::count(names, name.text);
    // Which of them is meant is nobody's guess to make.
    if (count > 1)
      problems_.error(
          name.at, std::move(path), "ambiguous_column",
          str("the column '", name.text, "' stands for ", count, " columns of ", query, ": give each a name of its own with AS"));
    if (count > 0) return;
    problems_.unknown(name.at, std::move(path), "unknown_column", str(query, " has no column '", name.text.substr(0, 100), "'"), name.text,
                      names);
  }

  const CallContext& context_;
  const DryRunTarget& target_;
  Validation& validation_;
  Problems problems_;
};

void sort_by_place(std::vector<Violation>& violations) {
  std::ranges::stable_sort(violations, {}, [](const Violation& violation) { return std::pair(violation.line, violation.column); });
}

}  // namespace

Validation validate_document(std::string_view text, const ReferenceContext& references) {
  Validation validation;
  auto document = parse_document(text);
  if (!document) {
    validation.report.errors = std::move(document.error().violations);
  } else {
    validation.document = std::move(*document);
    Problems problems(validation.report);
    ReferenceCheck(*validation.document, references, problems).check();
  }
  sort_by_place(validation.report.errors);
  sort_by_place(validation.report.warnings);
  validation.report.valid = validation.report.errors.empty();
  return validation;
}

Result<> validate_by_dry_run(const CallContext& context, const DryRunTarget& target, Validation& validation) {
  TRY(DryRunCheck(context, target, validation).check());
  sort_by_place(validation.report.errors);
  validation.report.valid = validation.report.errors.empty();
  return {};
}

Error validation_error(const ValidationReport& report) {
  const std::size_t count = report.errors.size();
  std::string message = str("The dashboard has ", count, count == 1 ? " problem" : " problems");
  if (count > 0) {
    const Violation& first = report.errors.front();
    message += str(": line ", first.line, first.path.empty() ? "" : ": ", first.path, ": ", first.message);
  }
  return {.code = ErrorCode::invalid_argument, .message = std::move(message), .reason = "invalid_document", .violations = report.errors};
}

}  // namespace bridge
