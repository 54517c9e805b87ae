#include "platform/network/allowed_networks.h"

#include <gtest/gtest.h>

namespace bridge {
namespace {

bool is_allowed(const AllowedNetworks& networks, std::string_view address, NamedBy by = NamedBy::team) {
  const auto checked = networks.check(address, by);
  if (!checked) {
    EXPECT_EQ(checked.error().code, ErrorCode::permission_denied);
    EXPECT_EQ(checked.error().reason, "address_not_allowed");
    EXPECT_TRUE(address.size() < 4 || !checked.error().message.contains(address)) << "it tells who asks what a name leads to";
  }
  return checked.has_value();
}

constexpr std::string_view kPublic[] = {
    "8.8.8.8",          "1.1.1.1",     "172.15.255.255",  "172.32.0.0",      "100.63.255.255",           "100.128.0.0",
    "192.167.0.1",      "169.253.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001:800::200e", "::ffff:8.8.8.8",
    "64:ff9b::808:808", "2400:cb00::1"};
constexpr std::string_view kNear[] = {
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1",       "172.31.255.255",  "192.168.1.1",     "100.64.0.1",
    "::1",       "fd00::1",         "fc00::1",  "::ffff:127.0.0.1", "::ffff:10.1.2.3", "64:ff9b::7f00:1", "64:ff9b::a00:1"};
constexpr std::string_view kSpecial[] = {"0.0.0.0",
                                         "0.1.2.3",
                                         "169.254.169.254",
                                         "192.0.0.8",
                                         "192.0.2.1",
                                         "192.88.99.1",
                                         "198.18.0.1",
                                         "198.19.255.255",
                                         "198.51.100.1",
                                         "203.0.113.9",
                                         "224.0.0.1",
                                         "239.255.255.255",
                                         "240.0.0.1",
                                         "255.255.255.255",
                                         "::",
                                         "::2",
                                         "::127.0.0.1",
                                         "64:ff9b:1::1",
                                         "100::1",
                                         "2001::1",
                                         "2001:db8::1",
                                         "2002:7f00:1::",
                                         "3fff::1",
                                         "5f00::1",
                                         "fe80::1",
                                         "fe80::1%lo",
                                         "fec0::1",
                                         "ff02::1",
                                         "::ffff:169.254.169.254",
                                         "::ffff:0.0.0.0",
                                         "64:ff9b::a9fe:a9fe"};

TEST(AllowedNetworks, LetPublicAddressesAloneThroughWhereNothingIsSaid) {
  for (const auto address : kPublic) EXPECT_TRUE(is_allowed({}, address)) << address;
  for (const auto address : kNear) {
    EXPECT_FALSE(is_allowed({}, address)) << address;
    EXPECT_FALSE(is_allowed({}, address, NamedBy::server_operator)) << address;
  }
  for (const auto address : kSpecial) EXPECT_FALSE(is_allowed({}, address, NamedBy::server_operator)) << address;
}

TEST(AllowedNetworks, LetTheOperatorStayNearButNobodyElse) {
  const auto networks = AllowedNetworks::near_ones_of_operator();
  for (const auto address : kNear) {
    EXPECT_TRUE(is_allowed(networks, address, NamedBy::server_operator)) << address;
    EXPECT_FALSE(is_allowed(networks, address)) << address;
  }
  for (const auto address : kSpecial) EXPECT_FALSE(is_allowed(networks, address, NamedBy::server_operator)) << address;
}

TEST(AllowedNetworks, LetThroughWhatIsListedWhoeverNamesIt) {
  const auto networks = AllowedNetworks::parse("10.1.0.0/16, 192.168.1.7,fd12:3456::/32,169.254.169.254/32,172.16.0.0/31");
  ASSERT_TRUE(networks);
  for (const auto address : {"10.1.0.0", "10.1.255.255", "::ffff:10.1.2.3", "192.168.1.7", "fd12:3456::1",
                             "fd12:3456:ffff::", "169.254.169.254", "172.16.0.0", "172.16.0.1"})
    EXPECT_TRUE(is_allowed(*networks, address)) << address;
  for (const auto address : {"10.0.255.255", "10.2.0.0", "192.168.1.6", "fd12:3457::1", "169.254.169.253", "172.16.0.2", "127.0.0.1"})
    EXPECT_FALSE(is_allowed(*networks, address, NamedBy::server_operator)) << address;
  EXPECT_TRUE(is_allowed(*AllowedNetworks::parse("0.0.0.0/0"), "169.254.169.254"));
  EXPECT_FALSE(is_allowed(*AllowedNetworks::parse("0.0.0.0/0"), "fe80::1"));
  EXPECT_TRUE(is_allowed(*AllowedNetworks::parse("::/0"), "fe80::1"));
}

TEST(AllowedNetworks, SayWhichTextIsNone) {
  for (const auto text :
       {"10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0", "fd00::/129", "localhost", "10.0.0.0/8,", "10.0.0.0/8 fd00::/8", "1.2.3.4/8x"})
    EXPECT_FALSE(AllowedNetworks::parse(text)) << text;
  EXPECT_TRUE(AllowedNetworks::parse("")->is_unset());
}

TEST(AllowedNetworks, RefuseWhatIsNoAddress) {
  for (const auto text : {"", "localhost", "127.1", "0x7f000001", "2130706433", "127.0.0.1 ", "[::1]", "1.2.3.4.5"})
    EXPECT_FALSE(is_allowed(AllowedNetworks::near_ones_of_operator(), text, NamedBy::server_operator)) << text;
}

TEST(AllowedNetworks, RefuseANameOfWhichOneAddressIsRefused) {
  const std::vector<std::string> mixed{"8.8.8.8", "127.0.0.1"};
  const std::vector<std::string> fine{"8.8.8.8", "1.1.1.1"};
  EXPECT_FALSE(AllowedNetworks().check_all(mixed, NamedBy::team));
  EXPECT_TRUE(AllowedNetworks().check_all(fine, NamedBy::team));
}

}  // namespace
}  // namespace bridge
