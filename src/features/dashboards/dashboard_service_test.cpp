#include "features/dashboards/dashboard_service.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <sstream>

#include "base/text.h"
#include "features/dashboard_documents/meta_text.h"
#include "features/dashboards/crash_point.h"
#include "features/dashboards/dashboard_endpoints.h"
#include "features/dashboards/dashboard_files.h"
#include "features/dashboards/dashboard_store.h"
#include "platform/metadata_db/migrations.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {
namespace {

namespace fs = std::filesystem;

const TeamId kTeam("01980000-0000-7000-8000-000000000001");
const TeamId kOtherTeam("01980000-0000-7000-8000-000000000002");

std::string yaml(std::string_view title, std::string_view slug = "late") {
  return str("# A comment at the top\nbridge: 1\nslug: ", slug, "\ntitle: '", title,
             "'   # quoted\nconnection: flights\nqueries:\n  q:\n    sql: |\n      SELECT count(*) AS n\n      FROM flights\ncharts:\n  k: "
             "{query: q, mark: kpi, y: n}\n# the end\n");
}

class NamedConnections final : public ConnectionDirectory {
 public:
  Result<std::vector<std::string>> list_connection_names(const CallContext&) override { return std::vector<std::string>{"flights"}; }
  Result<DataConnection> find_connection(const CallContext&, std::string_view) override {
    return fail(ErrorCode::failed_precondition, "connection_missing", "none");
  }
};

// A service over a real folder and a real database in a temporary place, as a process would open them.
struct Workspace {
  fs::path folder;
  bool owns = true;
  std::shared_ptr<FixedClock> clock = std::make_shared<FixedClock>(*parse_time("2026-08-01T10:00:00Z"));
  std::shared_ptr<Database> database;
  std::shared_ptr<ObjectStore> store;
  NamedConnections connections;
  std::mutex changed_mutex;
  std::vector<std::string> changed;  // guarded by changed_mutex
  std::unique_ptr<DashboardService> service;

  explicit Workspace(fs::path at = {}) : folder(at) {
    owns = folder.empty();
    if (owns) folder = fs::temp_directory_path() / ("dashboards_" + make_uuid());
    fs::create_directories(folder);
    open();
  }
  ~Workspace() {
    service.reset();
    database.reset();
    store.reset();
    if (owns) fs::remove_all(folder);
  }

  void open() {
    service.reset();
    database.reset();
    store.reset();
    auto opened = open_sqlite(folder / "bridge.db");
    EXPECT_TRUE(opened) << describe_error(opened.error());
    database = *opened;
    EXPECT_TRUE(migrate_up(*database));
    auto lake = open_folder_store(folder / "lake");
    EXPECT_TRUE(lake) << describe_error(lake.error());
    store = *lake;
    (void)database->transact({}, [](Transaction& transaction) -> Result<> {
      if (TRY(read_count(TRY(transaction.query("SELECT COUNT(*) FROM teams", {})))) > 0) return {};
      for (const TeamId& team : {kTeam, kOtherTeam}) {
        TRY(transaction.execute("INSERT INTO teams (id, name, slug, created_at, updated_at) VALUES (:p1, :p1, :p2, 1, 1)",
                                {team.value(), team.value().substr(32)}));
      }
      return {};
    });
    service = make_dashboard_service({.database = *database,
                                      .store = *store,
                                      .connections = &connections,
                                      .clock = clock,
                                      .on_change = [this](const TeamScope&, std::string_view slug) {
                                        const std::lock_guard lock(changed_mutex);
                                        changed.emplace_back(slug);
                                      }});
  }

  static CallContext context(const TeamId& team = kTeam) {
    CallContext made;
    made.caller = {.team_id = team, .role = Role::admin, .credential_id = "key:test"};
    return made;
  }
  Result<DashboardMetadata> create(std::string text) { return service->create(context(), {.yaml = std::move(text)}); }
  Result<DashboardMetadata> replace(std::string text, Precondition precondition = {}) {
    return service->replace(context(), "late", {.yaml = std::move(text)}, precondition);
  }

  std::string file(std::string_view slug) const {
    std::ifstream in(folder / "lake" / yaml_key(TeamScope(kTeam), slug));
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
  }
  std::map<std::string, int> pointers() {
    std::map<std::string, int> out;
    (void)database->read({}, [&](Transaction& transaction) -> Result<> {
      for (const DashboardRow& row : TRY(list_dashboard_rows(transaction, TeamScope(kTeam)))) out[row.slug] = row.version;
      return {};
    });
    return out;
  }
  std::map<std::string, int> listed() {
    std::map<std::string, int> out;
    const auto page = service->list(context(), {});
    EXPECT_TRUE(page) << describe_error(page.error());
    for (const auto& item : page->items) out[item.slug] = item.version;
    return out;
  }
};

// The service of another process over the same folder and directory. The directory lets one process in at a time, so that the two share
// their door to it; each has its own way to the folder, and a memory of its own.
struct Beside {
  std::shared_ptr<ObjectStore> store;
  std::unique_ptr<DashboardService> service;

  explicit Beside(Workspace& workspace) : store(*open_folder_store(workspace.folder / "lake")) {
    service = make_dashboard_service(
        {.database = *workspace.database, .store = *store, .connections = &workspace.connections, .clock = workspace.clock});
  }
};

TEST(DashboardService, SavesListsAndReadsBackWhatTheAuthorWrote) {
  Workspace workspace;
  const auto saved = workspace.create(yaml("Late flights"));
  ASSERT_TRUE(saved) << describe_error(saved.error());
  EXPECT_EQ(saved->slug, "late");
  EXPECT_EQ(saved->version, 1);
  EXPECT_TRUE(saved->gcs_yaml_path.ends_with("/dashboards/" + kTeam.value() + "/late.yaml"));
  EXPECT_TRUE(workspace.file("late").starts_with(yaml("Late flights")));
  EXPECT_EQ(content_of(workspace.file("late")), yaml("Late flights"));
  EXPECT_EQ(workspace.listed(), (std::map<std::string, int>{{"late", 1}}));
  EXPECT_EQ(workspace.pointers(), (std::map<std::string, int>{{"late", 1}}));
  EXPECT_EQ(workspace.changed, std::vector<std::string>{"late"});
  const auto text = workspace.service->get_text(Workspace::context(), "late");
  EXPECT_EQ(text->etag, "1");
  EXPECT_EQ(workspace.service->get_document(Workspace::context(), "late")->document.at("title").as_string(), "Late flights");
  EXPECT_EQ((*workspace.service->get_plan(Workspace::context(), "late"))->version, 1);
}

TEST(DashboardService, RefusesWhatIsTakenInvalidOrUnknown) {
  Workspace workspace;
  ASSERT_TRUE(workspace.create(yaml("A")));
  EXPECT_EQ(workspace.create(yaml("B")).error().reason, "slug_conflict");
  EXPECT_EQ(workspace.create(yaml("B")).error().code, ErrorCode::already_exists);
  const auto invalid = workspace.create(replace_all(yaml("B", "b"), "mark: kpi", "mark: kip"));
  ASSERT_FALSE(invalid);
  EXPECT_EQ(invalid.error().violations.front().suggestion, "kpi");
  EXPECT_EQ(workspace.create(replace_all(yaml("B", "b"), "connection: flights", "connection: flight")).error().violations.front().code,
            "unknown_connection");
  EXPECT_EQ(workspace.service->get(Workspace::context(), "none").error().code, ErrorCode::not_found);
  EXPECT_EQ(workspace.service->get(Workspace::context(), "../x").error().code, ErrorCode::not_found);
  EXPECT_EQ(workspace.service->replace(Workspace::context(), "none", {.yaml = yaml("B", "none")}, {}).error().code, ErrorCode::not_found);
  EXPECT_EQ(workspace.service->replace(Workspace::context(), "late", {.yaml = yaml("B", "other")}, {}).error().violations.front().code,
            "slug_mismatch");
}

TEST(DashboardService, KeepsTeamsApart) {
  Workspace workspace;
  ASSERT_TRUE(workspace.create(yaml("Ours")));
  ASSERT_TRUE(workspace.service->create(Workspace::context(kOtherTeam), {.yaml = yaml("Theirs")}));
  EXPECT_EQ(workspace.service->get(Workspace::context(), "late")->title, "Ours");
  EXPECT_EQ(workspace.service->get(Workspace::context(kOtherTeam), "late")->title, "Theirs");
  ASSERT_TRUE(workspace.service->remove(Workspace::context(kOtherTeam), "late", {}));
  EXPECT_EQ(workspace.service->get(Workspace::context(), "late")->title, "Ours");
  EXPECT_EQ(workspace.service->get(Workspace::context(kOtherTeam), "late").error().message,
            replace_all(workspace.service->get(Workspace::context(), "gone").error().message, "gone", "late"));
}

TEST(DashboardService, ReplacesOnlyTheVersionThatWasRead) {
  Workspace workspace;
  ASSERT_TRUE(workspace.create(yaml("One")));
  EXPECT_EQ(workspace.replace(yaml("Two"), {.etag = "1"})->version, 2);
  EXPECT_EQ(workspace.replace(yaml("Three"), {.etag = "1"}).error().reason, "version_conflict");
  EXPECT_EQ(workspace.replace(yaml("Three"), {.version = 1}).error().code, ErrorCode::aborted);
  EXPECT_EQ(workspace.replace(yaml("Three"), {.version = 2})->version, 3);
}

TEST(DashboardService, TellsHistoryAndGoesBack) {
  Workspace workspace;
  ASSERT_TRUE(workspace.create(yaml("One")));
  ASSERT_TRUE(workspace.replace(yaml("Two")));
  ASSERT_TRUE(workspace.replace(yaml("Three")));
  const auto history = workspace.service->get_history(Workspace::context(), "late", 20);
  ASSERT_TRUE(history);
  ASSERT_EQ(history->size(), 3u);
  EXPECT_EQ((*history)[0].version, 3);
  EXPECT_NE((*history)[0].diff.find("-title: 'Two'   # quoted\n+title: 'Three'   # quoted\n"), std::string::npos) << (*history)[0].diff;
  EXPECT_EQ((*history)[2].diff, "");
  EXPECT_EQ(workspace.service->restore(Workspace::context(), "late", 1, {})->version, 4);
  EXPECT_EQ(content_of(workspace.file("late")), yaml("One"));
  EXPECT_EQ(workspace.service->restore(Workspace::context(), "late", 9, {}).error().code, ErrorCode::not_found);
}

TEST(DashboardService, DeletesAndNeverUsesAVersionTwice) {
  Workspace workspace;
  ASSERT_TRUE(workspace.create(yaml("One")));
  ASSERT_TRUE(workspace.replace(yaml("Two")));
  ASSERT_TRUE(workspace.service->remove(Workspace::context(), "late", {.etag = "2"}));
  EXPECT_TRUE(workspace.listed().empty());
  EXPECT_TRUE(workspace.pointers().empty());
  EXPECT_EQ(workspace.service->get_text(Workspace::context(), "late").error().code, ErrorCode::not_found);
  EXPECT_EQ(workspace.create(yaml("New"))->version, 3);
}

TEST(DashboardService, KeepsTheLastHundredVersions) {
  Workspace workspace;
  ASSERT_TRUE(workspace.create(yaml("One")));
  const fs::path history = workspace.folder / "lake" / history_folder(TeamScope(kTeam), "late");
  fs::create_directories(history);
  for (int i = 2; i <= 104; ++i) std::ofstream(history / str(i, ".yaml")) << yaml(str(i));
  EXPECT_EQ(workspace.replace(yaml("Last"))->version, 105);
  EXPECT_EQ(workspace.store->list({}, history_folder(TeamScope(kTeam), "late"))->size(), 100u);
  EXPECT_EQ(workspace.service->get_history(Workspace::context(), "late", 200)->size(), 101u);
}

TEST(DashboardService, FindsAFreeNameForWhatIsGenerated) {
  Workspace workspace;
  ASSERT_TRUE(workspace.create(yaml("One")));
  const auto second = workspace.service->create(Workspace::context(), {.yaml = yaml("Two"), .rename_when_taken = true});
  ASSERT_TRUE(second) << describe_error(second.error());
  EXPECT_EQ(second->slug, "late-2");
  EXPECT_NE(workspace.file("late-2").find("\nslug: late-2\n"), std::string::npos);
}

TEST(DashboardService, ListsByPageFilterAndOrder) {
  Workspace workspace;
  for (const std::string_view name : {"c", "a", "d", "b"}) {
    workspace.clock->advance(std::chrono::seconds(1));
    ASSERT_TRUE(
        workspace.create(replace_all(yaml(str("Title ", name), name), "bridge: 1",
                                     name == "d" ? "bridge: 1\nview_type: strategic\nowner_email: A@b.c\ntags: [red]" : "bridge: 1")));
  }
  const auto slugs = [&](ListDashboards input) {
    std::string out;
    for (;;) {
      const auto page = workspace.service->list(Workspace::context(), input);
      if (!page) return describe_error(page.error());
      for (const auto& item : page->items) out += item.slug;
      if (!page->next_cursor) return out;
      out += "|";
      input.cursor = *page->next_cursor;
    }
  };
  EXPECT_EQ(slugs({}), "bdac");
  EXPECT_EQ(slugs({.limit = 2}), "bd|ac");
  EXPECT_EQ(slugs({.limit = 1, .sort = "title"}), "a|b|c|d");
  EXPECT_EQ(slugs({.view_type = ViewType::strategic}), "d");
  EXPECT_EQ(slugs({.owner = "a@B.c"}), "d");
  EXPECT_EQ(slugs({.query = "RED title"}), "d");
  EXPECT_EQ(workspace.service->list(Workspace::context(), {.sort = "titel"}).error().violations.front().suggestion, "title");
  EXPECT_EQ(*workspace.service->list_users_of_connection(Workspace::context(), "flights"), (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST(DashboardService, CountsViewsBehindTheWrites) {
  Workspace workspace;
  ASSERT_TRUE(workspace.create(yaml("One")));
  const std::string before = workspace.file("late");
  for (int i = 0; i < 3; ++i) workspace.service->count_view(TeamScope(kTeam), "late");
  EXPECT_EQ(workspace.service->get(Workspace::context(), "late")->access_count, 3);
  EXPECT_NE(workspace.service->get_text(Workspace::context(), "late")->yaml.find("access_count: 3"), std::string::npos);
  EXPECT_EQ(workspace.file("late"), before);
  workspace.open();  // the service that ends writes them
  EXPECT_EQ(workspace.service->get(Workspace::context(), "late")->access_count, 3);
  ASSERT_TRUE(workspace.replace(yaml("Two")));
  EXPECT_NE(workspace.file("late").find("access_count: 3"), std::string::npos);
}

TEST(DashboardService, RebuildsIndexAndPointersFromTheFilesAlone) {
  Workspace workspace;
  ASSERT_TRUE(workspace.create(yaml("One")));
  ASSERT_TRUE(workspace.create(yaml("Two", "two")));
  const fs::path dashboards = workspace.folder / "lake" / dashboards_folder(TeamScope(kTeam));
  fs::remove(dashboards / ".index.json");
  fs::remove(dashboards / "two.yaml");
  std::ofstream(dashboards / "by-hand.yaml") << replace_all(yaml("By hand", "by-hand"), "slug: by-hand\n", "");
  std::ofstream(dashboards / "broken.yaml") << "title: [\n";
  (void)workspace.database->transact({}, [](Transaction& transaction) -> Result<> {
    TRY(transaction.execute("DELETE FROM dashboards WHERE slug = 'late'", {}));
    return {};
  });
  const auto report = workspace.service->rebuild_index(Workspace::context());
  ASSERT_TRUE(report) << describe_error(report.error());
  EXPECT_EQ(report->dashboards, 2);
  EXPECT_EQ(report->removed_pointers, 1);
  ASSERT_EQ(report->unreadable.size(), 1u);
  EXPECT_TRUE(report->unreadable.front().path.ends_with("broken.yaml"));
  EXPECT_EQ(workspace.listed(), (std::map<std::string, int>{{"by-hand", 1}, {"late", 1}}));
  EXPECT_EQ(workspace.pointers(), workspace.listed());
}

TEST(DashboardService, NoticesWhatWasChangedByHand) {
  Workspace workspace;
  ASSERT_TRUE(workspace.create(yaml("One")));
  const fs::path file = workspace.folder / "lake" / yaml_key(TeamScope(kTeam), "late");
  const std::string text = workspace.file("late");
  usleep(2000);
  std::ofstream(file) << replace_all(text, "title: 'One'", "title: 'Other'");
  EXPECT_EQ(workspace.service->get(Workspace::context(), "late")->title, "Other");
  const std::string etag = workspace.service->get_text(Workspace::context(), "late")->etag;
  EXPECT_TRUE(etag.starts_with("1-")) << etag;
  EXPECT_EQ(workspace.replace(yaml("Two"), {.etag = "1"}).error().reason, "version_conflict");
  EXPECT_EQ(workspace.replace(yaml("Two"), {.etag = etag})->version, 2);
}

TEST(DashboardService, TheIndexTellsSchedulesAndThoseThatAnEarlierBuildLeftOutAreMended) {
  Workspace workspace;
  ASSERT_TRUE(workspace.create(yaml("Never", "never")));
  ASSERT_TRUE(workspace.create(yaml("One") + "cache: {refresh: '0 6 * * *'}\n"));
  const auto known = workspace.service->list_scheduled(Workspace::context());
  ASSERT_TRUE(known);
  ASSERT_EQ(known->size(), 1u);
  EXPECT_EQ(known->front().slug, "late");
  EXPECT_EQ(known->front().schedules, std::vector<std::string>{"0 6 * * *"});

  const fs::path index = workspace.folder / "lake" / index_key(TeamScope(kTeam));
  std::stringstream text;
  text << std::ifstream(index).rdbuf();
  usleep(2000);
  std::ofstream(index) << replace_all(replace_all(text.str(), R"(,"schedules":["0 6 * * *"])", ""), R"(,"schedules":[])", "");
  const auto unknown = workspace.service->list_scheduled(Workspace::context());
  ASSERT_TRUE(unknown) << describe_error(unknown.error());
  ASSERT_EQ(unknown->size(), 2u) << "they may have one";
  EXPECT_FALSE(unknown->front().schedules);
  EXPECT_TRUE(workspace.service->reconcile(Workspace::context()));
  EXPECT_EQ(workspace.service->list_scheduled(Workspace::context())->size(), 1u);
}

TEST(DashboardService, KnowsTheConnectionOfADocumentThatWasReadAndReadsNoneToTell) {
  Workspace workspace;
  ASSERT_TRUE(workspace.create(yaml("One")));
  workspace.open();
  EXPECT_EQ(workspace.service->find_known_connection(TeamScope(kTeam), "late"), std::nullopt);
  ASSERT_TRUE(workspace.service->get_plan(Workspace::context(), "late"));
  EXPECT_EQ(workspace.service->find_known_connection(TeamScope(kTeam), "late"), "flights");
  EXPECT_EQ(workspace.service->find_known_connection(TeamScope(TeamId("other")), "late"), std::nullopt);
}

TEST(DashboardService, ReplacesAnIndexThatCannotBeRead) {
  Workspace workspace;
  ASSERT_TRUE(workspace.create(yaml("One")));
  std::ofstream(workspace.folder / "lake" / index_key(TeamScope(kTeam))) << "{\"bridge\":1,";
  EXPECT_EQ(workspace.listed(), (std::map<std::string, int>{{"late", 1}}));
}

// A store on a disk that has room for a document, and none for an index.
class NearlyFullStore final : public ObjectStore {
 public:
  explicit NearlyFullStore(ObjectStore& store) : store_(store) {}
  Result<Generation> put(const CallContext& context, std::string_view key, std::string_view content, Generation expected) override {
    if (is_full && key.ends_with(".index.json")) return fail(ErrorCode::resource_exhausted, "disk_full", "There is no space");
    return store_.put(context, key, content, expected);
  }
  Result<Object> get(const CallContext& context, std::string_view key) override { return store_.get(context, key); }
  Result<> remove(const CallContext& context, std::string_view key, Generation expected) override {
    return store_.remove(context, key, expected);
  }
  Result<std::vector<ObjectName>> list(const CallContext& context, std::string_view prefix) override {
    return store_.list(context, prefix);
  }
  std::string url(std::string_view key) const override { return store_.url(key); }

  bool is_full = false;

 private:
  ObjectStore& store_;
};

TEST(DashboardService, ListsWhatWasSavedAlsoWhereTheIndexCannotBeWritten) {
  Workspace workspace;
  NearlyFullStore store(*workspace.store);
  const auto service = make_dashboard_service(
      {.database = *workspace.database, .store = store, .connections = &workspace.connections, .clock = workspace.clock});
  const CallContext context = Workspace::context();
  const auto slugs = [&] {
    std::vector<std::string> found;
    const auto page = service->list(context, {});
    EXPECT_TRUE(page) << describe_error(page.error());
    if (page)
      for (const DashboardMetadata& item : page->items) found.push_back(item.slug);
    std::ranges::sort(found);
    return found;
  };
  ASSERT_TRUE(service->create(context, {.yaml = yaml("First", "first")}));
  ASSERT_TRUE(service->create(context, {.yaml = yaml("Second", "second")}));
  store.is_full = true;
  ASSERT_TRUE(service->create(context, {.yaml = yaml("Third", "third")}));
  ASSERT_TRUE(service->remove(context, "first", {}));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(slugs(), (std::vector<std::string>{"second", "third"}));
  store.is_full = false;
  EXPECT_EQ(slugs(), (std::vector<std::string>{"second", "third"}));
  // A process that knows nothing of it finds the same in the index alone.
  EXPECT_EQ(workspace.service->list(context, {})->items.size(), 2U);
}

TEST(DashboardService, LetsOneOfManyWritersWinEachVersion) {
  Workspace workspace;
  const Beside beside(workspace);
  ASSERT_TRUE(workspace.create(yaml("0")));
  std::atomic<int> won{0}, lost{0};
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t) {
    DashboardService& service = t % 2 == 0 ? *workspace.service : *beside.service;
    writers.emplace_back([&, t] {
      for (int i = 0; i < 10; ++i) {
        const auto saved = service.replace(Workspace::context(), "late", {.yaml = yaml(str(t, " ", i))}, {});
        if (saved) ++won;
        else if (saved.error().code == ErrorCode::aborted) ++lost;
      }
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(won + lost, 40);
  EXPECT_EQ(workspace.listed().at("late"), 1 + won);
  EXPECT_EQ(workspace.pointers().at("late"), 1 + won);
  EXPECT_EQ(workspace.service->get_history(Workspace::context(), "late", 200)->size(), static_cast<std::size_t>(1 + won));
}

TEST(TwoDashboardServices, SeeEachOthersSavesAtOnce) {
  Workspace workspace;
  const Beside beside(workspace);
  DashboardService &first = *workspace.service, &second = *beside.service;
  const auto context = Workspace::context();
  ASSERT_TRUE(first.create(context, {.yaml = yaml("One")}));
  EXPECT_EQ(second.get(context, "late")->title, "One");
  for (DashboardService* service : {&first, &second}) EXPECT_EQ((*service->get_plan(context, "late"))->version, 1);  // both know it
  EXPECT_EQ(second.create(context, {.yaml = yaml("Other")}).error().code, ErrorCode::already_exists);
  EXPECT_EQ(second.replace(context, "late", {.yaml = yaml("Two")}, {.etag = "1"})->version, 2);
  EXPECT_EQ((*first.get_plan(context, "late"))->version, 2);
  EXPECT_EQ(first.get(context, "late")->title, "Two");
  EXPECT_EQ(first.list(context, {})->items.front().title, "Two");
  EXPECT_EQ(first.replace(context, "late", {.yaml = yaml("Three")}, {.etag = "1"}).error().reason, "version_conflict");
  ASSERT_TRUE(first.remove(context, "late", {}));
  EXPECT_EQ(second.get(context, "late").error().code, ErrorCode::not_found);
  EXPECT_EQ(second.get_plan(context, "late").error().code, ErrorCode::not_found);
  EXPECT_TRUE(second.list(context, {})->items.empty());
}

TEST(TwoDashboardServices, LoseNothingOfWhatBothSaveAtOnce) {
  Workspace workspace;
  const Beside beside(workspace);
  std::vector<std::thread> writers;
  for (int t = 0; t < 4; ++t) {
    DashboardService& service = t % 2 == 0 ? *workspace.service : *beside.service;
    writers.emplace_back([&service, t] {
      for (int i = 0; i < 10; ++i) {
        const auto saved = service.create(Workspace::context(), {.yaml = yaml("New", str("new-", t, "-", i))});
        EXPECT_TRUE(saved) << describe_error(saved.error());
      }
    });
  }
  for (auto& writer : writers) writer.join();
  std::map<std::string, int> all;
  for (int t = 0; t < 4; ++t) {
    for (int i = 0; i < 10; ++i) all[str("new-", t, "-", i)] = 1;
  }
  EXPECT_EQ(workspace.pointers(), all);
  for (DashboardService* service : {workspace.service.get(), beside.service.get()}) {
    std::map<std::string, int> listed;
    const auto page = service->list(Workspace::context(), {.limit = 100});
    for (const auto& item : page->items) listed[item.slug] = item.version;
    EXPECT_EQ(listed, all);
  }
}

// Whatever instant a process dies at, the next one finds each document old or new, whole, and index and pointers that agree with the files.
void expect_whole_after_restart(const fs::path& folder) {
  Workspace after(folder);
  ASSERT_TRUE(after.service->reconcile_all(Workspace::context()));
  std::map<std::string, int> files;
  for (const auto& entry : fs::directory_iterator(folder / "lake" / dashboards_folder(TeamScope(kTeam)))) {
    if (entry.path().extension() != ".yaml") continue;
    const std::string slug = entry.path().stem();
    const auto document = parse_document(after.file(slug));
    ASSERT_TRUE(document) << describe_error(document.error());
    EXPECT_EQ(document->meta.content_hash, content_hash(after.file(slug)));
    files[slug] = document->meta.version;
  }
  EXPECT_EQ(after.listed(), files);
  EXPECT_EQ(after.pointers(), files);
}

pid_t start_writer(const fs::path& folder, const char* crash_at) {
  const pid_t child = fork();
  if (child != 0) return child;
  if (crash_at) setenv("BRIDGE_CRASH_AT", crash_at, 1);
  Workspace workspace(folder);
  for (int i = 0;; ++i) {
    (void)workspace.create(yaml("New"));
    (void)workspace.replace(yaml(str("Title ", i)));
    (void)workspace.create(yaml("Other", str("other-", i % 3)));
    if (i % 3 == 2) (void)workspace.service->remove(Workspace::context(), "late", {});
    if (i % 2 == 1) (void)workspace.service->remove(Workspace::context(), str("other-", i % 3), {});
  }
}

struct TemporaryFolder {
  fs::path path = fs::temp_directory_path() / ("dashboards_" + make_uuid());
  ~TemporaryFolder() { fs::remove_all(path); }
};

TEST(DashboardCrash, LeavesOldOrNewAtEveryNamedPoint) {
  for (const char* point :
       {"after_history_put", "after_yaml_put", "before_index_put", "after_index_put", "after_pointer_write", "after_yaml_remove"}) {
    TemporaryFolder folder;
    for (int round = 0; round < 3; ++round) {
      const pid_t child = start_writer(folder.path, point);
      int status = 0;
      ASSERT_EQ(waitpid(child, &status, 0), child);
      ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << point;
      SCOPED_TRACE(str(point, ", round ", round));
      expect_whole_after_restart(folder.path);
    }
  }
}

TEST(DashboardCrash, LeavesOldOrNewAtAnyInstant) {
  TemporaryFolder folder;
  std::mt19937 random(11);
  for (int round = 0; round < 12; ++round) {
    const pid_t child = start_writer(folder.path, nullptr);
    usleep(50'000 + random() % 150'000);
    kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    SCOPED_TRACE(str("round ", round));
    fs::create_directories(folder.path / "lake" / dashboards_folder(TeamScope(kTeam)));
    expect_whole_after_restart(folder.path);
  }
}

// ---- endpoints ----

struct Api {
  Workspace workspace;
  std::vector<Route> routes = dashboard_routes(*workspace.service);

  Result<Response> call(std::string_view operation, Request request) {
    request.context = Workspace::context();
    request.query.emplace_back("dry_run", "false");  // there is no connection here
    for (const Route& route : routes) {
      if (route.docs.operation_id == operation) return route.handler(request);
    }
    return fail(ErrorCode::internal, "no such operation");
  }
  static std::string body_of(const Response& response) {
    std::string out;
    for (const SharedBytes& part : response.body) out += *part;
    return out;
  }
};

const Headers kYaml{{"content-type", "application/yaml; charset=utf-8"}};
const Headers kJson{{"content-type", "application/json"}};

TEST(DashboardEndpoints, SaveReadAndGuardVersions) {
  Api api;
  const auto created = api.call("create_dashboard", {.headers = kYaml, .body = yaml("One")});
  ASSERT_TRUE(created) << describe_error(created.error());
  EXPECT_EQ(created->status, 201);
  const auto text = api.call("get_dashboard_yaml", {.path_parameters = {{"slug", "late"}}});
  EXPECT_EQ(text->content_type, "application/yaml");
  EXPECT_EQ(text->headers.front(), (std::pair<std::string, std::string>{"etag", "\"1\""}));
  EXPECT_EQ(api.call("get_dashboard_document", {.path_parameters = {{"slug", "late"}}, .headers = {{"if-none-match", "W/\"1\""}}})->status,
            304);
  const auto replaced = api.call("replace_dashboard", {.path_parameters = {{"slug", "late"}},
                                                       .headers = {{"content-type", "application/json"}, {"if-match", "\"1\""}},
                                                       .body = json::serialize(json::object{{"yaml", yaml("Two")}})});
  ASSERT_TRUE(replaced) << describe_error(replaced.error());
  const auto stale = api.call("replace_dashboard", {.path_parameters = {{"slug", "late"}},
                                                    .headers = {{"content-type", "application/yaml"}, {"if-match", "\"1\""}},
                                                    .body = yaml("Three")});
  EXPECT_EQ(stale.error().code, ErrorCode::aborted);
  EXPECT_EQ(api.call("delete_dashboard", {.path_parameters = {{"slug", "late"}}})->status, 204);
}

TEST(DashboardEndpoints, ValidateWithoutSaving) {
  Api api;
  const auto report = api.call("validate_dashboard", {.headers = kYaml, .body = replace_all(yaml("One"), "y: n", "z: n")});
  ASSERT_TRUE(report);
  const json::value value = json::parse(Api::body_of(*report));
  EXPECT_FALSE(value.at("valid").as_bool());
  EXPECT_EQ(value.at("errors").at(0).at("path").as_string(), "charts.k.z");
  EXPECT_EQ(api.call("validate_dashboard", {.headers = {{"content-type", "text/plain"}}, .body = "x"}).error().reason,
            "unsupported_content_type");
  EXPECT_EQ(api.call("validate_dashboard", {.headers = kJson, .body = "{\"yml\":\"x\"}"}).error().violations.front().suggestion, "yaml");
  EXPECT_EQ(
      api.call("validate_dashboard", {.query = {{"dry_run", "maybe"}}, .headers = kYaml, .body = "x"}).error().violations.front().path,
      "dry_run");
}

TEST(DashboardEndpoints, ServeTheSchema) {
  Api api;
  EXPECT_EQ(json::parse(Api::body_of(*api.call("get_dashboard_schema", {}))).at("title").as_string(), "Bridge dashboard");
}

}  // namespace
}  // namespace bridge
