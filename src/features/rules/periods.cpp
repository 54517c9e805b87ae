#include "features/rules/periods.h"

#include "base/text.h"

namespace bridge::rules {

namespace {

constexpr auto month_names = std::to_array<std::string_view>(
    {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"});

constexpr int year_least = 1800;
constexpr int year_most = 2100;
constexpr std::size_t date_reach = 3;  // words between "compared" and what follows

bool is_one_of(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }
std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() ? std::optional(value) : std::nullopt;
}
Day month_end(int year, int month) { return months_later(day_of({year, month, 1}), 1) - 1; }
bool is_date(int year, int month, int day) {
  return year >= year_least && year <= year_most && month >= 1 && month <= 12 && day >= 1 && day <= civil_of(month_end(year, month)).day;
}

// A date, month, quarter, half, year or decade: its days, and the word after it.
struct Span {
  Day from = 0;
  Day to = 0;
  std::size_t end = 0;
  int month = 0;           // without a year: which month
  int day = 0;             // and of which day, when it is said
  int months = 1;          // a quarter without a year has three
  bool bare_year = false;  // "2001" alone, which may be a number
  bool bare_month = false;
  std::string remark;  // how a date was read that could be another
};

class PeriodReader {
 public:
  explicit PeriodReader(const Sentence& sentence) : sentence_(sentence) {}

  std::optional<TimeWindow> window_at(std::size_t i) const {
    if (i >= sentence_.words.size() || sentence_.words[i].used || sentence_.words[i].quoted) return {};
    if (auto window = relative_at(i)) return window;
    if (auto window = day_kind_at(i)) return window;
    if (auto window = range_at(i)) return window;
    if (auto window = season_at(i)) return window;
    return plain_at(i);
  }

  std::optional<TimeWindow> against(const TimeWindow& window) const {
    static constexpr auto joints = std::to_array<std::string_view>({"vs", "versus", "against", "vs."});
    static constexpr auto compares = std::to_array<std::string_view>(
        {"compare", "compared", "compares", "comparing", "comparison", "difference", "differ", "changed", "change"});
    static constexpr auto links = std::to_array<std::string_view>({"and", "with", "to", "from", "than", "over"});
    std::size_t i = window.end;
    bool joined = false;
    if (is_one_of(joints, at(i))) {
      joined = true;
      ++i;
    } else if (is_one_of(compares, at(i)) && is_one_of(links, at(i + 1))) {
      joined = true;
      i += 2;
    } else if (is_one_of(links, at(i)) && at(i) != "over") {
      // "compare 2020 with 2021": the wish stands before.
      for (std::size_t before = 0; before < window.begin && !joined; ++before) joined = is_one_of(compares, at(before));
      if (at(i) == "to" && !joined) return {};
      ++i;
    }
    if (!joined) return {};
    for (std::size_t skipped = 0;
         skipped < date_reach && (at(i) == "the" || at(i) == "in" || at(i) == "that" || at(i) == "of" || at(i) == "with"); ++skipped)
      ++i;
    auto other = window_at(i);
    if (!other) return {};
    // "March vs April 2021": the year is of both.
    return other;
  }

 private:
  std::string_view at(std::size_t i) const {
    return i < sentence_.words.size() ? std::string_view(sentence_.words[i].text) : std::string_view();
  }
  std::string_view before(std::size_t i) const { return i > 0 ? at(i - 1) : std::string_view(); }
  bool is_number(std::size_t i) const { return i < sentence_.words.size() && sentence_.words[i].number; }
  bool is_year(std::size_t i) const {
    const auto year = whole_number(at(i));
    return at(i).size() == 4 && year && *year >= year_least && *year <= year_most;
  }
  int year(std::size_t i) const { return *whole_number(at(i)); }

  static std::optional<int> month_of(std::string_view word) {
    static constexpr auto names = std::to_array<std::string_view>(
        {"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"});
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (word == names[i] || (word.size() == 3 && names[i].starts_with(word)) || (word == "sept" && i == 8))
        return static_cast<int>(i) + 1;
    }
    return {};
  }
  // 15, 15th, 1st.
  std::optional<int> day_number(std::size_t i) const {
    std::string_view text = at(i);
    for (const std::string_view ending : {"st", "nd", "rd", "th"}) {
      if (text.size() > 2 && text.ends_with(ending) && is_digit(text[text.size() - 3])) {
        text.remove_suffix(2);
        break;
      }
    }
    const auto day = whole_number(text);
    return text.size() <= 2 && day && *day >= 1 && *day <= 31 ? day : std::nullopt;
  }
  static std::optional<int> ordinal(std::string_view word, int last) {
    static constexpr auto names = std::to_array<std::pair<std::string_view, int>>(
        {{"first", 1}, {"1st", 1}, {"second", 2}, {"2nd", 2}, {"third", 3}, {"3rd", 3}, {"fourth", 4}, {"4th", 4}});
    if (word == "last" || word == "final") return last;
    for (const auto& [name, number] : names) {
      if (name == word && number <= last) return number;
    }
    return {};
  }

  static Span months_span(int year, int month, int months, std::size_t end) {
    return {.from = day_of({year, month, 1}), .to = months_later(day_of({year, month, 1}), months) - 1, .end = end};
  }
  static Span day_span(int year, int month, int day, std::size_t end) {
    return {.from = day_of({year, month, day}), .to = day_of({year, month, day}), .end = end};
  }

  std::optional<Span> span_at(std::size_t i) const {
    if (at(i) == "the") {
      auto span = span_at(i + 1);
      return span && !span->bare_year ? span : std::nullopt;
    }
    if (auto span = written_date_at(i)) return span;
    if (auto span = month_at(i)) return span;
    if (auto span = part_of_year_at(i)) return span;
    return decade_or_year_at(i);
  }

  // 2021-03-15, 2021-03, 15/03/2021, 3/15/21, 15.03.2021, 2010-2015.
  std::optional<Span> written_date_at(std::size_t i) const {
    const std::string_view text = at(i);
    if (const auto day = parse_day(text); day && text.size() >= 10) return Span{.from = *day, .to = *day, .end = i + 1};
    if (text.size() == 7 && text[4] == '-') {
      if (const auto day = parse_day(str(text, "-01"))) return Span{.from = *day, .to = end_of(*day, Grain::month), .end = i + 1};
    }
    if (text.size() == 9 && text[4] == '-') {
      const auto first = whole_number(text.substr(0, 4));
      const auto last = whole_number(text.substr(5));
      if (first && last && *first >= year_least && *last <= year_most && *first <= *last)
        return Span{.from = day_of({*first, 1, 1}), .to = day_of({*last, 12, 31}), .end = i + 1};
    }
    const std::vector<std::string> dotted = split(std::string(text), '.');
    if (dotted.size() == 3) return three_numbers(dotted[0], dotted[1], dotted[2], i + 1, text);
    if (i + 2 < sentence_.words.size() && sentence_.before(i + 1) == "/" && sentence_.before(i + 2) == "/")
      return three_numbers(at(i), at(i + 1), at(i + 2), i + 3, str(at(i), "/", at(i + 1), "/", at(i + 2)));
    return {};
  }
  static std::optional<Span> three_numbers(std::string_view a, std::string_view b, std::string_view c, std::size_t end,
                                           std::string_view written) {
    const auto first = whole_number(a);
    const auto second = whole_number(b);
    const auto third = whole_number(c);
    if (!first || !second || !third) return {};
    if (a.size() == 4) return is_date(*first, *second, *third) ? std::optional(day_span(*first, *second, *third, end)) : std::nullopt;
    if (a.size() > 2 || b.size() > 2 || (c.size() != 4 && c.size() != 2)) return {};
    const int year = c.size() == 2 ? *third + (*third < 70 ? 2000 : 1900) : *third;
    const bool day_first = is_date(year, *second, *first);
    const bool month_first = is_date(year, *first, *second);
    if (!day_first && !month_first) return {};
    Span span = day_first ? day_span(year, *second, *first, end) : day_span(year, *first, *second, end);
    if (day_first && month_first && *first != *second)
      span.remark = str("\"", written, "\" is read with the day first, as ", span_text(span.from, span.from), ".");
    return span;
  }

  // March 2021, 15 March 2021, 15th of March, March 15th, 2021, March.
  std::optional<Span> month_at(std::size_t i) const {
    if (const auto day = day_number(i)) {
      const std::size_t next = at(i + 1) == "of" ? i + 2 : i + 1;
      const auto month = month_of(at(next));
      if (!month) return {};
      if (is_year(next + 1))
        return is_date(year(next + 1), *month, *day) ? std::optional(day_span(year(next + 1), *month, *day, next + 2)) : std::nullopt;
      return Span{.end = next + 1, .month = *month, .day = *day};
    }
    const auto month = month_of(at(i));
    if (!month) return {};
    if (is_year(i + 1)) return months_span(year(i + 1), *month, 1, i + 2);
    if (at(i + 1) == "of" && is_year(i + 2)) return months_span(year(i + 2), *month, 1, i + 3);
    if (const auto day = day_number(i + 1)) {
      if (is_year(i + 2))
        return is_date(year(i + 2), *month, *day) ? std::optional(day_span(year(i + 2), *month, *day, i + 3)) : std::nullopt;
      return Span{.end = i + 2, .month = *month, .day = *day};
    }
    return Span{.end = i + 1, .month = *month, .bare_month = true};
  }

  // Q1 2022, 2022 Q1, 2022Q1, H2 2020, the last quarter of 2021, the first half of 2020.
  std::optional<Span> part_of_year_at(std::size_t i) const {
    const auto part = [](std::string_view text) -> std::optional<std::pair<int, int>> {  // first month, how many
      if (text.size() != 2 || !is_digit(text[1])) return {};
      const int number = text[1] - '0';
      if (text[0] == 'q' && number >= 1 && number <= 4) return std::pair(number * 3 - 2, 3);
      if (text[0] == 'h' && number >= 1 && number <= 2) return std::pair(number * 6 - 5, 6);
      return {};
    };
    const std::string_view text = at(i);
    if (text.size() == 6 && text[4] == 'q') {
      const auto made = whole_number(text.substr(0, 4));
      const auto months = part(text.substr(4));
      if (made && months && *made >= year_least && *made <= year_most) return months_span(*made, months->first, months->second, i + 1);
    }
    if (const auto months = part(text)) {
      const std::size_t next = at(i + 1) == "of" || at(i + 1) == "in" ? i + 2 : i + 1;
      if (is_year(next)) return months_span(year(next), months->first, months->second, next + 1);
      if (months->second == 3) return Span{.end = i + 1, .month = months->first, .months = 3, .bare_month = true};
      return {};
    }
    if (is_year(i)) {
      if (const auto months = part(at(i + 1))) return months_span(year(i), months->first, months->second, i + 2);
    }
    const bool quarter = at(i + 1) == "quarter";
    const bool half = at(i + 1) == "half";
    if (quarter || half) {
      const auto number = ordinal(at(i), quarter ? 4 : 2);
      const std::size_t next = at(i + 2) == "of" || at(i + 2) == "in" ? i + 3 : i + 2;
      const std::size_t of_year = at(next) == "year" || at(next) == "the" ? next + 1 : next;
      if (number && is_year(of_year))
        return months_span(year(of_year), quarter ? *number * 3 - 2 : *number * 6 - 5, quarter ? 3 : 6, of_year + 1);
    }
    return {};
  }

  // 1990s, 90s, 2001.
  std::optional<Span> decade_or_year_at(std::size_t i) const {
    const std::string_view text = at(i);
    if (text.size() >= 3 && text.back() == 's') {
      const auto number = whole_number(text.substr(0, text.size() - 1));
      if (number && *number % 10 == 0 && (text.size() == 5 || text.size() == 3)) {
        const int first = text.size() == 5 ? *number : *number + (*number < 30 ? 2000 : 1900);
        if (first >= year_least && first <= year_most)
          return Span{.from = day_of({first, 1, 1}), .to = day_of({first + 9, 12, 31}), .end = i + 1};
      }
    }
    static constexpr auto decades = std::to_array<std::pair<std::string_view, int>>({{"twenties", 1920},
                                                                                     {"thirties", 1930},
                                                                                     {"forties", 1940},
                                                                                     {"fifties", 1950},
                                                                                     {"sixties", 1960},
                                                                                     {"seventies", 1970},
                                                                                     {"eighties", 1980},
                                                                                     {"nineties", 1990}});
    for (const auto& [name, first] : decades) {
      if (name == text) return Span{.from = day_of({first, 1, 1}), .to = day_of({first + 9, 12, 31}), .end = i + 1};
    }
    if (is_year(i)) return Span{.from = day_of({year(i), 1, 1}), .to = day_of({year(i), 12, 31}), .end = i + 1, .bare_year = true};
    return {};
  }

  // A day or a month without a year, in the year that another one has.
  static Span in_year(Span span, int year) {
    if (span.from != 0 || span.to != 0 || span.month == 0) return span;
    if (span.day > 0) return is_date(year, span.month, span.day) ? day_span(year, span.month, span.day, span.end) : span;
    return months_span(year, span.month, span.months, span.end);
  }
  static bool is_open(const Span& span) { return span.month > 0 && span.from == 0 && span.to == 0; }

  static TimeWindow days(std::optional<Day> from, std::optional<Day> to, std::size_t begin, std::size_t end, std::string remark = "") {
    TimeWindow window{.kind = TimeWindow::Kind::days, .from = from, .to = to, .begin = begin, .end = end};
    window.remark = std::move(remark);
    return window;
  }

  std::optional<TimeWindow> relative_at(std::size_t i) const {
    const std::string_view word = at(i);
    TimeWindow window{.begin = i};
    if (word == "today" || word == "yesterday") {
      window.kind = word == "today" ? TimeWindow::Kind::this_unit : TimeWindow::Kind::last_unit;
      window.unit = Grain::day;
      window.end = i + 1;
      return window;
    }
    const bool last = word == "last" || word == "past" || word == "previous" || word == "latest" || word == "preceding";
    if (!last && word != "this" && word != "current") return {};
    static constexpr auto numbers = std::to_array<std::pair<std::string_view, int>>({{"two", 2},
                                                                                     {"three", 3},
                                                                                     {"four", 4},
                                                                                     {"five", 5},
                                                                                     {"six", 6},
                                                                                     {"seven", 7},
                                                                                     {"ten", 10},
                                                                                     {"twelve", 12},
                                                                                     {"few", 3},
                                                                                     {"couple", 2}});
    std::optional<int> count;
    if (is_number(i + 1)) count = static_cast<int>(std::min(sentence_.words[i + 1].value, 1000.0));
    for (const auto& [name, number] : numbers) {
      if (at(i + 1) == name) count = number;
    }
    std::size_t next = count ? i + 2 : i + 1;
    if (at(next) == "full" || at(next) == "complete" || at(next) == "whole" || at(next) == "calendar") ++next;
    const Grain unit = unit_of(at(next));
    if (unit == Grain::none || unit == Grain::hour) return {};
    // "the last quarter of 2021" is one of that year.
    if (last && !count && at(next + 1) == "of" && is_year(next + 2)) return {};
    window.unit = unit;
    window.end = next + 1;
    if (last && count) {
      window.kind = TimeWindow::Kind::last_days;
      window.count = *count;
    } else {
      window.kind = last ? TimeWindow::Kind::last_unit : TimeWindow::Kind::this_unit;
    }
    return window;
  }
  static Grain unit_of(std::string_view word) {
    for (const Grain grain : {Grain::hour, Grain::day, Grain::week, Grain::month, Grain::quarter, Grain::year}) {
      const std::string_view name = name_of(grain);
      if (word == name || (word.size() == name.size() + 1 && word.starts_with(name) && word.back() == 's')) return grain;
    }
    return Grain::none;
  }

  // "on weekends", "excluding weekends", "weekdays only": days of the week, in every week.
  std::optional<TimeWindow> day_kind_at(std::size_t i) const {
    const bool weekend = at(i) == "weekend" || at(i) == "weekends";
    const bool workday = at(i) == "weekday" || at(i) == "weekdays" || at(i) == "workdays" || at(i) == "workday";
    if (!weekend && !workday) return {};
    static constexpr auto inside = std::to_array<std::string_view>({"on", "at", "during", "only", "over"});
    static constexpr auto outside =
        std::to_array<std::string_view>({"excluding", "without", "except", "not", "no", "exclude", "omitting", "ignoring"});
    std::size_t begin = i;
    while (begin > 0 && (at(begin - 1) == "the" || at(begin - 1) == "on" || at(begin - 1) == "at" || at(begin - 1) == "for" ||
                         at(begin - 1) == "during" || at(begin - 1) == "only"))
      --begin;
    const bool in = begin < i || is_one_of(inside, before(i)) || at(i + 1) == "only";
    const bool out = is_one_of(outside, before(begin));
    if (!in && !out) return {};
    // "on weekdays and weekends" are all days.
    if ((at(i + 1) == "and" || at(i + 1) == "or" || at(i + 1) == "vs" || at(i + 1) == "versus") && at(i + 2).starts_with("week")) return {};
    TimeWindow window{.kind = TimeWindow::Kind::days_of_week, .begin = out ? begin - 1 : begin, .end = i + 1};
    if (!out && before(window.begin) == "by") return {};
    if (at(i + 1) == "only") ++window.end;
    window.weekend = weekend != out;
    return window;
  }

  // "between A and B", "from A to B", "A to B", "A until B".
  std::optional<TimeWindow> range_at(std::size_t i) const {
    const bool between = at(i) == "between";
    const bool led = between || at(i) == "from";
    const auto first = span_at(led ? i + 1 : i);
    if (!first) return {};
    const std::string_view joint = at(first->end);
    const bool joined = between ? joint == "and" || joint == "to"
                                : joint == "to" || joint == "until" || joint == "till" || joint == "through" || joint == "thru";
    const bool dashed = !led && sentence_.before(first->end).find('-') != std::string_view::npos && !first->bare_year;
    if (!joined && !dashed) return {};
    auto second = span_at(joined ? first->end + 1 : first->end);
    if (!second) return {};
    // "5 to 2001" of bare numbers is no time without a word for it.
    if (!led && first->bare_year != second->bare_year) return {};
    Span from = *first;
    Span to = *second;
    if (is_open(from) && is_open(to)) {
      if (from.day > 0 || to.day > 0) return {};  // of no year that is known
      TimeWindow window{.kind = TimeWindow::Kind::month_of_year, .month = from.month, .begin = i, .end = to.end};
      window.count = (to.month - from.month + 12) % 12 + 1;
      window.months_said = true;
      return window;
    }
    if (is_open(from)) {
      from = in_year(from, civil_of(to.from).year);
      if (!is_open(from) && from.from > to.from) from = in_year(*first, civil_of(to.from).year - 1);
    } else if (is_open(to)) {
      to = in_year(to, civil_of(from.from).year);
      if (!is_open(to) && to.to < from.from) to = in_year(*second, civil_of(from.from).year + 1);
    }
    if (is_open(from) || is_open(to)) return {};
    if (from.from > to.to) std::swap(from, to);
    return days(from.from, to.to, i, second->end, first->remark.empty() ? second->remark : first->remark);
  }

  // "in summer": three months of every year, as they fall north of the equator.
  std::optional<TimeWindow> season_at(std::size_t i) const {
    static constexpr auto seasons =
        std::to_array<std::pair<std::string_view, int>>({{"spring", 3}, {"summer", 6}, {"autumn", 9}, {"fall", 9}, {"winter", 12}});
    const std::string_view word = before(i);
    static constexpr auto joints = std::to_array<std::string_view>({"vs", "versus", "than", "against"});
    static constexpr auto compares = std::to_array<std::string_view>({"between", "compare", "comparing"});
    const auto is_season = [&](std::size_t at_word) {
      return std::ranges::any_of(seasons, [&](const auto& season) { return season.first == at(at_word); });
    };
    // "summer vs winter", "between summer and winter": two that are compared need no preposition.
    const auto are_two = [&](std::size_t first) {
      return is_season(first) && is_season(first + 2) &&
             (is_one_of(joints, at(first + 1)) || (at(first + 1) == "and" && is_one_of(compares, before(first))));
    };
    const bool two = are_two(i) || (i >= 2 && are_two(i - 2));
    if (!two && word != "in" && word != "during" && word != "the" && word != "of") return {};
    for (const auto& [name, month] : seasons) {
      if (at(i) != name) continue;
      const std::size_t next = at(i + 1) == "of" ? i + 2 : i + 1;
      if (is_year(next)) {
        const Span span = months_span(year(next), month, 3, next + 1);
        return days(span.from, span.to, i, span.end, "The season is taken as it falls north of the equator.");
      }
      return TimeWindow{.kind = TimeWindow::Kind::month_of_year, .month = month, .count = 3, .begin = i, .end = i + 1};
    }
    return {};
  }

  std::optional<TimeWindow> plain_at(std::size_t i) const {
    const auto span = span_at(i);
    if (!span) return {};
    // "until the end of 2015", "since the start of May 2020".
    std::size_t begin = i;
    if (begin >= 2 && before(begin) == "of" && (at(begin - 2) == "end" || at(begin - 2) == "start" || at(begin - 2) == "beginning")) {
      begin -= 2;
      if (before(begin) == "the") --begin;
    }
    // "before the year 2015".
    if (span->bare_year && before(begin) == "year") {
      --begin;
      if (before(begin) == "the") --begin;
    }
    // "before or on the date 2017".
    std::size_t joint = begin;
    while (joint > 0 && (at(joint - 1) == "date" || at(joint - 1) == "year" || at(joint - 1) == "the" || at(joint - 1) == "on")) --joint;
    if (joint >= 2 && at(joint) == "on" && at(joint - 1) == "or" && (at(joint - 2) == "before" || at(joint - 2) == "after") &&
        !is_open(*span)) {
      if (at(joint - 2) == "before") return days({}, span->to, joint - 2, span->end, span->remark);
      return days(span->from, {}, joint - 2, span->end, span->remark);
    }
    const std::string_view word = before(begin);
    const bool since = word == "since" || word == "from" || word == "after" || word == "starting";
    const bool until = word == "until" || word == "till" || word == "before" || word == "by" || word == "through";
    if (is_open(*span)) {
      // "may" and "march" are words too, and "q2" may be a question.
      const bool doubtful = span->bare_month && (at(i) == "may" || at(i) == "march" || at(i).size() <= 3);
      static constexpr auto introductions =
          std::to_array<std::string_view>({"in", "during", "since", "of", "for", "and", "vs", "versus", "to"});
      if (doubtful && !is_one_of(introductions, word)) return {};
      TimeWindow window{.kind = TimeWindow::Kind::month_of_year, .month = span->month, .begin = begin, .end = span->end};
      window.day = span->day;
      window.count = span->months;
      window.months_said = true;
      return window;
    }
    if (span->bare_year) {
      static constexpr auto measures =
          std::to_array<std::string_view>({"over", "above", "under", "below", "than", "least", "most", ">", "<", ">=", "<=", "top", "first",
                                           "exceeding", "exceed", "equal", "maximum", "minimum"});
      if (is_one_of(measures, word)) return {};
    }
    // "movies from 1999" are of that year; "from 1999 on" and "since 1999" begin there.
    const bool onwards = at(span->end) == "on" || at(span->end) == "onwards" || at(span->end) == "onward";
    const std::size_t end = onwards && word == "from" ? span->end + 1 : span->end;
    const bool of_year = word == "from" && !onwards;
    const std::size_t first = since || until ? begin - 1 : begin;
    // "on or after 2010" has 2010 in it.
    const bool with_it =
        (word == "after" || word == "before") && first >= 2 && at(first - 1) == "or" && (at(first - 2) == "on" || at(first - 2) == "in");
    if (since && !of_year)
      return days(word == "after" && !with_it ? span->to + 1 : span->from, {}, with_it ? first - 2 : first, end, span->remark);
    if (until) return days({}, word == "before" && !with_it ? span->from - 1 : span->to, with_it ? first - 2 : first, end, span->remark);
    return days(span->from, span->to, begin, end, span->remark);
  }

  const Sentence& sentence_;
};

}  // namespace

std::optional<TimeWindow> period_at(const Sentence& sentence, std::size_t word) { return PeriodReader(sentence).window_at(word); }
std::optional<TimeWindow> period_against(const Sentence& sentence, const TimeWindow& window) {
  return PeriodReader(sentence).against(window);
}

std::string span_text(Day from, Day to) {
  const auto text = [&](Day day) {
    const CivilDate date = civil_of(day);
    return str(date.day, " ", month_names[static_cast<std::size_t>(date.month - 1)], " ", date.year);
  };
  return from == to ? text(from) : str(text(from), " to ", text(to));
}

std::string period_name(Day from, Day to) {
  const CivilDate first = civil_of(from);
  const CivilDate last = civil_of(to);
  const bool whole_years = first.month == 1 && first.day == 1 && end_of(start_of(to, Grain::year), Grain::year) == to;
  if (whole_years) return first.year == last.year ? str(first.year) : str(first.year, " to ", last.year);
  if (first.day == 1 && end_of(from, Grain::month) == to)
    return str(month_names[static_cast<std::size_t>(first.month - 1)], " ", first.year);
  if (start_of(from, Grain::quarter) == from && end_of(from, Grain::quarter) == to) return str("Q", (first.month + 2) / 3, " ", first.year);
  return span_text(from, to);
}

Day start_of(Day day, Grain unit) {
  const CivilDate date = civil_of(day);
  switch (unit) {
    case Grain::week: return day - ((day + 3) % 7 + 7) % 7;
    case Grain::month: return day_of({date.year, date.month, 1});
    case Grain::quarter: return day_of({date.year, (date.month - 1) / 3 * 3 + 1, 1});
    case Grain::year: return day_of({date.year, 1, 1});
    default: return day;
  }
}

Day end_of(Day start, Grain unit) {
  switch (unit) {
    case Grain::week: return start + 6;
    case Grain::month: return months_later(start, 1) - 1;
    case Grain::quarter: return months_later(start, 3) - 1;
    case Grain::year: return months_later(start, 12) - 1;
    default: return start;
  }
}

Day months_later(Day day, int months) {
  const CivilDate date = civil_of(day);
  const int all = date.year * 12 + date.month - 1 + months;
  const int year = all / 12;
  const int month = all % 12 + 1;
  const Day next = day_of(month == 12 ? CivilDate{year + 1, 1, 1} : CivilDate{year, month + 1, 1});
  return std::min(day_of({year, month, date.day}), next - 1);
}

namespace {

std::string unit_name(Grain unit, int count) { return count == 1 ? std::string(name_of(unit)) : str(count, " ", name_of(unit), "s"); }

Day units_earlier(Day day, Grain unit, int count) {
  switch (unit) {
    case Grain::week: return day - 7 * count;
    case Grain::month: return months_later(day, -count);
    case Grain::quarter: return months_later(day, -3 * count);
    case Grain::year: return months_later(day, -12 * count);
    default: return day - count;
  }
}

// A month, some months or a day of every year.
void resolve_part_of_year(const TimeWindow& window, const ColumnProfile& time, Period& period) {
  const int count = std::max(1, window.count);
  const bool season = !window.months_said;
  if (window.day == 0 && !season && time.first_day && time.last_day && time.span_days <= 400) {
    // A year of data has one June; more have several, and all are meant.
    int year = civil_of(*time.last_day).year;
    if (day_of({year, window.month, 1}) > *time.last_day) --year;
    period.from = day_of({year, window.month, 1});
    period.to = months_later(*period.from, count) - 1;
    return;
  }
  std::vector<std::string> months;
  for (int i = 0; i < count; ++i) months.push_back(str((window.month - 1 + i) % 12 + 1));
  const std::string month = time.dialect->date_part(time.time_sql, DatePart::month);
  period.conditions.push_back(months.size() == 1 ? str(month, " = ", months.front()) : str(month, " IN (", join(months, ", "), ")"));
  if (window.day > 0) period.conditions.push_back(str(time.dialect->date_part(time.time_sql, DatePart::day), " = ", window.day));
  period.notes.push_back(season           ? "The season is taken from every year, as it falls north of the equator."
                         : window.day > 0 ? "The day is taken from every year."
                         : count > 1      ? "The months are taken from every year."
                                          : "The month is taken from every year.");
}

// Units that count back from the newest data.
void resolve_relative(const TimeWindow& window, const ColumnProfile& time, bool compares, Period& period) {
  if (!time.first_day || !time.last_day) {
    period.notes.push_back("From when to when the data goes is not known, so no period could be counted back from its end.");
    return;
  }
  const Day newest = *time.last_day;
  const std::string_view word = window.kind == TimeWindow::Kind::this_unit ? "This " : "Last ";
  if (window.kind == TimeWindow::Kind::last_days) {
    period.to = newest;
    period.from = units_earlier(newest + 1, window.unit, window.count);
    // A quarter is three months.
    const int count = window.unit == Grain::quarter ? 3 * window.count : window.count;
    period.preset =
        str("last_", count, "_", window.unit == Grain::quarter ? "month" : name_of(window.unit), count == 1 ? "" : "s", "_of_data");
    period.notes.push_back(str("\"Last ", unit_name(window.unit, window.count),
                               "\" is counted back from the newest data: ", span_text(*period.from, *period.to), "."));
    return;
  }
  Day from = start_of(newest, window.unit);
  Day to = end_of(from, window.unit);
  const bool begun = to > newest;
  if (compares && begun && units_earlier(from, window.unit, 1) >= *time.first_day) {
    // A unit that has just begun cannot stand beside a whole one.
    const Day begun_from = from;
    to = from - 1;
    from = start_of(to, window.unit);
    period.notes.push_back(str("The newest ", name_of(window.unit), " has only begun (", span_text(begun_from, newest),
                               "): ", period_name(from, to), ", the last whole one, is compared with ",
                               period_name(units_earlier(from, window.unit, 1), from - 1), "."));
  } else if (compares) {
    period.notes.push_back(
        str(period_name(from, to), " is compared with ", period_name(units_earlier(from, window.unit, 1), from - 1), "."));
  } else {
    // The last whole one: the newest when the data ends with it, else the one before.
    if (window.kind == TimeWindow::Kind::last_unit && begun) {
      to = from - 1;
      from = start_of(to, window.unit);
    }
    period.notes.push_back(
        str("\"", word, name_of(window.unit), "\" is counted back from the newest data: ", span_text(from, std::min(to, newest)), "."));
  }
  if (window.kind == TimeWindow::Kind::this_unit && !compares && (window.unit == Grain::month || window.unit == Grain::year))
    period.preset = str("this_", name_of(window.unit), "_of_data");
  period.from = from;
  period.to = std::min(to, newest);
  period.compares = compares;
}

}  // namespace

Period resolve(const TimeWindow& window, const ColumnProfile& time, bool compares) {
  Period period;
  switch (window.kind) {
    case TimeWindow::Kind::none: break;
    case TimeWindow::Kind::days:
      period.from = window.from;
      period.to = window.to;
      break;
    case TimeWindow::Kind::days_of_week:
      // Sunday is the seventh day.
      period.conditions.push_back(
          str(time.dialect->date_part(time.time_sql, DatePart::weekday), window.weekend ? " IN (6, 7)" : " NOT IN (6, 7)"));
      period.notes.push_back(window.weekend ? "Only Saturdays and Sundays are counted." : "Saturdays and Sundays are left out.");
      break;
    case TimeWindow::Kind::month_of_year: resolve_part_of_year(window, time, period); break;
    case TimeWindow::Kind::last_days:
    case TimeWindow::Kind::this_unit:
    case TimeWindow::Kind::last_unit: resolve_relative(window, time, compares, period); break;
  }
  if (!window.remark.empty()) period.notes.push_back(window.remark);
  return period;
}

}  // namespace bridge::rules
