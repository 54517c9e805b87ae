#include "features/warehouse_use/warehouse_use.h"

#include <limits>
#include <map>
#include <mutex>

#include "base/guarded.h"
#include "base/log.h"
#include "base/text.h"
#include "features/warehouse_use/limits.h"
#include "features/warehouse_use/warehouse_use_store.h"
#include "platform/metadata_db/row_mapper.h"
#include "platform/work/periodic_task.h"

namespace bridge {
namespace {

constexpr std::int64_t kAny = std::numeric_limits<std::int64_t>::max();

std::int64_t day_of(Time time) { return std::chrono::floor<std::chrono::days>(time).time_since_epoch().count(); }
Time start_of(std::int64_t day) { return std::chrono::sys_days(std::chrono::days(day)); }

std::int64_t sum(std::int64_t a, std::int64_t b) { return a > kAny - b ? kAny : a + b; }

// What was counted and how much of it is not written yet.
struct Counted {
  UseCount all;
  UseCount unwritten;
};
using UseKey = std::pair<std::string, std::string>;  // person, connection

struct TeamDay {
  std::map<UseKey, Counted> uses;
  UseCount team;
  std::map<std::string, UseCount> persons;
  std::map<std::string, UseCount> connections;
  std::set<std::string> warned;  // of which budgets
  std::chrono::steady_clock::time_point last_used;
};

// One cap and what counts against it.
struct Budget {
  std::string whose;  // "The team", as a sentence begins
  std::string warned_as;
  std::int64_t used = 0;
  std::int64_t wanted = 0;
  std::int64_t max = 0;
  bool counts_bytes = false;
};

std::string amount(const Budget& budget, std::int64_t count) {
  if (budget.counts_bytes) return format_bytes(static_cast<std::uint64_t>(count));
  return str(format_count(static_cast<std::uint64_t>(count)), count == 1 ? " query" : " queries");
}

class WarehouseUseOnDatabase final : public WarehouseUse {
 public:
  WarehouseUseOnDatabase(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock, UseCaps caps)
      : database_(std::move(database)),
        clock_(std::move(clock)),
        caps_(caps),
        writer_(start_periodic_task({.name = "use of warehouses", .interval = kUseWriteInterval},
                                    [this](const std::stop_token&) { write(); })) {}

  ~WarehouseUseOnDatabase() override {
    writer_->stop();
    (void)guarded([&] { write(); });
  }

  Result<> take(const CallContext& context, const UseOfQuery& query) override {
    const Time now = clock_->now();
    std::unique_lock lock(mutex_);
    TeamDay& day = TRY(day_of_team(context, now, lock));
    for (const Budget& budget : budgets_of(day, context, query)) {
      if (budget.max == 0) continue;
      if (sum(budget.used, budget.wanted) > budget.max) return refuse(budget, now);
      if (static_cast<double>(sum(budget.used, budget.wanted)) < kUseWarningShare * static_cast<double>(budget.max)) continue;
      if (!day.warned.insert(budget.warned_as).second) continue;
      log_warning("daily_cap_nearly_reached", {{"team", context.caller.team_id.value()},
                                               {"of", budget.warned_as},
                                               {"used", str(sum(budget.used, budget.wanted))},
                                               {"cap", str(budget.max)}});
    }
    count(day, context, query, 1);
    return {};
  }

  void give_back(const CallContext& context, const UseOfQuery& query) override {
    const std::lock_guard lock(mutex_);
    const auto found = teams_.find(context.caller.team_id.value());
    if (found == teams_.end()) return;
    // Taken from a day that is over, it is given back to none.
    const auto use = found->second.uses.find({context.caller.user_id.value(), query.connection_id.value()});
    if (use != found->second.uses.end() && use->second.all.queries > 0) count(found->second, context, query, -1);
  }

  Result<UseReport> report(const CallContext& context) override {
    const Time now = clock_->now();
    std::unique_lock lock(mutex_);
    const TeamDay& day = TRY(day_of_team(context, now, lock));
    UseReport report{.day = start_of(day_), .resets_at = start_of(day_ + 1)};
    report.team = use_of(day.team, caps_.team_bytes, caps_.team_queries);
    const auto person = day.persons.find(context.caller.user_id.value());
    report.person = use_of(person == day.persons.end() ? UseCount() : person->second, caps_.person_bytes, caps_.person_queries);
    for (const auto& [id, use] : day.connections) {
      UseOfConnection& out = report.connections.emplace_back();
      static_cast<UseCount&>(out) = use;
      out.connection_id = ConnectionId(id);
    }
    return report;
  }

 private:
  static UseOf use_of(const UseCount& count, std::int64_t bytes_max, std::int64_t queries_max) {
    const auto near = [](std::int64_t used, std::int64_t max) {
      return max > 0 && static_cast<double>(used) >= kUseWarningShare * static_cast<double>(max);
    };
    UseOf use;
    static_cast<UseCount&>(use) = count;
    use.bytes_max = bytes_max;
    use.queries_max = queries_max;
    use.is_nearly_spent = near(count.bytes, bytes_max) || near(count.queries, queries_max);
    return use;
  }

  std::vector<Budget> budgets_of(const TeamDay& day, const CallContext& context, const UseOfQuery& query) const {
    const std::string& person = context.caller.user_id.value();
    const auto used = [](const std::map<std::string, UseCount>& counts, const std::string& key) {
      const auto found = counts.find(key);
      return found == counts.end() ? UseCount() : found->second;
    };
    const UseCount by_person = used(day.persons, person);
    const UseCount by_connection = used(day.connections, query.connection_id.value());
    const std::int64_t bytes = bytes_of(query);
    return {{"The connection", "connection " + query.connection_id.value(), by_connection.bytes, bytes, query.connection_bytes_max, true},
            {"The team", "team bytes", day.team.bytes, bytes, caps_.team_bytes, true},
            {"The team", "team queries", day.team.queries, 1, caps_.team_queries, false},
            {"Your share", "bytes of " + person, by_person.bytes, bytes, caps_.person_bytes, true},
            {"Your share", "queries of " + person, by_person.queries, 1, caps_.person_queries, false}};
  }

  std::unexpected<Error> refuse(const Budget& budget, Time now) const {
    const Time end = start_of(day_ + 1);
    const std::int64_t left = std::max<std::int64_t>(0, budget.max - budget.used);
    return fail(Error{.code = ErrorCode::resource_exhausted,
                      .message = str(budget.whose, " has ", amount(budget, left), " left of ", amount(budget, budget.max),
                                     " a day, and this query takes ", amount(budget, budget.wanted), ". The next day begins at ",
                                     format_time(end), "; answers that are kept are shown until then"),
                      .reason = "daily_cap_reached",
                      .retry_after = std::chrono::ceil<std::chrono::milliseconds>(end - now)});
  }

  static std::int64_t bytes_of(const UseOfQuery& query) { return static_cast<std::int64_t>(std::min<std::uint64_t>(query.bytes, kAny)); }

  static void add(UseCount& count, std::int64_t bytes, std::int64_t queries) {
    count.bytes = bytes < 0 ? count.bytes + bytes : sum(count.bytes, bytes);
    count.queries += queries;
  }

  static void add(TeamDay& day, UseKey key, std::int64_t bytes, std::int64_t queries, bool is_written) {
    if (day.uses.size() >= kUsesPerTeamMax && !day.uses.contains(key)) key = {};
    Counted& counted = day.uses[key];
    add(counted.all, bytes, queries);
    if (!is_written) add(counted.unwritten, bytes, queries);
    add(day.team, bytes, queries);
    add(day.persons[key.first], bytes, queries);
    add(day.connections[key.second], bytes, queries);
  }

  static void count(TeamDay& day, const CallContext& context, const UseOfQuery& query, int sign) {
    add(day, {context.caller.user_id.value(), query.connection_id.value()}, sign * bytes_of(query), sign, false);
  }

  // The team's counts of today, read when they are not known. `lock` is let go meanwhile.
  Result<std::reference_wrapper<TeamDay>> day_of_team(const CallContext& context, Time now, std::unique_lock<std::mutex>& lock) {
    const std::string& team = context.caller.team_id.value();
    if (const std::int64_t today = day_of(now); today != day_) {
      lock.unlock();
      write();
      lock.lock();
      if (today != day_) {
        teams_.clear();  // of another day, and written
        day_ = today;
      }
    }
    if (!teams_.contains(team)) {
      const std::int64_t today = day_;
      lock.unlock();
      const auto rows = read_value<std::vector<UseRow>>(
          *database_, context, [&](Transaction& transaction) { return list_uses(transaction, context.team(), today); });
      lock.lock();
      if (!rows) return fail(rows.error());
      const auto [place, is_new] = teams_.try_emplace(team);
      if (is_new && today == day_) {
        for (const UseRow& row : *rows) add(place->second, {row.person, row.connection_id.value()}, row.bytes, row.queries, true);
      }
    }
    TeamDay& day = teams_[team];
    day.last_used = std::chrono::steady_clock::now();
    return std::ref(day);
  }

  struct Unwritten {
    TeamId team;
    std::int64_t day;
    UseRow use;
  };

  // One at a time, and nothing is asked of the database under the lock that queries take.
  void write() {
    const std::lock_guard one_at_a_time(write_mutex_);
    std::vector<Unwritten> unwritten;
    {
      const std::lock_guard lock(mutex_);
      const auto now = std::chrono::steady_clock::now();
      for (auto team = teams_.begin(); team != teams_.end();) {
        const std::size_t before = unwritten.size();
        for (auto& [key, counted] : team->second.uses) {
          const UseCount count = std::exchange(counted.unwritten, {});
          if (count.bytes == 0 && count.queries == 0) continue;
          unwritten.push_back({TeamId(team->first), day_, {key.first, ConnectionId(key.second), count.bytes, count.queries}});
        }
        const bool is_idle = unwritten.size() == before && now - team->second.last_used > kUseIdleMax;
        team = is_idle ? teams_.erase(team) : std::next(team);
      }
    }
    if (unwritten.empty()) return;
    const auto written = database_->transact({}, [&](Transaction& transaction) -> Result<> {
      for (const Unwritten& each : unwritten) TRY(add_use(transaction, TeamScope(each.team), each.day, each.use));
      return delete_uses_before(transaction, unwritten.front().day - kUseDaysKept);
    });
    if (written) return;
    log_warning("use_of_warehouses_not_written", {{"error", describe_error(written.error())}});
    // Once more with the next ones, if their day still runs.
    const std::lock_guard lock(mutex_);
    for (const Unwritten& each : unwritten) {
      const auto team = teams_.find(each.team.value());
      if (each.day != day_ || team == teams_.end()) continue;
      add(team->second.uses[{each.use.person, each.use.connection_id.value()}].unwritten, each.use.bytes, each.use.queries);
    }
  }

  const std::shared_ptr<Database> database_;
  const std::shared_ptr<const Clock> clock_;
  const UseCaps caps_;
  std::mutex write_mutex_;
  std::mutex mutex_;
  std::int64_t day_ = 0;
  std::map<std::string, TeamDay> teams_;
  const std::unique_ptr<PeriodicTask> writer_;  // last: it uses everything above
};

}  // namespace

std::shared_ptr<WarehouseUse> make_warehouse_use(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock, UseCaps caps) {
  return std::make_shared<WarehouseUseOnDatabase>(std::move(database), std::move(clock), caps);
}

}  // namespace bridge
