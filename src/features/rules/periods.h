#pragma once

#include <optional>
#include <string>
#include <vector>

#include "features/rules/profile.h"
#include "features/rules/sentence.h"

namespace bridge::rules {

// "1 January 2001 to 30 June 2001".
std::string span_text(Day from, Day to);
// As people call it: "2001", "May 2001", "Q2 2001", "2001 to 2004", else span_text.
std::string period_name(Day from, Day to);

// The first day of the unit that the day lies in, and the last day of the unit that begins there.
Day start_of(Day day, Grain unit);
Day end_of(Day start, Grain unit);
// So many units later; the same day of the month, or its last.
Day months_later(Day day, int months);

// The stretch of time that begins at that word, with the word before it that says how it is meant ("since"); none when it is no time.
std::optional<TimeWindow> period_at(const Sentence& sentence, std::size_t word);
// What stands against it, where the sentence sets two against each other ("Q1 2022 vs Q1 2021").
std::optional<TimeWindow> period_against(const Sentence& sentence, const TimeWindow& window);

// Which days of a table's data a window means.
struct Period {
  std::optional<Day> from;
  std::optional<Day> to;                // both inclusive
  std::vector<std::string> conditions;  // SQL: what is no stretch of days (a month of every year)
  std::vector<std::string> notes;
  bool compares = false;  // with the stretch before it
  std::string preset;     // its name in a document, when it keeps counting back from the newest data ("last_30_days_of_data")
};
// `compares`: with the unit before it; both are then whole.
Period resolve(const TimeWindow& window, const ColumnProfile& time, bool compares);

}  // namespace bridge::rules
