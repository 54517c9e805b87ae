#include "features/dashboard_documents/yaml_tree.h"

#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <charconv>
#include <cmath>
#include <sstream>
#include <unordered_set>

#include "base/text.h"
#include "features/dashboard_documents/limits.h"

namespace bridge {
namespace {

using namespace document_limits;

// Ends the reading from inside the parser's callbacks; caught in parse_yaml.
struct Stop {};

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// Decimal numbers of the core schema: [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_decimal_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view exponent = text.substr(e + 1);
    if (!exponent.empty() && (exponent[0] == '-' || exponent[0] == '+')) exponent.remove_prefix(1);
    if (!is_digits(exponent)) return false;
    text = text.substr(0, e);
  }
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return is_digits(text);
  const std::string_view whole = text.substr(0, dot), fraction = text.substr(dot + 1);
  if (whole.empty()) return is_digits(fraction);
  return is_digits(whole) && (fraction.empty() || is_digits(fraction));
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, text) != names.end();
}

YamlNode::Kind kind_of_plain(std::string_view text) {
  using Kind = YamlNode::Kind;
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return Kind::null;
  if (is_one_of(text, {"true", "True", "TRUE", "false", "False", "FALSE"})) return Kind::boolean;
  std::string_view digits = text;
  if (digits[0] == '-' || digits[0] == '+') digits.remove_prefix(1);
  if (is_digits(digits)) {
    std::int64_t value = 0;
    const std::string_view number = text[0] == '+' ? digits : text;
    return std::from_chars(number.data(), number.data() + number.size(), value).ec == std::errc{} ? Kind::integer : Kind::number;
  }
  if (text.size() > 2 && text.size() <= 17 && text[0] == '0' && (text[1] == 'x' || text[1] == 'o')) {
    const int base = text[1] == 'x' ? 16 : 8;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), value, base);
    if (error == std::errc{} && end == text.data() + text.size() && text[2] != '-') return Kind::integer;
  }
  if (is_one_of(digits, {".inf", ".Inf", ".INF"}) || is_one_of(text, {".nan", ".NaN", ".NAN"})) return Kind::number;
  return is_decimal_number(text) ? Kind::number : Kind::text;
}

// Turns byte positions of the parser into lines and columns in characters. Positions mostly grow, so that each byte is counted once.
class LineCounter {
 public:
  explicit LineCounter(std::string_view text) : text_(text) {}

  Position at(int byte) {
    const auto wanted = std::min(static_cast<std::size_t>(std::max(byte, 0)), text_.size());
    if (wanted < byte_) {
      byte_ = 0;
      position_ = {1, 1};
    }
    for (; byte_ < wanted; ++byte_) {
      const auto c = static_cast<unsigned char>(text_[byte_]);
      if (c == '\n') {
        ++position_.line;
        position_.column = 1;
      } else if ((c & 0xC0) != 0x80) {
        ++position_.column;
      }
    }
    return position_;
  }

 private:
  std::string_view text_;
  std::size_t byte_ = 0;
  Position position_{1, 1};
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text), lines_(text) {}

  std::vector<Violation> violations;
  YamlNode root;
  bool has_root = false;

  void refuse(Position at, std::string code, std::string message, std::string got = {}) {
    if (violations.size() >= kViolationsMax) throw Stop{};
    violations.push_back(
        {.line = at.line, .column = at.column, .code = std::move(code), .message = std::move(message), .got = std::move(got)});
  }
  Position position(const YAML::Mark& mark) { return lines_.at(mark.pos); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (!has_root) return;
    refuse(position(mark), "several_documents", "a file holds one dashboard: put the next document into a file of its own");
    throw Stop{};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node{.kind = YamlNode::Kind::null, .at = position(mark)};
    node.first = node.at;
    add_scalar(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
    YamlNode node{.kind = YamlNode::Kind::text, .at = position(mark), .text = value};
    check_tag(tag, node.at);
    if (tag == "?") node.kind = kind_of_plain(value);
    place_text(node, static_cast<std::size_t>(std::max(mark.pos, 0)));
    if (value.find('\0') != std::string::npos) refuse(node.at, "bad_character", "must not contain a NUL character");
    if (node.kind == YamlNode::Kind::number) {
      double number = 0;
      const auto [end, error] = std::from_chars(value.data() + (value.starts_with('+') ? 1 : 0), value.data() + value.size(), number);
      if (error != std::errc{} || !std::isfinite(number) || end != value.data() + value.size()) {
        refuse(node.at, "bad_number", str("'", value.substr(0, 40), "' is not a finite number"), value.substr(0, 40));
      }
    }
    add_scalar(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Position at = position(mark);
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      refuse(at, "recursive_alias", "an alias inside the value that it names has no end");
      throw Stop{};
    }
    expanded_ += found->second.size;
    if (expanded_ > text_.size()) {
      refuse(at, "aliases_too_large", "aliases repeat more than the document itself holds: write the values out");
      throw Stop{};
    }
    nodes_ += found->second.node_count;
    check_nodes(at);
    if (stack_.size() + found->second.depth > kDepthMax) too_deep(at);
    YamlNode copy = found->second.node;
    copy.at = at;
    for (auto& open : open_anchors_) open.size += found->second.size, open.node_count += found->second.node_count;
    attach(std::move(copy));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value style) override {
    open(YamlNode::Kind::list, mark, tag, anchor, style);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value style) override {
    open(YamlNode::Kind::map, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Anchored {
    YamlNode node;
    std::size_t size = 0;  // bytes of text and one a node
    std::size_t node_count = 0;
    std::size_t depth = 0;
  };
  struct OpenAnchor {
    YAML::anchor_t anchor = 0;
    std::size_t level = 0;
    std::size_t size = 0;
    std::size_t node_count = 0;
  };
  struct Open {
    YamlNode node;
    std::unordered_set<std::string> seen;
    bool key_is_next = true;
  };

  void check_tag(const std::string& tag, Position at) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    refuse(at, "tag", str("tags are not allowed: remove '", tag.substr(0, 60), "'"), tag.substr(0, 60));
  }
  void check_nodes(Position at) {
    if (nodes_ <= kNodesMax) return;
    refuse(at, "too_many_values", str("the document has more than ", kNodesMax, " values"));
    throw Stop{};
  }
  void too_deep(Position at) {
    refuse(at, "too_deep", str("values are nested deeper than ", kDepthMax, " levels"));
    throw Stop{};
  }

  void count(std::size_t bytes, Position at) {
    ++nodes_;
    check_nodes(at);
    for (auto& open : open_anchors_) open.size += bytes + 1, ++open.node_count;
  }

  void add_scalar(YamlNode node, YAML::anchor_t anchor) {
    count(node.text.size(), node.at);
    if (anchor) anchors_[anchor] = {.node = node, .size = node.text.size() + 1, .node_count = 1, .depth = 1};
    attach(std::move(node));
  }

  void open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YAML::EmitterStyle::value style) {
    const Position at = position(mark);
    check_tag(tag, at);
    if (stack_.size() >= kDepthMax) too_deep(at);
    if (!stack_.empty() && stack_.back().node.kind == YamlNode::Kind::map && stack_.back().key_is_next) {
      refuse(at, "bad_key", "a key must be plain text, not a list or a mapping");
      throw Stop{};
    }
    count(0, at);
    Open opened;
    opened.node.kind = kind;
    opened.node.at = opened.node.first = at;
    opened.node.flow = style == YAML::EmitterStyle::Flow;
    stack_.push_back(std::move(opened));
    if (anchor) open_anchors_.push_back({.anchor = anchor, .level = stack_.size(), .size = 1, .node_count = 1});
  }

  void close() {
    YamlNode node = std::move(stack_.back().node);
    if (!open_anchors_.empty() && open_anchors_.back().level == stack_.size()) {
      const OpenAnchor& done = open_anchors_.back();
      anchors_[done.anchor] = {.node = node, .size = done.size, .node_count = done.node_count, .depth = depth_of(node)};
      open_anchors_.pop_back();
    }
    stack_.pop_back();
    attach(std::move(node));
  }

  static std::size_t depth_of(const YamlNode& node) {
    std::size_t deepest = 0;
    for (const YamlNode& item : node.items) deepest = std::max(deepest, depth_of(item));
    return deepest + 1;
  }

  void attach(YamlNode node) {
    if (stack_.empty()) {
      root = std::move(node);
      has_root = true;
      return;
    }
    Open& parent = stack_.back();
    if (parent.node.kind == YamlNode::Kind::list) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.key_is_next) {
      if (node.kind == YamlNode::Kind::list || node.kind == YamlNode::Kind::map) {
        refuse(node.at, "bad_key", "a key must be plain text, not a list or a mapping");
        throw Stop{};
      }
      if (node.text == "<<" && node.kind == YamlNode::Kind::text)
        refuse(node.at, "merge_key", "merge keys (<<) are not allowed: write the values out", "<<");
      if (!parent.seen.insert(node.text).second) {
        const auto first = std::ranges::find(parent.node.keys, node.text, &YamlKey::text);
        refuse(node.at, "duplicate_key",
               str("'", node.text.substr(0, 100), "' stands here a second time; the first is in line ", first->at.line),
               node.text.substr(0, 100));
      }
      parent.node.keys.push_back({node.text, node.at});
      parent.key_is_next = false;
    } else {
      parent.node.items.push_back(std::move(node));
      parent.key_is_next = true;
    }
  }

  // Finds out how the text of a scalar lies in the file, from the character that it begins with.
  void place_text(YamlNode& node, std::size_t byte) {
    node.first = node.at;
    // An anchor stands before its value.
    if (byte < text_.size() && text_[byte] == '&') {
      std::size_t value = std::min(text_.find_first_of(" \t\n", byte), text_.size());
      value = std::min(text_.find_first_not_of(" \t\n\r", value), text_.size());
      node.first = lines_.at(static_cast<int>(value));
      byte = value;
    }
    if (byte >= text_.size()) return;
    const char opening = text_[byte];
    if (node.text.find('\n') == std::string::npos && opening != '|' && opening != '>') {
      const std::size_t start = byte + (opening == '"' || opening == '\'' ? 1 : 0);
      node.lines_match = text_.substr(start, node.text.size()) == node.text;
      node.first.column += static_cast<int>(start - byte);
      return;
    }
    if (opening != '|') return;
    const std::size_t first_line = text_.find('\n', byte);
    if (first_line == std::string_view::npos) return;
    // The indentation is that of the first line that is not blank, unless the text itself begins with blanks.
    std::size_t line = first_line + 1, content = 0;
    while (line < text_.size()) {
      const std::size_t end = std::min(text_.find('\n', line), text_.size());
      const std::size_t used = text_.find_first_not_of(" \r", line);
      if (used != std::string_view::npos && used < end) {
        const std::size_t begin = node.text.find_first_not_of('\n');
        const std::size_t own =
            begin == std::string::npos ? 0 : std::min(node.text.find_first_not_of(' ', begin), node.text.size()) - begin;
        content = used - line >= own ? used - line - own : 0;
        break;
      }
      line = end + 1;
    }
    node.first = {node.first.line + 1, static_cast<int>(content) + 1};
    node.lines_match = true;
  }

  std::string_view text_;
  LineCounter lines_;
  std::vector<Open> stack_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::vector<OpenAnchor> open_anchors_;
  std::size_t nodes_ = 0;
  std::size_t expanded_ = 0;
};

std::unexpected<Error> refused(std::vector<Violation> violations) {
  const Violation& first = violations.front();
  std::string message = str("The YAML cannot be read: line ", first.line, ", column ", first.column, ": ", first.message);
  return fail(Error{
      .code = ErrorCode::invalid_argument, .message = std::move(message), .reason = "invalid_yaml", .violations = std::move(violations)});
}

std::optional<Violation> find_bad_bytes(std::string_view text) {
  if (text.size() > kDocumentBytesMax) {
    return Violation{.line = 1,
                     .column = 1,
                     .code = "too_large",
                     .message = str("the document has ", format_count(text.size()), " bytes; at most ", format_count(kDocumentBytesMax),
                                    " are allowed")};
  }
  for (std::size_t line = 0, number = 1; line < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', line), text.size());
    if (end - line > kLineBytesMax) {
      return Violation{
          .line = static_cast<int>(number),
          .column = 1,
          .code = "line_too_long",
          .message = str("the line has ", format_count(end - line), " bytes; at most ", format_count(kLineBytesMax), " are allowed")};
    }
    line = end + 1;
  }
  if (text.starts_with("\xEF\xBB\xBF"))
    return Violation{
        .line = 1, .column = 1, .code = "byte_order_mark", .message = "begins with a byte order mark: save the file as UTF-8 without one"};
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") || (text.size() > 1 && (text[0] == '\0' || text[1] == '\0'))) {
    return Violation{.line = 1, .column = 1, .code = "bad_encoding", .message = "is UTF-16 or UTF-32: save the file as UTF-8"};
  }
  LineCounter lines(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F) {
      const Position at = lines.at(static_cast<int>(i));
      return Violation{.line = at.line,
                       .column = at.column,
                       .code = "bad_character",
                       .message = str("control character ", static_cast<int>(c), " is not allowed")};
    }
  }
  if (!is_valid_utf8(text)) {
    // The line is found by testing the text line by line.
    int line = 1;
    for (const std::string& one : split(text, '\n')) {
      if (!is_valid_utf8(one)) break;
      ++line;
    }
    return Violation{.line = line, .column = 1, .code = "bad_encoding", .message = "is not valid UTF-8"};
  }
  return std::nullopt;
}

// The parser's message, with a hint where its own words help nobody.
std::string syntax_message(const std::string& message) {
  if (message == "illegal map value")
    return "a mapping cannot begin here: is the text before it in need of quotes, or a line indented with a tab?";
  if (message == "bad file" || message.empty()) return "this is not YAML";
  return message;
}

}  // namespace

Position position_in(const PlacedBlock& block, std::size_t offset) {
  if (!block.lines_match) return block.at;
  Position at = block.first;
  const std::size_t end = std::min(offset, block.text.size());
  for (std::size_t i = 0; i < end; ++i) {
    const auto c = static_cast<unsigned char>(block.text[i]);
    if (c == '\n') {
      ++at.line;
      at.column = block.first.column;
    } else if ((c & 0xC0) != 0x80) {
      ++at.column;
    }
  }
  return at;
}

const YamlNode* YamlNode::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size() && i < items.size(); ++i) {
    if (keys[i].text == key) return &items[i];
  }
  return nullptr;
}

std::string_view kind_name(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::null: return "nothing";
    case YamlNode::Kind::boolean: return "true or false";
    case YamlNode::Kind::integer: return "a whole number";
    case YamlNode::Kind::number: return "a number";
    case YamlNode::Kind::text: return "text";
    case YamlNode::Kind::list: return "a list";
    case YamlNode::Kind::map: return "a mapping";
  }
  return "?";
}

Result<YamlNode> parse_yaml(std::string_view text) {
  if (auto bad = find_bad_bytes(text)) return refused({std::move(*bad)});
  TreeBuilder builder(text);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
  } catch (const YAML::DeepRecursion&) {
    builder.violations.push_back(
        {.line = 1, .column = 1, .code = "too_deep", .message = str("values are nested deeper than ", kDepthMax, " levels")});
  } catch (const YAML::Exception& error) {
    const Position at = error.mark.is_null() ? Position{1, 1} : builder.position(error.mark);
    builder.violations.push_back({.line = at.line, .column = at.column, .code = "syntax", .message = syntax_message(error.msg)});
  } catch (const std::exception&) {
    builder.violations.push_back({.line = 1, .column = 1, .code = "syntax", .message = "this is not YAML"});
  }
  if (!builder.violations.empty()) return refused(std::move(builder.violations));
  if (!builder.has_root || builder.root.kind == YamlNode::Kind::null) {
    return refused({Violation{.line = 1, .column = 1, .code = "empty", .message = "the document is empty"}});
  }
  return std::move(builder.root);
}

json::value json_of(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null: return nullptr;
    case YamlNode::Kind::boolean: return node.text[0] == 't' || node.text[0] == 'T';
    case YamlNode::Kind::integer: {
      std::string_view digits = node.text;
      int base = 10;
      if (digits.starts_with("0x") || digits.starts_with("0o")) {
        base = digits[1] == 'x' ? 16 : 8;
        digits.remove_prefix(2);
      } else if (digits.starts_with('+')) {
        digits.remove_prefix(1);
      }
      std::int64_t value = 0;
      std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
      return value;
    }
    case YamlNode::Kind::number: {
      std::string_view digits = node.text;
      if (digits.starts_with('+')) digits.remove_prefix(1);
      double value = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      if (error != std::errc{} || !std::isfinite(value)) return nullptr;
      return value;
    }
    case YamlNode::Kind::text: return json::string(node.text);
    case YamlNode::Kind::list: {
      json::array array;
      array.reserve(node.items.size());
      for (const YamlNode& item : node.items) array.push_back(json_of(item));
      return array;
    }
    case YamlNode::Kind::map: {
      json::object object;
      for (std::size_t i = 0; i < node.items.size(); ++i) object[node.keys[i].text] = json_of(node.items[i]);
      return object;
    }
  }
  return nullptr;
}

}  // namespace bridge
