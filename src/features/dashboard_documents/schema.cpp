#include "features/dashboard_documents/schema.h"

#include <re2/re2.h>

#include "base/text.h"
#include "features/dashboard_documents/limits.h"

namespace bridge {

// Made from schemas/dashboard.schema.json by CMakeLists.txt.
extern const std::string_view embedded_dashboard_schema;

namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t kGotLengthMax = 100;

struct OtherWord {
  std::string_view word;
  std::string_view name;
};
constexpr OtherWord kOtherWords[] = {{"avg", "mean"},
                                     {"average", "mean"},
                                     {"distinct", "count_distinct"},
                                     {"unique", "count_distinct"},
                                     {"nunique", "count_distinct"},
                                     {"total", "sum"},
                                     {"number", "kpi"},
                                     {"metric", "kpi"},
                                     {"card", "kpi"},
                                     {"stat", "kpi"},
                                     {"big_number", "kpi"},
                                     {"column", "bar"},
                                     {"doughnut", "donut"},
                                     {"point", "scatter"},
                                     {"bubble", "scatter"},
                                     {"geo", "map"},
                                     {"choropleth", "map"},
                                     {"boxplot", "box"},
                                     {"timeseries", "line"},
                                     {"string", "text"},
                                     {"select", "enum"},
                                     {"list", "enum"},
                                     {"bool", "boolean"},
                                     {"int", "number"},
                                     {"integer", "number"},
                                     {"float", "number"},
                                     {"period", "date_range"},
                                     {"time_range", "date_range"},
                                     {"parameters", "params"},
                                     {"filters", "params"},
                                     {"visualizations", "charts"},
                                     {"panels", "charts"},
                                     {"name", "title"},
                                     {"owner", "owner_email"},
                                     {"version", "bridge"},
                                     {"type", "mark"},
                                     {"chart_type", "mark"},
                                     {"width", "w"},
                                     {"height", "h"},
                                     {"colour", "color"},
                                     {"series", "color"},
                                     {"group", "color"},
                                     {"datasource", "connection"},
                                     {"depends_on", "from"},
                                     {"query", "sql"},
                                     {"items", "row"},
                                     {"charts", "row"},
                                     {"max_age", "ttl"},
                                     {"weekday", "day_of_week"},
                                     {"asc", "ascending"},
                                     {"desc", "descending"},
                                     {"aggregation", "aggregate"},
                                     {"agg", "aggregate"},
                                     {"options", "values"}};

bool is_one_swap_away(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto [left, right] = std::ranges::mismatch(a, b);
  const auto at = static_cast<std::size_t>(left - a.begin());
  return at + 1 < a.size() && a[at] == b[at + 1] && a[at + 1] == b[at] && a.substr(at + 2) == b.substr(at + 2);
}

class SchemaCheck {
 public:
  explicit SchemaCheck(const json::object& root) : root_(root) {}

  std::vector<Violation> violations;

  void check(const YamlNode& node, const json::object& given, const std::string& path) {
    const json::object& schema = resolve(given);
    if (const auto* all = schema.if_contains("allOf")) {
      for (const auto& part : all->as_array()) check(node, part.as_object(), path);
    }
    if (const auto* any = schema.if_contains("anyOf")) return check_any(node, any->as_array(), path);
    if (const auto* type = schema.if_contains("type"); type && !has_type(node, *type)) return wrong_type(node, *type, path);
    if (const auto* allowed = schema.if_contains("enum")) check_enum(node, allowed->as_array(), path);
    if (node.kind == Kind::text) check_text(node, schema, path);
    if (node.kind == Kind::integer || node.kind == Kind::number) check_number(node, schema, path);
    if (node.kind == Kind::list) check_list(node, schema, path);
    if (node.kind == Kind::map) check_map(node, schema, path);
  }

 private:
  static std::string_view text_of(const json::object& schema, std::string_view name) { return schema.at(name).as_string(); }

  const json::object& resolve(const json::object& schema) const {
    const auto* reference = schema.if_contains("$ref");
    if (!reference) return schema;
    const std::string_view name = std::string_view(reference->as_string()).substr(std::string_view("#/definitions/").size());
    return root_.at("definitions").as_object().at(name).as_object();
  }

  void add(Position at, std::string path, std::string code, std::string message, std::string got = {},
           std::vector<std::string> allowed = {}, std::string suggestion = {}) {
    if (violations.size() >= document_limits::kViolationsMax) return;
    violations.push_back({std::move(path), at.line, at.column, std::move(code), std::move(message), got.substr(0, kGotLengthMax),
                          std::move(allowed), std::move(suggestion)});
  }

  static bool has_one_type(const YamlNode& node, std::string_view type) {
    switch (node.kind) {
      case Kind::null: return type == "null";
      case Kind::boolean: return type == "boolean";
      case Kind::integer: return type == "integer" || type == "number";
      case Kind::number: return type == "number";
      case Kind::text: return type == "string";
      case Kind::list: return type == "array";
      case Kind::map: return type == "object";
    }
    return false;
  }
  static bool has_type(const YamlNode& node, const json::value& type) {
    if (const auto* name = type.if_string()) return has_one_type(node, *name);
    return std::ranges::any_of(type.as_array(), [&](const json::value& name) { return has_one_type(node, name.as_string()); });
  }

  static std::string people_name(std::string_view type) {
    if (type == "string") return "text";
    if (type == "object") return "a mapping";
    if (type == "array") return "a list";
    if (type == "integer") return "a whole number";
    if (type == "number") return "a number";
    if (type == "boolean") return "true or false";
    return "nothing";
  }

  void wrong_type(const YamlNode& node, const json::value& type, const std::string& path) {
    std::vector<std::string> wanted;
    if (const auto* name = type.if_string()) wanted.push_back(people_name(*name));
    else
      for (const auto& name : type.as_array()) wanted.push_back(people_name(name.as_string()));
    wrong_kind(node, std::move(wanted), path);
  }

  void wrong_kind(const YamlNode& node, std::vector<std::string> wanted, const std::string& path) {
    const bool scalar = node.kind == Kind::integer || node.kind == Kind::number || node.kind == Kind::boolean;
    std::string message = str("must be ", join(wanted, " or "), ", not ", kind_name(node.kind));
    std::string suggestion;
    if (scalar && std::ranges::find(wanted, "text") != wanted.end()) {
      suggestion = str('"', node.text, '"');
      message += str(": write it in quotes, ", suggestion);
    } else if (node.kind == Kind::null) {
      message += ": give it a value, or leave the key out";
    }
    add(node.at, path, "wrong_type", std::move(message), node.text.empty() ? std::string(kind_name(node.kind)) : node.text,
        std::move(wanted), std::move(suggestion));
  }

  void check_any(const YamlNode& node, const json::array& branches, const std::string& path) {
    std::vector<std::string> wanted;
    for (const auto& branch : branches) {
      const json::object& schema = resolve(branch.as_object());
      if (has_type(node, schema.at("type"))) return check(node, schema, path);
      wanted.push_back(people_name(text_of(schema, "type")));
    }
    wrong_kind(node, std::move(wanted), path);
  }

  void check_enum(const YamlNode& node, const json::array& allowed, const std::string& path) {
    const json::value value = json_of(node);
    std::vector<std::string> names;
    for (const auto& item : allowed) {
      if (item == value) return;
      names.push_back(item.is_string() ? std::string(item.as_string()) : json::serialize(item));
    }
    const std::string got = node.kind == Kind::list || node.kind == Kind::map ? std::string(kind_name(node.kind)) : node.text;
    std::string suggestion = suggest_name(got, names);
    if (suggestion.empty() && names.size() == 1) suggestion = names.front();
    std::string message = str("'", got.substr(0, kGotLengthMax), "' is not one of ", join(names, ", "));
    if (!suggestion.empty()) message += str(": did you mean '", suggestion, "'?");
    add(node.at, path, "unknown_value", std::move(message), got, std::move(names), std::move(suggestion));
  }

  void check_text(const YamlNode& node, const json::object& schema, const std::string& path) {
    const auto characters = static_cast<std::int64_t>(count_characters(node.text));
    if (const auto* most = schema.if_contains("maxLength"); most && characters > most->as_int64()) {
      add(node.at, path, "too_long",
          too_long_message(str("'", path, "'"), static_cast<std::size_t>(most->as_int64()), static_cast<std::size_t>(characters)));
    }
    if (const auto* least = schema.if_contains("minLength"); least && characters < least->as_int64())
      add(node.at, path, "too_short", "must not be empty");
    if (const auto* pattern = schema.if_contains("pattern"); pattern && !matches(node.text, pattern->as_string())) {
      add(node.at, path, "bad_format", str("'", node.text.substr(0, kGotLengthMax), "' is not in the right form", describe(schema)),
          node.text, {}, example_of(schema));
    }
  }

  // "Name in the URL …, such as carrier-delays", from the schema's own words.
  static std::string describe(const json::object& schema) {
    std::string words;
    if (const auto* about = schema.if_contains("description")) words += str(": ", std::string_view(about->as_string()));
    if (const std::string example = example_of(schema); !example.empty()) words += str(" For example ", example);
    return words;
  }
  static std::string example_of(const json::object& schema) {
    const auto* examples = schema.if_contains("examples");
    if (!examples || examples->as_array().empty() || !examples->as_array().front().is_string()) return {};
    return std::string(examples->as_array().front().as_string());
  }

  bool matches(const std::string& text, std::string_view pattern) {
    auto& compiled = patterns_[std::string(pattern)];
    if (!compiled) compiled = std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), re2::RE2::Quiet);
    return re2::RE2::PartialMatch(text, *compiled);
  }

  void check_number(const YamlNode& node, const json::object& schema, const std::string& path) {
    const double value = json_of(node).to_number<double>();
    const auto* least = schema.if_contains("minimum");
    const auto* most = schema.if_contains("maximum");
    const auto* above = schema.if_contains("exclusiveMinimum");
    if (above && value <= above->to_number<double>())
      add(node.at, path, "out_of_range", str("must be more than ", above->to_number<double>()), node.text);
    const bool small = least && value < least->to_number<double>(), large = most && value > most->to_number<double>();
    if (!small && !large) return;
    std::string message = least && most ? str("must be from ", json::serialize(*least), " to ", json::serialize(*most))
                          : least       ? str("must be at least ", json::serialize(*least))
                                        : str("must be at most ", json::serialize(*most));
    add(node.at, path, "out_of_range", std::move(message), node.text, {}, json::serialize(small ? *least : *most));
  }

  void check_list(const YamlNode& node, const json::object& schema, const std::string& path) {
    const auto count = static_cast<std::int64_t>(node.items.size());
    if (const auto* least = schema.if_contains("minItems"); least && count < least->as_int64())
      add(node.at, path, "too_few", "must not be an empty list");
    if (const auto* most = schema.if_contains("maxItems"); most && count > most->as_int64()) {
      add(node.at, path, "too_many", str("has ", count, " items; at most ", most->as_int64(), " are allowed"));
    }
    const auto* items = schema.if_contains("items");
    for (std::size_t i = 0; items && i < node.items.size(); ++i) check(node.items[i], items->as_object(), str(path, "[", i, "]"));
  }

  void check_map(const YamlNode& node, const json::object& schema, const std::string& path) {
    const auto count = static_cast<std::int64_t>(node.items.size());
    if (const auto* least = schema.if_contains("minProperties"); least && count < least->as_int64())
      add(node.at, path, "too_few", "must hold at least one entry");
    if (const auto* most = schema.if_contains("maxProperties"); most && count > most->as_int64()) {
      add(node.at, path, "too_many", str("has ", count, " entries; at most ", most->as_int64(), " are allowed"));
    }
    const json::object none;
    const json::object& properties = schema.contains("properties") ? schema.at("properties").as_object() : none;
    for (std::size_t i = 0; i < node.items.size(); ++i) check_entry(node, i, schema, properties, path);
    check_required(node, schema, path);
    if (const auto* one = schema.if_contains("oneOf")) check_one_of(node, one->as_array(), path);
  }

  void check_entry(const YamlNode& node, std::size_t index, const json::object& schema, const json::object& properties,
                   const std::string& path) {
    const YamlKey& key = node.keys[index];
    const YamlNode& item = node.items[index];
    const std::string item_path = path.empty() ? key.text.substr(0, kGotLengthMax) : str(path, ".", key.text.substr(0, kGotLengthMax));
    if (const auto* names = schema.if_contains("propertyNames"); names && !matches(key.text, names->at("pattern").as_string())) {
      add(key.at, item_path, "bad_name",
          str("'", key.text.substr(0, kGotLengthMax), "' is not a name: letters, digits and _ are allowed, a letter first"), key.text, {},
          name_like(key.text));
    }
    if (const auto* known = properties.if_contains(key.text)) return check(item, known->as_object(), item_path);
    if (const auto* patterns = schema.if_contains("patternProperties")) {
      for (const auto& [pattern, ignored] : patterns->as_object()) {
        if (matches(key.text, pattern)) return;
      }
    }
    const auto* more = schema.if_contains("additionalProperties");
    if (!more) return;
    if (const auto* more_schema = more->if_object()) return check(item, *more_schema, item_path);
    std::vector<std::string> names;
    for (const auto& [name, ignored] : properties) names.emplace_back(name);
    std::string suggestion = suggest_name(key.text, names);
    std::string message = str("unknown key '", key.text.substr(0, kGotLengthMax), "'");
    message += suggestion.empty() ? str(": known here are ", join(names, ", ")) : str(": did you mean '", suggestion, "'?");
    add(key.at, item_path, "unknown_field", std::move(message), key.text, std::move(names), std::move(suggestion));
  }

  void check_required(const YamlNode& node, const json::object& schema, const std::string& path) {
    const auto* required = schema.if_contains("required");
    if (!required) return;
    for (const auto& name : required->as_array()) {
      const std::string_view wanted = name.as_string();
      if (node.find(wanted)) continue;
      add(node.at, path.empty() ? std::string(wanted) : str(path, ".", wanted), "missing_field", str("'", wanted, "' is missing"));
    }
  }

  // Every branch only names a required key.
  void check_one_of(const YamlNode& node, const json::array& branches, const std::string& path) {
    std::vector<std::string> names;
    std::size_t present = 0;
    for (const auto& branch : branches) {
      names.emplace_back(branch.at("required").as_array().front().as_string());
      if (node.find(names.back())) ++present;
    }
    if (present == 1) return;
    add(node.at, path, present == 0 ? "missing_field" : "too_many",
        str(present == 0 ? "needs one of " : "may have only one of ", join(names, ", ")), {}, names);
  }

  // A name that is allowed and resembles the text, one mark for each run of what is not; empty where nothing of it is left.
  static std::string name_like(const std::string& text) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    std::string name;
    bool resembles = false;
    for (const char c : text) {
      const bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c);
      resembles = resembles || kept;
      if (kept || c == '_' || name.empty() || name.back() != '_') name += kept ? c : '_';
    }
    if (!resembles) return {};
    if (is_digit(name[0])) name.insert(0, "_");
    return name.substr(0, 63);
  }

  const json::object& root_;
  std::map<std::string, std::unique_ptr<re2::RE2>> patterns_;
};

}  // namespace

std::string_view dashboard_schema_text() { return embedded_dashboard_schema; }

const json::object& dashboard_schema() {
  static const json::object schema = json::parse(dashboard_schema_text()).as_object();
  return schema;
}

const json::object& schema_properties(std::string_view definition) {
  return dashboard_schema().at("definitions").at(definition).at("properties").as_object();
}

std::vector<Violation> check_against_schema(const YamlNode& document, const json::object& schema) {
  SchemaCheck check(schema);
  check.check(document, schema, "");
  return std::move(check.violations);
}

std::string suggest_name(std::string_view got, std::span<const std::string> allowed) {
  const std::string word = lower(got);
  for (const OtherWord& other : kOtherWords) {
    if (other.word == word && std::ranges::find(allowed, other.name) != allowed.end()) return std::string(other.name);
  }
  // Two neighbouring letters in the wrong order are the commonest slip.
  for (const std::string& name : allowed) {
    if (is_one_swap_away(word, lower(name))) return name;
  }
  return nearest_name(got, allowed).value_or("");
}

}  // namespace bridge
