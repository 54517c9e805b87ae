#include "features/rules/words.h"

#include <cmath>

#include "base/sql_name.h"
#include "base/text.h"

namespace bridge::rules {

namespace {

constexpr std::size_t alias_bytes_max = 40;
constexpr std::size_t edit_length_max = 24;  // longer words are compared by prefix only

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_vowel(char c) { return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u'; }
bool has_vowel(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return is_vowel(c) || c == 'y'; });
}

// Edits from one word to another (insert, delete, replace, swap of neighbours), or `limit` + 1 when there are more.
int edits_between(std::string_view a, std::string_view b, int limit) {
  if (a.size() > edit_length_max || b.size() > edit_length_max) return limit + 1;
  std::array<std::array<int, edit_length_max + 1>, 3> rows;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = static_cast<int>(i);
    int least = row[0];
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], two_above[j - 2] + 1);
      least = std::min(least, row[j]);
    }
    if (least > limit) return limit + 1;
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

std::string initials_of(const std::vector<std::string>& words) {
  std::string initials;
  for (const std::string& word : words) initials.push_back(word.empty() ? ' ' : word.front());
  return initials;
}

std::vector<std::string> split_name(std::string_view name) {
  std::vector<std::string> words;
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) words.push_back(lower(word));
    word.clear();
  };
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    if (c == '$' || c == '%') {
      flush();
      words.emplace_back(1, c);
      continue;
    }
    const bool letter = is_upper(c) || is_lower(c) || static_cast<unsigned char>(c) >= 0x80;
    if (!letter && !is_digit(c)) {
      flush();
      continue;
    }
    if (!word.empty()) {
      const char last = word.back();
      const bool next_is_lower = i + 1 < name.size() && is_lower(name[i + 1]);
      if (is_upper(c) && (is_lower(last) || (is_upper(last) && next_is_lower))) flush();
      else if (is_digit(c) != is_digit(last)) flush();
    }
    word += c;
  }
  flush();
  return words;
}

std::string stem_of(std::string_view text) {
  std::string word(text);
  const auto ends = [&](std::string_view ending) { return word.size() > ending.size() + 1 && word.ends_with(ending); };
  const auto cut = [&](std::size_t count) { word.resize(word.size() - count); };
  if (word.size() < 4) return word;
  if (ends("'s")) cut(2);
  if (ends("ies")) cut(2);
  else if (ends("sses") || ends("xes") || ends("ches") || ends("shes")) cut(2);
  else if (word.back() == 's' && !ends("ss") && !ends("us") && !ends("is")) cut(1);
  for (const std::string_view ending : {std::string_view("ing"), std::string_view("ed")}) {
    if (word.size() < ending.size() + 3 || !ends(ending) || !has_vowel(std::string_view(word).substr(0, word.size() - ending.size())))
      continue;
    cut(ending.size());
    const std::size_t n = word.size();
    if (n > 3 && word[n - 1] == word[n - 2] && !is_vowel(word[n - 1]) && word[n - 1] != 's' && word[n - 1] != 'l') cut(1);
    break;
  }
  if (word.size() > 3 && word.back() == 'e') cut(1);
  if (word.size() > 2 && word.back() == 'y' && !is_vowel(word[word.size() - 2])) word.back() = 'i';
  return word;
}

double likeness(std::string_view left, std::string_view right) {
  if (left == right) return 1;
  if (left.size() > right.size()) std::swap(left, right);
  if (left.size() < 3 || left.front() != right.front()) return 0;
  // "temp" and "temperature", "expect" and "expectancy": a name cut short. Three letters are too few unless the name is an abbreviation
  // that the vocabulary knows.
  if (left.size() >= 4 && right.starts_with(left)) return left.size() * 2 >= right.size() || left.size() >= 5 ? 0.75 : 0.65;
  const int limit = left.size() >= 8 ? 2 : 1;
  if (left.size() < 5 || right.size() - left.size() > static_cast<std::size_t>(limit)) return 0;
  return edits_between(left, right, limit) <= limit ? 0.6 : 0;
}

std::string make_alias(std::string_view text) {
  std::string alias;
  for (const char c : lower(text)) {
    if (is_lower(c) || is_digit(c)) alias += c;
    else if (!alias.empty() && alias.back() != '_') alias += '_';
    if (alias.size() >= alias_bytes_max) break;
  }
  while (!alias.empty() && alias.back() == '_') alias.pop_back();
  if (alias.empty()) return "column_1";
  if (is_digit(alias.front())) alias.insert(0, "n");
  if (is_reserved_sql_word(alias) || alias == "count" || alias == "min" || alias == "max" || alias == "avg")
    alias += alias == "count" ? "_total" : "_value";
  return alias;
}

std::string capitalised(std::string_view text) {
  std::string out(text);
  if (!out.empty() && is_lower(out.front())) out.front() = static_cast<char>(out.front() - 'a' + 'A');
  return out;
}

std::string plural_of(std::string_view text) {
  std::string word(text);
  if (word.empty()) return word;
  static constexpr auto unchanged =
      std::to_array<std::string_view>({"species", "series", "weather", "sex", "data", "status", "men", "women", "people"});
  const std::size_t space = word.rfind(' ');
  const std::string last = lower(space == std::string::npos ? word : word.substr(space + 1));
  if (std::find(unchanged.begin(), unchanged.end(), last) != unchanged.end())
    return last == "status" ? word + "es" : last == "sex" ? word + "es" : word;
  if (last == "country" || (word.size() > 2 && word.back() == 'y' && !is_vowel(word[word.size() - 2])))
    return word.substr(0, word.size() - 1) + "ies";
  if (word.ends_with("ss") || word.ends_with("x") || word.ends_with("ch") || word.ends_with("sh")) return word + "es";
  if (word.back() == 's') return word;
  return word + "s";
}

std::string shortened(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return std::string(text);
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return str(text.substr(0, end), "…");
}

double nice_number(double value) {
  if (!(value > 0) || !std::isfinite(value)) return 1;
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  for (const double step : {1.0, 2.0, 2.5, 5.0, 10.0}) {
    if (step * power >= value * 0.9999) return step * power;
  }
  return 10 * power;
}

}  // namespace bridge::rules
