#include "warehouse/duckdb/data_source.h"

#include <unistd.h>

#include <fstream>

#include "base/guarded.h"
#include "base/log.h"
#include "base/sql_name.h"
#include "base/text.h"
#include "warehouse/duckdb/csv_shape.h"
#include "warehouse/duckdb/duckdb_dialect.h"
#include "warehouse/duckdb/limits.h"
#include "warehouse/duckdb/private_engine.h"
#include "warehouse/duckdb/sql_guard.h"
#include "warehouse/sql_lexer.h"

namespace bridge::duckdb {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view main_schema = "main";

struct KnownExtension {
  std::string_view extension;
  TableFormat format;
};
constexpr KnownExtension known_extensions[] = {
    {".parquet", TableFormat::parquet}, {".csv", TableFormat::csv},        {".tsv", TableFormat::csv},       {".json", TableFormat::json},
    {".ndjson", TableFormat::json},     {".jsonl", TableFormat::json},     {".csv.gz", TableFormat::csv},    {".tsv.gz", TableFormat::csv},
    {".json.gz", TableFormat::json},    {".ndjson.gz", TableFormat::json}, {".jsonl.gz", TableFormat::json}, {".tab", TableFormat::csv},
    {".psv", TableFormat::csv},         {".txt", TableFormat::csv},
};

const KnownExtension* known_extension_of(std::string_view file_name) {
  const std::string name = lower(file_name);
  const KnownExtension* longest = nullptr;
  for (const KnownExtension& known : known_extensions) {
    if (name.ends_with(known.extension) && name.size() > known.extension.size() &&
        (!longest || known.extension.size() > longest->extension.size()))
      longest = &known;
  }
  return longest;
}

bool is_database_file(const fs::path& path) {
  const std::string name = lower(path.filename().string());
  return name.ends_with(".duckdb") || name.ends_with(".db") || name.ends_with(".ddb");
}

std::string quote_name(std::string_view name) { return quoted_sql_name(name); }

// Ready to stand after FROM.
std::string sql_name_of(std::string_view dataset, std::string_view name) {
  return dataset == main_schema ? sql_name(name) : str(sql_name(dataset), ".", sql_name(name));
}

// "flights-3m.parquet" → "flights_3m"
std::string table_name_of(const std::string& file_name, std::string_view extension) {
  std::string name = file_name.substr(0, file_name.size() - extension.size());
  for (char& c : name) {
    if (static_cast<unsigned char>(c) < 0x80 && !std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  if (std::isdigit(static_cast<unsigned char>(name[0]))) name.insert(0, "t_");
  return name;
}

std::string file_stamp(const fs::path& file) {
  std::error_code error;
  const auto size = fs::file_size(file, error);
  const auto time = fs::last_write_time(file, error);
  return str(file.filename().string(), ":", error ? std::uintmax_t{0} : size, ":",
             static_cast<std::int64_t>(time.time_since_epoch().count()));
}

// The files of a folder that may be tables, by name. Only the folder itself is looked at.
Result<std::vector<fs::path>> table_files(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (!known_extension_of(entry->path().filename().string()) || !entry->is_regular_file(ignored)) continue;
    files.push_back(entry->path());
    if (files.size() > folder_files_max) {
      return fail(ErrorCode::invalid_argument, "too_many_files",
                  str("The folder has more than ", folder_files_max, " data files: split it, or put the data into a DuckDB file"));
    }
  }
  if (error == std::errc::permission_denied) {
    return fail(ErrorCode::failed_precondition, "path_not_readable",
                str("The server may not read the folder '", folder.string(), "': allow it to the user that runs it"));
  }
  if (error)
    return fail(ErrorCode::failed_precondition, "path_not_readable",
                str("The folder '", folder.string(), "' cannot be read: ", error.message()));
  std::ranges::sort(files);
  return files;
}

std::uint64_t width_of(ColumnType type, std::string_view engine_type) {
  if (engine_type == "BOOLEAN" || engine_type == "TINYINT" || engine_type == "UTINYINT") return 1;
  if (engine_type == "SMALLINT" || engine_type == "USMALLINT") return 2;
  if (engine_type == "INTEGER" || engine_type == "UINTEGER" || engine_type == "FLOAT" || engine_type == "DATE") return 4;
  if (type == ColumnType::text || type == ColumnType::json || engine_type == "HUGEINT" || engine_type == "UHUGEINT" ||
      engine_type == "INTERVAL")
    return 16;
  return type == ColumnType::decimal ? 16 : 8;
}

bool has_variable_width(const ColumnInfo& column) { return column.type == ColumnType::text || column.type == ColumnType::json; }

// Names the file and not its folder.
std::string plain_reason(const Error& error, const fs::path& file) {
  const std::string& reason = error.violations.empty() ? error.message : error.violations.front().message;
  return file.empty() ? reason : replace_all(reason, file.string(), file.filename().string());
}

void start_layout(TableLayout& layout, const std::string& table, const std::vector<ColumnInfo>& columns) {
  layout = {.table = table};
  for (const ColumnInfo& column : columns) {
    layout.columns.push_back(lower(column.name));
    layout.types.push_back(column.type);
  }
}

std::int64_t integer_at(const QueryResult& result, std::size_t column, std::size_t row) {
  const ResultColumn& values = result.columns[column];
  if (!values.valid[row]) return 0;
  if (values.type == ColumnType::integer || values.type == ColumnType::boolean) return values.integers[row];
  return 0;
}

std::string text_at(const QueryResult& result, std::size_t column, std::size_t row) {
  const ResultColumn& values = result.columns[column];
  return values.valid[row] ? values.texts[row] : "";
}

// Row groups, compressed sizes and ranges from a Parquet file's footer.
Result<> read_parquet_layout(const CallContext& context, Session& session, SourceTable& table) {
  const std::string file = quote_text(table.file.string());
  const QueryResult footer =
      TRY(session.run(context, {.sql = str("SELECT num_rows, coalesce(footer_size, 0) FROM parquet_file_metadata(", file, ")")}, {}));
  if (footer.row_count > 0) {
    table.info.row_count = integer_at(footer, 0, 0);
    table.layout.overhead_bytes = static_cast<std::uint64_t>(integer_at(footer, 1, 0));
  }
  const ExecuteLimits limits{.rows_max = 1'000'000, .result_bytes_max = 256 << 20};
  const QueryResult chunks = TRY(session.run(
      context,
      {.sql = str("SELECT row_group_id, path_in_schema, total_compressed_size, stats_min_value, stats_max_value FROM parquet_metadata(",
                  file, ") ORDER BY row_group_id")},
      limits));
  std::map<std::string, std::size_t> index;
  for (std::size_t i = 0; i < table.layout.columns.size(); ++i) index[table.layout.columns[i]] = i;
  std::int64_t group_id = -1;
  for (std::size_t row = 0; row < chunks.row_count; ++row) {
    if (table.layout.groups.empty() || integer_at(chunks, 0, row) != group_id) {
      group_id = integer_at(chunks, 0, row);
      table.layout.groups.emplace_back(table.layout.columns.size());
    }
    const std::string path = lower(text_at(chunks, 1, row));
    const auto found = index.find(path.substr(0, path.find(", ")));  // a nested column has a path with commas
    if (found == index.end()) continue;
    ColumnPart& part = table.layout.groups.back()[found->second];
    part.bytes += static_cast<std::uint64_t>(integer_at(chunks, 2, row));
    if (path.find(", ") != std::string::npos) continue;
    if (chunks.columns[3].valid[row]) part.min = chunks.columns[3].texts[row];
    if (chunks.columns[4].valid[row]) part.max = chunks.columns[4].texts[row];
  }
  return {};
}

// Sizes of a table in memory: rows times width, and the text itself.
Result<> measure_loaded_table(const CallContext& context, Session& session, SourceTable& table) {
  std::string sql = "SELECT count(*)";
  for (const ColumnInfo& column : table.info.columns) {
    if (has_variable_width(column)) sql += str(", coalesce(sum(strlen(", quote_name(column.name), "::VARCHAR)), 0)::BIGINT");
  }
  const QueryResult sizes = TRY(session.run(context, {.sql = str(sql, " FROM main.", quote_name(table.name))}, {}));
  table.info.row_count = integer_at(sizes, 0, 0);
  auto& parts = table.layout.groups.emplace_back();
  std::size_t next = 1;
  for (const ColumnInfo& column : table.info.columns) {
    const std::int64_t text_bytes = has_variable_width(column) ? integer_at(sizes, next++, 0) : 0;
    parts.push_back({.bytes = static_cast<std::uint64_t>(table.info.row_count) * width_of(column.type, column.engine_type) +
                              static_cast<std::uint64_t>(text_bytes)});
  }
  return {};
}

// Mixed values (a title that is a number in some rows) make DuckDB call a column JSON; without lists and objects in it, it is text.
Result<> turn_scalar_json_into_text(const CallContext& context, Session& session, SourceTable& table) {
  bool is_changed = false;
  for (const ColumnInfo& column : table.info.columns) {
    if (column.engine_type != "JSON") continue;
    const std::string name = quote_name(column.name);
    const QueryResult nested = TRY(session.run(
        context, {.sql = str("SELECT count(*) FILTER (json_type(", name, ") IN ('OBJECT', 'ARRAY')) FROM main.", quote_name(table.name))},
        {}));
    if (integer_at(nested, 0, 0) > 0) continue;
    TRY(session.command(
        context, str("ALTER TABLE main.", quote_name(table.name), " ALTER ", name, " SET DATA TYPE VARCHAR USING ", name, "->>'$'")));
    is_changed = true;
  }
  if (is_changed) table.info.columns = TRY(session.describe_columns(str("SELECT * FROM main.", quote_name(table.name))));
  return {};
}

// A number that the engine gave to a column without a name.
bool is_numbered(const ColumnInfo& column) {
  constexpr std::string_view prefix = "column";
  return column.name.starts_with(prefix) && column.name.size() > prefix.size() &&
         std::ranges::all_of(column.name.substr(prefix.size()), [](char c) { return c >= '0' && c <= '9'; });
}

// Makes a table of a text file: as the engine reads it, unless the lines say that it is mistaken (one column of whole lines, a preamble
// taken for the table). A line with a value too many is refused by its number: whatever were made of it would be a guess.
Result<> make_csv_table(const CallContext& context, Session& session, SourceTable& table, const std::string& create,
                        std::string_view options, const std::optional<CsvShape>& shape) {
  const std::string file = quote_text(table.file.string());
  const std::string select = str("SELECT * FROM main.", quote_name(table.name));
  Result<> made = session.command(context, str(create, "read_csv(", file, options, ")"));
  if (!made && (made.error().code == ErrorCode::cancelled || made.error().code == ErrorCode::deadline_exceeded)) return made;
  const bool is_strict = made.has_value();
  if (!made) TRY(session.command(context, str(create, "read_csv(", file, options, ", strict_mode = false, null_padding = true)")));
  table.info.columns = TRY(session.describe_columns(select));
  const bool is_text = lower(table.file.extension().string()) == ".txt";
  if (!shape) {
    if (!is_text || table.info.columns.size() > 1) return {};
    return fail(ErrorCode::invalid_argument, "its lines have no columns: separate the values by commas, semicolons, tabs or |");
  }
  const bool has_no_names = std::ranges::all_of(table.info.columns, is_numbered);
  const bool is_mistaken = (table.info.columns.size() == 1 && shape->columns > 1) || (has_no_names && shape->header_line > 1) ||
                           (!is_strict && table.info.columns.size() != shape->columns);
  if (!is_mistaken) return {};
  if (shape->odd_line) {
    return fail(ErrorCode::invalid_argument, "line_too_long",
                str("line ", *shape->odd_line, " has ", shape->odd_values, " values, and the lines before it ", shape->columns,
                    ": put quotes around a value in which '", shape->delimiter, "' stands, or take one value out"));
  }
  TRY(session.command(
      context, str(create, "read_csv(", file, options, ", delim = ", quote_text(std::string(1, shape->delimiter)),
                   ", quote = '\"', header = true, skip = ", shape->header_line - 1, ", strict_mode = false, null_padding = true)")));
  table.info.columns = TRY(session.describe_columns(select));
  return {};
}

// Whole numbers beyond 64 bits, of which a floating point number would keep 16 digits: they are names of things, and stay text.
Result<bool> is_long_number(const CallContext& context, Session& session, const SourceTable& table, const ColumnInfo& column,
                            bool is_loaded, const std::vector<std::string>& samples) {
  if (column.engine_type != "DOUBLE") return false;
  constexpr std::size_t digits_min = 19;
  const auto is_long = [](const std::string& value) {
    return value.size() >= digits_min && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!is_loaded) return !samples.empty() && std::ranges::all_of(samples, is_long);
  const std::string name = quote_name(column.name);
  const QueryResult found = TRY(session.run(
      context,
      {.sql = str("SELECT count(*) FILTER (isfinite(", name, ") AND abs(", name, ") >= 9223372036854775808), count(*) FILTER (isfinite(",
                  name, ") AND floor(", name, ") <> ", name, ") FROM main.", quote_name(table.name))},
      {}));
  return integer_at(found, 0, 0) > 0 && integer_at(found, 1, 0) == 0;
}

// Dates with two digits of a year, in the order that reads all of them; where several do, in the one that keeps them closest together.
Result<std::string> choose_date_format(const CallContext& context, Session& session, const SourceTable& table, const std::string& name,
                                       const std::vector<std::string>& formats) {
  std::string sql = "SELECT count(*)";
  for (const std::string& format : formats) {
    const std::string day = str("try_strptime(", name, ", ", quote_text(format), ")");
    sql += str(", count(", day, "), coalesce(date_diff('day', min(", day, "), max(", day, ")), 0)");
  }
  const QueryResult found =
      TRY(session.run(context, {.sql = str(sql, " FROM main.", quote_name(table.name), " WHERE ", name, " IS NOT NULL")}, {}));
  std::size_t best = 0;
  const auto worth = [&](std::size_t i) { return std::pair(integer_at(found, 1 + 2 * i, 0), -integer_at(found, 2 + 2 * i, 0)); };
  for (std::size_t i = 1; i < formats.size(); ++i) {
    if (worth(i) > worth(best)) best = i;
  }
  return integer_at(found, 1 + 2 * best, 0) == integer_at(found, 0, 0) ? formats[best] : std::string();
}

Result<> load_csv(const CallContext& context, Session& session, SourceTable& table, const std::string& create, std::string_view sample) {
  const std::string text = first_bytes(table.file, csv_shape_bytes_max);
  const std::string encoding = TRY(encoding_of(text));
  const std::optional<CsvShape> shape = encoding == "utf-16" ? std::nullopt : shape_of(text);
  std::string options = str(sample, encoding == "utf-8" ? "" : str(", encoding = '", encoding, "'"));
  TRY(make_csv_table(context, session, table, create, options, shape));

  // Columns whose types the engine guessed wrong are read again as text.
  std::map<std::string, std::vector<std::string>> date_formats;
  std::string types;
  const bool is_loaded = !create.contains(" VIEW ");
  const bool fits = shape && shape->columns == table.info.columns.size();
  for (std::size_t i = 0; i < table.info.columns.size(); ++i) {
    const ColumnInfo& column = table.info.columns[i];
    std::vector<std::string> formats;
    const std::vector<std::string> samples = fits ? shape->samples[i] : std::vector<std::string>();
    if (column.type == ColumnType::date) formats = short_date_formats(samples);
    if (formats.empty() && !TRY(is_long_number(context, session, table, column, is_loaded, samples))) continue;
    types += str(types.empty() ? "" : ", ", quote_text(column.name), ": 'VARCHAR'");
    if (!formats.empty()) date_formats[column.name] = std::move(formats);
  }
  if (types.empty()) return {};
  options += str(", types = {", types, "}");
  TRY(make_csv_table(context, session, table, create, options, shape));
  if (!is_loaded) return {};
  for (const auto& [column, formats] : date_formats) {
    const std::string name = quote_name(column);
    const std::string format = TRY(choose_date_format(context, session, table, name, formats));
    if (format.empty()) continue;
    TRY(session.command(context, str("ALTER TABLE main.", quote_name(table.name), " ALTER ", name,
                                     " SET DATA TYPE DATE USING CAST(strptime(", name, ", ", quote_text(format), ") AS DATE)")));
  }
  table.info.columns = TRY(session.describe_columns(str("SELECT * FROM main.", quote_name(table.name))));
  return {};
}

// Functions beyond those of callers that the queries of this folder call.
bool is_used_by_bridge(std::string_view lower_name) {
  return lower_name.starts_with("duckdb_") || lower_name.starts_with("pragma_") || lower_name.starts_with("parquet_") ||
         lower_name.starts_with("read_") || lower_name == "current_database" || is_allowed_table_function(lower_name);
}

bool is_nested_column(const ColumnInfo& column) { return column.type == ColumnType::json; }

Error database_open_error(const fs::path& path, const Error& error) {
  const std::string& detail = error.detail;
  const auto has = [&](std::string_view text) { return detail.find(text) != std::string::npos; };
  Error mapped{.code = ErrorCode::failed_precondition, .detail = detail};
  const std::string file = str("'", path.string(), "'");
  if (has("Could not set lock")) {
    mapped.reason = "warehouse_locked";
    mapped.message = str("Another process has ", file, " open for writing: close it there, or connect a copy of the file");
  } else if (has("not a valid DuckDB database file")) {
    mapped.reason = "not_a_database";
    mapped.message = str("The file ", file, " is not a DuckDB database: choose a .duckdb file, or a folder of Parquet, CSV or JSON files");
  } else if (has("version number") || has("storage version") || has("newer version")) {
    mapped.reason = "database_version";
    mapped.message =
        str("The file ", file, " was written by another version of DuckDB: export it with that version and import it with 1.4");
  } else if (has("Permission denied")) {
    mapped.reason = "path_not_readable";
    mapped.message = str("The server may not read the file ", file, ": allow it to the user that runs it");
  } else if (has("write-ahead log") || has(".wal")) {
    mapped.reason = "database_not_closed";
    mapped.message = str("The file ", file, " was not closed cleanly: open it once with DuckDB, so that it takes in its write-ahead log");
  } else {
    mapped.reason = "database_corrupt";
    mapped.message = str("The file ", file, " is damaged or cut short: replace it with a good copy");
  }
  return mapped;
}

}  // namespace

Result<std::string> data_version(const fs::path& path) {
  std::error_code error;
  const auto status = fs::status(path, error);
  if (error == std::errc::permission_denied) {
    return fail(ErrorCode::failed_precondition, "path_not_readable",
                str("The server may not read '", path.string(), "': allow it to the user that runs it"));
  }
  if (!fs::exists(status)) {
    return fail(ErrorCode::failed_precondition, "path_missing",
                str("There is nothing at '", path.string(), "': check the path; it is one on the server's machine"));
  }
  if (!fs::is_directory(status)) {
    if (!fs::is_regular_file(status))
      return fail(ErrorCode::failed_precondition, "path_not_readable", str("'", path.string(), "' is neither a file nor a folder"));
    if (access(path.c_str(), R_OK) != 0) {
      return fail(ErrorCode::failed_precondition, "path_not_readable",
                  str("The server may not read the file '", path.string(), "': allow it to the user that runs it"));
    }
    const fs::path log = path.string() + ".wal";
    return file_stamp(path) + (fs::exists(log, error) ? file_stamp(log) : "");
  }
  std::string version;
  for (const fs::path& file : TRY(table_files(path))) version += file_stamp(file) + "|";
  return version;
}

Result<std::shared_ptr<DataSource>> DataSource::open(const CallContext& context, const fs::path& path, std::string version,
                                                     const DriverLimits& limits) {
  std::shared_ptr<DataSource> source(new DataSource);
  source->version_ = std::move(version);
  const bool is_database = !fs::is_directory(path) && (is_database_file(path) || !known_extension_of(path.filename().string()));
  if (is_database) TRY(source->open_database(context, path, limits));
  else TRY(source->open_files(context, path, limits));
  for (const auto& table : source->tables_) source->by_name_[table->dataset][table->name] = table.get();
  return source;
}

// ---- a DuckDB file -------------------------------------------------------------------------------------------------

namespace {

bool is_sqlite_file(const fs::path& path) {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  std::string begin(magic.size(), ' ');
  std::ifstream(path, std::ios::binary).read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin == magic;
}

}  // namespace

namespace {

std::uint64_t memory_share(const DriverLimits& limits) { return limits.is_alone_in_process ? data_memory_share_alone : data_memory_share; }

}  // namespace

Result<> DataSource::open_database(const CallContext& context, const fs::path& path, const DriverLimits& limits) {
  if (is_sqlite_file(path)) {
    return fail(ErrorCode::invalid_argument, "not_a_database",
                str("The file '", path.string(), "' is a SQLite file: choose the connection type sqlite"));
  }
  auto engine =
      Engine::open({.database_file = path.string(), .memory_share = memory_share(limits), .process_memory_max = limits.process_memory_max});
  if (!engine) return fail(database_open_error(path, engine.error()));
  engine_ = std::move(*engine);
  return read_database_tables(context);
}

Result<> DataSource::read_database_tables(const CallContext& context) {
  const auto session = TRY(engine_->borrow(context));
  const ExecuteLimits limits{.rows_max = 1'000'000, .result_bytes_max = 256 << 20};
  // Before any function is called here: a macro of the file would be found first, by Bridge's own queries too.
  const QueryResult macros =
      TRY(session->run(context, {.sql = "SELECT function_name FROM system.main.duckdb_functions() WHERE NOT internal"}, limits));
  for (std::size_t row = 0; row < macros.row_count; ++row) {
    const std::string name = text_at(macros, 0, row);
    if (!is_allowed_function(lower(name)) && !is_used_by_bridge(lower(name))) continue;
    return fail(ErrorCode::failed_precondition, "function_redefined",
                str("The database redefines the function '", name, "' by a macro: drop that macro, or give it another name"));
  }
  const QueryResult catalog = TRY(session->run(context, {.sql = "SELECT current_database()"}, {}));
  catalog_ = text_at(catalog, 0, 0);
  const QueryResult tables = TRY(session->run(
      context,
      {.sql =
           "SELECT schema_name, table_name, estimated_size::BIGINT, coalesce(comment, '')::VARCHAR, false, '' FROM "
           "duckdb_tables() WHERE NOT internal AND NOT temporary AND database_name = current_database() "
           "UNION ALL SELECT schema_name, view_name, 0, coalesce(comment, '')::VARCHAR, true, coalesce(sql, '') FROM duckdb_views() WHERE "
           "NOT internal AND NOT temporary AND database_name = current_database() ORDER BY 1, 2"},
      limits));
  for (std::size_t row = 0; row < tables.row_count; ++row) {
    auto table = std::make_unique<SourceTable>();
    table->dataset = text_at(tables, 0, row);
    table->name = text_at(tables, 1, row);
    table->format = integer_at(tables, 4, row) != 0 ? TableFormat::database_view : TableFormat::database_table;
    table->view_sql = text_at(tables, 5, row);
    table->info = {.dataset = table->dataset,
                   .name = table->name,
                   .type = table->format == TableFormat::database_view ? TableType::view : TableType::table,
                   .description = text_at(tables, 3, row),
                   .row_count = integer_at(tables, 2, row)};
    table->info.sql_name = sql_name_of(table->dataset, table->name);
    tables_.push_back(std::move(table));
  }
  if (tables_.empty())
    return fail(ErrorCode::failed_precondition, "no_tables",
                "The database has no tables: create one in it, then test the connection again");
  return {};
}

// ---- a folder ------------------------------------------------------------------------------------------------------

Result<> DataSource::open_files(const CallContext& context, const fs::path& path, const DriverLimits& limits) {
  const bool is_folder = fs::is_directory(path);
  const std::vector<fs::path> files = is_folder ? TRY(table_files(path)) : std::vector<fs::path>{path};
  if (files.empty()) {
    return fail(ErrorCode::failed_precondition, "no_tables",
                str("The folder '", path.string(), "' has no tables: put Parquet, CSV, TSV, JSON or NDJSON files into it"));
  }
  EngineOptions options{.memory_share = memory_share(limits), .process_memory_max = limits.process_memory_max};
  for (const fs::path& file : files) options.readable_files.push_back(file.string());
  engine_ = TRY(Engine::open(options));
  catalog_ = "memory";
  std::set<std::string> names;
  for (const fs::path& file : files) {
    const std::string file_name = file.filename().string();
    const KnownExtension& known = *known_extension_of(file_name);
    auto table = std::make_unique<SourceTable>();
    table->dataset = main_schema;
    const std::string name = table_name_of(file_name, known.extension);
    table->name = name;
    for (int number = 2; !names.insert(lower(table->name)).second; ++number) table->name = str(name, "_", number);
    table->format = known.format;
    table->file = file;
    std::error_code ignored;
    table->file_bytes = fs::file_size(file, ignored);
    tables_.push_back(std::move(table));
  }
  // One readable table is proof enough for now; the cheapest to read first.
  std::vector<SourceTable*> by_cost;
  for (const auto& table : tables_) by_cost.push_back(table.get());
  std::ranges::stable_sort(by_cost, {},
                           [](const SourceTable* table) { return std::pair(table->format != TableFormat::parquet, table->file_bytes); });
  std::string first_reason;
  for (SourceTable* table : by_cost) {
    const auto ready = make_ready(context, *table);
    if (ready) return {};
    if (!table->failure) return ready;
    if (first_reason.empty()) first_reason = table->failure->message;
  }
  return fail(ErrorCode::failed_precondition, "no_tables", first_reason);
}

Result<> DataSource::make_ready(const CallContext& context, SourceTable& table) {
  const std::lock_guard lock(table.mutex);
  if (table.failure) return fail(*table.failure);
  if (table.is_ready) return {};
  auto loaded = load(context, table);
  if (loaded) {
    table.is_ready = true;
    return {};
  }
  const ErrorCode code = loaded.error().code;
  if (code == ErrorCode::cancelled || code == ErrorCode::deadline_exceeded || code == ErrorCode::resource_exhausted) return loaded;
  const std::string what = table.file.empty() ? table.name : table.file.filename().string();
  table.failure = Error{.code = ErrorCode::failed_precondition,
                        .message = str("'", what, "' cannot be read as a table: ", plain_reason(loaded.error(), table.file)),
                        .detail = loaded.error().detail,
                        .reason = "table_unreadable"};
  log_warning("warehouse_table_skipped", {{"table", what}, {"reason", table.failure->message}, {"detail", table.failure->detail}});
  return fail(*table.failure);
}

namespace {

// What stands behind AS in CREATE VIEW name (columns) AS SELECT …; nothing when it has another form.
std::optional<std::string_view> body_of_view(std::string_view sql) {
  const SqlLexicalRules& rules = duckdb_dialect().lexical_rules();
  int depth = 0;
  for (std::size_t at = 0; at < sql.size();) {
    if (const auto opaque = find_opaque_sql(sql, at, rules)) {
      at = opaque->end;
      continue;
    }
    std::size_t end = at;
    while (end < sql.size() && is_sql_word_char(sql[end])) ++end;
    if (depth == 0 && lower(sql.substr(at, end - at)) == "as") {
      std::string_view body = trim(sql.substr(end));
      while (body.ends_with(';')) body = trim(body.substr(0, body.size() - 1));
      return body;
    }
    if (sql[at] == '(') ++depth;
    if (sql[at] == ')') --depth;
    at = std::max(end, at + 1);
  }
  return std::nullopt;
}

}  // namespace

// A file brings its own views: what they and those beneath them do is held to what a caller's statement may do.
Result<> DataSource::check_view(const CallContext& context, const SourceTable& view) {
  const StatementGuard guard(TRY(parser_engine()));
  std::vector<const SourceTable*> views{&view};
  for (std::size_t i = 0; i < views.size(); ++i) {
    const auto body = body_of_view(views[i]->view_sql);
    const auto refused = [&](std::string_view why) {
      return fail(ErrorCode::failed_precondition, "view_not_allowed",
                  str("the view '", views[i]->name, "' does what a query may not: ", why, ". Make a table of it, or change it"));
    };
    if (!body) return refused("its statement cannot be read");
    const auto statement = guard.check(context, *body);
    if (!statement) {
      if (statement.error().code != ErrorCode::invalid_argument) return fail(statement.error());
      return refused(statement.error().message);
    }
    for (const TableReference& reference : statement->tables) {
      const auto table = resolve(reference);
      if (!table) return refused(table.error().message);
      if ((*table)->format == TableFormat::database_view && std::ranges::find(views, *table) == views.end()) views.push_back(*table);
    }
  }
  return {};
}

Result<> DataSource::load(const CallContext& context, SourceTable& table) {
  const auto session = TRY(engine_->borrow(context));
  const std::string sql_table = str(quote_name(table.dataset), ".", quote_name(table.name));
  if (table.format == TableFormat::database_table || table.format == TableFormat::database_view) {
    if (table.format == TableFormat::database_view) TRY(check_view(context, table));
    table.info.columns = TRY(session->describe_columns(str("SELECT * FROM ", sql_table)));
    start_layout(table.layout, table.name, table.info.columns);
    auto& parts = table.layout.groups.emplace_back(table.info.columns.size());
    if (table.format == TableFormat::database_view) {
      const auto counted =
          session->run(context.with_timeout(std::chrono::seconds(2)), {.sql = str("SELECT count(*) FROM ", sql_table)}, {});
      if (counted) table.info.row_count = integer_at(*counted, 0, 0);
      return {};
    }
    constexpr std::uint64_t block_bytes = 262'144;
    const std::string name = quote_text(str(quote_name(table.dataset), ".", quote_name(table.name)));
    const QueryResult blocks = TRY(session->run(context,
                                                {.sql = str("SELECT column_id, count(DISTINCT block_id) FILTER (persistent) + "
                                                            "coalesce(sum(len(additional_block_ids)), 0)::BIGINT FROM pragma_storage_info(",
                                                            name, ") GROUP BY column_id")},
                                                {.rows_max = 100'000}));
    for (std::size_t row = 0; row < blocks.row_count; ++row) {
      const auto column = static_cast<std::size_t>(integer_at(blocks, 0, row));
      if (column < parts.size()) parts[column].bytes = static_cast<std::uint64_t>(integer_at(blocks, 1, row)) * block_bytes;
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
      // Blocks are shared by columns, so that for small tables the values themselves are the nearer bound.
      const ColumnInfo& column = table.info.columns[i];
      const std::uint64_t values = static_cast<std::uint64_t>(table.info.row_count) * width_of(column.type, column.engine_type) + 1;
      if (!has_variable_width(column)) parts[i].bytes = parts[i].bytes == 0 ? values : std::min(parts[i].bytes, values);
      parts[i].bytes = std::max<std::uint64_t>(parts[i].bytes, 1);
      table.info.size_bytes += static_cast<std::int64_t>(parts[i].bytes);
    }
    return {};
  }

  const std::string file = quote_text(table.file.string());
  table.info = {.dataset = table.dataset,
                .name = table.name,
                .sql_name = sql_name(table.name),
                .size_bytes = static_cast<std::int64_t>(table.file_bytes)};
  const bool is_loaded = table.format != TableFormat::parquet && table.file_bytes <= loaded_file_bytes_max;
  // All of a small file is looked at to find its types; a large one's beginning.
  const std::string_view sample = table.file_bytes <= loaded_file_bytes_max / 4 ? ", sample_size = -1" : "";
  std::string reader;
  switch (table.format) {
    case TableFormat::parquet: reader = str("read_parquet(", file, ")"); break;
    case TableFormat::csv: break;
    default: reader = str("read_json(", file, sample, ")");
  }
  const std::string create = str("CREATE OR REPLACE ", is_loaded ? "TABLE " : "VIEW ", sql_table, " AS SELECT * FROM ");
  if (table.format == TableFormat::csv) {
    TRY(load_csv(context, *session, table, create, sample));
  } else {
    TRY(session->command(context, create + reader));
    table.info.columns = TRY(session->describe_columns(str("SELECT * FROM ", sql_table)));
  }
  if (table.format == TableFormat::json) {
    if (table.info.columns.size() == 1 && table.info.columns[0].name == "json") {
      TRY(session->command(context, str("DROP ", is_loaded ? "TABLE " : "VIEW ", sql_table)));
      return fail(ErrorCode::invalid_argument, "it is not a list of records");
    }
    if (is_loaded) TRY(turn_scalar_json_into_text(context, *session, table));
  }
  start_layout(table.layout, table.name, table.info.columns);
  if (table.format == TableFormat::parquet) return read_parquet_layout(context, *session, table);
  if (!is_loaded) {
    const QueryResult counted = TRY(session->run(context, {.sql = str("SELECT count(*) FROM ", sql_table)}, {}));
    table.info.row_count = integer_at(counted, 0, 0);
    table.layout.reads_whole_rows = true;
    table.layout.groups.emplace_back(table.layout.columns.size());
    if (!table.layout.groups[0].empty()) table.layout.groups[0][0].bytes = table.file_bytes;
    return {};
  }
  TRY(measure_loaded_table(context, *session, table));
  // One line of a file that has a record on each line is a record, whatever it holds.
  const bool has_record_lines = table.file.string().contains(".ndjson") || table.file.string().contains(".jsonl");
  if (table.format == TableFormat::json && table.info.row_count <= 1 && !has_record_lines &&
      std::ranges::any_of(table.info.columns, is_nested_column)) {
    TRY(session->command(context, str("DROP TABLE ", sql_table)));
    return fail(ErrorCode::invalid_argument, "it is one nested document and not a list of records");
  }
  return {};
}

// ---- tables --------------------------------------------------------------------------------------------------------

namespace {

std::unexpected<Error> no_such_dataset(std::string_view dataset) {
  return fail(ErrorCode::not_found, str("There is no dataset '", dataset.substr(0, 100), "'"));
}

}  // namespace

std::vector<DatasetInfo> DataSource::datasets() {
  std::map<std::string, std::int64_t> counts;
  for (const auto& table : tables_) {
    const std::lock_guard lock(table->mutex);
    if (!table->failure) ++counts[table->dataset];
  }
  std::vector<DatasetInfo> datasets;
  for (const auto& [name, count] : counts) datasets.push_back({.name = name, .location = "local", .table_count = count});
  return datasets;
}

Result<std::vector<TableName>> DataSource::table_names(std::string_view dataset) {
  const auto known = by_name_.find(dataset);
  if (known == by_name_.end()) return no_such_dataset(dataset);
  std::vector<TableName> names;
  for (const auto& [name, table] : known->second) {
    const std::lock_guard lock(table->mutex);
    if (table->failure) continue;
    names.push_back({.name = name,
                     .sql_name = sql_name_of(table->dataset, name),
                     .type = table->format == TableFormat::database_view ? TableType::view : TableType::table});
  }
  return names;
}

Result<std::vector<SourceTable*>> DataSource::tables(const CallContext& context, std::string_view dataset,
                                                     std::span<const std::string> names) {
  const auto known = by_name_.find(dataset);
  if (known == by_name_.end()) return no_such_dataset(dataset);
  std::vector<SourceTable*> wanted;
  for (const std::string& name : names) {
    if (const auto found = known->second.find(name); found != known->second.end()) wanted.push_back(found->second);
  }
  if (wanted.empty()) return wanted;
  // Reading files into tables uses one core a file.
  std::atomic<std::size_t> next = 0;
  std::vector<std::optional<Error>> stops(wanted.size());
  const auto work = [&] {
    for (std::size_t i = next++; i < wanted.size(); i = next++) {
      Result<> ready = guarded([&]() -> Result<> {
        TRY(make_ready(context, *wanted[i]));
        return {};
      });
      if (!ready) stops[i] = std::move(ready).error();
    }
  };
  {
    std::vector<std::jthread> threads;
    const std::size_t count = std::min<std::size_t>({wanted.size() - 1, std::thread::hardware_concurrency(), sessions_max - 1});
    // When there are no more threads to be had, those that there are do all the work.
    (void)guarded([&] {
      for (std::size_t i = 1; i < count; ++i) threads.emplace_back(work);
    });
    work();
  }
  std::vector<SourceTable*> readable;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!stops[i]) readable.push_back(wanted[i]);
    else if (stops[i]->reason != "table_unreadable") return fail(*stops[i]);
  }
  return readable;
}

Result<SourceTable*> DataSource::table(const CallContext& context, std::string_view dataset, std::string_view name) {
  SourceTable* table = TRY(resolve({.schema = std::string(dataset), .name = std::string(name)}));
  TRY(make_ready(context, *table));
  return table;
}

Result<SourceTable*> DataSource::resolve(const TableReference& reference) {
  const std::string schema = reference.schema.empty() ? std::string(main_schema) : lower(reference.schema);
  const std::string name = lower(reference.name);
  const bool is_own_catalog = reference.catalog.empty() || lower(reference.catalog) == lower(catalog_);
  std::vector<std::string> names;
  for (const auto& table : tables_) {
    if (is_own_catalog && lower(table->name) == name && lower(table->dataset) == schema) return table.get();
    names.push_back(table->dataset == main_schema ? table->name : str(table->dataset, ".", table->name));
  }
  const std::string shown = reference.schema.empty() ? reference.name : str(reference.schema, ".", reference.name);
  Violation violation{.path = "sql",
                      .line = reference.line,
                      .column = reference.column,
                      .code = "sql_invalid",
                      .message = str("There is no table '", shown.substr(0, 200), "'"),
                      .got = shown.substr(0, 200)};
  if (const auto near = nearest_name(shown, names)) violation.suggestion = *near;
  constexpr std::size_t names_shown_max = 50;
  if (names.size() > names_shown_max) names.resize(names_shown_max);
  violation.allowed = std::move(names);
  std::string message = violation.message;
  if (!violation.suggestion.empty()) message += str(": did you mean '", violation.suggestion, "'?");
  if (reference.line > 0) message += str(" (line ", reference.line, ", column ", reference.column, ")");
  return fail(Error{
      .code = ErrorCode::not_found, .message = std::move(message), .reason = "table_not_found", .violations = {std::move(violation)}});
}

// ---- queries -------------------------------------------------------------------------------------------------------

namespace {

// The tree has names, and not what they belong to: a name counts for every table that has such a column.
std::vector<ColumnRead> columns_read(const GuardedStatement& statement, const std::vector<SourceTable*>& tables) {
  const bool reads_all = statement.reads_all_columns || std::ranges::any_of(statement.last_names, [&](const std::string& name) {
                           return statement.row_names.contains(name);
                         });
  std::vector<ColumnRead> columns;
  for (const SourceTable* table : tables) {
    for (const ColumnInfo& column : table->info.columns) {
      if (reads_all || statement.names.contains(lower(column.name)))
        columns.push_back({.dataset = table->dataset, .table = table->name, .column = column.name});
    }
  }
  std::ranges::sort(columns);
  return columns;
}

}  // namespace

Result<std::shared_ptr<AnalysedQuery>> DataSource::analyse(const CallContext& context, const StatementGuard& guard,
                                                           const std::string& sql) {
  if (auto known = analysed_.find(sql)) return std::move(*known);
  const GuardedStatement statement = TRY(guard.check(context, sql));
  auto analysed = std::make_shared<AnalysedQuery>();
  for (const TableReference& reference : statement.tables) {
    auto table = resolve(reference);
    if (!table) {
      Error error = table.error();
      error.code = ErrorCode::invalid_argument;
      error.reason = "sql_invalid";
      return fail(std::move(error));
    }
    TRY(make_ready(context, **table));
    if (std::ranges::find(analysed->tables, *table) != analysed->tables.end()) continue;
    analysed->tables.push_back(*table);
    analysed->reads.tables.push_back(
        {.dataset = (*table)->dataset, .name = (*table)->name, .line = reference.line, .column = reference.column});
  }
  analysed->reads.columns = columns_read(statement, analysed->tables);
  analysed->reads.functions.assign(statement.functions.begin(), statement.functions.end());
  analysed_.put(sql, analysed);
  return analysed;
}

namespace {

std::string values_key(const std::vector<SqlValue>& values) {
  std::string key;
  for (const SqlValue& value : values) {
    key += str(value.index(), ":");
    std::visit(
        [&](const auto& typed) {
          using T = std::remove_cvref_t<decltype(typed)>;
          if constexpr (std::is_same_v<T, std::nullptr_t>) key += "-";
          else if constexpr (std::is_same_v<T, bool>) key += typed ? "t" : "f";
          else if constexpr (std::is_arithmetic_v<T>) key += str(typed);
          else if constexpr (std::is_same_v<T, std::string>) key += str(typed.size(), ":", typed);
          else key += typed.text;
        },
        value);
    key += '\n';
  }
  return key;
}

}  // namespace

Result<DryRun> DataSource::dry_run(const CallContext& context, const StatementGuard& guard, const BoundQuery& query) {
  const auto analysed = TRY(analyse(context, guard, query.sql));
  const std::string key = values_key(query.values);
  if (auto known = analysed->dry_runs.find(key)) return std::move(*known);
  DryRun dry_run = TRY(estimate(context, *analysed, query));
  analysed->dry_runs.put(key, dry_run);
  return dry_run;
}

Result<DryRun> DataSource::dry_run_of_table(const CallContext& context, SourceTable& table) {
  AnalysedQuery whole;
  whole.tables.push_back(&table);
  return estimate(context, whole, {.sql = str("SELECT * FROM ", quote_name(table.dataset), ".", quote_name(table.name))});
}

Result<DryRun> DataSource::estimate(const CallContext& context, AnalysedQuery& analysed, const BoundQuery& query) {
  DryRun dry_run;
  std::vector<const TableLayout*> layouts;
  bool has_view = false;
  dry_run.accuracy = ScanAccuracy::upper_bound;
  for (const SourceTable* table : analysed.tables) {
    dry_run.tables.push_back(table->info.sql_name);
    // How large the parts of a file are is written in it, and what is in memory is measured. In a database blocks are shared between
    // columns, and what was written since the last checkpoint is in none of them.
    if (table->format == TableFormat::database_table || table->format == TableFormat::database_view)
      dry_run.accuracy = ScanAccuracy::estimate;
    has_view = has_view || table->format == TableFormat::database_view;
    if (table->format != TableFormat::database_view) layouts.push_back(&table->layout);
  }
  if (has_view) {  // a plan names the tables beneath a view
    for (const auto& table : tables_) {
      if (table->format != TableFormat::database_table || !make_ready(context, *table)) continue;
      if (std::ranges::find(layouts, &table->layout) == layouts.end()) layouts.push_back(&table->layout);
    }
  }
  const auto session = TRY(engine_->borrow(context));
  dry_run.columns = TRY(session->describe(context, query));
  dry_run.bytes_scanned = estimate_scan(TRY(session->explain(context, query)), layouts).bytes;
  return dry_run;
}

}  // namespace bridge::duckdb
