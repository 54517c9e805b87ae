#include "platform/otlp/otlp_exporter.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/guarded.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "platform/telemetry/metrics.h"
#include "platform/work/periodic_task.h"

namespace bridge {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kSpansWaitingMax = 4'096;
constexpr std::size_t kBatchMax = 512;
constexpr int kAttemptsMax = 3;  // of a batch
constexpr milliseconds kRetryDelay{1'000};
constexpr milliseconds kExportTimeMax{10'000};
constexpr milliseconds kLastExportTimeMax{2'000};
constexpr std::chrono::minutes kComplainEvery{1};
constexpr std::size_t kTextBytesMax = 4 << 10;  // of one attribute

json::object attribute(std::string_view name, const SpanValue& value) {
  json::object typed;
  if (const auto* text = std::get_if<std::string>(&value)) typed["stringValue"] = text->substr(0, kTextBytesMax);
  else if (const auto* count = std::get_if<std::int64_t>(&value)) typed["intValue"] = std::to_string(*count);
  else if (const auto* number = std::get_if<double>(&value)) typed["doubleValue"] = *number;
  else typed["boolValue"] = std::get<bool>(value);
  return {{"key", name}, {"value", std::move(typed)}};
}

std::string nanoseconds(Time time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

json::object to_json(const FinishedSpan& span) {
  json::object out{{"traceId", span.trace_id},
                   {"spanId", span.span_id},
                   {"name", span.name},
                   {"kind", static_cast<int>(span.kind)},
                   {"startTimeUnixNano", nanoseconds(span.start)},
                   {"endTimeUnixNano", nanoseconds(span.end)}};
  if (!span.parent_span_id.empty()) out["parentSpanId"] = span.parent_span_id;
  json::array attributes;
  for (const auto& [name, value] : span.attributes) attributes.push_back(attribute(name, value));
  out["attributes"] = std::move(attributes);
  if (span.failed) out["status"] = json::object{{"code", 2}, {"message", span.failure}};
  return out;
}

bool is_worth_repeating(const Result<ClientResponse>& answer) {
  if (!answer) return answer.error().code == ErrorCode::unavailable || answer.error().code == ErrorCode::deadline_exceeded;
  return answer->status == 429 || answer->status == 502 || answer->status == 503 || answer->status == 504;
}

class OtlpExporter final : public SpanExporter {
 public:
  OtlpExporter(OtlpOptions options, std::shared_ptr<HttpClient> http)
      : options_(std::move(options)),
        http_(std::move(http)),
        sender_(start_periodic_task({.name = "export of spans", .interval = options_.delay}, [this](const std::stop_token& stop) {
          CallContext context;
          context.stop = stop;
          send_batches(context.with_timeout(kExportTimeMax * kAttemptsMax));
        })) {}

  ~OtlpExporter() override {
    sender_->stop();
    (void)guarded([this] { send_batches(CallContext().with_timeout(kLastExportTimeMax)); });  // what is left
  }

  void take(FinishedSpan span) override {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= kSpansWaitingMax) return drop(1);
    waiting_.push_back(std::move(span));
    if (waiting_.size() == kBatchMax) sender_->run_now();
  }

 private:
  void send_batches(const CallContext& context) {
    while (send_one_batch(context)) {
    }
  }

  // False when nothing was waiting.
  bool send_one_batch(const CallContext& context) {
    std::vector<FinishedSpan> batch;
    {
      const std::lock_guard lock(mutex_);
      const std::size_t count = std::min(waiting_.size(), kBatchMax);
      batch.assign(std::move_iterator(waiting_.begin()), std::move_iterator(waiting_.begin() + static_cast<std::ptrdiff_t>(count)));
      waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    if (batch.empty()) return false;
    ClientRequest request{.method = Method::post,
                          .url = options_.url,
                          .headers = options_.headers,
                          .body = encode_otlp_traces(batch, options_),
                          .first_byte_timeout_ms = static_cast<int>(kExportTimeMax.count())};
    request.headers.emplace_back("content-type", "application/json");
    for (int attempt = 1;; ++attempt) {
      const Result<ClientResponse> answer = http_->send(context, request);
      if (answer && answer->status >= 200 && answer->status < 300) return true;
      if (attempt == kAttemptsMax || !is_worth_repeating(answer) || !context.check()) {
        drop(batch.size());
        complain(answer);
        return true;
      }
      std::unique_lock lock(mutex_);
      retry_.wait_for(lock, context.stop, kRetryDelay * attempt, [] { return false; });
    }
  }

  static void drop(std::size_t count) {
    static Counter& dropped = counter("bridge_spans_dropped_total", "Spans that no collector took");
    dropped.add(static_cast<double>(count));
  }

  void complain(const Result<ClientResponse>& answer) {
    const auto now = std::chrono::steady_clock::now();
    if (complained_ && now - *complained_ < kComplainEvery) return;
    complained_ = now;
    log_warning("spans_not_exported", {{"url", options_.url},
                                       {"reason", answer ? str("status ", answer->status) : describe_error(answer.error())},
                                       {"do", "check OTEL_EXPORTER_OTLP_ENDPOINT, or unset it"}});
  }

  const OtlpOptions options_;
  const std::shared_ptr<HttpClient> http_;
  std::mutex mutex_;
  std::condition_variable_any retry_;
  std::deque<FinishedSpan> waiting_;
  std::optional<std::chrono::steady_clock::time_point> complained_;
  const std::unique_ptr<PeriodicTask> sender_;  // last: it uses all of the above
};

}  // namespace

std::string encode_otlp_traces(std::span<const FinishedSpan> spans, const OtlpOptions& options) {
  json::array encoded;
  for (const FinishedSpan& span : spans) encoded.push_back(to_json(span));
  const json::object resource{
      {"attributes", json::array{attribute("service.name", options.service_name), attribute("service.version", options.service_version)}}};
  const json::object scope{{"scope", json::object{{"name", "bridge"}}}, {"spans", std::move(encoded)}};
  return json::serialize(
      json::object{{"resourceSpans", json::array{json::object{{"resource", resource}, {"scopeSpans", json::array{scope}}}}}});
}

std::shared_ptr<SpanExporter> make_otlp_exporter(OtlpOptions options, std::shared_ptr<HttpClient> http) {
  return std::make_shared<OtlpExporter>(std::move(options), std::move(http));
}

}  // namespace bridge
