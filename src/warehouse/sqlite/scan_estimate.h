#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bridge::sqlite {

// A row of SQLite's EXPLAIN.
struct Instruction {
  std::string opcode;
  std::int64_t p1 = 0;
  std::int64_t p2 = 0;
};

// An upper bound of the bytes that a program reads from the file, which is to be read once for each cursor over a table or index:
//   a cursor that goes through its tree, or to a part of it, counts as the whole tree
//   one that goes to a single row by its number, once, counts as the pages on the way to it
// `bytes_of` says how large the tree with that root page is.
std::uint64_t estimate_scan(const std::vector<Instruction>& program, std::uint64_t page_bytes,
                            const std::function<std::uint64_t(std::int64_t root_page)>& bytes_of);

}  // namespace bridge::sqlite
