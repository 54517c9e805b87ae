#include "warehouse/metered_warehouse.h"

#include "base/text.h"
#include "platform/work/lru_cache.h"
#include "warehouse/forwarding_warehouse.h"

namespace bridge {

namespace {

constexpr std::size_t kEstimatesMax = 1'000;

class MeteredWarehouse final : public ForwardingWarehouse {
 public:
  MeteredWarehouse(std::shared_ptr<Warehouse> inner, ReadingMeter meter)
      : ForwardingWarehouse(std::move(inner)), meter_(std::move(meter)) {}

  Result<DryRun> dry_run(const CallContext& context, const BoundQuery& query) override {
    DryRun dry_run = TRY(inner().dry_run(context, query));
    estimates_.put(key_of(context, query), dry_run.bytes_scanned);
    return dry_run;
  }

  Result<Streamed> stream(const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits, BatchSink& sink) override {
    const std::optional<std::uint64_t> known = estimates_.find(key_of(context, query));
    const std::uint64_t bytes = known ? *known : TRY(inner().dry_run(context, query)).bytes_scanned;
    TRY(meter_.take(context, bytes));
    auto streamed = inner().stream(context, query, limits, sink);
    if (!streamed) meter_.give_back(context, bytes);
    return streamed;
  }

 private:
  // The same SQL is other SQL for a viewer with a policy.
  static std::string key_of(const CallContext& context, const BoundQuery& query) {
    std::string key = str(context.viewer().key(), "\n", query.sql);
    for (const SqlValue& value : query.values) key += str("\n", value.index(), text_of(value));
    return key;
  }

  static std::string text_of(const SqlValue& value) {
    return std::visit(
        [](const auto& held) -> std::string {
          using T = std::decay_t<decltype(held)>;
          if constexpr (std::is_same_v<T, std::nullptr_t>) return "";
          else if constexpr (std::is_same_v<T, bool>) return held ? "t" : "f";
          else if constexpr (std::is_same_v<T, std::string>) return held;
          else if constexpr (std::is_arithmetic_v<T>) return str(held);
          else return held.text;
        },
        value);
  }

  const ReadingMeter meter_;
  LruCache<std::string, std::uint64_t> estimates_{{.entries_max = kEstimatesMax}};
};

}  // namespace

std::shared_ptr<Warehouse> make_metered_warehouse(std::shared_ptr<Warehouse> inner, ReadingMeter meter) {
  return std::make_shared<MeteredWarehouse>(std::move(inner), std::move(meter));
}

}  // namespace bridge
