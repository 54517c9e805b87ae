#include "ai_sdk/providers/rules/sentence.h"

#include <cmath>

#include "ai_sdk/providers/rules/words.h"
#include "base/text.h"

namespace bridge::rules {

namespace {

constexpr std::size_t phrase_words_max = 5;
constexpr int year_least = 1800;
constexpr int year_most = 2100;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_byte(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

// Curly quotes, dashes and no-break spaces as people paste them; the rest stays.
std::string plain_text(std::string_view text) {
  std::string out(text.substr(0, sentence_bytes_max));
  for (const auto& [from, to] : {std::pair{"“", "\""},
                                 {"”", "\""},
                                 {"„", "\""},
                                 {"‘", "'"},
                                 {"’", "'"},
                                 {"–", "-"},
                                 {"—", " - "},
                                 {"\u00A0", " "},
                                 {"→", " to "},
                                 {"≥", ">="},
                                 {"≤", "<="}}) {
    out = replace_all(std::move(out), from, to);
  }
  return out;
}

// The word that is meant by one a letter or two away from it; empty when it is known as it stands, or like none.
std::string_view without_typo(std::string_view word) {
  if (is_stop_word(word) || is_generic_word(word) || (!word.empty() && is_digit(word.front()))) return {};
  std::string_view meant;
  const auto look = [&](std::string_view known) {
    if (known == word) meant = word;
    else if (meant.empty() && likeness(known, word) == 0.6) meant = known;
  };
  for (const std::string_view known : common_words()) look(known);
  for (const Phrase& phrase : phrases()) {
    if (phrase.words.find(' ') == std::string_view::npos) look(phrase.words);
  }
  return meant == word ? std::string_view() : meant;
}

// A sentence of several words without a single small letter.
bool is_shouted(std::string_view text) {
  const bool small = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  return !small && std::count(text.begin(), text.end(), ' ') >= 2;
}

// A number with thousands separators, a currency sign, a fraction, k or m behind it.
std::optional<double> read_number(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c != ',') digits += c;
  }
  double scale = 1;
  if (digits.size() > 1 && (digits.back() == 'k' || digits.back() == 'K')) scale = 1e3;
  if (digits.size() > 1 && (digits.back() == 'm' || digits.back() == 'M')) scale = 1e6;
  if (scale > 1) digits.pop_back();
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || !std::isfinite(value)) return {};
  return value * scale;
}

class Reader {
 public:
  Reader(std::string_view text, bool mend) : mend_(mend) {
    sentence_.text = plain_text(text);
    sentence_.shouted = is_shouted(sentence_.text);
    read_words();
    read_comparisons_and_dates();
    read_phrases();
    read_ranked_times();
    read_top();
    for (Word& word : sentence_.words) {
      if (word.used || word.number) continue;
      word.generic = is_generic_word(word.text);
      word.content = word.quoted || (!word.generic && !word.cued && !is_stop_word(word.text) &&
                                     (word.text.size() > 1 || static_cast<unsigned char>(word.text[0]) >= 0x80));
      sentence_.any_content |= word.content;
    }
  }

  Sentence take() {
    if (mended_any_) {
      for (const Word& word : sentence_.words) sentence_.mended += str(sentence_.mended.empty() ? "" : " ", word.text);
    }
    return std::move(sentence_);
  }

 private:
  std::vector<Word>& words() { return sentence_.words; }
  std::string_view at(std::size_t i) const {
    return i < sentence_.words.size() ? std::string_view(sentence_.words[i].text) : std::string_view();
  }
  bool is_number(std::size_t i) const { return i < sentence_.words.size() && sentence_.words[i].number; }
  double number(std::size_t i) const { return sentence_.words[i].value; }
  void use(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end && i < words().size(); ++i) words()[i].used = true;
  }

  void read_words() {
    const std::string& text = sentence_.text;
    std::size_t i = 0;
    char open_quote = 0;
    std::size_t quote_begin = 0;
    while (i < text.size() && words().size() < words_max) {
      const char c = text[i];
      if (c == '"' || c == '\'' || c == '`') {
        const bool at_start = i == 0 || !is_word_byte(text[i - 1]);
        if (open_quote == c && i > quote_begin) {
          sentence_.quoted.push_back(std::string(trim(std::string_view(text).substr(quote_begin, i - quote_begin))));
          open_quote = 0;
        } else if (at_start && text.find(c, i + 1) != std::string::npos) {
          open_quote = c;
          quote_begin = i + 1;
        }
        ++i;
        continue;
      }
      if ((c == '<' || c == '>') && text.size() > i + 1) {
        const bool equal = text[i + 1] == '=';
        add_word(equal ? text.substr(i, 2) : text.substr(i, 1), false);
        i += equal ? 2 : 1;
        continue;
      }
      const bool minus = c == '-' && i + 1 < text.size() && is_digit(text[i + 1]) && (i == 0 || text[i - 1] == ' ');
      if (!is_word_byte(c) && !minus) {
        ++i;
        continue;
      }
      std::size_t end = i + 1;
      while (end < text.size()) {
        const char d = text[end];
        const bool inside_number = (d == '.' || d == ',') && is_digit(text[end - 1]) && end + 1 < text.size() && is_digit(text[end + 1]);
        const bool inside_date = d == '-' && is_digit(text[end - 1]) && end + 1 < text.size() && is_digit(text[end + 1]) && end - i >= 4;
        const bool apostrophe = d == '\'' && open_quote == 0 && end + 1 < text.size() && is_word_byte(text[end + 1]);
        if (!is_word_byte(d) && !inside_number && !inside_date && !apostrophe) break;
        ++end;
      }
      add_word(text.substr(i, end - i), open_quote != 0);
      i = end;
    }
  }

  void add_word(std::string written, bool quoted) {
    // "what's" → what; "airport's" → airport.
    std::string text = lower(written);
    if (text.ends_with("'s")) text.resize(text.size() - 2);
    if (text.empty()) return;
    if (mend_ && !quoted) {
      if (const std::string_view meant = without_typo(text); !meant.empty()) {
        text = meant;
        mended_any_ = true;
      }
    }
    // Capitals that are everywhere mark no codes.
    Word word{.text = text, .stem = stem_of(text), .written = sentence_.shouted ? text : std::move(written), .quoted = quoted};
    // "over_time" is a name, not words; "temp_max" too: it is kept whole and matched as such.
    if (const auto value = read_number(text)) {
      word.number = true;
      word.value = *value;
    }
    words().push_back(std::move(word));
  }

  static std::optional<int> month_of(std::string_view word) {
    static constexpr auto names = std::to_array<std::string_view>(
        {"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"});
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (word == names[i] || (word.size() == 3 && names[i].starts_with(word)) || (word == "sept" && i == 8))
        return static_cast<int>(i) + 1;
    }
    return {};
  }
  bool is_year(std::size_t i) const {
    return is_number(i) && at(i).size() == 4 && number(i) == std::floor(number(i)) && number(i) >= year_least && number(i) <= year_most;
  }

  // A date, month, quarter or year that begins at word i: its days, and the word after it.
  struct Span {
    Day from = 0;
    Day to = 0;
    std::size_t end = 0;
    int month_only = 0;
  };
  static Day month_end(int year, int month) { return day_of(month == 12 ? CivilDate{year + 1, 1, 1} : CivilDate{year, month + 1, 1}) - 1; }
  std::optional<Span> span_at(std::size_t i) const {
    if (const auto day = parse_day(at(i)); day && at(i).size() == 10) return Span{*day, *day, i + 1};
    if (at(i).size() == 7 && at(i)[4] == '-') {
      if (const auto day = parse_day(str(at(i), "-01"))) return Span{*day, month_end(civil_of(*day).year, civil_of(*day).month), i + 1};
    }
    if (const auto month = month_of(at(i))) {
      if (is_year(i + 1))
        return Span{day_of({static_cast<int>(number(i + 1)), *month, 1}), month_end(static_cast<int>(number(i + 1)), *month), i + 2};
      const bool day_follows = is_number(i + 1) && number(i + 1) >= 1 && number(i + 1) <= 31;
      if (day_follows && is_year(i + 2)) {
        const Day day = day_of({static_cast<int>(number(i + 2)), *month, static_cast<int>(number(i + 1))});
        return Span{day, day, i + 3};
      }
      return Span{0, 0, i + 1, *month};
    }
    if (at(i).size() == 2 && at(i)[0] == 'q' && at(i)[1] >= '1' && at(i)[1] <= '4' && is_year(i + 1)) {
      const int first = (at(i)[1] - '1') * 3 + 1;
      const int year = static_cast<int>(number(i + 1));
      return Span{day_of({year, first, 1}), month_end(year, first + 2), i + 2};
    }
    if (is_year(i)) return Span{day_of({static_cast<int>(number(i)), 1, 1}), day_of({static_cast<int>(number(i)), 12, 31}), i + 1};
    return {};
  }
  void set_days(std::optional<Day> from, std::optional<Day> to) {
    sentence_.window.kind = TimeWindow::Kind::days;
    if (from) sentence_.window.from = from;
    if (to) sentence_.window.to = to;
  }

  static Grain unit_of(std::string_view word) {
    for (const Grain grain : {Grain::hour, Grain::day, Grain::week, Grain::month, Grain::quarter, Grain::year}) {
      const std::string_view name = name_of(grain);
      if (word == name || (word.size() == name.size() + 1 && word.starts_with(name) && word.back() == 's')) return grain;
    }
    return Grain::none;
  }

  void read_comparisons_and_dates() {
    for (std::size_t i = 0; i < words().size(); ++i) {
      if (words()[i].used || words()[i].quoted) continue;
      const std::size_t conditions = sentence_.conditions.size();
      if (read_relative_window(i) || read_range(i) || read_season(i) || read_span(i)) {
        if (sentence_.conditions.size() == conditions) note_window_words(i);
        continue;
      }
      read_condition(i);
    }
  }

  // The words that say when, from the first to the last.
  void note_window_words(std::size_t begin) {
    TimeWindow& window = sentence_.window;
    if (window.end == 0) window.begin = begin;
    window.end = begin;
    while (window.end < words().size() && words()[window.end].used) ++window.end;
  }

  bool read_relative_window(std::size_t i) {
    const std::string_view word = at(i);
    const bool last = word == "last" || word == "past" || word == "previous";
    if (!last && word != "this" && word != "current") return false;
    const std::size_t next = is_number(i + 1) ? i + 2 : i + 1;
    const Grain unit = unit_of(at(next));
    if (unit == Grain::none || unit == Grain::hour) return false;
    TimeWindow& window = sentence_.window;
    window.unit = unit;
    if (last && is_number(i + 1)) {
      static constexpr int days[] = {0, 0, 1, 7, 30, 91, 365};
      window.kind = TimeWindow::Kind::last_days;
      window.count = static_cast<int>(std::min(number(i + 1), 1000.0)) * days[static_cast<int>(unit)];
    } else {
      window.kind = last ? TimeWindow::Kind::last_unit : TimeWindow::Kind::this_unit;
    }
    use(i, next + 1);
    return true;
  }

  // "between A and B", "from A to B", "A to B" of dates or of numbers.
  bool read_range(std::size_t i) {
    const bool between = at(i) == "between";
    if (!between && at(i) != "from") return false;
    const std::string_view joint = between ? "and" : "to";
    if (const auto first = span_at(i + 1)) {
      if (at(first->end) == joint || at(first->end) == "to" || at(first->end) == "until") {
        auto second = span_at(first->end + 1);
        if (second && first->month_only == 0 && second->month_only == 0) {
          set_days(std::min(first->from, second->from), std::max(first->to, second->to));
          use(i, second->end);
          return true;
        }
        if (second && first->month_only > 0 && second->from != 0) {
          const int year = civil_of(second->to).year;
          set_days(day_of({year, first->month_only, 1}), second->to);
          use(i, second->end);
          return true;
        }
      }
    }
    if (is_number(i + 1) && (at(i + 2) == joint || at(i + 2) == "to") && is_number(i + 3)) {
      NumberCondition condition{
          .low_operator = ">=", .low = number(i + 1), .high_operator = "<=", .high = number(i + 3), .begin = i, .end = i + 4};
      if (condition.low > condition.high) std::swap(condition.low, condition.high);
      sentence_.conditions.push_back(condition);
      use(i, i + 4);
      return true;
    }
    return false;
  }

  // "in summer": three months of every year, as they fall north of the equator.
  bool read_season(std::size_t i) {
    static constexpr auto seasons =
        std::to_array<std::pair<std::string_view, int>>({{"spring", 3}, {"summer", 6}, {"autumn", 9}, {"fall", 9}, {"winter", 12}});
    const std::string_view before = i > 0 ? at(i - 1) : std::string_view();
    if (before != "in" && before != "during" && before != "the" && before != "of") return false;
    for (const auto& [name, month] : seasons) {
      if (at(i) != name) continue;
      sentence_.window.kind = TimeWindow::Kind::month_of_year;
      sentence_.window.month = month;
      sentence_.window.count = 3;
      use(i, i + 1);
      return true;
    }
    return false;
  }

  bool read_span(std::size_t i) {
    const auto span = span_at(i);
    if (!span) return false;
    const std::string_view before = i > 0 ? at(i - 1) : std::string_view();
    const bool since = before == "since" || before == "from" || before == "after" || before == "starting";
    const bool until = before == "until" || before == "till" || before == "before" || before == "by" || before == "through";
    if (span->month_only > 0) {
      // "may" and "march" are words too.
      const bool doubtful = at(i) == "may" || at(i) == "march" || at(i).size() == 3;
      if (doubtful && before != "in" && before != "during" && before != "since" && before != "of") return false;
      sentence_.window.kind = TimeWindow::Kind::month_of_year;
      sentence_.window.month = span->month_only;
      use(i, span->end);
      return true;
    }
    // A bare number such as 2001 is a year only where one would say a year.
    const bool bare_year = is_year(i) && span->end == i + 1;
    if (bare_year) {
      static constexpr auto measures = std::to_array<std::string_view>(
          {"over", "above", "under", "below", "than", "least", "most", ">", "<", ">=", "<=", "top", "first", "exceeding"});
      if (std::find(measures.begin(), measures.end(), before) != measures.end()) return false;
    }
    // "movies from 1999" are of that year; "from 1999 on" and "since 1999" begin there.
    const bool of_year = bare_year && before == "from" && at(span->end) != "on" && at(span->end) != "onwards" && at(span->end) != "onward";
    if (since && !of_year) set_days(before == "after" ? span->to + 1 : span->from, {});
    else if (until) set_days({}, before == "before" ? span->from - 1 : span->to);
    else if (sentence_.window.kind == TimeWindow::Kind::days && sentence_.window.from && sentence_.window.to && before == "and") {
      set_days(std::min(*sentence_.window.from, span->from), std::max(*sentence_.window.to, span->to));
    } else set_days(span->from, span->to);
    use(i, span->end);
    return true;
  }

  struct ComparisonWords {
    std::string_view words;
    std::string_view sign;
  };
  static constexpr auto comparisons = std::to_array<ComparisonWords>({
      {"greater than or equal to", ">="},
      {"less than or equal to", "<="},
      {"no more than", "<="},
      {"no less than", ">="},
      {"not exceeding", "<="},
      {"not more than", "<="},
      {"more than", ">"},
      {"greater than", ">"},
      {"larger than", ">"},
      {"higher than", ">"},
      {"longer than", ">"},
      {"older than", ">"},
      {"later than", ">"},
      {"less than", "<"},
      {"fewer than", "<"},
      {"lower than", "<"},
      {"smaller than", "<"},
      {"shorter than", "<"},
      {"at least", ">="},
      {"at most", "<="},
      {"up to", "<="},
      {"over", ">"},
      {"above", ">"},
      {"exceeding", ">"},
      {"exceeds", ">"},
      {"exceed", ">"},
      {"under", "<"},
      {"below", "<"},
      {">=", ">="},
      {"<=", "<="},
      {">", ">"},
      {"<", "<"},
  });

  bool says(std::size_t i, std::string_view phrase, std::size_t& end) const {
    while (!phrase.empty()) {
      const std::size_t space = std::min(phrase.find(' '), phrase.size());
      if (at(i) != phrase.substr(0, space)) return false;
      phrase.remove_prefix(std::min(space + 1, phrase.size()));
      ++i;
    }
    end = i;
    return true;
  }

  void read_condition(std::size_t i) {
    for (const ComparisonWords& entry : comparisons) {
      std::size_t end = 0;
      if (!says(i, entry.words, end) || !is_number(end)) continue;
      add_condition(entry.sign, number(end), i, end + 1);
      return;
    }
    // "5 or more", "2 or higher", "10 or fewer".
    if (is_number(i) && at(i + 1) == "or") {
      const std::string_view how = at(i + 2);
      const bool up =
          how == "more" || how == "higher" || how == "greater" || how == "above" || how == "over" || how == "later" || how == "longer";
      const bool down =
          how == "less" || how == "fewer" || how == "lower" || how == "below" || how == "under" || how == "smaller" || how == "earlier";
      if (up || down) add_condition(up ? ">=" : "<=", number(i), i, i + 3);
    }
  }
  void add_condition(std::string_view sign, double value, std::size_t begin, std::size_t end) {
    NumberCondition condition{.begin = begin, .end = end};
    (sign.starts_with(">") ? condition.low_operator : condition.high_operator) = sign;
    (sign.starts_with(">") ? condition.low : condition.high) = value;
    sentence_.conditions.push_back(condition);
    use(begin, end);
  }

  void read_phrases() {
    for (std::size_t i = 0; i < words().size();) {
      if (words()[i].used || words()[i].quoted) {
        ++i;
        continue;
      }
      const Phrase* best = nullptr;
      std::size_t best_end = i;
      for (const Phrase& phrase : phrases()) {
        std::size_t end = 0;
        if (phrase.words.front() != at(i).front()) continue;
        if (!says(i, phrase.words, end) || end - i > phrase_words_max || end <= best_end) continue;
        best = &phrase;
        best_end = end;
      }
      if (!best) {
        ++i;
        continue;
      }
      sentence_.cues.push_back({best->kind, best->value, i, best_end});
      if (!best->names_too) use(i, best_end);
      for (std::size_t word = i; word < best_end; ++word) words()[word].cued = true;
      i = best_end;
    }
  }

  // "the rainiest months", "the worst hour": which part of time it is; "the worst week" is seen in the weeks one after the other.
  void read_ranked_times() {
    const std::vector<Cue> ranks = sentence_.cues;
    for (const Cue& cue : ranks) {
      if (cue.kind != CueKind::order && cue.kind != CueKind::best && cue.kind != CueKind::busiest) continue;
      const Grain unit = unit_of(at(cue.end));
      const TimePart part = unit == Grain::hour    ? TimePart::hour
                            : unit == Grain::day   ? (cue.kind == CueKind::order ? TimePart::none : TimePart::weekday)
                            : unit == Grain::month ? TimePart::month
                                                   : TimePart::none;
      if (unit == Grain::none || words()[cue.end].used) continue;
      if (part != TimePart::none) sentence_.cues.push_back({CueKind::part, static_cast<int>(part), cue.end, cue.end + 1});
      else if (unit != Grain::day) sentence_.cues.push_back({CueKind::grain, static_cast<int>(unit), cue.end, cue.end + 1});
      words()[cue.end].cued = true;
    }
  }

  void read_top() {
    for (std::size_t i = 0; i < words().size(); ++i) {
      const std::string_view word = at(i);
      if ((word == "top" || word == "first" || word == "bottom" || word == "best" || word == "worst") && is_number(i + 1)) take_top(i + 1);
      if (!is_number(i)) continue;
      for (const Cue& cue : sentence_.cues) {
        if ((cue.kind == CueKind::order || cue.kind == CueKind::busiest || cue.kind == CueKind::best) && cue.begin == i + 1) take_top(i);
      }
    }
  }
  void take_top(std::size_t i) {
    const double value = number(i);
    if (value < 1 || value > 100 || value != std::floor(value) || words()[i].used) return;
    sentence_.top = static_cast<int>(value);
    words()[i].used = true;
  }

  Sentence sentence_;
  bool mend_ = false;
  bool mended_any_ = false;
};

}  // namespace

const Cue* Sentence::find(CueKind kind) const {
  const auto found = std::find_if(cues.begin(), cues.end(), [&](const Cue& cue) { return cue.kind == kind; });
  return found == cues.end() ? nullptr : &*found;
}
std::optional<Aggregate> Sentence::aggregate() const {
  const Cue* cue = find(CueKind::aggregate);
  return cue ? std::optional(static_cast<Aggregate>(cue->value)) : std::nullopt;
}
Grain Sentence::grain() const {
  const Cue* cue = find(CueKind::grain);
  return cue ? static_cast<Grain>(cue->value) : Grain::none;
}
TimePart Sentence::part() const {
  const Cue* cue = find(CueKind::part);
  return cue ? static_cast<TimePart>(cue->value) : TimePart::none;
}
MarkWord Sentence::mark() const {
  const Cue* cue = find(CueKind::mark);
  return cue ? static_cast<MarkWord>(cue->value) : MarkWord::none;
}

Sentence parse_sentence(std::string_view text, bool mend) { return Reader(text, mend).take(); }

}  // namespace bridge::rules
