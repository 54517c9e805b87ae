#pragma once

#include <string>
#include <vector>

#include "engine.h"
#include "features/rules/plan.h"

namespace bridge::differential {

// A sentence, and the table that it is about.
struct Sentence {
  std::string_view text;
  std::string_view table;
};
std::vector<Sentence> sentences();

// The dashboard that the rules plan for it, from what the engine's own statistics say of the table.
rules::Plan plan_of(const Engine& engine, const Sentence& sentence);

// A plan's query, bound to all rows or to some days.
enum class Period { all, some_days };
Result<BoundQuery> bind_planned(const Engine& engine, const rules::Plan& plan, const rules::PlannedQuery& query, Period period);

}  // namespace bridge::differential
