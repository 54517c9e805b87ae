#pragma once

#include <memory>
#include <vector>

#include "ai_sdk/core/provider.h"
#include "ai_sdk/prompts/prompt_block.h"
#include "platform/metadata_db/database.h"

namespace bridge {

// The prompt blocks in the directory. Thread-safe.
class PromptBlockService {
 public:
  virtual ~PromptBlockService() = default;

  // In the order in which they stand before message 0.
  virtual Result<std::vector<PromptBlock>> get_active_blocks(const CallContext& context) = 0;

  // Every version, in the order of the active ones' places, newest first within a name.
  virtual Result<std::vector<PromptBlock>> list_blocks(const CallContext& context) = 0;

  // Version 1, active at once. already_exists when there is a block of that name.
  virtual Result<PromptBlock> create_block(const CallContext& context, const PromptBlockInput& input) = 0;

  // The next version of the block of that name, active in place of the one before; sessions that have begun keep theirs. not_found when
  // there is none.
  virtual Result<PromptBlock> update_block(const CallContext& context, const PromptBlockVersion& input) = 0;

  // Makes an earlier version the active one. not_found when there is none of that number.
  virtual Result<PromptBlock> activate_block(const CallContext& context, const std::string& name, int version) = 0;

  // Puts those blocks that this build brings along (prompts/*.md) and the directory has never had a version of. Returns how many.
  virtual Result<int> add_missing_defaults(const CallContext& context) = 0;
};

std::unique_ptr<PromptBlockService> make_prompt_block_service(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock);

// The blocks of this build.
std::vector<PromptBlockInput> default_prompt_blocks();

// As a provider gets them.
std::vector<PromptText> to_prompt_texts(const std::vector<PromptBlock>& blocks);

}  // namespace bridge
