#include "warehouse/postgres/sql_guard.h"

#include <pg_query.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>

#include "base/guarded.h"
#include "base/json.h"
#include "base/text.h"
#include "warehouse/postgres/limits.h"
#include "warehouse/postgres/query_error.h"

namespace bridge::postgres {

namespace {

constexpr std::size_t no_place = std::string_view::npos;

// The nodes that a query may be made of, and of each the fields that may stand in it.
const std::map<std::string_view, std::set<std::string_view>>& allowed_nodes() {
  static const std::map<std::string_view, std::set<std::string_view>> nodes{
      {"SelectStmt",
       {"distinctClause", "targetList", "fromClause", "whereClause", "groupClause", "groupDistinct", "havingClause", "windowClause",
        "valuesLists", "sortClause", "limitOffset", "limitCount", "limitOption", "withClause", "op", "all", "larg", "rarg"}},
      {"WithClause", {"ctes", "recursive", "location"}},
      {"CommonTableExpr", {"ctename", "aliascolnames", "ctematerialized", "ctequery", "location"}},
      {"ResTarget", {"name", "indirection", "val", "location"}},
      {"ColumnRef", {"fields", "location"}},
      {"A_Const", {"ival", "fval", "boolval", "sval", "bsval", "isnull", "location"}},
      {"ParamRef", {"number", "location"}},
      {"A_Expr", {"kind", "name", "lexpr", "rexpr", "location"}},
      {"BoolExpr", {"boolop", "args", "location"}},
      {"NullTest", {"arg", "nulltesttype", "argisrow", "location"}},
      {"BooleanTest", {"arg", "booltesttype", "location"}},
      {"FuncCall",
       {"funcname", "args", "agg_order", "agg_filter", "over", "agg_within_group", "agg_star", "agg_distinct", "func_variadic",
        "funcformat", "location"}},
      {"NamedArgExpr", {"arg", "name", "argnumber", "location"}},
      {"TypeCast", {"arg", "typeName", "location"}},
      {"TypeName", {"names", "typmods", "typemod", "arrayBounds", "location"}},
      {"CollateClause", {"arg", "collname", "location"}},
      {"CaseExpr", {"arg", "args", "defresult", "location"}},
      {"CaseWhen", {"expr", "result", "location"}},
      {"CoalesceExpr", {"args", "location"}},
      {"MinMaxExpr", {"op", "args", "location"}},
      {"SubLink", {"subLinkType", "testexpr", "operName", "subselect", "location"}},
      {"A_ArrayExpr", {"elements", "location"}},
      {"A_Indirection", {"arg", "indirection"}},
      {"A_Indices", {"is_slice", "lidx", "uidx"}},
      {"A_Star", {}},
      {"RowExpr", {"args", "row_format", "colnames", "location"}},
      {"GroupingFunc", {"args", "location"}},
      {"GroupingSet", {"kind", "content", "location"}},
      {"SQLValueFunction", {"op", "typmod", "location"}},
      {"SortBy", {"node", "sortby_dir", "sortby_nulls", "useOp", "location"}},
      {"WindowDef", {"name", "refname", "partitionClause", "orderClause", "frameOptions", "startOffset", "endOffset", "location"}},
      {"RangeVar", {"schemaname", "relname", "inh", "relpersistence", "alias", "location"}},
      {"RangeSubselect", {"lateral", "subquery", "alias"}},
      {"RangeFunction", {"lateral", "ordinality", "is_rowsfrom", "functions", "alias", "coldeflist"}},
      {"RangeTableSample", {"relation", "method", "args", "repeatable", "location"}},
      {"JoinExpr", {"jointype", "isNatural", "larg", "rarg", "usingClause", "join_using_alias", "quals", "alias"}},
      {"Alias", {"aliasname", "colnames"}},
      {"ColumnDef", {"colname", "typeName", "is_local", "location"}},
      {"List", {"items"}},
      {"String", {"sval"}},
      {"Integer", {"ival"}},
      {"Float", {"fval"}},
      {"Boolean", {"boolval"}},
  };
  return nodes;
}

// The kind of a node that stands in a field without its name.
std::string_view kind_of_field(std::string_view field) {
  if (field == "larg" || field == "rarg") return "SelectStmt";
  if (field == "withClause") return "WithClause";
  if (field == "over") return "WindowDef";
  if (field == "typeName") return "TypeName";
  if (field == "collClause") return "CollateClause";
  if (field == "alias" || field == "join_using_alias") return "Alias";
  return {};
}

constexpr std::array<std::string_view, 7> allowed_values = {"SVFOP_CURRENT_DATE",      "SVFOP_CURRENT_TIME",        "SVFOP_CURRENT_TIME_N",
                                                            "SVFOP_CURRENT_TIMESTAMP", "SVFOP_CURRENT_TIMESTAMP_N", "SVFOP_LOCALTIME",
                                                            "SVFOP_LOCALTIMESTAMP"};
// Types whose values are looked up in the catalog.
constexpr std::array<std::string_view, 11> refused_types = {"regclass",     "regproc",       "regprocedure", "regoper",
                                                            "regoperator",  "regtype",       "regrole",      "regconfig",
                                                            "regnamespace", "regdictionary", "regcollation"};
constexpr std::array<std::string_view, 2> allowed_sampling = {"system", "bernoulli"};

// What people call what no list names.
std::string name_of_node(std::string_view kind) {
  static const std::map<std::string_view, std::string_view> names{{"intoClause", "SELECT … INTO"},
                                                                  {"lockingClause", "FOR UPDATE or FOR SHARE"},
                                                                  {"InsertStmt", "INSERT"},
                                                                  {"UpdateStmt", "UPDATE"},
                                                                  {"DeleteStmt", "DELETE"},
                                                                  {"MergeStmt", "MERGE"},
                                                                  {"CurrentOfExpr", "CURRENT OF"},
                                                                  {"RangeTableFunc", "XMLTABLE"},
                                                                  {"XmlExpr", "An XML expression"},
                                                                  {"XmlSerialize", "XMLSERIALIZE"},
                                                                  {"catalogname", "A table of another database"}};
  const auto known = names.find(kind);
  return known == names.end() ? str("'", kind, "'") : std::string(known->second);
}

std::string_view text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

std::size_t location_of(const json::object& object) {
  const json::value* value = object.if_contains("location");
  if (!value) return 0;  // 0 is left out, as every default is
  return value->is_int64() && value->get_int64() >= 0 ? static_cast<std::size_t>(value->get_int64()) : no_place;
}

bool is_true(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_bool() && value->get_bool();
}

// Of a list of names, such as a qualified one: its parts.
std::vector<std::string> parts_of(const json::value* list) {
  std::vector<std::string> parts;
  for (const json::value& item : list && list->is_array() ? list->get_array() : json::array{}) {
    const json::object* object = item.if_object();
    const json::value* text = object ? object->if_contains("String") : nullptr;
    parts.emplace_back(text && text->is_object() ? text_of(text->get_object(), "sval") : std::string_view());
  }
  return parts;
}

bool is_kind(std::string_view key) { return !key.empty() && key[0] >= 'A' && key[0] <= 'Z'; }

// Behind blanks and comments from there on.
std::size_t skip_blanks(std::string_view sql, std::size_t at) {
  while (at < sql.size()) {
    if (std::string_view(" \t\r\n\f\v").contains(sql[at])) {
      ++at;
    } else if (sql.substr(at).starts_with("--")) {
      at = std::min(sql.find('\n', at), sql.size());
    } else if (sql.substr(at).starts_with("/*")) {
      int depth = 0;
      do {
        if (sql.substr(at).starts_with("/*")) ++depth, at += 2;
        else if (sql.substr(at).starts_with("*/")) --depth, at += 2;
        else ++at;
      } while (depth > 0 && at < sql.size());
    } else {
      break;
    }
  }
  return at;
}

// Behind a plain or quoted name.
std::size_t skip_name(std::string_view sql, std::size_t at) {
  if (at < sql.size() && sql[at] == '"') {
    for (++at; at < sql.size(); ++at) {
      if (sql[at] != '"') continue;
      if (at + 1 < sql.size() && sql[at + 1] == '"') ++at;
      else return at + 1;
    }
    return at;
  }
  while (at < sql.size() && (std::isalnum(static_cast<unsigned char>(sql[at])) || sql[at] == '_' || sql[at] == '$' ||
                             static_cast<unsigned char>(sql[at]) >= 0x80))
    ++at;
  return at;
}

// Walks the parse tree. Every part of it is either known and judged, or refused.
class TreeWalk final {
 public:
  explicit TreeWalk(std::string_view sql) : sql_(sql) {}

  void walk_statement(const json::object& select) { walk_fields("SelectStmt", select, 0); }
  Result<GuardedStatement> take();

 private:
  struct Offence {
    std::string what;
    std::size_t offset = no_place;
    std::string got;
  };

  void walk(const json::value& value, std::string_view field, std::size_t near);
  void walk_fields(std::string_view kind, const json::object& object, std::size_t near);
  void walk_select(const json::object& select, std::size_t near);
  void judge(std::string_view kind, const json::object& object, std::size_t at);
  void judge_table(const json::object& table, std::size_t at);
  void judge_function(const json::object& function, std::size_t at);
  void refuse(std::string what, std::size_t offset, std::string got);
  bool is_with_name(const std::string& name) const;

  std::string_view sql_;
  std::vector<std::set<std::string>> scopes_;  // names of WITH entries that are visible here, innermost last
  std::set<std::string> row_names_;            // the names and aliases of what stands in FROM
  std::set<std::string> last_names_;           // the last parts of the names that stand where columns may
  GuardedStatement found_;
  std::vector<Offence> offences_;
};

void TreeWalk::refuse(std::string what, std::size_t offset, std::string got) {
  if (got.empty() && offset != no_place) got = word_at(sql_, skip_blanks(sql_, offset));
  offences_.push_back({.what = std::move(what), .offset = offset, .got = std::move(got)});
}

bool TreeWalk::is_with_name(const std::string& name) const {
  return std::ranges::any_of(scopes_, [&](const std::set<std::string>& scope) { return scope.contains(name); });
}

void TreeWalk::walk(const json::value& value, std::string_view field, std::size_t near) {
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) walk(item, field, near);
    return;
  }
  const json::object* object = value.if_object();
  if (!object || object->empty()) return;
  if (object->size() == 1 && is_kind(object->begin()->key())) {
    const std::string_view kind = object->begin()->key();
    const json::object* content = object->begin()->value().if_object();
    if (content) walk_fields(kind, *content, near);
    else refuse(name_of_node(kind) + " is not allowed", near, "");
    return;
  }
  const std::string_view kind = kind_of_field(field);
  if (kind.empty()) refuse(name_of_node(field) + " is not allowed", near, "");
  else walk_fields(kind, *object, near);
}

void TreeWalk::walk_fields(std::string_view kind, const json::object& object, std::size_t near) {
  const bool has_location = object.contains("location");
  const std::size_t at = has_location && location_of(object) != no_place ? location_of(object) : near;
  const auto allowed = allowed_nodes().find(kind);
  if (allowed == allowed_nodes().end()) {
    const json::value* relation = object.if_contains("relation");
    const std::size_t place = relation && relation->is_object() ? location_of(relation->get_object()) : at;
    refuse(name_of_node(kind) + " is not allowed", std::min(place, at), "");
    return;
  }
  if (kind == "A_Const") return;
  if (kind == "SelectStmt") return walk_select(object, at);
  judge(kind, object, at);
  for (const auto& [key, part] : object) {
    if (!allowed->second.contains(std::string_view(key))) refuse(name_of_node(key) + " is not allowed", at, "");
    else walk(part, key, at);
  }
}

void TreeWalk::walk_select(const json::object& select, std::size_t near) {
  const std::set<std::string_view>& allowed = allowed_nodes().at("SelectStmt");
  scopes_.emplace_back();
  if (const json::value* with = select.if_contains("withClause"); with && with->is_object()) {
    const json::object& clause = with->get_object();
    const json::value* entries = clause.if_contains("ctes");
    const bool is_recursive = is_true(clause, "recursive");
    const auto name_of = [](const json::value& entry) {
      const json::object* object = entry.if_object();
      const json::value* content = object ? object->if_contains("CommonTableExpr") : nullptr;
      return content && content->is_object() ? std::string(text_of(content->get_object(), "ctename")) : std::string();
    };
    const json::array& list = entries && entries->is_array() ? entries->get_array() : json::array{};
    if (is_recursive) {
      for (const json::value& entry : list) scopes_.back().insert(name_of(entry));
    }
    for (const json::value& entry : list) {
      walk(entry, "ctes", near);
      scopes_.back().insert(name_of(entry));  // visible to what follows
    }
    for (const auto& [key, part] : clause) {
      if (!allowed_nodes().at("WithClause").contains(std::string_view(key))) refuse("This WITH is not allowed", near, "");
    }
  }
  for (const auto& [key, part] : select) {
    if (key == "withClause") continue;
    if (allowed.contains(std::string_view(key))) {
      walk(part, key, near);
      continue;
    }
    // What it would write to, or lock, stands where its table does.
    const json::object* clause = part.if_object();
    const json::value* target = clause ? clause->if_contains("rel") : nullptr;
    const std::size_t at = target && target->is_object() ? location_of(target->get_object()) : no_place;
    const std::string name = name_of_node(key);
    const std::string word = key == "intoClause" ? "INTO" : key == "lockingClause" ? "FOR" : "";
    refuse(name + " is not allowed", at == no_place ? near : at, word);
  }
  scopes_.pop_back();
}

void TreeWalk::judge(std::string_view kind, const json::object& object, std::size_t at) {
  if (kind == "RangeVar") return judge_table(object, at);
  if (kind == "FuncCall") return judge_function(object, at);
  if (kind == "ColumnRef") {
    const std::vector<std::string> parts = parts_of(object.if_contains("fields"));
    if (!parts.empty()) last_names_.insert(parts.back());
    for (const std::string& part : parts) {
      if (part.empty()) found_.reads_all_columns = true;  // a *
      else found_.names.insert(part);
    }
    return;
  }
  if (kind == "A_Indirection") {
    for (const std::string& part : parts_of(object.if_contains("indirection"))) {
      if (!part.empty()) found_.names.insert(part);
    }
    const json::value* list = object.if_contains("indirection");
    for (const json::value& item : list && list->is_array() ? list->get_array() : json::array{}) {
      if (item.is_object() && item.get_object().contains("A_Star")) found_.reads_all_columns = true;
    }
    return;
  }
  if (kind == "JoinExpr") {
    if (is_true(object, "isNatural")) found_.reads_all_columns = true;
    for (const std::string& name : parts_of(object.if_contains("usingClause"))) found_.names.insert(name);
    return;
  }
  if (kind == "Alias") {
    row_names_.insert(std::string(text_of(object, "aliasname")));
    if (object.contains("colnames")) found_.reads_all_columns = true;  // under other names
    return;
  }
  if (kind == "SQLValueFunction") {
    const std::string_view value = text_of(object, "op");
    if (std::ranges::find(allowed_values, value) == allowed_values.end())
      refuse(str("The value ", word_at(sql_, at), " is not allowed"), at, "");
    return;
  }
  if (kind == "TypeName") {
    const std::vector<std::string> parts = parts_of(object.if_contains("names"));
    const std::string name = parts.empty() ? std::string() : lower(parts.back());
    if (std::ranges::find(refused_types, name) != refused_types.end()) refuse(str("The type ", name, " is not allowed"), at, name);
    return;
  }
  if (kind == "RangeTableSample") {
    const std::vector<std::string> parts = parts_of(object.if_contains("method"));
    if (parts.size() != 1 || std::ranges::find(allowed_sampling, lower(parts[0])) == allowed_sampling.end())
      refuse("A sample is taken by SYSTEM or BERNOULLI: another way is not allowed", at, parts.empty() ? std::string() : parts.back());
    return;
  }
  if (kind == "A_Expr" || kind == "SubLink" || kind == "SortBy") {
    const std::vector<std::string> parts = parts_of(object.if_contains(kind == "A_Expr"    ? "name"
                                                                       : kind == "SubLink" ? "operName"
                                                                                           : "useOp"));
    if (parts.size() > 1 && parts[0] != "pg_catalog")
      refuse(str("The operator ", join(parts, "."), " is not allowed"), at, join(parts, "."));
  }
}

void TreeWalk::judge_table(const json::object& table, std::size_t at) {
  std::string name(text_of(table, "relname"));
  std::string schema(text_of(table, "schemaname"));
  row_names_.insert(name);
  if (schema.empty() && is_with_name(name)) return;
  if (!schema.empty()) {  // the place of the name itself, behind the schema's
    const std::size_t dot = skip_blanks(sql_, skip_name(sql_, at));
    if (dot < sql_.size() && sql_[dot] == '.') at = skip_blanks(sql_, dot + 1);
  }
  found_.tables.push_back({.schema = std::move(schema), .name = std::move(name), .offset = at});
}

void TreeWalk::judge_function(const json::object& function, std::size_t at) {
  std::vector<std::string> parts = parts_of(function.if_contains("funcname"));
  if (parts.empty() || parts.size() > 2) return refuse("This function is not allowed", at, "");
  const std::string name = lower(parts.back());
  const bool is_own = parts.size() == 1 || parts[0] == "pg_catalog";
  found_.functions.insert(name);
  if (is_own && is_allowed_function(name)) return;
  const std::string shown = join(parts, ".");
  const auto near = is_own ? nearest_name(name, allowed_function_names()) : std::nullopt;
  offences_.push_back(
      {.what = str("The function ", shown, "() is not allowed", near ? str(": did you mean ", *near, "()?") : std::string()),
       .offset = at,
       .got = shown});
}

Result<GuardedStatement> TreeWalk::take() {
  if (!offences_.empty()) {
    const auto first = std::ranges::min_element(offences_, {}, &Offence::offset);
    return fail(sql_not_allowed(first->what, sql_, first->offset, first->got));
  }
  // The last part of a name that is a table's as well ("SELECT s FROM sales s") reads its whole row.
  const bool reads_rows = std::ranges::any_of(last_names_, [&](const std::string& name) { return row_names_.contains(name); });
  found_.reads_all_columns = found_.reads_all_columns || reads_rows;
  std::ranges::sort(found_.tables, {}, &TableReference::offset);
  return std::move(found_);
}

// ---- the parser ----------------------------------------------------------------------------------------------------

// Runs the work on a stack that is large enough for any statement of sql_bytes_max: the parser goes into a tree as deep as it is, and has
// no limit of its own. What it keeps for a thread it frees at the thread's end.
Result<> with_large_stack(std::function<void()> work) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, parser_stack_bytes);
  pthread_t thread;
  const int code = pthread_create(
      &thread, &attributes,
      [](void* argument) -> void* {
        (*static_cast<std::function<void()>*>(argument))();
        return nullptr;
      },
      &work);
  pthread_attr_destroy(&attributes);
  if (code != 0) return fail(out_of_memory());
  pthread_join(thread, nullptr);
  return {};
}

struct ParsedText {
  std::string tree;  // JSON
  std::string error;
  int position = 0;  // in characters from 1
};

Result<ParsedText> parse(const std::string& sql) {
  ParsedText parsed;
  bool is_too_large = false;
  TRY(with_large_stack([&] {
    const PgQueryParseResult result = pg_query_parse(sql.c_str());
    if (result.error) {
      parsed.error = result.error->message ? result.error->message : "it cannot be read";
      parsed.position = result.error->cursorpos;
    } else {
      const std::string_view tree(result.parse_tree);
      if (tree.size() > tree_bytes_max) is_too_large = true;
      else parsed.tree = tree;
    }
    pg_query_free_parse_result(result);
  }));
  if (is_too_large) return fail(sql_not_allowed("The SQL has too many parts", sql, no_place, ""));
  return parsed;
}

}  // namespace

Result<GuardedStatement> check_statement(std::string_view sql) {
  if (sql.size() > sql_bytes_max)
    return fail(sql_not_allowed(str("The SQL is longer than ", format_bytes(sql_bytes_max)), "", no_place, ""));
  if (const auto at = sql.find('\0'); at != std::string_view::npos)
    return fail(sql_invalid("The SQL has a character with the code 0", sql, at, ""));
  if (!is_valid_utf8(sql)) return fail(sql_invalid("The SQL is not UTF-8 text", sql, no_place, ""));
  const ParsedText parsed = TRY(parse(std::string(sql)));
  if (!parsed.error.empty()) {
    const std::size_t at = parsed.position > 0 ? byte_of_character(sql, parsed.position) : no_place;
    return fail(sql_invalid(str("The SQL cannot be read: ", parsed.error), sql, at, at == no_place ? std::string() : word_at(sql, at)));
  }
  const auto tree = parse_json(parsed.tree, {.depth_max = tree_depth_max, .bytes_max = tree_bytes_max});
  if (!tree) return fail(sql_not_allowed("The SQL is nested too deeply", sql, no_place, ""));
  const json::value* list = tree->is_object() ? tree->get_object().if_contains("stmts") : nullptr;
  const json::array& statements = list && list->is_array() ? list->get_array() : json::array{};
  if (statements.empty()) return fail(sql_invalid("There is no SQL", sql, no_place, ""));
  const auto begin_of = [&](const json::value& statement) {
    const json::value* at = statement.is_object() ? statement.get_object().if_contains("stmt_location") : nullptr;
    return skip_blanks(sql, at && at->is_int64() ? static_cast<std::size_t>(at->get_int64()) : 0);
  };
  if (statements.size() > 1) {
    const std::size_t at = begin_of(statements[1]);
    return fail(sql_not_allowed("Only one statement is allowed, and this is a second one", sql, at, word_at(sql, at)));
  }
  const json::value* statement = statements[0].is_object() ? statements[0].get_object().if_contains("stmt") : nullptr;
  const json::value* select = statement && statement->is_object() ? statement->get_object().if_contains("SelectStmt") : nullptr;
  if (!select || !select->is_object()) {
    const std::size_t at = begin_of(statements[0]);
    const std::string word = word_at(sql, at);
    return fail(sql_not_allowed(str("Only one SELECT is allowed, and this begins with ", word), sql, at, word));
  }
  TreeWalk walk(sql);
  walk.walk_statement(select->get_object());
  return walk.take();
}

}  // namespace bridge::postgres
