#include "warehouse/isolated/isolated_query_engine.h"

#include "base/text.h"
#include "warehouse/batch_codec.h"
#include "warehouse/isolated/checked_answer.h"
#include "warehouse/isolated/killed_requests.h"
#include "warehouse/isolated/protocol.h"
#include "warehouse/isolated/warehouse_program.h"

namespace bridge {

namespace {

using namespace isolated;

class IsolatedQueryEngine final : public LocalQueryEngine {
 public:
  IsolatedQueryEngine(std::shared_ptr<LocalQueryEngine> engine, std::shared_ptr<WorkerSupervisor> supervisor,
                      std::uint64_t memory_bytes_max)
      : engine_(std::move(engine)), supervisor_(std::move(supervisor)), memory_bytes_max_(memory_bytes_max) {}

  const SqlDialect& dialect() const override { return engine_->dialect(); }

  Result<QueryResult> execute(const CallContext& context, const BoundQuery& query, const std::map<std::string, const QueryResult*>& tables,
                              const ExecuteLimits& limits) override {
    TRY(context.check());
    AnswersQuery asked{.query = query, .limits = limits, .tables = {}};
    for (const auto& [name, rows] : tables) append_batch(asked.tables[name], *rows);
    const std::string team = context.caller.team_id.value();
    const std::string request = to_wire(asked);
    const auto key = [&] { return killed_request_key(team, "", request); };
    const auto time = time_of(context);
    if (!killed_.is_empty()) TRY(killed_.check(key(), time));
    BatchCollector collector;
    CheckedAnswer answer(limits, collector);
    const auto outcome = supervisor_->call(context, spec_of(team), request, [&](std::string_view message) { return answer.take(message); });
    if (!outcome) {
      if (outcome.error().reason == "query_killed") killed_.note(key(), outcome.error(), time);
      return std::unexpected(outcome.error());
    }
    collector.result.truncated = TRY(answer.end()).truncated;
    return std::move(collector.result);
  }

 private:
  WorkerSpec spec_of(const std::string& team) const {
    WorkerSpec spec{.key = str("answers/", team), .group = team, .program = std::string(kAnswersProgram)};
    spec.sandbox.memory_bytes_max = memory_bytes_max_;
    return spec;
  }

  const std::shared_ptr<LocalQueryEngine> engine_;
  const std::shared_ptr<WorkerSupervisor> supervisor_;
  const std::uint64_t memory_bytes_max_;
  KilledRequests killed_;
};

}  // namespace

std::shared_ptr<LocalQueryEngine> make_isolated_query_engine(std::shared_ptr<LocalQueryEngine> engine,
                                                             std::shared_ptr<WorkerSupervisor> supervisor, std::uint64_t memory_bytes_max) {
  return std::make_shared<IsolatedQueryEngine>(std::move(engine), std::move(supervisor), memory_bytes_max);
}

}  // namespace bridge
