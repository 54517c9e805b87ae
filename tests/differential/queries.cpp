#include "base/text.h"
#include "query.h"

namespace bridge::differential {

const std::vector<Query>& queries() {
  static const std::vector<Query> all = [] {
    std::vector<Query> out;
    for (std::vector<Query> some :
         {queries_of_values(), queries_of_rows(), queries_of_numbers(), queries_of_times(), queries_of_documents()})
      std::ranges::move(some, std::back_inserter(out));
    return out;
  }();
  return all;
}

Query per_order(std::string name, Written expression, std::function<std::string(std::size_t row)> expected) {
  return {.name = std::move(name),
          .sql = [expression = std::move(expression)](const SqlDialect& dialect) -> Result<std::string> {
            return str("SELECT id, ", TRY(expression(dialect)), " AS value FROM orders ORDER BY id");
          },
          .expected = std::move(expected)};
}

}  // namespace bridge::differential
