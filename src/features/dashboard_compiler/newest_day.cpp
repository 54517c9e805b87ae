#include "features/dashboard_compiler/newest_day.h"

#include "base/text.h"
#include "features/query_execution/query_execution.h"

namespace bridge {
namespace {

constexpr std::string_view kFirstNoDay = "9999-01-01";

// A word or a sign of the SQL outside of strings, quoted names and comments, and the bracket that it stands in.
struct Token {
  std::string word;  // in lower case; a sign is itself
  std::size_t start = 0;
  std::size_t end = 0;
  std::size_t bracket = 0;  // index of the token that opened it, plus one; 0: in none
};

// Of SQL that has been scanned before, so that all quotes and comments end.
std::vector<Token> tokens_of(std::string_view text, const SqlLexicalRules& rules) {
  std::vector<Token> tokens;
  std::vector<std::size_t> open;
  for (std::size_t at = 0; at < text.size();) {
    if (const auto opaque = find_opaque_sql(text, at, rules)) {
      at = opaque->end;
      continue;
    }
    const char c = text[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v') {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    if (is_sql_word_char(c)) {
      while (end < text.size() && is_sql_word_char(text[end])) ++end;
    }
    if (c == ')' && !open.empty()) open.pop_back();
    tokens.push_back({lower(text.substr(at, end - at)), at, end, open.empty() ? 0 : open.back()});
    if (c == '(') open.push_back(tokens.size());
    at = end;
  }
  return tokens;
}

// The SQL with its parameters as they stand in a document.
void write(const std::vector<SqlPiece>& pieces, std::string& out) {
  for (const SqlPiece& piece : pieces) {
    if (piece.kind == SqlPiece::Kind::text) {
      out += piece.text;
    } else if (piece.kind == SqlPiece::Kind::value) {
      out += str(":", piece.parameter, piece.part.empty() ? "" : ".", piece.part);
    } else {
      out += str("filter(:", piece.parameter, ", ");
      write(piece.expression, out);
      out += ")";
    }
  }
}

bool is_any(std::string_view word, std::initializer_list<std::string_view> words) { return std::ranges::find(words, word) != words.end(); }
bool is_set_operator(std::string_view word) { return is_any(word, {"union", "except", "intersect"}); }
bool ends_from(std::string_view word) {
  return is_set_operator(word) ||
         is_any(word, {"where", "group", "having", "window", "qualify", "order", "limit", "offset", "select", ";"});
}

class NewestDay {
 public:
  NewestDay(const ScannedSql& sql, const SqlDialect& dialect) : dialect_(dialect) {
    write(sql.pieces, text_);
    tokens_ = tokens_of(text_, dialect.lexical_rules());
  }

  Result<std::vector<std::string>> find(std::string_view parameter) const {
    std::vector<std::string> found;
    const std::string wanted = lower(parameter);
    for (std::size_t i = 0; i + 4 < tokens_.size(); ++i) {
      if (tokens_[i].word != "filter" || tokens_[i + 1].word != "(" || tokens_[i + 2].word != ":" || tokens_[i + 3].word != wanted ||
          tokens_[i + 4].word != ",")
        continue;
      std::size_t close = i + 5;
      while (close < tokens_.size() && !(tokens_[close].word == ")" && tokens_[close].bracket == tokens_[i].bracket)) ++close;
      if (close >= tokens_.size()) continue;
      const std::string expression(trim(std::string_view(text_).substr(tokens_[i + 4].end, tokens_[close].start - tokens_[i + 4].end)));
      if (auto sql = TRY(select_around(i, expression))) found.push_back(std::move(*sql));
    }
    return found;
  }

 private:
  std::string slice(std::size_t first, std::size_t last) const {  // of tokens, both included
    return text_.substr(tokens_[first].start, tokens_[last].end - tokens_[first].start);
  }

  // The tokens that stand in a bracket itself and not in one within it.
  std::vector<std::size_t> members_of(std::size_t bracket) const {
    std::vector<std::size_t> members;
    for (std::size_t i = bracket; i < tokens_.size(); ++i) {
      if (tokens_[i].bracket == bracket) members.push_back(i);
      else if (bracket > 0 && tokens_[i].word == ")" && tokens_[i].bracket == tokens_[bracket - 1].bracket) break;
    }
    return members;
  }

  Result<std::optional<std::string>> select_around(std::size_t at, const std::string& expression) const {
    std::vector<std::string> entries;
    std::optional<std::string> from;
    for (std::size_t bracket = tokens_[at].bracket;; at = bracket - 1, bracket = tokens_[at].bracket) {
      const std::vector<std::size_t> members = members_of(bracket);
      const bool is_query = !members.empty() && is_any(tokens_[members.front()].word, {"select", "with", "from"});
      if (is_query) {
        if (!from) from = from_around(members, at);
        if (from) {
          std::vector<std::string> here = with_entries(members, at);
          here.insert(here.end(), entries.begin(), entries.end());
          entries = std::move(here);
        }
      }
      if (bracket == 0) break;
    }
    if (!from) return std::optional<std::string>();
    const std::string with = entries.empty() ? std::string() : str("WITH ", join(entries, ", "), " ");
    const std::string column = str("(", expression, expression.contains("--") ? "\n)" : ")");
    const std::string no_day = TRY(dialect_.cast(dialect_.text_literal(kFirstNoDay), ColumnType::date));
    const std::string newest = dialect_.day_of(str("max(CASE WHEN ", column, " < ", no_day, " THEN ", column, " END)"));
    return std::optional(str(with, "SELECT ", newest, " AS newest_day ", *from));
  }

  // The FROM clause of the SELECT among `members` in which token `at` stands.
  std::optional<std::string> from_around(const std::vector<std::size_t>& members, std::size_t at) const {
    std::size_t first = 0;
    std::size_t last = members.size();
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (!is_set_operator(tokens_[members[i]].word)) continue;
      if (members[i] < at) first = i + 1;
      else {
        last = i;
        break;
      }
    }
    for (std::size_t i = first; i < last; ++i) {
      if (tokens_[members[i]].word != "from") continue;
      if (i > first && tokens_[members[i - 1]].word == "distinct" && i > first + 1 && is_any(tokens_[members[i - 2]].word, {"is", "not"}))
        continue;  // IS DISTINCT FROM
      std::size_t end = i + 1;
      while (end < last && !ends_from(tokens_[members[end]].word)) ++end;
      const std::size_t after = end < members.size() ? members[end] : end_of(members);
      return std::string(trim(std::string_view(text_).substr(tokens_[members[i]].start, position(after) - tokens_[members[i]].start)));
    }
    return std::nullopt;
  }

  // The token after the last of a bracket's members.
  std::size_t end_of(const std::vector<std::size_t>& members) const {
    const std::size_t bracket = tokens_[members.back()].bracket;
    if (bracket == 0) return tokens_.size();
    std::size_t i = members.back() + 1;
    while (i < tokens_.size() && !(tokens_[i].word == ")" && tokens_[i].bracket == tokens_[bracket - 1].bracket)) ++i;
    return i;
  }
  std::size_t position(std::size_t token) const { return token < tokens_.size() ? tokens_[token].start : text_.size(); }

  // The entries of a WITH that are complete before token `at`; all of them when it stands in the SELECT itself.
  std::vector<std::string> with_entries(const std::vector<std::size_t>& members, std::size_t at) const {
    if (tokens_[members.front()].word != "with") return {};
    std::vector<std::string> entries;
    std::size_t start = 1;
    for (std::size_t i = 1; i < members.size() && members[i] < at; ++i) {
      const std::string& word = tokens_[members[i]].word;
      const bool ends = is_any(word, {",", "select", "from"});
      if (!ends) continue;
      if (i > start) entries.push_back(slice(members[start], members[i] - 1));
      if (word != ",") break;
      start = i + 1;
    }
    return entries;
  }

  const SqlDialect& dialect_;
  std::string text_;
  std::vector<Token> tokens_;
};

}  // namespace

Result<std::vector<std::string>> newest_day_sql(const ScannedSql& sql, std::string_view parameter, const SqlDialect& dialect) {
  return NewestDay(sql, dialect).find(parameter);
}

Result<std::vector<BoundQuery>> bind_newest_day(const std::vector<const ScannedSql*>& queries,
                                                const std::vector<DocumentParameter>& parameters, std::string_view parameter,
                                                const SqlDialect& dialect) {
  std::vector<std::string> texts;
  for (const ScannedSql* sql : queries) {
    for (std::string& text : TRY(newest_day_sql(*sql, parameter, dialect))) {
      if (std::ranges::find(texts, text) == texts.end()) texts.push_back(std::move(text));
    }
  }
  if (texts.empty()) {
    return fail(ErrorCode::failed_precondition, "no_newest_day",
                str("No query on the tables filters by :", parameter, ", so that its newest day is not known: write filter(:", parameter,
                    ", column) in one of them, or name the days"));
  }
  std::vector<BoundQuery> bound;
  for (const std::string& text : texts)
    bound.push_back(TRY(bind_sql(scan_sql(text, dialect.lexical_rules()), parameters, {}, dialect)).query);
  return bound;
}

Result<std::optional<Day>> ask_newest_day(const CallContext& context, Warehouse& warehouse, const std::vector<BoundQuery>& queries,
                                          std::uint64_t bytes_max) {
  std::optional<Day> newest;
  for (const BoundQuery& query : queries) {
    const DryRun estimate = TRY(warehouse.dry_run(context, query));
    TRY(check_byte_cap(estimate.bytes_scanned, bytes_max));
    const auto day = newest_day_in(TRY(warehouse.execute(context, query, {.rows_max = 1, .scanned_bytes_max = bytes_max})));
    if (day && (!newest || *day > *newest)) newest = day;
  }
  return newest;
}

std::optional<Day> newest_day_in(const QueryResult& result) {
  if (result.row_count != 1 || result.columns.size() != 1 || !result.columns[0].valid[0] || result.columns[0].texts.empty())
    return std::nullopt;
  return parse_day(result.columns[0].texts[0]);
}

}  // namespace bridge
