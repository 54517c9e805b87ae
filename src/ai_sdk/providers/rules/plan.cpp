#include "ai_sdk/providers/rules/plan.h"

#include <cmath>

#include "ai_sdk/providers/rules/words.h"
#include "base/text.h"

namespace bridge::rules {

namespace {

constexpr std::size_t kpis_max = 4;
constexpr int bars_max = 15;
constexpr int table_rows = 100;
constexpr int points_max = 4'000;
constexpr int series_max = 6;  // greys that the eye tells apart
constexpr int series_top = 5;  // of a column with more values
constexpr int heatmap_rows = 12;
constexpr std::int64_t parameter_values_max = 300;
constexpr std::size_t parameters_max = 2;  // besides the period
constexpr int groups_least = 10;           // rows behind an average in a ranking, however few are shown
constexpr std::size_t title_bytes_max = 120;
constexpr std::size_t asked_title_bytes_max = 70;  // a sentence so short is its own title
constexpr std::size_t slug_bytes_max = 60;

class Planner {
 public:
  Planner(const Question& question, const Sentence& sentence, const PlanOptions& options)
      : question_(question), sentence_(sentence), options_(options), table_(*question.table), time_(table_.time_column()) {}

  Plan run() {
    choose_grain();
    add_parameters();
    add_kpis();
    add_lead();
    // "the rainiest months" are the answer; where else it rains comes after.
    if (question_.part != TimePart::none && question_.asked.empty()) add_times();
    add_trends();
    add_breakdowns();
    add_times();
    add_table();
    finish();
    return std::move(plan_);
  }

 private:
  // ---- SQL ----------------------------------------------------------------------------------------------------------

  struct Key {
    std::string sql;
    std::string alias;
    std::string label;
    std::string order_sql;
    std::vector<std::string> group;  // empty: the value itself
    std::string unit;
  };
  struct Select {
    std::string id;
    std::vector<Key> keys;
    std::vector<Measure> measures;
    std::vector<std::string> conditions;
    std::string having;
    std::vector<std::string> order;
    std::optional<int> limit;
    bool latest_only = false;  // of a snapshot: its newest year
  };

  static Key key_of(const Dimension& dimension) {
    return {dimension.sql, dimension.alias, dimension.label, dimension.order_sql, dimension.keys, dimension.unit};
  }
  Key time_key() const { return {bucket_sql(*time_, grain_), time_alias(), capitalised(name_of(grain_)), "", {}, ""}; }
  std::string time_alias() const { return str(name_of(grain_), grain_ == Grain::year && time_->time_is_year ? "_value" : "_start"); }

  std::vector<std::string> base_conditions(bool with_period = true) const {
    std::vector<std::string> conditions;
    if (has_period_ && with_period) conditions.push_back(str("filter(:period, ", time_->time_sql, ")"));
    for (const auto& [name, sql] : filters_) conditions.push_back(str("filter(:", name, ", ", sql, ")"));
    for (const std::string& condition : question_.conditions) conditions.push_back(condition);
    for (const std::string& condition : fixed_) conditions.push_back(condition);
    return conditions;
  }

  static void add_unique(std::vector<std::string>& list, const std::string& item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
  }

  std::string where(std::vector<std::string> conditions, const std::vector<std::string>& more, bool latest_only,
                    std::string_view indent = "") const {
    for (const std::string& condition : more) add_unique(conditions, condition);
    if (latest_only && time_) {
      std::vector<std::string> inner = base_conditions();
      conditions.push_back(str(time_->sql, " = (SELECT max(", time_->sql, ") FROM ", table_.sql_name, inner.empty() ? "" : " WHERE ",
                               join(inner, " AND "), ")"));
    }
    if (conditions.empty()) return "";
    return str(indent, "WHERE ", join(conditions, str("\n", indent, "  AND ")), "\n");
  }

  std::string sql_of(const Select& select) const {
    std::vector<std::string> columns;
    std::vector<std::string> groups;
    for (const Key& key : select.keys) {
      columns.push_back(key.sql == key.alias ? key.sql : str(key.sql, " AS ", key.alias));
      if (key.group.empty()) groups.push_back(str(columns.size()));
      for (const std::string& part : key.group) groups.push_back(part);
      if (!key.order_sql.empty() && key.order_sql != "1") groups.push_back(key.order_sql);
    }
    for (const Measure& measure : select.measures)
      columns.push_back(measure.sql == measure.alias ? measure.sql : str(measure.sql, " AS ", measure.alias));
    std::size_t width = 0;
    for (const std::string& column : columns) width += column.size() + 2;
    std::string sql = str("SELECT ", join(columns, width > 100 ? ",\n       " : ", "), "\nFROM ", table_.sql_name, "\n");
    sql += where(base_conditions(), select.conditions, select.latest_only);
    if (!groups.empty()) sql += str("GROUP BY ", join(groups, ", "), "\n");
    if (!select.having.empty()) sql += str("HAVING ", select.having, "\n");
    if (!select.order.empty()) sql += str("ORDER BY ", join(select.order, ", "), "\n");
    if (select.limit) sql += str("LIMIT ", *select.limit, "\n");
    sql.pop_back();
    return sql;
  }

  bool add_query(Select select) {
    const bool taken =
        std::any_of(plan_.queries.begin(), plan_.queries.end(), [&](const PlannedQuery& query) { return query.id == select.id; });
    if (taken || options_.without.contains(select.id)) return false;
    make_aliases_unique(select);
    PlannedQuery query{.id = select.id, .sql = sql_of(select)};
    for (const Key& key : select.keys) query.columns.push_back({.name = key.alias, .label = key.label, .unit = key.unit});
    for (const Measure& measure : select.measures)
      query.columns.push_back({measure.alias, measure.label, measure.unit, measure.format, measure.good});
    plan_.queries.push_back(std::move(query));
    return true;
  }
  static void make_aliases_unique(Select& select) {
    std::set<std::string> seen;
    const auto take = [&](std::string& alias) {
      const std::string base = alias;
      for (int number = 2; !seen.insert(alias).second; ++number) alias = str(base, "_", number);
    };
    for (Key& key : select.keys) take(key.alias);
    for (Measure& measure : select.measures) take(measure.alias);
  }

  // The columns of the query that was added last.
  const std::string& column_at(std::size_t index) const { return plan_.queries.back().columns[index].name; }

  bool add_chart(PlannedChart chart) {
    if (options_.without.contains(chart.id)) return false;
    plan_.charts.push_back(std::move(chart));
    return true;
  }

  // ---- time and parameters ------------------------------------------------------------------------------------------

  void choose_grain() {
    if (!time_) return;
    from_ = question_.from;
    to_ = question_.to;
    if (options_.period_share < 1 && from_ && to_) {
      const auto days = static_cast<Day>(std::floor(static_cast<double>(*to_ - *from_ + 1) * options_.period_share));
      from_ = *to_ - std::max<Day>(days, 1) + 1;
    }
    span_days_ = from_ && to_ ? static_cast<double>(*to_ - *from_ + 1) : time_->span_days;
    grain_ = question_.grain;
    if (time_->time_is_year) grain_ = Grain::year;
    if (grain_ == Grain::hour && !time_->has_time_of_day) grain_ = Grain::day;
    if (grain_ == Grain::none) {
      grain_ = span_days_ <= 3 && time_->has_time_of_day ? Grain::hour
               : span_days_ <= 100                       ? Grain::day
               : span_days_ <= 800                       ? Grain::week
               : span_days_ <= 4'000                     ? Grain::month
               : span_days_ <= 7'000                     ? Grain::quarter
                                                         : Grain::year;
      // Text dates that name only months, or rows that are months: not finer than they are.
      if (time_->time_is_text && grain_ < Grain::month && span_days_ > 100) grain_ = Grain::month;
    }
    const double days = std::max(1.0, span_days_);
    dense_ = !table_.snapshot && static_cast<double>(table_.row_count) / days >= 20 && from_ && to_;
  }

  bool last_bucket_is_whole() const {
    if (!to_ || grain_ == Grain::hour || grain_ == Grain::day) return true;
    const CivilDate next = civil_of(*to_ + 1);
    switch (grain_) {
      case Grain::week: return ((*to_ + 1 + 3) % 7 + 7) % 7 == 0;
      case Grain::month: return next.day == 1;
      case Grain::quarter: return next.day == 1 && (next.month - 1) % 3 == 0;
      case Grain::year: return next.day == 1 && next.month == 1;
      default: return true;
    }
  }

  std::string parameter_name(const std::string& alias) const {
    std::string name = alias == "period" ? "period_value" : alias;
    const std::string base = name;
    for (int number = 2;
         std::any_of(plan_.params.begin(), plan_.params.end(), [&](const PlannedParameter& param) { return param.name == name; }); ++number)
      name = str(base, "_", number);
    return name;
  }

  void add_parameters() {
    if (time_) {
      has_period_ = true;
      std::string range = "all";
      if (from_ || to_) range = str(from_ ? format_day(*from_) : "", "..", to_ ? format_day(*to_) : "");
      plan_.params.push_back({.name = "period", .type = "date_range", .label = "Period", .defaults = {range}});
    }
    for (const ValueFilter& filter : question_.filters) {
      const Dimension dimension = make_dimension(table_, filter.column);
      if (!add_parameter(dimension, filter.values, 4)) add_fixed_filter(filter);
    }
    std::size_t count = 0;
    std::vector<Dimension> candidates;
    if (question_.compare) candidates.push_back(*question_.compare);
    for (const Dimension& dimension : question_.asked) {
      for (const std::size_t column : dimension.columns) {
        if (table_.columns[column].role == ColumnRole::dimension) candidates.push_back(make_dimension(table_, column));
      }
    }
    for (const Dimension& dimension : question_.others) candidates.push_back(dimension);
    for (const Dimension& candidate : candidates) {
      if (count >= parameters_max) break;
      if (add_parameter(candidate, {}, parameters_max + question_.filters.size())) ++count;
    }
  }

  bool add_parameter(const Dimension& dimension, const std::vector<std::string>& values, std::size_t enums_max) {
    if (dimension.columns.size() != 1 || !dimension.distinct || *dimension.distinct > parameter_values_max || *dimension.distinct < 2)
      return false;
    if (parameters_.contains(dimension.columns.front())) return false;
    if (parameters_.size() >= enums_max) return false;
    const std::string name = parameter_name(dimension.alias);
    const std::string query = str(dimension.alias, "_values");
    if (options_.without.contains(query)) return false;
    std::string sql = str("SELECT ", dimension.sql, " AS name\nFROM ", table_.sql_name, "\n");
    std::vector<std::string> conditions = dimension.conditions;
    if (!conditions.empty()) sql += str("WHERE ", join(conditions, "\n  AND "), "\n");
    sql += str("GROUP BY 1\nORDER BY count(*) DESC, 1\nLIMIT ", parameter_values_max);
    value_queries_.push_back({.id = query, .sql = sql, .columns = {}});
    plan_.params.push_back({.name = name,
                            .type = "enum",
                            .label = dimension.label,
                            .defaults = values.empty() ? std::vector<std::string>{"all"} : values,
                            .values_from = str(query, ".name")});
    parameters_[dimension.columns.front()] = name;
    filters_.emplace_back(name, dimension.sql);
    return true;
  }
  void add_fixed_filter(const ValueFilter& filter) {
    const Dimension dimension = make_dimension(table_, filter.column);
    std::vector<std::string> quoted;
    for (const std::string& value : filter.values) quoted.push_back(quote_text(value));
    fixed_.push_back(quoted.size() == 1 ? str(dimension.sql, " = ", quoted.front()) : str(dimension.sql, " IN (", join(quoted, ", "), ")"));
    plan_.notes.push_back(str("Only rows where ", in_sentence(dimension.label), " is ", join(filter.values, " or "), " are shown."));
  }
  std::vector<std::pair<std::string, std::string>> click_on(const Dimension& dimension, std::string_view encoding) const {
    if (dimension.columns.size() != 1 || dimension.ordered()) return {};
    const auto found = parameters_.find(dimension.columns.front());
    if (found == parameters_.end()) return {};
    return {{found->second, str("$", encoding)}};
  }

  // ---- the numbers on top -------------------------------------------------------------------------------------------

  const Measure& lead() const { return question_.measures.front(); }
  bool latest_only() const { return table_.snapshot; }
  // Of a snapshot: which year is shown.
  std::string of_year() const {
    const bool one = from_ && to_ && civil_of(*from_).year == civil_of(*to_).year;
    return one ? str(", ", civil_of(*to_).year) : ", latest year";
  }
  bool compares_periods() const {
    return question_.window_asked && time_ && time_->first_day && from_ && to_ && *time_->first_day <= *from_ - (*to_ - *from_ + 1) &&
           !latest_only();
  }

  void add_kpis() {
    Select select{.id = "totals", .latest_only = latest_only()};
    const auto add = [&](Measure measure) {
      if (select.measures.size() >= kpis_max) return;
      for (const Measure& present : select.measures) {
        if (present.sql == measure.sql) return;
      }
      select.measures.push_back(std::move(measure));
    };
    const bool events = !table_.snapshot && !question_.panel && (table_.rows_label != "Records" || !lead().column);
    // Two or three values side by side: each gets its number.
    const bool side_by_side = question_.compare && question_.compare_values.size() >= 2 && question_.compare_values.size() <= 3;
    if (side_by_side) {
      const auto share =
          lead().column && lead().aggregate != Aggregate::share && !latest_only() ? make_share(table_, *lead().column) : std::nullopt;
      for (const std::string& value : question_.compare_values) add(measure_of(lead(), value));
      for (const std::string& value : question_.compare_values) {
        if (share) add(measure_of(*share, value));
      }
    }
    for (const Measure& measure : question_.measures) {
      if (select.measures.size() < kpis_max - 1) add(measure);
    }
    for (const Measure& measure : question_.measures) {
      if (!measure.column || measure.aggregate == Aggregate::share) continue;
      if (auto share = make_share(table_, *measure.column); share && !latest_only() && !is_narrowed(*measure.column))
        add(std::move(*share));
    }
    if (events && select.measures.size() < kpis_max) {
      Measure rows = count_rows(table_);
      if (std::none_of(select.measures.begin(), select.measures.end(), [&](const Measure& measure) { return measure.sql == rows.sql; })) {
        select.measures.insert(select.measures.begin(), std::move(rows));
      }
    }
    for (const Dimension& dimension : question_.asked) {
      if (dimension.ordered() && !dimension.columns.empty()) add(make_measure(table_, dimension.columns.front(), Aggregate::mean));
    }
    for (const Measure& measure : question_.measures) {
      if (!measure.column || measure.aggregate == Aggregate::share || measure.aggregate == Aggregate::distinct) continue;
      // The other side of the same quantity: what one row has, or how far it goes.
      const ColumnProfile& column = table_.columns[*measure.column];
      if (latest_only() && measure.aggregate == Aggregate::sum) continue;
      if (measure.aggregate == Aggregate::sum) add(make_measure(table_, *measure.column, Aggregate::mean));
      else if (!column.money) add(make_measure(table_, *measure.column, far_end(column)));
    }
    for (const Dimension& dimension : question_.asked) {
      if (select.measures.size() < kpis_max && !dimension.ordered()) add(count_distinct(table_, dimension));
    }
    if (select.measures.size() < kpis_max && question_.other_measure && events) {
      add(*question_.other_measure);
      if (auto share = make_share(table_, *question_.other_measure->column); share && !is_narrowed(*question_.other_measure->column))
        add(std::move(*share));
    }
    for (const Dimension& dimension : question_.others) {
      if (select.measures.size() < 3 && dimension.distinct && *dimension.distinct > 3) add(count_distinct(table_, dimension));
    }
    if (select.measures.empty() || !add_query(select)) return;
    const PlannedQuery query = plan_.queries.back();
    PlannedRow row{.height = compares_periods() ? 3 : 2};
    const int width = query.columns.size() >= 4 ? 3 : 12 / static_cast<int>(std::max<std::size_t>(1, query.columns.size()));
    for (const PlannedColumn& column : query.columns) {
      PlannedChart chart{.id = str("kpi_", column.name), .query = query.id, .mark = "kpi", .title = column.label, .y = {column.name}};
      chart.compare = compares_periods();
      if (latest_only() && time_) chart.title += of_year();
      if (add_chart(chart)) row.items.push_back({.chart = plan_.charts.back().id, .width = width});
    }
    if (!row.items.empty()) plan_.layout.push_back(std::move(row));
  }

  // How far a quantity goes: of a lowest temperature, down.
  static Aggregate far_end(const ColumnProfile& column) {
    const bool least = std::find(column.words.begin(), column.words.end(), "min") != column.words.end();
    return least ? Aggregate::minimum : Aggregate::maximum;
  }

  // Whether the sentence already leaves out rows by this column: a share of "late" among the late says nothing.
  bool is_narrowed(std::size_t column) const {
    return std::any_of(question_.conditions.begin(), question_.conditions.end(),
                       [&](const std::string& condition) { return condition.starts_with(str(table_.columns[column].sql, " ")); });
  }

  // The same for one value of what is compared.
  Measure measure_of(const Measure& asked, const std::string& value) const {
    Measure measure = asked;
    const std::string is_value = str(question_.compare->sql, " = ", quote_text(value));
    if (measure.sql == "count(*)") {
      measure.sql = str("count(CASE WHEN ", is_value, " THEN 1 END)");
    } else if (measure.aggregate == Aggregate::share) {
      measure.sql = replace_all(measure.sql, "CASE WHEN ", str("CASE WHEN NOT (", is_value, ") THEN NULL WHEN "));
    } else {
      const std::string& column = table_.columns[*measure.column].sql;
      measure.sql = replace_all(measure.sql, str("(", column, ")"), str("(CASE WHEN ", is_value, " THEN ", column, " END)"));
    }
    measure.label = str(capitalised(shortened(value, 40)), ": ", in_sentence(measure.label));
    measure.alias = make_alias(str(value, "_", asked.alias));
    return measure;
  }

  // ---- what the sentence is about -----------------------------------------------------------------------------------

  void add_lead() {
    if (question_.relation) add_relation();
    else if (question_.part == TimePart::none && question_.grain == Grain::none && question_.measure_asked) add_top_rows();
    if (question_.distribution) add_distribution(*question_.distribution);
    if (question_.mark == MarkWord::box) add_box();
    if (question_.mark == MarkWord::map) add_map();
    if (question_.mark == MarkWord::heatmap) add_heatmap();
  }

  // Rows as they are, for marks that work on single values; not more than a picture can show.
  bool add_raw(const std::string& id, const std::vector<Key>& keys, const std::vector<const ColumnProfile*>& values,
               const std::vector<std::string>& more) {
    if (options_.without.contains(id)) return false;
    Select select{.id = id, .keys = keys};
    for (const ColumnProfile* value : values) select.measures.push_back(raw_measure(*value));
    make_aliases_unique(select);
    PlannedQuery query{.id = id};
    std::vector<std::string> columns;
    const auto add = [&](const std::string& sql, const std::string& alias) {
      columns.push_back(sql == alias ? sql : str(sql, " AS ", alias));
    };
    for (const Key& key : select.keys) {
      add(key.sql, key.alias);
      query.columns.push_back({.name = key.alias, .label = key.label});
    }
    for (const Measure& measure : select.measures) {
      add(measure.sql, measure.alias);
      query.columns.push_back({measure.alias, measure.label, measure.unit, measure.format, measure.good});
    }
    std::vector<std::string> conditions = more;
    for (const ColumnProfile* value : values) add_unique(conditions, str(value->sql, " IS NOT NULL"));
    query.sql = str("SELECT ", join(columns, ", "), "\nFROM ", table_.sql_name, "\n", where(base_conditions(), conditions, latest_only()),
                    "ORDER BY ", join(numbers(columns.size()), ", "), "\nLIMIT ", points_max);
    plan_.queries.push_back(std::move(query));
    return true;
  }

  void add_box() {
    const Dimension* group = nullptr;
    for (const auto* list : {&question_.asked, &question_.others}) {
      for (const Dimension& dimension : *list) {
        if (!group && !dimension.ordered()) group = &dimension;
      }
    }
    const auto measure =
        std::find_if(question_.measures.begin(), question_.measures.end(), [](const Measure& one) { return one.column.has_value(); });
    // Of a large table the first rows would be a wrong picture.
    if (!group || measure == question_.measures.end() || table_.row_count > points_max) return;
    const ColumnProfile& value = table_.columns[*measure->column];
    if (!add_raw("spread", {key_of(*group)}, {&value}, group->conditions)) return;
    if (add_chart({.id = "spread",
                   .query = "spread",
                   .mark = "box",
                   .title = str(value.label, " by ", in_sentence(group->label)),
                   .x = column_at(0),
                   .y = {column_at(1)}}))
      plan_.layout.push_back({.items = {{.chart = "spread"}}, .height = 7});
  }

  void add_map() {
    const ColumnProfile* latitude = nullptr;
    const ColumnProfile* longitude = nullptr;
    for (const ColumnProfile& column : table_.columns) {
      if (column.role == ColumnRole::geography) (spelled_out(column.words.back()) == "latitude" ? latitude : longitude) = &column;
    }
    if (!latitude || !longitude || !add_raw("places", {}, {longitude, latitude}, {})) return;
    PlannedChart chart{.id = "places",
                       .query = "places",
                       .mark = "map",
                       .title = str(table_.rows_label, " on a map"),
                       .x = column_at(0),
                       .y = {column_at(1)}};
    if (table_.row_count > points_max) chart.description = str("The first ", points_max, " places from the west.");
    if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "places"}}, .height = 9});
  }

  void add_heatmap() {
    std::vector<const Dimension*> sides;
    for (const auto* list : {&question_.asked, &question_.others}) {
      for (const Dimension& dimension : *list) {
        if (sides.size() < 2) sides.push_back(&dimension);
      }
    }
    if (sides.size() < 2) return;
    Select select{.id = "matrix",
                  .keys = {key_of(*sides[0]), key_of(*sides[1])},
                  .measures = {lead()},
                  .conditions = sides[0]->conditions,
                  .order = {"1", "2"},
                  .latest_only = latest_only()};
    for (const std::string& condition : sides[1]->conditions) add_unique(select.conditions, condition);
    for (const Dimension* side : sides) {
      if (!side->ordered() && side->distinct && *side->distinct > 30) select.conditions.push_back(top_of_latest(*side, bars_max));
    }
    if (!add_query(select)) return;
    PlannedChart chart{.id = "matrix",
                       .query = "matrix",
                       .mark = "heatmap",
                       .title = str(lead().label, " by ", in_sentence(sides[0]->label), " and ", in_sentence(sides[1]->label)),
                       .x = column_at(0),
                       .y = {column_at(1)},
                       .color = column_at(2)};
    if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "matrix"}}, .height = 8});
  }

  void add_relation() {
    const auto [x_column, y_column] = *question_.relation;
    const ColumnProfile& x = table_.columns[x_column];
    const ColumnProfile& y = table_.columns[y_column];
    const std::string title = str(y.label, " against ", in_sentence(x.label));
    const bool points = latest_only() || table_.row_count <= points_max;
    Select select{.id = "relation", .latest_only = latest_only()};
    const Dimension* each = thing_dimension();
    std::optional<Dimension> color;
    if (points) {
      // Every row is a point.
      if (each) select.keys.push_back(key_of(*each));
      for (const Dimension& dimension : question_.others) {
        if (!color && dimension.distinct && *dimension.distinct <= series_max && (!each || dimension.sql != each->sql)) color = dimension;
      }
      if (color) select.keys.push_back(key_of(*color));
      std::vector<const ColumnProfile*> values{&x, &y};
      bool size = false;
      for (const ColumnProfile& column : table_.columns) {
        if (size || !latest_only() || column.role != ColumnRole::measure || !column.additive || &column == &x || &column == &y) continue;
        values.push_back(&column);
        size = true;
      }
      if (!add_raw("relation", select.keys, values, {})) return;
      const PlannedQuery& query = plan_.queries.back();
      const std::size_t first = select.keys.size();
      PlannedChart chart{.id = "relation",
                         .query = "relation",
                         .mark = "scatter",
                         .title = title,
                         .x = query.columns[first].name,
                         .y = {query.columns[first + 1].name}};
      if (color) chart.color = query.columns[first - 1].name;
      if (size) chart.size = query.columns[first + 2].name;
      chart.description = latest_only()
                              ? str("One point is one ", each ? in_sentence(each->label) : "row", " in the latest year of the period.")
                              : "One point is one row.";
      if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "relation"}}, .height = 8});
    } else if (each) {
      add_group_scatter(*each, x_column, y_column);
    }
    // The same as a line: the average of one for bands of the other.
    add_bands(make_bands(table_, x_column), make_measure(table_, y_column, Aggregate::mean), "relation_bands");
  }
  static std::vector<std::string> numbers(std::size_t count) {
    std::vector<std::string> out;
    for (std::size_t i = 1; i <= count; ++i) out.push_back(str(i));
    return out;
  }
  Measure raw_measure(const ColumnProfile& column) const {
    return {.aggregate = Aggregate::none,
            .alias = make_alias(join(column.words, "_")),
            .sql = column.sql,
            .label = column.label,
            .unit = column.unit,
            .format = number_format(column, Aggregate::mean)};
  }
  // The dimension whose values are the things that a point can stand for.
  const Dimension* thing_dimension() const {
    const Dimension* best = nullptr;
    for (const auto* list : {&question_.asked, &question_.others}) {
      for (const Dimension& dimension : *list) {
        if (dimension.ordered() || !dimension.distinct || *dimension.distinct < 10 || *dimension.distinct > points_max) continue;
        if (!best || (best->distinct && *dimension.distinct > *best->distinct && list == &question_.others)) best = &dimension;
      }
    }
    return best;
  }

  void add_group_scatter(const Dimension& each, std::size_t x_column, std::size_t y_column) {
    const Measure x = make_measure(table_, x_column, Aggregate::mean);
    const Measure y = make_measure(table_, y_column, Aggregate::mean);
    Select select{.id = "scatter",
                  .keys = {key_of(each)},
                  .measures = {x, y, count_rows(table_)},
                  .conditions = each.conditions,
                  .order = {"4 DESC", "1"},
                  .limit = 500};
    select.having = least_rows(each, x, 3);
    if (!add_query(select)) return;
    PlannedChart chart{.id = "scatter",
                       .query = "scatter",
                       .mark = "scatter",
                       .title = str(y.label, " against ", in_sentence(x.label), ", by ", in_sentence(each.label)),
                       .x = column_at(1),
                       .y = {column_at(2)}};
    chart.size = column_at(3);
    chart.description =
        str("One point is one ", in_sentence(each.label), "; its size is the number of ", in_sentence(table_.rows_label), ".");
    if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "scatter"}}, .height = 7});
  }

  // An average over bands, and how many rows stand behind each.
  void add_bands(const Dimension& bands, const Measure& measure, const std::string& id) {
    const Measure rows = count_rows(table_);
    const bool both = measure.sql != rows.sql && !latest_only();
    const bool line = measure.sql != rows.sql;
    Select select{.id = id,
                  .keys = {key_of(bands)},
                  .measures = {measure},
                  .conditions = bands.conditions,
                  .order = {"1"},
                  .latest_only = latest_only()};
    if (both) select.measures.push_back(rows);
    if (both && table_.row_count > 2'000) select.having = least_rows(bands, measure, 10);
    if (!add_query(select)) return;
    PlannedRow row{.height = 6};
    PlannedChart chart{.id = id,
                       .query = id,
                       .mark = line ? "line" : "bar",
                       .title = str(measure.label, " by ", in_sentence(bands.label)),
                       .x = column_at(0),
                       .y = {column_at(1)}};
    chart.description = "Each band is named by where it begins.";
    const int width = both ? 7 : 12;
    if (add_chart(chart)) row.items.push_back({.chart = id, .width = width});
    if (both) {
      PlannedChart count{.id = str(id, "_rows"),
                         .query = id,
                         .mark = "bar",
                         .title = str(rows.label, " by ", in_sentence(bands.label)),
                         .x = column_at(0),
                         .y = {column_at(2)}};
      if (add_chart(count)) row.items.push_back({.chart = count.id, .width = 12 - width});
    }
    if (row.items.size() == 1) row.items.front().width = 12;
    if (!row.items.empty()) plan_.layout.push_back(std::move(row));
  }

  void add_distribution(std::size_t column) {
    const Dimension bands = make_bands(table_, column);
    Select select{
        .id = "distribution", .keys = {key_of(bands)}, .measures = {count_rows(table_)}, .conditions = bands.conditions, .order = {"1"}};
    if (!add_query(select)) return;
    PlannedChart chart{.id = "distribution",
                       .query = "distribution",
                       .mark = "bar",
                       .title = str(table_.rows_label, " by ", in_sentence(bands.label)),
                       .x = column_at(0),
                       .y = {column_at(1)}};
    chart.description = bands.conditions.size() > 1 ? "Each band is named by where it begins; the far tail is left out."
                                                    : "Each band is named by where it begins.";
    if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "distribution"}}, .height = 7});
  }

  // ---- over time ----------------------------------------------------------------------------------------------------

  // One series each for the values of a column; none when one line is enough.
  const Dimension* series_dimension() const {
    if (question_.compare) return &*question_.compare;
    // Prices of several things have no average that means anything.
    if (is_quote() && question_.asked.empty()) {
      for (const Dimension& dimension : question_.others) {
        if (is_small(dimension)) return &dimension;
      }
    }
    if (!question_.trend && question_.asked.size() < 2) return nullptr;
    for (const Dimension& dimension : question_.asked) {
      if (!dimension.ordered() && dimension.distinct && (*dimension.distinct <= series_max || question_.trend) && *dimension.distinct >= 2)
        return &dimension;
    }
    return nullptr;
  }

  void add_trends() {
    if (!time_ || (!question_.trend && span_days_ > 0 && span_days_ < 2)) return;
    // One year of a table of years is a point, not a line.
    if (time_->time_is_year && from_ && to_ && civil_of(*from_).year == civil_of(*to_).year) return;
    std::vector<Measure> measures;
    if (question_.relation) {
      measures.push_back(make_measure(table_, question_.relation->second, Aggregate::mean));
      measures.push_back(make_measure(table_, question_.relation->first, Aggregate::mean));
    } else {
      for (const Measure& measure : question_.measures) {
        // What the sentence does not name has no place beside a breakdown that it does name.
        const bool wanted = measures.empty() || question_.measure_asked || question_.asked.empty();
        if (measures.size() < 2 && wanted) measures.push_back(measure);
      }
    }
    // Of one value a day, a spread over time would be one of nothing.
    for (Measure& measure : measures) {
      if (measure.aggregate == Aggregate::spread) measure = make_measure(table_, *measure.column, Aggregate::mean);
    }
    const Dimension* series = series_dimension();
    PlannedRow row{.height = 6};
    for (std::size_t i = 0; i < measures.size(); ++i) {
      const std::string id = i == 0 ? "trend" : "trend_2";
      if (const std::string chart = add_trend(id, measures[i], series); !chart.empty()) row.items.push_back({.chart = chart});
    }
    if (question_.compare && question_.trend && !question_.asked.empty() && !question_.asked.front().ordered() &&
        question_.asked.front().sql != question_.compare->sql) {
      if (const std::string chart = add_trend("trend_each", lead(), &question_.asked.front()); !chart.empty())
        row.items.push_back({.chart = chart});
    }
    for (PlannedItem& item : row.items) item.width = 12 / static_cast<int>(row.items.size());
    if (row.items.empty()) return;
    // A question about a ranking gets the ranking first.
    const bool ranks = !question_.asked.empty() && !question_.trend && !question_.window_asked;
    if (ranks) late_rows_.push_back(std::move(row));
    else plan_.layout.push_back(std::move(row));
  }

  std::string add_trend(const std::string& id, const Measure& asked, const Dimension* series) {
    Measure measure = asked;
    const bool coarse = grain_ > Grain::day;
    std::string remark;
    if (measure.adds_up && coarse && dense_ && question_.grain == Grain::none && !time_->time_is_year && !series) {
      measure = per_day(measure, *time_);
    } else if (measure.adds_up && coarse && !last_bucket_is_whole()) {
      remark = str("The last ", name_of(grain_), " is not complete.");
    }
    Select select{.id = id, .keys = {time_key()}, .measures = {measure}, .order = {"1"}};
    if (time_->time_is_text || time_->null_fraction > 0) select.conditions.push_back(str(time_->time_sql, " IS NOT NULL"));
    // Too few rows for an average, or stray dates that nobody means.
    if (time_->time_is_text && table_.row_count > 1'000) {
      const std::int64_t least = grain_ == Grain::year ? std::clamp<std::int64_t>(table_.row_count / 500, 5, 50) : measure.adds_up ? 1 : 3;
      select.having = str("count(", measure.column && !measure.adds_up ? table_.columns[*measure.column].sql : "*", ") >= ", least);
    }
    bool many = false;
    if (series) {
      select.keys.push_back(key_of(*series));
      select.order.push_back("2");
      for (const std::string& condition : series->conditions) select.conditions.push_back(condition);
      const int count = std::min(question_.top.value_or(series_top), series_max);
      many = !(question_.compare && series == &*question_.compare && !question_.compare_values.empty()) && series->distinct &&
             *series->distinct > series_max;
      if (many) select.conditions.push_back(top_values(*series, count));
    }
    if (!add_query(select)) return {};
    const bool single = is_single_value(measure, series);
    if (single) {
      const ColumnProfile& column = table_.columns[*measure.column];
      plan_.queries.back().columns.back().label = column.label;
      measure.label = column.label;
    }
    PlannedChart chart{.id = id,
                       .query = id,
                       .mark = "line",
                       .title = str(measure.label, " by ", name_of(grain_)),
                       .x = column_at(0),
                       .y = {plan_.queries.back().columns.back().name}};
    if (series) {
      chart.color = column_at(1);
      if (many)
        chart.title +=
            str(": the ", std::min(question_.top.value_or(series_top), series_max), " largest ", plural_of(in_sentence(series->label)));
      else chart.title += str(" and ", in_sentence(series->label));
      chart.on_click = click_on(*series, "color");
    } else if (measure.adds_up && asked.adds_up) {
      chart.mark = "area";
    }
    if (question_.mark == MarkWord::bar && !series) chart.mark = "bar";
    chart.description = remark;
    if (!remark.empty()) add_unique(plan_.notes, remark);
    return add_chart(chart) ? id : std::string();
  }

  // One row for each thing and bucket: its average is the value itself.
  bool is_single_value(const Measure& measure, const Dimension* series) const {
    if (!question_.panel || !measure.column || measure.aggregate != Aggregate::mean || !time_->distinct || span_days_ < 2) return false;
    const double thing_rows = static_cast<double>(table_.row_count) / static_cast<double>(*time_->distinct);
    const bool one_thing = thing_rows < 1.5 || series ||
                           std::any_of(question_.filters.begin(), question_.filters.end(),
                                       [](const ValueFilter& filter) { return filter.values.size() == 1; });
    const double days_each = std::max(time_->span_days, static_cast<double>(*time_->distinct)) / static_cast<double>(*time_->distinct);
    return one_thing && (grain_ == Grain::day || (grain_ == Grain::month && days_each >= 27 && days_each < 32) || time_->time_is_year);
  }

  // A condition that keeps the rows of the largest values.
  std::string top_values(const Dimension& dimension, int count) const {
    const std::vector<std::string> keys = dimension.keys.empty() ? std::vector<std::string>{dimension.sql} : dimension.keys;
    const std::string tuple = keys.size() > 1 ? str("(", join(keys, ", "), ")") : keys.front();
    std::vector<std::string> conditions = base_conditions();
    for (const std::string& condition : dimension.conditions) add_unique(conditions, condition);
    const bool by_sum = lead().adds_up && lead().column;
    // Of a table of counts a row is no thing: the largest are those with the largest sum.
    const bool by_other = !by_sum && table_.snapshot && question_.other_measure && question_.other_measure->adds_up;
    return str(tuple, " IN (\n    SELECT ", join(keys, ", "), "\n    FROM ", table_.sql_name, "\n",
               conditions.empty() ? "" : str("    WHERE ", join(conditions, " AND "), "\n"), "    GROUP BY ",
               join(numbers(keys.size()), ", "), "\n    ORDER BY ",
               by_sum     ? lead().sql
               : by_other ? question_.other_measure->sql
                          : "count(*)",
               " DESC, ", join(numbers(keys.size()), ", "), "\n    LIMIT ", count, "\n  )");
  }

  // ---- breakdowns ---------------------------------------------------------------------------------------------------

  // Groups of a few rows say nothing of an average. The least that counts is a share of all rows that are shown, so that it shrinks with
  // them when the reader filters.
  std::string least_rows(const Dimension& dimension, const Measure& measure, int least, double portion = 20) {
    const bool averages =
        measure.aggregate == Aggregate::mean || measure.aggregate == Aggregate::median || measure.aggregate == Aggregate::share;
    if (!averages || !dimension.distinct || *dimension.distinct < 8 || table_.snapshot || question_.panel) return "";
    const double rows_each = static_cast<double>(table_.row_count) / static_cast<double>(*dimension.distinct);
    const double rows = std::max(nice_number(rows_each / portion), static_cast<double>(least));
    if (rows_each < rows) return "";
    const bool gaps = measure.column && table_.columns[*measure.column].null_fraction > 0.02;
    const std::string count = str("count(", gaps ? table_.columns[*measure.column].sql : "*", ")");
    last_least_ = static_cast<std::int64_t>(rows);
    if (rows < 50) return str(count, " >= ", last_least_);
    const auto part = static_cast<std::int64_t>(nice_number(0.6 * static_cast<double>(table_.row_count) / rows));
    last_least_ = table_.row_count / part;
    return str(count, " >= greatest(", groups_least, ", (\n    SELECT count(*) / ", part, "\n    FROM ", table_.sql_name, "\n",
               where(base_conditions(), {}, false, "    "), "  ))");
  }

  std::string add_bar(const std::string& id, const Dimension& dimension, const Measure& measure, int limit) {
    if (dimension.ordered()) return {};
    const bool down = question_.order < 0;
    Select select{
        .id = id, .keys = {key_of(dimension)}, .measures = {measure}, .conditions = dimension.conditions, .latest_only = latest_only()};
    last_least_ = 0;
    select.having = least_rows(dimension, measure, 3);
    if (!question_.having.empty()) select.having = question_.having;
    select.order = {down ? "2 NULLS LAST" : "2 DESC NULLS LAST", "1"};
    select.limit = limit;
    if (!add_query(select)) return {};
    PlannedChart chart{.id = id,
                       .query = id,
                       .mark = "bar",
                       .title = str(measure.label, " by ", in_sentence(dimension.label)),
                       .x = column_at(0),
                       .y = {column_at(1)},
                       .sort = down ? "y" : "-y",
                       .limit = limit};
    if (question_.mark == MarkWord::pie && dimension.distinct && *dimension.distinct <= 6 && measure.adds_up) chart.mark = "donut";
    if (latest_only()) chart.title += of_year();
    chart.on_click = click_on(dimension, "x");
    if (last_least_ > 0) {
      const std::string least = format_count(static_cast<std::uint64_t>(last_least_));
      chart.description = str("Only those with at least ", least, " ", in_sentence(table_.rows_label),
                              last_least_ >= 50 ? " of all; fewer when filtered." : ".");
      add_unique(plan_.notes, "Rankings by average leave out groups that are too small to compare; each says from how many on.");
    }
    return add_chart(chart) ? id : std::string();
  }

  // A price or an index, one a day: its change from the first to the last day is what people look for.
  bool is_quote() const {
    if (!question_.panel || latest_only() || !time_ || !lead().column || lead().adds_up) return false;
    static constexpr auto quotes = std::to_array<std::string_view>({"price", "close", "open", "index", "value", "rate", "quote"});
    const auto& words = table_.columns[*lead().column].words;
    return std::any_of(words.begin(), words.end(),
                       [](const std::string& word) { return std::find(quotes.begin(), quotes.end(), word) != quotes.end(); });
  }

  // From the first to the last value of the period: what a level has come to.
  std::string add_change(const Dimension& dimension) {
    const std::string& column = table_.columns[*lead().column].sql;
    const std::string& label = table_.columns[*lead().column].label;
    Measure change{.aggregate = Aggregate::mean, .alias = "change", .label = str("Change of ", in_sentence(label)), .format = "+.0%"};
    change.sql = str("arg_max(", column, ", ", time_->time_sql, ") / nullif(arg_min(", column, ", ", time_->time_sql, "), 0) - 1");
    Select select{.id = "change",
                  .keys = {key_of(dimension)},
                  .measures = {change},
                  .conditions = dimension.conditions,
                  .order = {"2 DESC NULLS LAST", "1"},
                  .limit = bars_max};
    if (!add_query(select)) return {};
    PlannedChart chart{.id = "change",
                       .query = "change",
                       .mark = "bar",
                       .title = str(change.label, " from first to last, by ", in_sentence(dimension.label)),
                       .x = column_at(0),
                       .y = {column_at(1)},
                       .sort = "-y"};
    chart.on_click = click_on(dimension, "x");
    return add_chart(chart) ? "change" : std::string();
  }

  std::string add_split_bar(const std::string& id, const Dimension& first, const Dimension& second, const Measure& measure, int limit) {
    Select select{.id = id,
                  .keys = {key_of(first), key_of(second)},
                  .measures = {measure},
                  .conditions = first.conditions,
                  .latest_only = latest_only()};
    for (const std::string& condition : second.conditions) add_unique(select.conditions, condition);
    const bool many = !first.ordered() && first.distinct && *first.distinct > limit;
    if (many) select.conditions.push_back(top_of_latest(first, limit));
    select.order = first.ordered() ? std::vector<std::string>{first.order_sql == "1" ? "1" : first.order_sql, "2"}
                                   : std::vector<std::string>{"3 DESC NULLS LAST", "1", "2"};
    if (!add_query(select)) return {};
    const bool stacked = measure.adds_up && question_.mark != MarkWord::grouped_bar;
    PlannedChart chart{.id = id,
                       .query = id,
                       .mark = stacked ? "stacked_bar" : "grouped_bar",
                       .title = str(measure.label, " by ", in_sentence(first.label), " and ", in_sentence(second.label)),
                       .x = column_at(0),
                       .y = {column_at(2)},
                       .color = column_at(1)};
    if (!first.ordered()) chart.sort = "-y";
    if (latest_only()) chart.title += of_year();
    chart.on_click = click_on(first, "x");
    return add_chart(chart) ? id : std::string();
  }
  std::string top_of_latest(const Dimension& dimension, int count) const {
    if (!latest_only()) return top_values(dimension, count);
    std::vector<std::string> conditions = base_conditions();
    std::vector<std::string> inner = conditions;
    conditions.push_back(str(time_->sql, " = (SELECT max(", time_->sql, ") FROM ", table_.sql_name, inner.empty() ? "" : " WHERE ",
                             join(inner, " AND "), ")"));
    return str(dimension.sql, " IN (\n    SELECT ", dimension.sql, "\n    FROM ", table_.sql_name, "\n    WHERE ",
               join(conditions, " AND "), "\n    GROUP BY 1\n    ORDER BY ", lead().sql, " DESC, 1\n    LIMIT ", count, "\n  )");
  }

  void add_breakdowns() {
    std::vector<PlannedItem> items;
    const auto add = [&](const std::string& chart) {
      if (!chart.empty()) items.push_back({.chart = chart, .width = 6});
    };
    const int limit = question_.top.value_or(bars_max);
    std::vector<Dimension> plain;
    for (const Dimension& dimension : question_.asked) {
      if (dimension.ordered()) {
        add_bands(dimension, lead(), str("by_", dimension.alias));
        if (lead().column && !dimension.columns.empty()) {
          if (const Dimension* each = thing_dimension()) add_group_scatter(*each, dimension.columns.front(), *lead().column);
        }
      } else {
        plain.push_back(dimension);
      }
    }
    if (question_.compare &&
        std::none_of(plain.begin(), plain.end(), [&](const Dimension& dimension) { return dimension.sql == question_.compare->sql; })) {
      if (question_.part == TimePart::none && !plain.empty()) {
        add(add_split_bar("by_both", plain.front(), *question_.compare, lead(), 12));
        if (lead().adds_up && !items.empty()) {
          // The same as shares of the whole: who is how much of each.
          PlannedChart shares = plan_.charts.back();
          shares.id = "shares";
          shares.title = str("Share by ", in_sentence(plain.front().label), " and ", in_sentence(question_.compare->label),
                             latest_only() ? of_year() : "");
          shares.stack = "normalize";
          if (add_chart(shares)) add(shares.id);
        }
      } else {
        plain.insert(plain.begin(), *question_.compare);
      }
    } else if (plain.size() >= 2 && is_small(plain[1]) && !is_twin_pair(plain[0], plain[1])) {
      add(add_split_bar("by_both", plain[0], plain[1], lead(), 12));
    } else if (plain.size() >= 2 && is_small(plain[0]) && !is_twin_pair(plain[0], plain[1])) {
      add(add_split_bar("by_both", plain[1], plain[0], lead(), 12));
    }
    const bool route_over_time =
        !plain.empty() && time_ && question_.grain != Grain::none && plain.front().distinct && *plain.front().distinct > series_max;
    if (route_over_time) add_over_time(plain.front());
    const bool split = question_.compare && items.size() >= 2;
    for (const Dimension& dimension : plain) {
      if (items.size() >= 4 || split) break;
      add(add_bar(str("by_", dimension.alias), dimension, lead(), limit));
      // The second quantity that was asked for, for the same things.
      for (std::size_t i = 1; i < question_.measures.size() && items.size() < 4; ++i) {
        if (question_.measure_asked && i < 2)
          add(add_bar(measure_id(question_.measures[i], dimension), dimension, question_.measures[i], limit));
      }
    }
    // How much, and how often: a total alone does not say whether it is many or dear.
    if (plain.size() == 1 && items.size() == 1 && question_.measures.size() == 1 && lead().adds_up && lead().column && !question_.panel &&
        !table_.snapshot) {
      add(add_bar(str("rows_by_", plain.front().alias), plain.front(), count_rows(table_), limit));
    }
    if (is_quote() && !plain.empty() && items.size() == 1) add(add_change(plain.front()));
    for (const Dimension& dimension : question_.others) {
      const std::size_t wanted = question_.overview ? 4 : question_.relation || !question_.asked.empty() ? 2 : 2;
      if (items.size() >= wanted) break;
      if (question_.compare && dimension.sql == question_.compare->sql) continue;
      const Measure& measure =
          question_.overview && items.size() % 2 == 1 && question_.measures.size() > 1 ? question_.measures[1] : lead();
      if (question_.overview && question_.measures.size() > 1) {
        add(add_bar(str("by_", dimension.alias), dimension, question_.measures[0], limit));
        add(add_bar(measure_id(question_.measures[1], dimension), dimension, question_.measures[1], limit));
      } else {
        add(add_bar(str("by_", dimension.alias), dimension, measure, limit));
      }
    }
    // Two quantities for the same things: where they stand against each other.
    if (!question_.relation && question_.measure_asked && question_.measures.size() >= 2 && !plain.empty() &&
        question_.measures[0].column && question_.measures[1].column && question_.measures[0].aggregate != Aggregate::share &&
        items.size() >= 2) {
      add_two_measures(plain.front());
    }
    for (std::size_t i = 0; i < items.size();) {
      PlannedRow row{.height = limit > 10 && has_long_ranking(items[i].chart) ? 8 : 7};
      row.items.push_back(items[i++]);
      // An odd one gets the first row for itself: it is what was asked for first.
      if ((items.size() - i) % 2 == 0) row.items.front().width = 12;
      else row.items.push_back(items[i++]);
      plan_.layout.push_back(std::move(row));
    }
  }
  // Names of more than a few letters stand beside lying bars, which need a line each.
  bool has_long_ranking(const std::string& chart) const {
    const auto found = std::find_if(plan_.charts.begin(), plan_.charts.end(), [&](const PlannedChart& one) { return one.id == chart; });
    if (found == plan_.charts.end() || found->mark != "bar") return false;
    for (const auto* list : {&question_.asked, &question_.others}) {
      for (const Dimension& dimension : *list) {
        if (dimension.alias == found->x && dimension.distinct && *dimension.distinct > 12) return true;
      }
    }
    return false;
  }
  // Ids are at most 63 bytes; the dimension tells more than the measure.
  static std::string measure_id(const Measure& measure, const Dimension& dimension) {
    return str(measure.alias.substr(0, 18), "_by_", dimension.alias);
  }
  bool is_small(const Dimension& dimension) const { return dimension.distinct && *dimension.distinct <= series_max; }
  static bool is_twin_pair(const Dimension& a, const Dimension& b) {
    return a.distinct && b.distinct && *a.distinct > 50 && *b.distinct > 50;
  }

  void add_over_time(const Dimension& dimension) {
    Select select{.id = "over_time",
                  .keys = {time_key(), key_of(dimension)},
                  .measures = {lead()},
                  .conditions = dimension.conditions,
                  .order = {"1", "2"}};
    select.conditions.push_back(top_values(dimension, heatmap_rows));
    // The largest first, from top to bottom.
    select.order = {str("sum(", lead().sql == "count(*)" ? "count(*)" : lead().sql, ") OVER (PARTITION BY 2) DESC"), "1"};
    select.order = {"1", "3 DESC", "2"};
    if (!add_query(select)) return;
    PlannedChart chart{.id = "over_time",
                       .query = "over_time",
                       .mark = "heatmap",
                       .title = str(lead().label, " by ", in_sentence(dimension.label), " and ", name_of(grain_)),
                       .x = column_at(0),
                       .y = {column_at(1)},
                       .color = column_at(2)};
    chart.description = str("The ", heatmap_rows, " with the most.");
    if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "over_time"}}, .height = 8});
  }

  void add_two_measures(const Dimension& dimension) {
    Select select{.id = "together",
                  .keys = {key_of(dimension)},
                  .measures = {question_.measures[0], question_.measures[1], count_rows(table_)},
                  .conditions = dimension.conditions,
                  .order = {"2 DESC NULLS LAST", "1"},
                  .limit = 200,
                  .latest_only = latest_only()};
    if (!add_query(select)) return;
    PlannedChart chart{.id = "together",
                       .query = "together",
                       .mark = "scatter",
                       .title = str(question_.measures[1].label, " against ", in_sentence(question_.measures[0].label)),
                       .x = column_at(1),
                       .y = {column_at(2)}};
    chart.size = column_at(3);
    chart.description =
        str("One point is one ", in_sentence(dimension.label), "; its size is the number of ", in_sentence(table_.rows_label), ".");
    if (add_chart(chart)) late_rows_.push_back({.items = {{.chart = "together"}}, .height = 7});
  }

  // ---- when ---------------------------------------------------------------------------------------------------------

  void add_times() {
    if (times_added_ || !time_ || time_->time_is_year || table_.snapshot || question_.relation) return;
    times_added_ = true;
    const Measure& measure = time_measure();
    const TimePart part = question_.part;
    const bool asked = question_.when || part != TimePart::none;
    PlannedRow row{.height = 6};
    const auto add_part = [&](TimePart wanted, const std::string& id) {
      const Dimension dimension = make_time_part(*time_, wanted);
      std::string chart = question_.compare ? add_split_bar(id, dimension, *question_.compare, part_measure(measure), bars_max)
                                            : add_part_bar(id, dimension, part_measure(measure));
      if (!chart.empty()) row.items.push_back({.chart = chart, .width = 6});
    };
    const auto place = [&] {
      for (PlannedItem& item : row.items) item.width = 12 / static_cast<int>(row.items.size());
      if (!row.items.empty()) plan_.layout.push_back(std::exchange(row, {.height = 6}));
    };
    // The part that is asked for stands alone and first.
    if (part == TimePart::month && (span_days_ >= 60 || span_days_ == 0)) add_part(TimePart::month, "by_month_of_year");
    if (part == TimePart::weekday) add_part(TimePart::weekday, "by_weekday");
    if (part == TimePart::hour && time_->has_time_of_day) add_part(TimePart::hour, "by_hour");
    place();
    if (time_->has_time_of_day && (span_days_ >= 7 || span_days_ == 0) && part != TimePart::month &&
        (asked || question_.overview || plan_.charts.size() < 8)) {
      add_week_map(measure);
      if (asked && part != TimePart::hour) add_part(TimePart::hour, "by_hour");
      if (asked && part != TimePart::weekday) add_part(TimePart::weekday, "by_weekday");
    } else if (question_.when && time_->has_time_of_day) {
      add_part(TimePart::hour, "by_hour");
    } else if (part == TimePart::none) {
      if (span_days_ >= 500 && (asked || question_.grain == Grain::month)) add_part(TimePart::month, "by_month_of_year");
      if (asked && span_days_ >= 60 && !time_->time_is_text) add_part(TimePart::weekday, "by_weekday");
    }
    place();
  }
  // What is asked about, if it is a quantity of a row; else how many there are.
  const Measure& time_measure() const {
    if (question_.overview && question_.measures.size() > 1) return question_.measures[1];
    return lead();
  }
  // Over months of the year, a total mixes years: what one row has says more.
  Measure part_measure(const Measure& measure) const {
    return measure.adds_up && measure.column ? make_measure(table_, *measure.column, Aggregate::mean) : measure;
  }

  std::string add_part_bar(const std::string& id, const Dimension& dimension, const Measure& measure) {
    Select select{
        .id = id, .keys = {key_of(dimension)}, .measures = {measure}, .conditions = dimension.conditions, .order = {dimension.order_sql}};
    const bool both = question_.range && question_.measures.size() > 1 && measure.sql == question_.measures[0].sql;
    if (both) select.measures.push_back(question_.measures[1]);
    if (table_.row_count > 2'000) select.having = least_rows(dimension, measure, groups_least, 50);
    if (!add_query(select)) return {};
    PlannedChart chart{.id = id,
                       .query = id,
                       .mark = "bar",
                       .title = str(measure.label, " by ", in_sentence(dimension.label)),
                       .x = column_at(0),
                       .y = {column_at(1)}};
    if (both) {
      chart.mark = "line";
      chart.y.push_back(column_at(2));
      chart.title = str(measure.label, " and ", in_sentence(question_.measures[1].label), " by ", in_sentence(dimension.label));
    }
    return add_chart(chart) ? id : std::string();
  }

  void add_week_map(const Measure& measure) {
    const Dimension day = make_time_part(*time_, TimePart::weekday);
    const Dimension hour = make_time_part(*time_, TimePart::hour);
    Select select{.id = "by_weekday_and_hour",
                  .keys = {key_of(day), key_of(hour)},
                  .measures = {part_measure(measure), count_rows(table_)},
                  .order = {day.order_sql, "2"}};
    if (measure.sql == "count(*)") select.measures.pop_back();
    Dimension cells = day;
    cells.distinct = 7 * 24;
    if (table_.row_count > 2'000) select.having = least_rows(cells, part_measure(measure), groups_least, 50);
    if (!add_query(select)) return;
    PlannedChart chart{.id = select.id,
                       .query = select.id,
                       .mark = "heatmap",
                       .title = str(part_measure(measure).label, " by day of the week and hour"),
                       .x = column_at(1),
                       .y = {column_at(0)},
                       .color = column_at(2)};
    chart.description = "Hours as they stand in the data.";
    if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = select.id}}, .height = 6});
  }

  // ---- the detail ---------------------------------------------------------------------------------------------------

  void add_table() {
    for (PlannedRow& row : late_rows_) plan_.layout.push_back(std::move(row));
    add_top_rows();
    const Dimension* dimension = nullptr;
    std::vector<const Dimension*> keys;
    for (const Dimension& asked : question_.asked) {
      if (!asked.ordered() && keys.size() < 2 && (keys.empty() || is_small(asked) || is_small(*keys.front()))) keys.push_back(&asked);
    }
    if (keys.empty() && question_.compare) keys.push_back(&*question_.compare);
    for (const Dimension& other : question_.others) {
      if (keys.empty() && other.distinct && *other.distinct >= 3) keys.push_back(&other);
    }
    if (keys.empty()) return;
    dimension = keys.front();
    Select select{.id = "details", .limit = table_rows, .latest_only = latest_only()};
    for (const Dimension* key : keys) {
      select.keys.push_back(key_of(*key));
      for (const std::string& condition : key->conditions) add_unique(select.conditions, condition);
    }
    const auto add = [&](Measure measure) {
      for (const Measure& present : select.measures) {
        if (present.sql == measure.sql) return;
      }
      if (select.measures.size() < 6) select.measures.push_back(std::move(measure));
    };
    if (!table_.snapshot && !question_.panel) add(count_rows(table_));
    for (const Measure& measure : question_.measures) add(measure);
    for (const Measure& measure : question_.measures) {
      if (!measure.column || measure.aggregate == Aggregate::share || measure.aggregate == Aggregate::distinct || latest_only()) continue;
      add(make_measure(table_, *measure.column, Aggregate::mean));
      if (auto share = make_share(table_, *measure.column); share && !is_narrowed(*measure.column)) add(std::move(*share));
      add(make_measure(table_, *measure.column, far_end(table_.columns[*measure.column])));
    }
    if (is_quote()) {
      const ColumnProfile& column = table_.columns[*lead().column];
      const Measure raw = raw_measure(column);
      add({.aggregate = Aggregate::mean,
           .alias = "first_value",
           .sql = str("arg_min(", column.sql, ", ", time_->time_sql, ")"),
           .label = str("First ", in_sentence(column.label)),
           .unit = raw.unit,
           .format = raw.format});
      add({.aggregate = Aggregate::mean,
           .alias = "last_value",
           .sql = str("arg_max(", column.sql, ", ", time_->time_sql, ")"),
           .label = str("Last ", in_sentence(column.label)),
           .unit = raw.unit,
           .format = raw.format});
    }
    if (select.measures.size() < 3) {
      for (std::size_t i = 0; i < table_.columns.size() && select.measures.size() < 4; ++i) {
        if (table_.columns[i].role == ColumnRole::measure) add(make_measure(table_, i, Aggregate::none));
      }
    }
    std::size_t lead_at = 1;
    for (std::size_t i = 0; i < select.measures.size(); ++i) {
      if (select.measures[i].sql == lead().sql) lead_at = i + 1;
    }
    select.having = least_rows(*dimension, lead(), 3);
    if (!question_.having.empty()) select.having = question_.having;
    select.order = {str(keys.size() + lead_at, question_.order < 0 ? " NULLS LAST" : " DESC NULLS LAST")};
    for (std::size_t i = 1; i <= keys.size(); ++i) select.order.push_back(str(i));
    if (!add_query(select)) return;
    PlannedChart chart{
        .id = "details", .query = "details", .mark = "table", .title = str("All numbers by ", in_sentence(dimension->label))};
    if (keys.size() > 1) chart.title += str(" and ", in_sentence(keys[1]->label));
    if (latest_only()) chart.title += of_year();
    for (const PlannedColumn& column : plan_.queries.back().columns) chart.columns.push_back(column.name);
    if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "details"}}, .height = 7});
  }

  // "Cost total" is a total cost.
  static std::string plain_name(const ColumnProfile& column) {
    std::string name = in_sentence(column.label);
    if (name.ends_with(" total")) name = str("total ", name.substr(0, name.size() - 6));
    return name;
  }

  // "the best rated movies": the rows themselves, by name.
  void add_top_rows() {
    const bool ranks = sentence_.has(CueKind::order) || sentence_.has(CueKind::best) || question_.top;
    if (!ranks || !question_.asked.empty() || question_.compare || table_.snapshot) return;
    const auto measure = std::find_if(question_.measures.begin(), question_.measures.end(),
                                      [](const Measure& one) { return one.column && one.aggregate != Aggregate::share; });
    const ColumnProfile* name = nullptr;
    for (const ColumnProfile& column : table_.columns) {
      const bool named = !column.words.empty() && (column.words.back() == "name" || column.words.back() == "title");
      if (!name && named && (column.role == ColumnRole::label || column.role == ColumnRole::dimension)) name = &column;
    }
    const bool shown =
        std::any_of(plan_.queries.begin(), plan_.queries.end(), [](const PlannedQuery& query) { return query.id == "top_rows"; });
    // Of one row a day, the days are what is ranked.
    const bool days = !name && question_.panel && time_ && !time_->time_is_year;
    if ((!name && !days) || shown || measure == question_.measures.end() || options_.without.contains("top_rows")) return;
    const ColumnProfile& value = table_.columns[*measure->column];
    const std::string name_sql = days                   ? str("CAST(", time_->time_sql, " AS DATE)")
                                 : name->type == "json" ? str(name->sql, " ->> '$'")
                                                        : name->sql;
    PlannedQuery query{.id = "top_rows"};
    std::vector<std::string> columns;
    std::set<std::string> seen;
    const auto add = [&](const std::string& sql, std::string alias, const PlannedColumn& column) {
      while (!seen.insert(alias).second) alias += "_2";
      columns.push_back(sql == alias ? sql : str(sql, " AS ", alias));
      query.columns.push_back(column);
      query.columns.back().name = alias;
    };
    add(name_sql, days ? "on_day" : make_alias(join(name->words, "_")), {.label = days ? "Day" : name->label});
    const Measure raw = raw_measure(value);
    add(raw.sql, raw.alias, {.label = raw.label, .unit = raw.unit, .format = raw.format, .good = value.good});
    for (const Dimension& other : question_.others) {
      if (columns.size() < 4) add(other.sql, other.alias, {.label = other.label});
    }
    if (!days && time_ && !time_->time_is_year) add(str("CAST(", time_->time_sql, " AS DATE)"), "on_day", {.label = time_->label});
    query.sql = str("SELECT ", join(columns, ",\n       "), "\nFROM ", table_.sql_name, "\n",
                    where(base_conditions(), {str(value.sql, " IS NOT NULL")}, false), "ORDER BY ",
                    question_.order < 0 ? "2, 1" : "2 DESC, 1", "\nLIMIT ", question_.top.value_or(table_rows));
    plan_.queries.push_back(query);
    PlannedChart chart{.id = "top_rows",
                       .query = "top_rows",
                       .mark = "table",
                       .title = str(days ? "Days" : table_.rows_label, " by ", plain_name(value),
                                    question_.order < 0 ? ", the lowest first" : ", the highest first")};
    for (const PlannedColumn& column : query.columns) chart.columns.push_back(column.name);
    if (add_chart(chart)) plan_.layout.push_back({.items = {{.chart = "top_rows"}}, .height = 8});
  }

  // ---- words --------------------------------------------------------------------------------------------------------

  std::string title() const {
    std::string title;
    if (question_.relation)
      title = str(table_.columns[question_.relation->second].label, " and ", in_sentence(table_.columns[question_.relation->first].label));
    else if (question_.overview)
      title = str(capitalised(table_.rows_label == "Records" ? join(split_name(table_.table), " ") : table_.rows_label), " at a glance");
    else {
      title = lead().label;
      if (question_.measures.size() > 1 && question_.measure_asked) title += str(" and ", in_sentence(question_.measures[1].label));
      std::vector<std::string> by;
      if (question_.compare) by.push_back(in_sentence(question_.compare->label));
      for (const Dimension& dimension : question_.asked) {
        if (by.size() < 2 && dimension.label.size() < 40)
          add_unique(by, in_sentence(dimension.columns.empty() ? dimension.label
                                     : dimension.ordered()     ? table_.columns[dimension.columns.front()].label
                                                               : dimension.label));
      }
      if (by.size() < 2 && question_.part != TimePart::none && time_)
        add_unique(by, in_sentence(make_time_part(*time_, question_.part).label));
      if (by.size() < 2 && question_.grain != Grain::none) add_unique(by, std::string(name_of(question_.grain)));
      if (!by.empty()) title += str(" by ", join(by, " and "));
      else if (question_.trend) title += " over time";
      if (question_.when) title += ", and when";
      for (const ValueFilter& filter : question_.filters) {
        if (filter.values.size() == 1)
          title += str(title.find(": ") == std::string::npos ? ": " : ", ", shortened(filter.values.front(), 30));
      }
    }
    return shortened(title, title_bytes_max);
  }

  // The sentence itself, when it is short and everything in it was understood.
  std::string asked_title() const {
    std::string text;
    for (const std::string& word : split(sentence_.text, ' ')) {
      if (!trim(word).empty()) text += str(text.empty() ? "" : " ", trim(word));
    }
    for (bool again = true; again;) {
      again = false;
      for (const std::string_view opening : title_openings) {
        if (!lower(text).starts_with(opening)) continue;
        text.erase(0, opening.size());
        again = true;
      }
    }
    while (!text.empty() && (text.back() == '.' || text.back() == '!' || text.back() == ',' || text.back() == ' ')) text.pop_back();
    const bool plain = text.find_first_of("\n\r\t\"`;{}<>") == std::string::npos;
    if (!plain || question_.overview || sentence_.shouted || !sentence_.mended.empty() || !question_.unmatched.empty() ||
        text.size() > asked_title_bytes_max)
      return {};
    if (std::count(text.begin(), text.end(), ' ') < 1) return {};
    return capitalised(text);
  }
  static constexpr auto title_openings = std::to_array<std::string_view>({"please ",
                                                                          "can you ",
                                                                          "could you ",
                                                                          "show me ",
                                                                          "show ",
                                                                          "give me ",
                                                                          "tell me ",
                                                                          "i want to see ",
                                                                          "i want ",
                                                                          "i would like to see ",
                                                                          "let me see ",
                                                                          "plot ",
                                                                          "draw ",
                                                                          "display ",
                                                                          "create ",
                                                                          "make ",
                                                                          "build ",
                                                                          "a dashboard of ",
                                                                          "a dashboard about ",
                                                                          "a dashboard for ",
                                                                          "dashboard of ",
                                                                          "dashboard about ",
                                                                          "dashboard for ",
                                                                          "a chart of ",
                                                                          "the "});
  std::string period_text() const {
    if (!from_ || !to_) return "";
    if (time_->time_is_year) {
      const int first = civil_of(*from_).year;
      const int last = civil_of(*to_).year;
      return first == last ? str(", ", last) : str(", ", first, " to ", last);
    }
    return str(", ", span_text(*from_, *to_));
  }

  void finish() {
    if (!sentence_.mended.empty()) plan_.notes.insert(plan_.notes.begin(), str("The question was read as: ", sentence_.mended, "."));
    if (!question_.unmatched.empty()) {
      std::vector<std::string> unknown;
      for (const std::string& word : question_.unmatched) {
        if (unknown.size() < 5) unknown.push_back(str('"', shortened(word, 40), '"'));
      }
      plan_.notes.insert(plan_.notes.begin(),
                         str("Nothing in the data is called ", join(unknown, " or "), "; that part of the question is not answered."));
    }
    for (const std::string& note : question_.notes) plan_.notes.insert(plan_.notes.begin(), note);
    if (options_.period_share < 1 && from_)
      plan_.notes.push_back(str("The dashboard opens with the newest part of the data (from ", format_day(*from_),
                                ") to stay under the byte cap; the period can be widened as far as the cap allows."));
    if (time_ && to_ && time_->last_day && !question_.window_asked && options_.period_share == 1) {
      plan_.notes.push_back(str("The period covers all complete days of the data, up to ", format_day(*to_), "."));
    }
    for (const Measure& measure : question_.measures) {
      if (!measure.column) continue;
      const ColumnProfile& column = table_.columns[*measure.column];
      if (column.unit_assumed)
        add_unique(plan_.notes, str(column.label, " is taken to be in ",
                                    column.unit == "min" ? "minutes"
                                    : column.unit == "$" ? "US dollars"
                                                         : column.unit,
                                    "."));
      if (column.null_fraction > 0.05)
        add_unique(plan_.notes, str(column.label, " is not known for ", static_cast<int>(std::lround(column.null_fraction * 100)),
                                    " % of the rows; these are left out of its numbers."));
    }
    for (PlannedQuery& query : value_queries_) plan_.queries.push_back(std::move(query));
    drop_unused();
    if (!plan_.notes.empty() && !plan_.layout.empty()) {
      PlannedRow row{.height = 2};
      row.items.push_back({.text = join(plan_.notes, " ")});
      plan_.layout.push_back(std::move(row));
    }
    const std::string reading = title();
    plan_.title = asked_title();
    if (plan_.title.empty()) {
      plan_.title = reading;
      plan_.description = str("Made for: ", shortened(trim(sentence_.text), 400));
    } else {
      plan_.description = str(reading, period_text(), ".");
    }
    plan_.connection = options_.connection;
    std::string slug = make_slug(plan_.title).substr(0, slug_bytes_max - 4);
    while (slug.ends_with("-")) slug.pop_back();
    if (slug.empty()) slug = "dashboard";
    plan_.slug = options_.slug_number > 1 ? str(slug, "-", options_.slug_number) : slug;
    const std::string tag = make_slug(table_.table).substr(0, 40);
    if (!tag.empty()) plan_.tags = {tag};
  }

  // A query that no chart and no parameter reads is not run for nothing; a row without charts is no row.
  void drop_unused() {
    std::erase_if(plan_.queries, [&](const PlannedQuery& query) {
      const bool read =
          std::any_of(plan_.charts.begin(), plan_.charts.end(), [&](const PlannedChart& chart) { return chart.query == query.id; });
      const bool values = std::any_of(plan_.params.begin(), plan_.params.end(),
                                      [&](const PlannedParameter& param) { return param.values_from == query.id + ".name"; });
      return !read && !values;
    });
    std::erase_if(plan_.layout, [](const PlannedRow& row) { return row.items.empty(); });
  }

  const Question& question_;
  const Sentence& sentence_;
  const PlanOptions& options_;
  const TableProfile& table_;
  const ColumnProfile* time_;
  Plan plan_;
  bool times_added_ = false;
  std::vector<PlannedRow> late_rows_;
  std::vector<PlannedQuery> value_queries_;
  std::map<std::size_t, std::string> parameters_;             // by column
  std::vector<std::pair<std::string, std::string>> filters_;  // parameter, expression
  std::vector<std::string> fixed_;
  Grain grain_ = Grain::none;
  std::optional<Day> from_;
  std::optional<Day> to_;
  double span_days_ = 0;
  bool has_period_ = false;
  bool dense_ = false;
  std::int64_t last_least_ = 0;
};

}  // namespace

Plan make_plan(const Question& question, const Sentence& sentence, const PlanOptions& options) {
  return Planner(question, sentence, options).run();
}

json::object params_of(const Plan& plan) {
  json::object params;
  for (const PlannedParameter& param : plan.params) {
    json::object entry{{"type", param.type}, {"label", param.label}};
    if (param.type == "enum") {
      entry["multiple"] = true;
      entry["values_from"] = param.values_from;
    }
    if (param.defaults.size() == 1 && (param.type != "enum" || param.defaults.front() == "all")) {
      entry["default"] = param.defaults.front();
    } else {
      json::array values;
      for (const std::string& value : param.defaults) values.push_back(json::string(value));
      entry["default"] = std::move(values);
    }
    params[param.name] = std::move(entry);
  }
  return params;
}

}  // namespace bridge::rules
