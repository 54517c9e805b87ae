#include "features/rules/sql_tokens.h"

#include <map>

#include "base/text.h"

namespace bridge::rules {

namespace {

bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What one dialect writes, and what another writes for it. Words that begin with hole_prefix stand for any expression.
struct Rewriting {
  Tokens from;
  Tokens to;
};
using Holes = std::map<std::string, Tokens>;

constexpr std::string_view hole_prefix = "hole_";

bool is_hole(const Token& token) { return token.kind == Token::Kind::word && token.text.starts_with(hole_prefix); }
bool is_sign(const Token& token, std::string_view sign) { return token.kind == Token::Kind::sign && token.text == sign; }

// Whether the pattern from `part` on stands at `at`; sets the end of it then.
bool matches(const Tokens& tokens, std::size_t at, const Tokens& pattern, std::size_t part, Holes& holes, std::size_t& end) {
  if (part == pattern.size()) {
    end = at;
    return true;
  }
  if (at >= tokens.size()) return false;
  if (!is_hole(pattern[part])) return tokens[at] == pattern[part] && matches(tokens, at + 1, pattern, part + 1, holes, end);
  const std::string& hole = pattern[part].text;
  if (const auto known = holes.find(hole); known != holes.end()) {
    const Tokens& content = known->second;
    if (tokens.size() - at < content.size()) return false;
    if (!std::equal(content.begin(), content.end(), tokens.begin() + static_cast<std::ptrdiff_t>(at))) return false;
    return matches(tokens, at + content.size(), pattern, part + 1, holes, end);
  }
  int depth = 0;
  for (std::size_t last = at; last < tokens.size(); ++last) {
    if (is_sign(tokens[last], "(")) ++depth;
    if (is_sign(tokens[last], ")") && --depth < 0) return false;
    if (depth == 0 && is_sign(tokens[last], ",")) return false;
    if (depth > 0) continue;
    Holes tried = holes;
    tried[hole] = Tokens(tokens.begin() + static_cast<std::ptrdiff_t>(at), tokens.begin() + static_cast<std::ptrdiff_t>(last) + 1);
    if (!matches(tokens, last + 1, pattern, part + 1, tried, end)) continue;
    holes = std::move(tried);
    return true;
  }
  return false;
}

Tokens rewritten(const Tokens& tokens, const Rewriting& rewriting) {
  if (rewriting.from == rewriting.to) return tokens;
  Tokens out;
  for (std::size_t at = 0; at < tokens.size();) {
    Holes holes;
    std::size_t end = 0;
    if (!matches(tokens, at, rewriting.from, 0, holes, end)) {
      out.push_back(tokens[at++]);
      continue;
    }
    for (const Token& token : rewriting.to) {
      if (!is_hole(token)) out.push_back(token);
      else out.insert(out.end(), holes[token.text].begin(), holes[token.text].end());
    }
    at = end;
  }
  return out;
}

// What contains others stands before them.
std::vector<Rewriting> rewritings_of(const SqlDialect& from, const SqlDialect& to) {
  std::vector<Rewriting> all;
  const auto add = [&](const auto& write) {
    const Result<std::string> a = write(from);
    const Result<std::string> b = write(to);
    if (a && b) all.push_back({tokens_of(*a), tokens_of(*b)});
  };
  const auto window = [](const SqlDialect& dialect, TimeUnit unit) -> Result<std::string> {
    return TRY(dialect.window_back("hole_1", unit, unit, 1)).order;
  };
  add([&](const SqlDialect& dialect) { return window(dialect, TimeUnit::month); });
  add([&](const SqlDialect& dialect) { return window(dialect, TimeUnit::day); });
  add([](const SqlDialect& dialect) -> Result<std::string> { return dialect.weekday_name("hole_1"); });
  add([](const SqlDialect& dialect) -> Result<std::string> { return dialect.month_name("hole_1"); });
  add([](const SqlDialect& dialect) -> Result<std::string> { return dialect.start_of_year("hole_1"); });
  add([](const SqlDialect& dialect) -> Result<std::string> { return dialect.days_between("hole_1", "hole_2"); });
  add([](const SqlDialect& dialect) -> Result<std::string> { return dialect.band_start("hole_1", "hole_2"); });
  constexpr int decimals_max = 9;
  for (int decimals = 0; decimals <= decimals_max; ++decimals)
    add([decimals](const SqlDialect& dialect) { return dialect.median("hole_1", decimals); });
  add([](const SqlDialect& dialect) { return dialect.median("hole_1"); });
  add([](const SqlDialect& dialect) { return dialect.quantile("hole_1", "hole_2"); });
  add([](const SqlDialect& dialect) { return dialect.standard_deviation("hole_1"); });
  for (const ValueAt which : {ValueAt::earliest, ValueAt::latest})
    add([which](const SqlDialect& dialect) { return dialect.value_at(which, "hole_1", "hole_2"); });
  for (const TimeUnit unit : {TimeUnit::quarter, TimeUnit::hour, TimeUnit::week, TimeUnit::month, TimeUnit::year, TimeUnit::day})
    add([unit](const SqlDialect& dialect) -> Result<std::string> { return dialect.truncate("hole_1", unit); });
  for (const DatePart part : {DatePart::weekday, DatePart::hour, DatePart::day, DatePart::month})
    add([part](const SqlDialect& dialect) -> Result<std::string> { return dialect.date_part("hole_1", part); });
  add([](const SqlDialect& dialect) -> Result<std::string> { return dialect.day_of("hole_1"); });
  add([](const SqlDialect& dialect) { return dialect.cast("hole_1", ColumnType::text); });
  add([](const SqlDialect& dialect) -> Result<std::string> { return dialect.safe_ratio("hole_1", "hole_2"); });
  add([](const SqlDialect& dialect) -> Result<std::string> { return dialect.ratio("hole_1", "hole_2"); });
  return all;
}

}  // namespace

Tokens tokens_of(std::string_view sql) {
  Tokens tokens;
  for (std::size_t i = 0; i < sql.size();) {
    const char c = sql[i];
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      ++i;
    } else if (c == '\'' || c == '"') {
      std::string text;
      for (++i; i < sql.size(); ++i) {
        if (sql[i] != c) text += sql[i];
        else if (i + 1 < sql.size() && sql[i + 1] == c) text += sql[i++];
        else break;
      }
      ++i;
      tokens.push_back({c == '"' ? Token::Kind::name : Token::Kind::text, text});
    } else if (is_digit(c)) {
      std::size_t end = i;
      while (end < sql.size() && (is_digit(sql[end]) || sql[end] == '.' || is_word_start(sql[end]))) ++end;
      tokens.push_back({Token::Kind::number, std::string(sql.substr(i, end - i))});
      i = end;
    } else if (is_word_start(c)) {
      std::size_t end = i;
      while (end < sql.size() && (is_word_start(sql[end]) || is_digit(sql[end]))) ++end;
      tokens.push_back({Token::Kind::word, lower(sql.substr(i, end - i))});
      i = end;
    } else {
      const std::string_view pair = sql.substr(i, 2);
      const bool two = pair == "<=" || pair == ">=" || pair == "<>" || pair == "!=" || pair == "||" || pair == "::";
      tokens.push_back({Token::Kind::sign, std::string(sql.substr(i, two ? 2 : 1))});
      i += two ? 2 : 1;
    }
  }
  return tokens;
}

Tokens in_local_words(Tokens tokens, const TableProfile& table) {
  const SqlDialect& local = local_sql_dialect();
  if (table.dialect == &local) return tokens;
  for (const ColumnProfile& column : table.columns) {
    if (column.time_is_text && column.time_sql != column.sql)
      tokens = rewritten(tokens, {tokens_of(column.time_sql), tokens_of(table.dialect->identifier(column.name))});
  }
  for (const Rewriting& each : rewritings_of(*table.dialect, local)) tokens = rewritten(tokens, each);
  return tokens;
}

}  // namespace bridge::rules
