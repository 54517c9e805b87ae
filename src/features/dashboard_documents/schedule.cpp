#include "features/dashboard_documents/schedule.h"

#include <charconv>

#include "base/text.h"

namespace bridge {
namespace {

std::optional<int> read_number(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value < 0) return std::nullopt;
  return value;
}

// Sets the bits of one field: "1,5-20/5". False when it is malformed or out of range.
template <std::size_t Size>
bool read_field(std::string_view text, int low, int high, std::bitset<Size>& out) {
  for (const std::string& part : split(text, ',')) {
    const auto step_parts = split(part, '/');
    if (step_parts.size() > 2) return false;
    int step = 1;
    if (step_parts.size() == 2) {
      const auto given = read_number(step_parts[1]);
      if (!given || *given < 1 || *given > high) return false;
      step = *given;
    }
    int first = low;
    int last = high;
    if (step_parts[0] != "*") {
      const auto ends = split(step_parts[0], '-');
      const auto from = read_number(ends[0]);
      const auto to = ends.size() == 2 ? read_number(ends[1]) : from;
      if (ends.size() > 2 || !from || !to || *from < low || *to > high || *to < *from) return false;
      first = *from;
      // "5/10" runs on from 5 to the end, as cron reads it.
      last = ends.size() == 1 && step_parts.size() == 2 ? high : *to;
    }
    for (int value = first; value <= last; value += step) out.set(static_cast<std::size_t>(value) % Size);
  }
  return true;
}

}  // namespace

std::optional<Schedule> parse_schedule(std::string_view text) {
  const auto fields = split(text, ' ');
  if (fields.size() != 5) return std::nullopt;
  Schedule schedule{.any_day = fields[2] == "*", .any_weekday = fields[4] == "*"};
  if (!read_field(fields[0], 0, 59, schedule.minutes) || !read_field(fields[1], 0, 23, schedule.hours) ||
      !read_field(fields[2], 1, 31, schedule.days) || !read_field(fields[3], 1, 12, schedule.months) ||
      !read_field(fields[4], 0, 7, schedule.weekdays))
    return std::nullopt;
  return schedule;
}

bool is_due(const Schedule& schedule, Time time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{floor<minutes>(time) - day};
  const bool day_fits = schedule.days.test(static_cast<unsigned>(date.day()));
  const bool weekday_fits = schedule.weekdays.test(weekday{day}.c_encoding());
  const bool either = schedule.any_day ? weekday_fits : schedule.any_weekday ? day_fits : day_fits || weekday_fits;
  return either && schedule.minutes.test(static_cast<std::size_t>(clock.minutes().count())) &&
         schedule.hours.test(static_cast<std::size_t>(clock.hours().count())) && schedule.months.test(static_cast<unsigned>(date.month()));
}

}  // namespace bridge
