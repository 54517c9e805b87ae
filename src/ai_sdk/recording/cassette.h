#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "platform/http/client.h"

namespace bridge {

// A piece of an answer's body as it came off the wire: as text, or in base64url where a character was cut in two.
struct CassetteChunk {
  std::int64_t at_ms = 0;  // since the request
  std::optional<std::string> text;
  std::optional<std::string> bytes;
};
BOOST_DESCRIBE_STRUCT(CassetteChunk, (), (at_ms, text, bytes))
template <>
inline constexpr auto field_notes<CassetteChunk> = std::to_array<FieldNote>({{.name = "text", .length_max = 64 << 20},
                                                                             {.name = "bytes", .length_max = 64 << 20}});

// One request to a provider and what came of it. No header that could hold a secret is kept: of the request none, of the answer those few
// that the codecs read.
struct CassetteExchange {
  std::string path;
  json::object request;
  int status = 0;  // 0: no answer came
  std::map<std::string, std::string> headers;
  std::vector<CassetteChunk> chunks;
  std::optional<std::string> failure;  // the reason when the connection failed
};
BOOST_DESCRIBE_STRUCT(CassetteExchange, (), (path, request, status, headers, chunks, failure))

// A cassette is a file of such exchanges, a line of JSON each, in the order in which they ended.
Result<std::vector<CassetteExchange>> read_cassette(const std::string& path);

// Passes everything on and writes it down at the end of the file, each exchange when it has ended.
std::shared_ptr<HttpClient> make_recording_client(std::shared_ptr<HttpClient> client, std::string path);

// Answers from the cassette, with its chunks, and never opens a socket. A request takes the first exchange that asked the same and was not
// taken yet; ids and today's date do not count. One that fits none is internal ("cassette_mismatch") and says where it differs from the
// next. `speed` 0: at once; 1: as slowly as it was.
std::shared_ptr<HttpClient> make_replaying_client(std::vector<CassetteExchange> exchanges, double speed = 0);

// "record:FILE", "replay:FILE", or the client itself for an empty text.
Result<std::shared_ptr<HttpClient>> open_cassette(std::string_view setting, std::shared_ptr<HttpClient> client);

// Where two requests differ, a line each: "messages[2].content: - … + …". Empty when they ask the same.
std::string diff_of_requests(const json::value& expected, const json::value& actual);

}  // namespace bridge
