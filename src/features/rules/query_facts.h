#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "features/rules/plan.h"

namespace bridge::rules {

// One thing that a query selects.
struct SelectedFact {
  std::vector<std::size_t> columns;  // of the table, that it is made of
  Aggregate aggregate = Aggregate::none;
  Grain grain = Grain::none;
  TimePart part = TimePart::none;
  bool key = false;         // split by; else measured
  bool share = false;       // a part of a whole
  bool of_one_row = false;  // the first or last of its rows
  std::string label;
  std::string sql;
};

// A condition that every row of the query meets.
struct FilterFact {
  std::optional<std::size_t> column;
  std::string sign;  // "=", "in", "<", "<=", ">", ">=", "between", "null", "like", "part"; "" when it is none of these
  std::vector<std::string> values;
  bool negated = false;
  TimePart part = TimePart::none;  // of "part"; its values are numbers
  bool chosen = false;             // by a parameter: the reader may change it
};

// What a chart shows, read from the text of its query and from nothing else.
struct QueryFacts {
  std::string mark;
  std::vector<SelectedFact> selected;
  std::vector<FilterFact> filters;
  std::set<FunctionMeaning> functions;  // that it calls
  std::set<std::string> words;          // of its text, lower-case: over, partition, having, interval
  std::set<std::string> numbers;        // that its conditions and limits hold
  std::vector<std::string> literals;    // texts that it holds anywhere, as they are in the data
  int order = 0;                        // 1 the most first, -1 the least first, 0 not by what is measured
  std::optional<int> limit;             // of its rows, or of the things that its rows are about
  bool facets = false;

  bool has_time_key() const;
  bool calls(FunctionMeaning function) const { return functions.contains(function); }
  bool says(std::string_view word) const { return words.contains(std::string(word)); }
};

QueryFacts facts_of(const PlannedChart& chart, const Plan& plan, const TableProfile& table);

}  // namespace bridge::rules
