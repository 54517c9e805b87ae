#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "features/rules/accounted_word.h"
#include "features/rules/question.h"

namespace bridge::rules {

struct PlannedColumn {
  std::string name;
  std::string label;
  std::string unit;
  std::string format;
  Good good = Good::unknown;
};

struct PlannedQuery {
  std::string id;
  std::string sql;
  std::vector<PlannedColumn> columns;
  std::string selects;  // what stands after SELECT, to tell charts that show the same
};

struct PlannedParameter {
  std::string name;
  std::string type;  // "date_range" or "enum"
  std::string label;
  std::vector<std::string> defaults;  // one, or several of an enum; "all"
  std::string values_from;
};

struct PlannedChart {
  std::string id;
  std::string query;
  std::string mark;
  std::string title;
  std::string description;
  std::string x;
  std::vector<std::string> y;
  std::string color;
  std::string size;
  std::string sort;
  std::string stack;
  std::optional<int> limit;
  bool compare = false;
  std::vector<std::pair<std::string, std::string>> on_click;  // parameter, encoding
  std::vector<std::string> columns;                           // of a table
};

struct PlannedItem {
  std::string chart;  // or
  std::string text;
  int width = 12;
};
struct PlannedRow {
  std::vector<PlannedItem> items;
  int height = 6;
};

// A whole dashboard, before it is written down.
struct Plan {
  std::string slug;
  std::string title;
  std::string description;
  std::string connection;
  std::vector<std::string> tags;
  std::vector<PlannedParameter> params;
  std::vector<PlannedQuery> queries;
  std::vector<PlannedChart> charts;
  std::vector<PlannedRow> layout;
  std::vector<std::string> notes;
  std::vector<AccountedWord> account;  // what became of every content word
};

// What was learnt from refusals: each step makes the dashboard smaller.
struct PlanOptions {
  std::string connection;
  double period_share = 1;        // the newest part of the range to open with
  std::set<std::string> without;  // ids of queries and charts that did not work
  int slug_number = 1;            // a slug that is taken gets the next
};

Plan make_plan(const Question& question, const Sentence& sentence, const PlanOptions& options);

// The document's params block, as dry runs take it.
json::object params_of(const Plan& plan);

}  // namespace bridge::rules
