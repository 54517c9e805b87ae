#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The process's metrics. Everything here is thread-safe; the references stay valid until the process ends.
// Looking one up takes a lock, using it does not: look up once and keep the reference.

namespace bridge {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double amount = 1) = 0;
  virtual double value() const = 0;
};

class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
  virtual void add(double amount) = 0;
  virtual double value() const = 0;
};

class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) = 0;
  // Adds what was counted elsewhere: one count for each bucket and one for what is over the last; `sum` of all values.
  virtual void observe_many(std::span<const double> counts, double sum) = 0;
};

// Upper bounds in seconds, from a cached answer to a slow warehouse.
std::span<const double> latency_buckets_s();

// The metric of this name and these labels, made when it is new. A name has one kind, one help text and one set of label names; a use
// that contradicts the first one, or the series over the limit of a name, counts into a series that is not shown.
Counter& counter(std::string_view name, std::string_view help, const MetricLabels& labels = {});
Gauge& gauge(std::string_view name, std::string_view help, const MetricLabels& labels = {});
Histogram& histogram(std::string_view name, std::string_view help, const MetricLabels& labels = {},
                     std::span<const double> upper_bounds = latency_buckets_s());

// All metrics in Prometheus text format 0.0.4.
std::string render_metrics();

}  // namespace bridge
