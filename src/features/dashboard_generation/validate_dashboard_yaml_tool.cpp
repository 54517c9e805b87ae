#include "features/dashboard_documents/limits.h"
#include "features/dashboard_generation/document_rules.h"
#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/limits.h"
#include "features/dashboard_validation/validation.h"

namespace bridge {

namespace {

struct Arguments {
  std::string yaml_content;
};
BOOST_DESCRIBE_STRUCT(Arguments, (), (yaml_content))

}  // namespace

template <>
inline constexpr auto field_notes<Arguments> =
    std::to_array<FieldNote>({{.name = "yaml_content", .about = "the whole document", .length_max = document_limits::kDocumentBytesMax}});
template <>
inline constexpr auto former_names<Arguments> = std::to_array<FormerName>({{.former = "yaml", .now = "yaml_content"}});

namespace {

class ValidateDashboardYamlTool final : public TypedTool<Arguments, ValidationReport> {
 public:
  explicit ValidateDashboardYamlTool(const GenerationToolParts& parts) : parts_(parts) {}
  std::string name() const override { return "validate_dashboard_yaml"; }
  std::string description() const override {
    return "Checks a whole document: syntax, schema, names, and every query by a dry run. Each problem comes with its place, what is "
           "allowed and often a suggestion. Only what "
           "validated can be saved.";
  }
  std::string title(const json::object&) const override { return "Checking the dashboard"; }
  Role required_role() const override { return Role::viewer; }
  std::string summarise(const json::object& answer) const override {
    const std::size_t problems = answer.at("errors").as_array().size();
    if (problems == 0) return "valid";
    const json::value* first = answer.at("errors").as_array().front().as_object().if_contains("message");
    return str(problems, problems == 1 ? " problem: " : " problems, the first: ",
               first && first->is_string() ? std::string_view(first->get_string()) : std::string_view("?"));
  }

 private:
  Result<ValidationReport> run(const ToolContext& context, const Arguments& arguments) override {
    const GenerationConnection connection = TRY(parts_.catalog.get_connection(context.call, context.connection_id));
    // The session is about one connection: a document that names another is mended, not run elsewhere.
    Validation validation = validate_document(arguments.yaml_content, {.connections = std::vector<std::string>{connection.name},
                                                                       .dialect_of = [&](std::string_view) { return connection.dialect; }});
    ValidationReport& report = validation.report;
    if (validation.document) {
      add(report, find_untried_sql(*validation.document, parts_.ledger, context.session_id, context.connection_id));
      add(report, find_colour_without_meaning(*validation.document));
      add(report, find_links(*validation.document));
    }
    if (report.errors.empty()) TRY(dry_run(context, validation));
    report.valid = report.errors.empty();
    if (report.valid) TRY(parts_.ledger.approve_document(context.session_id, context.connection_id, arguments.yaml_content));
    shorten(report.errors);
    shorten(report.warnings);
    return report;
  }

  // As many as a model can mend at once; the rest comes with the next validation.
  static void shorten(std::vector<Violation>& violations) {
    if (violations.size() > generation_limits::kViolationsShownMax) violations.resize(generation_limits::kViolationsShownMax);
    for (Violation& violation : violations) {
      if (violation.allowed.size() > generation_limits::kAllowedShownMax) violation.allowed.resize(generation_limits::kAllowedShownMax);
    }
  }

  Result<> dry_run(const ToolContext& context, Validation& validation) {
    const std::shared_ptr<Warehouse> warehouse = TRY(parts_.catalog.open_warehouse(context.call, context.connection_id));
    const DryRunTarget target{
        .warehouse = *warehouse, .local = parts_.local, .limits = {.bytes_max = parts_.cap_bytes}, .today = day_of(parts_.clock.now())};
    return validate_by_dry_run(context.call, target, validation);
  }

  static void add(ValidationReport& report, std::vector<Violation> violations) {
    for (Violation& violation : violations) report.errors.push_back(std::move(violation));
  }

  const GenerationToolParts parts_;
};

}  // namespace

std::shared_ptr<ToolDefinition> make_validate_dashboard_yaml_tool(const GenerationToolParts& parts) {
  return std::make_shared<ValidateDashboardYamlTool>(parts);
}

}  // namespace bridge
