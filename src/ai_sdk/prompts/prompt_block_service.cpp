#include "ai_sdk/prompts/prompt_block_service.h"

#include "ai_sdk/core/limits.h"
#include "base/bad_field.h"
#include "base/embedded_file.h"
#include "platform/metadata_db/row_mapper.h"

namespace bridge {

std::span<const EmbeddedFile> embedded_prompts();

namespace {

// The order in which a model should read them; a file that is not named here comes after them.
constexpr std::string_view kDefaultOrder[] = {"dashboard_yaml", "warehouse_practice", "layout_rules", "conversation"};

Result<> check_input(const PromptBlockInput& input) {
  if (input.name.empty() || input.name.size() > kPromptBlockNameBytesMax ||
      input.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos) {
    return bad_field({.path = "name",
                      .code = "bad_value",
                      .message = str("A prompt block's name has 1 to ", kPromptBlockNameBytesMax, " of a-z, 0-9 and _")});
  }
  if (trim(input.content).empty()) return bad_field({.path = "content", .code = "bad_value", .message = "A prompt block has some text"});
  if (const std::size_t characters = count_characters(input.content); characters > kPromptBlockCharactersMax)
    return bad_field(
        {.path = "content", .code = "bad_value", .message = too_long_message("A prompt block", kPromptBlockCharactersMax, characters)});
  return {};
}

class DirectoryPromptBlocks final : public PromptBlockService {
 public:
  DirectoryPromptBlocks(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock)
      : database_(std::move(database)), clock_(std::move(clock)) {}

  Result<std::vector<PromptBlock>> get_active_blocks(const CallContext& context) override {
    return read_value<std::vector<PromptBlock>>(*database_, context, [](Transaction& transaction) -> Result<std::vector<PromptBlock>> {
      static const std::string sql = str("SELECT ", select_list<PromptBlock>(),
                                         " FROM prompt_blocks WHERE active = 1 ORDER BY position, name LIMIT ", kPromptBlocksMax);
      return read_rows<PromptBlock>(TRY(transaction.query(sql, {})));
    });
  }

  Result<std::vector<PromptBlock>> list_blocks(const CallContext& context) override {
    return read_value<std::vector<PromptBlock>>(*database_, context, [](Transaction& transaction) -> Result<std::vector<PromptBlock>> {
      static const std::string sql = str("SELECT ", select_list<PromptBlock>(),
                                         " FROM prompt_blocks ORDER BY position, name, version DESC LIMIT ", kPromptBlockVersionsShownMax);
      return read_rows<PromptBlock>(TRY(transaction.query(sql, {})));
    });
  }

  Result<PromptBlock> create_block(const CallContext& context, const PromptBlockInput& input) override {
    TRY(check_input(input));
    return transact_value<PromptBlock>(*database_, context, [&](Transaction& transaction) -> Result<PromptBlock> {
      if (TRY(last_version(transaction, input.name)) > 0) {
        return fail(ErrorCode::already_exists, "prompt_block_exists",
                    str("There is already a prompt block '", input.name, "': make a new version of it"));
      }
      if (TRY(read_count(TRY(transaction.query("SELECT COUNT(*) FROM prompt_blocks WHERE active = 1", {})))) >= kPromptBlocksMax) {
        return fail(ErrorCode::resource_exhausted, "too_many_prompt_blocks",
                    str("There are already ", kPromptBlocksMax, " active prompt blocks"));
      }
      return insert(transaction, input, 1);
    });
  }

  Result<PromptBlock> update_block(const CallContext& context, const PromptBlockVersion& input) override {
    TRY(check_input({.name = input.name, .content = input.content}));
    return transact_value<PromptBlock>(*database_, context, [&](Transaction& transaction) -> Result<PromptBlock> {
      const int last = TRY(last_version(transaction, input.name));
      const PromptBlock before = TRY(get_version(transaction, input.name, last));
      TRY(deactivate(transaction, input.name));
      return insert(transaction,
                    {.name = input.name,
                     .content = input.content,
                     .cache_control = input.cache_control.value_or(before.cache_control),
                     .position = input.position.value_or(before.position)},
                    last + 1);
    });
  }

  Result<PromptBlock> activate_block(const CallContext& context, const std::string& name, int version) override {
    return transact_value<PromptBlock>(*database_, context, [&](Transaction& transaction) -> Result<PromptBlock> {
      PromptBlock block = TRY(get_version(transaction, name, version));
      TRY(deactivate(transaction, name));
      TRY(transaction.execute("UPDATE prompt_blocks SET active = 1 WHERE id = :p1", {block.id.value()}));
      block.active = true;
      return block;
    });
  }

  Result<int> add_missing_defaults(const CallContext& context) override {
    return transact_value<int>(*database_, context, [&](Transaction& transaction) -> Result<int> {
      int added = 0;
      for (const PromptBlockInput& input : default_prompt_blocks()) {
        if (TRY(last_version(transaction, input.name)) > 0) continue;
        TRY(insert(transaction, input, 1));
        ++added;
      }
      return added;
    });
  }

 private:
  // 0 when there is no block of that name.
  static Result<int> last_version(Transaction& transaction, const std::string& name) {
    const auto rows = TRY(transaction.query("SELECT COALESCE(MAX(version), 0) FROM prompt_blocks WHERE name = :p1", {name}));
    return static_cast<int>(TRY(read_count(rows)));
  }

  static Result<PromptBlock> get_version(Transaction& transaction, const std::string& name, int version) {
    static const std::string sql = str("SELECT ", select_list<PromptBlock>(), " FROM prompt_blocks WHERE name = :p1 AND version = :p2");
    auto found = TRY(read_first<PromptBlock>(TRY(transaction.query(sql, {name, static_cast<std::int64_t>(version)}))));
    if (found) return *std::move(found);
    return fail(ErrorCode::not_found, version == 0 ? str("There is no prompt block '", name, "'")
                                                   : str("The prompt block '", name, "' has no version ", version));
  }

  static Result<> deactivate(Transaction& transaction, const std::string& name) {
    TRY(transaction.execute("UPDATE prompt_blocks SET active = 0 WHERE name = :p1 AND active = 1", {name}));
    return {};
  }

  Result<PromptBlock> insert(Transaction& transaction, const PromptBlockInput& input, int version) {
    const PromptBlock block{.id = PromptBlockId::make(),
                            .name = input.name,
                            .content = input.content,
                            .cache_control = input.cache_control,
                            .version = version,
                            .active = true,
                            .position = input.position,
                            .created_at = clock_->now()};
    TRY(insert_row(transaction, "prompt_blocks", block));
    return block;
  }

  std::shared_ptr<Database> database_;
  std::shared_ptr<const Clock> clock_;
};

}  // namespace

std::unique_ptr<PromptBlockService> make_prompt_block_service(std::shared_ptr<Database> database, std::shared_ptr<const Clock> clock) {
  return std::make_unique<DirectoryPromptBlocks>(std::move(database), std::move(clock));
}

std::vector<PromptBlockInput> default_prompt_blocks() {
  std::vector<PromptBlockInput> blocks;
  for (const EmbeddedFile& file : embedded_prompts()) {
    const std::string_view name = file.name.substr(0, file.name.rfind('.'));
    const auto place = std::find(std::begin(kDefaultOrder), std::end(kDefaultOrder), name) - std::begin(kDefaultOrder);
    blocks.push_back({.name = std::string(name), .content = std::string(file.bytes), .position = static_cast<int>(place)});
  }
  std::stable_sort(blocks.begin(), blocks.end(),
                   [](const PromptBlockInput& a, const PromptBlockInput& b) { return a.position < b.position; });
  return blocks;
}

std::vector<PromptText> to_prompt_texts(const std::vector<PromptBlock>& blocks) {
  std::vector<PromptText> texts;
  for (const PromptBlock& block : blocks) {
    texts.push_back(
        {.name = block.name, .version = block.version, .content = block.content, .cache = block.cache_control == CacheControl::ephemeral});
  }
  return texts;
}

}  // namespace bridge
