#include "features/rules/profile.h"

#include <cmath>

#include "base/text.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr std::int64_t dimension_values_max = 2'000;  // more distinct values than this are no breakdown
constexpr std::int64_t code_values_max = 12;          // a whole number with at most so many values is a category
constexpr std::int64_t year_least = 1500;
constexpr std::int64_t year_most = 2200;

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<double> number_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (!value) return {};
  if (value->is_number()) return value->to_number<double>();
  if (!value->is_string()) return {};
  const std::string_view text = value->get_string();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return {};
  return number;
}

std::optional<std::int64_t> count_at(const json::object& object, std::string_view key) {
  const auto number = number_at(object, key);
  if (!number || *number < 0 || *number > 9e15) return {};
  return static_cast<std::int64_t>(*number);
}

bool has_word(const ColumnProfile& column, std::string_view word) {
  return std::find(column.words.begin(), column.words.end(), word) != column.words.end();
}

// A unit at the end of a name ("(mm)", "min", "$"), and how it is written.
struct UnitWord {
  std::string_view word;
  std::string_view unit;
  bool only_in_brackets = false;
};
constexpr auto unit_words = std::to_array<UnitWord>({
    {"$", "$"},           {"usd", "$"},         {"eur", "€"},           {"%", "%"},           {"mm", "mm"},       {"cm", "cm"},
    {"km", "km"},         {"kg", "kg"},         {"g", "g", true},       {"m", "m", true},     {"mi", "mi", true}, {"miles", "mi", true},
    {"min", "min", true}, {"mins", "min"},      {"minutes", "min"},     {"seconds", "s"},     {"secs", "s"},      {"sec", "s"},
    {"ms", "ms"},         {"s", "s", true},     {"h", "h", true},       {"hours", "h", true}, {"hrs", "h"},       {"knots", "knots"},
    {"kts", "knots"},     {"mph", "mph"},       {"kmh", "km/h"},        {"c", "°C", true},    {"f", "°F", true},  {"lbs", "lb"},
    {"lb", "lb"},         {"kwh", "kWh"},       {"mwh", "MWh"},         {"gb", "GB"},         {"mb", "MB"},       {"kb", "kB"},
    {"ft", "ft", true},   {"feet", "ft", true}, {"days", "days", true},
});

// Takes the unit out of the column's words.
void read_unit(ColumnProfile& column) {
  const bool brackets = column.name.find('(') != std::string::npos || column.name.find('[') != std::string::npos;
  if (column.words.size() < 2) return;
  for (const UnitWord& entry : unit_words) {
    if (column.words.back() != entry.word || (entry.only_in_brackets && !brackets && !(entry.word == "min" && has_word(column, "time"))))
      continue;
    column.unit = entry.unit;
    column.words.pop_back();
    if (column.words.size() > 1 && column.words.back() == "in") column.words.pop_back();
    return;
  }
}

// Of "long" and "lat" a name ends or is one: "team_long_name" is no longitude.
std::string_view spelled_out_in(const ColumnProfile& column, const std::string& word) {
  const bool doubtful = word == "long" || word == "lat";
  return doubtful && column.words.back() != word ? std::string_view(word) : spelled_out(word);
}

std::string label_of(const ColumnProfile& column) {
  std::vector<std::string> words;
  for (std::string word : column.words) {
    const std::string_view whole = spelled_out_in(column, word);
    // "min" and "max" stay short: they stand before the thing.
    if (word == "min" || word == "max" || word == "avg") {
      words.insert(words.begin(), word == "avg" ? "average" : word);
      continue;
    }
    const bool is_acronym = word.size() <= 5 && word == whole && column.name.find(([&] {
      std::string upper = word;
      for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
      return upper;
    })()) != std::string::npos &&
                            word.size() >= 2;
    if (is_acronym) {
      for (char& c : word) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
      words.push_back(word);
    } else {
      words.emplace_back(whole);
    }
  }
  const std::string label = capitalised(join(words, " "));
  return label.empty() ? shortened(column.name, 40) : shortened(label, 60);
}

const QuantityWord* quantity_of(const ColumnProfile& column) {
  // The last telling word decides: "delay count" is a count, "count of delay" is too rare to matter. A word that makes a level of
  // anything ("average cost") wins.
  static constexpr auto levels = std::to_array<std::string_view>(
      {"average", "mean", "median", "maximum", "minimum", "percent", "ratio", "rate", "rating", "index", "rank", "share"});
  static const std::vector<std::string> stems = [] {
    std::vector<std::string> made;
    for (const QuantityWord& entry : quantity_words()) made.push_back(stem_of(entry.word));
    return made;
  }();
  const QuantityWord* found = nullptr;
  for (const std::string& word : column.words) {
    const std::string_view whole = spelled_out(word);
    const std::string stem = stem_of(whole);
    // The word itself before one of the same stem: a rate is no rating.
    std::optional<std::size_t> at;
    for (std::size_t i = 0; i < stems.size(); ++i) {
      if (quantity_words()[i].word == whole) {
        at = i;
        break;
      }
      if (!at && stems[i] == stem) at = i;
    }
    if (!at) continue;
    const QuantityWord& entry = quantity_words()[*at];
    if (std::find(levels.begin(), levels.end(), entry.word) != levels.end()) return &entry;
    if (!found || entry.good != Good::unknown || found->good == Good::unknown) found = &entry;
  }
  return found;
}

struct DateFormat {
  std::string_view format;   // of strptime
  std::string_view pattern;  // 9 a digit, a a letter, ? an optional digit
};
constexpr auto date_formats = std::to_array<DateFormat>({
    {"%b %d %Y", "aaa 9? 9999"},
    {"%b %d, %Y", "aaa 9?, 9999"},
    {"%d %b %Y", "9? aaa 9999"},
    {"%d-%b-%Y", "9?-aaa-9999"},
    {"%Y-%m-%d", "9999-99-99"},
    {"%Y/%m/%d", "9999/99/99"},
    {"%d.%m.%Y", "9?.9?.9999"},
    {"%m/%d/%Y", "9?/9?/9999"},
    {"%Y-%m-%d %H:%M:%S", "9999-99-99 99:99:99"},
    {"%Y-%m-%dT%H:%M:%S", "9999-99-99T99:99:99"},
    {"%Y-%m-%dT%H:%M:%SZ", "9999-99-99T99:99:99Z"},
    {"%Y/%m/%d %H:%M", "9999/99/99 99:99"},
    {"%Y/%m/%d %H:%M:%S", "9999/99/99 99:99:99"},
    {"%Y-%m", "9999-99"},
});

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool fits(std::string_view text, std::string_view pattern) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char want = pattern[i];
    if (want == '?') {
      if (at < text.size() && is_digit(text[at])) ++at;
      continue;
    }
    if (at >= text.size()) return false;
    const char c = text[at++];
    if (want == '9' ? !is_digit(c) : want == 'a' ? !is_letter(c) : c != want) return false;
  }
  return at == text.size();
}

constexpr auto month_names =
    std::to_array<std::string_view>({"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"});

std::optional<Day> read_day(std::string_view text, std::string_view format) {
  std::vector<int> numbers;
  int month = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (is_digit(text[i])) {
      int number = 0;
      while (i < text.size() && is_digit(text[i])) number = number * 10 + (text[i++] - '0');
      numbers.push_back(number);
    } else if (is_letter(text[i]) && i + 3 <= text.size()) {
      const auto found = std::find(month_names.begin(), month_names.end(), lower(text.substr(i, 3)));
      if (found != month_names.end()) month = static_cast<int>(found - month_names.begin()) + 1;
      i += 3;
    } else {
      ++i;
    }
  }
  CivilDate date;
  if (month > 0 && numbers.size() >= 2) date = {numbers[1], month, numbers[0]};
  else if (format.starts_with("%Y") && numbers.size() >= 2) date = {numbers[0], numbers[1], numbers.size() > 2 ? numbers[2] : 1};
  else if (format.starts_with("%d") && numbers.size() >= 3) date = {numbers[2], numbers[1], numbers[0]};
  else if (format.starts_with("%m") && numbers.size() >= 3) date = {numbers[2], numbers[0], numbers[1]};
  else return {};
  if (date.month < 1 || date.month > 12 || date.day < 1 || date.day > 31) return {};
  return day_of(date);
}

// Text that holds dates: told by the statistics, or found from samples, which all have to fit one format.
void read_text_date(ColumnProfile& column, const json::object& statistics) {
  const std::string told = text_at(statistics, "text_date_format");
  if (column.values.empty()) return;
  for (const DateFormat& entry : date_formats) {
    if (!told.empty() && entry.format != told) continue;
    Day least = 0;
    Day most = 0;
    bool all = true;
    bool first = true;
    for (const std::string& value : column.values) {
      const auto day = fits(value, entry.pattern) ? read_day(value, entry.format) : std::nullopt;
      // Day before month or month before day: a value over 12 in the month's place rules the format out, because read_day refuses it.
      if (!day) {
        all = false;
        break;
      }
      least = first ? *day : std::min(least, *day);
      most = first ? *day : std::max(most, *day);
      first = false;
    }
    if (!all) continue;
    auto read = column.dialect->parse_time(column.sql, entry.format);
    if (!read) return;  // the engine cannot: the column stays text
    column.role = ColumnRole::time;
    column.time_is_text = true;
    column.has_time_of_day = entry.format.find("%H") != std::string_view::npos;
    column.time_sql = *std::move(read);
    // Text sorts by year only when the year comes first: else the samples tell how long the range is at least.
    const bool sorts = entry.format.starts_with("%Y");
    column.span_days = static_cast<double>(most - least);
    if (column.distinct) column.span_days = std::max(column.span_days, static_cast<double>(*column.distinct));
    if (!sorts) return;
    // Samples are not the whole range; the statistics' ends are, for text that sorts by time.
    column.first_day = parse_day(text_at(statistics, "min")).value_or(least);
    column.last_day = parse_day(text_at(statistics, "max")).value_or(most);
    column.span_days = static_cast<double>(*column.last_day - *column.first_day + 1);
    return;
  }
  auto read = told.empty() ? Result<std::string>() : column.dialect->parse_time(column.sql, told);
  if (told.empty() || !read) return;
  // A format that is not in the table above, or samples of which some do not fit: the parser leaves those out.
  column.role = ColumnRole::time;
  column.time_is_text = true;
  column.has_time_of_day = told.find("%H") != std::string::npos || told.find("%I") != std::string::npos;
  column.time_sql = *std::move(read);
  if (column.distinct) column.span_days = static_cast<double>(*column.distinct);
}

void read_time(ColumnProfile& column, const json::object& statistics) {
  const std::string min = text_at(statistics, "min");
  const std::string max = text_at(statistics, "max");
  column.role = ColumnRole::time;
  column.time_sql = column.sql;
  column.first_day = parse_day(min);
  column.last_day = parse_day(max);
  const auto time_of_day = [](std::string_view text) {
    return text.size() >= 16 && text.substr(11, 5) != "00:00" ? 1 : text.size() >= 19 && text.substr(17, 2) != "00" ? 1 : 0;
  };
  if (column.type == "timestamp") {
    const bool min_has_time = time_of_day(min) != 0;
    const bool max_has_time = time_of_day(max) != 0;
    const double days = column.first_day && column.last_day ? static_cast<double>(*column.last_day - *column.first_day + 1) : 0;
    column.has_time_of_day =
        min_has_time || max_has_time || (column.distinct && days > 0 && static_cast<double>(*column.distinct) > days * 1.5);
    // The newest row stands at midnight: its day has hardly begun.
    if (column.has_time_of_day && !max_has_time && column.first_day && column.last_day && *column.last_day > *column.first_day)
      --*column.last_day;
  }
  if (column.first_day && column.last_day) column.span_days = static_cast<double>(*column.last_day - *column.first_day + 1);
}

bool is_year(const ColumnProfile& column) {
  const bool named = has_word(column, "year") || has_word(column, "yr") || has_word(column, "years");
  if (column.type != "integer" || !named || column.words.size() > 3) return false;
  return (!column.min || *column.min >= year_least) && (!column.max || *column.max <= year_most);
}

void read_year(ColumnProfile& column) {
  column.role = ColumnRole::time;
  column.time_is_year = true;
  column.numeric = false;
  column.time_sql = column.dialect->start_of_year(column.sql);
  if (column.min) column.first_day = day_of({static_cast<int>(*column.min), 1, 1});
  if (column.max) column.last_day = day_of({static_cast<int>(*column.max), 12, 31});
  if (column.first_day && column.last_day) column.span_days = static_cast<double>(*column.last_day - *column.first_day);
}

bool is_identifier(const ColumnProfile& column, std::int64_t row_count) {
  if (column.words.empty()) return false;
  const std::string& last = column.words.back();
  if (is_identifier_word(last))
    return !(last == "index" && column.numeric) && !(last == "key" && column.distinct && *column.distinct <= code_values_max);
  for (const std::string_view ending : {std::string_view("id"), std::string_view("_id"), std::string_view("uuid")}) {
    if (column.words.size() == 1 && last.size() > 4 && last.ends_with(ending) && column.distinct && *column.distinct > code_values_max)
      return true;
  }
  const bool unique = column.distinct && row_count > 20 && *column.distinct * 100 >= row_count * 98;
  return unique && column.type == "integer" && (last == "number" || last == "num" || last == "no" || last == "nr");
}

bool is_geography(const ColumnProfile& column) {
  if (!column.numeric || column.words.empty()) return false;
  const std::string_view whole = spelled_out(column.words.back());
  if (whole == "latitude") return (!column.min || *column.min >= -90) && (!column.max || *column.max <= 90);
  if (whole == "longitude") return (!column.min || *column.min >= -180) && (!column.max || *column.max <= 180);
  return false;
}

void read_measure(ColumnProfile& column) {
  column.role = ColumnRole::measure;
  const QuantityWord* quantity = quantity_of(column);
  static constexpr auto share_names = std::to_array<std::string_view>({"percent", "share", "ratio", "rate", "proportion"});
  const bool named_share = quantity && std::find(share_names.begin(), share_names.end(), quantity->word) != share_names.end();
  column.is_share = named_share && column.max && *column.max <= 1 && column.min && *column.min >= 0;
  if (named_share && !column.is_share && column.max && *column.max <= 100 && *column.max > 1 && column.unit.empty() &&
      quantity->word == "percent")
    column.unit = "%";
  if (!quantity) {  // amounts with a currency are money whatever their name says
    static constexpr auto currencies = std::to_array<std::string_view>({"$", "€", "£", "¥", "₹", "CHF", "USD", "EUR", "GBP"});
    column.money = std::find(currencies.begin(), currencies.end(), column.unit) != currencies.end();
    column.additive = column.money;
    return;
  }
  // What comes and goes adds up with its sign; a count below nothing is none.
  static constexpr auto signed_amounts = std::to_array<std::string_view>({"$", "amount", "total", "loss", "quantity", "volume", "units"});
  const bool may_be_negative =
      quantity->money || std::find(signed_amounts.begin(), signed_amounts.end(), quantity->word) != signed_amounts.end();
  column.additive = quantity->additive && !(column.min && *column.min < 0 && !may_be_negative);
  column.mean_first = quantity->mean_first;
  column.money = quantity->money || column.unit == "$";
  column.good = quantity->good;
  // The unit is of the thing that is measured: of "temperature" in "maximum temperature".
  for (const QuantityWord& entry : quantity_words()) {
    const bool named =
        std::any_of(column.words.begin(), column.words.end(), [&](const std::string& word) { return spelled_out(word) == entry.word; });
    const bool plausible =
        entry.unit_least == entry.unit_most || (column.max && *column.max >= entry.unit_least && *column.max <= entry.unit_most);
    if (!column.unit.empty() || entry.unit.empty() || !named || !plausible || column.is_share) continue;
    column.unit = entry.unit;
    column.unit_assumed = true;
  }
}

// Not a time of day, which is written alike.
bool is_duration(const ColumnProfile& column) {
  static constexpr auto words = std::to_array<std::string_view>(
      {"duration", "elapsed", "length", "lasted",   "wait", "waiting", "runtime",  "lap",    "split",    "took",
       "taken",    "delay",   "handle", "handling", "hold", "talk",    "downtime", "uptime", "response", "resolution"});
  return column.type == "text" || std::any_of(words.begin(), words.end(), [&](std::string_view word) { return has_word(column, word); });
}

// What the warehouse found the values to be where their type does not say so. False when the type says all there is.
bool read_meaning(ColumnProfile& column, const json::object& statistics, std::int64_t row_count) {
  const std::string read_as = text_at(statistics, "read_as");
  const std::string sql = text_at(statistics, "read_sql");
  if (read_as.empty() || sql.empty() || (read_as == "seconds" && !is_duration(column))) return false;
  if (read_as == "number" && is_identifier(column, row_count)) return false;
  column.unread = count_at(statistics, "unread_count").value_or(0);
  if (const json::value* values = statistics.if_contains("unread_values"); values && values->is_array()) {
    for (const json::value& value : values->get_array()) {
      if (value.is_string()) column.unread_values.emplace_back(value.get_string());
    }
  }
  if (row_count > 0) column.null_fraction += static_cast<double>(column.unread) / static_cast<double>(row_count);
  if (read_as == "date" || read_as == "timestamp") {
    column.type = read_as;
    column.numeric = false;
    read_time(column, statistics);
    column.time_sql = sql;
    column.time_is_text = true;
    return true;
  }
  column.type = "number";
  column.numeric = true;
  column.sql = sql;
  column.values.clear();
  column.min = number_at(statistics, "min");
  column.max = number_at(statistics, "max");
  if (const std::string unit = read_as == "seconds" ? "s" : text_at(statistics, "read_unit"); column.unit.empty()) column.unit = unit;
  return false;
}

void read_role(ColumnProfile& column, const json::object& statistics, std::int64_t row_count) {
  if (read_meaning(column, statistics, row_count)) return;
  if (column.type == "date" || column.type == "timestamp") return read_time(column, statistics);
  if (column.type == "time" || column.type == "json") {
    column.role = ColumnRole::label;
    return;
  }
  if (column.type == "boolean") {
    column.role = ColumnRole::dimension;
    return;
  }
  if (is_year(column)) return read_year(column);
  if (is_identifier(column, row_count)) {
    column.role = ColumnRole::identifier;
    return;
  }
  if (column.numeric) {
    if (is_geography(column)) {
      column.role = ColumnRole::geography;
      return;
    }
    const QuantityWord* quantity = quantity_of(column);
    const bool category = column.type == "integer" && !quantity && column.unit.empty() && column.distinct &&
                          *column.distinct <= code_values_max && row_count > 3 * *column.distinct;
    if (category) column.role = ColumnRole::dimension;
    else read_measure(column);
    return;
  }
  read_text_date(column, statistics);
  if (column.role == ColumnRole::time) return;
  const bool label = !column.words.empty() && is_label_word(column.words.back());
  const bool many = column.distinct && (*column.distinct > dimension_values_max || (row_count > 50 && *column.distinct * 2 > row_count));
  const bool labelled = label && (!column.distinct || *column.distinct > 300);
  column.role = many || labelled ? ColumnRole::label : ColumnRole::dimension;
}

// Which of two time columns says when: the partition's first, then real types, then the plainer name.
double time_rank(const ColumnProfile& column, bool partitioning) {
  double rank = partitioning ? 100 : 0;
  if (!column.time_is_text) rank += column.time_is_year ? 10 : 20;
  for (const std::string& word : column.words) {
    if (word == "date" || word == "time" || word == "timestamp" || word == "day" || word == "year") rank += 3;
    if (word == "created" || word == "ordered" || word == "order" || word == "start" || word == "event") rank += 2;
    if (word == "updated" || word == "modified" || word == "deleted" || word == "birth" || word == "end" || word == "expires" ||
        word == "to")
      rank -= 6;
  }
  return rank - 20 * column.null_fraction - static_cast<double>(column.words.size()) * 0.1;
}

std::string rows_label_of(std::string_view table) {
  std::vector<std::string> words;
  for (const std::string& word : split_name(table)) {
    if (!is_digit(word.front()) && word.size() > 1) words.push_back(word);
  }
  if (words.empty()) return "Records";
  static constexpr auto singular = std::to_array<std::string_view>(
      {"news", "series", "species", "stocks", "status", "statistics", "stats", "prices", "normals", "gas", "sales"});
  // Of "contributions by party" the contributions are what is counted.
  static constexpr auto joints = std::to_array<std::string_view>({"across", "by", "of", "per", "in", "for", "from", "to", "with", "at"});
  const auto joint = std::find_first_of(words.begin() + 1, words.end(), joints.begin(), joints.end());
  const std::string& last = *(joint - 1);
  const bool plural = last.size() > 3 && last.back() == 's' && !last.ends_with("ss") && !last.ends_with("us") && !last.ends_with("is") &&
                      std::find(singular.begin(), singular.end(), last) == singular.end();
  return plural ? capitalised(join(words, " ")) : "Records";
}

}  // namespace

CivilDate civil_of(Day day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  return {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day()))};
}

Day day_of(CivilDate date) {
  const std::chrono::year_month_day civil{std::chrono::year{date.year}, std::chrono::month{static_cast<unsigned>(date.month)},
                                          std::chrono::day{static_cast<unsigned>(date.day)}};
  return std::chrono::sys_days{civil}.time_since_epoch().count();
}

std::optional<Day> parse_day(std::string_view text) {
  if (text.size() < 10 || !fits(text.substr(0, 10), "9999-99-99")) return {};
  return read_day(text.substr(0, 10), "%Y-%m-%d");
}

std::string format_day(Day day) {
  const CivilDate date = civil_of(day);
  const auto padded = [](int number, std::size_t width) {
    std::string text = str(number);
    return text.size() < width ? std::string(width - text.size(), '0') + text : text;
  };
  return str(padded(date.year, 4), '-', padded(date.month, 2), '-', padded(date.day, 2));
}

std::vector<std::string> table_stems(std::string_view name) {
  std::vector<std::string> stems;
  for (const std::string& word : split_name(name)) {
    if (!is_digit(word.front()) && word.size() > 1) stems.push_back(stem_of(spelled_out(word)));
  }
  return stems;
}

TableProfile make_table_profile(const json::object& schema) {
  TableProfile table;
  if (const SqlDialect* told = find_sql_dialect(text_at(schema, "dialect"))) table.dialect = told;
  table.table = text_at(schema, "table");
  table.sql_name = text_at(schema, "sql_name");
  if (table.sql_name.empty()) table.sql_name = table.dialect->identifier(table.table);
  table.source = text_at(schema, "source");
  if (table.source.empty()) table.source = table.sql_name;
  table.dataset = text_at(schema, "dataset");
  table.row_count = count_at(schema, "row_count").value_or(0);
  table.size_bytes = count_at(schema, "size_bytes").value_or(0);
  const std::string_view bare =
      std::string_view(table.table).substr(table.table.rfind('.') == std::string::npos ? 0 : table.table.rfind('.') + 1);
  table.stems = table_stems(bare);
  table.rows_label = rows_label_of(bare);

  const json::value* columns = schema.if_contains("columns");
  if (!columns || !columns->is_array()) return table;
  double best_rank = 0;
  for (const json::value& item : columns->get_array()) {
    if (!item.is_object() || table.columns.size() >= columns_max) continue;
    const json::object& object = item.get_object();
    static const json::object nothing;
    const json::value* block = object.if_contains("statistics");
    const json::object& statistics = block && block->is_object() ? block->get_object() : nothing;

    ColumnProfile column{.dialect = table.dialect};
    column.name = text_at(object, "name");
    if (column.name.empty()) continue;
    column.type = text_at(object, "type");
    if (column.type == "big_integer") column.type = "integer";
    if (column.type == "decimal") {
      column.type = "number";
      const std::string least = text_at(statistics, "min");
      const std::size_t point = least.find('.');
      if (!least.empty()) column.decimals = point == std::string::npos ? 0 : static_cast<int>(least.size() - point - 1);
    }
    column.numeric = column.type == "integer" || column.type == "number";
    column.sql = column.dialect->identifier(column.name);
    column.words = split_name(column.name);
    read_unit(column);
    for (const std::string& word : column.words) {
      for (const std::string& whole : split_name(spelled_out_in(column, word))) column.stems.push_back(stem_of(whole));
    }
    column.label = label_of(column);
    column.distinct = count_at(statistics, "distinct_count");
    column.null_fraction = number_at(statistics, "null_fraction").value_or(0);
    column.average = number_at(statistics, "average");
    if (column.numeric) {
      column.min = number_at(statistics, "min");
      column.max = number_at(statistics, "max");
    }
    if (const json::value* values = statistics.if_contains("top_values"); values && values->is_array()) {
      for (const json::value& entry : values->get_array()) {
        if (!entry.is_object()) continue;
        const std::string value = text_at(entry.get_object(), "value");
        const bool tells = std::any_of(value.begin(), value.end(),
                                       [](char c) { return is_digit(c) || is_letter(c) || static_cast<unsigned char>(c) >= 0x80; });
        (tells ? column.values : column.missing).push_back(value);
      }
    }
    read_role(column, statistics, table.row_count);
    if (column.role == ColumnRole::time) {
      const json::value* partitioning = object.if_contains("partitioning");
      const double rank = time_rank(column, partitioning && partitioning->is_bool() && partitioning->get_bool());
      if (!table.time || rank > best_rank) {
        table.time = table.columns.size();
        best_rank = rank;
      }
    }
    table.columns.push_back(std::move(column));
  }

  // Where one amount is in dollars ("US gross"), the others of the table are too.
  const bool dollars = std::any_of(table.columns.begin(), table.columns.end(), [](const ColumnProfile& column) {
    return column.role == ColumnRole::measure && column.money && (column.unit == "$" || has_word(column, "us"));
  });
  for (ColumnProfile& column : table.columns) {
    if (!dollars || column.role != ColumnRole::measure || !column.money || !column.unit.empty()) continue;
    column.unit = "$";
    column.unit_assumed = true;
  }

  // A year and things that each have one row (or a few) a year: counts of people, not events.
  if (const ColumnProfile* time = table.time_column(); time && time->time_is_year && time->distinct && *time->distinct > 1) {
    const double rows_a_year = static_cast<double>(table.row_count) / static_cast<double>(*time->distinct);
    double things = 1;
    for (const ColumnProfile& column : table.columns) {
      if (column.role != ColumnRole::dimension || column.numeric || !column.distinct) continue;
      const double next = things * static_cast<double>(*column.distinct);
      if (next <= rows_a_year * 1.1) things = next;
    }
    table.snapshot = things > 1 && things >= rows_a_year * 0.6;
  }
  // A quantity that is called as the table is must not be taken for its rows.
  const bool shared = std::any_of(table.columns.begin(), table.columns.end(), [&](const ColumnProfile& column) {
    return column.role == ColumnRole::measure && column.label == table.rows_label;
  });
  if (shared) table.rows_label = "Records";
  return table;
}

}  // namespace bridge::rules
