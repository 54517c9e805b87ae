#include "features/rules/account.h"

#include <cmath>

#include "base/text.h"
#include "features/rules/match.h"
#include "features/rules/measures.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr auto unknown_words = std::to_array<std::string_view>({"unknown", "missing", "empty", "blank", "null"});
constexpr std::size_t noted_words_max = 8;
constexpr std::size_t negation_reach = 4;  // words between a negation and what it negates
constexpr std::size_t operator_words_max = 5;
constexpr std::size_t condition_tail = 4;  // words between a number and "or more"
constexpr std::size_t all_values_max = 20;
constexpr double year_least = 1500;
constexpr double year_most = 2200;
constexpr std::size_t glued_letters_max = 3;  // before a word in a column's name
constexpr std::size_t filter_reach = 5;       // words between "for students with" and the number or value
constexpr std::size_t subject_reach = 3;      // words between "number of" and the noun that is counted

// What an operator's query must have: one of the functions or words of its text, or a property of what it selects.
enum class Sign : std::uint8_t { never, running, moving, before, quotient, relation, quantile, weighted, partition };

struct Operator {
  std::string_view words;
  Sign sign = Sign::never;
};
constexpr auto operators = std::to_array<Operator>({
    {"running total", Sign::running},
    {"running totals", Sign::running},
    {"running sum", Sign::running},
    {"running count", Sign::running},
    {"running", Sign::running},
    {"cumulative", Sign::running},
    {"cumulatively", Sign::running},
    {"cumulated", Sign::running},
    {"accumulated", Sign::running},
    {"year to date", Sign::running},
    {"ytd", Sign::running},
    {"moving average", Sign::moving},
    {"moving mean", Sign::moving},
    {"moving", Sign::moving},
    {"rolling average", Sign::moving},
    {"rolling", Sign::moving},
    {"trailing", Sign::moving},
    {"smoothed", Sign::moving},
    {"per cent change", Sign::before},
    {"percent change", Sign::before},
    {"percentage change", Sign::before},
    {"relative change", Sign::before},
    {"rate of change", Sign::before},
    {"growth rate", Sign::before},
    {"growth rates", Sign::before},
    {"growth", Sign::before},
    {"grew", Sign::before},
    {"grow the most", Sign::before},
    {"decline rate", Sign::before},
    {"cagr", Sign::before},
    {"year over year", Sign::before},
    {"year on year", Sign::before},
    {"yoy", Sign::before},
    {"month over month", Sign::before},
    {"month on month", Sign::before},
    {"mom", Sign::before},
    {"week over week", Sign::before},
    {"wow", Sign::before},
    {"previous year", Sign::before},
    {"previous month", Sign::before},
    {"prior year", Sign::before},
    {"prior month", Sign::before},
    {"increase from", Sign::before},
    {"decrease from", Sign::before},
    {"difference", Sign::before},
    {"differences", Sign::before},
    {"difference between", Sign::before},
    {"gap between", Sign::before},
    {"minus", Sign::before},
    {"ratio", Sign::quotient},
    {"ratios", Sign::quotient},
    {"divided by", Sign::quotient},
    {"share", Sign::quotient},
    {"shares", Sign::quotient},
    {"percentage", Sign::quotient},
    {"percentages", Sign::quotient},
    {"percent", Sign::quotient},
    {"per cent", Sign::quotient},
    {"proportion", Sign::quotient},
    {"proportions", Sign::quotient},
    {"fraction", Sign::quotient},
    {"per capita", Sign::quotient},
    {"correlation coefficient", Sign::relation},
    {"correlation", Sign::relation},
    {"correlations", Sign::relation},
    {"percentile", Sign::quantile},
    {"percentiles", Sign::quantile},
    {"quartile", Sign::quantile},
    {"quartiles", Sign::quantile},
    {"quantile", Sign::quantile},
    {"decile", Sign::quantile},
    {"p90", Sign::quantile},
    {"p95", Sign::quantile},
    {"p99", Sign::quantile},
    {"weighted", Sign::weighted},
    {"weighted average", Sign::weighted},
    {"weighted mean", Sign::weighted},
    {"weighted by", Sign::weighted},
    {"within each", Sign::partition},
    {"within every", Sign::partition},
    {"within their", Sign::partition},
    {"forecast", Sign::never},
    {"forecasts", Sign::never},
    {"predict", Sign::never},
    {"predicted", Sign::never},
    {"prediction", Sign::never},
    {"projection", Sign::never},
    {"projected", Sign::never},
    {"extrapolate", Sign::never},
    {"regression", Sign::never},
    {"trend line", Sign::never},
    {"trendline", Sign::never},
    {"outlier", Sign::never},
    {"outliers", Sign::never},
    {"anomaly", Sign::never},
    {"anomalies", Sign::never},
    {"unusual", Sign::never},
    {"cohort", Sign::never},
    {"cohorts", Sign::never},
    {"retention", Sign::never},
    {"churn", Sign::never},
    {"consecutive", Sign::never},
    {"in a row", Sign::never},
    {"streak", Sign::never},
    {"normalized", Sign::quotient},
    {"normalised", Sign::quotient},
    {"adjusted", Sign::never},
    {"inflation adjusted", Sign::never},
    {"statistically significant", Sign::never},
    {"significant", Sign::never},
});

bool is_one_of(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool negates(std::string_view word) { return is_negation_word(word) || word == "nothing" || word == "none"; }

const std::set<std::string>& dressing_stems() {
  static const std::set<std::string> stems = [] {
    std::set<std::string> made;
    for (const std::string_view word : dressing_words()) made.insert(stem_of(word));
    return made;
  }();
  return stems;
}

// Nouns that say of a named thing that it has a name ("team name", "course IDs").
constexpr auto name_nouns = std::to_array<std::string_view>(
    {"id",      "ids",    "identifier", "identifiers", "identification", "code",       "codes",  "name",    "names",     "number",
     "numbers", "title",  "titles",     "no",          "category",       "categories", "option", "options", "component", "components",
     "field",   "fields", "column",     "columns",     "attribute",      "attributes", "class",  "classes"});

// Modifiers that make another quantity or another set of rows of what they stand before.
constexpr auto telling_modifiers = std::to_array<std::string_view>(
    {"net",         "gross",    "real",     "nominal", "new",       "old",       "former",   "first",     "last",     "latest",  "next",
     "previous",    "late",     "early",    "late",    "open",      "closed",    "active",   "inactive",  "valid",    "invalid", "missing",
     "unknown",     "failed",   "failing",  "pending", "unpaid",    "paid",      "lost",     "domestic",  "foreign",  "online",  "offline",
     "internal",    "external", "male",     "female",  "actual",    "planned",   "expected", "estimated", "relative", "squared", "log",
     "logarithmic", "unique",   "distinct", "same",    "remaining", "recent",    "big",      "small",     "large",    "high",    "low",
     "long",        "short",    "rich",     "poor",    "cheap",     "expensive", "good",     "bad"});

bool is_time_unit(const std::string& stem) {
  static constexpr auto units = std::to_array<std::string_view>({"hour", "day", "week", "weekly", "month", "monthly", "quarter", "year",
                                                                 "yearly", "date", "time", "daily", "annual", "timeline", "datetime"});
  return std::any_of(units.begin(), units.end(), [&](std::string_view unit) { return stem_of(unit) == stem; });
}

class Accountant {
 public:
  Accountant(const Sentence& sentence, const TableProfile& table, const AnswerFacts& answer)
      : sentence_(sentence), table_(table), answer_(answer), words_(sentence.words.size()) {}

  std::vector<AccountedWord> run() {
    find_second_clause();
    read_operators();
    read_period();
    read_conditions();
    read_values();
    read_top();
    read_cues();
    read_negations();
    read_whole_names();
    read_initials();
    read_names();
    read_compounds();
    read_rest_of_splits();
    for (std::size_t i = 0; i < words_.size(); ++i) {
      // "rain days each year": the days are not shown, though a chart by year reads the same column.
      Entry& entry = words_[i];
      const bool one_word = entry.set && entry.begin == i && entry.end <= i + 1;
      const bool in_name = !entry.bound_to.empty() && std::ranges::any_of(table_.columns, [&](const ColumnProfile& column) {
        return column.name == entry.bound_to && column.words.size() > 1 && std::ranges::count(column.stems, word(i).stem) > 0;
      });
      if (one_word && entry.used && entry.taken_for == "split" && is_unit_of_time(i) && !in_name && !shows_unit(answer_.lead, i))
        entry.used = false;
    }
    std::vector<AccountedWord> account;
    for (std::size_t i = 0; i < words_.size();) {
      const Entry& entry = words_[i];
      if (!entry.set) {
        ++i;
        continue;
      }
      AccountedWord word{.role = entry.used ? "used" : "unused"};
      const std::size_t end = std::max(entry.end, i + 1);
      for (std::size_t at = i; at < end; ++at) word.word += str(at > i ? " " : "", sentence_.words[at].written);
      if (!entry.taken_for.empty()) word.taken_for = entry.taken_for;
      if (!entry.bound_to.empty()) word.bound_to = entry.bound_to;
      account.push_back(std::move(word));
      i = end;
    }
    return account;
  }

 private:
  struct Entry {
    bool set = false;
    bool used = false;
    std::string taken_for;
    std::string bound_to;
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  const Word& word(std::size_t i) const { return sentence_.words[i]; }
  std::string_view text(std::size_t i) const { return i < sentence_.words.size() ? std::string_view(word(i).text) : std::string_view(); }

  // Each word is accounted for once; what comes first is what it was read as.
  void put(std::size_t begin, std::size_t end, bool used, std::string_view taken_for, const std::string& bound_to = "") {
    end = std::min(end, words_.size());
    if (begin >= end) return;
    for (std::size_t i = begin; i < end; ++i) {
      if (words_[i].set) return;
    }
    for (std::size_t i = begin; i < end; ++i)
      words_[i] = {.set = true, .used = used, .taken_for = std::string(taken_for), .bound_to = bound_to, .begin = begin, .end = end};
  }

  // "…, and when", "… and how do they rate": asked besides; any chart of the page may answer it.
  void find_second_clause() {
    static constexpr auto questions = std::to_array<std::string_view>({"when", "how", "which", "what", "where", "who"});
    second_ = words_.size();
    for (std::size_t i = 1; i + 1 < words_.size(); ++i) {
      if (text(i) == "and" && is_one_of(questions, text(i + 1))) {
        second_ = i + 1;
        return;
      }
    }
  }
  template <class Test>
  bool any_facts(std::size_t at, const Test& test) const {
    if (test(answer_.lead)) return true;
    return at >= second_ && std::any_of(answer_.others.begin(), answer_.others.end(), test);
  }

  bool says(std::size_t i, std::string_view phrase, std::size_t& end) const {
    while (!phrase.empty()) {
      const std::size_t space = std::min(phrase.find(' '), phrase.size());
      if (text(i) != phrase.substr(0, space)) return false;
      phrase.remove_prefix(std::min(space + 1, phrase.size()));
      ++i;
    }
    end = i;
    return true;
  }

  // ---- names ----

  static bool meets(const std::string& said, const std::string& named) { return likeness(said, named) >= 0.6 || means_same(said, named); }

  bool names(std::size_t i, const std::vector<std::string>& stems) const {
    const Word& one = word(i);
    const std::string said = std::string(spelled_out(one.text)) == one.text ? one.stem : stem_of(spelled_out(one.text));
    if (std::any_of(stems.begin(), stems.end(), [&](const std::string& stem) { return meets(said, stem); })) return true;
    // Written together or apart: "flight number" and flightno, "authorder" and "author order".
    std::string joined;
    for (const std::string& stem : stems) joined += stem;
    if (one.text.size() >= 4 && stems.size() > 1 && (joined == said || joined == one.text || means_same(said, joined))) return true;
    // "start date" of date_from, "end" of valid_to.
    if (stems.size() > 1) {
      const bool begins = said == "start" || said == "begin" || said == "beginn";
      const bool ends = said == "end" || said == "finish";
      if (std::any_of(stems.begin(), stems.end(),
                      [&](const std::string& stem) { return (begins && stem == "from") || (ends && (stem == "to" || stem == "until")); }))
        return true;
    }
    if (stems.size() == 1 && one.text.size() >= 3 && stems.front().size() > one.text.size()) {
      const std::string& stem = stems.front();
      const bool inside = stem.starts_with(one.text) || stem.ends_with(one.text) || stem.ends_with(said);
      const std::string_view next = text(i + 1);
      const std::string_view before = i > 0 ? text(i - 1) : std::string_view();
      const auto rest_is = [&](std::string_view other) { return other.size() >= 2 && stem.find(stem_of(other)) != std::string::npos; };
      if (inside && (rest_is(next) || rest_is(before) || one.text.size() >= 5)) return true;
    }
    // "customer ID" of custid.
    if (stems.size() == 1 && stems.front().size() > 4 && stems.front().ends_with("id")) {
      const std::string_view head = std::string_view(stems.front()).substr(0, stems.front().size() - 2);
      if (one.text.starts_with(head) || means_same(said, "id") || said == "id") return true;
    }
    // "name" of cname, "position" of pposition.
    if (stems.size() == 1 && said.size() >= 3 && one.text.size() >= 4 && stems.front().size() > said.size() &&
        stems.front().size() <= said.size() + glued_letters_max && stems.front().ends_with(said))
      return true;
    // Names of columns as people copy them: temp_max.
    for (const std::string& part : split_name(one.text)) {
      if (part.size() > 2 && one.text.find('_') != std::string::npos &&
          std::any_of(stems.begin(), stems.end(), [&](const std::string& stem) { return stem_of(spelled_out(part)) == stem; }))
        return true;
    }
    return false;
  }

  bool names_column(std::size_t i, std::size_t column) const {
    const ColumnProfile& profile = table_.columns[column];
    return lower(profile.name) == text(i) || names(i, profile.stems) || names_unit(word(i).text, profile.unit) ||
           std::any_of(profile.words.begin(), profile.words.end(), [&](const std::string& one) { return one == text(i); });
  }

  // Every word of the phrase stands in one column's name: "growth rate" of growth_rate.
  bool is_name(std::size_t begin, std::size_t end) const {
    return std::any_of(table_.columns.begin(), table_.columns.end(), [&](const ColumnProfile& column) {
      for (std::size_t i = begin; i < end; ++i) {
        if (std::find(column.stems.begin(), column.stems.end(), word(i).stem) == column.stems.end() &&
            std::find(column.words.begin(), column.words.end(), word(i).text) == column.words.end())
          return false;
      }
      return true;
    });
  }

  bool names_split(std::size_t i) const {
    if (is_stop_word(text(i))) ++i;
    return i < words_.size() && std::any_of(table_.columns.begin(), table_.columns.end(), [&](const ColumnProfile& column) {
             return column.role != ColumnRole::measure && names(i, column.stems);
           });
  }

  // ---- operators ----

  static bool has_sign(const QueryFacts& facts, Sign sign) {
    const auto selects = [&](const auto& test) { return std::any_of(facts.selected.begin(), facts.selected.end(), test); };
    switch (sign) {
      case Sign::never: return false;
      case Sign::running:
        return facts.says("over") && facts.says("order") && (facts.calls(FunctionMeaning::sum) || facts.calls(FunctionMeaning::count));
      case Sign::moving: return facts.says("over") && (facts.says("preceding") || facts.says("range"));
      case Sign::before:
        return facts.calls(FunctionMeaning::neighbour) || (facts.calls(FunctionMeaning::window_first) && facts.says("preceding")) ||
               selects(
                   [](const SelectedFact& fact) { return !fact.key && (fact.of_one_row || fact.sql.find(" - ") != std::string::npos); });
      case Sign::quotient:
        return facts.mark == "pie" || facts.mark == "donut" || selects([](const SelectedFact& fact) { return fact.share; });
      case Sign::relation: {
        std::set<std::size_t> columns;
        for (const SelectedFact& fact : facts.selected) columns.insert(fact.columns.begin(), fact.columns.end());
        return facts.calls(FunctionMeaning::correlation) || (columns.size() >= 2 && (facts.mark == "scatter" || facts.mark == "heatmap"));
      }
      case Sign::quantile: return facts.calls(FunctionMeaning::quantile);
      case Sign::weighted:
        return selects(
            [](const SelectedFact& fact) { return !fact.key && fact.columns.size() >= 2 && fact.sql.find('*') != std::string::npos; });
      case Sign::partition: return facts.says("partition") || facts.says("qualify") || facts.facets;
    }
    return false;
  }

  void read_operators() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const Operator* best = nullptr;
      std::size_t best_end = i;
      for (const Operator& entry : operators) {
        std::size_t end = 0;
        if (!says(i, entry.words, end) || end <= best_end || end - i > operator_words_max) continue;
        best = &entry;
        best_end = end;
      }
      if (!best || is_name(i, best_end)) continue;
      if (best->words == "divided by" && names_split(best_end)) continue;  // a wish for parts, not for a quotient
      // "share of women" and "percent of late flights" are measured; "over 5 percent" is a unit.
      if (best->sign == Sign::quotient && i > 0 && word(i - 1).number) continue;
      const bool ordinal = best->sign == Sign::quantile && i > 0 && !text(i - 1).empty() && text(i - 1)[0] >= '0' && text(i - 1)[0] <= '9';
      put(ordinal ? i - 1 : i, best_end, any_facts(i, [&](const QueryFacts& facts) { return has_sign(facts, best->sign); }), "operator");
      i = best_end - 1;
    }
    // "top 3 movies per genre" ranks in each of them.
    if (!sentence_.top) return;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const bool each = text(i) == "each" || text(i) == "per" || text(i) == "every";
      if (each) put(i, i + 1, has_sign(answer_.lead, Sign::partition), "operator");
    }
  }

  // ---- times, numbers ----

  void read_period() {
    if (const auto& week = sentence_.days_of_week) {
      const bool kept = std::any_of(answer_.lead.filters.begin(), answer_.lead.filters.end(), [&](const FilterFact& filter) {
        return filter.part == TimePart::weekday && filter.negated == !week->weekend;
      });
      put(week->begin, week->end, kept, "period");
    }
    const TimeWindow& window = sentence_.window;
    if (window.kind == TimeWindow::Kind::none || window.end <= window.begin) return;
    const bool done =
        answer_.period_done || std::any_of(answer_.lead.filters.begin(), answer_.lead.filters.end(), [&](const FilterFact& filter) {
          return !filter.chosen && filter.column && table_.columns[*filter.column].role == ColumnRole::time && filter.sign != "null";
        });
    // "in 2010" of a column that is called so.
    for (std::size_t i = window.begin; i < window.end && !done; ++i) {
      const auto year = column_read_from(i, answer_.lead);
      if (year && is_year_name(table_.columns[year->second]))
        return put(window.begin, window.end, true, year->first, table_.columns[year->second].name);
    }
    put(window.begin, window.end, done, "period", done ? answer_.period : "");
    if (const auto& against = sentence_.against)
      put(against->begin, against->end, answer_.against_done, "period", answer_.against_done ? answer_.period : "");
  }

  static bool is_among(double value, const std::set<std::string>& numbers) {
    return std::any_of(numbers.begin(), numbers.end(), [&](const std::string& number) {
      double found = 0;
      const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), found);
      return error == std::errc() && end == number.data() + number.size() &&
             std::abs(found - value) <= 1e-9 * std::max(1.0, std::abs(value));
    });
  }

  void read_conditions() {
    for (const NumberCondition& condition : sentence_.conditions) {
      std::optional<std::size_t> column;
      const auto done = [&](const QueryFacts& facts) {
        for (const FilterFact& filter : facts.filters) {
          const std::set<std::string> values(filter.values.begin(), filter.values.end());
          const bool low = condition.low_operator.empty() || is_among(condition.low, values) || is_among(condition.low, facts.numbers);
          const bool high = condition.high_operator.empty() || is_among(condition.high, values) || is_among(condition.high, facts.numbers);
          const bool mine = (!condition.low_operator.empty() && is_among(condition.low, values)) ||
                            (!condition.high_operator.empty() && is_among(condition.high, values));
          if (!low || !high || !mine || (filter.column && is_said_of_another(condition.begin, *filter.column))) continue;
          column = filter.column;
          return true;
        }
        return (condition.low_operator.empty() || is_among(condition.low, facts.numbers)) &&
               (condition.high_operator.empty() || is_among(condition.high, facts.numbers)) && facts.says("having");
      };
      const bool used = any_facts(condition.begin, done);
      put(condition.begin, condition.end, used, "filter", column ? table_.columns[*column].name : "");
    }
  }

  void read_top() {
    if (!sentence_.top) return;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (!word(i).number || !word(i).used || words_[i].set || word(i).value != *sentence_.top) continue;
      put(i, i + 1, any_facts(i, [&](const QueryFacts& facts) { return facts.limit == *sentence_.top; }), "limit");
      return;
    }
  }

  // ---- values ----

  std::string stems_text(std::string_view value) const {
    std::string key;
    for (const std::string& part : split_name(lower(value))) key += str(stem_of(part), ' ');
    return key;
  }

  void read_values() {
    bool whole = true;
    const auto look = [&](const QueryFacts& facts, std::size_t from) {
      for (const FilterFact& filter : facts.filters) {
        if (filter.sign == "period" || filter.sign == "null") continue;
        for (const std::string& value : filter.values) put_value(value, filter, from, whole);
      }
      // Values inside what is measured: the share of women.
      for (const std::string& literal : facts.literals) {
        const bool filtered = std::any_of(facts.filters.begin(), facts.filters.end(), [&](const FilterFact& filter) {
          return std::find(filter.values.begin(), filter.values.end(), literal) != filter.values.end();
        });
        if (!filtered) put_value(literal, {.sign = "="}, from, whole);
      }
      // Every value of what is split by: named, and all of them shown.
      for (const SelectedFact& fact : facts.selected) {
        if (!fact.key || fact.columns.size() != 1) continue;
        const ColumnProfile& column = table_.columns[fact.columns.front()];
        if (!column.distinct || column.values.size() < static_cast<std::size_t>(*column.distinct) || column.values.size() > all_values_max)
          continue;
        if (!std::all_of(column.values.begin(), column.values.end(), [&](const std::string& value) { return find_run(value, from); }))
          continue;
        for (const std::string& value : column.values) put_value(value, {.column = fact.columns.front(), .sign = "="}, from, whole);
      }
    };
    // The words of a whole value belong to it before they belong to a part of another.
    for (const bool pass : {true, false}) {
      whole = pass;
      look(answer_.lead, 0);
      for (const QueryFacts& facts : answer_.others) look(facts, second_);
    }
  }

  bool find_run(const std::string& value, std::size_t from) const {
    const std::string key = stems_text(value);
    if (key.empty()) return false;
    for (std::size_t i = from; i < words_.size(); ++i) {
      std::string run;
      for (std::size_t end = i; end < words_.size() && run.size() < key.size();) run += stems_text(word(end++).text);
      if (run == key) return true;
    }
    return false;
  }

  void put_value(const std::string& value, const FilterFact& filter, std::size_t from, bool whole) {
    const std::string column = filter.column ? table_.columns[*filter.column].name : "";
    if (filter.column) {
      const auto& missing = table_.columns[*filter.column].missing;
      if (std::find(missing.begin(), missing.end(), value) != missing.end()) return;
    }
    std::string key = stems_text(value);
    if (filter.sign == "like") std::erase_if(key, [](char c) { return c == '%'; });
    if (key.empty()) return;
    for (std::size_t i = from; i < words_.size(); ++i) {
      const bool called = is_called(word(i).text, value);
      std::string run;
      std::size_t end = i;
      while (end < words_.size() && run.size() < key.size()) run += stems_text(word(end++).text);
      // A word of a longer value names it when no other value is meant ("action" of "Action/Adventure").
      const bool part =
          word(i).text.size() >= 4 && !is_stop_word(word(i).text) && str(' ', key).find(str(' ', word(i).stem, ' ')) != std::string::npos;
      if (run != key && (whole || (!called && !part))) continue;
      if (run != key) end = i + 1;
      const bool negated = is_negated(i);
      if (word(i).number && filter.column && belongs_elsewhere(i, *filter.column)) {
        put(i, end, false, "filter");
        continue;
      }
      put(i, end, negated == filter.negated, "filter", column.empty() ? value : str(column, filter.negated ? " ≠ " : " = ", value));
    }
  }

  // "address identifiers 5, 12 or 14" are no customers: the noun before the numbers is another column.
  bool belongs_elsewhere(std::size_t i, std::size_t column) const {
    return names_other(i, column, [](const ColumnProfile&) { return true; });
  }
  // "horsepower over 90" is no weight; "by origin over 90" may be one.
  bool is_said_of_another(std::size_t i, std::size_t column) const {
    return names_other(i, column, [](const ColumnProfile& other) { return other.numeric; });
  }
  template <class Counts>
  bool names_other(std::size_t i, std::size_t column, const Counts& counts) const {
    while (i > 0) {
      --i;
      if (word(i).number || text(i) == "or" || text(i) == "and" || text(i) == "of" || text(i) == "is" || text(i) == "are" ||
          is_one_of(name_nouns, text(i)))
        continue;
      break;
    }
    if (is_stop_word(text(i)) || names_column(i, column)) return false;
    for (std::size_t other = 0; other < table_.columns.size(); ++other) {
      if (other != column && counts(table_.columns[other]) && is_exact(i, other)) return true;
    }
    return false;
  }

  // Whether a word that negates stands before word i, with nothing of content between.
  bool is_negated(std::size_t i) const {
    for (std::size_t back = 1; back <= negation_reach && back <= i; ++back) {
      const std::size_t at = i - back;
      if (word(at).quoted) return false;
      if (negates(text(at)) && !is_in_condition(at)) return true;
      const bool joint = text(at) == "or" || text(at) == "and";
      if (!joint && !is_stop_word(text(at)) && !words_[at].set && !word(at).number && !names_any_column(at)) return false;
    }
    return false;
  }
  bool is_in_condition(std::size_t i) const {
    return std::any_of(sentence_.conditions.begin(), sentence_.conditions.end(),
                       [&](const NumberCondition& condition) { return i >= condition.begin && i < condition.end; });
  }
  bool names_any_column(std::size_t i) const {
    for (std::size_t column = 0; column < table_.columns.size(); ++column) {
      if (names(i, table_.columns[column].stems)) return true;
    }
    return false;
  }

  void read_negations() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const bool unknown = std::ranges::count(unknown_words, text(i)) > 0;
      if ((!negates(text(i)) && !unknown) || words_[i].set || word(i).quoted || is_in_condition(i)) continue;
      const bool done = any_facts(i, [&](const QueryFacts& facts) {
        return std::any_of(facts.filters.begin(), facts.filters.end(), [&](const FilterFact& filter) {
          if (filter.sign == "null") return !filter.negated;
          if (!filter.negated && filter.column && filter.values.size() == 1)
            return filter.values.front() == "no" || filter.values.front() == "0" || filter.values.front() == "false";
          if (!filter.negated || filter.values.empty()) return false;
          if (!filter.column) return true;
          const auto& missing = table_.columns[*filter.column].missing;
          return std::any_of(filter.values.begin(), filter.values.end(),
                             [&](const std::string& value) { return std::find(missing.begin(), missing.end(), value) == missing.end(); });
        });
      });
      if (done || !unknown) put(i, i + 1, done, "filter");
    }
  }

  // ---- what the words of vocabulary.cpp ask for ----

  static bool selects(const QueryFacts& facts, const auto& test) { return std::any_of(facts.selected.begin(), facts.selected.end(), test); }

  bool shows_aggregate(const QueryFacts& facts, Aggregate aggregate) const {
    return selects(facts, [&](const SelectedFact& fact) {
      if (fact.key) return false;
      if (aggregate == Aggregate::share) return fact.share;
      const bool counts = fact.aggregate == Aggregate::count || fact.aggregate == Aggregate::distinct;
      if (aggregate == Aggregate::count) {
        // A column that holds counts is counted by adding it up.
        return counts ||
               (fact.aggregate == Aggregate::sum && std::any_of(fact.columns.begin(), fact.columns.end(),
                                                                [&](std::size_t column) { return holds_counts(table_.columns[column]); }));
      }
      if (aggregate == Aggregate::distinct) return fact.aggregate == Aggregate::distinct;
      if (aggregate == Aggregate::sum && counts) return true;
      return fact.aggregate == aggregate && !fact.share;
    });
  }

  static bool shows_mark(const std::string& mark, MarkWord asked) {
    const auto any_of = [&](std::initializer_list<std::string_view> marks) {
      return std::find(marks.begin(), marks.end(), mark) != marks.end();
    };
    switch (asked) {
      case MarkWord::bar: return any_of({"bar", "stacked_bar", "grouped_bar", "histogram"});
      case MarkWord::stacked_bar: return mark == "stacked_bar";
      case MarkWord::grouped_bar: return mark == "grouped_bar";
      case MarkWord::line: return any_of({"line", "sparkline", "area"});  // a line above its filled ground
      case MarkWord::area: return mark == "area";
      case MarkWord::pie: return any_of({"pie", "donut"});
      case MarkWord::heatmap: return mark == "heatmap";
      case MarkWord::scatter: return mark == "scatter";
      case MarkWord::histogram: return any_of({"histogram", "bar"});
      case MarkWord::box: return mark == "box";
      case MarkWord::table: return mark == "table";
      case MarkWord::kpi: return mark == "kpi";
      case MarkWord::map: return mark == "map";
      case MarkWord::none: return true;
    }
    return false;
  }

  void read_cues() {
    for (const Cue& cue : sentence_.cues) {
      std::string_view role;
      const auto test = [&](const QueryFacts& facts) -> bool {
        switch (cue.kind) {
          case CueKind::aggregate:
            return role = "aggregate", shows_aggregate(facts, static_cast<Aggregate>(cue.value)) || shows_as_they_are(facts, cue);
          case CueKind::order:
            role = "order";
            if (is_within_aggregate(cue)) return role = "", true;
            if (facts.says("partition") && facts.calls(FunctionMeaning::rank)) return true;
            return facts.order == cue.value || shows_aggregate(facts, cue.value > 0 ? Aggregate::maximum : Aggregate::minimum);
          case CueKind::best: return role = "order", facts.order != 0 || (facts.says("partition") && facts.calls(FunctionMeaning::rank));
          case CueKind::busiest: return role = "order", facts.order == cue.value && shows_aggregate(facts, Aggregate::count);
          case CueKind::grain:
            role = "split";
            return selects(facts, [&](const SelectedFact& fact) { return fact.key && fact.grain == static_cast<Grain>(cue.value); }) ||
                   names_selected(facts, cue);
          case CueKind::part:
            role = "split";
            return selects(facts, [&](const SelectedFact& fact) { return fact.part == static_cast<TimePart>(cue.value); }) ||
                   std::any_of(facts.filters.begin(), facts.filters.end(),
                               [&](const FilterFact& filter) { return filter.part == static_cast<TimePart>(cue.value); }) ||
                   names_selected(facts, cue);
          case CueKind::trend: return role = "split", facts.has_time_key() || shows_years(facts);
          case CueKind::when: return role = "split", facts.has_time_key();
          case CueKind::mark: return role = "chart", shows_mark(facts.mark, static_cast<MarkWord>(cue.value));
          case CueKind::outnumber: return role = "filter", facts.says("having");
          case CueKind::distribution: role = "chart"; return facts.mark != "table" && facts.mark != "kpi";
          case CueKind::versus:
          case CueKind::relation: return role = "chart", facts.selected.size() >= 2;
          case CueKind::by:
          case CueKind::each:
          case CueKind::per: return true;
        }
        return false;
      };
      const bool used = any_facts(cue.begin, test);
      if (role.empty()) continue;
      bool named = used;
      // "max temperature" where the column itself is called so.
      for (std::size_t i = cue.begin; i < cue.end && !named; ++i) {
        named = any_facts(i, [&](const QueryFacts& facts) {
          return selects(facts, [&](const SelectedFact& fact) {
            return std::any_of(fact.columns.begin(), fact.columns.end(), [&](std::size_t column) {
              const auto& words = table_.columns[column].words;
              return std::find(words.begin(), words.end(), word(i).text) != words.end();
            });
          });
        });
      }
      put(cue.begin, cue.end, named, role);
    }
  }
  // "the hottest day of each year" is one aggregate.
  bool is_within_aggregate(const Cue& cue) const {
    return std::ranges::any_of(sentence_.cues, [&](const Cue& other) {
      return other.kind == CueKind::aggregate && other.begin == cue.begin && other.end > cue.end;
    });
  }
  // "number of cars" of points that are one car each; "number of hours" of a column that holds it; "unique id" of bars by id.
  bool shows_as_they_are(const QueryFacts& facts, const Cue& cue) const {
    const auto aggregate = static_cast<Aggregate>(cue.value);
    if (aggregate != Aggregate::count && aggregate != Aggregate::distinct) return false;
    if (aggregate == Aggregate::count && (facts.mark == "scatter" || facts.mark == "map")) return true;
    for (std::size_t i = cue.end; i < std::min(cue.end + subject_reach, words_.size()); ++i) {
      if (is_stop_word(text(i))) continue;
      return selects(facts, [&](const SelectedFact& fact) {
        if (aggregate == Aggregate::distinct ? !fact.key : fact.key || fact.aggregate != Aggregate::none) return false;
        return std::any_of(fact.columns.begin(), fact.columns.end(), [&](std::size_t column) { return names_column(i, column); });
      });
    }
    return false;
  }
  bool names_selected(const QueryFacts& facts, const Cue& cue) const {
    for (std::size_t i = cue.begin; i < cue.end; ++i) {
      if (text(i) == "by" || text(i) == "per" || text(i) == "each") continue;
      if (selects(facts, [&](const SelectedFact& fact) {
            return fact.key && std::any_of(fact.columns.begin(), fact.columns.end(), [&](std::size_t column) {
                     const auto& stems = table_.columns[column].stems;
                     return std::find(stems.begin(), stems.end(), word(i).stem) != stems.end();
                   });
          }))
        return true;
    }
    return false;
  }

  // ---- the rest: names of columns and tables ----

  // What nobody would miss.
  bool is_filler(std::size_t i) const {
    const Word& one = word(i);
    if (one.quoted) return false;
    if (one.number) return false;
    return one.generic || is_stop_word(one.text) || is_generic_word(one.text) || dressing_stems().contains(one.stem) ||
           (one.text.size() == 1 && static_cast<unsigned char>(one.text[0]) < 0x80) || is_contraction(one.text);
  }
  static bool is_contraction(std::string_view text) {
    static constexpr auto known =
        std::to_array<std::string_view>({"i'd", "i'm", "i'll", "i've", "let's", "what's", "it's", "that's", "we'd", "we're"});
    return is_one_of(known, text);
  }

  // By which column of the answer the word is meant: "measure", "split" or "filter" and the name.
  std::optional<std::pair<std::string_view, std::size_t>> column_of(std::size_t i, const QueryFacts& facts) const {
    for (const bool exact : {true, false}) {
      for (const SelectedFact& fact : facts.selected) {
        for (const std::size_t column : fact.columns) {
          if (exact ? is_exact(i, column) : names_column(i, column)) return std::pair(fact.key ? "split" : "measure", column);
        }
      }
      for (const FilterFact& filter : facts.filters) {
        if (!filter.column || (filter.sign == "null" && filter.negated)) continue;
        if (exact ? is_exact(i, *filter.column) : names_column(i, *filter.column)) return std::pair("filter", *filter.column);
      }
    }
    return {};
  }
  // The column that the reading took from this word, where the answer shows it ("player IDs" of pid).
  std::optional<std::pair<std::string_view, std::size_t>> column_read_from(std::size_t i, const QueryFacts& facts) const {
    for (const ColumnMention& mention : answer_.mentions) {
      if (i < mention.begin || i >= mention.end || mention.subject) continue;
      for (const SelectedFact& fact : facts.selected) {
        if (std::ranges::count(fact.columns, mention.column) > 0) return std::pair(fact.key ? "split" : "measure", mention.column);
      }
      for (const FilterFact& filter : facts.filters) {
        if (filter.column == mention.column && !(filter.sign == "null" && filter.negated)) return std::pair("filter", mention.column);
      }
    }
    return {};
  }
  bool is_exact(std::size_t i, std::size_t column) const {
    const auto& stems = table_.columns[column].stems;
    return std::find(stems.begin(), stems.end(), word(i).stem) != stems.end();
  }
  bool is_exact_name_of_another(std::size_t i, std::size_t than) const {
    for (std::size_t column = 0; column < table_.columns.size(); ++column) {
      if (column != than && is_exact(i, column)) return true;
    }
    return false;
  }

  // "settlement identifier": all words of a column's name, one after the other, name that column and no other.
  void read_whole_names() {
    for (std::size_t column = 0; column < table_.columns.size(); ++column) {
      const auto& stems = table_.columns[column].stems;
      if (stems.size() < 2) continue;
      for (std::size_t i = 0; i + stems.size() <= words_.size(); ++i) {
        bool same = true;
        for (std::size_t k = 0; k < stems.size() && same; ++k)
          same = !words_[i + k].set && (word(i + k).stem == stems[k] || means_same(word(i + k).stem, stems[k]));
        if (!same) continue;
        const bool shown =
            any_facts(i, [&](const QueryFacts& facts) { return shows_column(facts, column) || shows_all(facts, i, i + stems.size()); });
        if (!shown)
          put(i, i + stems.size(), false, table_.columns[column].role == ColumnRole::measure ? "measure" : "split",
              table_.columns[column].name);
      }
    }
  }
  // "miles per gallon" of mpg, and the other way round.
  void read_initials() {
    for (std::size_t column = 0; column < table_.columns.size(); ++column) {
      const std::vector<std::string>& parts = table_.columns[column].words;
      for (std::size_t i = 0; i < words_.size() && parts.size() >= initials_least && parts.size() <= initials_most; ++i) {
        if (words_[i].set || text(i) != initials_of(parts)) continue;
        put(i, i + 1, any_facts(i, [&](const QueryFacts& facts) { return shows_column(facts, column); }),
            table_.columns[column].role == ColumnRole::measure ? "measure" : "split", table_.columns[column].name);
      }
      const std::string name = lower(table_.columns[column].name);
      if (name.size() < initials_least || name.size() > initials_most) continue;
      for (std::size_t i = 0; i + name.size() <= words_.size(); ++i) {
        bool same = true;
        for (std::size_t k = 0; k < name.size() && same; ++k)
          same = !words_[i + k].set && !text(i + k).empty() && text(i + k).front() == name[k];
        if (!same) continue;
        const bool shown = any_facts(i, [&](const QueryFacts& facts) { return shows_column(facts, column); });
        put(i, i + name.size(), shown, table_.columns[column].role == ColumnRole::measure ? "measure" : "split",
            table_.columns[column].name);
      }
    }
  }
  // "deaths by type": however little a word says elsewhere, what it is to be split by is shown or is missed.
  void read_rest_of_splits() {
    for (const Cue& cue : sentence_.cues) {
      if (cue.kind != CueKind::by && cue.kind != CueKind::each) continue;
      std::size_t i = cue.end;
      while (i < words_.size() && is_article(text(i))) ++i;
      const bool letters = i < words_.size() && !text(i).empty() && !word(i).number && !word(i).quoted;
      // "which segments": a word that dresses a wish.
      const bool dresses = i < words_.size() && text(cue.begin) == "which" && is_filler(i) && !is_named_elsewhere(i);
      if (letters && !words_[i].set && !is_stop_word(text(i)) && !dresses) put(i, i + 1, false, "split");
    }
  }
  static bool is_article(std::string_view word) { return word == "the" || word == "a" || word == "an"; }
  static bool shows_column(const QueryFacts& facts, std::size_t column) {
    return std::any_of(facts.selected.begin(), facts.selected.end(),
                       [&](const SelectedFact& fact) {
                         return std::find(fact.columns.begin(), fact.columns.end(), column) != fact.columns.end();
                       }) ||
           std::any_of(facts.filters.begin(), facts.filters.end(), [&](const FilterFact& filter) { return filter.column == column; });
  }
  // One column of the answer has all of these words in its name.
  bool shows_all(const QueryFacts& facts, std::size_t begin, std::size_t end) const {
    return std::any_of(facts.selected.begin(), facts.selected.end(), [&](const SelectedFact& fact) {
      return std::any_of(fact.columns.begin(), fact.columns.end(), [&](std::size_t column) {
        for (std::size_t i = begin; i < end; ++i) {
          if (!names(i, table_.columns[column].stems)) return false;
        }
        return true;
      });
    });
  }

  void read_names() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (words_[i].set) continue;
      std::optional<std::pair<std::string_view, std::size_t>> bound;
      any_facts(i, [&](const QueryFacts& facts) {
        bound = column_read_from(i, facts);
        if (bound) return true;
        bound = column_of(i, facts);
        // A word that is another column's own name is not answered by one that is only like it.
        if (bound && !is_exact(i, bound->second) && is_exact_name_of_another(i, bound->second)) bound.reset();
        return bound.has_value();
      });
      // "country name" of country, though another column is called name.
      if (!bound && i > 0 && is_one_of(name_nouns, text(i)) && is_bound(i - 1)) {
        put(i, i + 1, true, words_[i - 1].taken_for, words_[i - 1].bound_to);
        continue;
      }
      if (bound && !is_stop_word(text(i))) {
        put(i, i + 1, true, bound->first, table_.columns[bound->second].name);
        continue;
      }
      if (word(i).number) {
        const bool used = any_facts(i, [&](const QueryFacts& facts) {
          return is_among(word(i).value, facts.numbers) || facts.limit == static_cast<int>(word(i).value);
        });
        put(i, i + 1, used, used ? "filter" : "");
        continue;
      }
      if (const ColumnProfile* column = column_that_says_only(i)) {
        put(i, i + 1, true, "table", column->values.front());
        continue;
      }
      if (is_table_word(i)) {
        put(i, i + 1, true, "table", table_.table);
        continue;
      }
      if (is_time_unit(word(i).stem) && any_facts(i, [&](const QueryFacts& facts) { return shows_unit(facts, i); })) {
        put(i, i + 1, true, "split");
        continue;
      }
      // "fun, good or excellent": a word that dresses a wish elsewhere is a value in a list of them.
      if (is_left_out_value(i)) {
        put(i, i + 1, false, "filter");
        continue;
      }
      if (is_filler(i) && !is_named_elsewhere(i)) continue;
      if (is_stop_word(text(i)) || ends_condition(i)) continue;
      const auto named = named_elsewhere(i);
      put(i, i + 1, false, named ? (table_.columns[*named].role == ColumnRole::measure ? "measure" : "split") : "",
          named ? table_.columns[*named].name : "");
    }
  }

  // "days" of a chart by day, or of one that counts days; "date" and "time" of any time.
  bool shows_unit(const QueryFacts& facts, std::size_t i) const {
    Grain unit = Grain::none;
    for (const Grain grain : {Grain::hour, Grain::day, Grain::week, Grain::month, Grain::quarter, Grain::year}) {
      if (word(i).stem == stem_of(name_of(grain))) unit = grain;
    }
    if (unit == Grain::none) return facts.has_time_key() || shows_years(facts);
    if (unit == Grain::year && shows_years(facts)) return true;
    const TimePart part = unit == Grain::hour    ? TimePart::hour
                          : unit == Grain::day   ? TimePart::weekday
                          : unit == Grain::month ? TimePart::month
                                                 : TimePart::none;
    return std::any_of(facts.selected.begin(), facts.selected.end(),
                       [&](const SelectedFact& fact) {
                         if (fact.key) return fact.grain == unit || (part != TimePart::none && fact.part == part);
                         return lower(fact.label).find(name_of(unit)) != std::string::npos;
                       }) ||
           std::any_of(facts.filters.begin(), facts.filters.end(),
                       [&](const FilterFact& filter) { return part != TimePart::none && filter.part == part; });
  }
  // A number that counts years, whatever its name.
  bool shows_years(const QueryFacts& facts) const {
    return std::any_of(facts.selected.begin(), facts.selected.end(), [&](const SelectedFact& fact) {
      return std::any_of(fact.columns.begin(), fact.columns.end(), [&](std::size_t column) {
        const ColumnProfile& profile = table_.columns[column];
        return profile.type == "integer" && profile.min && profile.max && *profile.min >= year_least && *profile.max <= year_most;
      });
    });
  }

  // ---- nouns of several words ----

  // Words that end a noun and its modifiers.
  bool is_border(std::size_t i) const {
    return i >= words_.size() || is_stop_word(text(i)) || negates(text(i)) ||
           std::any_of(sentence_.cues.begin(), sentence_.cues.end(), [&](const Cue& cue) { return i >= cue.begin && i < cue.end; });
  }
  bool is_unknown(std::size_t i) const {
    return i < words_.size() && words_[i].set && !words_[i].used && words_[i].end == i + 1 && words_[i].taken_for.empty() &&
           !word(i).number && !word(i).quoted;
  }
  // Used as what is split by or measured.
  bool is_bound(std::size_t i) const {
    return i < words_.size() && words_[i].set && words_[i].used && (words_[i].taken_for == "split" || words_[i].taken_for == "measure") &&
           !words_[i].bound_to.empty();
  }
  // "rain days" are days, not rain.
  bool is_unit_of_time(std::size_t i) const {
    return std::ranges::any_of(std::array{Grain::hour, Grain::day, Grain::week, Grain::month, Grain::quarter, Grain::year},
                               [&](Grain grain) { return word(i).stem == stem_of(name_of(grain)); });
  }
  void bind_with(std::size_t i, std::size_t with) {
    if (is_unit_of_time(i)) return;
    words_[i].used = true;
    words_[i].taken_for = words_[with].taken_for;
    words_[i].bound_to = words_[with].bound_to;
  }

  void read_compounds() {
    // "number of players": what is counted are the rows, whatever they are called. Its modifiers ("vip customers") are not part of that.
    for (const Cue& cue : sentence_.cues) {
      const auto aggregate = static_cast<Aggregate>(cue.value);
      const bool counts = cue.kind == CueKind::aggregate && (aggregate == Aggregate::count || aggregate == Aggregate::share);
      if (!counts && cue.kind != CueKind::distribution) continue;
      if (!any_facts(cue.begin, [&](const QueryFacts& facts) { return shows_aggregate(facts, Aggregate::count) || facts.mark == "box"; }))
        continue;
      std::size_t noun = cue.end;
      while (noun < words_.size() && (text(noun) == "of" || text(noun) == "the" || text(noun) == "all")) ++noun;
      if (noun >= words_.size()) continue;
      std::size_t head = noun;
      while (head + 1 < words_.size() && head + 1 < noun + subject_reach && !is_border(head + 1) && !word(head + 1).number) ++head;
      const bool listed = words_[head].set && !words_[head].used && words_[head].end == head + 1 &&
                          (words_[head].taken_for == "split" || words_[head].taken_for == "measure") && word(head).text.ends_with("s") &&
                          (counts || cue.kind == CueKind::distribution);
      if ((is_unknown(head) || listed) && !is_participle(head)) {
        words_[head].used = true;
        words_[head].taken_for = "table";
        words_[head].bound_to = table_.table;
      }
    }
    for (std::size_t i = 0; i < words_.size(); ++i) {
      // "by writer or director": one of the two is shown.
      const auto is_alternative = [&](std::size_t other, std::size_t joint) {
        return text(joint) == "or" && is_bound(other) && words_[other].taken_for == "split";
      };
      const std::size_t group_end = words_[i].set ? words_[i].end : i + 1;
      const bool hidden = words_[i].set && !words_[i].used && (words_[i].taken_for.empty() || words_[i].taken_for == "split") &&
                          words_[i].begin == i && !word(i).number;
      if (hidden && i >= 2 && is_alternative(i - 2, i - 1)) bind_with(i, i - 2);
      else if (hidden && is_alternative(group_end + 1, group_end)) bind_with(i, group_end + 1);
      if (!is_unknown(i)) continue;
      const bool after = i > 0 && (is_bound(i - 1) || (words_[i - 1].set && words_[i - 1].used && is_one_of(name_nouns, text(i))));
      if (names_filtered_rows(i)) {
        words_[i].used = true;
        words_[i].taken_for = "table";
        words_[i].bound_to = table_.table;
        continue;
      }
      // "team name", "acceleration rate": the end of a noun that begins with the column's word.
      if (after && (is_one_of(name_nouns, text(i)) || (is_border(i + 1) && !is_participle(i)))) {
        bind_with(i, i - 1);
        continue;
      }
      // "year of manufacture".
      if (i >= 2 && text(i - 1) == "of" && is_time_unit(word(i - 2).stem) && words_[i - 2].used && is_border(i + 1)) {
        bind_with(i, i - 2);
        continue;
      }
      // "academic semester", "seating capacity": its beginning.
      const bool begins = i == 0 || is_border(i - 1);
      const bool telling = is_one_of(telling_modifiers, text(i)) || text(i).ends_with("est") || text(i).ends_with("ed");
      if (is_bound(i + 1) && begins && !telling) bind_with(i, i + 1);
    }
  }
  // "… for students in class 110": whatever the rows are called, when what narrows them follows.
  bool names_filtered_rows(std::size_t i) const {
    static constexpr auto joints = std::to_array<std::string_view>({"with", "in", "from", "having", "whose", "who", "that", "where"});
    if (i == 0 || (text(i - 1) != "for" && text(i - 1) != "of") || !text(i).ends_with("s") || !is_one_of(joints, text(i + 1))) return false;
    for (std::size_t next = i + 2; next < std::min(i + 2 + filter_reach, words_.size()); ++next) {
      if (words_[next].set && words_[next].taken_for == "filter") return words_[next].used;
      if (words_[next].set && !words_[next].used) return false;
    }
    return false;
  }
  bool is_participle(std::size_t i) const { return text(i).ends_with("ed") || text(i).ends_with("ing"); }

  bool is_left_out_value(std::size_t i) const {
    if (is_stop_word(text(i))) return false;
    return std::any_of(answer_.lead.filters.begin(), answer_.lead.filters.end(), [&](const FilterFact& filter) {
      if (!filter.column || filter.values.size() < 2) return false;
      const auto& values = table_.columns[*filter.column].values;
      return std::any_of(values.begin(), values.end(), [&](const std::string& value) { return lower(value) == text(i); });
    });
  }

  // "812 or below", "2 or higher": the end of a condition that is accounted for by its number.
  bool ends_condition(std::size_t i) const {
    return word(i).used && std::any_of(sentence_.conditions.begin(), sentence_.conditions.end(), [&](const NumberCondition& condition) {
             return i >= condition.end && i <= condition.end + condition_tail;
           });
  }

  // Every row says it: "population" of a table whose indicator is "Population, total" throughout.
  const ColumnProfile* column_that_says_only(std::size_t i) const {
    if (is_stop_word(text(i)) || word(i).text.size() < 4) return nullptr;
    for (const ColumnProfile& column : table_.columns) {
      if (column.type != "text" || column.distinct != 1 || column.values.size() != 1 || column.null_fraction > 0) continue;
      if (str(' ', stems_text(column.values.front())).find(str(' ', word(i).stem, ' ')) != std::string::npos) return &column;
    }
    return nullptr;
  }

  bool is_table_word(std::size_t i) const {
    if (is_stop_word(text(i))) return false;
    std::vector<std::string> stems = table_.stems;
    stems.push_back(stem_of(lower(table_.rows_label)));
    if (names(i, stems)) return true;
    // Of a table whose name holds the word within: "birdstrikes" and "strikes".
    return word(i).stem.size() >= 4 && std::any_of(stems.begin(), stems.end(), [&](const std::string& stem) {
             return stem.size() > word(i).stem.size() && (stem.starts_with(word(i).stem) || stem.ends_with(word(i).stem));
           });
  }

  // A column of the table that the answer does not show.
  std::optional<std::size_t> named_elsewhere(std::size_t i) const {
    for (std::size_t column = 0; column < table_.columns.size(); ++column) {
      if (is_exact(i, column)) return column;
    }
    for (std::size_t column = 0; column < table_.columns.size(); ++column) {
      if (names(i, table_.columns[column].stems)) return column;
    }
    return {};
  }
  // Words such as "level" or "type" dress a wish, unless a column has that name.
  bool is_named_elsewhere(std::size_t i) const {
    if (is_stop_word(text(i)) || is_one_of(generic_in_names, text(i))) return false;
    for (std::size_t column = 0; column < table_.columns.size(); ++column) {
      if (table_.columns[column].stems.size() == 1 && is_exact(i, column)) return true;
    }
    return false;
  }
  static constexpr auto generic_in_names = std::to_array<std::string_view>({"value", "values", "number", "numbers", "total", "data"});

  const Sentence& sentence_;
  const TableProfile& table_;
  const AnswerFacts& answer_;
  std::vector<Entry> words_;
  std::size_t second_ = 0;
};

}  // namespace

std::vector<AccountedWord> account_of(const Sentence& sentence, const TableProfile& table, const AnswerFacts& answer) {
  return Accountant(sentence, table, answer).run();
}

std::string unused_note(const std::vector<AccountedWord>& account) {
  std::vector<std::string> unknown;
  std::vector<std::string> undone;
  for (const AccountedWord& word : account) {
    if (word.role != "unused") continue;
    auto& list = word.taken_for ? undone : unknown;
    const std::string quoted = str('"', shortened(word.word, 40), '"');
    if (list.size() < noted_words_max && std::find(list.begin(), list.end(), quoted) == list.end()) list.push_back(quoted);
  }
  std::string note;
  if (!unknown.empty()) note = str("Nothing in the data is called ", join(unknown, " or "), "; that part of the question is not answered.");
  if (!undone.empty()) note += str(note.empty() ? "" : " ", "Not used: ", join(undone, ", "), "; the first chart does not show that.");
  return note;
}

}  // namespace bridge::rules
