#pragma once

#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/time.h"

// One declaration, many uses: a plain struct and one BOOST_DESCRIBE_STRUCT line give strict JSON in and out and a JSON Schema.

namespace bridge {

namespace json = boost::json;

struct JsonLimits {
  std::size_t depth_max = 64;
  std::size_t bytes_max = 10 << 20;
};

// Strict: one value, valid UTF-8, no duplicate keys, no NaN. Errors say where (byte offset).
Result<json::value> parse_json(std::string_view text, JsonLimits limits = {});

// What a described struct says of one of its fields beyond name and type.
struct FieldNote {
  std::string_view name;
  std::string_view about = "";
  std::string_view subject = "";  // what people call it, as a sentence begins: "A team's name"; empty: its name in quotes
  std::size_t length_max = 1024;  // of a string, in characters
  bool optional = false;          // may be missing: the member's own default then holds
  double minimum = -9.2e18;
  double maximum = 9.2e18;
};

// Specialise for a struct: `template <> inline constexpr auto field_notes<NewTeam> = std::to_array<FieldNote>({{"name", "..."}});`
template <class T>
inline constexpr std::span<const FieldNote> field_notes{};

template <class T>
const FieldNote& note_of(std::string_view field) {
  static const FieldNote plain{};
  for (const FieldNote& note : field_notes<T>) {
    if (note.name == field) return note;
  }
  return plain;
}

namespace detail {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsVector : std::false_type {};
template <class T>
struct IsVector<std::vector<T>> : std::true_type {};
template <class T>
struct IsStringMap : std::false_type {};
template <class T>
struct IsStringMap<std::map<std::string, T>> : std::true_type {};
template <class T>
struct IsId : std::false_type {};
template <class Tag>
struct IsId<Id<Tag>> : std::true_type {};

template <class T>
concept Described = boost::describe::has_describe_members<T>::value;
template <class T>
concept DescribedEnum = boost::describe::has_describe_enumerators<T>::value;
template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

std::string_view kind_name(const json::value& value);
std::string preview(const json::value& value);
void add_type_violation(std::vector<Violation>& out, const std::string& path, std::string_view wanted, const json::value& got);
// Whether the text keeps to the note's length; adds a violation when it does not.
bool check_length(std::vector<Violation>& out, const std::string& path, const FieldNote& note, std::string_view text);
// "The input has problems: …" with the first one, as a sentence that says what it is about.
std::string describe_problems(const std::vector<Violation>& violations);

}  // namespace detail

// The names of an enum's values, in order.
template <detail::DescribedEnum E>
std::vector<std::string> enum_names() {
  std::vector<std::string> names;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) { names.emplace_back(d.name); });
  return names;
}
template <detail::DescribedEnum E>
std::string_view enum_name(E value) {
  std::string_view name = "?";
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (d.value == value) name = d.name;
  });
  return name;
}
template <detail::DescribedEnum E>
std::optional<E> enum_value(std::string_view name) {
  std::optional<E> found;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (name == d.name) found = d.value;
  });
  return found;
}

// ---- writing -------------------------------------------------------------------------------------------------------

template <class T>
json::value to_json(const T& value) {
  using namespace detail;
  if constexpr (std::is_same_v<T, json::value> || std::is_same_v<T, json::object> || std::is_same_v<T, json::array>) {
    return value;
  } else if constexpr (std::is_same_v<T, bool> || std::is_arithmetic_v<T>) {
    if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(value)) return nullptr;
    }
    return value;
  } else if constexpr (std::is_convertible_v<T, std::string_view>) {
    return json::string(std::string_view(value));
  } else if constexpr (std::is_same_v<T, Time>) {
    return json::string(format_time(value));
  } else if constexpr (IsId<T>::value) {
    return json::string(value.value());
  } else if constexpr (DescribedEnum<T>) {
    return json::string(enum_name(value));
  } else if constexpr (IsOptional<T>::value) {
    return value ? to_json(*value) : json::value(nullptr);
  } else if constexpr (IsVector<T>::value) {
    json::array array;
    array.reserve(value.size());
    for (const auto& item : value) array.push_back(to_json(item));
    return array;
  } else if constexpr (IsStringMap<T>::value) {
    json::object object;
    for (const auto& [key, item] : value) object[key] = to_json(item);
    return object;
  } else {
    static_assert(Described<T>, "needs BOOST_DESCRIBE_STRUCT");
    json::object object;
    boost::mp11::mp_for_each<Members<T>>([&](auto d) { object[d.name] = to_json(value.*d.pointer); });
    return object;
  }
}

template <class T>
std::string to_json_text(const T& value) {
  return json::serialize(to_json(value));
}

// ---- reading -------------------------------------------------------------------------------------------------------

namespace detail {

template <class T>
void read_json(const json::value& value, T& out, const std::string& path, const FieldNote& note, std::vector<Violation>& violations);

template <class T>
void read_struct(const json::value& value, T& out, const std::string& path, std::vector<Violation>& violations) {
  const json::object* object = value.if_object();
  if (!object) return add_type_violation(violations, path, "an object", value);
  std::vector<std::string> names;
  boost::mp11::mp_for_each<Members<T>>([&](auto d) { names.emplace_back(d.name); });
  const std::string prefix = path.empty() ? "" : path + ".";
  for (const auto& [key, item] : *object) {
    if (std::find(names.begin(), names.end(), std::string_view(key)) != names.end()) continue;
    Violation violation{.path = prefix + std::string(key),
                        .code = "unknown_field",
                        .message = str("unknown field '", std::string_view(key).substr(0, 100), "'")};
    violation.got = std::string(key).substr(0, 100);
    violation.allowed = names;
    if (const auto near = nearest_name(std::string_view(key), names)) {
      violation.suggestion = *near;
      violation.message += str(": did you mean '", *near, "'?");
    }
    violations.push_back(std::move(violation));
  }
  boost::mp11::mp_for_each<Members<T>>([&](auto d) {
    auto& member = out.*d.pointer;
    using Member = std::remove_reference_t<decltype(member)>;
    const FieldNote& note = note_of<T>(d.name);
    const json::value* item = object->if_contains(d.name);
    if (!item || (item->is_null() && (IsOptional<Member>::value || note.optional))) {
      if (!item && !IsOptional<Member>::value && !note.optional) {
        violations.push_back({.path = prefix + d.name, .code = "missing_field", .message = str("'", d.name, "' is missing")});
      }
      return;
    }
    read_json(*item, member, prefix + d.name, note, violations);
  });
}

template <class T>
void read_json(const json::value& value, T& out, const std::string& path, const FieldNote& note, std::vector<Violation>& violations) {
  if constexpr (std::is_same_v<T, json::value>) {
    out = value;
  } else if constexpr (std::is_same_v<T, json::object>) {
    if (!value.is_object()) return add_type_violation(violations, path, "an object", value);
    out = value.get_object();
  } else if constexpr (std::is_same_v<T, bool>) {
    if (!value.is_bool()) return add_type_violation(violations, path, "true or false", value);
    out = value.get_bool();
  } else if constexpr (std::is_integral_v<T>) {
    boost::system::error_code error;
    const T number = value.is_number() ? value.to_number<T>(error) : T{};
    if (!value.is_number() || error) return add_type_violation(violations, path, "a whole number", value);
    const double wide = static_cast<double>(number);
    if (wide < note.minimum || wide > note.maximum) {
      violations.push_back(
          {.path = path, .code = "out_of_range", .message = str("must be from ", note.minimum, " to ", note.maximum), .got = str(number)});
      return;
    }
    out = number;
  } else if constexpr (std::is_floating_point_v<T>) {
    if (!value.is_number()) return add_type_violation(violations, path, "a number", value);
    out = static_cast<T>(value.to_number<double>());
  } else if constexpr (std::is_same_v<T, std::string> || std::is_same_v<T, Secret>) {
    const json::string* text = value.if_string();
    if (!text) return add_type_violation(violations, path, "a string", value);
    if (!check_length(violations, path, note, *text)) return;
    if (text->find('\0') != json::string::npos) {
      violations.push_back({.path = path, .code = "bad_character", .message = "must not contain a NUL character"});
      return;
    }
    out = T(std::string(*text));
  } else if constexpr (std::is_same_v<T, Time>) {
    const json::string* text = value.if_string();
    if (!text) return add_type_violation(violations, path, "a time as text", value);
    if (auto time = parse_time(*text)) out = *time;
    else violations.push_back({.path = path, .code = "bad_time", .message = time.error().message});
  } else if constexpr (IsId<T>::value) {
    const json::string* text = value.if_string();
    if (!text) return add_type_violation(violations, path, "an id as text", value);
    if (text->size() > 64)
      violations.push_back({.path = path, .code = "too_long", .message = "is not an id: at most 64 characters are allowed"});
    else out = T(std::string(*text));
  } else if constexpr (DescribedEnum<T>) {
    const json::string* text = value.if_string();
    if (!text) return add_type_violation(violations, path, "one of " + join(enum_names<T>(), ", "), value);
    if (const auto found = enum_value<T>(*text)) {
      out = *found;
      return;
    }
    const auto names = enum_names<T>();
    Violation violation{.path = path, .code = "unknown_value", .got = std::string(*text).substr(0, 100), .allowed = names};
    violation.message = str("'", violation.got, "' is not one of ", join(names, ", "));
    if (const auto near = nearest_name(violation.got, names)) violation.suggestion = *near;
    violations.push_back(std::move(violation));
  } else if constexpr (IsOptional<T>::value) {
    if (value.is_null()) {
      out.reset();
      return;
    }
    read_json(value, out.emplace(), path, note, violations);
  } else if constexpr (IsVector<T>::value) {
    const json::array* array = value.if_array();
    if (!array) return add_type_violation(violations, path, "a list", value);
    out.clear();
    for (std::size_t i = 0; i < array->size(); ++i) read_json((*array)[i], out.emplace_back(), str(path, "[", i, "]"), note, violations);
  } else if constexpr (IsStringMap<T>::value) {
    const json::object* object = value.if_object();
    if (!object) return add_type_violation(violations, path, "an object", value);
    for (const auto& [key, item] : *object)
      read_json(item, out[std::string(key)], path.empty() ? std::string(key) : str(path, ".", std::string_view(key)), note, violations);
  } else {
    read_struct(value, out, path, violations);
  }
}

}  // namespace detail

// Every problem at once: unknown fields (with the nearest known one), missing ones, wrong types, too long text.
template <class T>
Result<T> from_json(const json::value& value) {
  T out{};
  std::vector<Violation> violations;
  detail::read_json(value, out, "", FieldNote{}, violations);
  if (violations.empty()) return out;
  return fail(
      Error{.code = ErrorCode::invalid_argument, .message = detail::describe_problems(violations), .violations = std::move(violations)});
}

template <class T>
Result<T> from_json_text(std::string_view text) {
  const json::value value = TRY(parse_json(text));
  return from_json<T>(value);
}

// ---- JSON Schema ---------------------------------------------------------------------------------------------------

template <class T>
json::object json_schema(const FieldNote& note = {}) {
  using namespace detail;
  json::object schema;
  if (!note.about.empty()) schema["description"] = note.about;
  if constexpr (std::is_same_v<T, json::value>) {
  } else if constexpr (std::is_same_v<T, json::object>) {
    schema["type"] = "object";
  } else if constexpr (std::is_same_v<T, bool>) {
    schema["type"] = "boolean";
  } else if constexpr (std::is_integral_v<T>) {
    schema["type"] = "integer";
    if (note.minimum > -9e18) schema["minimum"] = note.minimum;
    if (note.maximum < 9e18) schema["maximum"] = note.maximum;
  } else if constexpr (std::is_floating_point_v<T>) {
    schema["type"] = "number";
  } else if constexpr (std::is_same_v<T, std::string>) {
    schema["type"] = "string";
    schema["maxLength"] = note.length_max;
  } else if constexpr (std::is_same_v<T, Secret>) {
    schema["type"] = "string";
    schema["writeOnly"] = true;
  } else if constexpr (std::is_same_v<T, Time>) {
    schema["type"] = "string";
    schema["format"] = "date-time";
  } else if constexpr (IsId<T>::value) {
    schema["type"] = "string";
    schema["format"] = "uuid";
  } else if constexpr (DescribedEnum<T>) {
    schema["type"] = "string";
    schema["enum"] = to_json(enum_names<T>());
  } else if constexpr (IsOptional<T>::value) {
    schema = json_schema<typename T::value_type>(note);
    if (const json::value* type = schema.if_contains("type"); type && type->is_string()) schema["type"] = json::array{*type, "null"};
  } else if constexpr (IsVector<T>::value) {
    schema["type"] = "array";
    schema["items"] = json_schema<typename T::value_type>();
  } else if constexpr (IsStringMap<T>::value) {
    schema["type"] = "object";
    schema["additionalProperties"] = json_schema<typename T::mapped_type>();
  } else {
    schema["type"] = "object";
    schema["additionalProperties"] = false;
    json::object properties;
    json::array required;
    boost::mp11::mp_for_each<Members<T>>([&](auto d) {
      using Member = std::remove_cvref_t<decltype(std::declval<T&>().*d.pointer)>;
      const FieldNote& field = note_of<T>(d.name);
      properties[d.name] = json_schema<Member>(field);
      if (!IsOptional<Member>::value && !field.optional) required.emplace_back(d.name);
    });
    schema["properties"] = std::move(properties);
    if (!required.empty()) schema["required"] = std::move(required);
  }
  return schema;
}

BOOST_DESCRIBE_STRUCT(Violation, (), (path, line, column, code, message, got, allowed, suggestion))

}  // namespace bridge
