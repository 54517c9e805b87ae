#include "warehouse/postgres/postgres_dialect.h"

#include <algorithm>
#include <array>
#include <map>

#include "base/sql_name.h"
#include "base/text.h"

namespace bridge {

namespace {

constexpr std::string_view engine = "PostgreSQL";

// Reserved in PostgreSQL, and a name elsewhere. Sorted.
constexpr auto own_reserved_words =
    std::to_array<std::string_view>({"current_catalog", "current_date", "current_role", "current_schema", "current_time",
                                     "current_timestamp", "current_user", "grant", "localtime", "localtimestamp", "session_user"});

std::string quoted_text(std::string_view text) { return str('\'', replace_all(std::string(text), "'", "''"), '\''); }

std::string cast_to(std::string_view value, std::string_view type) { return str("CAST(", value, " AS ", type, ")"); }

// A text that is read by strptime's format, as a pattern with a group for each part.
struct TextFormat {
  std::string pattern;
  std::map<char, std::size_t> groups;  // by strptime's letter, from 1
};

constexpr std::string_view short_months = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec";
constexpr std::string_view long_months = "january|february|march|april|may|june|july|august|september|october|november|december";

std::optional<TextFormat> read_format(std::string_view format) {
  TextFormat out{.pattern = "^"};
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      if (std::string_view("-/:, TZ").contains(format[i])) out.pattern += format[i];
      else if (format[i] == '.') out.pattern += "[.]";
      else return std::nullopt;
      continue;
    }
    if (++i == format.size()) return std::nullopt;
    const char letter = format[i];
    if (letter == 'Y') out.pattern += "([0-9]{4})";
    else if (std::string_view("mdHMS").contains(letter)) out.pattern += "([0-9]{1,2})";
    else if (letter == 'b') out.pattern += str('(', short_months, ')');
    else if (letter == 'B') out.pattern += str('(', long_months, ')');
    else return std::nullopt;
    if (!out.groups.emplace(letter, out.groups.size() + 1).second) return std::nullopt;
  }
  out.pattern += " *$";
  const int months =
      static_cast<int>(out.groups.contains('m')) + static_cast<int>(out.groups.contains('b')) + static_cast<int>(out.groups.contains('B'));
  const bool is_whole = out.groups.contains('Y') && months <= 1 && (months == 1 || !out.groups.contains('d'));
  return is_whole ? std::optional(out) : std::nullopt;
}

class PostgresDialect final : public SqlDialect {
 public:
  std::string_view name() const override { return "postgres"; }
  std::string_view practice() const override {
    return R"(- Two whole numbers divide to a whole number: `sum(a) * 1.0 / nullif(sum(b), 0)`. `round(x, 2)` takes numeric: `round(x::numeric, 2)`.
- Time: `date_trunc('month', t)`, `extract(year from t)`, `t >= date '2024-01-01' and t < date '2024-02-01'`; no `strftime`, `year()` or `dateadd`.
- Shares of rows: `count(*) FILTER (WHERE late)`. Medians: `percentile_cont(0.5) WITHIN GROUP (ORDER BY x)`. First of each group: `DISTINCT ON`.
- No `QUALIFY`: number the rows in a subquery, filter outside. An alias of SELECT may stand in GROUP BY and ORDER BY, not in WHERE or HAVING.
- Text: `ILIKE` without capitals, `||` joins, NULL makes the whole NULL; `concat()` skips it. Names in double quotes keep their capitals.
- Storage is by row: fewer columns do not read less. What helps is a range on an indexed or partitioning column, without a function around it.
- Functions of the database and of extensions are refused.)";
  }
  const SqlLexicalRules& lexical_rules() const override {
    static const SqlLexicalRules rules{
        .has_escape_texts = true, .has_dollar_texts = true, .nests_comments = true, .placeholder_signs = "$"};
    return rules;
  }

  std::string quote_identifier(std::string_view name) const override { return quoted_sql_name(name); }
  std::string identifier(std::string_view name) const override {
    return std::ranges::binary_search(own_reserved_words, name) ? quoted_sql_name(name) : sql_name(name);
  }
  std::string text_literal(std::string_view text) const override { return quoted_text(text); }
  std::string date_literal(std::string_view day) const override { return str("DATE ", quoted_text(day)); }
  std::string true_literal() const override { return "TRUE"; }
  // A text stays without a type, so that it is compared with enums, ids and whatever else is written as text; all else says its type, which
  // the server could not tell of a null.
  std::string placeholder(std::size_t position, ColumnType type) const override {
    const std::string sign = str("$", position);
    switch (type) {
      case ColumnType::boolean: return cast_to(sign, "boolean");
      case ColumnType::integer: return cast_to(sign, "bigint");
      case ColumnType::big_integer:
      case ColumnType::decimal: return cast_to(sign, "numeric");
      case ColumnType::number: return cast_to(sign, "double precision");
      case ColumnType::date: return cast_to(sign, "date");
      case ColumnType::timestamp: return cast_to(sign, "timestamptz");
      case ColumnType::text:
      case ColumnType::time:
      case ColumnType::json: break;
    }
    return sign;
  }

  Result<std::string> cast(std::string_view value, ColumnType type) const override {
    switch (type) {
      case ColumnType::boolean: return cast_to(value, "boolean");
      case ColumnType::integer: return cast_to(value, "bigint");
      case ColumnType::big_integer:
      case ColumnType::decimal: return cast_to(value, "numeric");
      case ColumnType::number: return cast_to(value, "double precision");
      case ColumnType::text: return cast_to(value, "text");
      case ColumnType::date: return cast_to(value, "date");
      case ColumnType::timestamp: return cast_to(value, "timestamp");
      case ColumnType::time:
      case ColumnType::json: break;
    }
    return not_in_dialect(engine, str("cast to ", enum_name(type), " that Bridge writes"), "read the value as text");
  }

  std::string sort_key(std::string_view value, SortDirection direction) const override {
    return str(value, direction == SortDirection::descending ? " DESC" : "", " NULLS LAST");
  }
  std::string limit(std::size_t rows) const override { return str("LIMIT ", rows); }
  // TABLESAMPLE takes tables alone, and this may be a view or a query.
  std::string sample(std::string_view table, std::size_t rows) const override {
    return str("(SELECT * FROM ", table, " LIMIT ", rows, ") AS sample");
  }

  // Division by 0 ends a query of PostgreSQL; elsewhere it gives null.
  std::string ratio(std::string_view part, std::string_view whole) const override { return safe_ratio(part, whole); }
  std::string safe_ratio(std::string_view part, std::string_view whole) const override {
    return str(cast_to(part, "double precision"), " / nullif(", whole, ", 0)");
  }
  std::string band_start(std::string_view number, std::string_view width) const override {
    return str("floor(", cast_to(number, "double precision"), " / ", width, ") * ", width);
  }

  Result<std::string> quantile(std::string_view number, std::string_view fraction) const override {
    return str("percentile_cont(", fraction, ") WITHIN GROUP (ORDER BY ", cast_to(number, "double precision"), ")");
  }
  // percentile_cont computes in floating point: what it gives of exact numbers is cut to the digits that they have.
  Result<std::string> median(std::string_view number, std::optional<int> decimals) const override {
    const std::string middle = TRY(quantile(number, "0.5"));
    return decimals ? str("round(", cast_to(middle, "numeric"), ", ", *decimals, ")") : middle;
  }
  Result<std::string> standard_deviation(std::string_view number) const override {
    return str("stddev_samp(", cast_to(number, "double precision"), ")");
  }
  Result<std::string> value_at(ValueAt which, std::string_view value, std::string_view time) const override {
    return str("(array_agg(", value, " ORDER BY ", time, which == ValueAt::latest ? " DESC" : "", ") FILTER (WHERE ", value,
               " IS NOT NULL AND ", time, " IS NOT NULL))[1]");
  }

  // Weeks of date_trunc begin on Monday.
  std::string truncate(std::string_view time, TimeUnit unit) const override {
    if (unit == TimeUnit::day) return day_of(time);
    const std::string start = str("date_trunc('", unit_name(unit), "', ", time, ")");
    return unit == TimeUnit::hour ? start : cast_to(start, "date");
  }
  std::string day_of(std::string_view time) const override { return cast_to(time, "date"); }
  std::string date_part(std::string_view time, DatePart part) const override {
    const auto of = [&](std::string_view name) { return cast_to(str("date_part('", name, "', ", time, ")"), "integer"); };
    switch (part) {
      case DatePart::hour: return of("hour");
      case DatePart::weekday: return of("isodow");
      case DatePart::day: return of("day");
      case DatePart::month: break;
    }
    return of("month");
  }
  std::string weekday_name(std::string_view time) const override { return str("to_char(", time, ", 'FMDay')"); }
  std::string month_name(std::string_view time) const override { return str("to_char(", time, ", 'FMMonth')"); }
  std::string start_of_year(std::string_view year) const override { return str("make_date(", cast_to(year, "integer"), ", 1, 1)"); }
  std::string days_between(std::string_view from, std::string_view to) const override {
    return str("(", day_of(to), " - ", day_of(from), ")");
  }

  // to_date() takes 31 February for an error and 'soon' too: parts are read by a pattern, and only a day that there is becomes one.
  Result<std::string> parse_time(std::string_view text, std::string_view format) const override {
    const auto read = read_format(format);
    if (!read) {
      return not_in_dialect(engine, str("reading of texts such as ", quoted_text(format), " as dates"),
                            "a text of digits or names of months, as in '%Y-%m-%d' or '%d %b %Y %H:%M', would do");
    }
    const std::string match = str("regexp_match(", text, ", ", quoted_text(read->pattern), ", 'i')");
    const auto part = [&](char letter, std::string_view otherwise) {
      const auto group = read->groups.find(letter);
      return group == read->groups.end() ? std::string(otherwise) : cast_to(str("(", match, ")[", group->second, "]"), "integer");
    };
    const auto named_month = [&](char letter, std::string_view names) {
      const auto group = read->groups.find(letter);
      return str("array_position(string_to_array('", names, "', '|'), lower((", match, ")[", group->second, "]))");
    };
    const std::string year = part('Y', "1");
    const std::string month = read->groups.contains('b')   ? named_month('b', short_months)
                              : read->groups.contains('B') ? named_month('B', long_months)
                                                           : part('m', "1");
    const std::string day = part('d', "1");
    // Each WHEN is looked at only where those before it do not hold.
    std::string sql = str("CASE WHEN ", text, " IS NULL OR ", text, " !~* ", quoted_text(read->pattern), " THEN NULL WHEN ", year,
                          " < 1 OR ", month, " NOT BETWEEN 1 AND 12 OR ", day, " < 1 THEN NULL WHEN ", day,
                          " > date_part('day', make_date(", year, ", ", month, ", 1) + INTERVAL '1 month - 1 day') THEN NULL");
    const bool has_time = read->groups.contains('H') || read->groups.contains('M') || read->groups.contains('S');
    if (!has_time) return str(sql, " ELSE make_date(", year, ", ", month, ", ", day, ") END");
    const std::string hour = part('H', "0");
    const std::string minute = part('M', "0");
    const std::string second = part('S', "0");
    return str(sql, " WHEN ", hour, " > 23 OR ", minute, " > 59 OR ", second, " > 59 THEN NULL ELSE make_timestamp(", year, ", ", month,
               ", ", day, ", ", hour, ", ", minute, ", ", second, ") END");
  }

  Result<TimeWindow> window_back(std::string_view time, std::optional<TimeUnit> step, TimeUnit unit, int count) const override {
    if (!step) return TimeWindow{.order = std::string(time), .back = str(count)};
    const bool is_quarter = unit == TimeUnit::quarter;
    return TimeWindow{.order = std::string(time),
                      .back = is_quarter ? str("INTERVAL '", 3 * count, " month'") : str("INTERVAL '", count, " ", unit_name(unit), "'")};
  }

  std::optional<FunctionMeaning> meaning_of(std::string_view function) const override { return standard_meaning_of(function); }

  std::optional<SqlCaution> find_caution(std::string_view, const std::vector<ColumnName>&) const override { return std::nullopt; }
};

}  // namespace

const SqlDialect& postgres_dialect() {
  static const PostgresDialect dialect;
  return dialect;
}

}  // namespace bridge
