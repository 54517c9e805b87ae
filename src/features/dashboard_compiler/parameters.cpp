#include "features/dashboard_compiler/parameters.h"

#include <charconv>
#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "features/dashboard_compiler/limits.h"
#include "features/dashboard_documents/limits.h"
#include "features/dashboard_documents/schema.h"

namespace bridge {
namespace {

using namespace std::chrono;

// Stands for NULL among the choices of an enum.
constexpr std::string_view kNoValue = "(none)";

struct Preset {
  std::string_view name;
  int days;  // 0: from the start of the month; -1: from the start of the year
};
constexpr Preset kPresets[] = {{"last_7_days", 7},     {"last_30_days", 30}, {"last_90_days", 90},
                               {"last_365_days", 365}, {"this_month", 0},    {"this_year", -1}};

// Days outside cannot be written with four digits on either side of a half-open range.
constexpr Day kFirstDay = sys_days{year{1} / 1 / 1};
// Many tables write "never" as this day.
constexpr Day kLastDay = sys_days{year{9999} / 12 / 31};

constexpr int kPeriodsOfDataMax = 9'999;

// The first day of as many months as end on `last`: of one month that ends on 31 March, 1 March; on 15 March, 16 February.
Day months_before(Day last, int count) {
  const year_month_day after{last + days{1}};
  const year_month_day first = after - months{count};
  if (first.year() < year{1}) return kFirstDay;
  return first.ok() ? Day{first} : Day{first.year() / first.month() / std::chrono::last};
}

std::string value_text(const json::value& value) {
  if (value.is_string()) return std::string(value.as_string());
  return value.is_double() ? str(value.as_double()) : json::serialize(value);
}

Violation wrong_value(const DocumentParameter& parameter, std::string message, std::string_view got, std::vector<std::string> allowed = {},
                      std::string suggestion = {}) {
  return {.path = parameter.name,
          .code = "bad_value",
          .message = std::move(message),
          .got = std::string(got.substr(0, 100)),
          .allowed = std::move(allowed),
          .suggestion = std::move(suggestion)};
}

struct Calendar {
  Day today;
  const NewestDays& newest;
};

std::expected<ParameterValue, Violation> read_range(const DocumentParameter& parameter, std::string_view text, const Calendar& calendar) {
  if (const auto preset = find_preset(text, calendar.today)) return ParameterValue{.all = false, .range = *preset};
  const auto newest = calendar.newest.find(parameter.name);
  const bool is_known = newest != calendar.newest.end();
  if (const auto preset = find_preset_of_data(text, is_known ? newest->second : calendar.today))
    return ParameterValue{.all = false, .range = *preset, .newest = is_known ? std::optional(newest->second) : std::nullopt};
  const auto bad = [&](std::string message) {
    const std::string suggestion = suggest_name(text, preset_names());
    return std::unexpected(wrong_value(parameter, std::move(message), text, preset_names(), suggestion));
  };
  const auto dots = text.find("..");
  if (dots == std::string_view::npos) {
    return bad(
        str("'", text.substr(0, 100), "' is not a range of days: write 2001-01-01..2001-03-31, or one of ", join(preset_names(), ", ")));
  }
  DayRange range;
  const std::string_view first = text.substr(0, dots), last = text.substr(dots + 2);
  if (!first.empty() && !(range.from = parse_day(first))) return bad(str("'", first.substr(0, 40), "' is not a day: write 2001-01-31"));
  if (!last.empty() && !(range.to = parse_day(last))) return bad(str("'", last.substr(0, 40), "' is not a day: write 2001-01-31"));
  if (range.from && range.to && *range.from > *range.to) return bad(str("the range ends before it begins: ", last, " is before ", first));
  if (!range.from && !range.to) return ParameterValue{};
  return ParameterValue{.all = false, .range = range};
}

std::expected<SqlValue, Violation> read_number(const DocumentParameter& parameter, std::string_view text) {
  const char* end_wanted = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto [end, error] = std::from_chars(text.data(), end_wanted, whole); error == std::errc{} && end == end_wanted)
    return SqlValue(whole);
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  const auto digit_count = static_cast<std::size_t>(std::ranges::count_if(digits, [](char c) { return c >= '0' && c <= '9'; }));
  const bool is_decimal = digit_count > 0 && digit_count + static_cast<std::size_t>(std::ranges::count(digits, '.')) == digits.size() &&
                          std::ranges::count(digits, '.') <= 1;
  if (is_decimal && digit_count <= kDecimalDigitsMax) return SqlValue(Decimal{std::string(text)});
  if (is_decimal) {
    return std::unexpected(wrong_value(
        parameter, str("'", text.substr(0, 40), "…' has more than ", kDecimalDigitsMax, " digits, which no engine compares"), text));
  }
  double number = 0;  // with an exponent, a number is as exact as a double is
  const auto [end, error] = std::from_chars(text.data(), end_wanted, number);
  if (error == std::errc{} && end == end_wanted && std::isfinite(number)) return SqlValue(number);
  return std::unexpected(wrong_value(parameter, str("'", text.substr(0, 40), "' is not a number"), text));
}

// One value of an enum: of the declared type, so that numbers are compared as numbers.
std::expected<SqlValue, Violation> read_choice(const DocumentParameter& parameter, std::string_view text) {
  const bool is_declared = std::ranges::any_of(parameter.values, [&](const json::value& value) { return value_text(value) == text; });
  if (text == kNoValue && !is_declared) return SqlValue(nullptr);
  if (parameter.values.empty()) return SqlValue(std::string(text));
  std::vector<std::string> allowed;
  for (const json::value& value : parameter.values) {
    allowed.push_back(value_text(value));
    if (allowed.back() != text) continue;
    if (value.is_int64()) return SqlValue(value.as_int64());
    if (value.is_double()) return read_number(parameter, text);
    return SqlValue(std::string(text));
  }
  std::string suggestion = suggest_name(text, allowed);
  std::string message = str("'", text.substr(0, 100), "' is not one of the values of ", parameter.name);
  if (!suggestion.empty()) message += str(": did you mean '", suggestion, "'?");
  allowed.push_back("all");
  return std::unexpected(wrong_value(parameter, std::move(message), text, std::move(allowed), std::move(suggestion)));
}

std::expected<SqlValue, Violation> read_single(const DocumentParameter& parameter, std::string_view text) {
  switch (parameter.type) {
    case ParameterType::date: {
      if (const auto day = parse_day(text)) return SqlValue(Date{format_day(*day)});
      return std::unexpected(wrong_value(parameter, str("'", text.substr(0, 40), "' is not a day: write 2001-01-31"), text));
    }
    case ParameterType::number: return read_number(parameter, text);
    case ParameterType::boolean:
      if (text == "true" || text == "1") return SqlValue(true);
      if (text == "false" || text == "0") return SqlValue(false);
      return std::unexpected(
          wrong_value(parameter, str("'", text.substr(0, 40), "' is neither true nor false"), text, {"true", "false", "all"}));
    case ParameterType::enumeration: return read_choice(parameter, text);
    default: return SqlValue(std::string(text));
  }
}

// The empty text is a choice like any other where choices come from the data, or are declared so.
bool may_be_empty(const DocumentParameter& parameter) {
  return parameter.type == ParameterType::enumeration &&
         (parameter.values.empty() || std::ranges::find(parameter.values, json::value("")) != parameter.values.end());
}

// Texts as they stand in a URL, one or (of an enum with `multiple`) several.
std::expected<ParameterValue, Violation> read_value(const DocumentParameter& parameter, const std::vector<std::string>& texts,
                                                    const Calendar& calendar) {
  for (const std::string& text : texts) {
    if (text == "all" || (text.empty() && !may_be_empty(parameter))) return ParameterValue{};
    if (const std::size_t characters = count_characters(text); characters > compiler_limits::kParameterValueCharactersMax) {
      return std::unexpected(
          wrong_value(parameter, too_long_message("A value", compiler_limits::kParameterValueCharactersMax, characters), text));
    }
    if (!is_valid_utf8(text) || text.find('\0') != std::string::npos)
      return std::unexpected(wrong_value(parameter, "the value is not plain text", ""));
  }
  if (texts.empty()) return ParameterValue{};
  if (texts.size() > 1 && !(parameter.type == ParameterType::enumeration && parameter.multiple)) {
    return std::unexpected(wrong_value(parameter, str(parameter.name, " takes one value, not ", texts.size()), texts[1]));
  }
  if (texts.size() > compiler_limits::kParameterValuesMax) {
    return std::unexpected(wrong_value(parameter, str("at most ", compiler_limits::kParameterValuesMax, " values may be chosen"), ""));
  }
  if (parameter.type == ParameterType::date_range) return read_range(parameter, texts.front(), calendar);
  ParameterValue value{.all = false};
  for (const std::string& text : texts) {
    auto one = read_single(parameter, text);
    if (!one) return std::unexpected(std::move(one).error());
    value.values.push_back(std::move(*one));
  }
  return value;
}

Error bad_parameters(std::vector<Violation> violations) {
  std::string message = str("The parameters have problems: ", violations.front().path, ": ", violations.front().message);
  return {
      .code = ErrorCode::invalid_argument, .message = std::move(message), .reason = "bad_parameter", .violations = std::move(violations)};
}

// What a parameter's value is bound as where it is null.
ColumnType type_of(const DocumentParameter& parameter) {
  switch (parameter.type) {
    case ParameterType::date_range:
    case ParameterType::date: return ColumnType::date;
    case ParameterType::number: return ColumnType::number;
    case ParameterType::boolean: return ColumnType::boolean;
    case ParameterType::enumeration: {
      const bool is_number = !parameter.values.empty() && std::ranges::all_of(parameter.values, &json::value::is_number);
      return is_number ? ColumnType::number : ColumnType::text;
    }
    case ParameterType::text: break;
  }
  return ColumnType::text;
}

class Binder {
 public:
  Binder(const std::vector<DocumentParameter>& parameters, const ParameterValues& values, const SqlDialect& dialect)
      : parameters_(parameters), values_(values), dialect_(dialect) {}

  BoundSql out;

  Result<> bind(const std::vector<SqlPiece>& pieces) {
    for (const SqlPiece& piece : pieces) {
      if (piece.kind == SqlPiece::Kind::text) add(piece.text, piece.offset, true);
      else if (piece.kind == SqlPiece::Kind::value) TRY(bind_value(piece));
      else TRY(bind_filter(piece));
      if (out.query.values.size() > compiler_limits::kBoundValuesMax || out.query.sql.size() > 4 * compiler_limits::kSqlBytesMax) {
        return fail(ErrorCode::invalid_argument, "query_too_large",
                    "With these parameters the query becomes too large: choose fewer values");
      }
    }
    return {};
  }

 private:
  void add(std::string_view text, std::size_t source, bool verbatim) {
    out.segments.push_back({out.query.sql.size(), source, verbatim});
    out.query.sql += text;
  }
  void add_placeholder(SqlValue value, ColumnType of_null, std::size_t source) {
    const ColumnType type = type_of(value, of_null);
    out.query.values.push_back(std::move(value));
    add(dialect_.placeholder(out.query.values.size(), type), source, false);
  }

  Result<std::pair<const DocumentParameter*, const ParameterValue*>> find(const SqlPiece& piece) const {
    static const ParameterValue all;
    const auto parameter = std::ranges::find(parameters_, piece.parameter, &DocumentParameter::name);
    if (parameter == parameters_.end())
      return fail(ErrorCode::invalid_argument, "unknown_parameter", str("There is no parameter '", piece.parameter, "'"));
    const auto value = values_.find(piece.parameter);
    return std::pair{&*parameter, value == values_.end() ? &all : &value->second};
  }

  Result<> bind_value(const SqlPiece& piece) {
    const auto [parameter, value] = TRY(find(piece));
    if (parameter->type == ParameterType::date_range) {
      const std::optional<Day>& day = piece.part == "from" ? value->range.from : value->range.to;
      if (piece.part != "from" && piece.part != "to") {
        return fail(ErrorCode::invalid_argument, "bad_parameter_use",
                    str(":", piece.parameter, " is a range: use filter(:", piece.parameter, ", column), .from or .to"));
      }
      add_placeholder(day ? SqlValue(Date{format_day(*day)}) : SqlValue(nullptr), ColumnType::date, piece.offset);
      return {};
    }
    if (value->values.size() > 1) {
      return fail(ErrorCode::invalid_argument, "bad_parameter_use",
                  str(":", piece.parameter, " may hold several values: use filter(:", piece.parameter, ", column)"));
    }
    add_placeholder(value->values.empty() ? SqlValue(nullptr) : value->values.front(), type_of(*parameter), piece.offset);
    return {};
  }

  Result<> bind_filter(const SqlPiece& piece) {
    const auto [parameter, value] = TRY(find(piece));
    if (value->all) {
      add(dialect_.true_literal(), piece.offset, false);
      return {};
    }
    if (parameter->type == ParameterType::date_range) return bind_days(piece, value->range);
    if (parameter->type == ParameterType::date) {
      const auto day = parse_day(std::get<Date>(value->values.front()).text);
      return bind_days(piece, {day, day});
    }
    std::vector<SqlValue> values = value->values;
    const bool has_null = std::erase_if(values, [](const SqlValue& one) { return std::holds_alternative<std::nullptr_t>(one); }) > 0;
    add("((", piece.offset, false);
    if (has_null) {
      TRY(bind(piece.expression));
      add(values.empty() ? ") IS NULL)" : ") IS NULL OR (", piece.offset, false);
    }
    if (values.empty()) return {};
    TRY(bind(piece.expression));
    add(values.size() == 1 ? ") = " : ") IN (", piece.offset, false);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) add(", ", piece.offset, false);
      add_placeholder(values[i], type_of(*parameter), piece.offset);
    }
    add(values.size() == 1 ? ")" : "))", piece.offset, false);
    return {};
  }

  // Half-open, so that the last day counts whole in a column of times. Nothing follows the last of all days: it is no bound.
  Result<> bind_days(const SqlPiece& piece, DayRange range) {
    if (range.to == kLastDay) range.to = std::nullopt;
    if (!range.from && !range.to) {
      add(dialect_.true_literal(), piece.offset, false);
      return {};
    }
    add("(", piece.offset, false);
    if (range.from) TRY(bind_side(piece, " >= ", *range.from));
    if (range.from && range.to) add(" AND ", piece.offset, false);
    if (range.to) TRY(bind_side(piece, " < ", *range.to + days{1}));
    add(")", piece.offset, false);
    return {};
  }
  Result<> bind_side(const SqlPiece& piece, std::string_view comparison, Day day) {
    add("(", piece.offset, false);
    TRY(bind(piece.expression));
    add(")", piece.offset, false);
    add(comparison, piece.offset, false);
    add_placeholder(Date{format_day(day)}, ColumnType::date, piece.offset);
    return {};
  }

  const std::vector<DocumentParameter>& parameters_;
  const ParameterValues& values_;
  const SqlDialect& dialect_;
};

}  // namespace

std::string format_day(Day day) {
  const year_month_day date{day};
  char buffer[32];
  const int length = std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02u", static_cast<int>(date.year()),
                                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return std::string(buffer, static_cast<std::size_t>(length));
}

std::optional<Day> parse_day(std::string_view text) {
  if (text.size() != 10) return std::nullopt;
  const auto time = parse_time(text);
  if (!time) return std::nullopt;
  const Day day = day_of(*time);
  return day < kFirstDay || day > kLastDay ? std::nullopt : std::optional(day);
}

Day day_of(Time time) { return floor<days>(time); }

std::optional<DayRange> find_preset(std::string_view name, Day today) {
  const year_month_day date{today};
  for (const Preset& preset : kPresets) {
    if (preset.name != name) continue;
    if (preset.days > 0) return DayRange{today - days{preset.days - 1}, today};
    return DayRange{preset.days == 0 ? Day{date.year() / date.month() / 1} : Day{date.year() / 1 / 1}, today};
  }
  return std::nullopt;
}

std::optional<DayRange> find_preset_of_data(std::string_view name, Day newest) {
  constexpr std::string_view suffix = "_of_data";
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  if (name == "this_month" || name == "this_year") return find_preset(name, newest);
  if (!name.starts_with("last_")) return std::nullopt;
  name.remove_prefix(5);
  int count = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), count);
  if (error != std::errc{} || count < 1 || count > kPeriodsOfDataMax || end == name.data() + name.size() || *end != '_')
    return std::nullopt;
  std::string_view unit = name.substr(static_cast<std::size_t>(end - name.data()) + 1);
  if (unit.ends_with('s')) unit.remove_suffix(1);
  if (unit == "day") return DayRange{std::max(newest - days{count - 1}, kFirstDay), newest};
  if (unit == "week") return DayRange{std::max(newest - days{7 * count - 1}, kFirstDay), newest};
  if (unit == "month") return DayRange{months_before(newest, count), newest};
  if (unit == "year") return DayRange{months_before(newest, 12 * count), newest};
  return std::nullopt;
}

const std::vector<std::string>& preset_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Preset& preset : kPresets) all.emplace_back(preset.name);
    // Any number and days, weeks, months or years will do; these stand for all of them.
    for (const std::string_view name : {"last_90_days_of_data", "last_12_months_of_data", "this_year_of_data"}) all.emplace_back(name);
    all.emplace_back("all");
    return all;
  }();
  return names;
}

const std::vector<std::string>& reserved_parameter_names() {
  static const std::vector<std::string> names{"limit", "cursor", "offset", "format", "sort", "team_id", "fresh", "drill"};
  return names;
}

Result<ParameterValue> default_value(const DocumentParameter& parameter, ViewType view_type, Day today, const NewestDays& newest) {
  const json::value value = effective_default(parameter, view_type);
  std::vector<std::string> texts;
  if (const auto* list = value.if_array()) {
    for (const json::value& item : *list) texts.push_back(value_text(item));
  } else {
    texts.push_back(value_text(value));
  }
  auto read = read_value(parameter, texts, {today, newest});
  if (!read) return fail(bad_parameters({std::move(read).error()}));
  return std::move(*read);
}

std::vector<std::string> parameters_of_data(const std::vector<DocumentParameter>& parameters, ViewType view_type,
                                            const std::vector<std::pair<std::string, std::string>>& query) {
  std::vector<std::string> names;
  for (const DocumentParameter& parameter : parameters) {
    if (parameter.type != ParameterType::date_range) continue;
    const auto given = std::ranges::find(query, parameter.name, &std::pair<std::string, std::string>::first);
    const std::string text = given == query.end() ? value_text(effective_default(parameter, view_type)) : given->second;
    if (find_preset_of_data(text, kFirstDay + days{1})) names.push_back(parameter.name);
  }
  return names;
}

Result<ParameterValues> read_parameter_values(const std::vector<DocumentParameter>& parameters, ViewType view_type,
                                              const std::vector<std::pair<std::string, std::string>>& query, Day today,
                                              const NewestDays& newest) {
  std::map<std::string, std::vector<std::string>> given;
  std::vector<Violation> violations;
  std::vector<std::string> names;
  for (const DocumentParameter& parameter : parameters) names.push_back(parameter.name);
  for (const auto& [name, value] : query) {
    if (std::ranges::find(names, name) != names.end()) {
      given[name].push_back(value);
      continue;
    }
    if (std::ranges::find(reserved_parameter_names(), name) != reserved_parameter_names().end()) continue;
    std::string suggestion = suggest_name(name, names);
    std::string message = str("there is no parameter '", name.substr(0, 100), "'");
    if (!suggestion.empty()) message += str(": did you mean '", suggestion, "'?");
    if (violations.size() < document_limits::kViolationsMax) {
      violations.push_back({.path = name.substr(0, 100),
                            .code = "unknown_parameter",
                            .message = std::move(message),
                            .got = name.substr(0, 100),
                            .allowed = names,
                            .suggestion = std::move(suggestion)});
    }
  }
  ParameterValues values;
  for (const DocumentParameter& parameter : parameters) {
    const auto texts = given.find(parameter.name);
    if (texts == given.end()) {
      values[parameter.name] = TRY(default_value(parameter, view_type, today, newest));
      continue;
    }
    auto value = read_value(parameter, texts->second, {today, newest});
    if (value) values[parameter.name] = std::move(*value);
    else violations.push_back(std::move(value).error());
  }
  if (!violations.empty()) return fail(bad_parameters(std::move(violations)));
  return values;
}

std::optional<ParameterValue> previous_period(const ParameterValue& value) {
  if (value.all || !value.range.from || !value.range.to) return std::nullopt;
  const year_month_day first{*value.range.from}, after{*value.range.to + days{1}};
  // Whole months stand beside whole months, however many days they have; else as many days as there are.
  const bool is_months = first.day() == day{1} && after.day() == day{1};
  const int count = (static_cast<int>(after.year()) - static_cast<int>(first.year())) * 12 +
                    static_cast<int>(static_cast<unsigned>(after.month())) - static_cast<int>(static_cast<unsigned>(first.month()));
  const Day from = is_months ? Day{first - months{count}} : *value.range.from - (*value.range.to - *value.range.from + days{1});
  const Day to = *value.range.from - days{1};
  if (from < kFirstDay) return std::nullopt;
  return ParameterValue{.all = false, .range = {from, to}};
}

std::size_t BoundSql::source_offset(int line, int column) const {
  std::size_t at = 0;
  for (int i = 1; i < line && at < query.sql.size(); ++i) at = std::min(query.sql.find('\n', at), query.sql.size() - 1) + 1;
  for (int i = 1; i < column && at < query.sql.size() && query.sql[at] != '\n'; ++i) {
    do ++at;
    while (at < query.sql.size() && (static_cast<unsigned char>(query.sql[at]) & 0xC0) == 0x80);
  }
  const auto after = std::ranges::upper_bound(segments, at, {}, &Segment::bound);
  if (after == segments.begin()) return 0;
  const Segment& segment = *std::prev(after);
  return segment.verbatim ? segment.source + (at - segment.bound) : segment.source;
}

Result<BoundSql> bind_sql(const ScannedSql& sql, const std::vector<DocumentParameter>& parameters, const ParameterValues& values,
                          const SqlDialect& dialect) {
  if (!sql.problems.empty()) return fail(ErrorCode::invalid_argument, "bad_sql", sql.problems.front().message);
  Binder binder(parameters, values, dialect);
  TRY(binder.bind(sql.pieces));
  return std::move(binder.out);
}

}  // namespace bridge
