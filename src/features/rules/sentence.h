#pragma once

#include <optional>
#include <string>
#include <vector>

#include "features/rules/profile.h"
#include "features/rules/vocabulary.h"

namespace bridge::rules {

struct Word {
  std::string text;  // lower-case
  std::string stem;
  std::string written;  // as it stands in the sentence
  bool number = false;
  double value = 0;
  bool scaled = false;   // the next word multiplied it: "million"
  bool used = false;     // by a phrase, a date or a comparison: it names nothing more
  bool content = false;  // neither used, nor a stop word, nor a number, nor generic: it should name something
  bool generic = false;
  bool quoted = false;
  bool cued = false;     // part of a phrase that may name a column too
  std::size_t from = 0;  // bytes of Sentence::text
  std::size_t to = 0;
};

struct Cue {
  CueKind kind = CueKind::trend;
  int value = 0;
  std::size_t begin = 0;  // words
  std::size_t end = 0;
};

// "over 60", "between 1 and 5"; belongs to the quantity named nearest to it.
struct NumberCondition {
  std::string low_operator;  // ">", ">=", or empty
  double low = 0;
  std::string high_operator;  // "<", "<=", or empty
  double high = 0;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// "in steps of 500": the quantity that is named before it is split into bands so wide.
struct StepWidth {
  double width = 0;
  std::size_t word = 0;
};

// A stretch of time. Relative ones ("last month") count back from the newest data, which the sentence does not know.
struct TimeWindow {
  enum class Kind : std::uint8_t { none, days, month_of_year, days_of_week, this_unit, last_unit, last_days } kind = Kind::none;
  std::optional<Day> from;
  std::optional<Day> to;     // inclusive
  int month = 0;             // month_of_year: 1..12
  int day = 0;               // and of which day of it; 0: all
  Grain unit = Grain::none;  // of relative ones
  int count = 0;             // last_days: so many units; month_of_year: so many months
  bool weekend = false;      // days_of_week: Saturdays and Sundays, or all others
  bool months_said = false;  // month_of_year: named, and no season
  std::size_t begin = 0;     // words
  std::size_t end = 0;
  std::string remark;  // how it was read, when it could be read otherwise
};

struct Sentence {
  std::string text;
  std::vector<Word> words;  // at most words_max
  std::vector<Cue> cues;
  std::vector<std::string> quoted;  // what stood in quotes
  std::vector<NumberCondition> conditions;
  std::vector<StepWidth> steps;  // at most one
  TimeWindow window;
  std::optional<TimeWindow> against;       // the stretch that the window is set against
  std::optional<TimeWindow> days_of_week;  // "on weekends"
  std::optional<int> top;                  // "top 10"
  bool any_content = false;
  bool shouted = false;  // in capitals throughout
  std::string mended;    // the words as they were read, when slips of the keys were mended

  // What stands between that word and the one before it: ", ", " / ", the quotes.
  std::string_view before(std::size_t word) const;
  const Cue* find(CueKind kind) const;
  bool has(CueKind kind) const { return find(kind) != nullptr; }
  std::optional<Aggregate> aggregate() const;
  Grain grain() const;
  TimePart part() const;
  MarkWord mark() const;
};

inline constexpr std::size_t words_max = 160;
inline constexpr std::size_t sentence_bytes_max = 2'000;

// Reads what can be read without knowing any table. Never fails: what is not understood stays a word.
// `mend`: words that look like slips of the keys are read as the word that was meant.
Sentence parse_sentence(std::string_view text, bool mend = false);

}  // namespace bridge::rules
