#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bridge {

// Who named the place that a connection leads to.
enum class NamedBy : std::uint8_t { team, server_operator };

// Which addresses Bridge may open a connection to when somebody names the place. Public ones always; this machine and private networks
// where the operator says so; what leads nowhere or to many (multicast, link-local, documentation, …) only where it is listed. Immutable.
class AllowedNetworks final {
 public:
  // Public addresses alone.
  AllowedNetworks() = default;
  // "10.0.0.0/8,192.168.1.7,fd00::/8": those too, whoever names them. invalid_argument, with what is allowed.
  static Result<AllowedNetworks> parse(std::string_view text);
  // This machine and private networks, where the operator names them: while nobody else can reach the server.
  static AllowedNetworks near_ones_of_operator();

  bool is_unset() const { return networks_.empty(); }

  // Of an address as getaddrinfo gives it. permission_denied ("address_not_allowed") says how it becomes allowed and not which address it
  // is.
  Result<> check(std::string_view address, NamedBy by) const;
  // Of all addresses of a name.
  Result<> check_all(std::span<const std::string> addresses, NamedBy by) const;

 private:
  // An address of version 4 as ::ffff:a.b.c.d.
  using Bytes = std::array<std::uint8_t, 16>;
  struct Network {
    Bytes first{};
    int bits = 0;
    bool holds(const Bytes& address) const;
  };
  enum class Kind : std::uint8_t { open, near, special };

  static bool read_address(std::string_view text, Bytes& address);
  static bool read_network(std::string_view text, Network& network);
  static Kind kind_of(const Bytes& address);
  bool is_allowed(const Bytes& address, NamedBy by) const;

  std::vector<Network> networks_;
  bool operator_may_stay_near_ = false;
};

}  // namespace bridge
