#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "warehouse/warehouse.h"

namespace bridge::sqlite {

// A row of SQLite's EXPLAIN.
struct Instruction {
  std::string opcode;
  std::int64_t p1 = 0;
  std::int64_t p2 = 0;
};

struct ScanEstimate {
  std::uint64_t bytes = 0;
  ScanAccuracy accuracy = ScanAccuracy::upper_bound;
};

// The bytes that a program reads from the file, each page once for each cursor over a table or index:
//   a cursor that goes through its tree, or to a part of it, counts as the whole tree
//   one that goes to a single row by its number, once, counts as the pages on the way to it
// It is an upper bound unless a cursor goes to single rows, which may be long, or is moved within a loop: then pages may be read anew that
// SQLite has let go of.
// `bytes_of` says how large the tree with that root page is.
ScanEstimate estimate_scan(const std::vector<Instruction>& program, std::uint64_t page_bytes,
                           const std::function<std::uint64_t(std::int64_t root_page)>& bytes_of);

}  // namespace bridge::sqlite
