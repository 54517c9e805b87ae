#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "features/rules/plan.h"
#include "features/rules/query_facts.h"

namespace bridge::rules {

// Plans a dashboard for a question, part by part in the order of run(); the parts share the plan so far, the period and its grain, and the
// parameters. Used once: run() moves the plan out. Private to plan.cpp and the plan_*.cpp files; everyone else calls make_plan.
// The question, the sentence and the options must outlive it.
// Of the add_… functions, those that return bool say whether something was added; those that return text give the chart's id, empty when
// there is no chart.
class Planner final {
 public:
  Planner(const Question& question, const Sentence& sentence, const PlanOptions& options)
      : question_(question),
        sentence_(sentence),
        options_(options),
        table_(*question.table),
        time_(question.time ? &table_.columns[*question.time] : nullptr) {}

  Plan run();

 private:
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

  const SqlDialect& dialect() const { return *table_.dialect; }
  // A place in ORDER BY: of the column of that number, the largest first or last.
  std::string sorted(std::size_t column, bool down) const {
    return dialect().sort_key(std::to_string(column), down ? SortDirection::descending : SortDirection::ascending);
  }
  const Measure& lead() const { return question_.measures.front(); }
  bool latest_only() const { return table_.snapshot; }
  // The columns of the query that was added last.
  const std::string& column_at(std::size_t index) const { return plan_.queries.back().columns[index].name; }

  // plan.cpp
  void finish();
  const PlannedChart* lead_chart() const;
  void account_for_words();
  void note_missing();
  void drop_unused();

  // plan_queries.cpp: SQL
  static Key key_of(const Dimension& dimension);
  Key time_key() const;
  std::string time_alias() const;
  static Measure raw_measure(const ColumnProfile& column);
  static void make_aliases_unique(Select& select);
  static void add_unique(std::vector<std::string>& list, const std::string& item);
  std::vector<std::string> base_conditions() const;
  std::string where(std::vector<std::string> conditions, const std::vector<std::string>& more, bool latest_only,
                    std::string_view indent = "") const;
  std::string top_values(const Dimension& dimension, int count) const;
  std::string top_of_latest(const Dimension& dimension, int count) const;
  std::string least_rows(const Dimension& dimension, const Measure& measure);
  std::string small_groups_text() const;
  std::string sql_of(const Select& select) const;
  bool add_query(Select select);
  bool add_raw(const std::string& id, const std::vector<Key>& keys, const std::vector<const ColumnProfile*>& values,
               const std::vector<std::string>& more);
  bool add_chart(PlannedChart chart);

  // plan_parameters.cpp: the grain of time, and what the reader may choose
  void choose_grain();
  static Grain grain_for(const ColumnProfile& time, double span_days);
  static Grain finest_grain(const ColumnProfile& time);
  bool last_bucket_is_whole() const;
  void add_parameters();
  bool add_parameter(const Dimension& dimension, const std::vector<std::string>& values, std::size_t enums_max);
  void add_fixed_filter(const ValueFilter& filter);
  std::string parameter_name(const std::string& alias) const;
  std::vector<std::pair<std::string, std::string>> click_on(const Dimension& dimension, std::string_view encoding) const;

  // plan_kpis.cpp: the numbers on top
  void add_kpis();
  bool compares_periods() const;
  Measure measure_of(const Measure& asked, const std::string& value) const;
  static Aggregate far_end(const ColumnProfile& column);
  bool is_narrowed(std::size_t column) const;

  // plan_operations.cpp: numbers against their neighbours in time, their whole, or within groups
  bool add_operation_lead();
  bool add_over_buckets(const Operation& operation);
  bool add_shares();
  bool add_top_within(const Operation& operation);
  bool add_operation(PlannedQuery query, PlannedChart chart);
  // plan_reading.cpp: the sentence as one chart
  void add_reading();
  bool reading_leads() const;
  bool led_by(std::string_view mark) const { return read_ && question_.reading->mark == mark; }
  std::optional<std::size_t> column_named(const std::optional<std::string>& name) const;
  Dimension side_of(std::size_t column, bool has_bins, std::optional<double> width = std::nullopt) const;
  std::string add_read_bars(const ChartSuggestion& reading);
  std::string add_read_matrix(const ChartSuggestion& reading);
  std::string add_read_points(const ChartSuggestion& reading);
  std::string add_read_boxes(const ChartSuggestion& reading);

  // plan_lead.cpp: what the sentence is about
  void add_lead();
  void add_stretches();
  void add_distribution(std::size_t column);
  void add_box();
  void add_map();
  void add_heatmap();

  // plan_relations.cpp: two quantities against each other
  void add_relation();
  void add_group_scatter(const Dimension& each, std::size_t x_column, std::size_t y_column);
  void add_bands(const Dimension& bands, const Measure& measure, const std::string& id);
  void add_two_measures(const Dimension& dimension);
  const Dimension* thing_dimension() const;

  // plan_trends.cpp: over time
  void add_trends();
  std::string add_trend(const std::string& id, const Measure& asked, const Dimension* series);
  const Dimension* series_dimension() const;
  bool is_single_value(const Measure& measure, const Dimension* series) const;

  // plan_breakdowns.cpp: rankings and splits
  void add_breakdowns();
  std::string add_bar(const std::string& id, const Dimension& dimension, const Measure& measure, int limit);
  std::string add_split_bar(const std::string& id, const Dimension& first, const Dimension& second, const Measure& measure, int limit);
  std::string add_change(const Dimension& dimension);
  void add_over_time(const Dimension& dimension);
  bool is_quote() const;
  static bool is_small(const Dimension& dimension);
  bool has_long_ranking(const std::string& chart) const;

  // plan_times.cpp: when
  void add_times();
  std::string add_part_bar(const std::string& id, const Dimension& dimension, const Measure& measure);
  void add_week_map(const Measure& measure);
  const Measure& time_measure() const;
  Measure part_measure(const Measure& measure) const;

  // plan_table.cpp: the detail
  void add_table();
  void add_top_rows();
  const ColumnProfile* name_column() const;

  // plan_words.cpp: titles
  std::string title() const;
  std::string filter_text(const FilterFact& filter) const;
  std::string title_end(const PlannedChart& chart, const QueryFacts& facts, bool chosen) const;
  void write_titles();
  std::string period_text() const;
  std::string of_year() const;

  const Question& question_;
  const Sentence& sentence_;
  const PlanOptions& options_;
  const TableProfile& table_;
  const ColumnProfile* time_;
  Plan plan_;
  bool times_added_ = false;
  bool read_ = false;         // the reading leads the page
  std::string read_selects_;  // what its query selects: no other chart shows the same
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
  std::int64_t least_part_ = 0;  // of the query that was planned last: groups have at least one in so many rows; 0: all groups count
};

}  // namespace bridge::rules
