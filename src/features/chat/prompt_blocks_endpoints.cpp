#include "features/chat/prompt_blocks_endpoints.h"

#include "base/bad_field.h"

namespace bridge {

namespace {

struct PromptBlockList {
  std::vector<PromptBlock> items;
};
BOOST_DESCRIBE_STRUCT(PromptBlockList, (), (items))

// A new version (with content), or an earlier one made active again (with its number).
struct PromptBlockChange {
  std::string name;
  std::optional<std::string> content;
  std::optional<CacheControl> cache_control;
  std::optional<int> position;
  std::optional<int> version;
};
BOOST_DESCRIBE_STRUCT(PromptBlockChange, (), (name, content, cache_control, position, version))

}  // namespace

template <>
inline constexpr auto field_notes<PromptBlockChange> = std::to_array<FieldNote>({
    {.name = "name", .about = "of the block", .subject = "A prompt block's name", .length_max = 63},
    {.name = "content", .about = "the text of the new version", .subject = "A prompt block", .length_max = 64 << 10},
    {.name = "cache_control", .about = "as before when missing"},
    {.name = "position", .about = "as before when missing", .minimum = 0, .maximum = 1'000},
    {.name = "version", .about = "instead of content: the version to make active again", .minimum = 1, .maximum = 1'000'000},
});

namespace {

Result<Response> change(PromptBlockService& prompt_blocks, const Request& request) {
  const auto input = TRY(request.json_body<PromptBlockChange>());
  if (input.content.has_value() == input.version.has_value()) {
    return bad_field(
        {.path = "content", .code = "bad_value", .message = "give either content (a new version) or version (an earlier one)"});
  }
  if (input.version) return ok(TRY(prompt_blocks.activate_block(request.context, input.name, *input.version)));
  return ok(TRY(prompt_blocks.update_block(
      request.context, {.name = input.name, .content = *input.content, .cache_control = input.cache_control, .position = input.position})));
}

}  // namespace

std::vector<Route> make_prompt_block_routes(PromptBlockService& prompt_blocks) {
  return {
      {Method::get, "/v1/prompt-blocks", Access::admin,
       [&prompt_blocks](const Request& request) -> Result<Response> {
         return ok(PromptBlockList{TRY(prompt_blocks.list_blocks(request.context))});
       },
       docs<void, PromptBlockList>("list_prompt_blocks", "Chat", "Every version of every prompt block", {}, "PromptBlockList")},
      {Method::post, "/v1/prompt-blocks", Access::admin,
       [&prompt_blocks](const Request& request) -> Result<Response> {
         return created(TRY(prompt_blocks.create_block(request.context, TRY(request.json_body<PromptBlockInput>()))));
       },
       docs<PromptBlockInput, PromptBlock>("create_prompt_block", "Chat", "Add a prompt block", "PromptBlockInput", "PromptBlock")},
      {Method::put, "/v1/prompt-blocks", Access::admin, [&prompt_blocks](const Request& request) { return change(prompt_blocks, request); },
       docs<PromptBlockChange, PromptBlock>("change_prompt_block", "Chat",
                                            "Give a prompt block a new version, or make an earlier one active again; conversations that "
                                            "have begun keep theirs",
                                            "PromptBlockChange", "PromptBlock")},
  };
}

}  // namespace bridge
