#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "features/dashboard_documents/document.h"
#include "warehouse/sql_dialect.h"
#include "warehouse/warehouse.h"

namespace bridge::differential {

// Writes a statement in a dialect; unsupported where the dialect cannot say it.
using Written = std::function<Result<std::string>(const SqlDialect&)>;

// A query that every engine answers. Rows have an order that does not depend on the engine.
struct Query {
  std::string name;
  Written sql;                                               // as a document holds it, with its parameters if it has any
  std::vector<std::pair<std::string, std::string>> choices;  // values of `query_parameters`, as a URL writes them; "all" of the others
  // What the last column holds in the row at this index, as it is written in answers; "null". Computed without any engine, where that is
  // easy.
  std::function<std::string(std::size_t row)> expected;
};

// What queries may filter by.
const std::vector<DocumentParameter>& query_parameters();

std::vector<Query> queries_of_values();     // names, literals, casts, placeholders
std::vector<Query> queries_of_rows();       // order, limits, samples, groups, windows, joins
std::vector<Query> queries_of_numbers();    // ratios, bands, aggregates
std::vector<Query> queries_of_times();      // days and moments
std::vector<Query> queries_of_documents();  // filter(), :params

// All of them.
const std::vector<Query>& queries();

// "SELECT id, … AS value FROM orders", a row an order.
Query per_order(std::string name, Written expression, std::function<std::string(std::size_t row)> expected = {});

}  // namespace bridge::differential
