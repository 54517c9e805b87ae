#include "features/dashboard_compiler/sql_text.h"

#include "base/text.h"
#include "features/dashboard_compiler/limits.h"
#include "features/dashboard_documents/limits.h"

namespace bridge {
namespace {

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_char(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }
bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }

// Words after which a value begins, so that a colon after them is no slice.
bool is_operator_word(std::string_view word) {
  static constexpr std::string_view words[] = {"and",    "or",    "not",    "in",     "is",       "like",  "ilike", "between",
                                               "when",   "then",  "else",   "case",   "from",     "where", "by",    "on",
                                               "having", "limit", "offset", "select", "distinct", "any",   "all",   "as"};
  return std::ranges::find(words, lower(word)) != std::end(words);
}

class Scanner {
 public:
  Scanner(std::string_view text, const SqlLexicalRules& rules) : text_(text), rules_(rules) {}

  std::vector<SqlProblem> problems;

  // Reads to the end, or inside a filter to the `)` that closes it, which it does not take.
  std::vector<SqlPiece> scan(std::size_t nesting) {
    std::vector<SqlPiece> pieces;
    std::string open_brackets;
    std::size_t text_start = at_;
    bool after_operand = false;
    const auto flush = [&] {
      if (at_ > text_start)
        pieces.push_back(
            {.kind = SqlPiece::Kind::text, .offset = text_start, .text = std::string(text_.substr(text_start, at_ - text_start))});
    };
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (is_blank(c)) {
        ++at_;
      } else if (const auto opaque = find_opaque_sql(text_, at_, rules_)) {
        skip(*opaque);
        if (!opaque->is_comment) after_operand = true;
      } else if (rules_.placeholder_signs.contains(c)) {
        refuse_placeholder(c);
        after_operand = true;
      } else if (is_sql_word_char(c)) {
        const std::size_t start = at_;
        const std::string_view word = read_word();
        if (starts_filter(word)) {
          const std::size_t after_word = at_;
          at_ = start;
          flush();
          at_ = after_word;
          pieces.push_back(read_filter(start, nesting));
          text_start = at_;
          after_operand = true;
        } else {
          after_operand = !is_operator_word(word);
        }
      } else if (text_.substr(at_, 2) == "::" || text_.substr(at_, 2) == ":=") {
        at_ += 2;
        after_operand = false;
      } else if (c == ':' && starts_value(open_brackets, after_operand)) {
        flush();
        pieces.push_back(read_value());
        text_start = at_;
        after_operand = true;
      } else if (c == '(' || c == '[' || c == '{') {
        open_brackets += c;
        ++at_;
        after_operand = false;
      } else if (c == ')' || c == ']' || c == '}') {
        if (c == ')' && nesting > 0 && open_brackets.empty()) break;
        if (!open_brackets.empty()) open_brackets.pop_back();
        ++at_;
        after_operand = true;
      } else {
        ++at_;
        after_operand = false;
      }
    }
    flush();
    return pieces;
  }

 private:
  void problem(std::size_t offset, std::string code, std::string message, std::string got = {}) {
    if (problems.size() < document_limits::kViolationsMax)
      problems.push_back({offset, std::move(code), std::move(message), std::move(got)});
  }

  std::string_view read_word() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_sql_word_char(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }
  std::string read_name() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_name_char(text_[at_])) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }
  std::size_t skip_blanks(std::size_t from) const {
    while (from < text_.size() && is_blank(text_[from])) ++from;
    return from;
  }
  bool name_starts_at(std::size_t at) const { return at < text_.size() && is_name_start(text_[at]); }

  void skip(const OpaqueSql& opaque) {
    if (!opaque.is_closed) {
      if (opaque.is_comment) problem(at_, "unterminated_comment", str("this comment has no end: ", opaque.closing, " is missing"));
      else problem(at_, "unterminated_quote", str("this quote has no end: a closing ", opaque.closing, " is missing"));
    }
    at_ = opaque.end;
  }

  // `?`, `$1` and `$name` would be placeholders of somebody else.
  void refuse_placeholder(char sign) {
    const std::size_t start = at_++;
    const std::string name = read_name();
    const std::string written = sign + name;
    if (name.empty() && sign != '?') return;
    const bool is_named = !name.empty() && is_name_start(name.front());
    problem(start, "placeholder", str("'", written, "' is not a parameter here: write :", is_named ? name : "name"), written);
  }

  // `filter(` and then a parameter; `FILTER (WHERE …)` and list functions are the engine's own.
  bool starts_filter(std::string_view word) const {
    if (lower(word) != "filter") return false;
    const std::size_t open = skip_blanks(at_);
    if (open >= text_.size() || text_[open] != '(') return false;
    const std::size_t colon = skip_blanks(open + 1);
    return colon < text_.size() && text_[colon] == ':' && name_starts_at(colon + 1);
  }

  SqlPiece read_filter(std::size_t start, std::size_t nesting) {
    SqlPiece piece{.kind = SqlPiece::Kind::filter, .offset = start};
    at_ = skip_blanks(skip_blanks(at_) + 1) + 1;
    piece.parameter = read_name();
    at_ = skip_blanks(at_);
    if (at_ >= text_.size() || text_[at_] != ',') {
      problem(start, "filter_without_expression", str("filter needs a second argument: filter(:", piece.parameter, ", column)"),
              piece.parameter);
      return piece;
    }
    at_ = skip_blanks(at_ + 1);
    if (nesting >= compiler_limits::kSqlNestingMax) {
      problem(start, "too_deep", "filters are nested too deeply");
      at_ = text_.size();
      return piece;
    }
    piece.expression = scan(nesting + 1);
    const bool blank = std::ranges::all_of(
        piece.expression, [](const SqlPiece& part) { return part.kind == SqlPiece::Kind::text && trim(part.text).empty(); });
    if (blank)
      problem(start, "filter_without_expression", str("filter needs a second argument: filter(:", piece.parameter, ", column)"),
              piece.parameter);
    if (at_ < text_.size()) {
      ++at_;
    } else {
      problem(start, "unclosed_filter", "this filter( is never closed: a ) is missing");
    }
    return piece;
  }

  // A colon right after a name, a literal or a bracket, or between operands inside [ ] or { }, belongs to the engine's own syntax.
  bool starts_value(const std::string& open_brackets, bool after_operand) const {
    if (!name_starts_at(at_ + 1)) return false;
    const char before = at_ == 0 ? ' ' : text_[at_ - 1];
    const bool ends_quote = rules_.text_quotes.contains(before) || rules_.identifier_quotes.contains(before);
    if (is_sql_word_char(before) || ends_quote || before == ')' || before == ']') return false;
    const bool in_brackets = !open_brackets.empty() && open_brackets.back() != '(';
    return !(in_brackets && after_operand);
  }

  SqlPiece read_value() {
    SqlPiece piece{.kind = SqlPiece::Kind::value, .offset = at_};
    ++at_;
    piece.parameter = read_name();
    if (at_ < text_.size() && text_[at_] == '.' && name_starts_at(at_ + 1)) {
      ++at_;
      piece.part = read_name();
    }
    return piece;
  }

  std::string_view text_;
  const SqlLexicalRules& rules_;
  std::size_t at_ = 0;
};

void collect_uses(const std::vector<SqlPiece>& pieces, std::vector<ParameterUse>& uses) {
  for (const SqlPiece& piece : pieces) {
    if (piece.kind == SqlPiece::Kind::text) continue;
    uses.push_back({piece.parameter, piece.part, piece.kind == SqlPiece::Kind::filter, piece.offset});
    collect_uses(piece.expression, uses);
  }
}

}  // namespace

ScannedSql scan_sql(std::string_view text, const SqlLexicalRules& rules) {
  Scanner scanner(text, rules);
  ScannedSql sql;
  sql.pieces = scanner.scan(0);
  sql.problems = std::move(scanner.problems);
  return sql;
}

std::vector<ParameterUse> parameter_uses(const ScannedSql& sql) {
  std::vector<ParameterUse> uses;
  collect_uses(sql.pieces, uses);
  return uses;
}

}  // namespace bridge
