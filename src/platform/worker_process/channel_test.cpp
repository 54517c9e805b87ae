#include "platform/worker_process/channel.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <thread>

#include "platform/worker_process/limits.h"
#include "platform/worker_process/wire_format.h"

namespace bridge {
namespace {

using std::chrono::milliseconds;

std::pair<Channel, Channel> pair() {
  auto made = Channel::make_pair();
  EXPECT_TRUE(made);
  return std::move(*made);
}

TEST(Channel, CarriesFramesOfEverySizeInOrder) {
  auto [one, other] = pair();
  const std::vector<std::size_t> sizes{0, 1, 4'087, 4'088, 4'089, 70'000, 5 << 20};
  std::jthread sender([&] {
    for (const std::size_t size : sizes) EXPECT_TRUE(one.send(7, std::string(size, static_cast<char>('a' + size % 26)), {}));
  });
  Frame frame;
  for (const std::size_t size : sizes) {
    ASSERT_TRUE(other.receive(frame, {}));
    EXPECT_EQ(frame.kind, 7U);
    EXPECT_EQ(frame.body, std::string(size, static_cast<char>('a' + size % 26)));
  }
}

TEST(Channel, GoesOnWhereItWasAfterAWaitThatWasTooShort) {
  auto [one, other] = pair();
  Frame frame;
  EXPECT_EQ(other.receive(frame, Patience::of(milliseconds(1))).error().code, ErrorCode::deadline_exceeded);
  std::string bytes(8, '\0');
  bytes[0] = 5;
  bytes += "abcde";
  for (const char& byte : bytes) {
    ASSERT_EQ(::send(one.descriptor(), &byte, 1, 0), 1);
    if (&byte == &bytes.back()) break;
    EXPECT_EQ(other.receive(frame, Patience::of(milliseconds(1))).error().code, ErrorCode::deadline_exceeded);
  }
  ASSERT_TRUE(other.receive(frame, {}));
  EXPECT_EQ(frame.body, "abcde");
}

TEST(Channel, IsWokenByADescriptor) {
  auto [one, other] = pair();
  const FileDescriptor event(::eventfd(1, EFD_CLOEXEC));
  Frame frame;
  EXPECT_EQ(other.receive(frame, {.wake = event.get()}).error().code, ErrorCode::cancelled);
}

TEST(Channel, SaysThatTheOtherSideIsGone) {
  auto [one, other] = pair();
  one.release().close();
  Frame frame;
  EXPECT_EQ(other.receive(frame, {}).error().reason, "channel_closed");
  EXPECT_EQ(other.send(1, "x", {}).error().reason, "channel_closed");
}

TEST(Channel, DoesNotWaitForASideThatReadsNothing) {
  auto [one, other] = pair();
  EXPECT_EQ(one.send(1, std::string(8 << 20, 'x'), Patience::of(milliseconds(20))).error().code, ErrorCode::deadline_exceeded);
}

TEST(Channel, TakesNoMemoryForALengthThatIsALie) {
  auto [one, other] = pair();
  const std::uint32_t header[] = {frame_bytes_max, 1};
  ASSERT_EQ(::send(one.descriptor(), header, sizeof header, 0), ssize_t{sizeof header});
  Frame frame;
  EXPECT_EQ(other.receive(frame, Patience::of(milliseconds(1))).error().code, ErrorCode::deadline_exceeded);
  one.release().close();
  EXPECT_FALSE(other.receive(frame, {}));
  EXPECT_LE(frame.body.capacity(), frame_first_bytes);
}

TEST(Channel, RefusesAFrameThatIsTooLong) {
  auto [one, other] = pair();
  EXPECT_EQ(one.send(1, std::string(frame_bytes_max + 1, 'x'), {}).error().code, ErrorCode::payload_too_large);
  const std::uint32_t header[] = {frame_bytes_max + 1, 1};
  ASSERT_EQ(::send(one.descriptor(), header, sizeof header, 0), ssize_t{sizeof header});
  Frame frame;
  EXPECT_EQ(other.receive(frame, {}).error().code, ErrorCode::data_loss);
}

TEST(Channel, ClosesDescriptorsUnseenWhereItTakesNone) {
  auto [one, other] = pair();
  const FileDescriptor event(::eventfd(0, EFD_CLOEXEC));
  const int next = ::fcntl(event.get(), F_DUPFD, 0);
  ::close(next);
  Frame frame;
  ASSERT_TRUE(one.send(1, "x", {}, event.get()));
  ASSERT_TRUE(other.receive(frame, {}));
  EXPECT_FALSE(frame.descriptor);
  const int still_next = ::fcntl(event.get(), F_DUPFD, 0);
  EXPECT_EQ(next, still_next);
  ::close(still_next);

  other.take_descriptors();
  ASSERT_TRUE(one.send(1, "x", {}, event.get()));
  ASSERT_TRUE(other.receive(frame, {}));
  EXPECT_TRUE(frame.descriptor);
}

// ---- wire format ---------------------------------------------------------------------------------------------------

enum class Fruit : std::uint8_t { apple, pear };
BOOST_DESCRIBE_ENUM(Fruit, apple, pear)
struct Basket {
  std::string name;
  std::vector<Fruit> fruits;
  std::optional<double> weight;
  std::map<std::string, std::int64_t> prices;
  std::variant<std::nullptr_t, bool, std::string> note;
  bool operator==(const Basket&) const = default;
};
BOOST_DESCRIBE_STRUCT(Basket, (), (name, fruits, weight, prices, note))

Basket a_basket() {
  return {.name = std::string("a\0\xFF", 3),
          .fruits = {Fruit::pear, Fruit::apple},
          .weight = -0.0,
          .prices = {{"x", 1}, {"y", -2}},
          .note = "n"};
}

TEST(WireFormat, GivesBackWhatWentIn) {
  const auto back = from_wire<Basket>(to_wire(a_basket()));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, a_basket());
  Error error{.code = ErrorCode::not_found, .message = "m", .detail = "d", .reason = "r"};
  error.violations.push_back({.path = "p", .line = 3, .allowed = {"a", "b"}});
  error.retry_after = std::chrono::milliseconds(5);
  error.retryable = false;
  const auto error_back = from_wire<Error>(to_wire(error));
  ASSERT_TRUE(error_back);
  EXPECT_EQ(to_wire(*error_back), to_wire(error));
}

TEST(WireFormat, RefusesWhatIsCutOrHasMore) {
  const std::string bytes = to_wire(a_basket());
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(from_wire<Basket>(bytes.substr(0, size))) << size;
  EXPECT_FALSE(from_wire<Basket>(bytes + "x"));
}

TEST(WireFormat, ReadsNothingWrongOfBytesThatWereChanged) {
  const std::string bytes = to_wire(a_basket());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = bytes;
      changed[at] = static_cast<char>(value);
      // Read as something else, or refused; what is read can be written again.
      const auto read = from_wire<Basket>(changed);
      EXPECT_TRUE(!read || to_wire(*read).size() == changed.size());
    }
  }
}

TEST(WireFormat, TakesNoMemoryForACountThatIsALie) {
  std::string bytes;
  append_plain(bytes, std::uint32_t{0xFFFFFFFF});
  EXPECT_FALSE(from_wire<std::vector<std::string>>(bytes));
  EXPECT_FALSE(from_wire<std::string>(bytes));
}

TEST(WireFormat, RefusesAValueThatAnEnumHasNot) {
  EXPECT_TRUE(from_wire<Fruit>(std::string(1, '\1')));
  EXPECT_FALSE(from_wire<Fruit>(std::string(1, '\2')));
  EXPECT_FALSE(from_wire<bool>(std::string(1, '\2')));
}

}  // namespace
}  // namespace bridge
