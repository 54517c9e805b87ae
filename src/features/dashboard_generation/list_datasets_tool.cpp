#include "features/dashboard_generation/generation_tools.h"
#include "features/dashboard_generation/limits.h"

namespace bridge {

namespace {

struct Arguments {};
BOOST_DESCRIBE_STRUCT(Arguments, (), ())

struct ListedDataset {
  std::string name;
  std::string location;
  std::int64_t table_count = 0;
};
BOOST_DESCRIBE_STRUCT(ListedDataset, (), (name, location, table_count))

struct Answer {
  std::vector<ListedDataset> datasets;
};
BOOST_DESCRIBE_STRUCT(Answer, (), (datasets))

class ListDatasetsTool final : public TypedTool<Arguments, Answer> {
 public:
  explicit ListDatasetsTool(const GenerationToolParts& parts) : parts_(parts) {}
  std::string name() const override { return "list_datasets"; }
  std::string description() const override {
    return "Lists the datasets (schemas) of the warehouse, where each is kept and how many tables it has.";
  }
  std::string title(const json::object&) const override { return "Looking at which datasets there are"; }
  Role required_role() const override { return Role::viewer; }
  bool cacheable() const override { return true; }

 private:
  Result<Answer> run(const ToolContext& context, const Arguments&) override {
    Answer answer;
    for (const DatasetInfo& dataset : TRY(parts_.catalog.list_datasets(context.call, context.connection_id))) {
      if (answer.datasets.size() >= generation_limits::kDatasetsMax) break;
      answer.datasets.push_back({.name = dataset.name, .location = dataset.location, .table_count = dataset.table_count});
    }
    return answer;
  }

  const GenerationToolParts parts_;
};

}  // namespace

std::shared_ptr<ToolDefinition> make_list_datasets_tool(const GenerationToolParts& parts) {
  return std::make_shared<ListDatasetsTool>(parts);
}

}  // namespace bridge
