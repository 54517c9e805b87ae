#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace bridge {

// Bounds of one turn: what a model may use up before it is stopped, whatever it says.
struct OrchestratorLimits {
  int steps_max = 24;  // completions
  std::chrono::milliseconds turn_time_max{300'000};
  std::chrono::milliseconds tool_time_max{60'000};  // one call
  std::int64_t tokens_max = 1'000'000;              // input and output of all steps
  std::int64_t nano_usd_max = 2'000'000'000;        // of all steps whose price is known
  int same_call_max = 3;                            // the call that makes it so many equal ones is refused, the next ends the turn
  int calls_per_step_max = 32;
  int tool_threads = 4;
  std::size_t tool_result_bytes_max = 64 << 10;
  std::size_t step_text_bytes_max = 1 << 20;
  std::size_t step_argument_bytes_max = 1 << 20;  // of all calls of a step
};

inline constexpr std::size_t kStepAnswerBytesMax = 8 << 20;  // text, reasoning and arguments of one answer as it comes in

// Sessions that were used lately are kept in memory, so that the next turn need not be read.
inline constexpr std::size_t kWarmSessionsMax = 2'000;
inline constexpr std::size_t kWarmSessionBytesMax = 64 << 20;
inline constexpr std::size_t kPromptSetsMax = 64;

// Bounds of what is kept.
inline constexpr int kSessionTurnsMax = 1'000;
inline constexpr std::size_t kTranscriptTurnBytesMax = 32 << 20;
inline constexpr std::size_t kTranscriptExportBytesMax = 256 << 20;
inline constexpr std::size_t kTranscriptDepthMax = 128;    // arguments of calls are read with less
inline constexpr std::size_t kToolCallNameBytesMax = 256;  // of a call's id and of its name
inline constexpr std::size_t kSessionTitleCharactersMax = 200;
inline constexpr std::size_t kPromptBlockCharactersMax = 64 << 10;
inline constexpr std::size_t kPromptBlockNameBytesMax = 63;
inline constexpr int kPromptBlocksMax = 32;  // active ones
inline constexpr int kPromptBlockVersionsShownMax = 1'000;

}  // namespace bridge
