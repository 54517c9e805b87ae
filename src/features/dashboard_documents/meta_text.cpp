#include "features/dashboard_documents/meta_text.h"

#include "base/digest.h"
#include "base/text.h"

namespace bridge {
namespace {

// The text cut into lines, each with its newline.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

bool is_end_marker(std::string_view line) { return line.starts_with("...") && trim(line.substr(3)).empty(); }

// Lines [begin, end) of a top-level entry. Blank lines and unindented comments below it belong to what comes next.
struct LineSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
};

std::optional<LineSpan> find_entry(const YamlNode& root, std::string_view key, const std::vector<std::string_view>& lines) {
  for (std::size_t i = 0; i < root.keys.size(); ++i) {
    if (root.keys[i].text != key) continue;
    LineSpan span{static_cast<std::size_t>(root.keys[i].at.line) - 1, lines.size()};
    if (i + 1 < root.keys.size()) {
      span.end = static_cast<std::size_t>(root.keys[i + 1].at.line) - 1;
    } else {
      for (std::size_t line = span.begin; line < lines.size(); ++line) {
        if (is_end_marker(lines[line])) {
          span.end = line;
          break;
        }
      }
    }
    const auto indentation = static_cast<std::size_t>(root.keys[i].at.column) - 1;
    while (span.end > span.begin + 1) {
      const std::string_view line = lines[span.end - 1];
      const std::size_t first = line.find_first_not_of(" \t");
      const bool blank = trim(line).empty();
      const bool comment = !blank && line[first] == '#' && first <= indentation;
      if (!blank && !comment) break;
      --span.end;
    }
    return span;
  }
  return std::nullopt;
}

std::string indentation_of(const YamlNode& root) {
  return root.keys.empty() ? std::string() : std::string(static_cast<std::size_t>(std::max(root.keys.front().at.column - 1, 0)), ' ');
}

std::string_view newline_of(std::string_view text) {
  const std::size_t at = text.find('\n');
  return at != std::string_view::npos && at > 0 && text[at - 1] == '\r' ? "\r\n" : "\n";
}

// JSON is YAML, but for a character that this format refuses.
std::string flow_of(const json::value& value) { return replace_all(json::serialize(value), "\x7F", "\\u007f"); }

std::string time_or_null(const std::optional<Time>& time) { return time ? format_time(*time) : "null"; }

std::string write_meta(const DocumentMeta& meta, const std::string& indentation, std::string_view newline, std::string_view key_line) {
  std::string out(key_line);
  const auto add = [&](std::string_view key, std::string_view value) { out += str(indentation, "  ", key, ": ", value, newline); };
  add("created_at", time_or_null(meta.created_at));
  add("updated_at", time_or_null(meta.updated_at));
  add("version", str(meta.version));
  add("content_hash", meta.content_hash.empty() ? "null" : meta.content_hash);
  add("access_count", str(meta.access_count));
  add("last_accessed", time_or_null(meta.last_accessed));
  if (meta.provenance.is_object()) add("provenance", flow_of(meta.provenance));
  return out;
}

// The line of the key itself is kept when only a comment follows it.
std::string key_line_of(std::string_view line, const std::string& indentation, std::string_view newline) {
  const std::string start = indentation + "meta:";
  if (line.starts_with(start)) {
    const std::string_view rest = trim(line.substr(start.size()));
    if (line.ends_with('\n') && (rest.empty() || rest.starts_with('#'))) return std::string(line);
  }
  return str(start, newline);
}

std::string join_lines(const std::vector<std::string_view>& lines, std::size_t begin, std::size_t end) {
  std::string out;
  for (std::size_t i = begin; i < end; ++i) out += lines[i];
  return out;
}

// Everything that a document says but for one entry.
json::object without(const YamlNode& root, std::string_view key) {
  json::object all = json_of(root).as_object();
  all.erase(key);
  return all;
}

Result<YamlNode> parse_root(std::string_view text) {
  YamlNode root = TRY(parse_yaml(text));
  if (root.kind != YamlNode::Kind::map || root.flow) {
    return fail(ErrorCode::invalid_argument, "invalid_document", "The document's top level must be a mapping, one key a line");
  }
  return root;
}

bool keeps_the_rest(const YamlNode& before, std::string_view after, std::string_view key) {
  const auto root = parse_yaml(after);
  return root && root->kind == YamlNode::Kind::map && without(before, key) == without(*root, key);
}

}  // namespace

Result<std::string> rewrite_meta(std::string_view given, const DocumentMeta& meta) {
  const std::string_view newline = newline_of(given);
  std::string text(given);
  if (!text.empty() && !text.ends_with('\n')) text += newline;
  const YamlNode root = TRY(parse_root(text));
  const std::string indentation = indentation_of(root);
  const auto lines = lines_of(text);
  std::vector<std::string> candidates;
  if (const auto span = find_entry(root, "meta", lines)) {
    const std::string block = write_meta(meta, indentation, newline, key_line_of(lines[span->begin], indentation, newline));
    candidates.push_back(join_lines(lines, 0, span->begin) + block + join_lines(lines, span->end, lines.size()));
  } else {
    std::size_t at = lines.size();
    for (std::size_t i = lines.size(); i-- > 0;) {
      if (is_end_marker(lines[i])) at = i;
    }
    const std::string block = write_meta(meta, indentation, newline, str(indentation, "meta:", newline));
    const std::string before = join_lines(lines, 0, at), after = join_lines(lines, at, lines.size());
    // A blank line reads better, but would become part of a text that keeps its last newlines.
    if (after.empty()) candidates.push_back(str(before, newline, block));
    candidates.push_back(str(before, block, after));
  }
  for (std::string& candidate : candidates) {
    if (keeps_the_rest(root, candidate, "meta")) return std::move(candidate);
  }
  return fail(ErrorCode::invalid_argument, "invalid_document",
              "The block 'meta' cannot be replaced without changing the rest: remove the anchors inside it");
}

Result<std::string> rewrite_slug(std::string_view given, std::string_view slug) {
  const std::string_view newline = newline_of(given);
  std::string text(given);
  if (!text.empty() && !text.ends_with('\n')) text += newline;
  const YamlNode root = TRY(parse_root(text));
  const auto lines = lines_of(text);
  // A slug of digits alone would be read as a number.
  const bool digits = slug.find_first_not_of("0123456789-") == std::string_view::npos;
  const std::string line = str(indentation_of(root), "slug: ", digits ? "\"" : "", slug, digits ? "\"" : "", newline);
  auto span = find_entry(root, "slug", lines);
  if (!span) {
    const auto first = find_entry(root, "bridge", lines);
    const std::size_t at = first ? first->end : root.keys.empty() ? lines.size() : static_cast<std::size_t>(root.keys.front().at.line) - 1;
    span = LineSpan{at, at};
  }
  std::string rewritten = join_lines(lines, 0, span->begin) + line + join_lines(lines, span->end, lines.size());
  if (keeps_the_rest(root, rewritten, "slug")) return rewritten;
  return fail(ErrorCode::invalid_argument, "invalid_document",
              "The slug cannot be replaced without changing the rest: write it as one plain word");
}

std::string content_of(std::string_view text) {
  std::string content(text);
  if (const auto root = parse_yaml(text); root && root->kind == YamlNode::Kind::map && !root->flow) {
    const auto lines = lines_of(text);
    if (const auto span = find_entry(*root, "meta", lines))
      content = join_lines(lines, 0, span->begin) + join_lines(lines, span->end, lines.size());
  }
  while (!content.empty() && (content.back() == '\n' || content.back() == '\r' || content.back() == ' ')) content.pop_back();
  return content + "\n";
}

std::string content_hash(std::string_view text) { return "sha256:" + sha256_hex(content_of(text)); }

}  // namespace bridge
