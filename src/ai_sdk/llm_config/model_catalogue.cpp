#include "ai_sdk/llm_config/model_catalogue.h"

#include "ai_sdk/llm_config/embedded_config.h"
#include "base/embedded_file.h"

namespace bridge {

// A row of the files as they stand.
struct ModelsFile {
  std::string about;
  std::string as_of;
  std::vector<ModelTraits> models;
};
BOOST_DESCRIBE_STRUCT(ModelsFile, (), (about, as_of, models))

struct OpenaiProfilesFile {
  std::string about;
  std::vector<OpenaiProfile> profiles;
};
BOOST_DESCRIBE_STRUCT(OpenaiProfilesFile, (), (about, profiles))

std::span<const EmbeddedFile> embedded_llm_config_files();

namespace {

const ModelsFile& models_file() {
  static const ModelsFile file = read_llm_config<ModelsFile>("models.json");
  return file;
}

bool is_date(std::string_view text) {
  std::size_t digits = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') ++digits;
    else if (c != '-') return false;
  }
  return digits == 8;
}

}  // namespace

std::string_view embedded_llm_config(std::string_view name) {
  for (const EmbeddedFile& file : embedded_llm_config_files()) {
    if (file.name == name) return file.bytes;
  }
  return {};
}

bool covers_model(std::string_view pattern, std::string_view model) {
  if (pattern.ends_with('*')) return model.starts_with(pattern.substr(0, pattern.size() - 1));
  if (!model.starts_with(pattern)) return false;
  const std::string_view rest = model.substr(pattern.size());
  return rest.empty() || rest == "-latest" || (rest.starts_with('-') && is_date(rest.substr(1)));
}

const ModelTraits& traits_of_model(std::string_view provider, std::string_view model) {
  static const ModelTraits unknown{};
  const ModelTraits* best = &unknown;
  for (const ModelTraits& row : models_file().models) {
    if (row.provider != provider || !covers_model(row.model, model)) continue;
    if (best == &unknown || row.model.size() > best->model.size()) best = &row;
  }
  return *best;
}

std::vector<std::string> listed_models(std::string_view provider) {
  std::vector<std::string> names;
  for (const ModelTraits& row : models_file().models) {
    if (row.provider != provider || !row.listed) continue;
    names.insert(row.is_default ? names.begin() : names.end(), row.model);
  }
  return names;
}

Result<OpenaiProfile> find_openai_profile(std::string_view name, std::string_view base_url) {
  static const OpenaiProfilesFile file = read_llm_config<OpenaiProfilesFile>("openai_profiles.json");
  std::vector<std::string> names;
  for (const OpenaiProfile& profile : file.profiles) {
    const bool fits = profile.base_url == "*" || (!profile.base_url.empty() && base_url.starts_with(profile.base_url));
    if (name.empty() ? fits : profile.name == name) return profile;
    names.push_back(profile.name);
  }
  return fail(ErrorCode::invalid_argument, "unknown_profile", str("there is no profile '", name, "'; there are: ", join(names, ", ")));
}

}  // namespace bridge
