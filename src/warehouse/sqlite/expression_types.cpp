#include "warehouse/sqlite/expression_types.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>

#include "base/text.h"
#include "warehouse/sqlite/value_types.h"

namespace bridge::sqlite {

namespace {

constexpr int nesting_max = 40;  // of expressions, and of names that stand for others

enum class TokenKind : std::uint8_t { word, name, text, number, symbol };
struct Token {
  TokenKind kind = TokenKind::symbol;
  std::string text;  // words in lower case, names and texts without their quotes
};
using Tokens = std::span<const Token>;
using Type = std::optional<ColumnType>;

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return std::isalnum(byte) || c == '_' || c == '$' || byte >= 0x80;
}

std::vector<Token> tokens_of(std::string_view sql) {
  std::vector<Token> tokens;
  for (std::size_t at = 0; at < sql.size();) {
    const char c = sql[at];
    const std::string_view rest = sql.substr(at);
    if (std::isspace(static_cast<unsigned char>(c))) {
      ++at;
    } else if (rest.starts_with("--")) {
      at = std::min(sql.find('\n', at), sql.size());
    } else if (rest.starts_with("/*")) {
      const std::size_t end = sql.find("*/", at + 2);
      at = end == std::string_view::npos ? sql.size() : end + 2;
    } else if (c == '\'' || c == '"' || c == '`' || c == '[') {
      const char end = c == '[' ? ']' : c;
      std::string text;
      for (++at; at < sql.size(); ++at) {
        if (sql[at] != end) text += sql[at];
        else if (end != ']' && at + 1 < sql.size() && sql[at + 1] == end) text += sql[at++];
        else break;
      }
      ++at;
      tokens.push_back({c == '\'' ? TokenKind::text : TokenKind::name, std::move(text)});
    } else if (std::isdigit(static_cast<unsigned char>(c)) ||
               (c == '.' && at + 1 < sql.size() && std::isdigit(static_cast<unsigned char>(sql[at + 1])))) {
      std::size_t end = at;
      while (end < sql.size() && (is_word_byte(sql[end]) || sql[end] == '.' ||
                                  ((sql[end] == '-' || sql[end] == '+') && (sql[end - 1] == 'e' || sql[end - 1] == 'E') && end > at)))
        ++end;
      tokens.push_back({TokenKind::number, lower(sql.substr(at, end - at))});
      at = end;
    } else if (is_word_byte(c)) {
      std::size_t end = at;
      while (end < sql.size() && is_word_byte(sql[end])) ++end;
      tokens.push_back({TokenKind::word, lower(sql.substr(at, end - at))});
      at = end;
    } else {
      static constexpr auto long_symbols = std::to_array<std::string_view>({"->>", "->", "||", "<=", ">=", "<>", "!=", "==", "<<", ">>"});
      const auto found = std::ranges::find_if(long_symbols, [&](std::string_view symbol) { return rest.starts_with(symbol); });
      tokens.push_back({TokenKind::symbol, std::string(found == long_symbols.end() ? rest.substr(0, 1) : *found)});
      at += tokens.back().text.size();
    }
  }
  return tokens;
}

bool is_symbol(const Token& token, std::string_view text) { return token.kind == TokenKind::symbol && token.text == text; }
bool is_word(const Token& token, std::string_view text) { return token.kind == TokenKind::word && token.text == text; }
bool is_any_of(const Token& token, TokenKind kind, std::initializer_list<std::string_view> texts) {
  return token.kind == kind && std::ranges::find(texts, token.text) != texts.end();
}
bool is_name(const Token& token) { return token.kind == TokenKind::word || token.kind == TokenKind::name; }

// Behind the bracket that closes the one at `at`.
std::size_t behind_bracket(Tokens tokens, std::size_t at) {
  int depth = 0;
  for (; at < tokens.size(); ++at) {
    if (is_symbol(tokens[at], "(")) ++depth;
    if (is_symbol(tokens[at], ")") && --depth == 0) return at + 1;
  }
  return tokens.size();
}

// The first place outside of brackets and of CASE … END where `is_wanted` says so, else the end.
template <class IsWanted>
std::size_t find_outside(Tokens tokens, std::size_t at, const IsWanted& is_wanted) {
  int cases = 0;
  while (at < tokens.size()) {
    if (is_symbol(tokens[at], "(")) {
      if (cases == 0 && is_wanted(tokens[at])) return at;
      at = behind_bracket(tokens, at);
      continue;
    }
    if (cases == 0 && is_wanted(tokens[at])) return at;
    if (is_word(tokens[at], "case")) ++cases;
    if (is_word(tokens[at], "end") && cases > 0) --cases;
    ++at;
  }
  return tokens.size();
}

std::vector<Tokens> split_by_commas(Tokens tokens) {
  std::vector<Tokens> parts;
  for (std::size_t at = 0; at <= tokens.size();) {
    const std::size_t end = find_outside(tokens, at, [](const Token& token) { return is_symbol(token, ","); });
    parts.push_back(tokens.subspan(at, end - at));
    at = end + 1;
  }
  return parts;
}

struct Item {
  Tokens expression;
  std::string name;  // in lower case; empty when it has none
};

Item item_of(Tokens tokens) {
  if (tokens.size() >= 3 && is_word(tokens[tokens.size() - 2], "as"))
    return {.expression = tokens.first(tokens.size() - 2), .name = lower(tokens.back().text)};
  if (tokens.size() >= 2 && is_name(tokens.back()) && !is_word(tokens.back(), "end") && !is_word(tokens.back(), "null")) {
    const Token& before = tokens[tokens.size() - 2];
    const bool ends_expression = is_symbol(before, ")") || before.kind == TokenKind::name || before.kind == TokenKind::text ||
                                 before.kind == TokenKind::number || is_word(before, "end") ||
                                 (before.kind == TokenKind::word && (tokens.size() == 2 || is_symbol(tokens[tokens.size() - 3], ".")));
    if (ends_expression) return {.expression = tokens.first(tokens.size() - 1), .name = lower(tokens.back().text)};
  }
  if (!tokens.empty() && is_name(tokens.back()) && (tokens.size() == 1 || is_symbol(tokens[tokens.size() - 2], ".")))
    return {.expression = tokens, .name = lower(tokens.back().text)};
  return {.expression = tokens};
}

// The items of the SELECT at `at`.
std::vector<Item> items_of_select(Tokens tokens, std::size_t at) {
  ++at;
  if (at < tokens.size() && is_any_of(tokens[at], TokenKind::word, {"distinct", "all"})) ++at;
  const std::size_t end = find_outside(tokens, at, [](const Token& token) {
    return is_any_of(token, TokenKind::word,
                     {"from", "where", "group", "having", "order", "limit", "union", "except", "intersect", "window"}) ||
           is_any_of(token, TokenKind::symbol, {")", ";"});
  });
  std::vector<Item> items;
  for (const Tokens part : split_by_commas(tokens.subspan(at, end - at))) items.push_back(item_of(part));
  return items;
}

enum class FunctionType : std::uint8_t { integer, number, text, date, timestamp, time, json, of_argument, of_all_arguments, sum, rounded };
struct KnownFunction {
  std::string_view name;
  FunctionType type;
};
constexpr KnownFunction known_functions[] = {
    {"count", FunctionType::integer},
    {"row_number", FunctionType::integer},
    {"rank", FunctionType::integer},
    {"dense_rank", FunctionType::integer},
    {"ntile", FunctionType::integer},
    {"length", FunctionType::integer},
    {"instr", FunctionType::integer},
    {"unicode", FunctionType::integer},
    {"unixepoch", FunctionType::integer},
    {"random", FunctionType::integer},
    {"total", FunctionType::number},
    {"avg", FunctionType::number},
    {"round", FunctionType::number},
    {"percent_rank", FunctionType::number},
    {"cume_dist", FunctionType::number},
    {"sqrt", FunctionType::number},
    {"pow", FunctionType::number},
    {"power", FunctionType::number},
    {"exp", FunctionType::number},
    {"ln", FunctionType::number},
    {"log", FunctionType::number},
    {"log2", FunctionType::number},
    {"log10", FunctionType::number},
    {"mod", FunctionType::number},
    {"julianday", FunctionType::number},
    {"pi", FunctionType::number},
    {"upper", FunctionType::text},
    {"lower", FunctionType::text},
    {"trim", FunctionType::text},
    {"ltrim", FunctionType::text},
    {"rtrim", FunctionType::text},
    {"replace", FunctionType::text},
    {"substr", FunctionType::text},
    {"substring", FunctionType::text},
    {"printf", FunctionType::text},
    {"format", FunctionType::text},
    {"hex", FunctionType::text},
    {"quote", FunctionType::text},
    {"char", FunctionType::text},
    {"group_concat", FunctionType::text},
    {"typeof", FunctionType::text},
    {"date", FunctionType::date},
    {"datetime", FunctionType::timestamp},
    {"time", FunctionType::time},
    {"json", FunctionType::json},
    {"json_object", FunctionType::json},
    {"json_array", FunctionType::json},
    {"json_group_array", FunctionType::json},
    {"json_group_object", FunctionType::json},
    {"min", FunctionType::of_all_arguments},
    {"max", FunctionType::of_all_arguments},
    {"first_value", FunctionType::of_argument},
    {"last_value", FunctionType::of_argument},
    {"nth_value", FunctionType::of_argument},
    {"lag", FunctionType::of_argument},
    {"lead", FunctionType::of_argument},
    {"nullif", FunctionType::of_argument},
    {"coalesce", FunctionType::of_all_arguments},
    {"ifnull", FunctionType::of_all_arguments},
    {"abs", FunctionType::rounded},
    {"ceil", FunctionType::rounded},
    {"ceiling", FunctionType::rounded},
    {"floor", FunctionType::rounded},
    {"trunc", FunctionType::rounded},
    {"sum", FunctionType::sum},
};

bool is_whole(Type type) { return type == ColumnType::integer || type == ColumnType::big_integer || type == ColumnType::boolean; }

// Of numbers that are computed with: whole ones stay so, all others are floating point.
Type computed(Type type) {
  if (!type) return std::nullopt;
  return is_whole(type) ? ColumnType::integer : ColumnType::number;
}

Type joined(Type one, Type other) {
  if (!one || !other) return one ? one : other;
  return wider_type(*one, *other);
}

class Reader final {
 public:
  Reader(std::vector<Token> tokens, const TypeOfColumn& type_of_column) : tokens_(std::move(tokens)), type_of_column_(type_of_column) {
    const std::size_t outermost = find_outside(tokens_, 0, [](const Token& token) { return is_word(token, "select"); });
    for (std::size_t at = 0; at < tokens_.size(); ++at) {
      if (!is_word(tokens_[at], "select")) continue;
      for (const Item& item : items_of_select(tokens_, at)) {
        if (!item.name.empty()) named_.emplace(item.name, Named{.expression = item.expression, .is_inner = at != outermost});
      }
    }
  }

  std::vector<Type> types(std::size_t columns_count) {
    const std::size_t select = find_outside(tokens_, 0, [](const Token& token) { return is_word(token, "select"); });
    if (select == tokens_.size()) return {};
    const std::vector<Item> items = items_of_select(tokens_, select);
    if (items.size() != columns_count) return {};
    std::vector<Type> types;
    for (const Item& item : items) {
      if (item.expression.size() == 0 || is_symbol(item.expression.back(), "*")) return {};
      types.push_back(type_of(item.expression, 0));
    }
    return types;
  }

 private:
  Type type_of(Tokens tokens, int depth) {
    if (tokens.empty() || depth > nesting_max) return std::nullopt;
    if (is_symbol(tokens[0], "(") && behind_bracket(tokens, 0) == tokens.size()) {
      const Tokens inner = tokens.subspan(1, tokens.size() - 2);
      if (inner.empty() || !is_word(inner[0], "select")) return type_of(inner, depth + 1);
      const std::vector<Item> items = items_of_select(inner, 0);
      return items.size() == 1 ? type_of(items[0].expression, depth + 1) : std::nullopt;
    }
    if (tokens.size() == 1) return type_of_one(tokens[0], depth);
    if (const auto type = type_of_operation(tokens, depth)) return *type;
    if (is_word(tokens[0], "case")) return type_of_case(tokens, depth);
    if (is_word(tokens[0], "cast") && is_symbol(tokens[1], "(")) return type_of_cast(tokens);
    if (tokens[0].kind == TokenKind::word && is_symbol(tokens[1], "(")) return type_of_call(tokens, depth);
    if (tokens.size() == 3 && is_symbol(tokens[1], ".") && is_name(tokens[2])) return type_of_name(lower(tokens[2].text), depth);
    return std::nullopt;
  }

  Type type_of_one(const Token& token, int depth) {
    if (token.kind == TokenKind::number) {
      const bool is_hex = token.text.starts_with("0x");
      return !is_hex && token.text.find_first_of(".e") != std::string::npos ? ColumnType::number : ColumnType::integer;
    }
    if (token.kind == TokenKind::text) {
      SeenValues seen;
      seen.add_text(token.text);
      return type_for(std::nullopt, seen);
    }
    if (is_any_of(token, TokenKind::word, {"current_date"})) return ColumnType::date;
    if (is_any_of(token, TokenKind::word, {"current_timestamp"})) return ColumnType::timestamp;
    if (is_any_of(token, TokenKind::word, {"true", "false"})) return ColumnType::integer;
    if (!is_name(token) || is_word(token, "null")) return std::nullopt;
    return type_of_name(lower(token.text), depth);
  }

  // What a subquery calls so, else the column: "sum(price) AS price" in a subquery is a sum to the query around it.
  Type type_of_name(const std::string& name, int depth) {
    const Type column = type_of_column_(name);
    if (column && !resolved_.insert(name).second) return column;  // within its own definition
    Type type;
    for (auto [at, end] = named_.equal_range(name); at != end; ++at) {
      const Tokens expression = at->second.expression;
      const bool is_itself = expression.size() == 1 || (expression.size() == 3 && is_symbol(expression[1], "."));
      if ((is_itself && lower(expression.back().text) == name) || (column && !at->second.is_inner)) continue;
      type = joined(type, type_of(expression, depth + 5));
    }
    if (column) resolved_.erase(name);
    return type ? type : column;
  }

  // Nothing when it is none; else its type, which may not be known.
  std::optional<Type> type_of_operation(Tokens tokens, int depth) {
    const auto operands = [&](std::size_t at) {
      return std::pair(type_of(tokens.first(at), depth + 1), type_of(tokens.subspan(at + 1), depth + 1));
    };
    const auto find = [&](const auto& is_wanted) { return find_outside(tokens, 0, is_wanted); };
    const std::size_t truth = find([](const Token& token) {
      return is_any_of(token, TokenKind::word,
                       {"and", "or", "not", "in", "like", "glob", "is", "between", "isnull", "notnull", "exists"}) ||
             is_any_of(token, TokenKind::symbol, {"=", "==", "<", ">", "<=", ">=", "<>", "!="});
    });
    if (truth < tokens.size()) return Type(ColumnType::integer);
    if (find([](const Token& token) { return is_any_of(token, TokenKind::symbol, {"&", "|", "<<", ">>", "~", "%"}); }) < tokens.size())
      return Type(ColumnType::integer);
    // A sign at the beginning is no operation between two values.
    const std::size_t first = is_any_of(tokens[0], TokenKind::symbol, {"-", "+"}) ? 1 : 0;
    const std::size_t calculation = find_outside(tokens, first, [](const Token& token) {
      return is_any_of(token, TokenKind::symbol, {"+", "-", "*", "/"});
    });
    if (calculation < tokens.size()) {
      const auto [left, right] = operands(calculation);
      if (computed(left) == ColumnType::number || computed(right) == ColumnType::number) return Type(ColumnType::number);
      if (!left || !right) return Type(std::nullopt);
      return Type(ColumnType::integer);
    }
    if (first == 1) return computed(type_of(tokens.subspan(1), depth + 1));
    if (find([](const Token& token) { return is_symbol(token, "||"); }) < tokens.size()) return Type(ColumnType::text);
    if (find([](const Token& token) { return is_any_of(token, TokenKind::symbol, {"->", "->>"}); }) < tokens.size())
      return Type(std::nullopt);
    const std::size_t collate = find([](const Token& token) { return is_word(token, "collate"); });
    if (collate < tokens.size() && collate > 0) return type_of(tokens.first(collate), depth + 1);
    return std::nullopt;
  }

  Type type_of_case(Tokens tokens, int depth) {
    Type type;
    const Tokens body = tokens.subspan(1, tokens.size() - 2);
    const auto is_keyword = [](const Token& token) { return is_any_of(token, TokenKind::word, {"when", "then", "else"}); };
    for (std::size_t at = find_outside(body, 0, is_keyword); at < body.size();) {
      const std::size_t end = find_outside(body, at + 1, is_keyword);
      if (!is_word(body[at], "when")) type = joined(type, type_of(body.subspan(at + 1, end - at - 1), depth + 1));
      at = end;
    }
    return type;
  }

  Type type_of_cast(Tokens tokens) {
    const Tokens inner = tokens.subspan(2, behind_bracket(tokens, 1) - 3);
    const std::size_t as = find_outside(inner, 0, [](const Token& token) { return is_word(token, "as"); });
    std::string type;
    for (std::size_t at = as + 1; at < inner.size() && is_name(inner[at]); ++at) type += inner[at].text;
    const DeclaredType declared = declared_type_of(type);
    const bool is_kept = declared.type == ColumnType::integer || declared.type == ColumnType::number || declared.type == ColumnType::text;
    return is_kept ? declared.type : std::nullopt;  // CAST to DATE makes a number of a date's text
  }

  Type type_of_call(Tokens tokens, int depth) {
    const std::string& name = tokens[0].text;
    const std::size_t end = behind_bracket(tokens, 1);
    if (end < tokens.size() && !is_any_of(tokens[end], TokenKind::word, {"over", "filter"})) return std::nullopt;
    Tokens inner = tokens.subspan(2, end - 3);
    if (!inner.empty() && is_word(inner[0], "distinct")) inner = inner.subspan(1);
    const std::vector<Tokens> arguments = split_by_commas(inner);
    if (name == "strftime" || name == "iif" || name == "if") return type_of_special(name, arguments, depth);
    const auto* const known = std::ranges::find(known_functions, name, &KnownFunction::name);
    if (known == std::end(known_functions)) return std::nullopt;
    switch (known->type) {
      case FunctionType::integer: return ColumnType::integer;
      case FunctionType::number: return ColumnType::number;
      case FunctionType::text: return ColumnType::text;
      case FunctionType::date: return ColumnType::date;
      case FunctionType::timestamp: return ColumnType::timestamp;
      case FunctionType::time: return ColumnType::time;
      case FunctionType::json: return ColumnType::json;
      case FunctionType::of_argument: return type_of(arguments[0], depth + 1);
      case FunctionType::rounded:
      case FunctionType::sum: return computed(type_of(arguments[0], depth + 1));
      case FunctionType::of_all_arguments: break;
    }
    Type type;
    for (const Tokens argument : arguments) type = joined(type, type_of(argument, depth + 1));
    return type;
  }

  Type type_of_special(const std::string& name, const std::vector<Tokens>& arguments, int depth) {
    if (name != "strftime") {
      if (arguments.size() < 3) return std::nullopt;
      return joined(type_of(arguments[1], depth + 1), type_of(arguments[2], depth + 1));
    }
    if (arguments[0].size() != 1 || arguments[0][0].kind != TokenKind::text) return ColumnType::text;
    std::string written = arguments[0][0].text;
    constexpr std::pair<std::string_view, std::string_view> parts[] = {{"%Y", "2000"}, {"%m", "01"}, {"%d", "01"},    {"%H", "00"},
                                                                       {"%M", "00"},   {"%S", "00"}, {"%f", "00.000"}};
    for (const auto& [part, value] : parts) written = replace_all(std::move(written), part, value);
    if (is_iso_date(written)) return ColumnType::date;
    return timestamp_of(written) ? ColumnType::timestamp : ColumnType::text;
  }

  std::vector<Token> tokens_;
  const TypeOfColumn& type_of_column_;
  struct Named {
    Tokens expression;
    bool is_inner = false;  // in a subquery
  };
  std::multimap<std::string, Named> named_;
  std::set<std::string> resolved_;  // names of columns whose definitions are being read
};

}  // namespace

std::vector<std::optional<ColumnType>> types_from_sql(std::string_view sql, std::size_t columns_count, const TypeOfColumn& type_of_column) {
  return Reader(tokens_of(sql), type_of_column).types(columns_count);
}

}  // namespace bridge::sqlite
