#include "platform/otlp/otlp_exporter.h"

#include <gtest/gtest.h>

#include <deque>
#include <thread>

#include "base/json.h"
#include "platform/telemetry/metrics.h"

namespace bridge {
namespace {

// A collector that answers what it is told to.
class Collector final : public HttpClient {
 public:
  Result<ClientResponse> send(const CallContext&, const ClientRequest& request) override {
    const std::lock_guard lock(mutex);
    bodies.push_back(request.body);
    headers = request.headers;
    const int status = statuses.empty() ? 200 : statuses.front();
    if (!statuses.empty()) statuses.pop_front();
    return ClientResponse{.status = status};
  }
  Result<ClientResponse> stream(const CallContext&, ClientRequest, const std::function<Result<>(std::string_view)>&) override {
    return fail(ErrorCode::internal, "not used");
  }
  std::mutex mutex;
  std::deque<int> statuses;
  std::vector<std::string> bodies;
  Headers headers;
};

FinishedSpan span_named(std::string name) {
  return {.trace_id = std::string(32, 'a'), .span_id = std::string(16, 'b'), .name = std::move(name)};
}

double dropped() { return counter("bridge_spans_dropped_total", "Spans that no collector took").value(); }

TEST(OtlpJson, IsWhatTheProtocolWants) {
  FinishedSpan span = span_named("chat m");
  span.parent_span_id = std::string(16, 'c');
  span.kind = SpanKind::client;
  span.start = Time(std::chrono::microseconds(1'000'001));
  span.end = Time(std::chrono::microseconds(2'000'000));
  span.attributes = {{"a", std::string("text")}, {"b", std::int64_t{5}}, {"c", 0.5}, {"d", true}};
  span.failed = true;
  span.failure = "It broke";
  const auto json = parse_json(encode_otlp_traces(std::vector{span}, {.service_version = "1"}));
  ASSERT_TRUE(json);
  const json::value& resource = json->at_pointer("/resourceSpans/0");
  EXPECT_EQ(json::serialize(resource.at_pointer("/resource/attributes/0")), R"({"key":"service.name","value":{"stringValue":"bridge"}})");
  EXPECT_EQ(json::serialize(resource.at_pointer("/scopeSpans/0/spans/0")),
            R"({"traceId":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","spanId":"bbbbbbbbbbbbbbbb","name":"chat m","kind":3,)"
            R"("startTimeUnixNano":"1000001000","endTimeUnixNano":"2000000000","parentSpanId":"cccccccccccccccc","attributes":[)"
            R"({"key":"a","value":{"stringValue":"text"}},{"key":"b","value":{"intValue":"5"}},{"key":"c","value":{"doubleValue":5E-1}},)"
            R"({"key":"d","value":{"boolValue":true}}],"status":{"code":2,"message":"It broke"}})");
}

TEST(OtlpExporter, SendsWhatIsLeftWhenItEnds) {
  const auto collector = std::make_shared<Collector>();
  {
    const auto exporter = make_otlp_exporter({.url = "http://c/v1/traces", .headers = {{"api-key", "k"}}}, collector);
    exporter->take(span_named("one"));
    exporter->take(span_named("two"));
  }
  ASSERT_EQ(collector->bodies.size(), 1u);
  EXPECT_TRUE(collector->bodies[0].contains("\"one\"") && collector->bodies[0].contains("\"two\""));
  EXPECT_EQ(collector->headers.front(), (Headers::value_type{"api-key", "k"}));
}

TEST(OtlpExporter, TriesAgainWhenTheCollectorIsBusyAndNotWhenItRefuses) {
  const auto collector = std::make_shared<Collector>();
  collector->statuses = {503, 200};
  const double before = dropped();
  {
    const auto exporter = make_otlp_exporter({.url = "http://c/v1/traces", .delay = std::chrono::milliseconds(1)}, collector);
    exporter->take(span_named("one"));
    for (int i = 0; i < 400; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      const std::lock_guard lock(collector->mutex);
      if (collector->bodies.size() == 2) break;
    }
  }
  EXPECT_EQ(collector->bodies.size(), 2u);
  EXPECT_EQ(dropped(), before);
  collector->statuses = {400};
  { make_otlp_exporter({.url = "http://c/v1/traces"}, collector)->take(span_named("refused")); }
  EXPECT_EQ(collector->bodies.size(), 3u);
  EXPECT_EQ(dropped(), before + 1);
}

TEST(OtlpExporter, KeepsNoMoreThanItsLimit) {
  const auto collector = std::make_shared<Collector>();
  const double before = dropped();
  {
    const auto exporter = make_otlp_exporter({.url = "http://c/v1/traces", .delay = std::chrono::hours(1)}, collector);
    const std::lock_guard lock(collector->mutex);  // it does not answer
    for (int i = 0; i < 6'000; ++i) exporter->take(span_named("s"));
  }
  EXPECT_GE(dropped() - before, 6'000 - 4'096 - 512);
}

}  // namespace
}  // namespace bridge
