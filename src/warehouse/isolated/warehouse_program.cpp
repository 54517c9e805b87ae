#include "warehouse/isolated/warehouse_program.h"

#include <mutex>

#include "base/text.h"
#include "warehouse/batch_codec.h"
#include "warehouse/isolated/checked_answer.h"
#include "warehouse/isolated/protocol.h"

namespace bridge {

namespace {

using namespace isolated;

// The engine of one worker.
class Engine final {
 public:
  Engine(std::shared_ptr<WarehouseDriver> driver, const Credentials& credentials) : driver_(std::move(driver)) {
    for (const auto& [name, value] : credentials.fields) credentials_.emplace(name, Secret(value));
  }

  Result<> answer(const CallContext& context, std::string_view bytes, Reply& reply) {
    const Request request = TRY(from_wire<Request>(bytes));
    const std::shared_ptr<Warehouse> warehouse = TRY(opened(context));
    return std::visit([&](const auto& asked) { return answer(context, *warehouse, asked, reply); }, request);
  }

 private:
  // Opened by the first call that can; what stands in the way of it is that call's error.
  Result<std::shared_ptr<Warehouse>> opened(const CallContext& context) {
    std::unique_lock lock(mutex_, std::defer_lock);
    while (!lock.try_lock_for(std::chrono::milliseconds(5))) TRY(context.check());
    if (!warehouse_) warehouse_ = TRY(driver_->open(context, credentials_));
    return warehouse_;
  }

  static Result<> answer(const CallContext& context, Warehouse& warehouse, const Ping&, Reply& reply) {
    TRY(warehouse.ping(context));
    return reply.send(to_wire(warehouse.is_reading_free()));
  }
  static Result<> answer(const CallContext& context, Warehouse& warehouse, const ListDatasets&, Reply& reply) {
    return reply.send(to_wire(TRY(warehouse.list_datasets(context))));
  }
  static Result<> answer(const CallContext& context, Warehouse& warehouse, const ListTables& asked, Reply& reply) {
    return reply.send(to_wire(TRY(warehouse.list_tables(context, asked.dataset))));
  }
  static Result<> answer(const CallContext& context, Warehouse& warehouse, const ColumnStatisticsOf& asked, Reply& reply) {
    return reply.send(to_wire(TRY(warehouse.column_statistics(context, asked.dataset, asked.table, asked.budget))));
  }
  static Result<> answer(const CallContext& context, Warehouse& warehouse, const DescribeTables& asked, Reply& reply) {
    return reply.send(to_wire(TRY(warehouse.describe_tables(context, asked.dataset, asked.names))));
  }
  static Result<> answer(const CallContext& context, Warehouse& warehouse, const CheckSql& asked, Reply& reply) {
    return reply.send(to_wire(TRY(warehouse.check_sql(context, asked.sql))));
  }
  static Result<> answer(const CallContext& context, Warehouse& warehouse, const DryRunOf& asked, Reply& reply) {
    return reply.send(to_wire(TRY(warehouse.dry_run(context, asked.query))));
  }
  static Result<> answer(const CallContext& context, Warehouse& warehouse, const Stream& asked, Reply& reply) {
    ReplySink sink(reply);
    return sink.end(TRY(warehouse.stream(context, asked.query, asked.limits, sink)));
  }

  std::shared_ptr<WarehouseDriver> driver_;
  std::map<std::string, Secret> credentials_;
  std::timed_mutex mutex_;
  std::shared_ptr<Warehouse> warehouse_;
};

Result<> answer_query(LocalQueryEngine& engine, const CallContext& context, std::string_view bytes, Reply& reply) {
  const auto asked = TRY(from_wire<AnswersQuery>(bytes));
  std::map<std::string, QueryResult> results;
  std::map<std::string, const QueryResult*> tables;
  for (const auto& [name, batch] : asked.tables) tables[name] = &(results[name] = TRY(read_batch(batch)));
  QueryResult rows = TRY(engine.execute(context, asked.query, tables, asked.limits));
  const Streamed streamed{.row_count = rows.row_count, .truncated = rows.truncated};
  ReplySink sink(reply);
  TRY(sink.take(rows));
  return sink.end(streamed);
}

}  // namespace

WorkerProgram make_answers_program(std::shared_ptr<LocalQueryEngine> engine) {
  return {.name = std::string(kAnswersProgram),
          .prepare = [engine] { return engine->load(); },
          .start = [engine](const std::string&) -> Result<AnswerCall> {
            return [engine](const CallContext& context, std::string_view request, Reply& reply) {
              return answer_query(*engine, context, request, reply);
            };
          }};
}

std::string warehouse_program_name(std::string_view driver_type) { return str("warehouse:", driver_type); }

std::vector<WorkerProgram> make_warehouse_programs(const std::vector<std::shared_ptr<WarehouseDriver>>& drivers) {
  std::vector<WorkerProgram> programs;
  for (const auto& driver : drivers) {
    programs.push_back({.name = warehouse_program_name(driver->type()),
                        .prepare = [driver] { return driver->load(); },
                        .start = [driver](const std::string& argument) -> Result<AnswerCall> {
                          const auto engine = std::make_shared<Engine>(driver, TRY(from_wire<Credentials>(argument)));
                          return [engine](const CallContext& context, std::string_view request, Reply& reply) {
                            return engine->answer(context, request, reply);
                          };
                        }});
  }
  return programs;
}

}  // namespace bridge
