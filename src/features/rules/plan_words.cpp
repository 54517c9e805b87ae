#include "features/rules/planner.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "features/rules/account.h"
#include "features/rules/periods.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr std::size_t title_bytes_max = 120;
constexpr std::size_t asked_bytes_max = 300;
constexpr std::size_t listed_values_max = 3;

std::string number_words(const std::string& number, const std::string& unit) {
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  const bool whole =
      error == std::errc() && end == number.data() + number.size() && value >= 1'000 && value == std::floor(value) && value < 1e15;
  return with_unit(whole ? format_count(static_cast<std::uint64_t>(value)) : number, unit);
}

std::string_view month_name(const std::string& number) {
  static constexpr auto names = std::to_array<std::string_view>(
      {"", "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"});
  const int at = std::atoi(number.c_str());
  return at >= 1 && at <= 12 ? names[static_cast<std::size_t>(at)] : std::string_view(number);
}

std::string_view weekday_name(const std::string& number) {
  static constexpr auto names =
      std::to_array<std::string_view>({"", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"});
  const int at = std::atoi(number.c_str());
  return at >= 1 && at <= 7 ? names[static_cast<std::size_t>(at)] : std::string_view(number);
}

std::string listed(const std::vector<std::string>& values, std::string_view joint) {
  std::vector<std::string> shown;
  for (const std::string& value : values) {
    if (shown.size() < listed_values_max) shown.push_back(shortened(value, 30));
  }
  if (values.size() > shown.size()) return str(join(shown, ", "), joint, values.size() - shown.size(), " more");
  if (shown.size() < 2) return join(shown, "");
  const std::string last = shown.back();
  shown.pop_back();
  return str(join(shown, ", "), joint, last);
}

}  // namespace

std::string Planner::title() const {
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

// What one condition of a query leaves in, as the end of a title; empty for those that only leave out what is not known.
std::string Planner::filter_text(const FilterFact& filter) const {
  const ColumnProfile* column = filter.column ? &table_.columns[*filter.column] : nullptr;
  const std::string label = column ? in_sentence(column->label) : "";
  const std::string unit = column ? column->unit : "";
  if (filter.sign == "period") return "";
  if (filter.sign == "null") return filter.negated ? "" : str("without ", label);
  if (filter.sign == "part") {
    std::vector<std::string> names;
    for (const std::string& value : filter.values)
      names.emplace_back(filter.part == TimePart::month     ? month_name(value)
                         : filter.part == TimePart::weekday ? weekday_name(value)
                                                            : std::string_view(value));
    if (names == std::vector<std::string>{"Saturday", "Sunday"}) return filter.negated ? "without weekends" : "at weekends";
    return str(filter.negated ? "without " : filter.part == TimePart::hour ? "hours " : "in ", listed(names, " and "));
  }
  if (filter.values.empty()) return "";
  if (filter.sign == "=" || filter.sign == "in" || filter.sign == "like") {
    std::vector<std::string> values = filter.values;
    if (column)
      std::erase_if(values, [&](const std::string& value) { return filter.negated && std::ranges::count(column->missing, value) > 0; });
    if (values.empty()) return "";
    // A number alone does not say of what.
    const bool numbers = std::ranges::all_of(
        values, [](const std::string& value) { return !value.empty() && value.find_first_not_of("0123456789.-") == std::string::npos; });
    const bool switches = column && column->type == "boolean";
    const std::string of = (numbers || switches || values.front().size() < 3) && !label.empty() ? str(label, " ") : "";
    return str(filter.negated ? "without " : "", of, listed(values, filter.negated ? " and " : " or "));
  }
  if (label.empty()) return "";  // of a place in a ranking, not of a column
  const std::string first = number_words(filter.values.front(), unit);
  if (filter.sign == "between" && filter.values.size() == 2)
    return str(label, filter.negated ? " not between " : " from ", first, filter.negated ? " and " : " to ",
               number_words(filter.values[1], unit));
  const bool time = column && column->role == ColumnRole::time;
  const std::string_view word = filter.sign == ">"    ? time ? "after " : "over "
                                : filter.sign == ">=" ? time ? "from " : "at least "
                                : filter.sign == "<"  ? time ? "before " : "under "
                                : filter.sign == "<=" ? time ? "until " : "at most "
                                                      : "";
  return word.empty() ? "" : str(filter.negated ? "not " : "", label, " ", word, first);
}

// The end of a title: how many are shown, and which rows. `chosen`: also what the parameters are set to.
std::string Planner::title_end(const PlannedChart& chart, const QueryFacts& facts, bool chosen) const {
  std::string end;
  const bool ranked = chart.mark == "bar" || chart.mark == "pie" || chart.mark == "donut" || chart.mark == "table";
  if (ranked && facts.limit && facts.order != 0 && chart.title.find("first") == std::string::npos) {
    const auto key = std::find_if(facts.selected.begin(), facts.selected.end(),
                                  [](const SelectedFact& fact) { return fact.key && !fact.columns.empty(); });
    std::optional<std::int64_t> all;
    if (key != facts.selected.end() && key->columns.size() == 1) all = table_.columns[key->columns.front()].distinct;
    const bool asked = question_.top && *question_.top == *facts.limit;
    if (asked || (all && *all > *facts.limit && chart.mark != "table"))
      end += str(", the ", *facts.limit == 1 ? "" : str(*facts.limit, " "), facts.order > 0 ? "highest" : "lowest");
  }
  std::vector<std::string> texts;
  for (const FilterFact& filter : facts.filters) {
    if (filter.chosen && !chosen) continue;
    // The stretches that stand side by side are named by what the chart is split by.
    if (question_.periods_compared && filter.column && &table_.columns[*filter.column] == time_) continue;
    // "(x IS NULL OR x <> 'a')": what is not known stays, beside what is not left out.
    const bool stays = filter.sign == "null" && !filter.negated && std::ranges::any_of(facts.filters, [&](const FilterFact& other) {
                         return other.negated && other.column == filter.column && other.sign != "null";
                       });
    if (stays) continue;
    if (const std::string text = filter_text(filter); !text.empty()) add_unique(texts, text);
  }
  return texts.empty() ? end : str(end, ": ", join(texts, ", "));
}

// Titles say what the queries do, and nothing else.
void Planner::write_titles() {
  const PlannedChart* lead = lead_chart();
  if (lead) {
    std::string text = lead->title;
    const QueryFacts facts = facts_of(*lead, plan_, table_);
    if (lead->mark == "kpi" && question_.measures.size() > 1) text = title();
    if (question_.overview) text = title();
    text += title_end(*lead, facts, true);
    if (question_.periods_compared) text += str(", ", join(question_.compare_values, " and "));
    else if (question_.window_asked && from_ && to_ && !latest_only()) text += str(", ", period_name(*from_, *to_));
    plan_.title = shortened(text, title_bytes_max);
  } else {
    plan_.title = title();
  }
  for (PlannedChart& chart : plan_.charts) {
    if (chart.mark != "kpi")
      chart.title = shortened(str(chart.title, title_end(chart, facts_of(chart, plan_, table_), false)), title_bytes_max);
  }
  std::string asked;
  for (const std::string& word : split(sentence_.text, ' ')) {
    if (!trim(word).empty()) asked += str(asked.empty() ? "" : " ", trim(word));
  }
  plan_.description = str("Asked: \"", shortened(asked, asked_bytes_max), "\".");
  if (const std::string period = period_text(); !period.empty()) plan_.description += str(" ", capitalised(period), ".");
  if (const std::string note = unused_note(plan_.account); !note.empty()) plan_.description += str(" ", note);
}

// Which days the page opens with.
std::string Planner::period_text() const {
  // Of an open period it is not known what tomorrow brings.
  if (!from_ || !to_ || !(question_.window_asked || options_.period_share < 1)) return "";
  if (time_->time_is_year) {
    const int first = civil_of(*from_).year;
    const int last = civil_of(*to_).year;
    return first == last ? str(first) : str(first, " to ", last);
  }
  return span_text(*from_, *to_);
}

// Of a snapshot: which year is shown.
std::string Planner::of_year() const {
  const bool one = from_ && to_ && civil_of(*from_).year == civil_of(*to_).year;
  return one ? str(", ", civil_of(*to_).year) : ", latest year";
}

}  // namespace bridge::rules
