#include "features/observability/tool_cache.h"

#include <mutex>

#include "ai_sdk/core/tool_runner.h"
#include "base/log.h"
#include "features/observability/limits.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {

namespace {

struct ToolCacheEntry {
  std::string key;
  TeamId team_id;
  std::string tool;
  ConnectionId connection_id;
  std::int64_t size_bytes = 0;
  std::int64_t hits = 0;
  std::int64_t misses = 0;
  Time created_at;
  Time expires_at;
};
BOOST_DESCRIBE_STRUCT(ToolCacheEntry, (), (key, team_id, tool, connection_id, size_bytes, hits, misses, created_at, expires_at))

class CountedToolCache final : public ToolCache {
 public:
  CountedToolCache(std::shared_ptr<ByteCache> cache, std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock,
                   ToolCacheVersions versions)
      : cache_(std::move(cache)), database_(std::move(database)), clock_(std::move(clock)), versions_(std::move(versions)) {}
  ~CountedToolCache() override { (void)write_hits(); }

  std::optional<json::object> find(const ToolContext& context, const std::string& tool, const json::object& arguments) override {
    const auto key = key_of(context, tool, arguments);
    if (!key) return std::nullopt;
    const SharedBytes bytes = cache_->find(*key);
    if (!bytes) return std::nullopt;
    auto value = parse_json(*bytes);
    if (!value || !value->is_object()) return std::nullopt;
    count_hit(*key);
    return std::move(value->get_object());
  }

  void keep(const ToolContext& context, const std::string& tool, const json::object& arguments, const json::object& answer) override {
    const auto key = key_of(context, tool, arguments);
    if (!key) return;
    auto bytes = std::make_shared<const std::string>(json::serialize(answer));
    cache_->put(*key, bytes, kToolAnswerFreshMax);
    const Time now = clock_->now();
    count_miss({.key = *key,
                .team_id = context.call.caller.team_id,
                .tool = tool,
                .connection_id = context.connection_id,
                .size_bytes = static_cast<std::int64_t>(bytes->size()),
                .misses = 1,
                .created_at = now,
                .expires_at = now + kToolAnswerFreshMax});
  }

  Result<ToolCacheStatistics> statistics(const CallContext& context) override {
    TRY(write_hits());
    return read_value<ToolCacheStatistics>(*database_, context, [&](Transaction& transaction) -> Result<ToolCacheStatistics> {
      const auto rows = TRY(transaction.query(
          "SELECT COALESCE(SUM(hits), 0), COALESCE(SUM(misses), 0), COALESCE(SUM(CASE WHEN expires_at > :p2 THEN 1 ELSE 0 END), 0), "
          "COALESCE(SUM(CASE WHEN expires_at > :p2 THEN size_bytes ELSE 0 END), 0) FROM tool_cache_entries WHERE team_id = :p1",
          {context.caller.team_id.value(), db_time(clock_->now())}));
      const auto number = [&](std::size_t index) { return std::get<std::int64_t>(rows.front().values[index]); };
      const std::int64_t asked = number(0) + number(1);
      return ToolCacheStatistics{.hit_rate_pct = asked == 0 ? 0 : 100.0 * static_cast<double>(number(0)) / static_cast<double>(asked),
                                 .total_hits = number(0),
                                 .total_misses = number(1),
                                 .total_cached_tools = number(2),
                                 .storage_size_mb = static_cast<double>(number(3)) / 1e6};
    });
  }

 private:
  std::optional<std::string> key_of(const ToolContext& context, const std::string& tool, const json::object& arguments) const {
    if (context.connection_id.empty() || context.call.caller.team_id.empty()) return std::nullopt;
    const auto catalog = versions_.catalog(context.call, context.connection_id);
    if (!catalog) return std::nullopt;
    const std::string canonical = canonical_json(arguments);
    if (canonical.size() > kToolArgumentsBytesMax) return std::nullopt;
    return str("tool:", context.call.viewer().key(), ":", context.connection_id.value(), ":", *catalog, ":", tool, ":", canonical);
  }

  void count_hit(const std::string& key) {
    bool many = false;
    {
      const std::lock_guard lock(mutex_);
      ++hits_[key];
      many = hits_.size() >= kToolHitsWaitingMax;
    }
    if (many) (void)write_hits();
  }

  void count_miss(const ToolCacheEntry& entry) {
    const Result<> written = database_->transact({}, [&](Transaction& transaction) -> Result<> {
      TRY(transaction.execute("DELETE FROM tool_cache_entries WHERE expires_at < :p1", {db_time(entry.created_at - kToolCountersKept)}));
      const std::int64_t known =
          TRY(transaction.execute("UPDATE tool_cache_entries SET misses = misses + 1, size_bytes = :p2, expires_at = :p3 WHERE key = :p1",
                                  {entry.key, entry.size_bytes, db_time(entry.expires_at)}));
      return known > 0 ? Result<>{} : insert_row(transaction, "tool_cache_entries", entry);
    });
    if (!written) log_warning("tool_cache_not_counted", {{"error", describe_error(written.error())}});
  }

  Result<> write_hits() {
    std::map<std::string, std::int64_t> hits;
    {
      const std::lock_guard lock(mutex_);
      hits.swap(hits_);
    }
    if (hits.empty()) return {};
    return database_->transact({}, [&](Transaction& transaction) -> Result<> {
      for (const auto& [key, count] : hits)
        TRY(transaction.execute("UPDATE tool_cache_entries SET hits = hits + :p2 WHERE key = :p1", {key, count}));
      return {};
    });
  }

  const std::shared_ptr<ByteCache> cache_;
  const std::shared_ptr<Database> database_;
  const std::shared_ptr<const Clock> clock_;
  const ToolCacheVersions versions_;
  std::mutex mutex_;
  std::map<std::string, std::int64_t> hits_;  // not written yet, by key
};

}  // namespace

std::shared_ptr<ToolCache> make_tool_cache(std::shared_ptr<ByteCache> cache, std::shared_ptr<Database> database,
                                           std::shared_ptr<const Clock> clock, ToolCacheVersions versions) {
  return std::make_shared<CountedToolCache>(std::move(cache), std::move(database), std::move(clock), std::move(versions));
}

}  // namespace bridge
