#include "features/rules/plan.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "features/rules/account.h"
#include "features/rules/periods.h"
#include "features/rules/planner.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr std::size_t slug_bytes_max = 60;
constexpr std::size_t ambiguous_words_max = 2;  // that are noted
constexpr double ambiguous_gap = 0.05;          // between readings of a word that are nearly as likely

bool is_named(const Question& question, std::size_t column) {
  const TableProfile& table = *question.table;
  const auto has = [&](const std::vector<std::size_t>& columns) { return std::ranges::count(columns, column) > 0; };
  if (std::ranges::any_of(question.mentions, [&](const ColumnMention& one) { return one.column == column; })) return true;
  if (std::ranges::any_of(question.filters, [&](const ValueFilter& one) { return one.column == column; })) return true;
  if (question.compare && has(question.compare->columns)) return true;
  if (std::ranges::any_of(question.asked, [&](const Dimension& one) { return has(one.columns); })) return true;
  if (std::ranges::any_of(question.conditions,
                          [&](const std::string& one) { return one.find(table.columns[column].sql) != std::string::npos; }))
    return true;
  return table.columns[column].role == ColumnRole::time &&
         (question.trend || question.when || question.window_asked || question.grain != Grain::none || question.part != TimePart::none);
}

// What the first chart shows though the question does not name it, and words that may name something else as well.
std::vector<std::string> chosen_notes(const Question& question, const QueryFacts& lead) {
  const TableProfile& table = *question.table;
  std::vector<std::string> notes;
  if (question.overview) return notes;
  std::vector<std::string> splits;
  std::vector<std::string> quantities;
  std::set<std::size_t> shown;
  for (const SelectedFact& fact : lead.selected) {
    shown.insert(fact.columns.begin(), fact.columns.end());
    for (const std::size_t column : fact.columns) {
      if (is_named(question, column)) continue;
      auto& list = fact.key ? splits : quantities;
      if (const std::string label = in_sentence(table.columns[column].label); std::ranges::count(list, label) == 0) list.push_back(label);
    }
  }
  for (const FilterFact& filter : lead.filters) {
    if (filter.column) shown.insert(*filter.column);
  }
  if (!splits.empty()) notes.push_back(str("The question does not say by what; ", join(splits, " and "), " is chosen."));
  if (!quantities.empty()) notes.push_back(str("The question does not say which quantity; ", join(quantities, " and "), " is chosen."));
  std::size_t ambiguous = 0;
  for (const ColumnMention& mention : question.mentions) {
    if (!shown.contains(mention.column) || ambiguous >= ambiguous_words_max) continue;
    for (const ColumnMention& other : question.mentions) {
      if (other.word != mention.word || shown.contains(other.column) || other.strength < mention.strength - ambiguous_gap) continue;
      notes.push_back(str(capitalised(in_sentence(table.columns[mention.column].label)), " is taken where ",
                          in_sentence(table.columns[other.column].label), " may be meant."));
      ++ambiguous;
      break;
    }
  }
  return notes;
}

}  // namespace

Plan Planner::run() {
  choose_grain();
  add_parameters();
  add_kpis();
  if (!add_operation_lead()) {
    add_reading();
    add_lead();
  }
  // "the rainiest months" are the answer; where else it rains comes after.
  if (question_.part != TimePart::none && question_.asked.empty()) add_times();
  add_trends();
  add_breakdowns();
  add_times();
  add_table();
  finish();
  return std::move(plan_);
}

void Planner::finish() {
  if (!sentence_.mended.empty()) plan_.notes.insert(plan_.notes.begin(), str("The question was read as: ", sentence_.mended, "."));
  account_for_words();
  if (const std::string note = unused_note(plan_.account); !note.empty()) plan_.notes.insert(plan_.notes.begin(), note);
  for (const ColumnProfile& column : table_.columns) {
    const std::string& sql = column.role == ColumnRole::time ? column.time_sql : column.sql;
    const bool is_used = std::any_of(plan_.queries.begin(), plan_.queries.end(),
                                     [&](const PlannedQuery& query) { return query.sql.find(sql) != std::string::npos; });
    if (column.unread > 0 && is_used) plan_.notes.push_back(unread_note(column));
  }
  for (const std::string& note : question_.notes) plan_.notes.insert(plan_.notes.begin(), note);
  if (options_.period_share < 1 && from_)
    plan_.notes.push_back(str("The dashboard opens with the newest part of the data (from ", format_day(*from_),
                              ") to stay under the byte cap; the period can be widened as far as the cap allows."));
  note_missing();
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
  write_titles();
  plan_.connection = options_.connection;
  std::string slug = make_slug(plan_.title).substr(0, slug_bytes_max - 4);
  while (slug.ends_with("-")) slug.pop_back();
  if (slug.empty()) slug = "dashboard";
  plan_.slug = options_.slug_number > 1 ? str(slug, "-", options_.slug_number) : slug;
  const std::string tag = make_slug(table_.table).substr(0, 40);
  if (!tag.empty()) plan_.tags = {tag};
}

// What the page is about: its first chart that is no single number.
const PlannedChart* Planner::lead_chart() const {
  const PlannedChart* number = nullptr;
  for (const PlannedRow& row : plan_.layout) {
    for (const PlannedItem& item : row.items) {
      const auto chart =
          std::find_if(plan_.charts.begin(), plan_.charts.end(), [&](const PlannedChart& one) { return one.id == item.chart; });
      if (chart == plan_.charts.end()) continue;
      if (chart->mark != "kpi") return &*chart;
      if (!number) number = &*chart;
    }
  }
  return number;
}

// Rows that some charts cannot show are not gone without a word.
void Planner::note_missing() {
  const auto rows_without = [&](const ColumnProfile& column) {
    return static_cast<std::int64_t>(std::llround(column.null_fraction * static_cast<double>(table_.row_count)));
  };
  const std::string of_all = str(" of ", format_count(static_cast<std::uint64_t>(table_.row_count)), " rows have no ");
  if (time_) {
    const std::int64_t rows = rows_without(*time_);
    const bool drawn = std::any_of(plan_.queries.begin(), plan_.queries.end(),
                                   [&](const PlannedQuery& query) { return query.sql.find(time_->sql) != std::string::npos; });
    const bool counted = !question_.window_asked && options_.period_share == 1;
    if (rows > 0 && drawn)
      plan_.notes.push_back(str(format_count(static_cast<std::uint64_t>(rows)), of_all, time_->name,
                                counted ? ": they are counted, but stand in no chart over time." : ": no number counts them."));
  }
  const PlannedChart* lead = lead_chart();
  if (!lead) return;
  for (const SelectedFact& fact : facts_of(*lead, plan_, table_).selected) {
    if (!fact.key || fact.columns.size() != 1 || (time_ && &table_.columns[fact.columns.front()] == time_)) continue;
    const ColumnProfile& column = table_.columns[fact.columns.front()];
    if (const std::int64_t rows = rows_without(column); rows > 0)
      add_unique(plan_.notes, str(format_count(static_cast<std::uint64_t>(rows)), of_all, column.name, ": they are in no chart by ",
                                  in_sentence(column.label), "."));
  }
}

// What the charts show decides what a word was used for.
void Planner::account_for_words() {
  const PlannedChart* lead = lead_chart();
  if (!lead) return;
  AnswerFacts answer{.lead = facts_of(*lead, plan_, table_),
                     .period_done = question_.window_done,
                     .against_done = question_.against_done,
                     .mentions = question_.mentions};
  for (const PlannedChart& chart : plan_.charts) {
    if (&chart != lead) answer.others.push_back(facts_of(chart, plan_, table_));
  }
  if (answer.period_done && from_ && to_) answer.period = span_text(*from_, *to_);
  plan_.account = account_of(sentence_, table_, answer);
  if (read_) {
    for (std::string& note : chosen_notes(question_, answer.lead)) plan_.notes.push_back(std::move(note));
  }
}

// A query that no chart and no parameter reads is not run for nothing; a row without charts is no row.
void Planner::drop_unused() {
  std::erase_if(plan_.queries, [&](const PlannedQuery& query) {
    const bool read =
        std::any_of(plan_.charts.begin(), plan_.charts.end(), [&](const PlannedChart& chart) { return chart.query == query.id; });
    const bool values = std::any_of(plan_.params.begin(), plan_.params.end(),
                                    [&](const PlannedParameter& param) { return param.values_from == query.id + ".name"; });
    return !read && !values;
  });
  std::erase_if(plan_.layout, [](const PlannedRow& row) { return row.items.empty(); });
}

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
