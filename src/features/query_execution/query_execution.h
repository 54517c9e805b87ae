#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/call_context.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/time.h"
#include "features/query_execution/answer_memory.h"
#include "features/query_execution/limits.h"
#include "platform/cache/byte_cache.h"
#include "platform/work/worker_pool.h"
#include "warehouse/warehouse.h"

namespace bridge {

enum class CacheState : std::uint8_t { hit, miss, stale };
BOOST_DESCRIBE_ENUM(CacheState, hit, miss, stale)

// A query to run for a dashboard, under the limits that hold for it (already the smallest of engine, connection, document and caller).
struct QueryRequest {
  std::string slug;  // of the dashboard, or "adhoc"
  int version = 0;
  std::string query_id;
  std::string connection_key;  // which warehouse, with the version of its credentials
  BoundQuery query;
  std::uint64_t bytes_max = 100'000'000;
  std::chrono::milliseconds timeout{30'000};
  std::size_t rows_max = 5'000;  // at most kInputRowsMax
  std::chrono::milliseconds time_to_live{std::chrono::hours{24}};
  std::chrono::milliseconds max_stale{std::chrono::hours{48}};  // age at which an answer may no longer be shown at all
  bool fresh = false;                                           // skip the cache, and fill it
  std::optional<std::string> data_version;  // of the data as it is now, where that is known: an answer of another is not shown
  std::shared_ptr<AnswerView> view;         // whose answer it is; null: of a request of its own
};

// An answer as it is kept: encoded once, then shared.
struct QueryAnswer {
  SharedBytes data;  // {"columns":[…],"rows":[…]}; counts as memory in use while anybody has it
  std::size_t row_count = 0;
  bool truncated = false;
  std::uint64_t bytes_scanned = 0;
  double cost_usd = 0;
  Time executed_at;
  std::int64_t duration_ms = 0;
  std::string query_hash;
  CacheState cache = CacheState::miss;
  std::int64_t age_s = 0;
};

// How to get at the engine when the cache has no answer.
struct QueryEngine {
  std::function<Result<DryRun>(const CallContext&, const BoundQuery&)> dry_run;
  std::function<Result<QueryResult>(const CallContext&, const BoundQuery&, const ExecuteLimits&)> execute;
};

// The engine of an open warehouse, opened at the first use.
QueryEngine engine_of(std::function<Result<std::shared_ptr<Warehouse>>(const CallContext&)> open);

// Runs queries so that no SQL runs without a dry run under its cap, equal requests run once, and answers are kept. Thread-safe.
class QueryExecution {
 public:
  virtual ~QueryExecution() = default;

  // For the queries of one request: pass it on in QueryRequest.
  virtual std::shared_ptr<AnswerView> open_view() = 0;

  // resource_exhausted ("byte_cap_exceeded") with the estimate, the cap and what would help; unavailable ("out_of_memory") when the answers
  // of all requests together would take too much; else the engine's errors.
  virtual Result<QueryAnswer> execute(const CallContext& context, const QueryRequest& request, const QueryEngine& engine) = 0;

  // Drops the answers of all versions of a dashboard, of every viewer.
  virtual void forget(const TeamScope& team, std::string_view slug) = 0;
};

// `cache` must outlive the returned object. Its destructor waits for refreshes that are under way.
std::unique_ptr<QueryExecution> make_query_execution(ByteCache& cache, std::shared_ptr<const Clock> clock,
                                                     AnswerMemoryLimits memory = answer_memory_limits(process_memory_max()));

// Threads that help with the queries of views; the key is the connection (`run_all` in platform/work).
std::unique_ptr<WorkerPool> make_query_workers(std::size_t threads = query_limits::kQueryThreads);

// Refuses an estimate at or over the cap, with the way out.
Result<> check_byte_cap(std::uint64_t bytes_scanned, std::uint64_t bytes_max);
// What would make a query scan less; empty unless it scans a lot (over 1 GB).
std::string partition_advice(std::uint64_t bytes_scanned);

// The cache's key: which answer this is. Team, viewer's policy, connection, SQL and values are hashed together, so that no two teams and no
// two policies can meet.
std::string query_hash(const ViewerScope& viewer, const QueryRequest& request);
std::string cache_key(const ViewerScope& viewer, const QueryRequest& request);

// Reads back what encode_rows wrote.
Result<QueryResult> decode_rows(std::string_view data);

}  // namespace bridge
