#include "platform/telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace bridge {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Metrics, CountsByNameAndLabels) {
  counter("test_things_total", "Things", {{"kind", "a"}}).add();
  counter("test_things_total", "Things", {{"kind", "a"}}).add(2);
  counter("test_things_total", "Things", {{"kind", "b"}}).add();
  EXPECT_EQ(counter("test_things_total", "Things", {{"kind", "a"}}).value(), 3);
  EXPECT_THAT(render_metrics(), HasSubstr("test_things_total{kind=\"a\"} 3"));
  EXPECT_THAT(render_metrics(), HasSubstr("test_things_total{kind=\"b\"} 1"));
}

TEST(Metrics, GaugesGoUpAndDown) {
  Gauge& open = gauge("test_open", "Open things");
  open.set(5);
  open.add(-2);
  EXPECT_EQ(open.value(), 3);
}

TEST(Metrics, HistogramsTakeValuesAndReadyCounts) {
  const std::vector<double> bounds{1, 10};
  Histogram& sizes = histogram("test_sizes", "Sizes", {}, bounds);
  sizes.observe(5);
  sizes.observe_many(std::vector<double>{2, 0, 1}, 102);
  const std::string text = render_metrics();
  EXPECT_THAT(text, HasSubstr("test_sizes_bucket{le=\"1\"} 2"));
  EXPECT_THAT(text, HasSubstr("test_sizes_bucket{le=\"10\"} 3"));
  EXPECT_THAT(text, HasSubstr("test_sizes_bucket{le=\"+Inf\"} 4"));
  EXPECT_THAT(text, HasSubstr("test_sizes_sum 107"));
}

TEST(Metrics, AWrongNameOrTooManySeriesAreNotShownAndDoNoHarm) {
  counter("not a name", "x").add();
  EXPECT_THAT(render_metrics(), Not(HasSubstr("not a name")));
  for (int i = 0; i < 2'500; ++i) counter("test_many_total", "Many", {{"id", std::to_string(i)}}).add();
  EXPECT_THAT(render_metrics(), HasSubstr("test_many_total{id=\"1999\"} 1"));
  EXPECT_THAT(render_metrics(), Not(HasSubstr("test_many_total{id=\"2000\"}")));
}

TEST(Metrics, CountsFromManyThreadsAddUp) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 1'000; ++i) counter("test_shared_total", "Shared").add();
    });
  }
  threads.clear();
  EXPECT_EQ(counter("test_shared_total", "Shared").value(), 4'000);
}

}  // namespace
}  // namespace bridge
