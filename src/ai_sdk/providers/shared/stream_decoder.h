#pragma once

#include <string_view>

#include "ai_sdk/core/provider.h"

namespace bridge {

// Turns the bytes of one answer into parts: the same parts for every split. No clock, no socket. Not thread-safe; one decoder an answer.
class StreamDecoder {
 public:
  virtual ~StreamDecoder() = default;

  // The parts that these bytes complete. An error ends the stream: what the server reported in it, or "provider_stream_broken".
  virtual Result<> feed(std::string_view bytes, const StreamSink& sink) = 0;

  // The answer's bytes have ended. unavailable ("premature_eof") when the stream had not.
  virtual Result<> end(const StreamSink& sink) = 0;

  // Whether a whole event has come.
  virtual bool has_begun() const = 0;

  // Whether what has come is a whole answer: `open`, not yet; `ended`, its end has come; `may_end`, all of it has come that matters, and
  // its server may close the connection instead of saying that it has ended.
  enum class Wholeness : std::uint8_t { open, may_end, ended };
  virtual Wholeness wholeness() const = 0;
};

}  // namespace bridge
