#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "base/json.h"
#include "platform/key_management/key_service.h"

namespace bridge {
namespace {

struct Folder {
  std::string path;
  Folder() {
    std::string pattern = "/tmp/bridge_keys_XXXXXX";
    path = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file() const { return path + "/keys/bridge.key"; }
  std::shared_ptr<KeyService> open() const {
    auto keys = open_local_keys(file(), true);
    EXPECT_TRUE(keys.has_value()) << keys.error().message;
    return *keys;
  }
};

constexpr std::string_view kCanary = "s3cret-canary";

TEST(LocalKeys, OpensWhatItSealedAlsoAfterARestart) {
  const Folder folder;
  const std::string envelope = *folder.open()->seal({}, Secret(std::string(kCanary)), "team|connection");
  EXPECT_EQ(envelope.find(kCanary), std::string::npos);
  const auto plain = folder.open()->open({}, envelope, "team|connection");
  ASSERT_TRUE(plain.has_value()) << plain.error().detail;
  EXPECT_EQ(plain->reveal(), kCanary);
  EXPECT_TRUE(folder.open()->open({}, *folder.open()->seal({}, Secret(""), "x"), "x").has_value());
  struct stat status {};
  ASSERT_EQ(stat(folder.file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(LocalKeys, SealsTheSameSecretDifferentlyEveryTime) {
  const Folder folder;
  const auto keys = folder.open();
  const auto first = json::parse(*keys->seal({}, Secret("x"), "b")).as_object(),
             second = json::parse(*keys->seal({}, Secret("x"), "b")).as_object();
  for (const char* field : {"wrapped_key", "nonce", "ciphertext"}) EXPECT_NE(first.at(field), second.at(field)) << field;
}

TEST(LocalKeys, RefusesAnEnvelopeWithAnyByteChangedCutOrAdded) {
  const Folder folder;
  const auto keys = folder.open();
  const std::string envelope = *keys->seal({}, Secret(std::string(kCanary)), "b");
  const auto refused = [&](const std::string& text) {
    const auto plain = keys->open({}, text, "b");
    return !plain && plain.error().code == ErrorCode::data_loss && reason_of(plain.error()) == "credential_unreadable" &&
           plain.error().message.find(kCanary) == std::string::npos;
  };
  for (std::size_t i = 0; i < envelope.size(); ++i) {
    for (const int flip : {1, 2, 4, 0x20, 0x80}) {
      std::string changed = envelope;
      changed[i] = static_cast<char>(changed[i] ^ flip);
      EXPECT_TRUE(refused(changed)) << i << " " << changed;
    }
    EXPECT_TRUE(refused(envelope.substr(0, i)));
  }
  EXPECT_TRUE(refused(envelope + " "));
  EXPECT_TRUE(refused(std::string(300 << 10, ' ')));
}

TEST(LocalKeys, RefusesAnEnvelopeOfAnotherRecordOrKey) {
  const Folder folder, other;
  const std::string envelope = *folder.open()->seal({}, Secret("x"), "team-a|connection");
  EXPECT_EQ(folder.open()->open({}, envelope, "team-b|connection").error().code, ErrorCode::data_loss);
  EXPECT_EQ(other.open()->open({}, envelope, "team-a|connection").error().code, ErrorCode::data_loss);
}

TEST(LocalKeys, FingerprintsTheSameAfterARestartAndDifferentlyUnderAnotherKey) {
  const Folder folder, other;
  EXPECT_EQ(folder.open()->fingerprint("a"), folder.open()->fingerprint("a"));
  EXPECT_NE(folder.open()->fingerprint("a"), folder.open()->fingerprint("b"));
  EXPECT_NE(folder.open()->fingerprint("a"), other.open()->fingerprint("a"));
  EXPECT_EQ(folder.open()->fingerprint("a").size(), 43u);
}

TEST(LocalKeys, NeverMakesAKeyWhereOneIsMissed) {
  const Folder folder;
  const auto missing = open_local_keys(folder.file(), false);
  ASSERT_FALSE(missing.has_value());
  EXPECT_NE(missing.error().message.find(folder.file()), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(folder.file()));
}

TEST(LocalKeys, RefusesKeyFilesThatAreShortPublicOrNotRandom) {
  const Folder folder;
  (void)folder.open();
  ASSERT_EQ(chmod(folder.file().c_str(), 0644), 0);
  EXPECT_NE(open_local_keys(folder.file(), true).error().message.find("chmod 600"), std::string::npos);
  ASSERT_EQ(chmod(folder.file().c_str(), 0600), 0);
  for (const std::string& text : {std::string(), std::string("bridge-key-v1:"), std::string("bridge-key-v1:c2hvcnQ"),
                                  "bridge-key-v1:" + std::string(43, 'A'), std::string(5'000, 'x')}) {
    std::ofstream(folder.file(), std::ios::trunc) << text;
    EXPECT_EQ(open_local_keys(folder.file(), true).error().reason, "key_file_unusable") << text;
  }
  std::filesystem::remove(folder.file());
  std::filesystem::create_symlink("/dev/zero", folder.file());
  EXPECT_FALSE(open_local_keys(folder.file(), true).has_value());
}

TEST(LocalKeys, AreOneKeyHoweverManyStartAtOnce) {
  const Folder folder;
  std::vector<std::string> prints(8);
  {
    std::vector<std::jthread> threads;
    for (std::string& print : prints) threads.emplace_back([&] { print = folder.open()->fingerprint("a"); });
  }
  for (const std::string& print : prints) EXPECT_EQ(print, prints.front());
}

}  // namespace
}  // namespace bridge
