#include "features/connections/connection_steps.h"

#include "base/text.h"
#include "features/connections/limits.h"

namespace bridge {

namespace {

std::int64_t milliseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start).count();
}

// Tables to try, in the order of their datasets.
Result<std::vector<TableName>> first_tables(const CallContext& context, Warehouse& warehouse) {
  std::vector<TableName> found;
  const std::vector<DatasetInfo> datasets = TRY(warehouse.list_datasets(context));
  for (std::size_t i = 0; i < std::min(datasets.size(), kTestDatasetsMax) && found.size() < kTestTablesMax; ++i) {
    for (TableName& table : TRY(warehouse.list_tables(context, datasets[i].name))) {
      if (found.size() < kTestTablesMax) found.push_back(std::move(table));
    }
  }
  return found;
}

// The table's estimate; what fails is the step that was begun last.
Result<> read_table(const CallContext& context, Warehouse& warehouse, const TableName& table, ConnectionSteps& steps) {
  const BoundQuery query{.sql = str("SELECT * FROM ", table.sql_name, " ", warehouse.dialect().limit(1))};
  steps.begin(ConnectionStep::dry_run);
  const DryRun dry_run = TRY(warehouse.dry_run(context, query));
  steps.begin(ConnectionStep::read_row);
  if (dry_run.bytes_scanned > kTestReadBytesMax) {
    steps.advise(str("Not read: a row of ", table.name, " would scan ", format_bytes(dry_run.bytes_scanned)));
    return {};
  }
  TRY(warehouse.execute(context, query, {.rows_max = 1, .scanned_bytes_max = kTestReadBytesMax}));
  return {};
}

}  // namespace

void ConnectionSteps::end_current() {
  if (!is_under_way_) return;
  steps_.back().seen.latency_ms = milliseconds_since(began_);
  is_under_way_ = false;
}

void ConnectionSteps::begin(ConnectionStep step) {
  const auto known = std::ranges::find(steps_, step, &Step::step);
  if (known != steps_.end()) {
    // What the later ones took was this one's time too.
    steps_.erase(known + 1, steps_.end());
    steps_.back().seen.mend.reset();
    is_under_way_ = true;
    return;
  }
  end_current();
  steps_.push_back({.step = step, .seen = {.name = step, .ok = true}});
  began_ = Clock::now();
  is_under_way_ = true;
}

void ConnectionSteps::advise(std::string mend) {
  if (!steps_.empty()) steps_.back().seen.mend = std::move(mend);
}

void ConnectionSteps::forget() {
  if (!steps_.empty()) steps_.pop_back();
  is_under_way_ = false;
}

void ConnectionSteps::fail(const Error& error) {
  if (steps_.empty()) begin(ConnectionStep::open);
  end_current();
  ConnectionTestStep& step = steps_.back().seen;
  step.ok = false;
  step.error = error.message.substr(0, kLastErrorBytesMax);
  // A driver's message says its step, which stands beside it here.
  const std::string title = replace_all(std::string(enum_name(step.name)), "_", " ") + ": ";
  if (lower(*step.error).starts_with(title)) step.error->erase(0, title.size());
  step.mend.reset();
  if (error.violations.empty()) return;
  const std::string& mend = error.violations.front().message;
  if (mend == error.message) return;
  step.mend = mend.substr(0, kLastErrorBytesMax);
  // "what went wrong: what mends it" says the mend once.
  if (const std::string end = ": " + mend; step.error->ends_with(end)) step.error->resize(step.error->size() - end.size());
}

std::vector<ConnectionTestStep> ConnectionSteps::finish() {
  end_current();
  std::vector<ConnectionTestStep> out;
  for (Step& step : steps_) out.push_back(std::move(step.seen));
  return out;
}

std::string text_of(const Error& error) {
  std::string text = error.message;
  for (const Violation& violation : error.violations) {
    if (!text.contains(violation.message)) text += str("; ", violation.message);
  }
  return text.substr(0, kLastErrorBytesMax);
}

Result<> prove_reading(const CallContext& context, Warehouse& warehouse, ConnectionSteps& steps) {
  const auto failed = [&](const Error& error) {
    steps.fail(error);
    return fail(error);
  };
  steps.begin(ConnectionStep::rights);
  const auto rights = warehouse.check_rights(context);
  if (!rights) return failed(rights.error());
  if (!*rights) steps.forget();
  else if (!(*rights)->empty()) steps.advise(join(**rights, ". "));
  steps.begin(ConnectionStep::list);
  const auto tables = first_tables(context, warehouse);
  if (!tables) return failed(tables.error());
  if (tables->empty()) {
    steps.advise("There is no table that it may read: put data there, or give it the right to read");
    return {};
  }
  // One table that cannot be read does not make a connection that does not work.
  std::optional<Error> first_error;
  for (const TableName& table : *tables) {
    // Nor does one that takes long: the last has what is left of the time.
    const bool is_last = &table == &tables->back();
    const auto outcome = read_table(is_last ? context : context.with_timeout(kTestTableTimeMax), warehouse, table, steps);
    if (outcome) return {};
    if (!first_error) first_error = outcome.error();
    TRY(context.check());
  }
  return failed(*first_error);
}

}  // namespace bridge
