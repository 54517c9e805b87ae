#include "features/rules/sentence.h"

#include <cmath>

#include "base/text.h"
#include "features/rules/operations.h"
#include "features/rules/periods.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr std::size_t phrase_words_max = 5;

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
                                 {"≤", "<="},
                                 {"w/o ", "without "},
                                 {"W/O ", "without "},
                                 {"w/ ", "with "}}) {
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
    read_scales();
    read_steps();
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
        const std::size_t length = equal ? 2 : 1;
        add_word(text.substr(i, length), false, i);
        i += length;
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
        const bool inside_number = (d == '.' || d == ',') && is_digit(text[end - 1]) && end + 1 < text.size() && is_digit(text[end + 1]) &&
                                   (d == '.' || are_thousands(text, end + 1));
        const bool inside_date = d == '-' && is_digit(text[end - 1]) && end + 1 < text.size() && is_digit(text[end + 1]) && end - i >= 4;
        const bool apostrophe = d == '\'' && open_quote == 0 && end + 1 < text.size() && is_word_byte(text[end + 1]);
        if (!is_word_byte(d) && !inside_number && !inside_date && !apostrophe) break;
        ++end;
      }
      add_word(text.substr(i, end - i), open_quote != 0, i);
      i = end;
    }
  }
  // "1,250" is one number, "4,6,8" are three.
  static bool are_thousands(const std::string& text, std::size_t at) {
    std::size_t digits = 0;
    while (at + digits < text.size() && is_digit(text[at + digits])) ++digits;
    return digits == 3;
  }

  void add_word(std::string written, bool quoted, std::size_t from) {
    const std::size_t to = from + written.size();
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
    Word word{.text = text,
              .stem = stem_of(text),
              .written = sentence_.shouted ? text : std::move(written),
              .quoted = quoted,
              .from = from,
              .to = to};
    // "over_time" is a name, not words; "temp_max" too: it is kept whole and matched as such.
    if (const auto value = read_number(text)) {
      word.number = true;
      word.value = *value;
    }
    words().push_back(std::move(word));
  }

  // "50 million", "2.5 bn": one number.
  void read_scales() {
    static constexpr auto scales = std::to_array<std::pair<std::string_view, double>>({{"hundred", 1e2},
                                                                                       {"thousand", 1e3},
                                                                                       {"million", 1e6},
                                                                                       {"millions", 1e6},
                                                                                       {"mn", 1e6},
                                                                                       {"mio", 1e6},
                                                                                       {"billion", 1e9},
                                                                                       {"billions", 1e9},
                                                                                       {"bn", 1e9},
                                                                                       {"trillion", 1e12}});
    for (std::size_t i = 1; i < words().size(); ++i) {
      Word& number = words()[i - 1];
      if (!number.number || words()[i].quoted) continue;
      for (const auto& [name, factor] : scales) {
        if (words()[i].text != name) continue;
        number.value *= factor;
        number.scaled = true;
        words()[i].used = true;
      }
    }
  }
  // The word after a number, past its scale.
  std::size_t after_number(std::size_t i) const { return i < sentence_.words.size() && sentence_.words[i].scaled ? i + 2 : i + 1; }

  static Grain unit_of(std::string_view word) {
    for (const Grain grain : {Grain::hour, Grain::day, Grain::week, Grain::month, Grain::quarter, Grain::year}) {
      const std::string_view name = name_of(grain);
      if (word == name || (word.size() == name.size() + 1 && word.starts_with(name) && word.back() == 's')) return grain;
    }
    return Grain::none;
  }

  // "in intervals of 10", "in steps of 500 lbs", "by bands of 5", "20-point bins".
  void read_steps() {
    static constexpr auto names =
        std::to_array<std::string_view>({"interval", "intervals", "step", "steps", "band", "bands", "bin", "bins", "bucket", "buckets",
                                         "increment", "increments", "range", "ranges", "group", "groups", "bracket", "brackets"});
    const auto is_name = [&](std::size_t i) { return std::find(names.begin(), names.end(), at(i)) != names.end(); };
    for (std::size_t i = 1; i < words().size(); ++i) {
      if (!is_name(i) || at(i + 1) != "of" || !is_number(i + 2) || number(i + 2) <= 0) continue;
      const std::string_view before = at(i - 1);
      if (before != "in" && before != "into" && before != "by" && before != "with" && before != "to" && before != "using" &&
          !at(i).starts_with("interval") && !at(i).starts_with("step") && !at(i).starts_with("range") && !at(i).starts_with("bin"))
        continue;
      // "in the range of 10 to 20" are two ends.
      if (at(i + 3) == "to" || at(i + 3) == "and" || at(i + 3) == "-") {
        if (is_number(i + 4)) continue;
      }
      sentence_.steps.push_back({number(i + 2), i});
      const bool joint = before == "in" || before == "into" || before == "by" || before == "with" || before == "to" || before == "using";
      use(joint ? i - 1 : i, after_number(i + 2));
      return;
    }
  }

  void read_comparisons_and_dates() {
    for (std::size_t i = 0; i < words().size(); ++i) {
      if (words()[i].used || words()[i].quoted) continue;
      if (read_period(i) || read_range(i)) continue;
      read_condition(i);
    }
  }

  // The first stretch of time is the one that is shown; another is set against it, or completes it ("since 1995 until 2000").
  bool read_period(std::size_t i) {
    auto period = period_at(sentence_, i);
    if (!period) return false;
    TimeWindow& window = sentence_.window;
    if (period->kind == TimeWindow::Kind::days_of_week) {
      if (sentence_.days_of_week) return false;
      sentence_.days_of_week = period;
    } else if (window.kind == TimeWindow::Kind::none) {
      auto against = period_against(sentence_, *period);
      window = *std::move(period);
      if (against) {
        // "March vs April 2021": the year is of both.
        if (window.kind == TimeWindow::Kind::month_of_year && window.months_said && against->kind == TimeWindow::Kind::days &&
            against->from)
          window = in_year_of(window, *against->from);
        use(against->begin, against->end);
        sentence_.against = std::move(against);
      }
      use(window.begin, window.end);
      return true;
    } else if (window.kind == TimeWindow::Kind::days && period->kind == TimeWindow::Kind::days && !sentence_.against) {
      const bool completes = (window.from.has_value() != period->from.has_value()) && (window.to.has_value() != period->to.has_value());
      const bool follows = window.to && period->from && *window.to + 1 == *period->from;
      const bool two = window.from && window.to && period->from && period->to;
      if (completes || follows) {
        if (period->from && !follows) window.from = period->from;
        if (period->to) window.to = period->to;
      } else if (two) {
        sentence_.against = period;
      } else {
        return false;
      }
    } else {
      return false;
    }
    use(period->begin, period->end);
    return true;
  }
  static TimeWindow in_year_of(TimeWindow window, Day day) {
    const Day first = day_of({civil_of(day).year, window.month, 1});
    window.kind = TimeWindow::Kind::days;
    window.from = window.day > 0 ? first + window.day - 1 : first;
    window.to = window.day > 0 ? *window.from : months_later(first, std::max(1, window.count)) - 1;
    return window;
  }

  // "between A and B", "from A to B" of numbers.
  bool read_range(std::size_t i) {
    const bool of_range =
        (at(i) == "of" || at(i) == "from") && i > 0 && (at(i - 1) == "range" || at(i - 1) == "ranges" || at(i - 1) == "ranging");
    const bool between = at(i) == "between" || at(i) == "within" || of_range;
    if (!between && at(i) != "from") return false;
    const std::string_view joint = between ? "and" : "to";
    const std::size_t middle = after_number(i + 1);
    if (is_number(i + 1) && (at(middle) == joint || at(middle) == "to" || at(middle) == "and") && is_number(middle + 1)) {
      // "between 1 and 2 million": the scale is of both.
      if (words()[middle + 1].scaled && !words()[i + 1].scaled && number(i + 1) < number(middle + 1) / 1000)
        words()[i + 1].value *= std::pow(1000, std::floor(std::log10(number(middle + 1)) / 3));
      NumberCondition condition{.low_operator = ">=",
                                .low = number(i + 1),
                                .high_operator = "<=",
                                .high = number(middle + 1),
                                .begin = i,
                                .end = after_number(middle + 1)};
      if (condition.low > condition.high) std::swap(condition.low, condition.high);
      sentence_.conditions.push_back(condition);
      use(condition.begin, condition.end);
      return true;
    }
    return false;
  }

  struct ComparisonWords {
    std::string_view words;
    std::string_view sign;
  };
  static constexpr auto comparisons = std::to_array<ComparisonWords>({
      {"greater than or equal to", ">="},
      {"less than or equal to", "<="},
      {"below or equal to", "<="},
      {"above or equal to", ">="},
      {"equal to or below", "<="},
      {"equal to or above", ">="},
      {"lower than or equal to", "<="},
      {"higher than or equal to", ">="},
      {"no more than", "<="},
      {"no less than", ">="},
      {"not exceeding", "<="},
      {"not above", "<="},
      {"not over", "<="},
      {"not below", ">="},
      {"not under", ">="},
      {"not less than", ">="},
      {"not more than", "<="},
      {"equal to or greater than", ">="},
      {"equal to or less than", "<="},
      {"a maximum of", "<="},
      {"maximum of", "<="},
      {"a minimum of", ">="},
      {"minimum of", ">="},
      {"older than", ">"},
      {"younger than", "<"},
      {"heavier than", ">"},
      {"lighter than", "<"},
      {"bigger than", ">"},
      {"taller than", ">"},
      {"warmer than", ">"},
      {"colder than", "<"},
      {"beyond", ">"},
      {"more than", ">"},
      {"greater than", ">"},
      {"larger than", ">"},
      {"higher than", ">"},
      {"longer than", ">"},
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
      add_condition(entry.sign, number(end), i, after_number(end));
      return;
    }
    // "5 or more", "2 or higher", "10 or fewer", "3825 meters or less", "12 and above".
    for (std::size_t joint = after_number(i); is_number(i) && joint <= after_number(i) + 2; ++joint) {
      if (at(joint) != "or" && at(joint) != "and") continue;
      const std::string_view how = at(joint + 1);
      const bool up = how == "more" || how == "higher" || how == "greater" || how == "above" || how == "over" || how == "later" ||
                      how == "longer" || how == "older" || how == "larger";
      const bool down = how == "less" || how == "fewer" || how == "lower" || how == "below" || how == "under" || how == "smaller" ||
                        how == "earlier" || how == "younger" || how == "shorter";
      if (!up && !down) continue;
      add_condition(up ? ">=" : "<=", number(i), i, after_number(i));
      use(joint, joint + 2);
      return;
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
        // "30 min" are minutes.
        if (phrase.kind == CueKind::aggregate && phrase.words == "min" && i > 0 && is_number(i - 1)) continue;
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
      // "the hottest day of each year": the extreme of each.
      if (const std::size_t each = unit_of_each(cue.end + 1); unit == Grain::day && cue.kind == CueKind::order && each > 0) {
        const Aggregate extreme = cue.value > 0 ? Aggregate::maximum : Aggregate::minimum;
        sentence_.cues.push_back({CueKind::aggregate, static_cast<int>(extreme), cue.begin, cue.end + 1});
        sentence_.cues.push_back({CueKind::grain, static_cast<int>(unit_of(at(each))), each, each + 1});
        words()[cue.end].cued = true;
        words()[each].cued = true;
        continue;
      }
      if (part != TimePart::none) sentence_.cues.push_back({CueKind::part, static_cast<int>(part), cue.end, cue.end + 1});
      else if (unit != Grain::day) sentence_.cues.push_back({CueKind::grain, static_cast<int>(unit), cue.end, cue.end + 1});
      words()[cue.end].cued = true;
    }
  }

  // The unit in "of each year", "in every month", "per year"; 0 when it is none of these.
  std::size_t unit_of_each(std::size_t i) const {
    const bool per = at(i) == "per" || at(i) == "by";
    if (!per && (at(i) == "of" || at(i) == "in" || at(i) == "for")) ++i;
    const bool each = per || at(i) == "each" || at(i) == "every";
    return each && unit_of(at(i + 1)) != Grain::none ? i + 1 : 0;
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

std::string_view Sentence::before(std::size_t word) const {
  if (word >= words.size()) return {};
  const std::size_t from = word == 0 ? 0 : words[word - 1].to;
  return std::string_view(text).substr(from, words[word].from - from);
}
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

Sentence parse_sentence(std::string_view text, bool mend) {
  Sentence sentence = Reader(text, mend).take();
  // "running total", "within each": phrases that ask for an operation name no column by one of their words.
  if (const auto operation = read_operation(sentence); operation && operation->words.size() > 1) {
    for (const std::size_t word : operation->words) {
      sentence.words[word].used = true;
      sentence.words[word].content = false;
    }
  }
  return sentence;
}

}  // namespace bridge::rules
