#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "platform/worker_process/sandbox.h"
#include "platform/worker_process/wire_format.h"

// What the server, its zygote and their workers say to each other. Private to this folder.

namespace bridge::worker_process {

// The kinds of frames. Each has its body in the struct of its name, or as said here.
enum class Message : std::uint32_t {
  // server → zygote, and back
  launch = 1,  // with the worker's end of its control channel
  launched,    // with a descriptor of the process (pidfd), where there is no error
  ended,
  // server → worker, on its control channel
  start,   // the argument, as it is
  lane,    // its number; with the worker's end of it
  cancel,  //
  // worker → server, there
  ready,
  // server → worker, on a lane
  request,  // CallHeader and what is asked
  // worker → server, there
  part,  // of an answer, as it is
  end,   // std::optional<Error>
};

struct Launch {
  std::uint64_t id = 0;
  std::string program;
  SandboxOptions sandbox;
};
BOOST_DESCRIBE_STRUCT(Launch, (), (id, program, sandbox))

struct Launched {
  std::uint64_t id = 0;
  std::int32_t pid = 0;
  std::string failure;  // why there is no process, for the log; empty where there is one
};
BOOST_DESCRIBE_STRUCT(Launched, (), (id, pid, failure))

struct Ended {
  std::int32_t pid = 0;
  std::int32_t status = 0;  // as waitpid gives it
};
BOOST_DESCRIBE_STRUCT(Ended, (), (pid, status))

struct Ready {
  SandboxReport sandbox;
  bool has_started = false;
  Error failure;  // when it has not
};

struct Cancel {
  std::uint32_t lane = 0;
  std::uint64_t call = 0;
};
BOOST_DESCRIBE_STRUCT(Cancel, (), (lane, call))

// In front of what is asked, as it lies in memory.
struct CallHeader {
  std::uint64_t call = 0;         // of the lane, from 1
  std::int64_t deadline_ns = -1;  // of the steady clock, which all processes of a machine share; -1: none
};

inline void append_wire(std::string& out, const Ready& ready) {
  bridge::append_wire(out, ready.sandbox);
  bridge::append_wire(out, ready.has_started);
  bridge::append_wire(out, ready.failure);
}
[[nodiscard]] inline bool read_wire(WireReader& in, Ready& out) {
  return bridge::read_wire(in, out.sandbox) && bridge::read_wire(in, out.has_started) && bridge::read_wire(in, out.failure);
}

constexpr std::uint32_t kind_of(Message message) { return static_cast<std::uint32_t>(message); }

// What a worker ends with when it has no memory for what cannot fail.
inline constexpr int kOutOfMemoryStatus = 75;

// The argument that has a program be the zygote, and where it finds its channel.
inline constexpr const char* kZygoteArgument = "_zygote";
inline constexpr int kZygoteDescriptor = 3;

}  // namespace bridge::worker_process
