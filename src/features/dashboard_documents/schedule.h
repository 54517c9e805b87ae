#pragma once

#include <bitset>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace bridge {

// When to do something again: minute, hour, day of month, month and day of week (0 and 7 are Sunday), in UTC, as cron writes it.
struct Schedule {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;
  std::bitset<13> months;
  std::bitset<7> weekdays;
  bool any_day = false;      // the field was `*`
  bool any_weekday = false;  // if neither was, a day fits when either does
};

// "0 6 * * *": five fields, each a list of `*`, a number or a range, with an optional step.
std::optional<Schedule> parse_schedule(std::string_view text);

// Whether the minute that `time` lies in is one of the schedule's.
bool is_due(const Schedule& schedule, Time time);

}  // namespace bridge
