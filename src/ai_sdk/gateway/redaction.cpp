#include "ai_sdk/gateway/redaction.h"

#include <re2/re2.h>

#include "ai_sdk/gateway/limits.h"
#include "base/text.h"

namespace bridge {

namespace {

constexpr std::string_view kRemoved = "[removed]";
constexpr std::string_view kStandInStart = "redacted-";

const re2::RE2& secrets() {
  static const re2::RE2 pattern(
      R"((\b(?:sk-ant-|sk-proj-|sk-|rk_live_|sk_live_|brg_|ghp_|gho_|github_pat_|glpat-|xox[abprs]-|AIza)[A-Za-z0-9_\-]{16,})"
      R"(|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b)"
      R"(|\beyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,})"
      R"(|-----BEGIN [A-Z ]*PRIVATE KEY-----[A-Za-z0-9+/=\s\\]*(?:-----END [A-Z ]*PRIVATE KEY-----)?))");
  return pattern;
}

// The password of a URL: everything between the colon and the last @ before the host.
const re2::RE2& url_passwords() {
  static const re2::RE2 pattern(R"(\b([a-z][a-z0-9+.\-]*://[^\s:/@]+:)([^\s@/]+)@)");
  return pattern;
}

const re2::RE2& personal_values() {
  static const re2::RE2 pattern(R"([A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62}\.)+[A-Za-z]{2,24})"
                                R"(|\b\d{3}-\d{2}-\d{4}\b)"
                                R"(|\b\d(?:[ \-]?\d){12,18}\b)"
                                R"(|\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b)");
  return pattern;
}

// Nearly no text has anything to hide, and a look at its bytes is much cheaper than the patterns. Whatever they match has a run of such
// characters in it, or one of these marks.
bool may_hold_secrets(std::string_view text) {
  constexpr std::size_t shortest = 16;  // what comes after "sk-"
  std::size_t run = 0;
  for (const char c : text) {
    const bool in_a_key = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '-';
    run = in_a_key ? run + 1 : 0;
    if (run == shortest) return true;
  }
  return text.contains("://") || text.contains("eyJ") || text.contains("-----BEGIN");
}

// Likewise: an @, or the 9 digits and capital letters of the shortest number.
bool may_hold_personal_values(std::string_view text) {
  constexpr std::size_t fewest = 9;
  std::size_t signs = 0;
  for (const char c : text) {
    if (c == '@') return true;
    signs += (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
  }
  return signs >= fewest;
}

std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits;
}

// The check digit of card numbers (ISO/IEC 7812-1, annex B).
bool passes_luhn(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, twice = !twice) {
    const int value = (*digit - '0') * (twice ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  }
  return sum % 10 == 0;
}

// The check of account numbers (ISO 13616): the rest of a division by 97 is 1.
bool passes_iban(std::string_view text) {
  std::string compact;
  for (const char c : text) {
    if (c != ' ') compact += c;
  }
  if (compact.size() < 15 || compact.size() > 34) return false;
  std::rotate(compact.begin(), compact.begin() + 4, compact.end());
  int rest = 0;
  for (const char c : compact) {
    const int value = c >= 'A' ? c - 'A' + 10 : c - '0';
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest == 1;
}

// What kind of personal value a match is; empty when it only looks like one.
std::string_view kind_of(std::string_view match) {
  if (match.contains('@')) return match.starts_with(kStandInStart) ? "" : "email";
  if (match.size() == 11 && match[3] == '-' && match[6] == '-') return "ssn";
  if (match.front() >= 'A') return passes_iban(match) ? "account" : "";
  const std::string digits = digits_of(match);
  return digits.size() >= 13 && digits.find_first_not_of('0') != std::string::npos && passes_luhn(digits) ? "card" : "";
}

// The values of one conversation and their stand-ins, numbered in the order in which they came up.
class StandIns final {
 public:
  // The text without what has to be hidden; nothing when there is nothing to hide, which is nearly always.
  std::optional<std::string> hide(std::string_view text) {
    std::optional<std::string> clean;
    if (may_hold_secrets(text)) {
      if (CleanText found = remove_secrets(text); found.removed > 0) text = clean.emplace(std::move(found.text));
    }
    if (!may_hold_personal_values(text)) return clean;
    std::string hidden;
    const char* copied = text.data();
    re2::StringPiece match;  // the whole of it: without groups the pattern is matched much faster
    for (std::size_t from = 0; personal_values().Match({text.data(), text.size()}, from, text.size(), re2::RE2::UNANCHORED, &match, 1);) {
      from = static_cast<std::size_t>(match.data() + match.size() - text.data());
      const std::string_view value(match.data(), match.size());
      const std::string_view kind = kind_of(value);
      if (kind.empty() || values_.size() >= kStandInsMax) continue;
      hidden.append(copied, match.data());
      hidden += stand_in_for(kind, value);
      copied = match.data() + match.size();
    }
    if (copied == text.data()) return clean;
    hidden.append(copied, text.data() + text.size());
    return hidden;
  }

  bool hides(const json::value& value) {
    if (const json::string* text = value.if_string()) return hide(std::string_view(*text)).has_value();
    if (const json::array* array = value.if_array())
      return std::ranges::any_of(*array, [&](const json::value& item) { return hides(item); });
    const json::object* object = value.if_object();
    return object && std::ranges::any_of(*object, [&](const auto& member) { return hides(member.value()); });
  }

  void hide(json::value& value) {
    if (json::string* text = value.if_string()) {
      if (auto hidden = hide(std::string_view(*text))) *text = *hidden;
    } else if (json::array* array = value.if_array()) {
      for (json::value& item : *array) hide(item);
    } else if (json::object* object = value.if_object()) {
      for (auto& [key, item] : *object) hide(item);
    }
  }

  std::string restore(std::string_view text) const {
    std::string out;
    while (!text.empty()) {
      const std::size_t at = text.find(kStandInStart);
      out += text.substr(0, at);
      if (at == std::string_view::npos) break;
      text.remove_prefix(at);
      const std::size_t length = stand_in_length(text);
      const auto found = values_.find(text.substr(0, length));
      if (found == values_.end()) out += text.substr(0, length);
      else out += found->second;
      text.remove_prefix(length);
    }
    return out;
  }

  void restore(json::value& value) const {
    if (json::string* text = value.if_string()) {
      *text = restore(std::string_view(*text));
    } else if (json::array* array = value.if_array()) {
      for (json::value& item : *array) restore(item);
    } else if (json::object* object = value.if_object()) {
      for (auto& [key, item] : *object) restore(item);
    }
  }

  // How much of a text that goes on may be said already: not the beginning of what could become a stand-in.
  static std::size_t settled_length(std::string_view text) {
    const std::size_t start = text.rfind(kStandInStart);
    if (start != std::string_view::npos && start + stand_in_length(text.substr(start)) == text.size()) return start;
    for (std::size_t length = std::min(kStandInStart.size() - 1, text.size()); length > 0; --length) {
      if (text.ends_with(kStandInStart.substr(0, length))) return text.size() - length;
    }
    return text.size();
  }

  bool empty() const { return values_.empty(); }

 private:
  // "redacted-", letters, "-", digits: of the text's beginning, as far as it goes.
  static std::size_t stand_in_length(std::string_view text) {
    std::size_t at = kStandInStart.size();
    while (at < text.size() && text[at] >= 'a' && text[at] <= 'z') ++at;
    if (at < text.size() && text[at] == '-') ++at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') ++at;
    return std::min(at, text.size());
  }

  const std::string& stand_in_for(std::string_view kind, std::string_view value) {
    std::string& name = names_[std::string(value)];
    if (name.empty()) {
      name = str(kStandInStart, kind, "-", ++counts_[std::string(kind)]);
      values_[name] = value;
    }
    return name;
  }

  std::map<std::string, std::string, std::less<>> names_;   // value → stand-in
  std::map<std::string, std::string, std::less<>> values_;  // stand-in → value
  std::map<std::string, int> counts_;
};

bool hides_anything(const std::vector<Message>& messages, StandIns& stand_ins) {
  const auto hides_in = [&](const json::object& object) {
    return std::ranges::any_of(object, [&](const auto& member) { return stand_ins.hides(member.value()); });
  };
  return std::ranges::any_of(messages, [&](const Message& message) {
    return stand_ins.hide(message.text) || std::ranges::any_of(message.tool_calls, hides_in, &ToolCall::arguments) ||
           std::ranges::any_of(message.tool_results, hides_in, &ToolResult::content);
  });
}

std::vector<Message> hidden_messages(const std::vector<Message>& messages, StandIns& stand_ins) {
  std::vector<Message> out = messages;
  for (Message& message : out) {
    if (auto hidden = stand_ins.hide(message.text)) message.text = *std::move(hidden);
    for (ToolCall& call : message.tool_calls) {
      for (auto& [name, value] : call.arguments) stand_ins.hide(value);
    }
    for (ToolResult& result : message.tool_results) {
      for (auto& [name, value] : result.content) stand_ins.hide(value);
    }
  }
  return out;
}

// Puts the parts of an answer right: text may break off in the middle of a stand-in and go on in the next part.
class Restorer final {
 public:
  Restorer(const StandIns& stand_ins, const StreamSink& sink) : stand_ins_(stand_ins), sink_(sink) {}

  Result<> take(const StreamPart& part) {
    if (const auto* text = std::get_if<TextDelta>(&part)) return take_text(text->text);
    if (std::holds_alternative<StreamReset>(part)) held_.clear();
    if (!std::holds_alternative<KeepAlive>(part) && !std::holds_alternative<UsageUpdate>(part)) TRY(flush());
    if (const auto* reasoning = std::get_if<ReasoningDelta>(&part)) return sink_(ReasoningDelta{stand_ins_.restore(reasoning->text)});
    if (const auto* end = std::get_if<ToolCallEnd>(&part)) {
      ToolCallEnd restored = *end;
      for (auto& [name, value] : restored.call.arguments) stand_ins_.restore(value);
      return sink_(restored);
    }
    return sink_(part);
  }

 private:
  Result<> take_text(std::string_view text) {
    held_ += text;
    const std::size_t length = StandIns::settled_length(held_);
    if (length == 0) return {};
    const std::string settled = stand_ins_.restore(std::string_view(held_).substr(0, length));
    held_.erase(0, length);
    return sink_(TextDelta{settled});
  }

  Result<> flush() {
    if (held_.empty()) return {};
    return sink_(TextDelta{stand_ins_.restore(std::exchange(held_, {}))});
  }

  const StandIns& stand_ins_;
  const StreamSink& sink_;
  std::string held_;
};

class RedactingCaller final : public ModelCaller {
 public:
  explicit RedactingCaller(std::shared_ptr<ModelCaller> caller) : caller_(std::move(caller)) {}

  Result<> stream_completion(const CallContext& context, const CompletionRequest& request, const StreamSink& sink) override {
    if (!request.messages) return caller_->stream_completion(context, request, sink);
    StandIns stand_ins;
    // A conversation is long and has rarely anything to hide: it is copied only then.
    if (!hides_anything(*request.messages, stand_ins)) return caller_->stream_completion(context, request, sink);
    const std::vector<Message> messages = hidden_messages(*request.messages, stand_ins);
    CompletionRequest hidden = request;
    hidden.messages = &messages;
    if (stand_ins.empty()) return caller_->stream_completion(context, hidden, sink);
    Restorer restorer(stand_ins, sink);
    return caller_->stream_completion(context, hidden, [&](const StreamPart& part) { return restorer.take(part); });
  }

 private:
  const std::shared_ptr<ModelCaller> caller_;
};

}  // namespace

CleanText remove_secrets(std::string_view text) {
  CleanText out{.text = std::string(text)};
  if (!may_hold_secrets(text)) return out;
  out.removed += re2::RE2::GlobalReplace(&out.text, secrets(), re2::StringPiece(kRemoved.data(), kRemoved.size()));
  out.removed += re2::RE2::GlobalReplace(&out.text, url_passwords(), str("\\1", kRemoved, "@"));
  return out;
}

std::shared_ptr<ModelCaller> with_redaction(std::shared_ptr<ModelCaller> caller) {
  return std::make_shared<RedactingCaller>(std::move(caller));
}

}  // namespace bridge
