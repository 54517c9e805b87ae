// Administration without a browser: teams, keys, connections, the index.
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "app/api_client.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "app/version.h"
#include "base/text.h"
#include "warehouse/sqlite/sqlite_driver.h"

namespace bridge {
namespace {

// All of a team's: there may be 500.
constexpr std::string_view kAllConnections = "/v1/onboarding/connections?limit=1000";

std::string text_of(const json::value& value, std::string_view name) {
  const json::value* field = value.is_object() ? value.get_object().if_contains(name) : nullptr;
  if (!field || field->is_null()) return "-";
  return field->is_string() ? std::string(field->get_string()) : json::serialize(*field);
}

constexpr std::size_t kFieldFileBytesMax = 256 << 10;

// A line of standard input, which a terminal does not show.
Result<std::string> read_hidden_line(const std::string& field) {
  const bool is_terminal = ::isatty(STDIN_FILENO) == 1;
  termios before{};
  const bool is_hidden = is_terminal && ::tcgetattr(STDIN_FILENO, &before) == 0;
  if (is_terminal) Terminal().note(str(field, ":"));
  if (is_hidden) {
    termios hidden = before;
    hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  }
  std::string line;
  const bool has_line = static_cast<bool>(std::getline(std::cin, line));
  if (is_hidden) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  if (!has_line) return fail(ErrorCode::invalid_argument, str("'", field, "=-' reads a line of standard input, where there is none"));
  return line;
}

// "@FILE" is what the file holds, "-" a line of standard input, "@@…" a text that begins with an @; all others are themselves.
Result<std::string> read_value(const std::string& field, const std::string& value) {
  if (value == "-") return read_hidden_line(field);
  if (value.starts_with("@@")) return value.substr(1);
  if (!value.starts_with('@')) return value;
  std::ifstream file(value.substr(1), std::ios::binary);
  std::string content(kFieldFileBytesMax + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.empty())
    return fail(ErrorCode::invalid_argument, str("'", field, "' is to be read from ", value.substr(1),
                                                 ", which is not there or empty (a text that begins with @ is written @@)"));
  if (content.size() > kFieldFileBytesMax)
    return fail(ErrorCode::invalid_argument, str(value.substr(1), " is longer than ", format_bytes(kFieldFileBytesMax)));
  return content;
}

// "path=/data/sales" of the command line, each name once; an address such as "postgresql://…" stands by itself.
Result<std::vector<std::pair<std::string, std::string>>> read_fields(const std::vector<std::string>& fields) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& field : fields) {
    const std::size_t equals = field.find('=');
    const bool is_address = field.find("://") < equals;
    if (!is_address && (equals == std::string::npos || equals == 0))
      return fail(ErrorCode::invalid_argument,
                  str("'", field, "' is not of the form field=value, such as path=/data/sales, and no address such as postgresql://…"));
    const std::string name = is_address ? "url" : field.substr(0, equals);
    if (std::ranges::find(out, name, &std::pair<std::string, std::string>::first) != out.end())
      return fail(ErrorCode::invalid_argument, str("'", name, "' is given twice"));
    out.emplace_back(name, is_address ? field : TRY(read_value(name, field.substr(equals + 1))));
  }
  return out;
}

// The type of a connection that was given none, by its fields. The server is nearly always on the same machine; where it is not, it names
// the type itself.
std::string type_of(const json::object& credentials) {
  if (credentials.contains("url") || credentials.contains("host")) return "postgres";
  const json::value* path = credentials.if_contains("path");
  return path && path->is_string() && is_sqlite_file(std::string(path->get_string())) ? "sqlite" : "duckdb";
}

// The API's way out of a refusal, as the command has it.
Error in_words_of_the_command(Error error) {
  error.message = replace_all(std::move(error.message), "?force=true", "--force");
  return error;
}

// Prints rows under their headings, each column as wide as its widest cell.
void print_table(const Terminal& terminal, const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < headings.size(); ++i) {
    std::size_t width = columns_of(headings[i]);
    for (const auto& row : rows) width = std::max(width, columns_of(row[i]));
    widths.push_back(width);
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out += cells[i];
      if (i + 1 < cells.size()) out += std::string(widths[i] - columns_of(cells[i]) + 2, ' ');
    }
    return out;
  };
  terminal.print(terminal.dim(line(headings)));
  for (const auto& row : rows) terminal.print(line(row));
}

// A line for each step of a connection's test, and one for what would mend it.
void print_steps(const Terminal& terminal, const json::value& tested) {
  for (const json::value& step : tested.as_object().at("steps").as_array()) {
    const bool ok = step.as_object().at("ok").as_bool();
    const std::string title = replace_all(text_of(step, "name"), "_", " ");
    terminal.print(str(ok ? terminal.good("✓") : terminal.bad("✗"), " ", title,
                       std::string(10 - std::min<std::size_t>(title.size(), 9), ' '), terminal.dim(str(text_of(step, "latency_ms"), " ms")),
                       ok ? "" : str("  ", text_of(step, "error"))));
    if (const std::string mend = text_of(step, "mend"); mend != "-") terminal.print(terminal.dim(str("    ", mend)));
  }
}

Result<int> print_list(const CommandOptions& options, const json::value& list, const std::vector<std::string>& fields,
                       std::string_view empty) {
  const Terminal terminal;
  const json::array& items = list.as_object().at("items").as_array();
  if (options.json) {
    terminal.print(json::serialize(list));
  } else if (items.empty()) {
    terminal.note(empty);
  } else {
    std::vector<std::vector<std::string>> rows;
    for (const json::value& item : items) {
      std::vector<std::string> row;
      for (const std::string& field : fields) row.push_back(text_of(item, field));
      rows.push_back(std::move(row));
    }
    print_table(terminal, fields, rows);
  }
  return 0;
}

Result<std::unique_ptr<ApiClient>> connect_to_team(const CommandOptions& options) {
  auto api = TRY(ApiClient::connect(options.config));
  TRY(api->choose_team(options.team));
  return api;
}

// The id of the team's connection of this name.
Result<std::string> find_connection(ApiClient& api, const std::string& name) {
  const json::value list = TRY(api.call(Method::get, kAllConnections));
  std::vector<std::string> names;
  for (const json::value& item : list.as_object().at("items").as_array()) {
    names.push_back(text_of(item, "name"));
    if (names.back() == name || text_of(item, "id") == name) return text_of(item, "id");
  }
  if (names.empty())
    return fail(ErrorCode::failed_precondition,
                "There is no connection yet: add one with `bridge connection add NAME path=FILE_OR_FOLDER`");
  const auto near = nearest_name(name, names);
  return fail(ErrorCode::not_found, str("There is no connection '", name, "'",
                                        near ? str(": did you mean ", *near, "?") : str("; there are ", join(names, ", "))));
}

}  // namespace

Result<int> run_team_create(const CommandOptions& options, const std::string& name, const std::string& slug) {
  auto api = TRY(ApiClient::connect(options.config));
  json::object body{{"name", name}};
  if (!slug.empty()) body["slug"] = slug;
  const json::value team = TRY(api->call(Method::post, "/v1/onboarding/teams", body));
  const Terminal terminal;
  terminal.print(options.json ? json::serialize(team) : str("Team ", text_of(team, "slug"), " (", text_of(team, "id"), ")"));
  return 0;
}

Result<int> run_team_list(const CommandOptions& options) {
  auto api = TRY(ApiClient::connect(options.config));
  return print_list(options, TRY(api->call(Method::get, "/v1/onboarding/teams")), {"slug", "name", "id"},
                    "There is no team yet: bridge team create NAME");
}

Result<int> run_key_create(const CommandOptions& options, const std::string& name, const std::string& role) {
  auto api = TRY(connect_to_team(options));
  const json::value key = TRY(api->call(Method::post, "/v1/keys", json::object{{"name", name}, {"role", role}}));
  const Terminal terminal;
  if (options.json) {
    terminal.print(json::serialize(key));
  } else {
    terminal.print(text_of(key, "key"));
    terminal.note(terminal.dim("This key is shown once: keep it now. It is sent as `Authorization: Bearer KEY`."));
  }
  return 0;
}

Result<int> run_key_list(const CommandOptions& options) {
  auto api = TRY(connect_to_team(options));
  return print_list(options, TRY(api->call(Method::get, "/v1/keys")),
                    {"id", "name", "role", "prefix", "created_at", "last_used_at", "revoked_at"},
                    "There is no key yet: bridge key create NAME");
}

Result<int> run_key_revoke(const CommandOptions& options, const std::string& id) {
  auto api = TRY(connect_to_team(options));
  TRY(api->call(Method::delete_, str("/v1/keys/", encode_percent(id))));
  Terminal().print(options.json ? R"({"revoked":true})" : "Revoked.");
  return 0;
}

Result<int> run_connection_add(const CommandOptions& options, const ConnectionOptions& wanted) {
  json::object credentials;
  for (const auto& [name, value] : TRY(read_fields(wanted.fields))) credentials[name] = value;
  const std::string type = wanted.type.empty() ? type_of(credentials) : wanted.type;
  auto api = TRY(ApiClient::connect(options.config));
  const std::string team_id = TRY(api->choose_team(options.team));
  const json::object body{{"team_id", team_id}, {"name", wanted.name}, {"connection_type", type}, {"credentials", std::move(credentials)}};
  auto added = api->call(Method::post, str("/v1/onboarding/connections", wanted.keep ? "" : "?test=true"), body);
  if (!added) {
    if (added.error().reason == "connection_failed") added.error().message += ". Mend what it says, or add it as it is with --keep";
    return fail(std::move(added).error());
  }
  const std::string id = text_of(*added, "id");
  bool works = true;
  json::value tested;
  if (wanted.keep) {
    tested = TRY(api->call(Method::post, str("/v1/onboarding/connections/", id, "/test")));
    works = tested.as_object().at("success").as_bool();
    *added = TRY(api->call(Method::get, str("/v1/onboarding/connections/", id)));
  }
  if (works) TRY(api->call(Method::post, str("/v1/onboarding/catalog/discover?connection_id=", id)));
  const Terminal terminal;
  if (options.json) terminal.print(json::serialize(*added));
  else if (works) terminal.print(str("Connection ", text_of(*added, "name"), " (", id, ") works"));
  else terminal.print(str("Connection ", text_of(*added, "name"), " (", id, ") is kept but does not work:"));
  if (!options.json && !works) print_steps(terminal, tested);
  return works ? 0 : 1;
}

Result<int> run_connection_test(const CommandOptions& options, const ConnectionOptions& wanted) {
  auto api = TRY(connect_to_team(options));
  const std::string id = TRY(find_connection(*api, wanted.name));
  const json::value tested = TRY(api->call(Method::post, str("/v1/onboarding/connections/", id, "/test")));
  const bool works = tested.as_object().at("success").as_bool();
  const Terminal terminal;
  if (options.json) {
    terminal.print(json::serialize(tested));
    return works ? 0 : 1;
  }
  print_steps(terminal, tested);
  terminal.print(works ? str("works (", text_of(tested, "latency_ms"), " ms)") : str("does not work: ", text_of(tested, "error")));
  return works ? 0 : 1;
}

Result<int> run_connection_list(const CommandOptions& options) {
  auto api = TRY(connect_to_team(options));
  return print_list(options, TRY(api->call(Method::get, kAllConnections)), {"name", "connection_type", "status", "last_tested_at", "id"},
                    "There is no connection yet: bridge connection add NAME path=FILE_OR_FOLDER");
}

Result<int> run_connection_show(const CommandOptions& options, const ConnectionOptions& wanted) {
  auto api = TRY(connect_to_team(options));
  const json::value connection = TRY(api->call(Method::get, str("/v1/onboarding/connections/", TRY(find_connection(*api, wanted.name)))));
  const Terminal terminal;
  if (options.json) {
    terminal.print(json::serialize(connection));
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const char* field : {"name", "connection_type", "status", "last_error", "last_tested_at", "created_at", "id"})
    rows.push_back({field, text_of(connection, field)});
  print_table(terminal, {"field", "value"}, rows);
  terminal.note(terminal.dim("Its fields are sealed and are not shown. Change them: bridge connection set NAME FIELD=VALUE"));
  return 0;
}

Result<int> run_connection_set(const CommandOptions& options, const ConnectionOptions& wanted) {
  json::object body;
  for (const auto& [name, value] : TRY(read_fields(wanted.fields))) {
    if (!body.contains("credentials")) body["credentials"] = json::object();
    body["credentials"].as_object()[name] = value.empty() ? json::value(nullptr) : json::value(value);
  }
  if (!wanted.new_name.empty()) body["name"] = wanted.new_name;
  if (body.empty())
    return fail(ErrorCode::invalid_argument,
                str("Say what changes: bridge connection set ", wanted.name, " path=/data/sales, or --name OTHER"));
  auto api = TRY(connect_to_team(options));
  const std::string id = TRY(find_connection(*api, wanted.name));
  const auto changed = api->call(Method::patch, str("/v1/onboarding/connections/", id, wanted.force ? "?force=true" : ""), body);
  if (!changed) return fail(in_words_of_the_command(changed.error()));
  if (body.contains("credentials")) TRY(api->call(Method::post, str("/v1/onboarding/catalog/discover?connection_id=", id)));
  Terminal().print(options.json ? json::serialize(*changed)
                                : str("Connection ", text_of(*changed, "name"), " (", id, ") is changed",
                                      body.contains("credentials") ? " and works" : ""));
  return 0;
}

Result<int> run_connection_remove(const CommandOptions& options, const ConnectionOptions& wanted) {
  auto api = TRY(connect_to_team(options));
  const std::string id = TRY(find_connection(*api, wanted.name));
  const auto removed = api->call(Method::delete_, str("/v1/onboarding/connections/", id, wanted.force ? "?force=true" : ""));
  if (!removed) return fail(in_words_of_the_command(removed.error()));
  Terminal().print(options.json ? json::serialize(json::object{{"id", id}, {"removed", true}}) : str("Removed ", wanted.name, "."));
  return 0;
}

Result<int> run_rebuild_index(const CommandOptions& options) {
  auto api = TRY(connect_to_team(options));
  const json::value counts = TRY(api->call(Method::post, "/v1/dashboards/rebuild-index"));
  const Terminal terminal;
  if (options.json || !terminal.printed_to_a_person()) {
    terminal.print(json::serialize(counts));
    return 0;
  }
  std::vector<std::string> words;
  for (const auto& [name, count] : counts.as_object())
    words.push_back(str(replace_all(std::string(name), "_", " "), ": ", json::serialize(count)));
  terminal.print(join(words, ", "));
  return 0;
}

Result<int> run_config(const CommandOptions& options, bool env_example) {
  const Terminal terminal;
  if (env_example) {
    terminal.print(trim(make_env_example()));
    return 0;
  }
  json::array list;
  std::vector<std::vector<std::string>> rows;
  for (const ConfigEntry& entry : options.config.entries) {
    const std::string shown = entry.value.empty() ? "" : entry.secret ? "********" : entry.value;
    list.push_back(
        json::object{{"name", entry.name}, {"key", entry.key}, {"value", shown}, {"source", entry.source}, {"about", entry.about}});
    rows.push_back({entry.name, shown.empty() ? "-" : shown, entry.source, entry.about});
  }
  if (options.json) terminal.print(json::serialize(list));
  else print_table(terminal, {"variable", "value", "from", "means"}, rows);
  return 0;
}

Result<int> run_version(const CommandOptions& options) {
  Terminal().print(options.json ? json::serialize(json::object{{"version", kBridgeVersion}}) : str("bridge ", kBridgeVersion));
  return 0;
}

}  // namespace bridge
