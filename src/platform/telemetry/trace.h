#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/call_context.h"
#include "base/time.h"

// Spans: what a request did, when, for how long and under what. They cost next to nothing while nobody exports them.

namespace bridge {

enum class SpanKind : std::uint8_t { internal = 1, server = 2, client = 3 };  // OTLP's numbers

using SpanValue = std::variant<std::string, std::int64_t, double, bool>;

struct FinishedSpan {
  std::string trace_id;
  std::string span_id;
  std::string parent_span_id;  // empty: the first of its trace
  std::string name;
  SpanKind kind = SpanKind::internal;
  Time start;
  Time end;
  std::vector<std::pair<std::string, SpanValue>> attributes;
  bool failed = false;
  std::string failure;  // the error's reason: its message may have words of people in it
};

// Takes spans as they end. Thread-safe; take() must not block.
class SpanExporter {
 public:
  virtual ~SpanExporter() = default;
  virtual void take(FinishedSpan span) = 0;
};

// What a `traceparent` header says, "00-<32 hex>-<16 hex>-<2 hex>" (W3C Trace Context, 3.2; later versions may have more behind a dash).
// Nothing when it is malformed.
struct TraceParent {
  TraceContext trace;
  bool recorded = false;
};
std::optional<TraceParent> parse_traceparent(std::string_view text);

// Where spans go from now on; null: nowhere. Set once at the start and unset before the exporter ends.
void set_span_exporter(std::shared_ptr<SpanExporter> exporter);

// The trace that a request is part of: that of its `traceparent` header, else a new one. Null when nothing is exported, or when who asks
// says that it is not recorded.
std::shared_ptr<const TraceContext> begin_trace(std::string_view traceparent);

// A piece of work, from construction to destruction. Used by one thread at a time.
class Span final {
 public:
  // A child of what `context` is in; recorded only if that is in a trace. The parts of the name are joined.
  Span(const CallContext& context, std::initializer_list<std::string_view> name, SpanKind kind = SpanKind::internal);
  ~Span();
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

  // The call as it goes on inside this span: `context` itself, or a copy that lives as long as the span.
  const CallContext& inside(const CallContext& context);

  bool recorded() const { return span_ != nullptr; }
  void set(std::string_view name, SpanValue value);
  void fail(const Error& error);  // and sets error.type to the error's reason

 private:
  std::shared_ptr<SpanExporter> exporter_;
  std::unique_ptr<FinishedSpan> span_;   // null when it is not recorded
  std::unique_ptr<CallContext> inside_;  // of inside()
};

}  // namespace bridge
