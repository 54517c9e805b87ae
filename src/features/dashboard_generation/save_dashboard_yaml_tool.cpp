#include "base/bad_field.h"
#include "features/dashboard_documents/limits.h"
#include "features/dashboard_generation/document_rules.h"
#include "features/dashboard_generation/generation_tools.h"

namespace bridge {

namespace {

constexpr std::size_t kSlugBytesMax = 63;

struct Arguments {
  std::string yaml_content;
  std::optional<std::string> slug;
};
BOOST_DESCRIBE_STRUCT(Arguments, (), (yaml_content, slug))

}  // namespace

template <>
inline constexpr auto field_notes<Arguments> = std::to_array<FieldNote>({
    {.name = "yaml_content", .about = "the document, exactly as it validated", .length_max = document_limits::kDocumentBytesMax},
    {.name = "slug",
     .about = "the name it should be kept under; taken from the document when missing. A number is added where it is taken",
     .length_max = kSlugBytesMax},
});
template <>
inline constexpr auto former_names<Arguments> = std::to_array<FormerName>({{.former = "yaml", .now = "yaml_content"}});

namespace {

class SaveDashboardYamlTool final : public TypedTool<Arguments, SavedDocument> {
 public:
  explicit SaveDashboardYamlTool(const GenerationToolParts& parts) : parts_(parts) {}
  std::string name() const override { return "save_dashboard_yaml"; }
  std::string description() const override {
    return "Saves a document that validate_dashboard_yaml found valid in this session, unchanged since. Returns the slug that it got.";
  }
  std::string title(const json::object&) const override { return "Saving the dashboard"; }
  Role required_role() const override { return Role::editor; }
  Result<> offered(const ToolContext& context) const override {
    if (parts_.ledger.has_approved_document(context.session_id, context.connection_id)) return {};
    return fail(ErrorCode::failed_precondition, "not_validated",
                "There is nothing to save yet: validate_dashboard_yaml has to find a document valid first");
  }
  ToolOutcome outcome(const json::object& answer) const override {
    return {.kind = ToolOutcome::Kind::saved, .name = std::string(answer.at("slug").as_string())};
  }
  std::string summarise(const json::object& answer) const override {
    return str("saved as ", std::string_view(answer.at("slug").as_string()));
  }

 private:
  Result<SavedDocument> run(const ToolContext& context, const Arguments& arguments) override {
    if (!parts_.ledger.is_approved_document(context.session_id, context.connection_id, arguments.yaml_content)) {
      return fail(ErrorCode::failed_precondition, "not_validated",
                  "This text has not validated in this session: call validate_dashboard_yaml with exactly this text first");
    }
    const DashboardDocument document = TRY(parse_document(arguments.yaml_content));
    std::vector<Violation> untried = find_untried_sql(document, parts_.ledger, context.session_id, context.connection_id);
    if (!untried.empty()) {
      return fail(Error{.code = ErrorCode::failed_precondition,
                        .message = untried.front().message,
                        .reason = "dry_run_missing",
                        .violations = std::move(untried)});
    }
    const DryRunLedger::Origin origin = parts_.ledger.origin_of(context.session_id);
    const DocumentProvenance provenance{
        .generator = origin.generator,
        .session_id = context.session_id,
        .prompt = origin.prompt,
        .dry_run_bytes = approved_bytes(document, parts_.ledger, context.session_id, context.connection_id)};
    return parts_.library.create(context.call, arguments.yaml_content, TRY(wanted_slug(arguments, document)), provenance);
  }

  static Result<std::string> wanted_slug(const Arguments& arguments, const DashboardDocument& document) {
    if (arguments.slug) {
      if (is_slug(*arguments.slug)) return *arguments.slug;
      return bad_field({.path = "slug",
                        .code = "bad_slug",
                        .message = "a slug has 1 to 63 of a-z, 0-9 and -",
                        .got = *arguments.slug,
                        .suggestion = make_slug(*arguments.slug)},
                       {.reason = "bad_slug"});
    }
    if (!document.slug.text.empty()) return document.slug.text;
    const std::string made = make_slug(document.title);
    return made.empty() ? std::string("dashboard") : made;
  }

  const GenerationToolParts parts_;
};

}  // namespace

std::shared_ptr<ToolDefinition> make_save_dashboard_yaml_tool(const GenerationToolParts& parts) {
  return std::make_shared<SaveDashboardYamlTool>(parts);
}

}  // namespace bridge
