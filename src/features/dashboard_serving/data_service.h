#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "features/dashboard_serving/connection_source.h"
#include "features/dashboard_serving/plan_source.h"
#include "features/dashboard_serving/query_export.h"
#include "features/query_execution/query_execution.h"
#include "platform/http/message.h"
#include "warehouse/warehouse.h"

namespace bridge {

// One query of a view: its answer, or why there is none.
struct QueryOutcome {
  std::string id;
  int version = 0;
  Result<QueryAnswer> answer;
  std::vector<UsedPeriod> periods;
};

struct DataRequest {
  std::string slug;
  std::vector<std::pair<std::string, std::string>> parameters;  // as in a URL
  std::vector<std::string> only;                                // query ids; empty for all
  bool fresh = false;                                           // skip the cache
};

struct PrecomputeError {
  std::string query_id;
  std::string code;
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(PrecomputeError, (), (query_id, code, detail))

struct PrecomputeReport {
  std::int64_t queries_executed = 0;
  std::int64_t cache_hits = 0;
  std::vector<PrecomputeError> errors;
};
BOOST_DESCRIBE_STRUCT(PrecomputeReport, (), (queries_executed, cache_hits, errors))

struct ExplainedQuery {
  std::string id;
  int stage = 0;
  std::vector<std::string> depends_on;
  std::string sql;
  std::optional<std::int64_t> bytes_scanned;
  std::optional<ScanAccuracy> bytes_accuracy;  // how near bytes_scanned is
  std::optional<double> estimated_cost_usd;
  std::int64_t bytes_max = 0;
  std::int64_t ttl_s = 0;
  std::optional<std::string> error;
};
BOOST_DESCRIBE_STRUCT(ExplainedQuery, (),
                      (id, stage, depends_on, sql, bytes_scanned, bytes_accuracy, estimated_cost_usd, bytes_max, ttl_s, error))

struct ExplainedPlan {
  std::string slug;
  int version = 0;
  int stages = 0;
  std::vector<ExplainedQuery> queries;
};
BOOST_DESCRIBE_STRUCT(ExplainedPlan, (), (slug, version, stages, queries))

// How an answer is cut for one chart; applied to the answer, so that nothing is scanned again.
struct AnswerShape {
  std::string sort;  // "column" or "-column"; empty keeps the order
  std::optional<std::size_t> limit;
};

// Runs dashboards: binds parameters, runs the queries of a stage side by side, and gives each its answer or its error. Thread-safe.
class DashboardDataService {
 public:
  virtual ~DashboardDataService() = default;

  // Fails as a whole only for a dashboard that is missing, bad parameters, or a caller that went away.
  virtual Result<std::vector<QueryOutcome>> run(const CallContext& context, const DataRequest& request) = 0;
  // The same for a document that is not saved: `request.slug` only names its answers in the cache.
  virtual Result<std::vector<QueryOutcome>> run_plan(const CallContext& context, const Plan& plan, const DataRequest& request) = 0;
  virtual Result<QueryResult> shape(const CallContext& context, const QueryAnswer& answer, const AnswerShape& shape) = 0;
  // The one query of `request.only`, guarded and dry-run under its cap, ready to be run past the limit on rows.
  // resource_exhausted when as many exports of that connection run as may at once.
  virtual Result<QueryExport> open_export(const CallContext& context, const DataRequest& request, const AnswerShape& shape) = 0;
  virtual Result<PrecomputeReport> precompute(const CallContext& context, std::string_view slug) = 0;
  virtual Result<ExplainedPlan> explain(const CallContext& context, const DataRequest& request) = 0;
};

// All of these must outlive the service.
struct DataServiceParts {
  PlanSource& plans;
  DataConnectionSource& connections;
  QueryExecution& queries;
  LocalQueryEngine& local;
  WorkerPool& workers;
  const Clock& clock;
  std::chrono::milliseconds time_to_live_max = std::chrono::hours(48);  // of this server; a dashboard may only say less
};
std::unique_ptr<DashboardDataService> make_data_service(DataServiceParts parts);

// A body that is put together of text and of bytes that others have too.
class BodyPieces final {
 public:
  std::string& text() { return text_; }  // appends to it
  void append(SharedBytes bytes);
  std::vector<SharedBytes> take();
  std::size_t size() const { return size_ + text_.size(); }

 private:
  std::string text_;
  std::vector<SharedBytes> pieces_;
  std::size_t size_ = 0;
};

// {"data":…,"metadata":{…}} or {"error":{…}} of one query. The answer's own bytes become a piece of their own when they are many: nothing
// is copied that does not have to be.
void append_outcome(BodyPieces& out, const QueryOutcome& outcome);

}  // namespace bridge
