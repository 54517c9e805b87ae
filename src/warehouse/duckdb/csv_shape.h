#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace bridge::duckdb {

// What the lines of a text file say of its table, looked at without an engine: it tells where the engine's own guess went wrong.
struct CsvShape {
  char delimiter = ',';
  std::size_t columns = 1;                        // values of most lines
  std::size_t header_line = 1;                    // the first line with so many, from 1; those before it are no part of the table
  std::optional<std::size_t> odd_line;            // the first one after it with more values
  std::size_t odd_values = 0;                     // how many it has
  std::vector<std::vector<std::string>> samples;  // the first values of each column
};

// nullopt when no delimiter gives nearly all lines (four of five) the same number of values, more than one. Pure.
std::optional<CsvShape> shape_of(std::string_view text);

// What read_csv takes as `encoding`: "utf-8", "latin-1" or "utf-16". invalid_argument, with the way out, for those that it does not know.
Result<std::string> encoding_of(std::string_view bytes);

// The first `bytes_max` bytes of a file, up to the last whole line when there are more; nothing of a compressed one.
std::string first_bytes(const std::filesystem::path& file, std::size_t bytes_max);

// The format of dates with two digits of a year ("13/07/20"), in the orders that are tried for these values; empty when they are no such
// dates.
std::vector<std::string> short_date_formats(const std::vector<std::string>& values);

}  // namespace bridge::duckdb
