#include "base/json.h"

#include <boost/json/basic_parser_impl.hpp>

namespace bridge {
namespace {

// Builds the value while it refuses duplicate keys, which the library's own handler silently overwrites.
struct StrictHandler {
  static constexpr std::size_t max_array_size = 10'000'000;
  static constexpr std::size_t max_object_size = 100'000;
  static constexpr std::size_t max_string_size = 10 << 20;
  static constexpr std::size_t max_key_size = 64 << 10;

  struct Frame {
    json::value container;
    std::string key;
  };
  std::vector<Frame> frames;
  json::value root;
  std::string text;
  std::string duplicate;

  bool add(json::value value, json::error_code& error) {
    if (frames.empty()) {
      root = std::move(value);
      return true;
    }
    Frame& top = frames.back();
    if (json::array* array = top.container.if_array()) {
      array->push_back(std::move(value));
      return true;
    }
    if (!top.container.get_object().emplace(top.key, std::move(value)).second) {
      duplicate = top.key;
      error = json::error::syntax;
      return false;
    }
    return true;
  }
  bool close(json::error_code& error) {
    json::value done = std::move(frames.back().container);
    frames.pop_back();
    return add(std::move(done), error);
  }

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_array_begin(json::error_code&) {
    frames.push_back({json::array{}, {}});
    return true;
  }
  bool on_array_end(std::size_t, json::error_code& error) { return close(error); }
  bool on_object_begin(json::error_code&) {
    frames.push_back({json::object{}, {}});
    return true;
  }
  bool on_object_end(std::size_t, json::error_code& error) { return close(error); }
  bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
    text += std::string_view(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, json::error_code& error) {
    text += std::string_view(part);
    json::value value = json::string(text);
    text.clear();
    return add(std::move(value), error);
  }
  bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
    text += std::string_view(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, json::error_code&) {
    text += std::string_view(part);
    frames.back().key = std::move(text);
    text.clear();
    return true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t value, json::string_view, json::error_code& error) { return add(value, error); }
  bool on_uint64(std::uint64_t value, json::string_view, json::error_code& error) { return add(value, error); }
  bool on_double(double value, json::string_view, json::error_code& error) {
    if (!std::isfinite(value)) {
      error = json::error::syntax;
      return false;
    }
    return add(value, error);
  }
  bool on_bool(bool value, json::error_code& error) { return add(value, error); }
  bool on_null(json::error_code& error) { return add(nullptr, error); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }
};

}  // namespace

Result<json::value> parse_json(std::string_view text, JsonLimits limits) {
  if (text.size() > limits.bytes_max)
    return fail(ErrorCode::payload_too_large, str("The JSON is larger than ", format_bytes(limits.bytes_max)));
  json::parse_options options;
  options.max_depth = limits.depth_max;
  json::basic_parser<StrictHandler> parser(options);
  json::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = json::error::extra_data;
  if (!error) return std::move(parser.handler().root);
  const std::string& duplicate = parser.handler().duplicate;
  std::string message = !duplicate.empty()                 ? str("the key '", duplicate.substr(0, 100), "' occurs twice")
                        : error == json::error::too_deep   ? str("nested deeper than ", limits.depth_max, " levels")
                        : error == json::error::incomplete ? std::string("it ends too early")
                        : error == json::error::extra_data ? std::string("something follows the value")
                                                           : error.message();
  const std::string where = str("at byte ", used);
  return fail(Error{.code = ErrorCode::invalid_argument,
                    .message = str("Not valid JSON: ", message, " (", where, ")"),
                    .reason = "invalid_json",
                    .violations = {{.code = "invalid_json", .message = str(message, " ", where)}}});
}

namespace detail {

std::string_view kind_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null: return "null";
    case json::kind::bool_: return "true or false";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_: return "a number";
    case json::kind::string: return "a string";
    case json::kind::array: return "a list";
    case json::kind::object: return "an object";
  }
  return "?";
}

std::string preview(const json::value& value) {
  if (value.is_array() || value.is_object()) return std::string(kind_name(value));
  return json::serialize(value).substr(0, 60);
}

void add_type_violation(std::vector<Violation>& out, const std::string& path, std::string_view wanted, const json::value& got) {
  out.push_back({.path = path, .code = "wrong_type", .message = str("must be ", wanted, ", not ", kind_name(got)), .got = preview(got)});
}

bool check_length(std::vector<Violation>& out, const std::string& path, const FieldNote& note, std::string_view text) {
  if (text.size() <= note.length_max) return true;  // there are never more characters than bytes
  const std::size_t characters = count_characters(text);
  if (characters <= note.length_max) return true;
  const std::string subject = note.subject.empty() ? str("'", path, "'") : std::string(note.subject);
  out.push_back({.path = path, .code = "too_long", .message = too_long_message(subject, note.length_max, characters)});
  return false;
}

std::string describe_problems(const std::vector<Violation>& violations) {
  const Violation& first = violations.front();
  if (first.code == "too_long" && violations.size() == 1) return first.message;
  // "must be a number" says nothing alone.
  const bool names_itself = first.path.empty() || !(first.message.starts_with("must ") || first.message.starts_with("is "));
  return str("The input has problems: ", names_itself ? std::string() : str("'", first.path, "' "), first.message);
}

}  // namespace detail
}  // namespace bridge
