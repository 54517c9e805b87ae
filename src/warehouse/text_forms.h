#pragma once

#include <string>
#include <string_view>

#include "warehouse/warehouse.h"

// How people write numbers, durations and nothing in text columns, as regular expressions that RE2 and PostgreSQL read alike.

namespace bridge::text_forms {

inline constexpr double share_read_min = 0.95;  // of the values that are not missing, for a column to be what they are read as

// What stands where a value is missing: a list for IN, in small letters.
inline constexpr std::string_view missing_words =
    "('', 'na', 'n/a', 'n.a.', '#n/a', 'nan', 'null', '\\n', 'none', 'nil', 'no data', 'not available', 'not applicable', 'missing', "
    "'unknown', 'tbd', 'k.a.', '-', '--', '---', '–', '—', '.', '..', '...', '?', 'x', '*')";

// clang-format off
inline constexpr std::string_view currencies =
    "[$€£¥₹₽₩₪฿₫₴₺]|US[$]|R[$]|C[$]|A[$]|HK[$]|NT[$]|kr[.]?|zł|Kč|Ft|Rs[.]?|CHF|USD|EUR|GBP|JPY|CNY|INR|SEK|NOK|DKK|PLN|CZK|HUF";
// clang-format on
// Digits in groups, with a decimal point or a decimal comma.
inline constexpr std::string_view point_digits =
    "(([0-9]{1,3}([,'’    ][0-9]{3})+|[0-9]{1,3}(,[0-9]{2})+,[0-9]{3}|[0-9]+)([.][0-9]+)?|[.][0-9]+)";
inline constexpr std::string_view comma_digits = "(([0-9]{1,3}([.'’    ][0-9]{3})+|[0-9]+)(,[0-9]+)?|,[0-9]+)";
// What is no digit of a number; the points of abbreviated currencies are none of its own.
inline constexpr std::string_view beside_point_digits = "(kr|Rs)[.]|[^0-9.]";
inline constexpr std::string_view beside_comma_digits = "(kr|Rs)[.]|[^0-9,]";
inline constexpr std::string_view duration = "-?[0-9]{1,4}:[0-5][0-9]:[0-5][0-9]([.][0-9]+)?";

// What a value has to look like strictly, to find out that a column holds numbers, and less so once that is known.
std::string strict_number(std::string_view digits);
std::string loose_number(std::string_view digits);

// Whether enough of the values that are shown could be a number, a date or a duration.
bool may_be_written(const ColumnStatistics& statistics);

// Of strptime's formats of dates: codes and versions look like these too, and only a column's name tells that they are dates.
bool needs_a_name(std::string_view date_format);

}  // namespace bridge::text_forms
