#include "warehouse/duckdb/sql_guard.h"

#include "base/json.h"
#include "base/text.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/limits.h"
#include "warehouse/duckdb/query_error.h"

namespace bridge::duckdb {

namespace {

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

constexpr std::array<std::string_view, 17> allowed_classes = {
    "COLUMN_REF", "FUNCTION", "COMPARISON", "CONJUNCTION", "CONSTANT", "PARAMETER", "CAST",    "CASE",
    "BETWEEN",    "OPERATOR", "SUBQUERY",   "WINDOW",      "STAR",     "LAMBDA",    "COLLATE", "POSITIONAL_REFERENCE",
    "LAMBDA_REF"};
constexpr std::array<std::string_view, 4> allowed_modifiers = {"ORDER_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER",
                                                               "DISTINCT_MODIFIER"};
// Words that may begin a SELECT.
constexpr std::array<std::string_view, 5> select_words = {"select", "with", "from", "values", "table"};
// Parts of a node that are expressions or lists of them.
constexpr std::array<std::string_view, 30> expression_keys = {"children",
                                                              "child",
                                                              "left",
                                                              "right",
                                                              "lower",
                                                              "upper",
                                                              "input",
                                                              "filter",
                                                              "when_expr",
                                                              "then_expr",
                                                              "else_expr",
                                                              "start_expr",
                                                              "end_expr",
                                                              "offset_expr",
                                                              "expr",
                                                              "lhs",
                                                              "limit",
                                                              "offset",
                                                              "default_expr",
                                                              "expression",
                                                              "partitions",
                                                              "filter_expr",
                                                              "select_list",
                                                              "where_clause",
                                                              "having",
                                                              "qualify",
                                                              "values",
                                                              "condition",
                                                              "group_expressions",
                                                              "distinct_on_targets"};
// Parts that hold names, types and plain values: nothing in them is run.
constexpr std::array<std::string_view, 13> inert_keys = {
    "cast_type",  "column_names",   "sample",         "using_columns", "exclude_list",    "rename_list",      "qualified_exclude_list",
    "group_sets", "expected_names", "expected_types", "aliases",       "named_param_map", "column_name_alias"};

// Functions that make a text or list as long as one of their arguments says, and the place of that argument.
struct LengthArgument {
  std::string_view function;
  std::size_t place;
};
constexpr std::array<LengthArgument, 7> length_arguments = {
    {{"repeat", 1}, {"lpad", 1}, {"rpad", 1}, {"list_resize", 1}, {"array_resize", 1}, {"bitstring", 1}, {"bar", 3}}};
// Functions whose first argument holds widths, as in '%1000d'.
constexpr std::array<std::string_view, 2> width_functions = {"printf", "format"};

struct Word {
  std::string text;  // lower case; ";" for the end of a statement
  std::size_t offset = 0;
};

// The words and semicolons outside of comments and quotes. Only for saying what is wrong: the verdict comes from the parse tree.
std::vector<Word> words_of(std::string_view sql) {
  std::vector<Word> words;
  const auto skip_quoted = [&](std::size_t at, char quote) {
    for (++at; at < sql.size(); ++at) {
      if (sql[at] == quote && (at + 1 >= sql.size() || sql[at + 1] != quote)) return at + 1;
      if (sql[at] == quote) ++at;
    }
    return sql.size();
  };
  for (std::size_t at = 0; at < sql.size();) {
    const char c = sql[at];
    if (c == '\'' || c == '"') {
      at = skip_quoted(at, c);
    } else if (sql.substr(at).starts_with("--")) {
      at = std::min(sql.find('\n', at), sql.size());
    } else if (sql.substr(at).starts_with("/*")) {
      const auto end = sql.find("*/", at + 2);
      at = end == std::string_view::npos ? sql.size() : end + 2;
    } else if (c == ';') {
      words.push_back({";", at++});
    } else if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') {
      const std::size_t start = at;
      while (at < sql.size() && (std::isalnum(static_cast<unsigned char>(sql[at])) || sql[at] == '_')) ++at;
      words.push_back({lower(sql.substr(start, at - start)), start});
    } else {
      ++at;
    }
  }
  return words;
}

std::string upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

std::string_view text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::optional<std::size_t> location_of(const json::object& object) {
  const json::value* value = object.if_contains("query_location");
  if (value && value->is_int64() && value->get_int64() >= 0) return static_cast<std::size_t>(value->get_int64());
  return std::nullopt;  // DuckDB writes the largest number when it knows none
}

bool looks_like_a_file(std::string_view name) {
  constexpr std::array<std::string_view, 14> extensions = {".csv", ".tsv",    ".parquet", ".json", ".ndjson", ".jsonl", ".txt",
                                                           ".gz",  ".duckdb", ".db",      ".xlsx", ".zst",    ".arrow", ".sqlite"};
  const std::string lowered = lower(name);
  if (lowered.find_first_of("/\\*?") != std::string::npos) return true;
  return std::ranges::any_of(extensions, [&](std::string_view extension) { return lowered.ends_with(extension); });
}

// The value of a constant, also within a cast.
const json::value* constant_of(const json::value& expression) {
  const json::object* object = expression.if_object();
  if (object && text_of(*object, "class") == "CAST") {
    const json::value* child = object->if_contains("child");
    return child ? constant_of(*child) : nullptr;
  }
  if (!object || text_of(*object, "class") != "CONSTANT") return nullptr;
  const json::value* value = object->if_contains("value");
  return value && value->is_object() ? value->get_object().if_contains("value") : nullptr;
}

// Whether the text has a number over the limit in it; shorter runs of digits are read, longer ones are over it anyway.
bool has_long_width(std::string_view text) {
  double number = 0;
  for (const char c : text) {
    number = std::isdigit(static_cast<unsigned char>(c)) ? number * 10 + (c - '0') : 0;
    if (number > made_length_max) return true;
  }
  return false;
}

// Whether a list from one written number to another has too many steps.
bool is_long_range(const json::array& arguments) {
  std::array<double, 3> numbers{0, 0, 1};  // from, to, step
  if (arguments.empty() || arguments.size() > numbers.size()) return false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const json::value* value = constant_of(arguments[i]);
    if (!value || (!value->is_number() && !value->is_object())) return false;
    numbers[arguments.size() == 1 ? 1 : i] =
        value->is_object() ? std::numeric_limits<double>::max() : value->to_number<double>();  // an object: over 64 bits
  }
  return numbers[2] != 0 && std::abs((numbers[1] - numbers[0]) / numbers[2]) > made_length_max;
}

bool makes_too_much(std::string_view name, const json::object& function) {
  const json::value* children = function.if_contains("children");
  if (!children || !children->is_array()) return false;
  const json::array& arguments = children->get_array();
  if (contains(width_functions, name)) {
    const json::value* text = arguments.empty() ? nullptr : constant_of(arguments[0]);
    return text && text->is_string() && has_long_width(text->get_string());
  }
  if (name == "range" || name == "generate_series") return is_long_range(arguments);
  const auto length = std::ranges::find(length_arguments, name, &LengthArgument::function);
  if (length == length_arguments.end() || arguments.size() <= length->place) return false;
  const json::value* value = constant_of(arguments[length->place]);
  if (!value) return false;
  if (value->is_string()) return has_long_width(value->get_string());
  return value->is_object() || (value->is_number() && value->to_number<double>() > made_length_max);  // an object: a number over 64 bits
}

// Walks the parse tree. Every part of it is either known and judged, or refused.
class TreeWalk final {
 public:
  explicit TreeWalk(std::string_view sql) : sql_(sql) {}

  Result<> walk_query(const json::value& value);
  GuardedStatement take() { return std::move(found_); }

 private:
  class Depth {
   public:
    explicit Depth(int& depth) : depth_(depth) { ++depth_; }
    ~Depth() { --depth_; }

   private:
    int& depth_;
  };

  Result<> count_node();
  void note_column(const json::object& reference);
  void note_join(const json::object& join);
  Result<> walk_with(const json::value* cte_map);
  Result<> walk_subquery(const json::value& value);
  Result<> walk_from(const json::value& value);
  Result<> walk_base_table(const json::object& table);
  Result<> walk_expression(const json::value& value);
  Result<> walk_function(const json::object& function, bool is_table_function);
  Result<> walk_parts(const json::object& object);
  Result<> walk_part(std::string_view key, const json::value& value);
  Result<> walk_modifiers(const json::value& value);
  Result<> walk_order(const json::value& value);
  std::unexpected<Error> refuse(std::string what, const json::object* where) const;

  std::string_view sql_;
  std::vector<std::set<std::string>> scopes_;  // names of WITH entries that are visible here, innermost last
  GuardedStatement found_;
  std::size_t nodes_ = 0;
  int depth_ = 0;
};

std::unexpected<Error> TreeWalk::refuse(std::string what, const json::object* where) const {
  int line = 0;
  int column = 0;
  if (where) {
    if (const auto offset = location_of(*where)) std::tie(line, column) = line_and_column(sql_, *offset);
  }
  return fail(sql_not_allowed(what + " is not allowed", line, column, what));
}

Result<> TreeWalk::count_node() {
  if (++nodes_ > tree_nodes_max) return fail(sql_not_allowed("The SQL has too many parts", 0, 0, ""));
  if (depth_ > tree_depth_max) return fail(sql_not_allowed(str("The SQL is nested more than ", tree_depth_max, " levels deep"), 0, 0, ""));
  return {};
}

// "sales.amount" and a.b.c of nested values: every part may be the column's name.
void TreeWalk::note_column(const json::object& reference) {
  const json::value* names = reference.if_contains("column_names");
  std::string last;
  for (const json::value& name : names && names->is_array() ? names->get_array() : json::array{}) {
    if (!name.is_string()) continue;
    last = lower(std::string_view(name.get_string()));
    found_.names.insert(last);
  }
  found_.last_names.insert(last);
}

void TreeWalk::note_join(const json::object& join) {
  const std::string_view kind = text_of(join, "ref_type");
  if (kind == "NATURAL") found_.reads_all_columns = true;
  const json::value* names = join.if_contains("using_columns");
  for (const json::value& name : names && names->is_array() ? names->get_array() : json::array{}) {
    if (name.is_string()) found_.names.insert(lower(std::string_view(name.get_string())));
  }
}

Result<> TreeWalk::walk_with(const json::value* cte_map) {
  if (!cte_map || !cte_map->is_object()) return {};
  const json::value* map = cte_map->get_object().if_contains("map");
  if (!map) return {};
  if (!map->is_array()) return refuse("This WITH", nullptr);
  for (const json::value& entry : map->get_array()) {
    if (!entry.is_object()) return refuse("This WITH", nullptr);
    const json::value* value = entry.get_object().if_contains("value");
    if (!value || !value->is_object()) return refuse("This WITH", nullptr);
    for (const auto& [key, part] : value->get_object()) {
      if (key == "query") TRY(walk_subquery(part));
      else if (key != "aliases" && key != "materialized") return refuse("WITH … USING KEY", nullptr);
    }
    scopes_.back().insert(lower(text_of(entry.get_object(), "key")));  // visible to what follows, not to itself
  }
  return {};
}

Result<> TreeWalk::walk_subquery(const json::value& value) {
  const json::object* object = value.if_object();
  const json::value* node = object ? object->if_contains("node") : nullptr;
  if (!node) return refuse("This subquery", nullptr);
  for (const auto& [key, part] : *object) {
    if (key != "node" && key != "named_param_map") return refuse(str("A subquery with '", std::string_view(key), "'"), nullptr);
  }
  return walk_query(*node);
}

Result<> TreeWalk::walk_query(const json::value& value) {
  const Depth depth(depth_);
  TRY(count_node());
  const json::object* query = value.if_object();
  if (!query) return refuse("This query", nullptr);
  const std::string_view type = text_of(*query, "type");
  if (type == "RECURSIVE_CTE_NODE") return refuse("WITH RECURSIVE", query);
  if (type != "SELECT_NODE" && type != "SET_OPERATION_NODE" && type != "CTE_NODE") return refuse(str("A query of the kind ", type), query);

  scopes_.emplace_back();
  TRY(walk_with(query->if_contains("cte_map")));
  for (const auto& [key, part] : *query) {
    if (key == "cte_map") continue;
    if (key == "from_table") TRY(walk_from(part));
    else if (key == "modifiers") TRY(walk_modifiers(part));
    else if (type != "SELECT_NODE" && (key == "left" || key == "right" || key == "query" || key == "child")) TRY(walk_query(part));
    else TRY(walk_part(key, part));
  }
  scopes_.pop_back();
  return {};
}

Result<> TreeWalk::walk_modifiers(const json::value& value) {
  if (!value.is_array()) return refuse("This clause", nullptr);
  for (const json::value& item : value.get_array()) {
    const json::object* modifier = item.if_object();
    if (!modifier || !contains(allowed_modifiers, text_of(*modifier, "type"))) return refuse("This clause", modifier);
    for (const auto& [key, part] : *modifier) {
      if (key == "orders") TRY(walk_order(part));
      else TRY(walk_part(key, part));
    }
  }
  return {};
}

Result<> TreeWalk::walk_order(const json::value& value) {
  if (!value.is_array()) return refuse("This ORDER BY", nullptr);
  for (const json::value& item : value.get_array()) {
    if (!item.is_object()) return refuse("This ORDER BY", nullptr);
    TRY(walk_parts(item.get_object()));
  }
  return {};
}

Result<> TreeWalk::walk_from(const json::value& value) {
  const Depth depth(depth_);
  TRY(count_node());
  if (value.is_null()) return {};
  const json::object* table = value.if_object();
  if (!table) return refuse("This FROM", nullptr);
  const std::string_view type = text_of(*table, "type");
  if (type == "EMPTY" || type == "EMPTY_FROM") return {};
  if (type == "BASE_TABLE") return walk_base_table(*table);
  if (type == "SHOW_REF") return refuse("DESCRIBE, SHOW or SUMMARIZE", table);
  if (type == "PIVOT") return refuse("PIVOT or UNPIVOT", table);
  if (type == "JOIN") note_join(*table);
  if (type != "SUBQUERY" && type != "JOIN" && type != "TABLE_FUNCTION" && type != "EXPRESSION_LIST")
    return refuse(str("A table of the kind ", type), table);
  for (const auto& [key, part] : *table) {
    if (type == "SUBQUERY" && key == "subquery") {
      TRY(walk_subquery(part));
    } else if (type == "JOIN" && (key == "left" || key == "right")) {
      TRY(walk_from(part));
    } else if (type == "TABLE_FUNCTION" && key == "function") {
      const json::object* function = part.if_object();
      if (!function || text_of(*function, "class") != "FUNCTION") return refuse("This table function", table);
      TRY(walk_function(*function, true));
    } else if (type == "EXPRESSION_LIST" && key == "values") {
      if (!part.is_array()) return refuse("This VALUES", table);
      for (const json::value& row : part.get_array()) TRY(walk_part("values", row));
    } else {
      TRY(walk_part(key, part));
    }
  }
  return {};
}

Result<> TreeWalk::walk_base_table(const json::object& table) {
  TableReference reference{.catalog = std::string(text_of(table, "catalog_name")),
                           .schema = std::string(text_of(table, "schema_name")),
                           .name = std::string(text_of(table, "table_name"))};
  if (const auto offset = location_of(table)) std::tie(reference.line, reference.column) = line_and_column(sql_, *offset);
  for (const auto& [key, part] : table) {
    if (key == "at_clause" && !part.is_null()) return refuse("AT (…)", &table);
    if (key != "at_clause") TRY(walk_part(key, part));
  }
  if (reference.schema.empty() && reference.catalog.empty()) {
    const std::string name = lower(reference.name);
    if (std::ranges::any_of(scopes_, [&](const auto& scope) { return scope.contains(name); })) return {};
  }
  if (looks_like_a_file(reference.name)) return refuse(str("Reading the file '", reference.name, "'"), &table);
  // A row as a whole is read by the table's name or alias; FROM sales AS s(a, b) gives the columns other names.
  found_.row_names.insert(lower(reference.name));
  if (const std::string_view alias = text_of(table, "alias"); !alias.empty()) found_.row_names.insert(lower(alias));
  if (const json::value* renamed = table.if_contains("column_name_alias"); renamed && renamed->is_array() && !renamed->get_array().empty())
    found_.reads_all_columns = true;
  found_.tables.push_back(std::move(reference));
  return {};
}

Result<> TreeWalk::walk_function(const json::object& function, bool is_table_function) {
  const Depth depth(depth_);
  TRY(count_node());
  const std::string name = lower(text_of(function, "function_name"));
  const std::string_view schema = text_of(function, "schema");
  const std::string_view catalog = text_of(function, "catalog");
  const bool is_own = (schema.empty() || schema == "main") && (catalog.empty() || catalog == "system");
  const bool is_known = is_table_function ? is_allowed_table_function(name) : is_allowed_function(name);
  if (!is_own || !is_known)
    return refuse(str(is_table_function ? "The table function '" : "The function '", name.substr(0, 100), "'"), &function);
  if (!is_table_function && makes_too_much(name, function))
    return refuse(str("A length over ", static_cast<std::int64_t>(made_length_max), " in ", name), &function);
  found_.functions.insert(name);
  return walk_parts(function);
}

Result<> TreeWalk::walk_expression(const json::value& value) {
  const Depth depth(depth_);
  TRY(count_node());
  if (value.is_null()) return {};
  const json::object* expression = value.if_object();
  if (!expression) return refuse("This expression", nullptr);
  const std::string_view kind = text_of(*expression, "class");
  if (!contains(allowed_classes, kind)) return refuse(str("An expression of the kind ", kind.empty() ? "?" : kind), expression);
  if (kind == "CONSTANT") return {};
  if (kind == "COLUMN_REF") note_column(*expression);
  if (kind == "STAR" || kind == "POSITIONAL_REFERENCE") found_.reads_all_columns = true;
  if (kind == "FUNCTION") return walk_function(*expression, false);
  if (kind == "WINDOW") {
    const std::string name = lower(text_of(*expression, "function_name"));
    const std::string_view schema = text_of(*expression, "schema");
    if ((!schema.empty() && schema != "main") || !is_allowed_function(name))
      return refuse(str("The window function '", name.substr(0, 100), "'"), expression);
    found_.functions.insert(name);
  }
  if (kind == "PARAMETER") {
    const std::string_view identifier = text_of(*expression, "identifier");
    if (identifier.empty() || identifier.find_first_not_of("0123456789") != std::string_view::npos) {
      return refuse(str("The named parameter '$", identifier.substr(0, 100), "'"), expression);
    }
  }
  return walk_parts(*expression);
}

Result<> TreeWalk::walk_parts(const json::object& object) {
  for (const auto& [key, part] : object) TRY(walk_part(key, part));
  return {};
}

Result<> TreeWalk::walk_part(std::string_view key, const json::value& value) {
  if (!value.is_object() && !value.is_array()) return {};  // names, flags, places
  if (contains(inert_keys, key)) return {};
  if (key == "subquery") return walk_subquery(value);
  if (key == "orders" || key == "arg_orders") return walk_order(value);
  if (key == "order_bys") {
    const json::object* modifier = value.if_object();
    if (!modifier || text_of(*modifier, "type") != "ORDER_MODIFIER") return refuse("This ORDER BY", nullptr);
    const json::value* orders = modifier->if_contains("orders");
    return orders ? walk_order(*orders) : Result<>{};
  }
  if (key == "case_checks") {
    for (const json::value& check : value.is_array() ? value.get_array() : json::array{}) {
      if (!check.is_object()) return refuse("This CASE", nullptr);
      TRY(walk_parts(check.get_object()));
    }
    return {};
  }
  if (key == "replace_list") {
    for (const json::value& entry : value.is_array() ? value.get_array() : json::array{}) {
      const json::value* expression = entry.is_object() ? entry.get_object().if_contains("value") : nullptr;
      if (!expression) return refuse("This REPLACE", nullptr);
      TRY(walk_expression(*expression));
    }
    return {};
  }
  if (!contains(expression_keys, key)) return refuse(str("The part '", key, "' of this SQL"), nullptr);
  if (value.is_object()) return walk_expression(value);
  for (const json::value& item : value.get_array()) TRY(walk_expression(item));
  return {};
}

// Says of SQL that the parser did not make a tree of, or made several of, what the reason is.
Error describe_statements(std::string_view sql) {
  bool is_start = true;
  bool has_statement = false;
  const std::vector<Word> words = words_of(sql);
  for (const Word& word : words) {
    if (word.text == ";") {
      is_start = true;
      continue;
    }
    if (!is_start) continue;
    is_start = false;
    const auto [line, column] = line_and_column(sql, word.offset);
    if (!contains(select_words, word.text))
      return sql_not_allowed(str(upper(word.text), " is not allowed: only one SELECT is"), line, column, upper(word.text));
    if (has_statement) return sql_not_allowed("A second statement is not allowed: only one SELECT is", line, column, upper(word.text));
    has_statement = true;
  }
  for (const Word& word : words) {
    if (word.text != "pivot" && word.text != "unpivot" && word.text != "insert" && word.text != "update" && word.text != "delete") continue;
    const auto [line, column] = line_and_column(sql, word.offset);
    return sql_not_allowed(str(upper(word.text), " is not allowed: only one SELECT is"), line, column, upper(word.text));
  }
  if (!has_statement) return sql_not_allowed("The SQL is empty: write one SELECT", 0, 0, "");
  return sql_not_allowed("Only one SELECT is allowed", 0, 0, "");
}

}  // namespace

Error sql_not_allowed(std::string message, int line, int column, std::string got) {
  Violation violation{.path = "sql", .line = line, .column = column, .code = "sql_not_allowed", .message = message, .got = std::move(got)};
  if (line > 0) message += str(" (line ", line, ", column ", column, ")");
  return {.code = ErrorCode::invalid_argument,
          .message = std::move(message),
          .reason = "sql_not_allowed",
          .violations = {std::move(violation)}};
}

Result<GuardedStatement> StatementGuard::check(const CallContext& context, std::string_view sql) const {
  if (sql.size() > sql_bytes_max)
    return fail(sql_not_allowed(str("The SQL is ", sql.size(), " bytes long; at most ", sql_bytes_max, " are allowed"), 0, 0, ""));
  // A NUL would end the text for one reader and not for another.
  if (sql.find('\0') != std::string_view::npos || !is_valid_utf8(sql))
    return fail(sql_not_allowed("The SQL has bytes that are not text", 0, 0, ""));
  const auto words = words_of(sql);
  if (std::ranges::count(words, "materialized", &Word::text) > static_cast<std::ptrdiff_t>(materialized_words_max)) {
    return fail(sql_not_allowed(str("More than ", materialized_words_max, " MATERIALIZED are not allowed"), 0, 0, "MATERIALIZED"));
  }

  const BoundQuery query{.sql = "SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true, skip_default := true)",
                         .values = {std::string(sql)}};
  const auto session = TRY(parser_->borrow(context));
  const auto parsed = session->run(context, query, {.rows_max = 1, .result_bytes_max = parse_tree_bytes_max});
  if (!parsed) {
    if (parsed.error().code == ErrorCode::cancelled || parsed.error().code == ErrorCode::deadline_exceeded) return fail(parsed.error());
    Error error = sql_not_allowed("The SQL cannot be read", 0, 0, "");
    error.detail = parsed.error().detail;
    return fail(std::move(error));
  }
  if (parsed->row_count != 1 || parsed->columns.empty() || parsed->truncated)
    return fail(sql_not_allowed("The SQL has too many parts", 0, 0, ""));

  constexpr std::size_t json_depth_max = 4'000;  // the walk has its own, lower limit and a better message
  json::parse_options options;
  options.max_depth = json_depth_max;
  boost::system::error_code code;
  const json::value tree = json::parse(parsed->columns[0].texts[0], code, json::storage_ptr(), options);
  if (code || !tree.is_object())
    return fail(sql_not_allowed(str("The SQL is nested more than ", tree_depth_max, " levels deep"), 0, 0, ""));
  const json::object& root = tree.get_object();
  if (const json::value* error = root.if_contains("error"); !error || !error->is_bool() || error->get_bool()) {
    if (text_of(root, "error_type") != "parser") return fail(describe_statements(sql));
    if (text_of(root, "error_message").starts_with("SELECT INTO"))
      return fail(sql_not_allowed("SELECT INTO is not allowed", 0, 0, "SELECT INTO"));
    json::object readable = root;
    readable["exception_type"] = "Parser";
    readable["exception_message"] = text_of(root, "error_message");
    return fail(translate_query_error(json::serialize(readable), sql));
  }
  const json::value* statements = root.if_contains("statements");
  if (!statements || !statements->is_array() || statements->get_array().size() != 1) return fail(describe_statements(sql));
  const json::value& statement = statements->get_array()[0];
  const json::value* node = statement.is_object() ? statement.get_object().if_contains("node") : nullptr;
  if (!node) return fail(describe_statements(sql));
  TreeWalk walk(sql);
  TRY(walk.walk_query(*node));
  return walk.take();
}

}  // namespace bridge::duckdb
