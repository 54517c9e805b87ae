#include "platform/telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/log.h"

namespace bridge {
namespace {

constexpr std::size_t kSeriesPerNameMax = 2'000;

class PrometheusCounter final : public Counter {
 public:
  explicit PrometheusCounter(prometheus::Counter& counter) : counter_(counter) {}
  void add(double amount) override { counter_.Increment(amount); }
  double value() const override { return counter_.Value(); }

 private:
  prometheus::Counter& counter_;
};

class PrometheusGauge final : public Gauge {
 public:
  explicit PrometheusGauge(prometheus::Gauge& gauge) : gauge_(gauge) {}
  void set(double value) override { gauge_.Set(value); }
  void add(double amount) override { gauge_.Increment(amount); }
  double value() const override { return gauge_.Value(); }

 private:
  prometheus::Gauge& gauge_;
};

class PrometheusHistogram final : public Histogram {
 public:
  PrometheusHistogram(prometheus::Histogram& histogram, std::size_t bounds) : histogram_(histogram), bounds_(bounds) {}
  void observe(double value) override { histogram_.Observe(value); }
  void observe_many(std::span<const double> counts, double sum) override {
    if (counts.size() != bounds_ + 1) return;
    histogram_.ObserveMultiple(std::vector<double>(counts.begin(), counts.end()), sum);
  }

 private:
  prometheus::Histogram& histogram_;
  std::size_t bounds_;
};

// One name with its series, found by their labels.
template <class Metric>
struct Named {
  std::map<std::map<std::string, std::string>, std::unique_ptr<Metric>> series;
};

// Never destroyed: threads may count until the very end of the process.
struct Registry {
  std::mutex mutex;
  prometheus::Registry shown;
  prometheus::Registry hidden;
  std::map<std::string, Named<Counter>, std::less<>> counters;
  std::map<std::string, Named<Gauge>, std::less<>> gauges;
  std::map<std::string, Named<Histogram>, std::less<>> histograms;
};

Registry& registry() {
  static Registry* const made = new Registry;
  return *made;
}

// `make(registry, labels)` builds a series in the given registry; it throws when the name or a label is not allowed.
template <class Metric, class Make>
Metric& find_or_make(std::map<std::string, Named<Metric>, std::less<>>& names, std::string_view name, const MetricLabels& labels,
                     Metric& refused, const Make& make) {
  const std::lock_guard lock(registry().mutex);
  Named<Metric>& named = names[std::string(name)];
  const std::map<std::string, std::string> key(labels.begin(), labels.end());
  if (const auto found = named.series.find(key); found != named.series.end()) return *found->second;
  if (named.series.size() >= kSeriesPerNameMax) return refused;
  try {
    return *named.series.emplace(key, make(registry().shown, key)).first->second;
  } catch (const std::exception& e) {
    log_warning("a metric was refused", {{"name", std::string(name)}, {"reason", e.what()}});
    return refused;
  }
}

std::unique_ptr<Counter> make_counter(prometheus::Registry& into, const std::string& name, const std::string& help,
                                      const std::map<std::string, std::string>& labels) {
  return std::make_unique<PrometheusCounter>(prometheus::BuildCounter().Name(name).Help(help).Register(into).Add(labels));
}
std::unique_ptr<Gauge> make_gauge(prometheus::Registry& into, const std::string& name, const std::string& help,
                                  const std::map<std::string, std::string>& labels) {
  return std::make_unique<PrometheusGauge>(prometheus::BuildGauge().Name(name).Help(help).Register(into).Add(labels));
}
std::unique_ptr<Histogram> make_histogram(prometheus::Registry& into, const std::string& name, const std::string& help,
                                          const std::map<std::string, std::string>& labels, std::span<const double> bounds) {
  auto& made =
      prometheus::BuildHistogram().Name(name).Help(help).Register(into).Add(labels, std::vector<double>(bounds.begin(), bounds.end()));
  return std::make_unique<PrometheusHistogram>(made, bounds.size());
}

}  // namespace

std::span<const double> latency_buckets_s() {
  static constexpr double kBounds[] = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  return kBounds;
}

Counter& counter(std::string_view name, std::string_view help, const MetricLabels& labels) {
  static Counter& refused = *make_counter(registry().hidden, "refused_total", "", {}).release();
  return find_or_make(registry().counters, name, labels, refused, [&](prometheus::Registry& into, const auto& key) {
    return make_counter(into, std::string(name), std::string(help), key);
  });
}

Gauge& gauge(std::string_view name, std::string_view help, const MetricLabels& labels) {
  static Gauge& refused = *make_gauge(registry().hidden, "refused", "", {}).release();
  return find_or_make(registry().gauges, name, labels, refused, [&](prometheus::Registry& into, const auto& key) {
    return make_gauge(into, std::string(name), std::string(help), key);
  });
}

Histogram& histogram(std::string_view name, std::string_view help, const MetricLabels& labels, std::span<const double> upper_bounds) {
  static Histogram& refused = *make_histogram(registry().hidden, "refused_seconds", "", {}, latency_buckets_s()).release();
  return find_or_make(registry().histograms, name, labels, refused, [&](prometheus::Registry& into, const auto& key) {
    return make_histogram(into, std::string(name), std::string(help), key, upper_bounds);
  });
}

std::string render_metrics() { return prometheus::TextSerializer().Serialize(registry().shown.Collect()); }

}  // namespace bridge
