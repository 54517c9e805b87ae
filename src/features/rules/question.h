#pragma once

#include <string>
#include <vector>

#include "features/rules/filters.h"
#include "features/rules/match.h"
#include "features/rules/measures.h"
#include "features/rules/operations.h"
#include "features/rules/suggest.h"

namespace bridge::rules {

// Values of a column that the sentence narrows the rows to.
struct ValueFilter {
  std::size_t column = 0;
  std::vector<std::string> values;
};

// What a sentence asks of one table, with everything that it left open decided.
struct Question {
  const TableProfile* table = nullptr;
  std::vector<Measure> measures;         // the one asked for first; never empty
  std::optional<Measure> other_measure;  // what the table is mostly about, when the sentence names something else
  bool panel = false;                    // one row for each thing and day: rows are no events
  bool measure_asked = false;            // named by the sentence, not chosen for it
  bool range = false;                    // the first two measures are the upper and the lower end of one quantity
  std::vector<Dimension> asked;          // to split by, as the sentence names them
  std::vector<Dimension> others;         // that could be split by too, the most telling first
  std::optional<Dimension> compare;      // side by side, one series each
  std::vector<std::string> compare_values;
  std::vector<ValueFilter> filters;
  std::vector<std::string> conditions;                          // SQL
  std::vector<std::size_t> unknown_columns;                     // of which these conditions leave only rows without a value
  std::string having;                                           // of rankings
  std::optional<std::pair<std::size_t, std::size_t>> relation;  // columns for x and y
  std::optional<std::size_t> distribution;
  bool when = false;
  bool trend = false;
  TimePart part = TimePart::none;
  Grain grain = Grain::none;  // as asked
  int order = 1;              // 1 the most first, -1 the least first
  std::optional<int> top;
  MarkWord mark = MarkWord::none;
  std::optional<Operation> operation;      // what is done with the grouped numbers
  std::vector<ColumnMention> mentions;     // where the sentence names columns
  bool overview = false;                   // names nothing in particular
  std::optional<ChartSuggestion> reading;  // the sentence as one chart, when it is that plain: it leads the page

  // The days that the dashboard opens with; none when the table's range is not known or there is no time.
  std::optional<Day> from;
  std::optional<Day> to;
  bool window_asked = false;           // these days are those that the sentence names
  bool window_done = false;            // what the sentence says of time is in every query
  bool against_done = false;           // and so is the stretch that it is set against
  std::string preset;                  // of a period that counts back from the newest data: a name that stays so
  bool periods_compared = false;       // two stretches stand side by side
  std::optional<std::size_t> time;     // the column that says when: the table's own, or the one that is named
  std::vector<std::string> notes;      // what was assumed, as sentences
  std::vector<std::string> unmatched;  // words that name nothing
};

Question make_question(const Sentence& sentence, const TableMatch& match);

}  // namespace bridge::rules
