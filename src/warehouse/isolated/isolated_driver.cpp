#include "warehouse/isolated/isolated_driver.h"

#include <sys/stat.h>

#include "base/guarded.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/text.h"
#include "warehouse/isolated/checked_answer.h"
#include "warehouse/isolated/killed_requests.h"
#include "warehouse/isolated/protocol.h"
#include "warehouse/isolated/warehouse_program.h"

namespace bridge {

namespace {

using namespace isolated;
namespace fs = std::filesystem;

// Which files these are now: another file of the same name is one that a worker may not read.
std::string identity_of(const std::vector<std::string>& paths) {
  std::string identity;
  for (const std::string& path : paths) {
    struct stat status {};
    identity += ::stat(path.c_str(), &status) == 0 ? str(status.st_dev, ":", status.st_ino, " ") : "- ";
  }
  return identity;
}

// For a table that is looked at by itself, after one that was looked at together with it ended the engine.
constexpr std::chrono::seconds kTableTimeMax{10};

bool is_killed(const Error& error) { return error.reason == "query_killed"; }

// Whether somebody wrote the SQL; else it is the data alone that is read.
bool is_query(const Request& request) {
  return std::holds_alternative<CheckSql>(request) || std::holds_alternative<DryRunOf>(request) || std::holds_alternative<Stream>(request);
}

// What a worker's death means where no query was asked.
std::string said_of_data(const Error& error) {
  switch (error.code) {
    case ErrorCode::deadline_exceeded:
      return "The data could not be read in the time that there is: a file is very large, or has no end. Take it out, or write it as "
             "Parquet";
    case ErrorCode::resource_exhausted:
      return "The data needs more memory than an engine may take: a file has very long lines or values. Take it out, or write it as "
             "Parquet";
    default:
      return "The engine crashed on the data: a file is damaged, or nested too deep to be read. Take out the file that was added last";
  }
}

class IsolatedWarehouse final : public Warehouse {
 public:
  IsolatedWarehouse(std::shared_ptr<WarehouseDriver> driver, std::shared_ptr<WorkerSupervisor> supervisor,
                    std::shared_ptr<KilledRequests> killed, IsolationOptions options, std::string team,
                    std::map<std::string, Secret> credentials)
      : driver_(std::move(driver)),
        supervisor_(std::move(supervisor)),
        killed_(std::move(killed)),
        options_(std::move(options)),
        team_(std::move(team)),
        credentials_(std::move(credentials)),
        data_version_(driver_->data_version(credentials_)),
        key_(make_uuid()) {
    Credentials fields;
    for (const auto& [name, value] : credentials_) fields.fields.emplace(name, value.reveal());
    argument_ = Secret(to_wire(fields));
    for (auto& [name, value] : fields.fields) const Secret wiped(std::move(value));
  }
  ~IsolatedWarehouse() override {
    supervisor_->end(key_);
    std::error_code error;
    if (has_scratch_) fs::remove_all(scratch_folder(), error);
    if (error) log_warning("scratch_folder_not_removed", {{"detail", error.message()}});
  }

  const SqlDialect& dialect() const override { return driver_->dialect(); }

  Result<> ping(const CallContext& context) override {
    is_reading_free_ = TRY(value_of<bool>(context, Ping{}));
    return {};
  }
  bool is_reading_free() const override { return is_reading_free_; }
  Result<SqlReads> check_sql(const CallContext& context, std::string_view sql) override {
    return value_of<SqlReads>(context, CheckSql{std::string(sql)});
  }
  Result<std::vector<DatasetInfo>> list_datasets(const CallContext& context) override {
    return value_of<std::vector<DatasetInfo>>(context, ListDatasets{});
  }
  Result<std::vector<TableName>> list_tables(const CallContext& context, std::string_view dataset) override {
    return value_of<std::vector<TableName>>(context, ListTables{std::string(dataset)});
  }
  // A table that kills its engine is one that cannot be read: when one of several does, each is looked at by itself.
  Result<std::vector<TableInfo>> describe_tables(const CallContext& context, std::string_view dataset,
                                                 std::span<const std::string> names) override {
    auto described = describe(context, dataset, names);
    if (described || !is_killed(described.error())) return described;
    std::vector<TableInfo> tables;
    for (const std::string& name : names) {
      TRY(context.check());
      auto one = describe(context.with_timeout(kTableTimeMax), dataset, {&name, 1});
      if (one) std::ranges::move(*one, std::back_inserter(tables));
      else if (is_killed(one.error()) || one.error().code == ErrorCode::deadline_exceeded) log_skipped(name, one.error());
      else return one;
    }
    return tables;
  }
  Result<std::vector<ColumnStatistics>> column_statistics(const CallContext& context, std::string_view dataset, std::string_view table,
                                                          const StatisticsBudget& budget) override {
    return value_of<std::vector<ColumnStatistics>>(context, ColumnStatisticsOf{std::string(dataset), std::string(table), budget});
  }
  Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) override {
    return value_of<DryRun>(context, DryRunOf{query});
  }

  Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) override {
    CheckedAnswer answer(limits, sink);
    TRY(call(context, Stream{query, limits}, [&](std::string_view message) { return answer.take(message); }));
    return answer.end();
  }

 private:
  Result<std::vector<TableInfo>> describe(const CallContext& context, std::string_view dataset, std::span<const std::string> names) {
    return value_of<std::vector<TableInfo>>(context, DescribeTables{std::string(dataset), {names.begin(), names.end()}});
  }

  static void log_skipped(const std::string& table, const Error& error) {
    log_warning("warehouse_table_skipped", {{"table", table}, {"reason", error.message}, {"detail", error.detail}});
  }

  template <class Value>
  Result<Value> value_of(const CallContext& context, Request request) {
    std::optional<Value> value;
    TRY(call(context, std::move(request), [&](std::string_view message) -> Result<> {
      if (value) return lied("two answers");
      value = TRY(from_wire<Value>(message));
      return {};
    }));
    if (!value) return lied("no answer");
    return std::move(*value);
  }

  Result<> call(const CallContext& context, const Request& request, const TakeMessage& take) {
    TRY(context.check());
    const std::string bytes = to_wire(request);
    const auto time = time_of(context);
    if (!killed_->is_empty()) TRY(killed_->check(request_key(bytes), time));
    auto outcome = supervisor_->call(context, TRY(spec()), bytes, take);
    if (outcome || !is_killed(outcome.error())) return outcome;
    Error error = std::move(outcome).error();
    if (!is_query(request)) {
      error.message = said_of_data(error);
      for (Violation& violation : error.violations) violation.message = error.message;
    }
    killed_->note(request_key(bytes), error, time);
    return fail(std::move(error));
  }

  std::string request_key(std::string_view request) const {
    return killed_request_key(str(team_, "/", driver_->type()), data_version_ ? data_version_().value_or("") : "", request);
  }

  // The files may have become others since the last call.
  Result<WorkerSpec> spec() {
    IsolationNeeds needs = TRY(driver_->isolation_needs(credentials_));
    WorkerSpec spec{.key = key_, .group = team_, .program = warehouse_program_name(driver_->type()), .argument = argument_};
    spec.version = identity_of(needs.readable_paths);
    spec.sandbox.readable_paths = std::move(needs.readable_paths);
    spec.sandbox.memory_bytes_max = options_.memory_bytes_max;
    if (needs.writes_temporary_files) spec.sandbox.scratch_folder = TRY(make_scratch_folder());
    return spec;
  }

  Result<std::string> make_scratch_folder() {
    if (!has_scratch_) {
      std::error_code error;
      fs::create_directories(scratch_folder(), error);
      if (!error) fs::permissions(scratch_folder(), fs::perms::owner_all, error);
      if (error) {
        return fail(Error{.code = ErrorCode::unavailable,
                          .message = "There is no place for the engine's temporary files",
                          .detail = error.message(),
                          .reason = "no_scratch_folder"});
      }
      has_scratch_ = true;
    }
    return scratch_folder().string();
  }
  fs::path scratch_folder() const { return options_.scratch_folder / key_; }

  const std::shared_ptr<WarehouseDriver> driver_;
  const std::shared_ptr<WorkerSupervisor> supervisor_;
  const std::shared_ptr<KilledRequests> killed_;
  const IsolationOptions options_;
  const std::string team_;
  const std::map<std::string, Secret> credentials_;
  const DataVersion data_version_;
  const std::string key_;  // this warehouse's alone: a worker never works for two
  Secret argument_;
  std::atomic<bool> has_scratch_ = false;
  std::atomic<bool> is_reading_free_ = false;  // known from the first ping, with which it is opened
};

class IsolatedDriver final : public WarehouseDriver {
 public:
  IsolatedDriver(std::shared_ptr<WarehouseDriver> driver, std::shared_ptr<WorkerSupervisor> supervisor, IsolationOptions options)
      : driver_(std::move(driver)), supervisor_(std::move(supervisor)), options_(std::move(options)) {}

  std::string type() const override { return driver_->type(); }
  std::string title() const override { return driver_->title(); }
  std::vector<CredentialField> fields() const override { return driver_->fields(); }
  const SqlDialect& dialect() const override { return driver_->dialect(); }
  bool is_of_this_machine() const override { return driver_->is_of_this_machine(); }
  DataVersion data_version(const std::map<std::string, Secret>& credentials) const override { return driver_->data_version(credentials); }
  Result<std::map<std::string, Secret>> spelled_out(std::map<std::string, Secret> credentials) const override {
    return driver_->spelled_out(std::move(credentials));
  }

  Result<std::shared_ptr<Warehouse>> open(const CallContext& context, const std::map<std::string, Secret>& credentials,
                                          const Opening& opening) override {
    opening.tell(ConnectionStep::open);
    const auto warehouse =
        std::make_shared<IsolatedWarehouse>(driver_, supervisor_, killed_, options_, context.caller.team_id.value(), credentials);
    TRY(warehouse->ping(context));
    return warehouse;
  }

 private:
  const std::shared_ptr<WarehouseDriver> driver_;
  const std::shared_ptr<WorkerSupervisor> supervisor_;
  const std::shared_ptr<KilledRequests> killed_ = std::make_shared<KilledRequests>();
  const IsolationOptions options_;
};

}  // namespace

std::shared_ptr<WarehouseDriver> make_isolated_driver(std::shared_ptr<WarehouseDriver> driver, std::shared_ptr<WorkerSupervisor> supervisor,
                                                      IsolationOptions options) {
  return std::make_shared<IsolatedDriver>(std::move(driver), std::move(supervisor), std::move(options));
}

}  // namespace bridge
