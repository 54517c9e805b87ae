#include "warehouse/text_forms.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.h"

namespace bridge::text_forms {

std::string strict_number(std::string_view digits) {
  return str("\\s*[(]?\\s*[-+−]?\\s*(", currencies, ")?\\s*[-+−]?\\s*", digits, "\\s*(", currencies, "|%)?\\s*[)]?-?\\s*");
}

std::string loose_number(std::string_view digits) {
  constexpr std::string_view beside = "([^0-9A-Za-z.,]|[A-Z]{2,3}|[A-Z][$]|kr[.]?|zł|Kč|Ft|Rs[.]?)*";  // no 1.5M
  return str(beside, digits, beside);
}

bool may_be_written(const ColumnStatistics& statistics) {
  std::size_t with_digits = 0;
  std::size_t telling = 0;
  for (const ValueCount& value : statistics.top_values) {
    constexpr std::size_t longest = 40;
    if (value.value.size() > longest) return false;
    const bool has_digit = std::ranges::any_of(value.value, [](unsigned char c) { return std::isdigit(c); });
    const bool has_letters = std::ranges::count_if(value.value, [](unsigned char c) { return std::isalpha(c); }) > 1;
    if (has_digit) ++with_digits;
    if (has_digit || has_letters) ++telling;
  }
  return with_digits > 0 && with_digits * 4 >= telling;
}

bool needs_a_name(std::string_view date_format) {
  static constexpr auto formats = std::to_array<std::string_view>({"%Y%m%d", "%Y%m", "%d.%m.%y", "%d-%m-%y"});
  return std::ranges::find(formats, date_format) != formats.end();
}

}  // namespace bridge::text_forms
