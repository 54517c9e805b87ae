#include "warehouse/sqlite/database_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/guarded.h"
#include "base/log.h"
#include "base/sql_name.h"
#include "base/text.h"
#include "warehouse/sqlite/column_statistics.h"
#include "warehouse/sqlite/expression_types.h"
#include "warehouse/sqlite/limits.h"
#include "warehouse/sqlite/scan_estimate.h"
#include "warehouse/sqlite/sql_guard.h"
#include "warehouse/sqlite/sqlite_dialect.h"

namespace bridge::sqlite {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view magic("SQLite format 3\0", 16);
constexpr std::size_t header_bytes = 100;

// The first bytes of a file, and what the system knows of it.
struct FileLook {
  struct stat status {};
  std::string header;

  // https://www.sqlite.org/fileformat2.html#the_database_header
  bool is_in_wal_mode() const { return header.size() >= 20 && header[18] == 2; }
  std::uint32_t change_count() const { return number_at(24); }
  std::uint64_t page_bytes() const {
    const std::uint32_t bytes = number_at(14) & 0xFFFFU;
    return bytes == 1 ? 65'536 : bytes;
  }

 private:
  std::uint32_t number_at(std::size_t at) const {
    std::uint32_t number = 0;
    for (std::size_t i = at; i < at + 4 && i < header.size(); ++i) number = number << 8 | static_cast<unsigned char>(header[i]);
    return number;
  }
};

Result<FileLook> look_at(const fs::path& file) {
  // A pipe or device must not hold the server up, and a file that a link was put in the place of is not followed.
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
  if (descriptor < 0) {
    const std::string shown = file.string();
    if (errno == ENOENT || errno == ENOTDIR)
      return fail(ErrorCode::invalid_argument, "path_not_found",
                  str("There is no file '", shown, "' on the server's machine: check the path, which is the server's and not yours"));
    if (errno == EACCES || errno == EPERM)
      return fail(ErrorCode::failed_precondition, "path_not_readable",
                  str("The server may not read the file '", shown, "': allow it to the user that runs it"));
    return fail(ErrorCode::failed_precondition, "path_not_readable", str("The file '", shown, "' cannot be read: ", std::strerror(errno)));
  }
  const AtEnd close([&] { ::close(descriptor); });
  FileLook look;
  if (::fstat(descriptor, &look.status) != 0)
    return fail(ErrorCode::failed_precondition, "path_not_readable", str("The file '", file.string(), "' cannot be read"));
  if (!S_ISREG(look.status.st_mode))
    return fail(ErrorCode::invalid_argument, "not_a_database", str("'", file.string(), "' is not a file: 'path' is a SQLite file"));
  look.header.resize(header_bytes);
  const ssize_t count = ::pread(descriptor, look.header.data(), header_bytes, 0);
  look.header.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  return look;
}

// "-wal" → size and time of the file beside this one; empty when there is none.
std::string stamp_beside(const fs::path& file, std::string_view ending) {
  struct stat status {};
  const std::string beside = file.string() + std::string(ending);
  if (::stat(beside.c_str(), &status) != 0) return {};
  return str(ending, ":", status.st_size, ":", status.st_mtim.tv_sec, ".", status.st_mtim.tv_nsec);
}

bool has_content(const fs::path& file, std::string_view ending) {
  std::error_code error;
  const auto bytes = fs::file_size(file.string() + std::string(ending), error);
  return !error && bytes > 0;
}

// Whether no program writes to the file, and none can begin without its being noticed: nobody may write, or the file keeps its changes in a
// log that is not there, or has nothing in it.
bool is_immutable(const fs::path& file, const FileLook& look) {
  if (has_content(file, "-journal") || has_content(file, "-wal")) return false;
  if (look.is_in_wal_mode()) return true;
  if ((look.status.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0) return true;
  struct statvfs system {};
  return ::statvfs(file.c_str(), &system) == 0 && (system.f_flag & ST_RDONLY) != 0;
}

std::string text_at(const QueryResult& result, std::size_t column, std::size_t row) {
  const ResultColumn& values = result.columns[column];
  return values.valid[row] && !values.texts.empty() ? values.texts[row] : "";
}

std::int64_t integer_at(const QueryResult& result, std::size_t column, std::size_t row) {
  const ResultColumn& values = result.columns[column];
  return values.valid[row] && !values.integers.empty() ? values.integers[row] : 0;
}

// Whether a part of a call ran out of its own time, and not the call.
bool ran_out(const CallContext& whole, const Error& error) { return error.code == ErrorCode::deadline_exceeded && whole.check(); }

constexpr ExecuteLimits schema_limits{.rows_max = 100'000, .result_bytes_max = 64 << 20};

}  // namespace

Result<std::string> file_version(const fs::path& file) {
  const FileLook look = TRY(look_at(file));
  if (look.header.empty())
    return fail(ErrorCode::failed_precondition, "file_empty", str("The file '", file.string(), "' is empty: it has no tables yet"));
  if (!look.header.starts_with(magic))
    return fail(ErrorCode::invalid_argument, "not_a_database",
                str("The file '", file.string(), "' is not a SQLite file, or it is encrypted"));
  const struct stat& status = look.status;
  return str(status.st_dev, ":", status.st_ino, ":", status.st_size, ":", status.st_mtim.tv_sec, ".", status.st_mtim.tv_nsec, ":",
             look.change_count(), stamp_beside(file, "-wal"), stamp_beside(file, "-journal"));
}

bool has_magic(const fs::path& file) {
  const auto look = look_at(file);
  return look && look->header.starts_with(magic);
}

// ---- opening -------------------------------------------------------------------------------------------------------

Result<std::shared_ptr<DatabaseFile>> DatabaseFile::open(const CallContext& context, const fs::path& file, std::string version) {
  const FileLook look = TRY(look_at(file));
  std::shared_ptr<DatabaseFile> database(new DatabaseFile());
  DatabaseFile& it = *database;
  it.path_ = file;
  it.version_ = std::move(version);
  it.is_immutable_ = is_immutable(file, look);
  it.file_bytes_ = static_cast<std::uint64_t>(look.status.st_size);
  it.page_bytes_ = look.page_bytes();
  const Lease connection = TRY(it.borrow(context));
  TRY(it.read_tables(context, *connection));
  if (it.tables_.empty())
    return fail(ErrorCode::failed_precondition, "no_tables",
                "The SQLite file has no tables: create one in it, then test the connection again");
  return database;
}

Result<> DatabaseFile::read_tables(const CallContext& context, Connection& connection) {
  const QueryResult trees = TRY(connection.run(
      context, "SELECT CAST(name AS TEXT), CAST(rootpage AS INTEGER), CAST(tbl_name AS TEXT) FROM sqlite_schema WHERE rootpage > 0", {},
      schema_limits));
  for (std::size_t row = 0; row < trees.row_count; ++row)
    trees_[integer_at(trees, 1, row)] = {.name = text_at(trees, 0, row), .table = text_at(trees, 2, row)};
  // Virtual tables are code that reads what it likes, and shadow tables are what that code keeps.
  const QueryResult tables = TRY(connection.run(
      context, "SELECT name || '', type || '', wr FROM pragma_table_list WHERE schema = 'main' ORDER BY name", {}, schema_limits));
  for (std::size_t row = 0; row < tables.row_count; ++row) {
    const std::string name = text_at(tables, 0, row);
    const std::string type = text_at(tables, 1, row);
    if (lower(name).starts_with("sqlite_") || (type != "table" && type != "view")) {
      hidden_.insert(lower(name));
      continue;
    }
    if (tables_.size() >= tables_max) {
      log_warning("sqlite_tables_left_out", {{"file", path_.string()}, {"tables_max", str(tables_max)}});
      break;
    }
    auto table = std::make_unique<FileTable>();
    table->name = name;
    table->type = type == "view" ? TableType::view : TableType::table;
    table->has_rowid = table->type == TableType::table && integer_at(tables, 2, row) == 0;
    const auto columns = connection.run(
        context, "SELECT name || '', upper(coalesce(type, '')), \"notnull\" <> 0, pk FROM pragma_table_xinfo(?1) WHERE hidden <> 1", {name},
        schema_limits);
    TRY(context.check());
    if (!columns) {  // a view over what is no longer there
      log_warning("sqlite_table_left_out", {{"table", name}, {"error", describe_error(columns.error())}});
      continue;
    }
    for (std::size_t at = 0; at < columns->row_count; ++at) {
      ColumnInfo column{.name = text_at(*columns, 0, at), .engine_type = text_at(*columns, 1, at)};
      column.nullable = integer_at(*columns, 2, at) == 0;
      table->declared.push_back(declared_type_of(column.engine_type));
      column.type = table->declared.back().type.value_or(ColumnType::text);
      table->positions[lower(column.name)] = table->columns.size();
      table->columns.push_back(std::move(column));
    }
    if (!table->columns.empty()) tables_[lower(name)] = std::move(table);
  }
  return {};
}

// ---- connections ---------------------------------------------------------------------------------------------------

Result<DatabaseFile::Lease> DatabaseFile::borrow(const CallContext& context) {
  TRY(context.check());
  {
    std::unique_lock lock(mutex_);
    const auto has_one = [&] { return !free_.empty() || connections_ < connections_max; };
    bool is_free = false;
    if (context.deadline) is_free = connection_is_free_.wait_until(lock, context.stop, *context.deadline, has_one);
    else is_free = connection_is_free_.wait(lock, context.stop, has_one);
    if (!is_free) {
      TRY(context.check());
      return fail(ErrorCode::deadline_exceeded, "Too many queries are running on this file");
    }
    if (!free_.empty()) {
      auto connection = std::move(free_.back());
      free_.pop_back();
      return Lease(shared_from_this(), std::move(connection));
    }
    ++connections_;
  }
  auto opened = guarded([&] { return Connection::open(context, path_, is_immutable_); });
  if (!opened) {
    give_back(nullptr);
    return fail(std::move(opened).error());
  }
  return Lease(shared_from_this(), std::move(*opened));
}

void DatabaseFile::give_back(std::unique_ptr<Connection> connection) noexcept {
  {
    const std::lock_guard lock(mutex_);
    const bool is_kept = connection && guarded([&] { free_.push_back(std::move(connection)); });
    if (!is_kept) --connections_;
  }
  connection_is_free_.notify_one();
}

Result<> DatabaseFile::ping(const CallContext& context) {
  const Lease connection = TRY(borrow(context));
  TRY(connection->run(context, "SELECT count(*) FROM sqlite_schema"));
  return {};
}

// ---- tables --------------------------------------------------------------------------------------------------------

FileTable* DatabaseFile::find(std::string_view name) const {
  const auto found = tables_.find(lower(name));
  return found == tables_.end() ? nullptr : found->second.get();
}

bool DatabaseFile::is_readable(std::string_view table) const { return find(table) != nullptr; }

bool DatabaseFile::is_hidden(std::string_view table) const {
  const std::string name = lower(table);
  return hidden_.contains(name) || name.starts_with("sqlite_") || name.starts_with("pragma_");
}

std::vector<std::string> DatabaseFile::table_names() const {
  std::vector<std::string> names;
  for (const auto& [key, table] : tables_) names.push_back(table->name);
  return names;
}

std::vector<std::string> DatabaseFile::column_names(std::string_view sql) const {
  std::vector<std::string> names;
  for (const auto& [key, table] : tables_) {
    if (!find_word(sql, table->name)) continue;
    for (const ColumnInfo& column : table->columns) names.push_back(column.name);
  }
  return names;
}

DatasetInfo DatabaseFile::dataset() const {
  return {.name = std::string(dataset_name), .location = "local", .table_count = static_cast<std::int64_t>(tables_.size())};
}

Result<> DatabaseFile::sample(const CallContext& context, Connection& connection, FileTable& table) {
  if (table.is_sampled) return {};
  const std::lock_guard lock(table.mutex);
  if (table.is_sampled) return {};
  std::vector<SeenValues> seen(table.columns.size());
  std::string sql = "SELECT ";
  for (std::size_t i = 0; i < table.columns.size(); ++i) sql += str(i > 0 ? ", " : "", quoted_sql_name(table.columns[i].name));
  sql += str(" FROM main.", quoted_sql_name(table.name), " LIMIT ", sampled_rows);
  const CallContext budget = context.with_timeout(sample_time_max);
  const auto read = [&]() -> Result<> {
    const Connection::Call call(connection, budget);
    const Statement statement = TRY(connection.prepare(sql));
    while (TRY(connection.step(statement.get()))) {
      for (std::size_t i = 0; i < seen.size(); ++i) see_value(statement.get(), static_cast<int>(i), seen[i]);
    }
    return {};
  };
  if (const auto done = read(); !done) {
    TRY(context.check());
    log_warning("sqlite_table_not_sampled", {{"table", table.name}, {"error", describe_error(done.error())}});
  }
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    // Text that holds dates and nothing else is how SQLite keeps dates.
    const auto wanted = table.declared[i].type == ColumnType::text ? std::nullopt : table.declared[i].type;
    table.columns[i].type = type_for(wanted, seen[i]);
    if (table.columns[i].type == ColumnType::big_integer) table.columns[i].type = ColumnType::integer;
    const bool has_form = table.columns[i].type == ColumnType::timestamp && seen[i].have_one_form;
    table.forms.push_back(has_form ? seen[i].form : std::nullopt);
    if (table.columns[i].engine_type.empty()) table.columns[i].engine_type = "ANY";
  }
  table.is_sampled = true;
  return {};
}

Result<std::uint64_t> DatabaseFile::tree_bytes(const CallContext& context, Connection& connection, const std::string& name) {
  {
    const std::lock_guard lock(sizes_mutex_);
    if (const auto known = sizes_.find(name); known != sizes_.end()) return known->second;
  }
  std::uint64_t bytes = file_bytes_;
  const auto counted = connection.run(context.with_timeout(size_time_max),
                                      "SELECT CAST(pgsize AS INTEGER) FROM dbstat WHERE name = ?1 AND aggregate = 1", {name});
  if (counted && counted->row_count == 1) bytes = static_cast<std::uint64_t>(integer_at(*counted, 0, 0));
  else TRY(context.check());
  const std::lock_guard lock(sizes_mutex_);
  return sizes_[name] = bytes;
}

Result<> DatabaseFile::measure(const CallContext& context, Connection& connection, FileTable& table) {
  if (table.is_measured) return {};
  const std::lock_guard lock(table.mutex);
  if (table.is_measured) return {};
  const std::string from = str(" FROM main.", quoted_sql_name(table.name));
  const auto counted = connection.run(context.with_timeout(count_time_max), "SELECT count(*)" + from);
  if (counted) {
    table.row_count = integer_at(*counted, 0, 0);
    table.is_row_count_exact = true;
  } else {
    TRY(context.check());
    if (table.has_rowid) {  // as many as there would be if none was ever deleted
      const auto range = connection.run(context.with_timeout(count_time_max), "SELECT max(rowid) - min(rowid) + 1" + from);
      if (range && range->row_count == 1) table.row_count = integer_at(*range, 0, 0);
    }
  }
  table.is_measured = true;
  return {};
}

std::vector<TableName> DatabaseFile::list_tables() const {
  std::vector<TableName> names;
  for (const auto& [key, table] : tables_)
    names.push_back({.name = table->name, .sql_name = sqlite_dialect().identifier(table->name), .type = table->type});
  return names;
}

Result<std::vector<TableInfo>> DatabaseFile::describe_tables(const CallContext& context, std::span<const std::string> names) {
  const Lease connection = TRY(borrow(context));
  const CallContext budget = context.with_timeout(measure_time_max);
  std::vector<TableInfo> infos;
  for (const std::string& name : names) {
    FileTable* table = find(name);
    if (!table || table->name != name) continue;
    TableInfo info{.dataset = std::string(dataset_name),
                   .name = table->name,
                   .sql_name = sqlite_dialect().identifier(table->name),
                   .type = table->type};
    const auto look = [&]() -> Result<> {
      TRY(sample(budget, *connection, *table));
      TRY(measure(budget, *connection, *table));
      if (table->type == TableType::table) info.size_bytes = static_cast<std::int64_t>(TRY(tree_bytes(budget, *connection, table->name)));
      return {};
    };
    if (const auto looked = look(); !looked && !ran_out(context, looked.error())) return fail(looked.error());
    const std::lock_guard lock(table->mutex);
    info.row_count = table->row_count;
    info.columns = table->columns;
    infos.push_back(std::move(info));
  }
  TRY(check_unchanged());
  return infos;
}

Result<std::vector<ColumnStatistics>> DatabaseFile::column_statistics(const CallContext& context, std::string_view name,
                                                                      const StatisticsBudget& budget) {
  FileTable* table = find(name);
  if (!table) {
    Error error = sql_invalid(str("There is no table '", name.substr(0, 100), "'"), "", {}, std::string(name), table_names());
    error.code = ErrorCode::not_found;
    error.reason = "table_not_found";
    return fail(std::move(error));
  }
  const Lease connection = TRY(borrow(context));
  TRY(sample(context, *connection, *table));
  TRY(measure(context, *connection, *table));
  const std::lock_guard lock(table->statistics_mutex);
  if (!table->statistics || table->statistics_bytes_max != budget.scanned_bytes_max) {
    const ScanEstimate look = TRY(scanned_bytes(context, *connection, str("SELECT * FROM main.", quoted_sql_name(table->name))));
    auto statistics = TRY(statistics_of(context, *connection, *table,
                                        {.look_bytes = look.bytes, .page_bytes = page_bytes_, .bytes_max = budget.scanned_bytes_max}));
    TRY(check_unchanged());
    table->statistics = std::move(statistics);
    table->statistics_bytes_max = budget.scanned_bytes_max;
  }
  return *table->statistics;
}

// ---- queries -------------------------------------------------------------------------------------------------------

Result<std::vector<AnswerColumn>> DatabaseFile::answer_columns(const CallContext& context, Connection& connection, sqlite3_stmt* statement,
                                                               const std::string& sql) {
  std::vector<AnswerColumn> columns = names_of(statement);
  std::map<std::string, std::optional<ColumnType>> types;  // of the columns that it reads, by name
  for (const ReadColumn& read : connection.reads()) {
    FileTable* table = find(read.table);
    if (!table) continue;
    TRY(sample(context, connection, *table));
    const auto position = table->positions.find(read.column);
    if (position == table->positions.end()) continue;
    const ColumnType type = table->columns[position->second].type;
    const auto [known, is_new] = types.emplace(read.column, type);
    if (!is_new && known->second != type) known->second = std::nullopt;
  }
  const auto from_sql = types_from_sql(sql, columns.size(), [&](std::string_view name) -> std::optional<ColumnType> {
    const auto known = types.find(std::string(name));
    return known == types.end() ? std::nullopt : known->second;
  });
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const char* table_name = sqlite3_column_table_name(statement, static_cast<int>(i));
    const char* column_name = sqlite3_column_origin_name(statement, static_cast<int>(i));
    FileTable* table = table_name && column_name ? find(table_name) : nullptr;
    if (i < from_sql.size()) columns[i].type = from_sql[i];
    if (!table) continue;
    TRY(sample(context, connection, *table));
    const auto position = table->positions.find(lower(column_name));
    if (position == table->positions.end()) continue;
    columns[i].type = table->columns[position->second].type;
    columns[i].scale = table->declared[position->second].scale;
  }
  return columns;
}

TimestampForm DatabaseFile::timestamp_form(const Connection& connection, const std::string& sql) const {
  std::optional<TimestampForm> form;
  for (const ReadColumn& read : connection.reads()) {
    const FileTable* table = find(read.table);
    const auto position = table ? table->positions.find(read.column) : decltype(FileTable::positions)::const_iterator();
    if (!table || position == table->positions.end() || table->columns[position->second].type != ColumnType::timestamp) continue;
    const auto& written = table->forms[position->second];
    if (!written || (form && *form != *written)) return {};
    form = written;
  }
  // What datetime() writes has the usual form.
  return form && !find_word(sql, "datetime") ? *form : TimestampForm{};
}

namespace {

Result<std::vector<Instruction>> program_of(Connection& connection, const std::string& sql) {
  const Statement statement = TRY(connection.prepare("EXPLAIN " + sql));
  std::vector<Instruction> program;
  while (TRY(connection.step(statement.get()))) {
    const auto* opcode = reinterpret_cast<const char*>(sqlite3_column_text(statement.get(), 1));
    program.push_back(
        {.opcode = opcode ? opcode : "", .p1 = sqlite3_column_int64(statement.get(), 2), .p2 = sqlite3_column_int64(statement.get(), 3)});
  }
  return program;
}

}  // namespace

// SQLite's authorizer is told of no column that USING and NATURAL compare, and of no table that nothing else is read of.
Result<std::vector<std::string>> DatabaseFile::joined_tables(Connection& connection, const std::string& sql) const {
  std::vector<std::string> names;
  if (!find_word(sql, "using") && !find_word(sql, "natural")) return names;
  const auto refuse = [&](const std::string& name) {
    return fail(sql_not_allowed(str("The table '", name.substr(0, 100), "' may not be read"), sql, find_word(sql, name), name));
  };
  for (const std::string& name : hidden_) {
    if (find_word(sql, name)) return refuse(name);
  }
  for (const Instruction& one : TRY(program_of(connection, sql))) {
    if (one.opcode != "OpenRead" && one.opcode != "ReopenIdx") continue;
    const auto tree = trees_.find(one.p2);
    if (tree == trees_.end() || !find(tree->second.table)) return refuse(tree == trees_.end() ? "sqlite_schema" : tree->second.table);
    names.push_back(find(tree->second.table)->name);
  }
  return names;
}

Result<ScanEstimate> DatabaseFile::scanned_bytes(const CallContext& context, Connection& connection, const std::string& sql) {
  const std::vector<Instruction> program = TRY(program_of(connection, sql));
  std::map<std::int64_t, std::uint64_t> sizes;
  for (const Instruction& one : program) {
    if (one.opcode != "OpenRead" && one.opcode != "ReopenIdx") continue;
    const auto tree = trees_.find(one.p2);
    sizes[one.p2] = tree == trees_.end() ? file_bytes_ : TRY(tree_bytes(context, connection, tree->second.name));
  }
  return estimate_scan(program, page_bytes_, [&](std::int64_t root_page) { return sizes[root_page]; });
}

Result<SqlReads> DatabaseFile::check_sql(const CallContext& context, const std::string& sql) {
  const Lease connection = TRY(borrow(context));
  const Connection::Call call(*connection, context);
  const Statement statement = TRY(connection->prepare_guarded(sql, *this));
  SqlReads reads;
  std::set<std::string> tables;
  const auto add_table = [&](const FileTable& table) {
    if (!tables.insert(table.name).second) return;
    TableRead& entry = reads.tables.emplace_back(TableRead{.dataset = std::string(dataset_name), .name = table.name});
    if (const auto place = find_word(sql, table.name)) std::tie(entry.line, entry.column) = line_and_column(sql, *place);
  };
  const auto add_column = [&](const FileTable& table, const std::string& column) {
    reads.columns.push_back({.dataset = std::string(dataset_name), .table = table.name, .column = column});
  };
  for (const ReadColumn& read : connection->reads()) {
    const FileTable& table = *find(read.table);
    add_table(table);
    if (const auto position = table.positions.find(read.column); position != table.positions.end())
      add_column(table, table.columns[position->second].name);
  }
  for (const std::string& name : TRY(joined_tables(*connection, sql))) add_table(*find(name));
  if (find_word(sql, "using") || find_word(sql, "natural")) {
    for (const std::string& name : tables) {
      for (const ColumnInfo& column : find(name)->columns) add_column(*find(name), column.name);
    }
  }
  std::ranges::sort(reads.columns);
  reads.columns.erase(std::ranges::unique(reads.columns).begin(), reads.columns.end());
  reads.functions = connection->functions();
  return reads;
}

Result<DryRun> DatabaseFile::dry_run(const CallContext& context, const BoundQuery& query) {
  const Lease connection = TRY(borrow(context));
  const Connection::Call call(*connection, context);
  const Statement statement = TRY(connection->prepare_guarded(query.sql, *this));
  DryRun dry_run;
  for (AnswerColumn& column : TRY(answer_columns(context, *connection, statement.get(), query.sql)))
    dry_run.columns.push_back({.name = std::move(column.name), .type = column.type.value_or(ColumnType::text)});
  for (const ReadColumn& read : connection->reads()) {
    const std::string name = sqlite_dialect().identifier(find(read.table)->name);
    if (std::ranges::find(dry_run.tables, name) == dry_run.tables.end()) dry_run.tables.push_back(name);
  }
  for (const std::string& joined : TRY(joined_tables(*connection, query.sql))) {
    const std::string name = sqlite_dialect().identifier(joined);
    if (std::ranges::find(dry_run.tables, name) == dry_run.tables.end()) dry_run.tables.push_back(name);
  }
  TRY(connection->bind(statement.get(), query.values));
  const ScanEstimate estimate = TRY(scanned_bytes(context, *connection, query.sql));
  dry_run.bytes_scanned = estimate.bytes;
  dry_run.accuracy = estimate.accuracy;
  return dry_run;
}

Result<Streamed> DatabaseFile::stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) {
  const Lease connection = TRY(borrow(context));
  const Connection::Call call(*connection, context);
  const Statement statement = TRY(connection->prepare_guarded(query.sql, *this));
  TRY(joined_tables(*connection, query.sql));
  const std::vector<AnswerColumn> columns = TRY(answer_columns(context, *connection, statement.get(), query.sql));
  TRY(connection->bind(statement.get(), query.values, timestamp_form(*connection, query.sql)));
  // SQLite has no cap on what a statement reads. What bounds a run is the dry run of the file as it is now, the call's deadline (looked at
  // every steps_between_checks instructions), and the limits on memory and temporary files.
  if (limits.scanned_bytes_max) TRY(check_scanned_bytes(TRY(scanned_bytes(context, *connection, query.sql)).bytes, limits));
  const Streamed streamed = TRY(connection->stream(statement.get(), columns, limits, sink));
  TRY(check_unchanged());
  return streamed;
}

Result<> DatabaseFile::check_unchanged() const {
  if (!is_immutable_) return {};
  const auto now = file_version(path_);
  if (now && *now == version_) return {};
  return fail(ErrorCode::unavailable, "data_changed", "The SQLite file was changed while it was read: ask again");
}

}  // namespace bridge::sqlite
