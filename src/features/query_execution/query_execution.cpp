#include "features/query_execution/query_execution.h"

#include <openssl/sha.h>

#include <deque>
#include <unordered_map>

#include "base/log.h"
#include "features/query_execution/limits.h"
#include "platform/telemetry/trace.h"

namespace bridge {
namespace {

using namespace std::chrono;

constexpr std::uint64_t kAdviceBytes = 1'000'000'000;

// What is kept under a key: a JSON line about the answer, a line feed, the answer's bytes.
struct StoredHeader {
  std::int64_t row_count = 0;
  bool truncated = false;
  std::int64_t bytes_scanned = 0;
  double cost_usd = 0;
  Time executed_at;
  std::int64_t duration_ms = 0;
  std::string team_id;
};
BOOST_DESCRIBE_STRUCT(StoredHeader, (), (row_count, truncated, bytes_scanned, cost_usd, executed_at, duration_ms, team_id))

std::string sha256_hex(std::string_view text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  return encode_hex(std::string_view(reinterpret_cast<const char*>(digest), sizeof digest));
}

void append_field(std::string& out, std::string_view field) { out += str(field.size(), ":", field); }

void append_value(std::string& out, const SqlValue& value) {
  out += static_cast<char>('a' + value.index());
  std::visit(
      [&](const auto& held) {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::string>) append_field(out, held);
        else if constexpr (std::is_same_v<T, Date> || std::is_same_v<T, Timestamp>) append_field(out, held.text);
        else if constexpr (std::is_same_v<T, bool>) out += held ? '1' : '0';
        else if constexpr (!std::is_same_v<T, std::nullptr_t>) append_field(out, str(held));
      },
      value);
}

SharedBytes encode_stored(const StoredHeader& header, const std::string& data) {
  auto bytes = std::make_shared<std::string>(to_json_text(header));
  bytes->reserve(bytes->size() + 1 + data.size());
  *bytes += '\n';
  *bytes += data;
  return bytes;
}

// Nothing when the bytes are not an answer of this team: a cache is never trusted.
std::optional<std::pair<StoredHeader, std::string_view>> decode_stored(const SharedBytes& bytes, const TeamScope& team) {
  if (!bytes) return std::nullopt;
  const std::size_t end = bytes->find('\n');
  if (end == std::string::npos) return std::nullopt;
  auto header = from_json_text<StoredHeader>(std::string_view(*bytes).substr(0, end));
  if (!header || header->team_id != team.team_id().value()) return std::nullopt;
  return std::pair{std::move(*header), std::string_view(*bytes).substr(end + 1)};
}

// One load of a key that several callers wait for.
struct Flight {
  std::mutex mutex;
  std::condition_variable_any done_changed;
  bool done = false;
  std::optional<Result<QueryAnswer>> outcome;
};

class CachedQueryExecution final : public QueryExecution {
 public:
  CachedQueryExecution(ByteCache& cache, std::shared_ptr<const Clock> clock)
      : cache_(cache), clock_(std::move(clock)), refresher_([this](std::stop_token stop) { refresh_loop(stop); }) {}

  ~CachedQueryExecution() override {
    refresher_.request_stop();
    refresh_changed_.notify_all();
  }

  Result<QueryAnswer> execute(const CallContext& context, const QueryRequest& request, const QueryEngine& engine) override {
    const std::string key = cache_key(context.team(), request);
    if (!request.fresh) {
      if (auto answer = find(context.team(), key, request)) {
        if (answer->cache == CacheState::stale) refresh_later(context, key, request, engine);
        return std::move(*answer);
      }
    }
    return load_once(context, key, request, engine);
  }

  void forget(const TeamScope& team, std::string_view slug) override {
    cache_.erase_prefix(str("dash:", team.team_id().value(), ":", slug, ":"));
  }

 private:
  struct Refresh {
    CallContext context;
    std::string key;
    QueryRequest request;
    QueryEngine engine;
  };

  std::optional<QueryAnswer> find(const TeamScope& team, const std::string& key, const QueryRequest& request) {
    const SharedBytes bytes = cache_.find(key);
    const auto stored = decode_stored(bytes, team);
    if (!stored) return std::nullopt;
    const auto age = clock_->now() - stored->first.executed_at;
    if (age >= std::max(request.max_stale, request.time_to_live)) return std::nullopt;
    QueryAnswer answer = answer_of(stored->first, request, team);
    // A copy without the header line: the entry may be evicted while the answer is being sent.
    answer.data = std::make_shared<std::string>(stored->second);
    answer.cache = age < request.time_to_live ? CacheState::hit : CacheState::stale;
    answer.age_s = std::max<std::int64_t>(0, duration_cast<seconds>(age).count());
    return answer;
  }

  static QueryAnswer answer_of(const StoredHeader& header, const QueryRequest& request, const TeamScope& team) {
    return QueryAnswer{.row_count = static_cast<std::size_t>(header.row_count),
                       .truncated = header.truncated,
                       .bytes_scanned = static_cast<std::uint64_t>(header.bytes_scanned),
                       .cost_usd = header.cost_usd,
                       .executed_at = header.executed_at,
                       .duration_ms = header.duration_ms,
                       .query_hash = query_hash(team, request)};
  }

  // The first caller of a key loads it; the others wait for that answer. A cancelled leader hands over to one of the waiting.
  Result<QueryAnswer> load_once(const CallContext& context, const std::string& key, const QueryRequest& request,
                                const QueryEngine& engine) {
    for (;;) {
      TRY(context.check());
      std::shared_ptr<Flight> flight;
      bool leader = false;
      {
        const std::lock_guard lock(flights_mutex_);
        auto& slot = flights_[key];
        if (!slot) {
          if (flights_.size() > query_limits::kSingleFlightKeysMax) {
            flights_.erase(key);
            return fail(Error{.code = ErrorCode::unavailable,
                              .message = "Too many different queries are running: try again in a second",
                              .retry_after = std::chrono::seconds(1)});
          }
          slot = std::make_shared<Flight>();
          leader = true;
        }
        flight = slot;
      }
      if (leader) {
        Result<QueryAnswer> outcome = load(context, key, request, engine);
        {
          const std::lock_guard lock(flights_mutex_);
          flights_.erase(key);
        }
        {
          const std::lock_guard lock(flight->mutex);
          flight->outcome = outcome;
          flight->done = true;
        }
        flight->done_changed.notify_all();
        return outcome;
      }
      std::unique_lock lock(flight->mutex);
      flight->done_changed.wait_for(lock, context.stop, context.time_left(query_limits::kTimeoutMax), [&] { return flight->done; });
      TRY(context.check());
      if (!flight->done) return fail(ErrorCode::deadline_exceeded, "The query took longer than its deadline");
      const bool leader_left = !*flight->outcome && (flight->outcome->error().code == ErrorCode::cancelled ||
                                                     flight->outcome->error().code == ErrorCode::deadline_exceeded);
      if (!leader_left) return *flight->outcome;
    }
  }

  Result<QueryAnswer> load(const CallContext& caller, const std::string& key, const QueryRequest& request, const QueryEngine& engine) {
    Span span(caller, {"query"});
    if (span.recorded()) {
      span.set("bridge.dashboard.slug", request.slug);
      span.set("bridge.query.id", request.query_id);
    }
    Result<QueryAnswer> answer = load_in_span(span.inside(caller), key, request, engine);
    if (!answer) {
      span.fail(answer.error());
    } else {
      span.set("bridge.bytes_scanned", static_cast<std::int64_t>(answer->bytes_scanned));
      span.set("db.response.returned_rows", static_cast<std::int64_t>(answer->row_count));
    }
    return answer;
  }

  Result<QueryAnswer> load_in_span(const CallContext& caller, const std::string& key, const QueryRequest& request,
                                   const QueryEngine& engine) {
    const CallContext context = caller.with_timeout(std::min<milliseconds>(request.timeout, query_limits::kTimeoutMax));
    const auto start = steady_clock::now();
    const DryRun estimate = TRY(engine.dry_run(context, request.query));
    TRY(check_byte_cap(estimate.bytes_scanned, request.bytes_max));
    const ExecuteLimits limits{.rows_max = std::min(request.rows_max, query_limits::kRowsMax),
                               .result_bytes_max = query_limits::kResultBytesMax};
    const QueryResult result = TRY(engine.execute(context, request.query, limits));
    StoredHeader header{.row_count = static_cast<std::int64_t>(result.row_count),
                        .truncated = result.truncated,
                        .bytes_scanned = static_cast<std::int64_t>(estimate.bytes_scanned),
                        .cost_usd = estimate.estimated_cost_usd,
                        .executed_at = clock_->now(),
                        .duration_ms = duration_cast<milliseconds>(steady_clock::now() - start).count(),
                        .team_id = context.caller.team_id.value()};
    QueryAnswer answer = answer_of(header, request, context.team());
    auto data = std::make_shared<const std::string>(encode_rows(result));
    cache_.put(key, encode_stored(header, *data), std::max(request.max_stale, request.time_to_live));
    answer.data = std::move(data);
    return answer;
  }

  void refresh_later(const CallContext& context, const std::string& key, const QueryRequest& request, const QueryEngine& engine) {
    const std::lock_guard lock(refresh_mutex_);
    if (refreshes_.size() >= query_limits::kRefreshQueueMax || !refreshing_.insert(key).second) return;
    CallContext own = context;  // the refresh outlives the request that asked for it
    own.stop = refresher_.get_stop_token();
    own.deadline.reset();
    refreshes_.push_back({std::move(own), key, request, engine});
    refresh_changed_.notify_one();
  }

  void refresh_loop(std::stop_token stop) {
    for (;;) {
      Refresh job;
      {
        std::unique_lock lock(refresh_mutex_);
        if (!refresh_changed_.wait(lock, stop, [&] { return !refreshes_.empty(); })) return;
        job = std::move(refreshes_.front());
        refreshes_.pop_front();
      }
      // A refresh that fails leaves the old answer with its old age: it is never extended.
      if (const auto outcome = load_once(job.context, job.key, job.request, job.engine); !outcome) {
        log_warning("refresh_failed",
                    {{"slug", job.request.slug}, {"query", job.request.query_id}, {"error", describe_error(outcome.error())}});
      }
      const std::lock_guard lock(refresh_mutex_);
      refreshing_.erase(job.key);
    }
  }

  ByteCache& cache_;
  std::shared_ptr<const Clock> clock_;
  std::mutex flights_mutex_;
  std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;
  std::mutex refresh_mutex_;
  std::condition_variable_any refresh_changed_;
  std::deque<Refresh> refreshes_;
  std::set<std::string> refreshing_;
  std::jthread refresher_;  // last: it uses everything above
};

ColumnType column_type_of(const json::value& column) {
  const json::value* name = column.is_object() ? column.get_object().if_contains("type") : nullptr;
  return name && name->is_string() ? enum_value<ColumnType>(name->get_string()).value_or(ColumnType::text) : ColumnType::text;
}

void append_cell(ResultColumn& column, const json::value& cell) {
  column.valid.push_back(!cell.is_null());
  switch (column.type) {
    case ColumnType::boolean: column.integers.push_back(cell.is_bool() && cell.get_bool() ? 1 : 0); break;
    case ColumnType::integer: column.integers.push_back(cell.is_number() ? cell.to_number<std::int64_t>() : 0); break;
    case ColumnType::number: column.numbers.push_back(cell.is_number() ? cell.to_number<double>() : 0); break;
    case ColumnType::big_integer:
    case ColumnType::decimal:
    case ColumnType::text:
    case ColumnType::date:
    case ColumnType::timestamp:
    case ColumnType::time:
    case ColumnType::json:
      column.texts.emplace_back(cell.is_string() ? std::string(cell.get_string()) : cell.is_null() ? std::string() : json::serialize(cell));
      break;
  }
}

// Threads that run pieces of work; a caller's own thread helps, so that a full pool can never stop it.
class ThreadWorkPool final : public WorkPool {
 public:
  explicit ThreadWorkPool(int threads) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this](std::stop_token stop) { loop(stop); });
  }
  ~ThreadWorkPool() override {
    for (auto& thread : threads_) thread.request_stop();
    changed_.notify_all();
  }

  void run_all(std::size_t count, const std::function<void(std::size_t)>& work) override {
    if (count == 0) return;
    struct Batch {
      const std::function<void(std::size_t)>* work;
      std::atomic<std::size_t> next{0};
      std::size_t count;
      std::atomic<std::size_t> finished{0};
      std::mutex mutex;
      std::condition_variable all_done;
    };
    auto batch = std::make_shared<Batch>();
    batch->work = &work;
    batch->count = count;
    const auto step = [batch] {
      for (;;) {
        const std::size_t index = batch->next.fetch_add(1);
        if (index >= batch->count) return;
        (*batch->work)(index);
        if (batch->finished.fetch_add(1) + 1 == batch->count) {
          const std::lock_guard lock(batch->mutex);
          batch->all_done.notify_all();
        }
      }
    };
    {
      const std::lock_guard lock(mutex_);
      for (std::size_t i = 1; i < count && tasks_.size() < query_limits::kQueryQueueMax; ++i) tasks_.push_back(step);
    }
    changed_.notify_all();
    step();
    std::unique_lock lock(batch->mutex);
    batch->all_done.wait(lock, [&] { return batch->finished.load() == batch->count; });
  }

 private:
  void loop(std::stop_token stop) {
    for (;;) {
      std::function<void()> task;
      {
        std::unique_lock lock(mutex_);
        if (!changed_.wait(lock, stop, [&] { return !tasks_.empty(); })) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::jthread> threads_;
};

}  // namespace

QueryEngine engine_of(std::function<Result<std::shared_ptr<Warehouse>>(const CallContext&)> open) {
  return {.dry_run = [open](const CallContext& context, const BoundQuery& query) -> Result<DryRun> {
            const auto warehouse = TRY(open(context));
            return warehouse->dry_run(context, query);
          },
          .execute = [open](const CallContext& context, const BoundQuery& query, const ExecuteLimits& limits) -> Result<QueryResult> {
            const auto warehouse = TRY(open(context));
            return warehouse->execute(context, query, limits);
          }};
}

std::unique_ptr<QueryExecution> make_query_execution(ByteCache& cache, std::shared_ptr<const Clock> clock) {
  return std::make_unique<CachedQueryExecution>(cache, std::move(clock));
}

std::unique_ptr<WorkPool> make_work_pool(int threads) { return std::make_unique<ThreadWorkPool>(threads); }

Result<> check_byte_cap(std::uint64_t bytes_scanned, std::uint64_t bytes_max) {
  if (bytes_scanned < bytes_max) return {};
  const std::string help = "Select fewer columns, or filter on a column that the table is partitioned or sorted by, such as its date";
  return fail(
      Error{.code = ErrorCode::resource_exhausted,
            .message = str("The query would scan ", format_bytes(bytes_scanned), "; the cap is ", format_bytes(bytes_max), ". ", help, "."),
            .reason = "byte_cap_exceeded",
            .violations = {
                {.path = "sql", .code = "byte_cap_exceeded", .message = help, .got = str(bytes_scanned), .allowed = {str(bytes_max)}}}});
}

std::string partition_advice(std::uint64_t bytes_scanned) {
  if (bytes_scanned <= kAdviceBytes) return {};
  return str("This scans ", format_bytes(bytes_scanned),
             ". Partition the table by its date column and filter on it, cluster it by the columns that queries filter by, and name only "
             "the columns that are needed.");
}

std::string query_hash(const TeamScope& team, const QueryRequest& request) {
  std::string text;
  append_field(text, team.team_id().value());
  append_field(text, request.connection_key);
  append_field(text, request.query.sql);
  for (const SqlValue& value : request.query.values) append_value(text, value);
  append_field(text, str(request.rows_max));
  return sha256_hex(text).substr(0, 32);
}

std::string cache_key(const TeamScope& team, const QueryRequest& request) {
  return str("dash:", team.team_id().value(), ":", request.slug, ":q:", query_hash(team, request), ":v:", request.version);
}

Result<QueryResult> decode_rows(std::string_view data) {
  const json::value value = TRY(parse_json(data, {.bytes_max = 2 * query_limits::kResultBytesMax}));
  const auto broken = [] { return fail(ErrorCode::data_loss, "A cached answer cannot be read"); };
  const json::object* object = value.if_object();
  if (!object || !object->if_contains("columns") || !object->if_contains("rows") || !object->at("columns").is_array() ||
      !object->at("rows").is_array())
    return broken();
  QueryResult result;
  for (const json::value& column : object->at("columns").get_array()) {
    const json::value* name = column.is_object() ? column.get_object().if_contains("name") : nullptr;
    if (!name || !name->is_string()) return broken();
    result.columns.push_back({.name = std::string(name->get_string()), .type = column_type_of(column)});
  }
  for (const json::value& row : object->at("rows").get_array()) {
    if (!row.is_array() || row.get_array().size() != result.columns.size()) return broken();
    for (std::size_t i = 0; i < result.columns.size(); ++i) append_cell(result.columns[i], row.get_array()[i]);
    ++result.row_count;
  }
  return result;
}

}  // namespace bridge
