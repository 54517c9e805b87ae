#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/text.h"
#include "platform/object_store/object_store.h"

namespace bridge {
namespace {

struct Folder {
  std::string path;
  Folder() {
    std::string pattern = "/tmp/bridge_store_XXXXXX";
    path = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::shared_ptr<ObjectStore> open() const {
    auto store = open_folder_store(path + "/lake");
    EXPECT_TRUE(store.has_value()) << store.error().detail;
    return *store;
  }
  std::size_t temporary_files() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path + "/lake/.temp"), {}));
  }
};

TEST(FolderStore, GivesBackWhatItWasGivenAlsoAfterAReopen) {
  const Folder folder;
  const std::string content("a\0b\xff", 4);
  const auto generation = folder.open()->put({}, "dashboards/t/é.yaml", content, 0);
  ASSERT_TRUE(generation.has_value()) << generation.error().detail;
  const auto object = folder.open()->get({}, "dashboards/t/é.yaml");
  ASSERT_TRUE(object.has_value());
  EXPECT_EQ(object->content, content);
  EXPECT_EQ(object->generation, *generation);
  EXPECT_EQ(folder.open()->url("a/b"), str("file://", folder.path, "/lake/a/b"));
}

TEST(FolderStore, WritesOnlyOverTheGenerationThatWasRead) {
  const Folder folder;
  const auto store = folder.open();
  const Generation first = *store->put({}, "a", "1", 0);
  EXPECT_EQ(store->put({}, "a", "x", 0).error().code, ErrorCode::aborted);
  const Generation second = *store->put({}, "a", "2", first);
  EXPECT_GT(second, first);
  EXPECT_EQ(store->put({}, "a", "x", first).error().code, ErrorCode::aborted);
  EXPECT_EQ(store->remove({}, "a", first).error().code, ErrorCode::aborted);
  EXPECT_EQ(store->get({}, "a")->content, "2");
  EXPECT_TRUE(store->remove({}, "a", second));
  EXPECT_EQ(store->get({}, "a").error().code, ErrorCode::not_found);
  EXPECT_TRUE(store->remove({}, "a"));
  EXPECT_EQ(store->remove({}, "a", second).error().code, ErrorCode::aborted);
}

TEST(FolderStore, ChangesTheGenerationHoweverQuickTheWritesAndWhateverTheClock) {
  const Folder folder;
  const auto store = folder.open();
  std::set<Generation> seen;
  for (int i = 0; i < 200; ++i) seen.insert(*store->put({}, "a", "same", kAnyGeneration));
  EXPECT_EQ(seen.size(), 200u);
  // The file was written by a machine whose clock is a day ahead.
  const timespec ahead[2] = {{.tv_sec = time(nullptr) + 86'400, .tv_nsec = 0}, {.tv_sec = time(nullptr) + 86'400, .tv_nsec = 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, (folder.path + "/lake/a").c_str(), ahead, 0), 0);
  const Generation before = store->get({}, "a")->generation;
  EXPECT_GT(*store->put({}, "a", "b", before), before);
}

TEST(FolderStore, NoticesAnEditFromOutside) {
  const Folder folder;
  const auto store = folder.open();
  const Generation before = *store->put({}, "a", "1", 0);
  std::ofstream(folder.path + "/lake/a") << "2";
  EXPECT_EQ(store->put({}, "a", "3", before).error().code, ErrorCode::aborted);
  EXPECT_EQ(store->get({}, "a")->content, "2");
}

TEST(FolderStore, ListsByPrefixInOrder) {
  const Folder folder;
  const auto store = folder.open();
  for (const char* key : {"t/b.yaml", "t/a.yaml", "t/.index.json", "t/.history/a/1.yaml", "tt/c.yaml", "u"})
    ASSERT_TRUE(store->put({}, key, "xy", 0));
  const auto keys = [&](std::string_view prefix) {
    std::vector<std::string> out;
    const auto names = store->list({}, prefix);
    for (const ObjectName& name : *names) out.push_back(name.key);
    return out;
  };
  EXPECT_EQ(keys("t/"), (std::vector<std::string>{"t/.history/a/1.yaml", "t/.index.json", "t/a.yaml", "t/b.yaml"}));
  EXPECT_EQ(keys("t"), (std::vector<std::string>{"t/.history/a/1.yaml", "t/.index.json", "t/a.yaml", "t/b.yaml", "tt/c.yaml"}));
  EXPECT_EQ(keys("t/.history/a/"), (std::vector<std::string>{"t/.history/a/1.yaml"}));
  EXPECT_EQ(keys("").size(), 6u);
  EXPECT_TRUE(keys("none/").empty());
  EXPECT_EQ(store->list({}, "u")->front().size_bytes, 2);
}

TEST(FolderStore, LetsNoKeyOutOfItsFolder) {
  const Folder folder;
  const auto store = folder.open();
  std::ofstream(folder.path + "/secret") << "x";
  std::filesystem::create_symlink(folder.path + "/secret", folder.path + "/lake/link");
  for (const std::string& key :
       {std::string("../secret"), std::string("/etc/passwd"), std::string("a/../../secret"), std::string("a//b"), std::string("./a"),
        std::string(""), std::string("a/"), std::string("a\0b", 3), std::string("a\\b"), std::string(".temp/x"), std::string(".locks/0"),
        std::string("\xc0\xaf"), std::string(2'000, 'a'), std::string(250, 'a')}) {
    EXPECT_EQ(store->get({}, key).error().code, ErrorCode::invalid_argument) << key;
    EXPECT_EQ(store->put({}, key, "x", kAnyGeneration).error().code, ErrorCode::invalid_argument) << key;
    EXPECT_EQ(store->remove({}, key).error().code, ErrorCode::invalid_argument) << key;
  }
  EXPECT_FALSE(store->get({}, "link").has_value());
  EXPECT_FALSE(store->put({}, "link", "y", kAnyGeneration).has_value());
  EXPECT_EQ(store->list({}, "../").error().code, ErrorCode::invalid_argument);
  std::string content;
  std::ifstream(folder.path + "/secret") >> content;
  EXPECT_EQ(content, "x");
}

TEST(FolderStore, SaysWhenAnObjectStandsInTheWay) {
  const Folder folder;
  const auto store = folder.open();
  ASSERT_TRUE(store->put({}, "a", "1", 0));
  EXPECT_EQ(store->put({}, "a/b", "1", 0).error().code, ErrorCode::failed_precondition);
  EXPECT_EQ(store->get({}, "a/b").error().code, ErrorCode::not_found);
  ASSERT_TRUE(store->put({}, "c/d", "1", 0));
  EXPECT_EQ(store->put({}, "c", "1", 0).error().code, ErrorCode::failed_precondition);
  EXPECT_EQ(store->get({}, "c").error().code, ErrorCode::not_found);
}

TEST(FolderStore, LosesNoUpdateOfTwoProcessesAndManyThreads) {
  const Folder folder;
  constexpr int increments = 30;
  const auto count_up = [&] {
    const auto store = folder.open();
    for (int i = 0; i < increments;) {
      const auto object = store->get({}, "counter");
      const int value = object ? std::stoi(object->content) : 0;
      if (store->put({}, "counter", std::to_string(value + 1), object ? object->generation : 0)) ++i;
    }
  };
  const pid_t child = fork();
  if (child == 0) {
    count_up();
    _exit(0);
  }
  { std::jthread one(count_up), two(count_up); }
  int status = 1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(folder.open()->get({}, "counter")->content, std::to_string(3 * increments));
  EXPECT_EQ(folder.temporary_files(), 0u);
}

TEST(FolderStore, ShowsOldOrNewButNeverAPartWhenItIsKilled) {
  const Folder folder;
  for (int round = 0; round < 10; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      const auto store = folder.open();
      for (char c = 'a';; c = c == 'z' ? 'a' : static_cast<char>(c + 1))
        (void)store->put({}, "object", std::string(300'000, c), kAnyGeneration);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10 + 7 * round));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    const auto store = folder.open();
    EXPECT_EQ(folder.temporary_files(), 0u);
    const auto object = store->get({}, "object");
    if (!object) continue;  // killed before its first write was over
    ASSERT_EQ(object->content.size(), 300'000u);
    EXPECT_EQ(object->content, std::string(300'000, object->content[0]));
  }
}

TEST(FolderStore, SaysThatItsFolderIsGoneAndNotThatItIsEmpty) {
  const Folder folder;
  const auto store = folder.open();
  ASSERT_TRUE(store->put({}, "a/b", "x", 0));
  EXPECT_EQ(store->get({}, "a/c").error().code, ErrorCode::not_found);
  EXPECT_TRUE(store->list({}, "none/")->empty());
  std::filesystem::remove_all(std::string_view(store->url("")).substr(7));
  for (const Error& error : {store->get({}, "a/b").error(), store->list({}, "a/").error(),
                             store->put({}, "a/b", "y", kAnyGeneration).error(), store->remove({}, "a/b", kAnyGeneration).error()}) {
    EXPECT_EQ(error.code, ErrorCode::unavailable);
    EXPECT_EQ(error.reason, "data_folder_gone") << error.message;
  }
}

TEST(FolderStore, KeepsTheOldObjectWhenTheDiskIsFull) {
  const Folder folder;
  const auto store = folder.open();
  const Generation before = *store->put({}, "a", "old", 0);
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 4'096, .rlim_max = 4'096};
    setrlimit(RLIMIT_FSIZE, &limit);
    const auto outcome = store->put({}, "a", std::string(100'000, 'x'), before);
    _exit(!outcome && outcome.error().reason == "disk_full" ? 0 : 1);
  }
  int status = 1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(store->get({}, "a")->content, "old");
  EXPECT_EQ(folder.temporary_files(), 0u);
  EXPECT_TRUE(store->put({}, "a", "new", before));
}

TEST(FolderStore, LeavesTheFilesOfALivingWriterAlone) {
  const Folder folder;
  (void)folder.open();
  std::ofstream(folder.path + "/lake/.temp/left-behind") << "x";
  (void)folder.open();
  EXPECT_EQ(folder.temporary_files(), 0u);
}

TEST(FolderStore, HonoursTheCaller) {
  const Folder folder;
  const auto store = folder.open();
  std::stop_source stop;
  stop.request_stop();
  const CallContext context{.stop = stop.get_token()};
  EXPECT_EQ(store->put(context, "a", "1", 0).error().code, ErrorCode::cancelled);
  EXPECT_EQ(store->get(context, "a").error().code, ErrorCode::cancelled);
}

TEST(FolderStore, RefusesAFolderThatCannotBe) {
  const Folder folder;
  std::ofstream(folder.path + "/file") << "x";
  EXPECT_FALSE(open_folder_store(folder.path + "/file/lake").has_value());
  EXPECT_EQ(open_folder_store("").error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace bridge
