#pragma once

#include <memory>
#include <span>
#include <string>

#include "platform/http/client.h"
#include "platform/telemetry/trace.h"

namespace bridge {

struct OtlpOptions {
  std::string url;  // of the collector's traces endpoint: "http://127.0.0.1:4318/v1/traces"
  Headers headers;  // sent with every export, such as a key; never logged
  std::string service_name = "bridge";
  std::string service_version;
  std::chrono::milliseconds delay{5'000};  // from a span's end to its export, at most
};

// Sends spans to an OpenTelemetry collector as OTLP/HTTP JSON, in batches, from a thread of its own. A collector that cannot be reached
// costs spans and nothing else: bridge_spans_dropped_total counts them. The destructor sends what is left and waits for that a short time.
std::shared_ptr<SpanExporter> make_otlp_exporter(OtlpOptions options, std::shared_ptr<HttpClient> http);

// An ExportTraceServiceRequest in OTLP's JSON (opentelemetry-proto 1.x: ids in hex, 64-bit numbers as text).
std::string encode_otlp_traces(std::span<const FinishedSpan> spans, const OtlpOptions& options);

}  // namespace bridge
