#include "platform/http/request_reader.h"

#include <gtest/gtest.h>

#include "platform/http/limits.h"

namespace bridge {
namespace {

struct Outcome {
  int status = 0;  // 0: complete, -1: wants more, else the refusal
  Request request;
  bool operator==(const Outcome& other) const {
    return status == other.status && (status > 0 || (request.target == other.request.target && request.body == other.request.body &&
                                                     request.headers == other.request.headers));
  }
};

// Offers `text` in the given pieces the way a connection does: what was not taken comes again with more behind it.
Outcome read_pieces(const std::vector<std::string_view>& pieces, std::size_t body_bytes_max = 1'000) {
  const auto reader = make_request_reader();
  Outcome outcome;
  std::string unread;
  for (const std::string_view piece : pieces) {
    unread += piece;
    for (;;) {
      // A buffer of exactly this size, so that a sanitizer sees any read beyond.
      const std::vector<char> exact(unread.begin(), unread.end());
      const RequestReader::Step step = reader->read({exact.data(), exact.size()}, outcome.request);
      unread.erase(0, reader->consumed());
      if (step == RequestReader::Step::refused) return outcome.status = reader->refusal().status, outcome;
      if (step == RequestReader::Step::done) return outcome;
      if (step == RequestReader::Step::more) break;
      reader->limit_body(body_bytes_max);
      if (!reader->head().has_body) return outcome;
    }
  }
  outcome.status = -1;
  return outcome;
}

Outcome read_all(std::string_view text) { return read_pieces({text}); }

std::string with_headers(std::string_view headers, std::string_view body = "") {
  return str("POST /x HTTP/1.1\r\nHost: a\r\n", headers, "\r\n", body);
}

const std::vector<std::string> kGood{
    "GET /a?b=c HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n",
    with_headers("Content-Length: 5\r\n", "hello"),
    with_headers("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: t\r\n\r\n"),
};

TEST(RequestReader, ReadsBodiesOfBothKinds) {
  EXPECT_EQ(read_all(kGood[0]).status, 0);
  EXPECT_EQ(read_all(kGood[1]).request.body, "hello");
  const Outcome chunked = read_all(kGood[2]);
  EXPECT_EQ(chunked.status, 0);
  EXPECT_EQ(chunked.request.body, "abcde");
  EXPECT_FALSE(chunked.request.header("trailer").has_value());
}

TEST(RequestReader, ReadsTheSameFromEverySplit) {
  for (const std::string& text : kGood) {
    const Outcome whole = read_all(text);
    const std::string_view view = text;
    for (std::size_t at = 1; at < view.size(); ++at) EXPECT_EQ(read_pieces({view.substr(0, at), view.substr(at)}), whole) << at;
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < view.size(); ++i) bytes.push_back(view.substr(i, 1));
    EXPECT_EQ(read_pieces(bytes), whole) << text;
  }
}

TEST(RequestReader, RefusesWhateverTwoPartiesCouldReadDifferently) {
  for (const char* headers : {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
                              "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
                              "Content-Length: 5\r\nContent-Length: 6\r\n",
                              "Content-Length: 5\r\nContent-Length: 5\r\n",
                              "Content-Length: 5, 5\r\n",
                              "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
                              "Content-Length: +5\r\n",
                              "Content-Length: +1_0\r\n",
                              "Content-Length: 010\r\n",
                              "Content-Length: 0x10\r\n",
                              "Content-Length: -48\r\n",
                              "Content-Length:\r\n",
                              "Content-Length: 5 5\r\n",
                              "Content-Length: 99999999999999999999999\r\n",
                              "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                              "Transfer-Encoding: chunked, chunked\r\n",
                              "Transfer-Encoding: ,chunked\r\n",
                              "Transfer-Encoding: \x0b"
                              "chunked\r\n",
                              "Transfer-Encoding: blegh\r\n",
                              "Transfer-Encoding: gzip, chunked\r\n",
                              "Transfer-Encoding: identity\r\n",
                              "Transfer-Encoding:\r\n",
                              "Transfer-Encoding : chunked\r\n",
                              "Content-Length : 5\r\n",
                              " Content-Length: 5\r\n",
                              "Content-Length: 5\r\n folded: x\r\n",
                              "X: a\r\n\tb\r\n",
                              ": empty\r\n",
                              "X y: z\r\n",
                              "X: a\rb\r\n",
                              "X: a\nY: b\r\n",
                              "Host: a\r\n",
                              "Host: b\r\n"}) {
    EXPECT_EQ(read_all(with_headers(headers, "hello")).status, 400) << headers;
  }
  EXPECT_EQ(read_all(with_headers(std::string_view("X: a\0b\r\n", 8))).status, 400);
  EXPECT_EQ(read_all("POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").status, 400);
}

TEST(RequestReader, RefusesMalformedRequestLines) {
  for (const char* line : {"GET / HTTP/4294967295.255", "PRI * HTTP/2.0", "GET / HTTP/2.0", "GET /", "GET", "GET  / HTTP/1.1",
                           "GET / HTTP/1.1 x", " GET / HTTP/1.1", "GET / http/1.1", "G\x01T / HTTP/1.1", "GET /a\x7f HTTP/1.1",
                           "GET /#x HTTP/1.1", "GET /\xC3\xA9 HTTP/1.1", "GET /a b HTTP/1.1"}) {
    EXPECT_EQ(read_all(str(line, "\r\nHost: a\r\n\r\n")).status, 400) << line;
  }
  EXPECT_EQ(read_all("GET / HTTP/1.1\nHost: a\n\n").status, 400);
  EXPECT_EQ(read_all("GET / HTTP/1.1\r\n\r\n").status, 400);
  EXPECT_EQ(read_all("GET / HTTP/1.0\r\n\r\n").status, 0);
}

TEST(RequestReader, RefusesAbusedChunks) {
  const std::string head = with_headers("Transfer-Encoding: chunked\r\n");
  for (const char* body :
       {"-2\r\nab\r\n0\r\n\r\n", "0_2e\r\nab\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "\r\nab\r\n0\r\n\r\n", "2\nab\n0\n\n",
        "2\r\nab\rX0\r\n\r\n", "2\r\nabc\r\n0\r\n\r\n", " 2\r\nab\r\n0\r\n\r\n", "fffffffffffffffff\r\n", "g\r\n"}) {
    EXPECT_EQ(read_all(head + body).status, 400) << body;
  }
  const int huge = read_all(head + "ffffffffffffffff\r\nab").status;
  EXPECT_TRUE(huge == 400 || huge == 413 || huge == -1) << huge;
}

TEST(RequestReader, StopsAtTheBodyLimitHoweverTheBodyComes) {
  EXPECT_EQ(read_pieces({with_headers("Content-Length: 1001\r\n", std::string(1'001, 'x'))}).status, 413);
  std::string chunks;
  for (int i = 0; i < 1'001; ++i) chunks += "1\r\nx\r\n";
  const Outcome outcome = read_pieces({with_headers("Transfer-Encoding: chunked\r\n"), chunks});
  EXPECT_EQ(outcome.status, 413);
  EXPECT_LE(outcome.request.body.size(), 1'000u);
}

TEST(RequestReader, LimitsFieldsHeaderAndTarget) {
  std::string fields;
  for (std::size_t i = 0; i < kHeaderFieldsMax; ++i) fields += "X: y\r\n";
  EXPECT_EQ(read_all(with_headers(fields)).status, 431);
  EXPECT_EQ(read_all(with_headers(str("X: ", std::string(kHeaderBytesMax, 'x'), "\r\n"))).status, 431);
  std::string long_fields;
  for (int i = 0; i < 20; ++i) long_fields += str("X: ", std::string(1'000, 'x'), "\r\n");
  EXPECT_EQ(read_all(with_headers(long_fields)).status, 431);
  EXPECT_EQ(read_all(str("GET /", std::string(kTargetBytesMax, 'x'), " HTTP/1.1\r\nHost: a\r\n\r\n")).status, 414);
}

// Random changes to good requests, in random pieces: never a crash, never a body over the limit, and the same request for every split.
TEST(RequestReader, SurvivesRandomChanges) {
  std::uint64_t state = 42;
  const auto random = [&state](std::size_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state >> 33) % below;
  };
  const std::string_view alphabet("\r\n\0 :;,/?#%0159afxX-+\t\x7f\x80", 24);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = kGood[random(kGood.size())];
    for (std::size_t changes = 1 + random(4); changes > 0; --changes) {
      const std::size_t at = random(text.size());
      switch (random(3)) {
        case 0: text[at] = alphabet[random(alphabet.size())]; break;
        case 1: text.erase(at, 1 + random(5)); break;
        default: text.insert(at, text.substr(random(text.size()), random(20))); break;
      }
      if (text.empty()) text = "G";
    }
    const Outcome whole = read_all(text);
    EXPECT_LE(whole.request.body.size(), 1'000u);
    const std::size_t at = random(text.size());
    const Outcome parts = read_pieces({std::string_view(text).substr(0, at), std::string_view(text).substr(at)});
    // A refusal may come earlier or later, but never for one and not for the other.
    ASSERT_EQ(parts.status == 0, whole.status == 0) << text;
    if (whole.status != 0) continue;
    ASSERT_EQ(parts.request.body, whole.request.body) << text;
    ASSERT_EQ(parts.request.headers, whole.request.headers) << text;
  }
}

}  // namespace
}  // namespace bridge
