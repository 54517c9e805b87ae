// Dashboards as files, and the state of the installation: validate, render, schema, migrate, doctor.
#include <fnmatch.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ai_sdk/providers/shared/api_url.h"
#include "app/api_client.h"
#include "app/commands.h"
#include "app/data_folder.h"
#include "app/terminal.h"
#include "app/version.h"
#include "app/web_page.h"
#include "base/text.h"
#include "features/dashboard_documents/schema.h"
#include "features/dashboard_validation/violations_format.h"
#include "platform/http/client.h"
#include "platform/metadata_db/migrations.h"
#include "warehouse/duckdb/duckdb_driver.h"

namespace bridge {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileBytesMax = 1 << 20;
constexpr std::size_t kNamesShownMax = 10;

std::string names_of(const std::vector<fs::path>& files) {
  std::vector<std::string> names;
  for (const fs::path& file : files) {
    if (names.size() == kNamesShownMax) {
      names.emplace_back("…");
      break;
    }
    names.push_back(file.stem().string());
  }
  return join(names, ", ");
}

Result<std::string> read_text_file(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return fail(ErrorCode::invalid_argument, str(path, " is a folder: name the files in it"));
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail(ErrorCode::invalid_argument, str(path, " cannot be read: ", std::strerror(errno)));
  std::ostringstream text;
  text << in.rdbuf();
  if (text.str().size() > kFileBytesMax)
    return fail(ErrorCode::payload_too_large, str(path, " is larger than ", format_bytes(kFileBytesMax)));
  return text.str();
}

Result<> write_text_file(const std::string& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.flush();
  if (!out) return fail(ErrorCode::unavailable, str(path, " cannot be written: ", std::strerror(errno)));
  return {};
}

// A JSON value inside a script element: nothing in it may end the element.
std::string json_for_script(const json::value& value) {
  return replace_all(replace_all(json::serialize(value), "<", "\\u003c"), "\u2028", "\\u2028");
}

std::string html_text(std::string_view text) {
  return replace_all(replace_all(replace_all(std::string(text), "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

std::string make_page(const json::object& view) {
  const json::value* document = view.if_contains("document");
  const json::value* title = document && document->is_object() ? document->get_object().if_contains("title") : nullptr;
  std::string page =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\">\n";
  page +=
      "<meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
      "img-src data: blob:\">\n";
  page += str("<title>", html_text(title && title->is_string() ? std::string_view(title->get_string()) : "Dashboard"), "</title>\n<style>",
              render_style(), "</style>\n</head>\n<body>\n<div id=\"root\"></div>\n");
  page += str("<script type=\"application/json\" id=\"bridge-view\">", json_for_script(view), "</script>\n<script>", render_script(),
              "</script>\n</body>\n</html>\n");
  return page;
}

std::string shown_folder(const fs::path& folder) { return folder.lexically_normal().string(); }

// The workspace's own documents, by the folder of each team, or of one.
Result<std::vector<fs::path>> list_own_documents(const fs::path& folder, const std::string& team_id) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator teams(folder, error), end; !error && teams != end; teams.increment(error)) {
    if (!teams->is_directory() || (!team_id.empty() && teams->path().filename() != team_id)) continue;
    for (fs::directory_iterator files(teams->path(), error); !error && files != end; files.increment(error)) {
      if (files->path().extension() == ".yaml" && files->is_regular_file()) out.push_back(files->path());
    }
  }
  if (error && error != std::errc::no_such_file_or_directory)
    return fail(ErrorCode::unavailable, str(shown_folder(folder), " cannot be read: ", error.message()));
  std::ranges::sort(out);
  return out;
}

// The files to check. What is not in the current folder may be among the workspace's own: a pattern that the shell found nothing for
// ("dashboards/*.yaml"), a file's name or a slug. Says so where it looked there.
Result<std::vector<std::string>> find_documents(const Terminal& terminal, const Config& config, const std::string& team_id,
                                                const std::vector<std::string>& wanted) {
  const fs::path lake = config.path("lake");
  const fs::path folder = lake / "dashboards";
  const std::vector<fs::path> own = TRY(list_own_documents(folder, team_id));
  const auto nothing = [&](std::string_view what) {
    std::error_code error;
    return fail(ErrorCode::not_found, str(what, own.empty() ? ": the workspace has no dashboards yet (looked in " : " (looked in ",
                                          shown_folder(fs::current_path(error)), " and in ", shown_folder(folder), ")",
                                          own.empty() ? std::string() : str("; there are ", names_of(own))));
  };
  std::vector<std::string> files;
  if (wanted.empty()) {
    if (own.empty()) return nothing("There is no dashboard to check");
    for (const fs::path& path : own) files.push_back(path.string());
    terminal.note(terminal.dim(str("Checking the dashboards of the workspace, in ", shown_folder(folder))));
    return files;
  }
  for (const std::string& name : wanted) {
    std::error_code error;
    if (fs::exists(name, error)) {
      files.push_back(name);
      continue;
    }
    // With or without the folder that they are all in, and the ending that they all have.
    const std::string pattern = name.starts_with("./") ? name.substr(2) : name;
    std::size_t found = 0;
    for (const fs::path& path : own) {
      const std::string file = path.filename().string();
      const std::string in_team = (path.parent_path().filename() / file).string();
      const auto is = [&](const std::string& text) { return fnmatch(pattern.c_str(), text.c_str(), FNM_PATHNAME) == 0; };
      if (!is(file) && !is("dashboards/" + file) && !is(in_team) && !is("dashboards/" + in_team) && !is(path.stem().string())) continue;
      files.push_back(path.string());
      ++found;
    }
    if (found == 0) return nothing(str("There is no file or dashboard '", name, "'"));
    terminal.note(terminal.dim(str("'", name, "' is not in this folder: checking ", found == 1 ? "the one" : str("the ", found),
                                   " of the workspace, in ", shown_folder(folder))));
  }
  return files;
}

Result<FileReport> validate_file(const std::string& path, ApiClient* api) {
  const std::string text = TRY(read_text_file(path));
  if (!api) return FileReport{.file = path, .report = validate_document(text).report};
  const std::string answer = TRY(api->call_text(Method::post, "/v1/dashboards/validate?dry_run=true", text, "application/yaml"));
  ValidationReport report = TRY(from_json_text<ValidationReport>(answer));
  return FileReport{.file = path, .report = std::move(report)};
}

struct Check {
  std::string name;
  bool ok = true;
  std::string detail;
  std::string help;
};
BOOST_DESCRIBE_STRUCT(Check, (), (name, ok, detail, help))

std::string text_of(const json::value& value, std::string_view name) {
  const json::value* field = value.is_object() ? value.get_object().if_contains(name) : nullptr;
  if (!field || field->is_null()) return {};
  if (field->is_string()) return std::string(field->get_string());
  return field->is_double() ? str(field->get_double()) : json::serialize(*field);
}

Result<> check_connections(ApiClient& api, std::vector<Check>& checks) {
  const json::value teams = TRY(api.call(Method::get, "/v1/onboarding/teams"));
  for (const json::value& team : teams.as_object().at("items").as_array()) {
    TRY(api.choose_team(text_of(team, "id")));
    const json::value connections = TRY(api.call(Method::get, "/v1/onboarding/connections?limit=1000"));
    for (const json::value& connection : connections.as_object().at("items").as_array()) {
      const json::value tested = TRY(api.call(Method::post, str("/v1/onboarding/connections/", text_of(connection, "id"), "/test")));
      const bool works = tested.as_object().at("success").as_bool();
      std::vector<std::string> steps;
      std::vector<std::string> mends;
      for (const json::value& step : tested.as_object().at("steps").as_array()) {
        steps.push_back(str(replace_all(text_of(step, "name"), "_", " "), " ", text_of(step, "latency_ms"), " ms"));
        std::string mend = text_of(step, "mend");
        if (!mend.empty() && !text_of(tested, "error").contains(mend)) mends.push_back(std::move(mend));
      }
      if (!works && mends.empty()) mends.emplace_back("Mend what it says, or delete the connection and add it again");
      checks.push_back({.name = str("connection ", text_of(team, "slug"), "/", text_of(connection, "name")),
                        .ok = works,
                        .detail = works ? str("works (", join(steps, ", "), ")") : text_of(tested, "error"),
                        .help = join(mends, ". ")});
    }
  }
  return {};
}

}  // namespace

Result<int> run_schema() {
  Terminal().print(trim(dashboard_schema_text()));
  return 0;
}

Result<int> run_validate(const CommandOptions& options, const ValidateOptions& validate) {
  std::unique_ptr<ApiClient> api;
  std::string team_id;
  if (validate.dry_run || !options.team.empty()) {
    api = TRY(ApiClient::connect(options.config));
    team_id = TRY(api->choose_team(options.team));
  }
  const Terminal terminal;
  const std::vector<std::string> files = TRY(find_documents(terminal, options.config, options.team.empty() ? "" : team_id, validate.files));
  std::vector<FileReport> reports;
  bool valid = true;
  for (const std::string& file : files) {
    reports.push_back(TRY(validate_file(file, validate.dry_run ? api.get() : nullptr)));
    valid = valid && reports.back().report.valid;
  }
  if (validate.format == "sarif") {
    terminal.print(json::serialize(format_violations_sarif(reports, kBridgeVersion)));
  } else if (validate.format == "json" || options.json) {
    json::array out;
    for (const FileReport& report : reports) {
      json::object line = to_json(report.report).as_object();
      line["file"] = report.file;
      out.push_back(std::move(line));
    }
    terminal.print(json::serialize(out));
  } else {
    terminal.print(trim(format_violations_text(reports)));
  }
  return valid ? 0 : 1;
}

Result<int> run_render(const CommandOptions& options, const std::string& source, const std::string& out) {
  if (render_script().empty()) return fail(ErrorCode::unsupported, "This binary was built without the web page: build it with ./dev build");
  auto api = TRY(ApiClient::connect(options.config));
  TRY(api->choose_team(options.team));
  json::object view;
  std::string slug = source;
  std::error_code error;
  if (std::filesystem::exists(source, error)) {
    const std::string text = TRY(read_text_file(source));
    const std::string answer = TRY(api->call_text(Method::post, "/v1/dashboards/preview", text, "application/yaml"));
    view = TRY(parse_json(answer, {.bytes_max = 64 << 20})).as_object();
    slug = std::filesystem::path(source).stem().string();
  } else {
    if (!is_slug(source)) return fail(ErrorCode::not_found, str("There is neither a file nor a dashboard '", source, "'"));
    view["document"] = TRY(api->call(Method::get, str("/v1/dashboards/", source, "/document")));
    view["queries"] = TRY(api->call(Method::get, str("/v1/dashboards/", source, "/data"))).as_object().at("queries");
  }
  const std::string path = out.empty() ? make_slug(slug) + ".html" : out;
  TRY(write_text_file(path, make_page(view)));
  Terminal().print(options.json ? json::serialize(json::object{{"path", path}}) : str("Wrote ", path));
  return 0;
}

namespace {

// One line for each step, or {"applied": 2, "steps": […]}.
void print_runs(const CommandOptions& options, const std::string& key, const std::string& verb, const std::vector<MigrationRun>& runs) {
  const Terminal terminal;
  if (options.json) {
    terminal.print(json::serialize(json::object{{key, runs.size()}, {"steps", to_json(runs)}}));
    return;
  }
  if (runs.empty()) terminal.print("Nothing to do.");
  for (const MigrationRun& run : runs) terminal.print(str(verb, ' ', to_line(run)));
}

}  // namespace

Result<int> run_migrate(const CommandOptions& options, const std::string& direction, int steps) {
  const DataFolder folder = TRY(open_data_folder(options.config));
  const auto database = TRY(open_sqlite(options.config.path("bridge.db")));
  if (direction == "up") {
    print_runs(options, "applied", "Applied", TRY(migrate_up(*database)));
  } else if (direction == "down") {
    print_runs(options, "taken_back", "Took back", TRY(migrate_down(*database, steps)));
  } else {
    const Terminal terminal;
    const MigrationStatus status = TRY(migration_status(*database));
    if (options.json) {
      terminal.print(to_json_text(status));
    } else {
      terminal.print(str("The database is at step ", status.version, "; this binary knows ", status.known_version, "."));
      for (const MigrationStep& step : status.steps) {
        terminal.print(str("  ", step.version, " ", step.name, ": ",
                           step.applied_at ? str("applied ", format_time(*step.applied_at)) : std::string("not applied"),
                           step.changed ? " (the file has changed since)" : ""));
      }
    }
  }
  return 0;
}

namespace {

constexpr const char* kWallsHelp =
    "A newer kernel, or a container that allows Landlock and seccomp, has them; until then only the operator's files are read";
constexpr std::chrono::seconds kModelCheckTime{15};
constexpr std::chrono::seconds kCollectorCheckTime{5};

// Asks a model API for its list of models: free, and refused without a good key.
Check check_model_api(const std::string& name, const std::string& url, Headers headers, const std::string& key_setting) {
  CallContext context;
  const auto answer = make_http_client()->send(context.with_timeout(kModelCheckTime), {.url = url, .headers = std::move(headers)});
  if (!answer) {
    return {.name = name,
            .ok = false,
            .detail = str(url, " cannot be reached: ", answer.error().message),
            .help = "Check the network, and the base URL that bridge config shows"};
  }
  if (answer->status == 401 || answer->status == 403)
    return {.name = name, .ok = false, .detail = "the key is refused", .help = str("Give the server a valid one: ", key_setting)};
  if (answer->status >= 500)
    return {.name = name, .ok = false, .detail = str("answers with status ", answer->status), .help = "Try again later"};
  // Not every server lists its models.
  return {.name = name, .detail = answer->status == 200 ? "reached, and the key is good" : "reached"};
}

Check check_engine() {
  const Result<> loaded = load_duckdb();
  if (loaded) return {.name = "engine", .detail = "DuckDB is loaded"};
  return {.name = "engine",
          .ok = false,
          .detail = str(loaded.error().message, " (", loaded.error().detail, ")"),
          .help = "Build it with ./dev build"};
}

// Sends a collector no spans: it answers like to any others.
Check check_collector(const Config& config) {
  CallContext context;
  const OtlpOptions options = otlp_options(config);
  ClientRequest request{.method = Method::post, .url = options.url, .headers = options.headers, .body = encode_otlp_traces({}, options)};
  request.headers.emplace_back("content-type", "application/json");
  const auto answer = make_http_client()->send(context.with_timeout(kCollectorCheckTime), request);
  if (answer && answer->status >= 200 && answer->status < 300) return {.name = "traces", .detail = str("taken by ", options.url)};
  return {.name = "traces",
          .ok = false,
          .detail = answer ? str(options.url, " answers with status ", answer->status)
                           : str(options.url, " cannot be reached: ", answer.error().message),
          .help = "Check OTEL_EXPORTER_OTLP_ENDPOINT and OTEL_EXPORTER_OTLP_HEADERS, or unset them"};
}

void check_models(const Config& config, std::vector<Check>& checks) {
  if (!config.anthropic_api_key.empty()) {
    const std::string base = config.anthropic_base_url.empty() ? "https://api.anthropic.com" : config.anthropic_base_url;
    checks.push_back(check_model_api("anthropic", url_below(base, "/v1/models"),
                                     {{"x-api-key", config.anthropic_api_key.reveal()}, {"anthropic-version", "2023-06-01"}},
                                     "ANTHROPIC_API_KEY"));
  }
  if (!config.openai_api_key.empty() || !config.openai_base_url.empty()) {
    const std::string base = config.openai_base_url.empty() ? "https://api.openai.com/v1" : config.openai_base_url;
    Headers headers;
    if (!config.openai_api_key.empty()) headers.emplace_back("authorization", str("Bearer ", config.openai_api_key.reveal()));
    checks.push_back(check_model_api("openai", url_below(base, "/models"), std::move(headers), "OPENAI_API_KEY"));
  }
  checks.push_back({.name = "default provider", .detail = config.provider + (config.model.empty() ? "" : ", model " + config.model)});
}

}  // namespace

Result<int> run_doctor(const CommandOptions& options) {
  std::vector<Check> checks;
  checks.push_back({.name = "configuration", .detail = str("data folder ", options.config.data_dir)});
  checks.push_back({.name = "web page",
                    .ok = !web_page_routes().empty(),
                    .detail = web_page_routes().empty() ? "not in this binary" : "in this binary",
                    .help = web_page_routes().empty() ? "Build it with ./dev build" : ""});
  checks.push_back(check_engine());
  check_models(options.config, checks);
  if (!options.config.otlp_endpoint.empty()) checks.push_back(check_collector(options.config));
  auto api = ApiClient::connect(options.config);
  if (!api) {
    checks.push_back(
        {.name = "server", .ok = false, .detail = api.error().message, .help = "Mend what it says, then run bridge doctor again"});
  } else {
    checks.push_back(
        {.name = "server",
         .detail = (*api)->owns_server() ? std::string("not running; one was started for this check") : "runs at " + (*api)->url()});
    const auto ready = (*api)->call(Method::get, "/ready");
    if (!ready) {
      checks.push_back({.name = "parts", .ok = false, .detail = ready.error().message, .help = "See the server's log"});
    } else {
      for (const json::value& part : ready->as_object().at("checks").as_array()) {
        const bool ok = part.as_object().at("ok").as_bool();
        checks.push_back({.name = text_of(part, "name"),
                          .ok = ok,
                          .detail = ok ? str("answers in ", text_of(part, "latency_ms"), " ms") : text_of(part, "error"),
                          .help = ok                                 ? ""
                                  : text_of(part, "name") == "walls" ? kWallsHelp
                                                                     : "See the server's log"});
      }
    }
    if (const auto tested = check_connections(**api, checks); !tested) {
      checks.push_back({.name = "connections", .ok = false, .detail = tested.error().message, .help = "See the server's log"});
    }
  }
  bool all_ok = true;
  const Terminal terminal;
  for (const Check& check : checks) {
    all_ok = all_ok && check.ok;
    if (options.json) continue;
    terminal.print(str(check.ok ? terminal.good("✓") : terminal.bad("✗"), " ", check.name, ": ", check.detail));
    if (!check.help.empty()) terminal.print(terminal.dim(str("    ", check.help)));
  }
  if (options.json) terminal.print(to_json_text(checks));
  return all_ok ? 0 : 3;
}

}  // namespace bridge
