#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine.h"
#include "query.h"

namespace bridge::differential {

// What an engine answered: rows of cells as text, "null" for null.
struct Answer {
  std::vector<ColumnName> columns;
  std::vector<std::vector<std::string>> rows;
  std::string failure;  // "refused: …" by the dialect, "failed: …" in the engine; empty with an answer
};

// Binds, dry-runs and runs as a document's query is.
Answer ask(const Engine& engine, const Query& query);
Answer run(const Engine& engine, const BoundQuery& query);

// An engine has a column of one type where the reference has another; their values are compared all the same.
struct TypeDifference {
  std::string_view engine;
  ColumnType reference = ColumnType::text;
  ColumnType other = ColumnType::text;
  std::string_view reason;

  auto operator<=>(const TypeDifference&) const = default;
};

// What of the answer is not as the reference has it, a line each ("3|null => 3|0"); empty when all is. Floating point is equal to twelve
// digits: engines add in any order. A type that stands in `types` for the engine is no difference, and is put into `used`.
std::string difference_of(const Answer& reference, const Answer& other, std::string_view engine, std::span<const TypeDifference> types,
                          std::set<const TypeDifference*>& used);

}  // namespace bridge::differential
