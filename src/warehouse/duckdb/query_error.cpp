#include "warehouse/duckdb/query_error.h"

#include "base/json.h"
#include "base/text.h"
#include "warehouse/duckdb/engine.h"

namespace bridge::duckdb {

namespace {

constexpr std::size_t message_length_max = 400;
constexpr std::size_t candidates_max = 10;
constexpr std::size_t name_length_max = 200;
constexpr std::string_view explain_prefix = "EXPLAIN (FORMAT json) ";

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : "";
}

// DuckDB's message up to its lists of candidates, which go into the violation, and without what looks like a path.
std::string first_sentence(std::string text) {
  for (const std::string_view end : {"\nDid you mean", "\nCandidate", "\n\tCandidate", "\nLINE ", "\n\n", "\nPossible", "\n\nPossible"}) {
    if (const auto at = text.find(end); at != std::string::npos) text.resize(at);
  }
  std::string out(trim(replace_all(replace_all(std::move(text), "\n", " "), "\t", " ")));
  while (out.ends_with('!') || out.ends_with('.')) out.pop_back();
  if (!out.empty()) out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
  if (out.size() > message_length_max) {
    out.resize(message_length_max);
    while (!out.empty() && !is_valid_utf8(out)) out.pop_back();
    out += "…";
  }
  return out;
}

// Where a value of SQL ended up in a message it may stand; a path of this machine may not.
bool names_a_path(std::string_view text, std::string_view sql) {
  for (std::size_t at = text.find('/'); at != std::string_view::npos; at = text.find('/', at + 1)) {
    std::size_t end = at;
    while (end < text.size() && text[end] != '"' && text[end] != '\'' && text[end] != ' ') ++end;
    const std::string_view word = text.substr(at, end - at);
    if (word.size() > 2 && std::ranges::count(word, '/') > 1 && sql.find(word) == std::string_view::npos) return true;
  }
  return false;
}

Error invalid_sql(std::string message, std::string_view sql, std::optional<std::size_t> offset, std::string got,
                  std::vector<std::string> candidates) {
  Violation violation{.path = "sql", .code = "sql_invalid", .message = message};
  if (offset) std::tie(violation.line, violation.column) = line_and_column(sql, *offset);
  violation.got = std::move(got);
  if (const auto near = nearest_name(violation.got, candidates)) violation.suggestion = *near;
  violation.allowed = std::move(candidates);
  if (!violation.suggestion.empty()) message += str(": did you mean '", violation.suggestion, "'?");
  if (violation.line > 0) message += str(" (line ", violation.line, ", column ", violation.column, ")");
  return {
      .code = ErrorCode::invalid_argument, .message = std::move(message), .reason = "sql_invalid", .violations = {std::move(violation)}};
}

// Names that may have been meant; the candidates of a call without a match are signatures, and those stand in the message.
std::vector<std::string> candidates_of(const json::object& error) {
  const std::string subtype = text_of(error, "error_subtype");
  if (subtype != "COLUMN_NOT_FOUND" && subtype != "MISSING_ENTRY") return {};
  std::vector<std::string> names;
  for (const std::string& part : split(text_of(error, "candidates"), ',')) {
    const std::string name(trim(part));
    if (!name.empty() && names.size() < candidates_max) names.push_back(name);
  }
  return names;
}

}  // namespace

Error translate_query_error(std::string_view raw, std::string_view sql) {
  json::object error;
  std::string type;
  std::string text(raw);
  // Parser errors carry their JSON behind "Parser Error: ".
  if (const auto brace = raw.find('{'); brace != std::string_view::npos && brace < 40) {
    boost::system::error_code code;
    if (json::value parsed = json::parse(raw.substr(brace), code); !code && parsed.is_object()) error = std::move(parsed.get_object());
  }
  if (!error.empty()) {
    type = text_of(error, "exception_type");
    text = text_of(error, "exception_message");
  } else if (const auto colon = raw.find(" Error: "); colon != std::string_view::npos) {
    type = raw.substr(0, colon);
    text = raw.substr(colon + 8);
  }
  std::optional<std::size_t> offset;
  if (const std::string position = text_of(error, "position"); !position.empty()) {
    std::size_t value = 0;
    if (std::from_chars(position.data(), position.data() + position.size(), value).ec == std::errc{}) offset = value;
    if (offset && sql.starts_with(explain_prefix)) offset = *offset > explain_prefix.size() ? *offset - explain_prefix.size() : 0;
  }
  if (sql.starts_with(explain_prefix)) sql.remove_prefix(explain_prefix.size());

  const auto with_detail = [&](Error mapped) {
    mapped.detail = std::string(raw);
    return mapped;
  };
  if (type == "Out of Memory" || type == "OutOfMemory") {
    return with_detail({.code = ErrorCode::resource_exhausted,
                        .message = "The query needs more memory than a query may use: filter it, or group by fewer columns",
                        .reason = "query_too_large"});
  }
  if (type == "INTERRUPT" || type == "Interrupt") return with_detail({.code = ErrorCode::cancelled, .message = "The query was cancelled"});
  if (type == "Permission") {
    return with_detail({.code = ErrorCode::permission_denied,
                        .message = "The query asks for something outside of the warehouse",
                        .reason = "sql_not_allowed"});
  }
  if (type == "IO" || type == "HTTP") {
    return with_detail({.code = ErrorCode::unavailable,
                        .message = "The warehouse's files cannot be read: check that they are still in place and readable",
                        .reason = "warehouse_unreadable"});
  }
  if (type == "Fatal" || type == "INTERNAL" || type == "Internal" || type.empty()) {
    return with_detail({.code = ErrorCode::internal, .message = "The engine failed on this query"});
  }
  std::string sentence = first_sentence(text);
  if (sentence.empty() || names_a_path(sentence, sql)) sentence = str("The query fails: ", lower(type), " error");
  const std::string name = text_of(error, "name").substr(0, name_length_max);
  const std::string subtype = text_of(error, "error_subtype");
  if (subtype == "COLUMN_NOT_FOUND" && !name.empty()) sentence = str("There is no column '", name, "'");
  else if (subtype == "MISSING_ENTRY" && !name.empty()) sentence = str("There is no ", lower(text_of(error, "type")), " '", name, "'");
  return with_detail(invalid_sql(std::move(sentence), sql, offset, name, candidates_of(error)));
}

Error not_a_select() { return {.code = ErrorCode::invalid_argument, .message = "Only one SELECT is allowed", .reason = "sql_not_allowed"}; }

Error wrong_parameter_count(std::size_t wanted, std::size_t given) {
  return {.code = ErrorCode::invalid_argument,
          .message = str("The query has ", wanted, " parameters, but ", given, " values were given"),
          .reason = "sql_invalid"};
}

}  // namespace bridge::duckdb
