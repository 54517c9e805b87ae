// The commands that make and show dashboards: serve, demo, generate, link.
#include <signal.h>

#include <filesystem>
#include <fstream>

#include "app/api_client.h"
#include "app/application.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "base/log.h"
#include "base/text.h"

namespace bridge {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDemoSentence = "Which airports have the longest delays, and when?";
constexpr std::string_view kDemoName = "demo";
constexpr std::string_view kDemoTables[] = {"flights-3m.parquet", "weather.csv", "birdstrikes.csv", "movies.json",
                                            "penguins.json",      "jobs.json",   "gapminder.json",  "stocks.csv"};
constexpr std::size_t kSqlShown = 100;

// The signals that end a server, blocked in every thread and waited for in one.
sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

void wait_for_end() {
  const sigset_t set = ending_signals();
  int signal = 0;
  sigwait(&set, &signal);
  log_info("stopping", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
}

void block_signals() {
  const sigset_t set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

// Programs read the line; people read words.
void print_ready(const Terminal& terminal, const Application& server) {
  if (terminal.printed_to_a_person()) terminal.print(str("Bridge is ready at ", server.url(), "; Ctrl-C stops it."));
  else terminal.print(json::serialize(json::object{{"event", "ready"}, {"url", server.url()}}));
}

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::optional<std::int64_t> number_of(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  return value && value->is_number() ? std::optional(value->to_number<std::int64_t>()) : std::nullopt;
}

// "SELECT a, b FROM t …": one line of a statement.
std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == ' ' || c == '\t') {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out += c;
    }
  }
  return columns_of(out) > kSqlShown ? str(cut_to_columns(out, kSqlShown), "…") : out;
}

// What a person should see of a tool's arguments.
std::string about_call(const json::object& arguments) {
  for (const std::string_view name : {"sql", "table_name", "table", "dataset_name", "dataset", "slug"}) {
    if (const std::string text = text_of(arguments, name); !text.empty()) return one_line(text);
  }
  return {};
}

// Runs the generation and shows each step as it comes. The `done` event's data.
Result<json::object> generate(ApiClient& api, Terminal& terminal, const json::object& body, bool show) {
  json::object done;
  std::optional<Error> problem;
  std::map<std::string, std::string> calls;  // what each call is about, by its id
  std::string words;
  const auto flush_words = [&] {
    if (show && !trim(words).empty()) terminal.note(std::string(trim(words)));
    words.clear();
  };
  TRY(api.stream("/v1/dashboards/generate", body, [&](const ServerSentEvent& event) -> Result<> {
    const json::value value = TRY(parse_json(event.data));
    if (!value.is_object()) return {};
    const json::object& data = value.get_object();
    if (event.event == "token") {
      words += text_of(data, "text");
    } else if (event.event == "tool_call") {
      flush_words();
      const json::value* arguments = data.if_contains("input");
      calls[text_of(data, "id")] = arguments && arguments->is_object() ? about_call(arguments->get_object()) : "";
      if (show) terminal.progress(str("  … ", text_of(data, "name"), " ", calls[text_of(data, "id")]));
    } else if (event.event == "tool_result") {
      terminal.clear_progress();
      const json::value* ok = data.if_contains("ok");
      const bool good = ok && ok->is_bool() && ok->get_bool();
      std::string line = str("  ", good ? terminal.good("✓") : terminal.bad("✗"), " ", text_of(data, "name"));
      if (const std::string about = calls[text_of(data, "id")]; !about.empty()) line += " " + terminal.dim(about);
      if (const std::string summary = text_of(data, "summary"); !summary.empty()) line += " → " + summary;
      if (const auto ms = number_of(data, "ms")) line += terminal.dim(str(" (", *ms, " ms)"));
      if (show) terminal.note(line);
    } else if (event.event == "reset") {
      words.clear();
    } else if (event.event == "warning") {
      terminal.clear_progress();
      if (show) terminal.note(str("  ", terminal.dim(text_of(data, "message"))));
    } else if (event.event == "fallback") {
      flush_words();
      terminal.clear_progress();
      if (show) terminal.note(str("  ", text_of(data, "reason"), terminal.dim(str(" (now ", text_of(data, "to"), ")"))));
    } else if (event.event == "error") {
      ClientResponse response{.status = static_cast<int>(number_of(data, "status").value_or(500)), .body = event.data};
      problem = problem_error(response);
    } else if (event.event == "done") {
      done = data;
    }
    return {};
  }));
  terminal.clear_progress();
  if (problem) {
    words.clear();
    return fail(*problem);
  }
  flush_words();
  if (done.empty()) return fail(ErrorCode::unavailable, "The server ended the stream before it was done: try again");
  return done;
}

// Where npm put the demo's tables: beside the checkout that this binary was built in, or in the current folder.
Result<std::string> find_demo_data(const std::string& wanted) {
  std::vector<fs::path> places;
  if (!wanted.empty()) {
    places.emplace_back(wanted);
  } else {
    std::error_code error;
    fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
    for (int i = 0; i < 6 && !folder.empty(); ++i, folder = folder.parent_path())
      places.push_back(folder / "node_modules/vega-datasets/data");
    places.emplace_back("node_modules/vega-datasets/data");
  }
  for (const fs::path& place : places) {
    std::error_code error;
    if (fs::exists(place / kDemoTables[0], error)) return place.string();
  }
  return fail(ErrorCode::failed_precondition,
              wanted.empty()
                  ? std::string("The demo's tables are not here: run ./dev demo in a checkout of Bridge, or name their folder with --data")
                  : str("There is no ", kDemoTables[0], " in ", wanted));
}

// Copies the demo's tables into the workspace, those that are not there yet.
Result<std::string> copy_demo_data(const std::string& from, const Config& config) {
  const fs::path to = config.path("demo-data");
  std::error_code error;
  fs::create_directories(to, error);
  if (error) return fail(ErrorCode::unavailable, str(to.string(), " cannot be made: ", error.message()));
  for (const std::string_view table : kDemoTables) {
    const fs::path source = fs::path(from) / table;
    const fs::path target = to / table;
    if (!fs::exists(source, error) || (fs::exists(target, error) && fs::file_size(target, error) == fs::file_size(source, error))) continue;
    fs::copy_file(source, fs::path(target.string() + ".new"), fs::copy_options::overwrite_existing, error);
    if (!error) fs::rename(target.string() + ".new", target, error);
    if (error) return fail(ErrorCode::unavailable, str(target.string(), " cannot be written: ", error.message()));
  }
  return to.string();
}

// The demo's team and connection, made when missing. The connection's id.
Result<std::string> prepare_demo(ApiClient& api, const std::string& data_folder) {
  const json::value teams = TRY(api.call(Method::get, "/v1/onboarding/teams"));
  if (teams.as_object().at("items").as_array().empty())
    TRY(api.call(Method::post, "/v1/onboarding/teams", json::object{{"name", "Demo"}, {"slug", kDemoName}}));
  const std::string team_id = TRY(api.choose_team(teams.as_object().at("items").as_array().size() > 1 ? kDemoName : ""));
  const json::value connections = TRY(api.call(Method::get, "/v1/onboarding/connections"));
  for (const json::value& item : connections.as_object().at("items").as_array()) {
    if (text_of(item.as_object(), "name") == kDemoName) return text_of(item.as_object(), "id");
  }
  const json::value made = TRY(api.call(
      Method::post, "/v1/onboarding/connections",
      json::object{
          {"team_id", team_id}, {"name", kDemoName}, {"connection_type", "duckdb"}, {"credentials", json::object{{"path", data_folder}}}}));
  const std::string id = text_of(made.as_object(), "id");
  const json::value tested = TRY(api.call(Method::post, str("/v1/onboarding/connections/", id, "/test")));
  if (!tested.as_object().at("success").as_bool())
    return fail(ErrorCode::unavailable, str("The demo's tables cannot be read: ", text_of(tested.as_object(), "error")));
  TRY(api.call(Method::post, str("/v1/onboarding/catalog/discover?connection_id=", id)));
  return id;
}

// The id of the team's connection of that name; empty: the only one.
Result<std::string> choose_connection(ApiClient& api, const std::string& wanted) {
  const json::value list = TRY(api.call(Method::get, "/v1/onboarding/connections"));
  const json::array& connections = list.as_object().at("items").as_array();
  std::string id;
  std::vector<std::string> names;
  for (const json::value& item : connections) {
    names.push_back(text_of(item.as_object(), "name"));
    if (names.back() == wanted || (wanted.empty() && connections.size() == 1)) id = text_of(item.as_object(), "id");
  }
  if (id.empty()) {
    if (names.empty())
      return fail(ErrorCode::failed_precondition,
                  "There is no connection yet: add one with `bridge connection add NAME path=FILE_OR_FOLDER`");
    return fail(ErrorCode::invalid_argument, wanted.empty() ? str("Name the connection with --connection: there are ", join(names, ", "))
                                                            : str("There is no connection '", wanted, "': there are ", join(names, ", ")));
  }
  return id;
}

// "bar  x City, y mean of price, colour segment  where year in 2020, 2021".
std::string describe_reading(const json::object& reading) {
  std::vector<std::string> parts;
  const std::string aggregate = text_of(reading, "aggregate");
  const auto of = [&](const std::string& column) { return aggregate.empty() ? column : str(aggregate, " of ", column); };
  const std::string value = text_of(reading, "value");
  const std::string y = text_of(reading, "y");
  if (const std::string x = text_of(reading, "x"); !x.empty()) {
    std::string part = str("x ", x);
    if (const std::string unit = text_of(reading, "time_unit"); !unit.empty()) part += str(" by ", unit);
    if (const auto bin = number_of(reading, "bin")) part += str(" in at most ", *bin, " bins");
    parts.push_back(std::move(part));
  }
  const std::string mark = text_of(reading, "mark");
  const bool two_sides = mark == "heatmap" || mark == "scatter";
  if (!y.empty()) parts.push_back(str("y ", two_sides ? y : of(y)));
  if (y.empty() || (two_sides && value.empty() && !aggregate.empty())) parts.push_back("number of rows");
  if (!value.empty()) parts.push_back(of(value));
  if (const std::string color = text_of(reading, "color"); !color.empty()) parts.push_back(str("colour ", color));
  std::string line = str(mark, ": ", join(parts, ", "));
  std::vector<std::string> filters;
  for (const json::value& item : reading.at("filters").as_array()) {
    const json::object& filter = item.as_object();
    std::vector<std::string> values;
    for (const json::value& one : filter.at("values").as_array()) values.emplace_back(one.as_string());
    filters.push_back(str(text_of(filter, "field"), " ", text_of(filter, "op"), values.empty() ? "" : " ", join(values, ", ")));
  }
  if (!filters.empty()) line += str("; only where ", join(filters, " and "));
  if (const std::string sort = text_of(reading, "sort"); !sort.empty()) line += str("; sorted by ", sort);
  if (const auto limit = number_of(reading, "limit")) line += str("; the first ", *limit);
  return line;
}

// Opens and starts the server; when its port is taken and any will do, on another one.
Result<std::unique_ptr<Application>> start_server(const Config& config, bool any_port) {
  auto server = TRY(open_application(config));
  if (const auto started = server->start(); !started) {
    if (!any_port || started.error().reason != "address_in_use") return fail(started.error());
    server.reset();
    Config other = config;
    other.listen_port = 0;
    server = TRY(open_application(other));
    TRY(server->start());
  }
  return server;
}

}  // namespace

Result<int> run_serve(const CommandOptions& options) {
  block_signals();
  auto server = TRY(start_server(options.config, false));
  const Terminal terminal;
  if (server->first_start()) {
    terminal.note(str("The operator's key is in ", options.config.path("operator.key"), "."));
    terminal.note(str("Open the web page with this link; it works once: ", terminal.bold(TRY(server->make_link()))));
    terminal.note(terminal.dim("Another link: bridge link. Keys for people and programs: bridge key create NAME."));
  }
  print_ready(terminal, *server);
  wait_for_end();
  server->stop();
  return 0;
}

Result<int> run_demo(const CommandOptions& options, const DemoOptions& demo) {
  block_signals();
  Terminal terminal;
  const std::string source = TRY(find_demo_data(demo.data_folder));
  const std::string data_folder = TRY(copy_demo_data(source, options.config));
  Config config = options.config;
  if (!demo.serve) config.listen_port = 0;
  auto server = TRY(start_server(config, demo.any_port));
  auto api = ApiClient::attach(*server);
  const std::string connection_id = TRY(prepare_demo(*api, data_folder));

  json::object result;
  const json::value existing = TRY(api->call(Method::get, "/v1/dashboards"));
  if (demo.sentence.empty() && demo.serve && !existing.as_object().at("items").as_array().empty()) {
    // A second run shows what the first one made.
    result["dashboard_slug"] = text_of(existing.as_object().at("items").as_array().front().as_object(), "slug");
  } else {
    const std::string sentence = demo.sentence.empty() ? std::string(kDemoSentence) : demo.sentence;
    if (demo.serve || terminal.interactive()) terminal.note(str(terminal.bold("“" + sentence + "”")));
    result = TRY(generate(*api, terminal, json::object{{"connection_id", connection_id}, {"user_prompt", sentence}},
                          demo.serve || terminal.interactive()));
  }
  const std::string slug = text_of(result, "dashboard_slug");
  if (!demo.serve) {
    const json::value data = TRY(api->call(Method::get, str("/v1/dashboards/", slug, "/data")));
    const std::string yaml = TRY(api->call_text(Method::get, str("/v1/dashboards/", slug, "/yaml"), "", ""));
    result["yaml"] = yaml;
    result["queries"] = data.as_object().at("queries");
    if (options.json || !terminal.printed_to_a_person()) terminal.print(json::serialize(result));
    else terminal.print(str("Saved ", slug, ": ", text_of(result, "gcs_yaml_path"), "\nSee it in the browser: bridge demo"));
    server->stop();
    return 0;
  }
  if (!terminal.printed_to_a_person()) print_ready(terminal, *server);
  terminal.note("");
  terminal.note(str("  Open ", terminal.bold(TRY(server->make_link()) + "&to=/d/" + slug)));
  terminal.note(terminal.dim(
      str("  The link works once and opens the dashboard ", slug, ". Everything is in ", config.data_dir, "; Ctrl-C stops the server.")));
  wait_for_end();
  server->stop();
  return 0;
}

Result<int> run_generate(const CommandOptions& options, const GenerateOptions& wanted) {
  Terminal terminal;
  auto api = TRY(ApiClient::connect(options.config));
  TRY(api->choose_team(options.team));
  const std::string id = TRY(choose_connection(*api, wanted.connection));
  json::object body{{"connection_id", id}, {"user_prompt", wanted.sentence}};
  if (!wanted.provider.empty()) body["provider"] = wanted.provider;
  if (!wanted.model.empty()) body["model"] = wanted.model;
  const json::object result = TRY(generate(*api, terminal, body, !options.json));
  if (options.json) {
    terminal.print(json::serialize(result));
  } else {
    const std::string slug = text_of(result, "dashboard_slug");
    const std::string next = api->owns_server() ? std::string("See it in the browser: bridge serve")
                                                : str("See it at ", api->url(), "/d/", slug, " (a link to sign in: bridge link)");
    terminal.print(str("Saved ", slug, ": ", text_of(result, "gcs_yaml_path"), "\n", next));
  }
  return 0;
}

Result<int> run_suggest(const CommandOptions& options, const std::string& sentence, const SuggestOptions& wanted) {
  const Terminal terminal;
  auto api = TRY(ApiClient::connect(options.config));
  TRY(api->choose_team(options.team));
  json::object body{{"connection_id", TRY(choose_connection(*api, wanted.connection))}, {"sentence", sentence}, {"top", wanted.top}};
  if (!wanted.table.empty()) body["table"] = wanted.table;
  const json::value answer = TRY(api->call(Method::post, "/v1/charts/suggest", body));
  const json::array& readings = answer.as_object().at("readings").as_array();
  if (options.json) {
    terminal.print(json::serialize(readings));
    return 0;
  }
  terminal.note(str("Over ", text_of(answer.as_object(), "table"), ":"));
  int number = 0;
  for (const json::value& item : readings)
    terminal.print(str(++number, ". ", describe_reading(item.as_object()), terminal.dim(str(" (", text_of(item.as_object(), "why"), ")"))));
  std::vector<std::string> unused;
  for (const json::value& item : answer.as_object().at("account").as_array()) {
    if (text_of(item.as_object(), "role") == "unused") unused.push_back(str('"', text_of(item.as_object(), "word"), '"'));
  }
  if (!unused.empty()) terminal.note(str("Nothing here is called ", join(unused, " or "), "."));
  return 0;
}

Result<int> run_link(const CommandOptions& options) {
  if (running_server_url(options.config).empty())
    return fail(ErrorCode::failed_precondition, "No server runs on this data folder: start one with `bridge serve`");
  auto api = TRY(ApiClient::connect(options.config));
  const Terminal terminal;
  const json::value link = TRY(api->call(Method::post, "/v1/session/link"));
  const std::string url = str(api->url(), "/open#token=", text_of(link.as_object(), "token"));
  terminal.print(options.json ? json::serialize(json::object{{"url", url}}) : url);
  return 0;
}

}  // namespace bridge
