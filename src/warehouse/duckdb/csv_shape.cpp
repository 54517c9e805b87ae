#include "warehouse/duckdb/csv_shape.h"

#include <fstream>

#include "base/text.h"

namespace bridge::duckdb {

namespace {

constexpr std::size_t samples_max = 20;
constexpr std::size_t records_kept = 200;  // whose values are kept
constexpr double share_min = 0.8;

struct Record {
  std::size_t line = 1;
  std::size_t count = 0;
  std::vector<std::string> values;  // of the first records alone
};

// Quotes as RFC 4180 has them; empty lines are no records.
std::vector<Record> records_of(std::string_view text, char delimiter) {
  std::vector<Record> records;
  std::size_t line = 1;
  Record record{.line = 1};
  std::string value;
  bool in_quotes = false;
  bool is_empty = true;
  const auto end_value = [&] {
    ++record.count;
    if (records.size() < records_kept) record.values.push_back(value);
    value.clear();
  };
  const auto end_record = [&] {
    if (!is_empty) {
      end_value();
      records.push_back(std::move(record));
    }
    record = {.line = line + 1};
    value.clear();
    is_empty = true;
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (in_quotes) {
      if (c == '\n') ++line;
      if (c != '"') value += c;
      else if (at + 1 < text.size() && text[at + 1] == '"') value += text[++at];
      else in_quotes = false;
    } else if (c == '"' && value.empty()) {
      in_quotes = true;
      is_empty = false;
    } else if (c == delimiter) {
      end_value();
      is_empty = false;
    } else if (c == '\n') {
      end_record();
      ++line;
    } else if (c != '\r') {
      value += c;
      is_empty = false;
    }
  }
  end_record();
  return records;
}

}  // namespace

std::optional<CsvShape> shape_of(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::optional<CsvShape> best;
  double best_share = 0;
  for (const char delimiter : {',', ';', '\t', '|'}) {
    const std::vector<Record> records = records_of(text, delimiter);
    std::map<std::size_t, std::size_t> by_count;
    for (const Record& record : records) ++by_count[record.count];
    if (records.size() < 2 || by_count.empty()) continue;
    const auto most = std::ranges::max_element(by_count, {}, [](const auto& entry) { return entry.second; });
    const std::size_t columns = most->first;
    const auto first = std::ranges::find_if(records, [&](const Record& record) { return record.count == columns; });
    const auto behind = static_cast<double>(records.end() - first);  // without what stands before the table
    const double share = static_cast<double>(most->second) / behind;
    if (columns < 2 || share < share_min || (best && (share < best_share || (share == best_share && columns <= best->columns)))) continue;
    CsvShape shape{.delimiter = delimiter, .columns = columns, .header_line = first->line, .odd_line = {}, .samples = {}};
    shape.samples.resize(columns);
    for (auto record = first + 1; record < records.end(); ++record) {
      if (record->count > columns && !shape.odd_line) {
        shape.odd_line = record->line;
        shape.odd_values = record->count;
      }
      for (std::size_t i = 0; i < std::min(columns, record->values.size()) && record->values.size() == columns; ++i) {
        if (shape.samples[i].size() < samples_max && !record->values[i].empty()) shape.samples[i].push_back(record->values[i]);
      }
    }
    best = std::move(shape);
    best_share = share;
  }
  return best;
}

Result<std::string> encoding_of(std::string_view bytes) {
  const auto save_as = [](std::string_view what) {
    return fail(ErrorCode::invalid_argument, "encoding_not_read", str("it is written in ", what, ": save it as UTF-8"));
  };
  if (bytes.starts_with("\xFF\xFE")) return "utf-16";
  if (bytes.starts_with("\xFE\xFF")) return save_as("UTF-16 with its high bytes first");
  if (is_valid_utf8(bytes)) return "utf-8";
  const bool is_windows = std::ranges::any_of(bytes, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x80 && byte < 0xA0;
  });
  if (is_windows) return save_as("another encoding than UTF-8, probably Windows-1252");
  return "latin-1";
}

std::string first_bytes(const std::filesystem::path& file, std::size_t bytes_max) {
  if (lower(file.extension().string()) == ".gz") return {};
  std::ifstream stream(file, std::ios::binary);
  std::string bytes(bytes_max, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(bytes_max));
  bytes.resize(static_cast<std::size_t>(std::max<std::streamsize>(stream.gcount(), 0)));
  if (bytes.size() == bytes_max) bytes.resize(bytes.rfind('\n') + 1);
  return bytes;
}

std::vector<std::string> short_date_formats(const std::vector<std::string>& values) {
  char separator = 0;
  for (const std::string& value : values) {
    std::size_t digits = 0;
    std::size_t parts = 1;
    for (const char c : value) {
      if (c >= '0' && c <= '9') {
        if (++digits > 2) return {};
      } else if ((c == '/' || c == '.' || c == '-') && digits > 0 && (separator == 0 || separator == c)) {
        separator = c;
        digits = 0;
        ++parts;
      } else {
        return {};
      }
    }
    if (parts != 3 || digits != 2) return {};
  }
  if (separator == 0) return {};
  std::vector<std::string> formats;
  for (const std::string_view order :
       separator == '/' ? std::array<std::string_view, 3>{"mdy", "dmy", "ymd"} : std::array<std::string_view, 3>{"dmy", "mdy", "ymd"})
    formats.push_back(str("%", order[0], separator, "%", order[1], separator, "%", order[2]));
  return formats;
}

}  // namespace bridge::duckdb
