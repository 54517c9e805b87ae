#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "features/jobs/job_service.h"
#include "features/jobs/job_store.h"
#include "features/jobs/jobs_endpoints.h"
#include "features/teams/team.h"
#include "platform/metadata_db/migrations.h"
#include "platform/metadata_db/row_mapper.h"
#include "platform/metadata_db/testing/throwing_database.h"

namespace bridge {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<Database> directory(const std::string& path = ":memory:") {
  auto database = open_sqlite(path);
  EXPECT_TRUE(database.has_value());
  EXPECT_TRUE(migrate_up(**database).has_value());
  (void)(*database)->transact({}, [](Transaction& transaction) -> Result<> {
    for (const char* id : {"a", "b"}) TRY(insert_row(transaction, "teams", Team{.id = TeamId(id), .name = id, .slug = id}));
    return {};
  });
  return *database;
}

CallContext in_team(const char* team) { return {.caller = {.team_id = TeamId(team), .role = Role::editor}}; }

JobKind kind(std::string name, std::function<Result<json::object>(const CallContext&, const json::object&, JobProgress&)> run,
             int attempts_max = 2) {
  return {.name = std::move(name),
          .run = [run](const CallContext& context, const Job&, const json::object& input,
                       JobProgress& progress) { return run(context, input, progress); },
          .attempts_max = attempts_max};
}

Job wait_for(JobService& service, const JobId& id, const std::function<bool(const Job&)>& done) {
  for (int i = 0; i < 2'000; ++i) {
    const auto job = service.get(in_team("a"), id);
    if (job && done(*job)) return *job;
    std::this_thread::sleep_for(5ms);
  }
  ADD_FAILURE() << "the job did not get there";
  return {};
}
bool is_over(const Job& job) { return job.finished_at.has_value(); }

TEST(JobService, RunsAJobAndKeepsItsResult) {
  const auto service =
      make_job_service(directory(), make_system_clock(),
                       {kind("double", [](const CallContext& context, const json::object& input, JobProgress&) -> Result<json::object> {
                         EXPECT_EQ(context.caller.team_id, TeamId("a"));
                         return json::object{{"twice", input.at("n").as_int64() * 2}};
                       })});
  const auto before = service->submit(in_team("a"), "double", {{"n", 21}});
  ASSERT_TRUE(before.has_value()) << before.error().detail;
  EXPECT_EQ(before->status, JobStatus::queued);
  ASSERT_TRUE(service->start());
  const Job job = wait_for(*service, before->id, is_over);
  EXPECT_EQ(job.status, JobStatus::completed);
  EXPECT_EQ(job.progress, 1);
  EXPECT_EQ(job.detail.at("twice"), 42);
  EXPECT_EQ(wait_for(*service, service->submit(in_team("a"), "double", {{"n", 1}})->id, is_over).detail.at("twice"), 2);
}

TEST(JobService, ShowsProgressAndStopsWhenCancelled) {
  const auto service =
      make_job_service(directory(), make_system_clock(),
                       {kind("long", [](const CallContext& context, const json::object&, JobProgress& progress) -> Result<json::object> {
                         for (;;) {
                           TRY(progress.report(0.25, {{"step", "one"}}));
                           TRY(context.check());
                           std::this_thread::sleep_for(1ms);
                         }
                       })});
  ASSERT_TRUE(service->start());
  const JobId id = service->submit(in_team("a"), "long", {})->id;
  EXPECT_EQ(wait_for(*service, id, [](const Job& job) { return job.progress > 0; }).detail.at("step"), "one");
  EXPECT_EQ(service->cancel(in_team("b"), id).error().code, ErrorCode::not_found);
  ASSERT_TRUE(service->cancel(in_team("a"), id).has_value());
  EXPECT_EQ(wait_for(*service, id, is_over).status, JobStatus::cancelled);
  EXPECT_TRUE(service->cancel(in_team("a"), id).has_value());
}

TEST(JobService, CancelsAQueuedJobBeforeItRuns) {
  std::atomic<int> runs = 0;
  const auto service = make_job_service(directory(), make_system_clock(),
                                        {kind("count", [&](const CallContext&, const json::object&, JobProgress&) -> Result<json::object> {
                                          ++runs;
                                          return json::object{};
                                        })});
  const JobId first = service->submit(in_team("a"), "count", {})->id;
  EXPECT_EQ(service->cancel(in_team("a"), first)->status, JobStatus::cancelled);
  const JobId second = service->submit(in_team("a"), "count", {})->id;
  ASSERT_TRUE(service->start());
  wait_for(*service, second, is_over);
  EXPECT_EQ(runs, 1);
}

TEST(JobService, AWorkerGoesOnWhicheverCallOfTheDirectoryThrows) {
  const auto database = std::make_shared<ThrowingDatabase>(directory());
  const auto service = make_job_service(
      database, make_system_clock(),
      {kind("nothing", [](const CallContext&, const json::object&, JobProgress&) { return Result<json::object>(json::object{}); })},
      {.workers = 1});
  ASSERT_TRUE(service->start());
  for (int at = 1; at <= 4; ++at) {
    database->arm(at);
    ASSERT_TRUE(service->submit(in_team("a"), "nothing", {}).has_value());
    const JobId second = service->submit(in_team("a"), "nothing", {})->id;
    wait_for(*service, second, is_over);
    database->arm(0);
    wait_for(*service, service->submit(in_team("a"), "nothing", {})->id, is_over);
  }
}

TEST(JobService, SaysWhyAJobFailed) {
  const auto service = make_job_service(
      directory(), make_system_clock(),
      {kind("refuse",
            [](const CallContext&, const json::object&, JobProgress&) -> Result<json::object> {
              return fail(ErrorCode::unavailable, "The warehouse is away");
            }),
       kind(
           "throw",
           [](const CallContext&, const json::object&, JobProgress&) -> Result<json::object> { throw std::runtime_error("inner secret"); }),
       kind("throw anything", [](const CallContext&, const json::object&, JobProgress&) -> Result<json::object> { throw 7; })});
  ASSERT_TRUE(service->start());
  const Job refused = wait_for(*service, service->submit(in_team("a"), "refuse", {})->id, is_over);
  EXPECT_EQ(refused.status, JobStatus::failed);
  EXPECT_EQ(refused.error, "The warehouse is away");
  const Job thrown = wait_for(*service, service->submit(in_team("a"), "throw", {})->id, is_over);
  EXPECT_EQ(thrown.status, JobStatus::failed);
  EXPECT_EQ(thrown.error->find("inner secret"), std::string::npos);
  EXPECT_EQ(wait_for(*service, service->submit(in_team("a"), "throw anything", {})->id, is_over).status, JobStatus::failed);
  EXPECT_EQ(service->submit(in_team("a"), "none", {}).error().reason, "unknown_job_kind");
  EXPECT_EQ(service->submit({}, "refuse", {}).error().reason, "team_required");
}

TEST(JobService, PutsARunningJobBackWhenTheServerStops) {
  const auto database = directory();
  std::atomic<int> starts = 0;
  std::atomic<bool> quick = false;
  const std::vector<JobKind> kinds{kind("slow", [&](const CallContext& context, const json::object&, JobProgress&) -> Result<json::object> {
    ++starts;
    while (!quick) {
      TRY(context.check());
      std::this_thread::sleep_for(1ms);
    }
    return json::object{};
  })};
  auto first = make_job_service(database, make_system_clock(), kinds);
  ASSERT_TRUE(first->start());
  const JobId id = first->submit(in_team("a"), "slow", {})->id;
  while (starts == 0) std::this_thread::sleep_for(1ms);
  first->stop();
  first->stop();
  EXPECT_EQ(first->get(in_team("a"), id)->status, JobStatus::queued);
  quick = true;
  const auto second = make_job_service(database, make_system_clock(), kinds);
  ASSERT_TRUE(second->start());
  const Job job = wait_for(*second, id, is_over);
  EXPECT_EQ(job.status, JobStatus::completed);
  EXPECT_EQ(job.attempts, 1);
}

TEST(JobService, GoesOnWithAJobOfAProcessThatWasKilledAndGivesUpInTheEnd) {
  std::string folder = "/tmp/bridge_jobs_XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string path = folder + "/bridge.db";
  std::string id;
  for (int life = 0; life < 3; ++life) {
    int started[2];
    ASSERT_EQ(pipe(started), 0);
    const pid_t child = fork();
    if (child == 0) {
      const auto database = directory(path);
      const auto service =
          make_job_service(database, make_system_clock(),
                           {kind("deadly", [&](const CallContext&, const json::object&, JobProgress&) -> Result<json::object> {
                             if (write(started[1], "x", 1) != 1) _exit(1);
                             for (;;) std::this_thread::sleep_for(1s);
                           })});
      (void)service->start();
      if (life == 0) {
        const std::string made = service->submit(in_team("a"), "deadly", {})->id.value();
        if (write(started[1], made.data(), made.size()) < 0) _exit(1);
      }
      for (;;) std::this_thread::sleep_for(1s);
    }
    close(started[1]);
    std::string seen;
    char byte = 0;
    const std::size_t wanted = life == 0 ? 37 : 1;
    if (life < 2) {
      while (seen.size() < wanted && read(started[0], &byte, 1) == 1) seen += byte;
    } else {
      std::this_thread::sleep_for(300ms);  // the third life finds two attempts used up
    }
    if (life == 0) id = seen;
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    close(started[0]);
  }
  id.erase(std::ranges::find(id, 'x'));
  const auto service = make_job_service(directory(path), make_system_clock(), {});
  const auto job = service->get(in_team("a"), JobId(id));
  ASSERT_TRUE(job.has_value()) << id;
  EXPECT_EQ(job->status, JobStatus::failed);
  EXPECT_EQ(job->error, "The server stopped while it ran this job, 2 times: start it again");
  std::filesystem::remove_all(folder);
}

// How often each job ran, whoever ran it.
class RunCounts {
 public:
  JobKind kind(std::string name) {
    return bridge::kind(std::move(name), [this](const CallContext& context, const json::object&, JobProgress&) -> Result<json::object> {
      const std::lock_guard lock(mutex_);
      ++counts_[context.correlation_id];
      return json::object{};
    });
  }
  std::map<std::string, int> counts() {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, int> counts_;  // guarded by mutex_
};

TEST(JobService, LeavesAJobThatAnotherProcessHoldsAlone) {
  const auto database = directory();
  RunCounts runs;
  const auto service = make_job_service(database, make_system_clock(), {runs.kind("x")}, {.workers = 1, .sole_process = false});
  const JobId id = service->submit(in_team("a"), "x", {})->id;
  const Time now = make_system_clock()->now();
  ASSERT_TRUE(database->transact({}, [&](Transaction& transaction) -> Result<> {
    EXPECT_TRUE(TRY(lease_next_job(transaction, "other", now, now + 1h)).has_value());
    EXPECT_FALSE(TRY(lease_next_job(transaction, "mine", now, now + 1h)).has_value());
    return {};
  }));
  const JobId younger = service->submit(in_team("a"), "x", {})->id;  // whoever takes this one has passed over the other
  ASSERT_TRUE(service->start());
  EXPECT_EQ(wait_for(*service, younger, is_over).status, JobStatus::completed);
  EXPECT_EQ(service->get(in_team("a"), id)->status, JobStatus::running);
  EXPECT_EQ(runs.counts(), (std::map<std::string, int>{{younger.value(), 1}}));
}

TEST(TwoJobServices, RunEachJobOnceBetweenThem) {
  const auto database = directory();
  RunCounts runs;
  const auto make = [&] { return make_job_service(database, make_system_clock(), {runs.kind("x")}, {.sole_process = false}); };
  const auto first = make(), second = make();
  ASSERT_TRUE(first->start() && second->start());
  std::mutex mutex;
  std::vector<JobId> ids;
  {
    std::vector<std::jthread> submitters;
    for (const auto& service : {first, second}) {
      submitters.emplace_back([&mutex, &ids, service] {
        for (int i = 0; i < 40; ++i) {
          const auto job = service->submit(in_team("a"), "x", {});
          ASSERT_TRUE(job.has_value()) << job.error().message;
          const std::lock_guard lock(mutex);
          ids.push_back(job->id);
        }
      });
    }
  }
  std::map<std::string, int> once;
  for (const JobId& id : ids) {
    EXPECT_EQ(wait_for(*first, id, is_over).status, JobStatus::completed);
    EXPECT_EQ(second->get(in_team("a"), id)->status, JobStatus::completed);
    once[id.value()] = 1;
  }
  EXPECT_EQ(once.size(), 80u);
  EXPECT_EQ(runs.counts(), once);
}

TEST(TwoJobServices, SeeAndCancelWhatTheOtherRuns) {
  const auto database = directory();
  const std::vector<JobKind> kinds{kind("long", [](const CallContext&, const json::object&, JobProgress& progress) -> Result<json::object> {
    for (;;) {
      TRY(progress.report(0.25, {{"step", "one"}}));
      std::this_thread::sleep_for(1ms);
    }
  })};
  const auto first = make_job_service(database, make_system_clock(), kinds, {.sole_process = false}),
             second = make_job_service(database, make_system_clock(), kinds, {.sole_process = false});
  ASSERT_TRUE(first->start());
  const JobId id = first->submit(in_team("a"), "long", {})->id;
  EXPECT_EQ(wait_for(*second, id, [](const Job& job) { return job.progress > 0; }).detail.at("step"), "one");
  ASSERT_TRUE(second->start());  // a start takes nothing from one that lives
  ASSERT_TRUE(second->cancel(in_team("a"), id).has_value());
  EXPECT_EQ(wait_for(*first, id, is_over).status, JobStatus::cancelled);
  EXPECT_EQ(second->get(in_team("a"), id)->attempts, 1);
}

TEST(JobService, LimitsHowManyWait) {
  const auto service = make_job_service(directory(), make_system_clock(), {kind("x", {})});
  Result<Job> job;
  int count = 0;
  while (count < 1'000 && (job = service->submit(in_team("a"), "x", {}))) ++count;
  EXPECT_EQ(count, 200);
  EXPECT_EQ(job.error().code, ErrorCode::resource_exhausted);
  EXPECT_TRUE(service->submit(in_team("b"), "x", {}).has_value());
  EXPECT_EQ(service->submit(in_team("b"), "x", {{"big", std::string(100'000, 'x')}}).error().code, ErrorCode::payload_too_large);
}

TEST(JobsEndpoints, AnswerAnotherTeamsJobAsOneThatDoesNotExist) {
  const auto service = make_job_service(directory(), make_system_clock(), {kind("x", {})});
  const Job job = *service->submit(in_team("a"), "x", {});
  const Route route = job_routes(*service).front();
  const auto get = [&](const char* team, const std::string& id) {
    return route.handler({.path_parameters = {{"id", id}}, .context = in_team(team)});
  };
  EXPECT_EQ(*get("a", job.id.value())->body.front(), to_json_text(job));
  EXPECT_EQ(json::serialize(problem_json(get("b", job.id.value()).error(), "c")),
            json::serialize(problem_json(get("b", make_uuid()).error(), "c")));
}

}  // namespace
}  // namespace bridge
