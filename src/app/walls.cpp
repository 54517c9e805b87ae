#include "app/walls.h"

#include "base/json.h"
#include "base/text.h"
#include "platform/work/lru_cache.h"

namespace bridge {
namespace {

constexpr std::chrono::minutes kProbeInterval{1};
constexpr int kOnlyEntry = 0;

Result<> judge(const SandboxReport& report) {
  if (is_whole(report)) return {};
  std::vector<std::string> missing;
  for (const SandboxLayerReport& layer : report.layers) {
    if (!layer.in_force) missing.push_back(str(enum_name(layer.layer), " (", layer.note, ")"));
  }
  return fail(ErrorCode::failed_precondition, "walls_missing", str("Engines run without these walls: ", join(missing, "; ")));
}

class ProbedWalls final : public Walls {
 public:
  explicit ProbedWalls(std::shared_ptr<WorkerSupervisor> workers) : workers_(std::move(workers)) {}

  Result<> check(const CallContext& context) override {
    if (const auto known = known_.find(kOnlyEntry)) return judge(*known);
    const SandboxReport report = TRY(workers_->probe(context));
    known_.put(kOnlyEntry, report);
    return judge(report);
  }

 private:
  const std::shared_ptr<WorkerSupervisor> workers_;
  LruCache<int, SandboxReport> known_{{.entries_max = 1, .time_to_live = kProbeInterval}};
};

}  // namespace

std::unique_ptr<Walls> make_walls(std::shared_ptr<WorkerSupervisor> workers) { return std::make_unique<ProbedWalls>(std::move(workers)); }

}  // namespace bridge
