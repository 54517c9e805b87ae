#include "warehouse/sqlite/scan_estimate.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "warehouse/sqlite/limits.h"

namespace bridge::sqlite {

namespace {

bool is_any(std::string_view opcode, std::initializer_list<std::string_view> opcodes) {
  return std::ranges::find(opcodes, opcode) != opcodes.end();
}

struct Cursor {
  std::int64_t root_page = 0;
  bool goes_to_one_row = false;
  bool does_anything_else = false;
};

}  // namespace

ScanEstimate estimate_scan(const std::vector<Instruction>& program, std::uint64_t page_bytes,
                           const std::function<std::uint64_t(std::int64_t root_page)>& bytes_of) {
  // What is called from elsewhere may run many times.
  const bool has_subroutines = std::ranges::any_of(program, [](const Instruction& one) {
    return is_any(one.opcode, {"Gosub", "InitCoroutine", "Program"});
  });
  const auto is_in_loop = [&](std::size_t at) {
    if (has_subroutines) return true;
    for (std::size_t i = at; i < program.size(); ++i) {
      const bool jumps =
          is_any(program[i].opcode, {"Next", "Prev", "VNext", "SorterNext"}) || (program[i].opcode == "Goto" && program[i].p2 > 1);
      if (jumps && program[i].p2 >= 0 && static_cast<std::size_t>(program[i].p2) <= at) return true;
    }
    return false;
  };
  ScanEstimate estimate;
  std::vector<Cursor> cursors;
  std::map<std::int64_t, std::size_t> open;  // by the cursor's number, which may be used again
  for (std::size_t at = 0; at < program.size(); ++at) {
    const Instruction& one = program[at];
    if (is_any(one.opcode, {"OpenRead", "ReopenIdx"})) {
      open[one.p1] = cursors.size();
      cursors.push_back({.root_page = one.p2});
      continue;
    }
    if (is_any(one.opcode, {"OpenEphemeral", "OpenAutoindex", "OpenPseudo", "OpenDup", "SorterOpen", "VOpen"})) {
      open.erase(one.p1);
      continue;
    }
    const auto found = open.find(one.p1);
    if (found == open.end()) continue;
    Cursor& cursor = cursors[found->second];
    const bool is_lookup = is_any(one.opcode, {"SeekRowid", "NotExists"});
    const bool moves = is_lookup || is_any(one.opcode, {"Rewind", "Last", "Count", "SeekGE", "SeekGT", "SeekLE", "SeekLT", "Found",
                                                        "NotFound", "NoConflict", "Sort", "SeekEnd"});
    if (!moves) continue;
    const bool is_repeated = is_in_loop(at);
    if (is_lookup || is_repeated) estimate.accuracy = ScanAccuracy::estimate;
    if (is_lookup && !is_repeated) cursor.goes_to_one_row = true;
    else cursor.does_anything_else = true;
  }
  for (const Cursor& cursor : cursors) {
    const std::uint64_t whole = bytes_of(cursor.root_page);
    const bool is_one_row = cursor.goes_to_one_row && !cursor.does_anything_else;
    estimate.bytes += is_one_row ? std::min(whole, lookup_pages * page_bytes) : whole;
  }
  return estimate;
}

}  // namespace bridge::sqlite
