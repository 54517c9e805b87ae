#include "platform/telemetry/trace.h"

#include <mutex>

#include "base/guarded.h"
#include "base/text.h"

namespace bridge {

namespace {

constexpr std::size_t kAttributesMax = 64;  // of one span

struct CurrentExporter {
  std::mutex mutex;
  std::shared_ptr<SpanExporter> exporter;
  std::atomic<bool> set = false;  // looked at first: nearly always nobody exports
};

CurrentExporter& current_exporter() {
  static CurrentExporter current;
  return current;
}

std::shared_ptr<SpanExporter> find_exporter() {
  CurrentExporter& current = current_exporter();
  if (!current.set) return nullptr;
  const std::lock_guard lock(current.mutex);
  return current.exporter;
}

bool is_hex_id(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos && text.find_first_not_of('0') != std::string_view::npos;
}

Time now() { return std::chrono::time_point_cast<Time::duration>(std::chrono::system_clock::now()); }

}  // namespace

std::optional<TraceParent> parse_traceparent(std::string_view text) {
  constexpr std::size_t length = 55;
  if (text.size() < length || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const std::string_view version = text.substr(0, 2);
  const std::string_view flags = text.substr(53, 2);
  const auto is_hex = [](std::string_view part) { return part.find_first_not_of("0123456789abcdef") == std::string_view::npos; };
  if (!is_hex(version) || version == "ff" || (version == "00" && text.size() != length) || !is_hex(flags)) return std::nullopt;
  const std::string_view trace_id = text.substr(3, 32);
  const std::string_view span_id = text.substr(36, 16);
  if (!is_hex_id(trace_id) || !is_hex_id(span_id)) return std::nullopt;
  constexpr std::string_view odd_digits = "13579bdf";
  return TraceParent{.trace = {std::string(trace_id), std::string(span_id)}, .recorded = odd_digits.contains(flags[1])};
}

void set_span_exporter(std::shared_ptr<SpanExporter> exporter) {
  CurrentExporter& current = current_exporter();
  const std::lock_guard lock(current.mutex);
  current.set = exporter != nullptr;
  current.exporter = std::move(exporter);
}

std::shared_ptr<const TraceContext> begin_trace(std::string_view traceparent) {
  if (!current_exporter().set) return nullptr;
  if (auto remote = parse_traceparent(traceparent))
    return remote->recorded ? std::make_shared<const TraceContext>(std::move(remote->trace)) : nullptr;
  return std::make_shared<const TraceContext>(TraceContext{.trace_id = encode_hex(random_bytes(16))});
}

Span::Span(const CallContext& context, std::initializer_list<std::string_view> name, SpanKind kind) {
  if (!context.trace) return;
  exporter_ = find_exporter();
  if (!exporter_) return;
  span_ = std::make_unique<FinishedSpan>(FinishedSpan{.trace_id = context.trace->trace_id,
                                                      .span_id = encode_hex(random_bytes(8)),
                                                      .parent_span_id = context.trace->span_id,
                                                      .kind = kind,
                                                      .start = now()});
  for (const std::string_view part : name) span_->name += part;
}

Span::~Span() {
  if (!span_) return;
  span_->end = now();
  (void)guarded([&] { exporter_->take(std::move(*span_)); });  // a span for which there is no memory is lost
}

const CallContext& Span::inside(const CallContext& context) {
  if (!span_) return context;
  inside_ = std::make_unique<CallContext>(context);
  inside_->trace = std::make_shared<const TraceContext>(TraceContext{.trace_id = span_->trace_id, .span_id = span_->span_id});
  return *inside_;
}

void Span::set(std::string_view name, SpanValue value) {
  if (span_ && span_->attributes.size() < kAttributesMax) span_->attributes.emplace_back(name, std::move(value));
}

void Span::fail(const Error& error) {
  if (!span_) return;
  set("error.type", std::string(reason_of(error)));
  span_->failed = true;
  span_->failure = reason_of(error);
}

}  // namespace bridge
