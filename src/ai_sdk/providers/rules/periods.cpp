#include "ai_sdk/providers/rules/periods.h"

#include "base/text.h"

namespace bridge::rules {

namespace {

constexpr auto month_names = std::to_array<std::string_view>(
    {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"});

}  // namespace

std::string span_text(Day from, Day to) {
  const auto text = [&](Day day) {
    const CivilDate date = civil_of(day);
    return str(date.day, " ", month_names[static_cast<std::size_t>(date.month - 1)], " ", date.year);
  };
  return from == to ? text(from) : str(text(from), " to ", text(to));
}

std::string period_name(Day from, Day to) {
  const CivilDate first = civil_of(from);
  const CivilDate last = civil_of(to);
  const bool whole_years = first.month == 1 && first.day == 1 && end_of(start_of(to, Grain::year), Grain::year) == to;
  if (whole_years) return first.year == last.year ? str(first.year) : str(first.year, " to ", last.year);
  if (first.day == 1 && end_of(from, Grain::month) == to)
    return str(month_names[static_cast<std::size_t>(first.month - 1)], " ", first.year);
  if (start_of(from, Grain::quarter) == from && end_of(from, Grain::quarter) == to) return str("Q", (first.month + 2) / 3, " ", first.year);
  return span_text(from, to);
}

Day start_of(Day day, Grain unit) {
  const CivilDate date = civil_of(day);
  switch (unit) {
    case Grain::week: return day - ((day + 3) % 7 + 7) % 7;
    case Grain::month: return day_of({date.year, date.month, 1});
    case Grain::quarter: return day_of({date.year, (date.month - 1) / 3 * 3 + 1, 1});
    case Grain::year: return day_of({date.year, 1, 1});
    default: return day;
  }
}

Day end_of(Day start, Grain unit) {
  switch (unit) {
    case Grain::week: return start + 6;
    case Grain::month: return months_later(start, 1) - 1;
    case Grain::quarter: return months_later(start, 3) - 1;
    case Grain::year: return months_later(start, 12) - 1;
    default: return start;
  }
}

Day months_later(Day day, int months) {
  const CivilDate date = civil_of(day);
  const int all = date.year * 12 + date.month - 1 + months;
  const int year = all / 12;
  const int month = all % 12 + 1;
  const Day next = day_of(month == 12 ? CivilDate{year + 1, 1, 1} : CivilDate{year, month + 1, 1});
  return std::min(day_of({year, month, date.day}), next - 1);
}

}  // namespace bridge::rules
