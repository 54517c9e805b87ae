#include "differences.h"

namespace bridge::differential {

std::span<const TypeDifference> type_differences() {
  static constexpr TypeDifference all[] = {
      {"sqlite", ColumnType::decimal, ColumnType::number, "SQLite computes with decimals as floating point"},
      {"sqlite", ColumnType::big_integer, ColumnType::number, "SQLite has no whole numbers beyond 64 bits"},
      {"sqlite", ColumnType::number, ColumnType::integer, "where a band begins is a whole number in SQLite when its width is one"},
      {"sqlite", ColumnType::timestamp, ColumnType::date, "of a text without a time of day DuckDB makes the day's first moment"},
      {"postgres", ColumnType::integer, ColumnType::decimal,
       "a sum of whole numbers is a numeric in PostgreSQL, which has any number of digits"},
      {"postgres", ColumnType::big_integer, ColumnType::decimal, "PostgreSQL has no whole numbers beyond 64 bits but numerics"},
      {"postgres", ColumnType::number, ColumnType::decimal, "an average of whole numbers or decimals is a numeric in PostgreSQL"},
      {"postgres", ColumnType::timestamp, ColumnType::date, "of a text without a time of day DuckDB makes the day's first moment"},
      {"sqlite", ColumnType::boolean, ColumnType::integer, "SQLite knows whether something is true as 1 and 0"},
  };
  return all;
}

std::span<const QueryDifference> query_differences() {
  static constexpr std::string_view no_median = "a build of SQLite has no function for it";
  static constexpr std::string_view ascii_only = "SQLite knows capitals of ASCII letters alone";
  static constexpr std::string_view all_digits =
      "SQLite reads a text by the places of its digits, so every part needs all of them; DuckDB reads "
      "'2021-2-8' and blanks at the end too";
  static constexpr QueryDifference all[] = {
      // ---- rounding and numbers
      {"sqlite", "a decimal as text", "1|-176.60 => 1|-176.6", "a decimal is kept as floating point, which has no digits behind its last"},
      {"sqlite", "sum beyond 64 bits", "failed: Integer overflow",
       "SQLite adds whole numbers in 64 bits, and says where they do not suffice"},
      {"sqlite", "quantile", "refused: SQLite has no quantile", no_median},
      {"sqlite", "quantile by region", "refused: SQLite has no quantile", no_median},
      {"sqlite", "median", "refused: SQLite has no median", no_median},
      {"sqlite", "median of decimals", "refused: SQLite has no median", no_median},
      {"sqlite", "standard deviation", "refused: SQLite has no standard deviation", no_median},
      {"sqlite", "weight of the first order", "refused: SQLite has no value of the first or last row in time", no_median},
      {"sqlite", "weight of the last order", "refused: SQLite has no value of the first or last row in time", no_median},
      {"postgres", "a number as text", "4|-1.0 => 4|-1", "a double without digits behind the point is written without a point"},
      {"postgres", "rounded to 0 digits", "failed: function round(double precision, integer) does not exist",
       "PostgreSQL rounds numerics alone to a number of digits, and says so"},
      {"postgres", "rounded to 1 digits", "failed: function round(double precision, integer) does not exist", "the same"},
      {"postgres", "rounded to 2 digits", "failed: function round(double precision, integer) does not exist", "the same"},
      // ---- letters
      {"sqlite", "where lower(customer) = 'émile'", "10 rows => 0", ascii_only},
      {"sqlite", "upper and lower case", "3|ÜMIT|ümit => 3|ÜMIT|Ümit", ascii_only},
      {"sqlite", "where customer LIKE 'a%'", "59 rows => 96", "LIKE of SQLite takes capitals and small letters of ASCII as the same"},
      // ---- what a text is
      {"duckdb", "'2021-02-30' as date", "failed: ", "there is no such day"},
      {"sqlite", "'2021-02-30' as date", "answers where the reference does not: 2021-02-30",
       "date() takes every day up to the 31st in every month"},
      {"duckdb", "'soon' as integer", "failed: ", "it is no number"},
      {"sqlite", "'soon' as integer", "answers where the reference does not: null",
       "a cast of SQLite does not fail; what is no number becomes null"},
      {"duckdb", "'{}' as json", "refused: DuckDB has no cast to json", "no query of Bridge needs it"},
      {"duckdb", "'10:30' as time", "refused: DuckDB has no cast to time", "no query of Bridge needs it"},
      {"sqlite", "text written read as %Y-%m-%d", "1|2021-02-08T00:00:00Z => 1|null", all_digits},
      {"sqlite", "text german read as %d.%m.%Y %H:%M", "6|2021-02-01T10:30:00Z => 6|null", all_digits},
      {"sqlite", "orders by the month of a text", "2021-02-01|101 => 2021-02-01|54", all_digits},
      {"sqlite", "text written read as %b %d %Y", "refused: SQLite has no reading of texts such as '%b %d %Y' as dates",
       "it has no names of months"},
      // ---- windows
      {"sqlite", "sum over 1 month back, by day", "refused: SQLite has no window over the month before of rows by day",
       "ranges of SQLite go over numbers, and months have no number of days"},
  };
  return all;
}

std::span<const SentenceDifference> sentence_differences() {
  static constexpr SentenceDifference all[] = {
      {"sqlite", "median amount by region", "median", "SQLite has no median", ""},
      {"sqlite", "90th percentile of amount by product", "percentile", "SQLite has no quantile", ""},
      {"sqlite", "standard deviation of weight by channel", "deviation", "SQLite has no standard deviation", ""},
      {"postgres", "90th percentile of amount by product", "",
       "between two decimals DuckDB cuts to their digits, PostgreSQL computes in floating point",
       "percentile_90_amount: decimal => number\n"},
  };
  return all;
}

}  // namespace bridge::differential
