#include "app/setting_kinds.h"

#include <charconv>
#include <filesystem>

#include "ai_sdk/llm_config/model_catalogue.h"
#include "base/text.h"

namespace bridge::setting_kinds {
namespace {

constexpr std::size_t kModelNameBytesMax = 200;

// Characters that no key, URL or header may hold.
constexpr std::string_view kBreaks("\r\n\t \0", 5);

bool has_any_of(std::string_view text, std::string_view characters) { return text.find_first_of(characters) != std::string_view::npos; }

// What a browser sends as Origin: scheme, host and a port that is not the scheme's own, nothing else (RFC 6454, 6.2).
std::optional<std::string> parse_origin(std::string_view text) {
  std::string origin = lower(text);
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == std::string::npos) return std::nullopt;
  const std::string scheme = origin.substr(0, scheme_end);
  if (scheme != "http" && scheme != "https") return std::nullopt;
  std::string_view host = std::string_view(origin).substr(scheme_end + 3);
  std::string_view port;
  const std::size_t bracket = host.starts_with('[') ? host.find(']') : 0;  // of an IPv6 address, which has colons of its own
  if (bracket == std::string_view::npos) return std::nullopt;
  if (const std::size_t colon = host.find(':', bracket); colon != std::string_view::npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
    const auto number = parse_count(port);
    if (!number || *number < 1 || *number > 65535) return std::nullopt;
  }
  const std::string_view name = bracket > 0 ? host.substr(1, bracket - 1) : host;
  const std::string_view allowed = bracket > 0 ? "0123456789abcdef:." : "abcdefghijklmnopqrstuvwxyz0123456789-.";
  if (name.empty() || name.find_first_not_of(allowed) != std::string_view::npos || (bracket > 0 && !host.ends_with(']')))
    return std::nullopt;
  const bool own_port = port.empty() || port == (scheme == "http" ? "80" : "443");
  return own_port ? str(scheme, "://", host) : str(scheme, "://", host, ":", port);
}

Result<> check_url(std::string_view text) {
  if (!text.empty() && !text.starts_with("http://") && !text.starts_with("https://"))
    return not_allowed("a URL that begins with http:// or https://");
  if (has_any_of(text, kBreaks) || has_any_of(text, "@?#")) return not_allowed("a URL without spaces, user name, query or fragment");
  return {};
}

// The parts of a list with commas, without spaces around them and without empty ones.
std::vector<std::string> list_of(std::string_view text) {
  std::vector<std::string> parts;
  for (const std::string& part : split(text, ',')) {
    if (const std::string_view trimmed = trim(part); !trimmed.empty()) parts.emplace_back(trimmed);
  }
  return parts;
}

}  // namespace

std::unexpected<Error> not_allowed(std::string allowed) { return fail(ErrorCode::invalid_argument, std::move(allowed)); }

TakeValue not_in_this_build(std::string what) {
  return [what](std::string_view text, Config&) -> Result<> {
    if (!text.empty()) return not_allowed(what + " is not part of this build yet: leave it unset to use the embedded one");
    return {};
  };
}

TakeValue anything() {
  return [](std::string_view, Config&) -> Result<> { return {}; };
}

TakeValue only(std::string value, std::string why) {
  return [value, why](std::string_view text, Config&) -> Result<> {
    if (text != value) return not_allowed(str(value, " (", why, ")"));
    return {};
  };
}

TakeValue flag(Place<bool> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    if (text == "1" || text == "true") place(config) = true;
    else if (text.empty() || text == "0" || text == "false") place(config) = false;
    else return not_allowed("1 or 0");
    return {};
  };
}

TakeValue folder(Place<std::string> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    if (text.empty()) return not_allowed("a folder");
    std::string path(text);
    if (path == "~" || path.starts_with("~/")) {
      const char* home = std::getenv("HOME");
      if (!home || !*home) return not_allowed("a folder (HOME is not set, so ~ means nothing)");
      path = home + path.substr(1);
    }
    path = std::filesystem::absolute(path).lexically_normal().string();
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    place(config) = std::move(path);
    return {};
  };
}

TakeValue address_and_port(Place<std::string> address_place, Place<std::uint16_t> port_place) {
  return [address_place, port_place](std::string_view text, Config& config) -> Result<> {
    const std::string usage = "an address and a port such as 127.0.0.1:8080 (port 0 picks one)";
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return not_allowed(usage);
    const auto port = parse_count(text.substr(colon + 1));
    if (!port || *port > 65'535) return not_allowed(usage);
    std::string address(text.substr(0, colon));
    if (address == "localhost") address = "127.0.0.1";
    if (address == "[::1]") address = "::1";
    if (address.empty()) return not_allowed(usage);
    address_place(config) = std::move(address);
    port_place(config) = static_cast<std::uint16_t>(*port);
    return {};
  };
}

TakeValue api_key(Place<Secret> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    if (has_any_of(text, kBreaks)) return not_allowed("a key without spaces or line breaks");
    place(config) = Secret(std::string(text));
    return {};
  };
}

TakeValue base_url(Place<std::string> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    TRY(check_url(text));
    place(config) = text;
    return {};
  };
}

TakeValue model_url(Place<std::string> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    TRY(check_url(text.substr(0, text.find('?'))));
    if (has_any_of(text, kBreaks) || has_any_of(text, "@#")) return not_allowed("a URL without spaces, user name or fragment");
    place(config) = text;
    return {};
  };
}

TakeValue model_name(Place<std::string> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    if (text.size() > kModelNameBytesMax) return not_allowed("the name of a model");
    place(config) = text;
    return {};
  };
}

TakeValue openai_profile(Place<std::string> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    if (!text.empty() && !find_openai_profile(text, "")) return not_allowed("openai, compatible or minimal");
    place(config) = text;
    return {};
  };
}

TakeValue name_or_default(Place<std::string> place, std::string default_name) {
  return [place, default_name](std::string_view text, Config& config) -> Result<> {
    place(config) = text.empty() ? default_name : std::string(text);
    return {};
  };
}

TakeValue prefixed(Place<std::string> place, std::vector<std::string> prefixes, std::string allowed) {
  return [place, prefixes, allowed](std::string_view text, Config& config) -> Result<> {
    const bool fits = std::ranges::any_of(prefixes, [&](const std::string& prefix) { return text.starts_with(prefix); });
    if (!text.empty() && !fits) return not_allowed(allowed);
    place(config) = text;
    return {};
  };
}

TakeValue fallbacks(Place<std::vector<Fallback>> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    std::vector<Fallback> found;
    for (const std::string& target : list_of(text)) {
      const std::size_t slash = target.find('/');
      Fallback fallback{.provider = target.substr(0, slash)};
      if (slash != std::string::npos) fallback.model = target.substr(slash + 1);
      if (fallback.provider != "anthropic" && fallback.provider != "openai")
        return not_allowed("anthropic, openai, or one of them with a model behind a slash");
      found.push_back(std::move(fallback));
    }
    place(config) = std::move(found);
    return {};
  };
}

TakeValue origins(Place<std::vector<std::string>> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    std::vector<std::string> found;
    for (const std::string& part : list_of(text)) {
      const auto origin = parse_origin(part);
      if (!origin)
        return not_allowed("origins such as https://app.example.com or http://localhost:5173, with commas; no path, no * and no pattern");
      if (std::ranges::find(found, *origin) == found.end()) found.push_back(*origin);
    }
    place(config) = std::move(found);
    return {};
  };
}

TakeValue host_names(Place<std::vector<std::string>> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    std::vector<std::string> found;
    for (const std::string& part : list_of(text)) {
      if (part.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") != std::string::npos)
        return not_allowed("names such as bridge.example.com, with commas; no scheme, no port and no pattern");
      found.push_back(lower(part));
    }
    place(config) = std::move(found);
    return {};
  };
}

TakeValue data_roots(Place<DataRoots> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    place(config) = TRY(DataRoots::parse(text));
    return {};
  };
}

TakeValue allowed_networks(Place<AllowedNetworks> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    auto networks = AllowedNetworks::parse(text);
    if (!networks) return not_allowed(networks.error().message);
    place(config) = std::move(*networks);
    return {};
  };
}

TakeValue otlp_headers(Place<Headers> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    Headers headers;
    for (const std::string& pair : list_of(text)) {
      const std::size_t equals = pair.find('=');
      const std::string value = equals == std::string::npos ? "" : decode_percent(trim(std::string_view(pair).substr(equals + 1)), false);
      const std::string name = lower(trim(std::string_view(pair).substr(0, equals)));
      const bool is_name = !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
      if (equals == std::string::npos || !is_name || has_any_of(value, std::string_view("\r\n\0", 3)))
        return not_allowed("name=value,name=value, with values percent-encoded");
      headers.emplace_back(name, value);
    }
    place(config) = std::move(headers);
    return {};
  };
}

TakeValue bytes(Place<std::uint64_t> place, std::uint64_t min, std::uint64_t max, std::string allowed) {
  return [place, min, max, allowed](std::string_view text, Config& config) -> Result<> {
    const auto number = parse_bytes(text);
    if (!number || *number < min || *number > max) return not_allowed(allowed);
    place(config) = *number;
    return {};
  };
}

TakeValue byte_count(Place<std::int64_t> place) {
  return [place](std::string_view text, Config& config) -> Result<> {
    const auto number = parse_bytes(text);
    if (!number || *number > static_cast<std::uint64_t>(kAnyCount))
      return not_allowed("a number of bytes such as 500MB or 10GB; 0: any number");
    place(config) = static_cast<std::int64_t>(*number);
    return {};
  };
}

TakeValue duration(Place<std::int64_t> place_ms, std::chrono::milliseconds max, std::string allowed) {
  return [place_ms, max, allowed](std::string_view text, Config& config) -> Result<> {
    const auto ms = parse_duration_ms(text);
    if (!ms || *ms <= 0 || *ms > max.count()) return not_allowed(allowed);
    place_ms(config) = *ms;
    return {};
  };
}

TakeValue milliseconds(Place<std::chrono::milliseconds> place, std::int64_t min, std::int64_t max) {
  return [place, min, max](std::string_view text, Config& config) -> Result<> {
    const auto ms = parse_count(text);
    if (!ms || *ms < min || *ms > max) return not_allowed(str("milliseconds from ", min, " to ", max));
    place(config) = std::chrono::milliseconds(*ms);
    return {};
  };
}

TakeValue dollars(Place<std::int64_t> place_nano_usd, std::int64_t max) {
  return [place_nano_usd, max](std::string_view text, Config& config) -> Result<> {
    double amount = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
    if (error != std::errc{} || end != text.data() + text.size() || !(amount >= 0) || amount > static_cast<double>(max))
      return not_allowed(str("a number of dollars from 0 to ", max, " such as 50 or 2.5"));
    place_nano_usd(config) = static_cast<std::int64_t>(amount * 1e9);
    return {};
  };
}

std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || end != text.data() + text.size() || text.starts_with('-')) return std::nullopt;
  return count;
}

std::string allowed_counts(std::int64_t min, std::int64_t max) {
  return max == kAnyCount ? str("a whole number of at least ", min) : str("a number from ", min, " to ", max);
}

}  // namespace bridge::setting_kinds
