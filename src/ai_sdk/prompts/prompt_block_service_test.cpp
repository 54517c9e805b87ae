#include "ai_sdk/prompts/prompt_block_service.h"

#include <gtest/gtest.h>

#include "platform/metadata_db/migrations.h"

namespace bridge {
namespace {

struct Directory {
  Directory() { EXPECT_TRUE(migrate_up(*database)); }
  std::shared_ptr<Database> database = *open_sqlite(":memory:");
  std::unique_ptr<PromptBlockService> blocks = make_prompt_block_service(database, make_system_clock());
};

TEST(PromptBlockService, BringsTheBuildsBlocksInOnceAndInOrder) {
  Directory directory;
  EXPECT_EQ(directory.blocks->add_missing_defaults({}), 4);
  EXPECT_EQ(directory.blocks->add_missing_defaults({}), 0);
  const auto active = directory.blocks->get_active_blocks({});
  ASSERT_TRUE(active);
  ASSERT_EQ(active->size(), 4u);
  EXPECT_EQ((*active)[0].name, "dashboard_yaml");
  EXPECT_EQ((*active)[1].name, "warehouse_practice");
  EXPECT_EQ((*active)[2].name, "layout_rules");
  EXPECT_EQ((*active)[3].name, "conversation");
  EXPECT_EQ((*active)[0].cache_control, CacheControl::ephemeral);
}

TEST(PromptBlockService, MakesANewVersionActiveAndLeavesTheOldOneAlone) {
  Directory directory;
  ASSERT_TRUE(directory.blocks->create_block({}, {.name = "tone", .content = "Be brief."}));
  const auto second = directory.blocks->update_block({}, {.name = "tone", .content = "Be briefer.", .cache_control = CacheControl::none});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->version, 2);
  const auto active = directory.blocks->get_active_blocks({});
  ASSERT_EQ(active->size(), 1u);
  EXPECT_EQ(active->front().content, "Be briefer.");
  EXPECT_FALSE(to_prompt_texts(*active).front().cache);
}

TEST(PromptBlockService, KeepsAnEditedDefaultWhenTheServerStartsAgain) {
  Directory directory;
  ASSERT_TRUE(directory.blocks->add_missing_defaults({}));
  ASSERT_TRUE(directory.blocks->update_block({}, {.name = "layout_rules", .content = "Ours.", .position = 2}));
  EXPECT_EQ(directory.blocks->add_missing_defaults({}), 0);
  EXPECT_EQ((*directory.blocks->get_active_blocks({}))[2].content, "Ours.");
}

TEST(PromptBlockService, RefusesASecondBlockOfANameAnUnknownOneAndEmptyText) {
  Directory directory;
  ASSERT_TRUE(directory.blocks->create_block({}, {.name = "tone", .content = "Be brief."}));
  EXPECT_EQ(directory.blocks->create_block({}, {.name = "tone", .content = "Again."}).error().code, ErrorCode::already_exists);
  EXPECT_EQ(directory.blocks->update_block({}, {.name = "voice", .content = "?"}).error().code, ErrorCode::not_found);
  EXPECT_EQ(directory.blocks->create_block({}, {.name = "voice", .content = " \n"}).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(directory.blocks->create_block({}, {.name = "No Good", .content = "x"}).error().code, ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace bridge
