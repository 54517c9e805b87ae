#include "platform/network/allowed_networks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"

namespace bridge {

namespace {

constexpr int kBitsOfVersion4 = 96;  // before an address of version 4 within one of version 6

enum class Meaning : std::uint8_t { near, special, holds_version_4 };

// Everything that is not a machine of the public internet.
// https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
struct SpecialNetwork {
  std::string_view network;
  Meaning meaning;
};
constexpr SpecialNetwork kSpecialNetworks[] = {
    {"127.0.0.0/8", Meaning::near},        {"10.0.0.0/8", Meaning::near},
    {"172.16.0.0/12", Meaning::near},      {"192.168.0.0/16", Meaning::near},
    {"100.64.0.0/10", Meaning::near},      {"::1", Meaning::near},
    {"fc00::/7", Meaning::near},           {"64:ff9b::/96", Meaning::holds_version_4},
    {"0.0.0.0/8", Meaning::special},       {"169.254.0.0/16", Meaning::special},
    {"192.0.0.0/24", Meaning::special},    {"192.0.2.0/24", Meaning::special},
    {"192.88.99.0/24", Meaning::special},  {"198.18.0.0/15", Meaning::special},
    {"198.51.100.0/24", Meaning::special}, {"203.0.113.0/24", Meaning::special},
    {"224.0.0.0/4", Meaning::special},     {"240.0.0.0/4", Meaning::special},
    {"::/96", Meaning::special},           {"64:ff9b:1::/48", Meaning::special},
    {"100::/64", Meaning::special},        {"2001::/23", Meaning::special},
    {"2001:db8::/32", Meaning::special},   {"2002::/16", Meaning::special},
    {"3fff::/20", Meaning::special},       {"5f00::/16", Meaning::special},
    {"fe80::/10", Meaning::special},       {"fec0::/10", Meaning::special},
    {"ff00::/8", Meaning::special},
};

}  // namespace

bool AllowedNetworks::Network::holds(const Bytes& address) const {
  const auto whole = static_cast<std::size_t>(bits / 8);
  if (!std::equal(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(whole), address.begin())) return false;
  const int rest = bits % 8;
  return rest == 0 || (first[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool AllowedNetworks::read_address(std::string_view text, Bytes& address) {
  const std::string written(text.substr(0, text.find('%')));  // without the interface of a link-local address
  if (::inet_pton(AF_INET6, written.c_str(), address.data()) == 1) return true;
  address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
  return ::inet_pton(AF_INET, written.c_str(), address.data() + kBitsOfVersion4 / 8) == 1;
}

bool AllowedNetworks::read_network(std::string_view text, Network& network) {
  const std::size_t slash = text.find('/');
  const std::string_view address = text.substr(0, slash);
  if (!read_address(address, network.first)) return false;
  const int before = address.contains(':') ? 0 : kBitsOfVersion4;
  int bits = 128 - before;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (error != std::errc() || end != digits.data() + digits.size() || bits < 0 || bits > 128 - before) return false;
  }
  network.bits = before + bits;
  for (int bit = network.bits; bit < 128; ++bit)
    network.first[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> bit % 8));
  return true;
}

AllowedNetworks::Kind AllowedNetworks::kind_of(const Bytes& address) {
  struct Known {
    Network network;
    Meaning meaning;
  };
  static const std::vector<Known> all = [] {
    std::vector<Known> known;
    for (const auto& [text, meaning] : kSpecialNetworks) {
      Known& one = known.emplace_back(Known{.meaning = meaning});
      if (!read_network(text, one.network)) known.pop_back();  // every line is read by the test
    }
    return known;
  }();
  const auto found = std::ranges::find_if(all, [&](const Known& one) { return one.network.holds(address); });
  if (found == all.end()) return Kind::open;
  switch (found->meaning) {
    case Meaning::near: return Kind::near;
    case Meaning::special: return Kind::special;
    case Meaning::holds_version_4: break;
  }
  Bytes within{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
  std::copy(address.end() - 4, address.end(), within.end() - 4);
  return kind_of(within);
}

Result<AllowedNetworks> AllowedNetworks::parse(std::string_view text) {
  AllowedNetworks out;
  if (trim(text).empty()) return out;
  for (const std::string& part : split(text, ',')) {
    Network network;
    if (!read_network(trim(part), network))
      return fail(ErrorCode::invalid_argument, "networks and addresses with commas, such as 10.0.0.0/8,192.168.1.7,fd00::/8");
    out.networks_.push_back(network);
  }
  return out;
}

AllowedNetworks AllowedNetworks::near_ones_of_operator() {
  AllowedNetworks out;
  out.operator_may_stay_near_ = true;
  return out;
}

bool AllowedNetworks::is_allowed(const Bytes& address, NamedBy by) const {
  const Kind kind = kind_of(address);
  if (kind == Kind::open) return true;
  if (kind == Kind::near && operator_may_stay_near_ && by == NamedBy::server_operator) return true;
  return std::ranges::any_of(networks_, [&](const Network& network) { return network.holds(address); });
}

Result<> AllowedNetworks::check(std::string_view address, NamedBy by) const {
  Bytes bytes{};
  if (read_address(address, bytes) && is_allowed(bytes, by)) return {};
  return fail(ErrorCode::permission_denied, "address_not_allowed",
              "it is in a network that is not public, which the operator opens with BRIDGE_ALLOWED_NETWORKS");
}

Result<> AllowedNetworks::check_all(std::span<const std::string> addresses, NamedBy by) const {
  for (const std::string& address : addresses) TRY(check(address, by));
  return {};
}

}  // namespace bridge
