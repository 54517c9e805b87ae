#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

// What the generator knows of English and of how columns are named, as data. A new word is one more entry in vocabulary.cpp.

namespace bridge::rules {

enum class Good : std::uint8_t { unknown, up, down };

// What a number's name says of it. `additive`: its sum means something.
struct QuantityWord {
  std::string_view word;
  bool additive = false;
  Good good = Good::unknown;
  std::string_view unit = "";  // when the name says no better
  bool money = false;
  bool mean_first = false;  // may be summed, but an average says more (distance)
  // The unit is taken only when the column's largest value lies between these; both 0: always.
  double unit_least = 0;
  double unit_most = 0;
};
std::span<const QuantityWord> quantity_words();

// A limit that splits a quantity into what people ask about and the rest: "late" is more than 15 minutes of delay.
struct ShareRule {
  std::string_view word;       // of the column's name
  std::string_view condition;  // "> 15"
  std::string_view label;      // of the share
  Good good = Good::unknown;
};
std::span<const ShareRule> share_rules();

// Words of which one may stand for another; stems. A leading "~" marks words that only people use, never a column's name.
using Idea = std::span<const std::string_view>;
std::span<const Idea> ideas();

// What people call a value that is kept as a code: "google" is GOOG.
struct Nickname {
  std::string_view said;  // one word, lower-case
  std::string_view value;
};
std::span<const Nickname> nicknames();
// Whether a word, lower-case, is what people call the value; of countries also the other way round ("chile" of Chilean).
bool is_called(std::string_view said, std::string_view value);

// Words that people ask with, spelled out, besides those of phrases(): slips of the keys are read as one of these.
std::span<const std::string_view> common_words();

// The whole word that an abbreviation stands for in a column's name ("qty" → "quantity"); the word itself when there is none.
std::string_view spelled_out(std::string_view word);

// Words that name nothing ("the", "please").
bool is_stop_word(std::string_view word);
// Words that ask for a view of the data without naming any part of it ("overview", "dashboard").
bool is_generic_word(std::string_view word);
// Words at the end of an identifier's name ("id", "zip").
bool is_identifier_word(std::string_view word);
// Names of free text and of labels ("description", "title").
bool is_label_word(std::string_view word);
// Words that leave out what follows them ("not", "without", "excl").
bool is_negation_word(std::string_view word);
// Words that dress a wish for a chart and say nothing of the data ("axis", "coloured").
std::span<const std::string_view> dressing_words();
// What people call a unit ("minutes"), and whether that is the unit as a profile writes it ("min").
bool is_unit_word(std::string_view word);
bool names_unit(std::string_view word, std::string_view unit);

// What a word or a phrase of the sentence asks for.
enum class CueKind : std::uint8_t {
  aggregate,     // value: Aggregate
  order,         // value: 1 most first, -1 least first
  best,          // value: 1 the best, -1 the worst: the measure's own sense decides the order
  busiest,       // the most rows
  grain,         // value: Grain
  part,          // value: TimePart
  trend,         // over time
  when,          // asks for the time of it
  mark,          // value: MarkWord
  by,            // the next name is a breakdown
  each,          // the next name is a breakdown that gets one of everything
  versus,        // two things side by side
  relation,      // two quantities against each other
  distribution,  // how values spread
  outnumber,     // the value named before is more than half
  per,
};
enum class Aggregate : std::uint8_t { none, count, sum, mean, median, minimum, maximum, share, distinct, spread };
enum class Grain : std::uint8_t { none, hour, day, week, month, quarter, year };
enum class TimePart : std::uint8_t { none, hour, weekday, month };
enum class MarkWord : std::uint8_t {
  none,
  bar,
  line,
  area,
  pie,
  heatmap,
  scatter,
  histogram,
  box,
  table,
  kpi,
  stacked_bar,
  grouped_bar,
  map
};

struct Phrase {
  std::string_view words;  // lower-case, one space between
  CueKind kind;
  int value = 0;
  bool names_too = false;  // the word may also name a column ("month", "rate"): it is not used up
};
std::span<const Phrase> phrases();

std::string_view name_of(Grain grain);

}  // namespace bridge::rules
