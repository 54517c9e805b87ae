#pragma once

#include <string>

#include "ai_sdk/providers/rules/profile.h"

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

}  // namespace bridge::rules
