#include "warehouse/duckdb/duckdb_driver.h"

#include <filesystem>
#include <mutex>

#include "base/guarded.h"
#include "base/text.h"
#include "warehouse/duckdb/column_statistics.h"
#include "warehouse/duckdb/data_source.h"
#include "warehouse/duckdb/duckdb_dialect.h"
#include "warehouse/duckdb/duckdb_library.h"
#include "warehouse/duckdb/engine.h"
#include "warehouse/duckdb/limits.h"
#include "warehouse/duckdb/private_engine.h"
#include "warehouse/duckdb/sql_guard.h"

namespace bridge {

namespace {

using duckdb::DataSource;
using duckdb::SourceTable;
using duckdb::SqlGuard;

// One open source per path, shared by all connections to it. Thread-safe; opening one path does not hold up the others.
class SourceRegistry final {
 public:
  Result<std::shared_ptr<DataSource>> open(const CallContext& context, const std::filesystem::path& path, const std::string& version) {
    const std::shared_ptr<Slot> slot = slot_of(path.string());
    const std::lock_guard lock(slot->mutex);
    if (auto source = slot->source.lock(); source && source->version() == version) return source;
    auto source = TRY(DataSource::open(context, path, version));
    slot->source = source;
    return source;
  }

 private:
  struct Slot {
    std::mutex mutex;
    std::weak_ptr<DataSource> source;
  };

  std::shared_ptr<Slot> slot_of(const std::string& path) {
    const std::lock_guard lock(mutex_);
    std::erase_if(
        slots_, [&](const auto& entry) { return entry.second.use_count() == 1 && entry.second->source.expired() && entry.first != path; });
    std::shared_ptr<Slot>& slot = slots_[path];
    if (!slot) slot = std::make_shared<Slot>();
    return slot;
  }

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Slot>> slots_;
};

class DuckdbWarehouse final : public Warehouse {
 public:
  DuckdbWarehouse(std::shared_ptr<SourceRegistry> registry, std::filesystem::path path)
      : registry_(std::move(registry)), path_(std::move(path)) {}

  const SqlDialect& dialect() const override { return duckdb_dialect(); }

  Result<> ping(const CallContext& context) override {
    const auto source = TRY(current(context));
    const auto session = TRY(source->engine().borrow(context));
    TRY(session->run(context, {.sql = "SELECT 1"}, {}));
    return {};
  }

  Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context) override { return TRY(current(context))->datasets(); }

  Result<std::vector<TableInfo>> list_tables(const CallContext& context, std::string_view dataset) override {
    const auto source = TRY(current(context));
    std::vector<TableInfo> infos;
    for (const SourceTable* table : TRY(source->tables(context, dataset))) infos.push_back(table->info);
    return infos;
  }

  Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, std::string_view dataset,
                                                          std::string_view table) override {
    const auto source = TRY(current(context));
    return duckdb::statistics_of(context, source->engine(), *TRY(source->table(context, dataset, table)));
  }

  Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) override {
    const auto source = TRY(current(context));
    return source->dry_run(context, SqlGuard(TRY(duckdb::parser_engine())), query);
  }

  Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) override {
    const auto source = TRY(current(context));
    TRY(source->analyse(context, SqlGuard(TRY(duckdb::parser_engine())), query.sql));
    const auto session = TRY(source->engine().borrow(context));
    return session->stream(context, query, limits, sink);
  }

 private:
  // The source as the files are now; looked at again when the last look is old.
  Result<std::shared_ptr<DataSource>> current(const CallContext& context) {
    TRY(context.check());
    const std::lock_guard lock(mutex_);
    const auto now = CallContext::Clock::now();
    if (source_ && now - checked_at_ < duckdb::data_version_check_interval) return source_;
    const std::string version = TRY(duckdb::data_version(path_));
    if (!source_ || source_->version() != version) source_ = TRY(registry_->open(context, path_, version));
    checked_at_ = now;
    return source_;
  }

  std::shared_ptr<SourceRegistry> registry_;
  std::filesystem::path path_;
  std::mutex mutex_;
  std::shared_ptr<DataSource> source_;
  CallContext::Clock::time_point checked_at_;
};

// Whether the path is among what a server keeps for all of its teams: the parts of a data folder, which is where its lock file is.
bool is_of_a_server(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path part = path;
  while (part.has_relative_path()) {
    const std::filesystem::path folder = part.parent_path();
    const std::string name = part.filename().string();
    if ((name == "lake" || name == "keys") && std::filesystem::exists(folder / "bridge.lock", error)) return true;
    part = folder;
  }
  return false;
}

class DuckdbDriver final : public WarehouseDriver {
 public:
  std::string type() const override { return "duckdb"; }
  std::string title() const override { return "DuckDB file, or a folder of Parquet, CSV and JSON"; }
  std::vector<CredentialField> fields() const override {
    return {{.name = "path",
             .about = "A .duckdb file, or a folder of Parquet, CSV, TSV or JSON files, on the server's machine",
             .secret = false,
             .required = true,
             .where_it_is = true}};
  }

  const SqlDialect& dialect() const override { return duckdb_dialect(); }

  DataVersion data_version(const std::map<std::string, Secret>& credentials) const override {
    return [path = path_of(text_of(credentials)), mutex = std::make_shared<std::mutex>(), known = std::make_shared<KnownVersion>()] {
      const std::lock_guard lock(*mutex);
      const auto now = CallContext::Clock::now();
      if (known->text.empty() || now - known->checked_at >= duckdb::data_version_check_interval) {
        known->text.clear();
        known->checked_at = now;
        auto version = duckdb::data_version(path);
        if (!version) return version;
        known->text = std::move(*version);
      }
      return Result<std::string>(known->text);
    };
  }

  Result<std::shared_ptr<Warehouse>> open(const CallContext& context, const std::map<std::string, Secret>& credentials) override {
    TRY(context.check());
    const std::string text = text_of(credentials);
    if (text.empty())
      return fail(ErrorCode::invalid_argument, "path_missing", "Say where the data is: 'path' is a DuckDB file or a folder of data files");
    if (text.find("://") != std::string::npos || text.find_first_of("*?") != std::string::npos || text == ":memory:") {
      return fail(ErrorCode::invalid_argument, "path_not_allowed",
                  "'path' must be a file or a folder of the server's machine: no address and no pattern");
    }
    const std::filesystem::path path = path_of(text);
    if (is_of_a_server(path)) {
      return fail(ErrorCode::invalid_argument, "path_not_allowed",
                  "'path' is in the data folder of a Bridge server, which holds what is every team's: choose another");
    }
    TRY(duckdb::data_version(path));
    // The guard's engine takes as long to start as the data's: both start at once.
    std::jthread parser;
    (void)guarded(
        [&] { parser = std::jthread([] { (void)guarded([] { return duckdb::parser_engine(); }); }); });  // else it starts when needed
    auto warehouse = std::make_shared<DuckdbWarehouse>(registry_, path);
    TRY(warehouse->ping(context));
    return warehouse;
  }

 private:
  struct KnownVersion {
    std::string text;
    CallContext::Clock::time_point checked_at;
  };

  static std::string text_of(const std::map<std::string, Secret>& credentials) {
    const auto field = credentials.find("path");
    return field == credentials.end() ? "" : std::string(trim(field->second.reveal()));
  }
  static std::filesystem::path path_of(const std::string& text) {
    std::error_code error;
    std::filesystem::path path = std::filesystem::weakly_canonical(text, error);
    return error ? std::filesystem::path(text) : path;
  }

  std::shared_ptr<SourceRegistry> registry_ = std::make_shared<SourceRegistry>();
};

}  // namespace

std::shared_ptr<WarehouseDriver> make_duckdb_driver() { return std::make_shared<DuckdbDriver>(); }

Result<> load_duckdb() { return duckdb::load_duckdb_library(); }

}  // namespace bridge
