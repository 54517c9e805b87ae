#include "ai_sdk/recording/cassette.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace bridge {
namespace {

// Answers every stream with these chunks.
class FakeClient final : public HttpClient {
 public:
  Result<ClientResponse> send(const CallContext&, const ClientRequest&) override { return fail(ErrorCode::internal, "not used"); }
  Result<ClientResponse> stream(const CallContext&, ClientRequest, const std::function<Result<>(std::string_view)>& on_bytes) override {
    ClientResponse response{.status = status,
                            .headers = {{"content-type", "text/event-stream"}, {"anthropic-organization-id", "org-secret"}}};
    for (const std::string& chunk : chunks) {
      if (status == 200) TRY(on_bytes(chunk));
      else response.body += chunk;
    }
    return response;
  }
  int status = 200;
  std::vector<std::string> chunks{"data: \xF0\x9F", "\x9B\xAC\n\n"};
};

ClientRequest asking(std::string text) {
  return {.method = Method::post,
          .url = "http://127.0.0.1:1/v1/messages",
          .headers = {{"x-api-key", "sk-secret"}},
          .body = json::serialize(json::object{{"model", "m"}, {"messages", json::array{json::object{{"content", std::move(text)}}}}})};
}

struct Tape {
  Tape() {
    std::string pattern = "/tmp/bridge_cassette_XXXXXX";
    folder = mkdtemp(pattern.data());
    path = folder + "/tape.jsonl";
  }
  ~Tape() { std::filesystem::remove_all(folder); }
  std::string text() const {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Result<std::string> replay(HttpClient& client, const ClientRequest& request) {
    std::string got;
    const auto response = client.stream({}, request, [&](std::string_view bytes) -> Result<> {
      got += str("[", bytes, "]");
      return {};
    });
    if (!response) return fail(response.error());
    return got + response->body;
  }
  std::string folder;
  std::string path;
};

TEST(Cassette, KeepsEveryChunkAsItCameAndNoSecret) {
  Tape tape;
  auto recorder = make_recording_client(std::make_shared<FakeClient>(), tape.path);
  ASSERT_TRUE(tape.replay(*recorder, asking("hello")));
  EXPECT_THAT(tape.text(), testing::Not(testing::HasSubstr("secret")));
  auto player = make_replaying_client(*read_cassette(tape.path));
  EXPECT_EQ(*tape.replay(*player, asking("hello")), "[data: \xF0\x9F][\x9B\xAC\n\n]");
}

TEST(Cassette, KeepsRefusalsAndTheirHeaders) {
  Tape tape;
  auto fake = std::make_shared<FakeClient>();
  fake->status = 529;
  fake->chunks = {"{\"type\":\"error\"}"};
  auto recorder = make_recording_client(fake, tape.path);
  ASSERT_TRUE(tape.replay(*recorder, asking("hello")));
  EXPECT_EQ(*tape.replay(*make_replaying_client(*read_cassette(tape.path)), asking("hello")), "{\"type\":\"error\"}");
}

TEST(Cassette, ShowsWhereAQuestionIsAnotherThanWhenItWasRecorded) {
  Tape tape;
  ASSERT_TRUE(tape.replay(*make_recording_client(std::make_shared<FakeClient>(), tape.path), asking("line one\nline two is long")));
  const auto player = make_replaying_client(*read_cassette(tape.path));
  const auto other = tape.replay(*player, asking("line one\nline 2 is long"));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().reason, "cassette_mismatch");
  EXPECT_THAT(other.error().message, testing::HasSubstr("messages[0].content: - line two is long + line 2 is long"));
  EXPECT_TRUE(tape.replay(*player, asking("line one\nline two is long")));
  EXPECT_EQ(tape.replay(*player, asking("line one\nline two is long")).error().reason, "cassette_mismatch") << "each answer is given once";
}

TEST(Cassette, DoesNotMindWhatIsDifferentInEveryRun) {
  const json::value a = json::parse(R"({"x":"Today: 2026-11-25 (UTC) id 01a2150a-522b-7000-84d9-71c1c6504e55 file:///tmp/a/b.yaml"})");
  const json::value b = json::parse(R"({"x":"Today: 2027-01-01 (UTC) id 01a2150a-522b-7000-84d9-000000000000 file:///data/b.yaml"})");
  EXPECT_EQ(diff_of_requests(a, b), "");
  EXPECT_EQ(diff_of_requests(json::parse(R"({"a":1,"b":[1,2]})"), json::parse(R"({"a":2,"b":[1],"c":true})")),
            "a: - 1 + 2\nb[1]: - 2\nc: + true");
}

TEST(Cassette, IsChosenByASetting) {
  Tape tape;
  auto client = std::make_shared<FakeClient>();
  EXPECT_EQ(*open_cassette("", client), client);
  EXPECT_FALSE(open_cassette("replay:" + tape.path, client)) << "there is no such file";
  EXPECT_TRUE(open_cassette("record:" + tape.path, client));
}

}  // namespace
}  // namespace bridge
