#include <cmath>

#include "base/text.h"
#include "query.h"
#include "table.h"

// Ratios, bands, aggregates.

namespace bridge::differential {

namespace {

using Dialect = const SqlDialect&;

Query of_all(std::string name, Written value) {
  return {std::move(name),
          [value = std::move(value)](Dialect d) -> Result<std::string> { return str("SELECT ", TRY(value(d)), " AS value FROM orders"); }};
}
Query by_region(std::string name, Written value) {
  return {std::move(name), [value = std::move(value)](Dialect d) -> Result<std::string> {
            return str("SELECT region, ", TRY(value(d)), " AS value FROM orders GROUP BY 1 ORDER BY ",
                       d.sort_key("1", SortDirection::ascending));
          }};
}

std::optional<double> number_at(std::size_t row, std::string_view column) {
  const SqlValue& cell = table_named("orders").cell(row, column);
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
  if (const auto* decimal = std::get_if<Decimal>(&cell)) return std::stod(decimal->text);
  const auto* number = std::get_if<double>(&cell);
  return number ? std::optional(*number) : std::nullopt;
}

std::string written(std::optional<double> value) { return value ? str(*value) : "null"; }

void add_ratios(std::vector<Query>& all) {
  all.push_back(per_order(
      "whole numbers divided", [](Dialect d) { return d.ratio("quantity", "4"); },
      [](std::size_t row) {
        const auto quantity = number_at(row, "quantity");
        return written(quantity ? std::optional(*quantity / 4) : std::nullopt);
      }));
  all.push_back(per_order(
      "divided where that can be", [](Dialect d) { return d.safe_ratio("weight", "quantity"); },
      [](std::size_t row) {
        const auto weight = number_at(row, "weight"), quantity = number_at(row, "quantity");
        return written(weight && quantity && *quantity != 0 ? std::optional(*weight / *quantity) : std::nullopt);
      }));
  all.push_back(per_order("a decimal divided", [](Dialect d) { return d.safe_ratio("amount", "quantity"); }));
  all.push_back(per_order("a decimal divided by a decimal", [](Dialect d) { return d.safe_ratio("amount", "(amount + 1)"); }));
  all.push_back(per_order("divided by nought", [](Dialect d) { return d.ratio("weight", "(quantity - quantity)"); }));
  all.push_back(
      by_region("share of gifts", [](Dialect d) { return d.safe_ratio("count(CASE WHEN is_gift THEN 1 END)", "count(is_gift)"); }));
  all.push_back(by_region("sum by sum", [](Dialect d) { return d.safe_ratio("sum(weight)", "sum(quantity)"); }));
  all.push_back(by_region("sum by count of none", [](Dialect d) { return d.safe_ratio("sum(weight)", "count(unknown)"); }));
}

void add_bands(std::vector<Query>& all) {
  struct Band {
    std::string_view column;
    std::string_view width;
  };
  for (const Band& band : {Band{"quantity", "5"}, Band{"quantity", "3"}, Band{"weight", "12.5"}, Band{"weight", "0.25"},
                           Band{"amount", "100"}, Band{"quantity", "0.5"}}) {
    all.push_back(per_order(
        str("bands of ", band.column, ", ", band.width, " wide"), [band](Dialect d) { return d.band_start(band.column, band.width); },
        [band](std::size_t row) {
          const auto number = number_at(row, band.column);
          const double width = std::stod(std::string(band.width));
          return written(number ? std::optional(std::floor(*number / width) * width) : std::nullopt);
        }));
  }
  all.push_back({"how many in each band", [](Dialect d) -> Result<std::string> {
                   return str("SELECT ", d.band_start("weight", "25"),
                              " AS band, count(*) AS orders FROM orders WHERE weight IS NOT NULL GROUP BY 1 ORDER BY 1");
                 }});
  all.push_back({"two bands", [](Dialect d) -> Result<std::string> {
                   return str("SELECT ", d.band_start("weight", "50"), " AS weight, ", d.band_start("quantity", "10"),
                              " AS quantity, count(*) AS orders FROM orders GROUP BY 1, 2 ORDER BY ",
                              d.sort_key("1", SortDirection::ascending), ", ", d.sort_key("2", SortDirection::ascending));
                 }});
}

void add_aggregates(std::vector<Query>& all) {
  for (const std::string_view column : {"quantity", "amount", "weight", "unknown"}) {
    for (const std::string_view function : {"sum", "avg", "min", "max", "count"}) {
      all.push_back(of_all(str(function, " of ", column), [=](Dialect) -> Result<std::string> { return str(function, "(", column, ")"); }));
    }
    all.push_back(of_all(str("distinct ", column), [=](Dialect) -> Result<std::string> { return str("count(DISTINCT ", column, ")"); }));
  }
  all.push_back(of_all("ends of big numbers", [](Dialect) -> Result<std::string> { return "max(big) AS greatest, min(big)"; }));
  all.push_back(of_all("sum of big numbers", [](Dialect) -> Result<std::string> { return "sum(big)"; }));
  all.push_back(
      of_all("sum beyond 64 bits", [](Dialect) -> Result<std::string> { return "sum(CASE WHEN big > 0 THEN 9223372036854775807 END)"; }));
  all.push_back(of_all("quantile", [](Dialect d) { return d.quantile("weight", "0.9"); }));
  all.push_back(by_region("quantile by region", [](Dialect d) { return d.quantile("quantity", "0.25"); }));
  all.push_back(of_all("median", [](Dialect d) { return d.median("weight"); }));
  all.push_back(by_region("median of decimals", [](Dialect d) { return d.median("amount", 3); }));
  all.push_back(of_all("standard deviation", [](Dialect d) { return d.standard_deviation("weight"); }));
  all.push_back(by_region("weight of the first order", [](Dialect d) { return d.value_at(ValueAt::earliest, "weight", "ordered_at"); }));
  all.push_back(by_region("weight of the last order", [](Dialect d) { return d.value_at(ValueAt::latest, "weight", "ordered_at"); }));
  for (const std::string_view digits : {"0", "1", "2"})
    all.push_back(per_order(str("rounded to ", digits, " digits"),
                            [=](Dialect) -> Result<std::string> { return str("round(weight, ", digits, ")"); }));
  all.push_back(per_order("a remainder", [](Dialect) -> Result<std::string> { return "quantity % 3"; }));
  all.push_back(per_order("a decimal times a number", [](Dialect) -> Result<std::string> { return "amount * quantity"; }));
  all.push_back(per_order("absolute", [](Dialect) -> Result<std::string> { return "abs(quantity)"; }));
}

}  // namespace

std::vector<Query> queries_of_numbers() {
  std::vector<Query> all;
  add_ratios(all);
  add_bands(all);
  add_aggregates(all);
  return all;
}

}  // namespace bridge::differential
