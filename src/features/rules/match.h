#pragma once

#include <string>
#include <vector>

#include "features/rules/profile.h"
#include "features/rules/sentence.h"

namespace bridge::rules {

// A column that the sentence names.
struct ColumnMention {
  std::size_t column = 0;
  double strength = 0;    // 0..1
  std::size_t word = 0;   // where its head stands
  std::size_t begin = 0;  // the words that name it
  std::size_t end = 0;
  bool by = false;         // as what to split by: "by species", "which airports"
  bool each = false;       // one of everything for each of its values
  bool alternate = false;  // another column of the same word is as likely, and stands before this one
  bool subject = false;    // only the table's own word names it ("invoices" of invoice_date): the rows are meant
};

// A value that the sentence names.
struct ValueMention {
  std::size_t column = 0;
  std::string value;
  std::size_t word = 0;
  std::size_t end = 0;
  bool quoted = false;
};

// What a sentence says of a table.
struct TableMatch {
  const TableProfile* table = nullptr;
  double score = 0;
  bool names_table = false;
  std::vector<ColumnMention> columns;  // in the order of the sentence
  std::vector<ValueMention> values;
  std::optional<std::size_t> route_word;  // "routes": from one column to another
  bool route_by = false;
  std::vector<std::string> unmatched;  // words that name nothing here, as written
  std::vector<bool> matched;           // by word
};

TableMatch match_table(const Sentence& sentence, const TableProfile& table);

// The sentence without the aggregates that are part of a column's name: "max temperature" of temp_max, a column "median".
Sentence without_named_cues(Sentence sentence, const TableMatch& match);

// The column of counts that "number of" asks for: number_cities of "number of cities", votes of "how many votes".
std::optional<std::size_t> find_counted_quantity(const Sentence& sentence, const TableMatch& match);

// Whether a column's values are counts: its name says so, or its sum is what people ask for.
bool holds_counts(const ColumnProfile& column);

// A number whose name is a year ("2010" beside "2011"): the year's value of what the row is about.
bool is_year_name(const ColumnProfile& column);

// How well a table fits before its columns' statistics are known: from its name and the names of its columns.
double match_names(const Sentence& sentence, std::string_view table_name, const std::vector<std::string>& column_names);

// Whether one stem, as people say it, may stand for another of a column's name ("rain" and "precipitation").
bool means_same(const std::string& said, const std::string& named);

// The two columns that a route leads from and to.
std::optional<std::pair<std::size_t, std::size_t>> route_columns(const TableProfile& table);

// A match at or above this is one.
inline constexpr double score_least = 0.5;

}  // namespace bridge::rules
