#include "features/query_execution/query_execution.h"

#include "base/digest.h"
#include "base/guarded.h"
#include "base/log.h"
#include "features/query_execution/limits.h"
#include "platform/telemetry/trace.h"
#include "platform/work/single_flight.h"

namespace bridge {
namespace {

using namespace std::chrono;

constexpr std::uint64_t kAdviceBytes = 1'000'000'000;

// What is kept under a key: JSON about the answer, and under which key its bytes are, which are never copied.
struct StoredHeader {
  std::int64_t row_count = 0;
  bool truncated = false;
  std::int64_t bytes_scanned = 0;
  double cost_usd = 0;
  Time executed_at;
  std::int64_t duration_ms = 0;
  std::string viewer;  // ViewerScope::key()
  std::string data_key;
  std::optional<std::string> data_version;
};
BOOST_DESCRIBE_STRUCT(StoredHeader, (),
                      (row_count, truncated, bytes_scanned, cost_usd, executed_at, duration_ms, viewer, data_key, data_version))

void append_field(std::string& out, std::string_view field) { out += str(field.size(), ":", field); }

void append_value(std::string& out, const SqlValue& value) {
  out += static_cast<char>('a' + value.index());
  std::visit(
      [&](const auto& held) {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::string>) append_field(out, held);
        else if constexpr (std::is_same_v<T, Date> || std::is_same_v<T, Timestamp> || std::is_same_v<T, Decimal>)
          append_field(out, held.text);
        else if constexpr (std::is_same_v<T, bool>) out += held ? '1' : '0';
        else if constexpr (!std::is_same_v<T, std::nullptr_t>) append_field(out, str(held));
      },
      value);
}

// Nothing when the bytes are not about an answer for this viewer: a cache is never trusted.
std::optional<StoredHeader> decode_header(const SharedBytes& bytes, const std::string& viewer) {
  if (!bytes) return std::nullopt;
  auto header = from_json_text<StoredHeader>(*bytes);
  if (!header || header->viewer != viewer) return std::nullopt;
  return std::move(*header);
}

// What a result takes while it is encoded, roughly.
std::uint64_t memory_of(const QueryResult& result) {
  std::uint64_t bytes = 0;
  for (const ResultColumn& column : result.columns) {
    bytes += column.valid.capacity() / 8 + column.integers.capacity() * sizeof(std::int64_t) + column.numbers.capacity() * sizeof(double);
    bytes += column.texts.capacity() * sizeof(std::string);
    for (const std::string& text : column.texts) bytes += text.capacity() < sizeof(std::string) / 2 ? 0 : text.capacity();
  }
  return bytes;
}

class CachedQueryExecution final : public QueryExecution {
 public:
  CachedQueryExecution(ByteCache& cache, std::shared_ptr<const Clock> clock, AnswerMemoryLimits memory)
      : cache_(cache),
        clock_(std::move(clock)),
        memory_(std::make_shared<AnswerMemory>(memory)),
        refreshes_(make_worker_pool({.name = "refresh of answers",
                                     .threads_max = query_limits::kRefreshThreads,
                                     .queue_max = query_limits::kRefreshQueueMax,
                                     .key_threads_max = query_limits::kRefreshThreadsPerConnection,
                                     .key_queue_max = query_limits::kRefreshQueueMax,
                                     .groups_leave_room = true})) {}

  ~CachedQueryExecution() override { stopping_.request_stop(); }

  std::shared_ptr<AnswerView> open_view() override { return std::make_shared<AnswerView>(memory_); }

  Result<QueryAnswer> execute(const CallContext& context, const QueryRequest& request, const QueryEngine& engine) override {
    const std::string key = cache_key(context.viewer(), request);
    if (!request.fresh) {
      if (auto answer = find(context.viewer(), key, request)) {
        if (answer->cache == CacheState::stale) (void)guarded([&] { refresh_later(context, key, request, engine); });
        return std::move(*answer);
      }
    }
    return load_once(context, key, request, engine);
  }

  void forget(const TeamScope& team, std::string_view slug) override {
    cache_.erase_prefix(str("dash:", team.team_id().value(), ":", slug, ":"));
  }

 private:
  // A stale answer that is loaded anew.
  struct Refresh {
    CallContext context;
    std::string key;
    QueryRequest request;
    QueryEngine engine;
  };

  std::optional<QueryAnswer> find(const ViewerScope& viewer, const std::string& key, const QueryRequest& request) {
    const auto header = decode_header(cache_.find(key), viewer.key());
    if (!header) return std::nullopt;
    const auto age = clock_->now() - header->executed_at;
    if (age >= std::max(request.max_stale, request.time_to_live)) return std::nullopt;
    if (request.data_version && header->data_version != request.data_version) return std::nullopt;
    QueryAnswer answer = answer_of(*header, request, viewer);
    answer.data = cache_.find(header->data_key);
    if (!answer.data) return std::nullopt;  // went before its header
    answer.cache = age < request.time_to_live ? CacheState::hit : CacheState::stale;
    answer.age_s = std::max<std::int64_t>(0, duration_cast<seconds>(age).count());
    return answer;
  }

  static QueryAnswer answer_of(const StoredHeader& header, const QueryRequest& request, const ViewerScope& viewer) {
    return QueryAnswer{.row_count = static_cast<std::size_t>(header.row_count),
                       .truncated = header.truncated,
                       .bytes_scanned = static_cast<std::uint64_t>(header.bytes_scanned),
                       .cost_usd = header.cost_usd,
                       .executed_at = header.executed_at,
                       .duration_ms = header.duration_ms,
                       .query_hash = query_hash(viewer, request)};
  }

  // The first caller of a key loads it; the others wait for that answer.
  Result<QueryAnswer> load_once(const CallContext& context, const std::string& key, const QueryRequest& request,
                                const QueryEngine& engine) {
    return flights_.run(context, key, [&]() -> Result<QueryAnswer> {
      // Another may have loaded it between this caller's look and its lead.
      if (!request.fresh) {
        if (auto answer = find(context.viewer(), key, request); answer && answer->cache == CacheState::hit) return std::move(*answer);
      }
      return load(context, key, request, engine);
    });
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
    const ExecuteLimits limits{.rows_max = std::min(request.rows_max, query_limits::kInputRowsMax),
                               .result_bytes_max = query_limits::kResultBytesMax,
                               .scanned_bytes_max = request.bytes_max};
    const std::shared_ptr<AnswerView> view = request.view ? request.view : open_view();
    std::shared_ptr<const std::string> data;
    StoredHeader header;
    {
      const AnswerMemory::Turn turn = TRY(memory_->wait_for_turn(context, *view, request.connection_key));
      const QueryResult result = TRY(engine.execute(context, request.query, limits));
      const AnswerMemory::Charge charge = TRY(memory_->charge(context, *view, memory_of(result)));
      header = {.row_count = static_cast<std::int64_t>(result.row_count),
                .truncated = result.truncated,
                .bytes_scanned = static_cast<std::int64_t>(estimate.bytes_scanned),
                .cost_usd = estimate.estimated_cost_usd,
                .executed_at = clock_->now(),
                .duration_ms = duration_cast<milliseconds>(steady_clock::now() - start).count(),
                .viewer = context.viewer().key(),
                .data_version = request.data_version};
      data = std::make_shared<const std::string>(encode_rows(result));
    }
    QueryAnswer answer = answer_of(header, request, context.viewer());
    answer.data = TRY(memory_->hold(context, view, data));
    // An answer that cannot be kept is an answer all the same.
    (void)guarded([&] { keep(key, std::move(header), std::move(data), std::max(request.max_stale, request.time_to_live)); });
    return answer;
  }

  // The bytes under a key of their own that no other answer has, so that a header never speaks of the bytes of another load.
  void keep(const std::string& key, StoredHeader header, SharedBytes data, milliseconds time_to_live) {
    const auto before = decode_header(cache_.find(key), header.viewer);
    header.data_key = str(key, ":", kept_.fetch_add(1));
    cache_.put(header.data_key, std::move(data), time_to_live);
    cache_.put(key, std::make_shared<const std::string>(to_json_text(header)), time_to_live);
    if (before) cache_.put(before->data_key, std::make_shared<const std::string>(), milliseconds(0));  // gone
  }

  // A refresh that cannot be queued is asked for again by the next view.
  void refresh_later(const CallContext& context, const std::string& key, const QueryRequest& request, const QueryEngine& engine) {
    auto refresh = std::make_shared<Refresh>(context, key, request, engine);  // outlives the request that asked for it
    refresh->context.stop = stopping_.get_token();
    refresh->context.deadline.reset();
    refresh->context.work_class = WorkClass::background;
    refresh->request.view.reset();
    {
      const std::lock_guard lock(refreshing_mutex_);
      if (!refreshing_.insert(key).second) return;
    }
    const Result<> queued = guarded([&] {
      return refreshes_->submit({.key = request.connection_key,
                                 .context = {},
                                 .work = [this, refresh] { run(*refresh); },
                                 .dropped = [this, refresh](const Error&) { forget_refresh(refresh->key); }});
    });
    if (!queued) forget_refresh(key);
  }

  void run(const Refresh& refresh) {
    const AtEnd forget_key([&] { forget_refresh(refresh.key); });
    // A refresh that fails leaves the old answer with its old age: it is never extended.
    if (const auto outcome = load_once(refresh.context, refresh.key, refresh.request, refresh.engine); !outcome) {
      log_warning("refresh_failed",
                  {{"slug", refresh.request.slug}, {"query", refresh.request.query_id}, {"error", describe_error(outcome.error())}});
    }
  }

  void forget_refresh(const std::string& key) {
    const std::lock_guard lock(refreshing_mutex_);
    refreshing_.erase(key);
  }

  ByteCache& cache_;
  std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<AnswerMemory> memory_;
  std::atomic<std::uint64_t> kept_{0};
  SingleFlight<QueryAnswer> flights_{
      {.what = "queries", .keys_max = query_limits::kSingleFlightKeysMax, .wait_max = query_limits::kTimeoutMax}};
  std::stop_source stopping_;
  std::mutex refreshing_mutex_;
  std::set<std::string> refreshing_;
  const std::unique_ptr<WorkerPool> refreshes_;  // last: it uses everything above
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

std::unique_ptr<QueryExecution> make_query_execution(ByteCache& cache, std::shared_ptr<const Clock> clock, AnswerMemoryLimits memory) {
  return std::make_unique<CachedQueryExecution>(cache, std::move(clock), memory);
}

std::unique_ptr<WorkerPool> make_query_workers(std::size_t threads) {
  return make_worker_pool({.name = "queries of views",
                           .threads_max = threads,
                           .queue_max = query_limits::kQueryQueueMax,
                           .key_threads_max = query_limits::kQueryThreadsPerConnection,
                           .key_queue_max = query_limits::kQueryQueueMax,
                           .groups_leave_room = true});
}

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

std::string query_hash(const ViewerScope& viewer, const QueryRequest& request) {
  std::string text;
  append_field(text, viewer.team_id().value());
  append_field(text, viewer.fingerprint());
  append_field(text, request.connection_key);
  append_field(text, request.query.sql);
  for (const SqlValue& value : request.query.values) append_value(text, value);
  append_field(text, str(request.rows_max));
  return sha256_hex(text).substr(0, 32);
}

std::string cache_key(const ViewerScope& viewer, const QueryRequest& request) {
  return str("dash:", viewer.team_id().value(), ":", request.slug, ":q:", query_hash(viewer, request), ":v:", request.version);
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
