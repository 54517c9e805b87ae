#pragma once

#include "ai_sdk/providers/shared/stream_decoder.h"
#include "platform/http/client.h"

namespace bridge {

// How long one request to a model API may take; the turn's own limit is the orchestrator's.
struct CallDeadlines {
  int connect_ms = 10'000;
  int first_event_ms = 90'000;
  int idle_ms = 60'000;  // pings count as life
  int call_ms = 600'000;
  // Once the answer is whole. A connection that is at its end by then can be used again.
  int linger_ms = 200;
  int linger_for_usage_ms = 5'000;  // where only the account of what was used may be missing
};

// Reads an error out of the body of an answer that is no stream.
using ErrorReader = std::function<Error(int status, const Headers& headers, std::string_view body)>;

// Sends the request and feeds the answer to the decoder as it comes. What the decoder takes for a whole answer is one, whatever becomes of
// the connection then: reset, held open, without its last chunk. A refused request has used nothing, and a UsageUpdate says so. A body
// of status 200 that is no event stream is read as an error.
Result<> stream_http_completion(const CallContext& context, HttpClient& http, ClientRequest request, const CallDeadlines& deadlines,
                                StreamDecoder& decoder, const ErrorReader& read_error, const StreamSink& sink);

}  // namespace bridge
