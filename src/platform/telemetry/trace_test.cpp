#include "platform/telemetry/trace.h"

#include <gtest/gtest.h>

namespace bridge {
namespace {

class Kept final : public SpanExporter {
 public:
  void take(FinishedSpan span) override { spans.push_back(std::move(span)); }
  std::vector<FinishedSpan> spans;
};

// Exports for as long as it lives.
struct Exporting {
  Exporting() { set_span_exporter(kept); }
  ~Exporting() { set_span_exporter(nullptr); }
  const std::shared_ptr<Kept> kept = std::make_shared<Kept>();
};

constexpr std::string_view kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(Trace, CostsNothingWhileNobodyExports) {
  EXPECT_EQ(begin_trace(kParent), nullptr);
  const CallContext call;
  Span span(call, {"work"});
  EXPECT_FALSE(span.recorded());
  EXPECT_EQ(&span.inside(call), &call);
}

TEST(Trace, GoesOnWithTheTraceOfWhoAsks) {
  const Exporting exporting;
  const auto trace = begin_trace(kParent);
  ASSERT_NE(trace, nullptr);
  EXPECT_EQ(trace->trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(trace->span_id, "b7ad6b7169203331");
  EXPECT_EQ(begin_trace("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"), nullptr) << "it asks for no record";
  for (const std::string_view bad :
       {"", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more"}) {
    const auto fresh = begin_trace(bad);
    ASSERT_NE(fresh, nullptr) << bad;
    EXPECT_NE(fresh->trace_id, "0af7651916cd43dd8448eb211c80319c") << bad;
    EXPECT_TRUE(fresh->span_id.empty());
  }
}

TEST(Trace, SpansKnowTheirParents) {
  const Exporting exporting;
  CallContext call;
  call.trace = begin_trace("");
  {
    Span outer(call, {"out", "er"}, SpanKind::server);
    Span inner(outer.inside(call), {"inner"});
    inner.set("n", std::int64_t{3});
    inner.fail({.code = ErrorCode::unavailable, .message = "It is down", .reason = "down"});
  }
  const auto& spans = exporting.kept->spans;
  ASSERT_EQ(spans.size(), 2u);
  EXPECT_EQ(spans[0].name, "inner");
  EXPECT_EQ(spans[1].name, "outer");
  EXPECT_EQ(spans[0].parent_span_id, spans[1].span_id);
  EXPECT_EQ(spans[0].trace_id, spans[1].trace_id);
  EXPECT_TRUE(spans[0].failed);
  EXPECT_EQ(std::get<std::string>(spans[0].attributes.back().second), "down");
  EXPECT_EQ(spans[0].failure, "down") << "the message may have words of people in it";
  EXPECT_TRUE(spans[1].parent_span_id.empty());
  EXPECT_GE(spans[0].end, spans[0].start);
}

TEST(Trace, KeepsABoundedNumberOfAttributes) {
  const Exporting exporting;
  CallContext call;
  call.trace = begin_trace("");
  {
    Span span(call, {"wide"});
    for (int i = 0; i < 1'000; ++i) span.set(std::to_string(i), true);
  }
  EXPECT_EQ(exporting.kept->spans.front().attributes.size(), 64u);
}

}  // namespace
}  // namespace bridge
