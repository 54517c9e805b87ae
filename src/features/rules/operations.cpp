#include "features/rules/operations.h"

#include <cmath>

#include "base/text.h"

namespace bridge::rules {

namespace {

constexpr int window_least = 2;
constexpr int window_most = 366;
constexpr int top_most = 100;
constexpr std::size_t superlative_reach = 5;  // words between "highest" and "of each"

struct OperationPhrase {
  std::string_view words;  // lower-case, one space between
  OperationKind kind;
  Grain unit = Grain::none;
  bool year_before = false;
};

// Longer ones before those they begin with.
constexpr auto operation_phrases = std::to_array<OperationPhrase>({
    {"running total", OperationKind::running_total},
    {"running totals", OperationKind::running_total},
    {"running sum", OperationKind::running_total},
    {"running count", OperationKind::running_total},
    {"rolling total", OperationKind::running_total},
    {"cumulative", OperationKind::running_total},
    {"cumulatively", OperationKind::running_total},
    {"cumulated", OperationKind::running_total},
    {"accumulated", OperationKind::running_total},
    {"moving average", OperationKind::moving_average},
    {"moving mean", OperationKind::moving_average},
    {"rolling average", OperationKind::moving_average},
    {"rolling mean", OperationKind::moving_average},
    {"running average", OperationKind::moving_average},
    {"year over year", OperationKind::growth, Grain::none, true},
    {"year on year", OperationKind::growth, Grain::none, true},
    {"yoy", OperationKind::growth, Grain::none, true},
    {"month over month", OperationKind::growth, Grain::month},
    {"month on month", OperationKind::growth, Grain::month},
    {"mom", OperationKind::growth, Grain::month},
    {"week over week", OperationKind::growth, Grain::week},
    {"week on week", OperationKind::growth, Grain::week},
    {"wow", OperationKind::growth, Grain::week},
    {"quarter over quarter", OperationKind::growth, Grain::quarter},
    {"quarter on quarter", OperationKind::growth, Grain::quarter},
    {"qoq", OperationKind::growth, Grain::quarter},
    {"day over day", OperationKind::growth, Grain::day},
    {"growth rate", OperationKind::growth},
    {"growth rates", OperationKind::growth},
    {"growth", OperationKind::growth},
    {"percentage change", OperationKind::growth},
    {"percent change", OperationKind::growth},
    {"relative change", OperationKind::growth},
    {"rate of change", OperationKind::growth},
    {"difference from the previous", OperationKind::difference},
    {"difference to the previous", OperationKind::difference},
    {"change from the previous", OperationKind::difference},
    {"change to the previous", OperationKind::difference},
    {"change against the previous", OperationKind::difference},
    {"change since the previous", OperationKind::difference},
    {"daily change", OperationKind::difference, Grain::day},
    {"weekly change", OperationKind::difference, Grain::week},
    {"monthly change", OperationKind::difference, Grain::month},
    {"quarterly change", OperationKind::difference, Grain::quarter},
    {"yearly change", OperationKind::difference, Grain::year},
    {"annual change", OperationKind::difference, Grain::year},
    {"percentage of total", OperationKind::share},
    {"percent of total", OperationKind::share},
    {"percentage of the total", OperationKind::share},
    {"percent of the total", OperationKind::share},
    {"share of total", OperationKind::share},
    {"share of the total", OperationKind::share},
    {"as a share of", OperationKind::share},
    {"share of", OperationKind::share},
    {"shares of", OperationKind::share},
    {"percentage of", OperationKind::share},
    {"percentages of", OperationKind::share},
    {"proportion of", OperationKind::share},
    {"contribution of", OperationKind::share},
    {"contribution to", OperationKind::share},
});

class OperationReader {
 public:
  explicit OperationReader(const Sentence& sentence) : sentence_(sentence) {}

  std::optional<Operation> read() const {
    for (std::size_t i = 0; i < sentence_.words.size(); ++i) {
      if (sentence_.words[i].quoted) continue;
      if (auto found = top_within_at(i)) return found;
      if (auto found = percentile_at(i)) return found;
      for (const OperationPhrase& phrase : operation_phrases) {
        const std::size_t end = end_of(i, phrase.words);
        if (end == i) continue;
        Operation found{.kind = phrase.kind, .unit = phrase.unit, .year_before = phrase.year_before};
        for (std::size_t word = i; word < end; ++word) found.words.push_back(word);
        if (found.kind == OperationKind::growth) add_words_of_growth(found, end);
        if (found.kind == OperationKind::moving_average) add_window(found, i, end);
        return found;
      }
    }
    return {};
  }

 private:
  std::string_view at(std::size_t i) const {
    return i < sentence_.words.size() ? std::string_view(sentence_.words[i].text) : std::string_view();
  }
  std::optional<int> whole_number(std::size_t i, int least, int most) const {
    if (i >= sentence_.words.size() || !sentence_.words[i].number) return {};
    const double value = sentence_.words[i].value;
    if (value != std::floor(value) || value < least || value > most) return {};
    return static_cast<int>(value);
  }

  // The word after the phrase that begins at word i; i when it does not stand there.
  std::size_t end_of(std::size_t i, std::string_view phrase) const {
    std::size_t word = i;
    for (const std::string& part : split(phrase, ' ')) {
      if (at(word) != part) return i;
      ++word;
    }
    return word;
  }

  static Grain unit_of(std::string_view word) {
    for (const Grain grain : {Grain::hour, Grain::day, Grain::week, Grain::month, Grain::quarter, Grain::year}) {
      if (word == name_of(grain) || word == str(name_of(grain), "s")) return grain;
    }
    return Grain::none;
  }

  // "month over month growth": its last word belongs to it.
  void add_words_of_growth(Operation& found, std::size_t end) const {
    for (const std::string_view last : {"growth", "change", "rate", "comparison"}) {
      if (at(end) == last) found.words.push_back(end++);
    }
  }

  // "7 day moving average", "moving average over 3 months", "3-month rolling average".
  void add_window(Operation& found, std::size_t begin, std::size_t end) const {
    if (begin >= 2 && unit_of(at(begin - 1)) != Grain::none) {
      if (const auto count = whole_number(begin - 2, window_least, window_most)) {
        found.count = *count;
        found.unit = unit_of(at(begin - 1));
        found.words.insert(found.words.end(), {begin - 2, begin - 1});
      }
    }
    if ((at(end) == "over" || at(end) == "of") && unit_of(at(end + 2)) != Grain::none) {
      if (const auto count = whole_number(end + 1, window_least, window_most)) {
        found.count = *count;
        found.unit = unit_of(at(end + 2));
        found.words.insert(found.words.end(), {end, end + 1, end + 2});
      }
    }
  }

  // "top 3 movies within each genre", "the 2 largest cities in each country", "for each team the top 2 players".
  std::optional<Operation> top_within_at(std::size_t i) const {
    const std::string_view word = at(i);
    const bool top = word == "top" || word == "bottom" || word == "best" || word == "worst" || word == "first";
    std::optional<int> count = top ? whole_number(i + 1, 1, top_most) : whole_number(i, 1, top_most);
    if (!count) return best_of_each_at(i);
    if (!top && std::none_of(sentence_.cues.begin(), sentence_.cues.end(), [&](const Cue& cue) {
          return (cue.kind == CueKind::order || cue.kind == CueKind::busiest || cue.kind == CueKind::best) && cue.begin == i + 1;
        }))
      return {};
    Operation found{.kind = OperationKind::top_within, .count = *count, .words = {i, i + 1}};
    for (std::size_t other = 0; other < sentence_.words.size(); ++other) {
      for (const std::string_view phrase :
           {"within each", "within every", "in each", "in every", "of each", "for each", "for every", "inside each", "per", "within"}) {
        const std::size_t end = end_of(other, phrase);
        if (end == other || unit_of(at(end)) != Grain::none) continue;
        for (std::size_t at_word = other; at_word < end; ++at_word) found.words.push_back(at_word);
        return found;
      }
    }
    return {};
  }

  // "the highest grossing movie of each genre".
  std::optional<Operation> best_of_each_at(std::size_t i) const {
    const bool superlative = std::any_of(sentence_.cues.begin(), sentence_.cues.end(), [&](const Cue& cue) {
      return (cue.kind == CueKind::order || cue.kind == CueKind::busiest || cue.kind == CueKind::best) && cue.begin == i;
    });
    if (!superlative) return {};
    for (std::size_t other = i + 2; other <= i + superlative_reach; ++other) {
      for (const std::string_view phrase : {"within each", "in each", "of each", "for each", "of every", "in every", "for every"}) {
        const std::size_t end = end_of(other, phrase);
        if (end == other || unit_of(at(end)) != Grain::none) continue;
        return Operation{.kind = OperationKind::top_within, .count = 1, .one_of = other - 1, .words = {i, other, other + 1}};
      }
    }
    return {};
  }

  // "95th percentile of delay", "p95 latency".
  std::optional<Operation> percentile_at(std::size_t i) const {
    std::string_view word = at(i);
    const bool named = at(i + 1) == "percentile" || at(i + 1) == "percentiles";
    std::string digits;
    if (named) {
      for (const char c : word) {
        if (c >= '0' && c <= '9') digits += c;
        else break;
      }
      const std::string_view rest = word.substr(digits.size());
      if (!rest.empty() && rest != "th" && rest != "st" && rest != "nd" && rest != "rd") return {};
    } else if (word.size() == 3 && word[0] == 'p') {
      digits = word.substr(1);
    }
    if (digits.empty() || digits.size() > 2 || digits.find_first_not_of("0123456789") != std::string::npos) return {};
    const int part = std::stoi(digits);
    if (part < 1) return {};
    Operation found{.kind = OperationKind::percentile, .count = part, .words = {i}};
    if (named) found.words.push_back(i + 1);
    return found;
  }

  const Sentence& sentence_;
};

}  // namespace

std::optional<Operation> read_operation(const Sentence& sentence) { return OperationReader(sentence).read(); }

}  // namespace bridge::rules
