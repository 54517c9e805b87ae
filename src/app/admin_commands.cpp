// Administration without a browser: teams, keys, connections, the index.
#include <sys/stat.h>

#include "app/api_client.h"
#include "app/commands.h"
#include "app/terminal.h"
#include "app/version.h"
#include "base/text.h"

namespace bridge {
namespace {

std::string text_of(const json::value& value, std::string_view name) {
  const json::value* field = value.is_object() ? value.get_object().if_contains(name) : nullptr;
  if (!field || field->is_null()) return "-";
  return field->is_string() ? std::string(field->get_string()) : json::serialize(*field);
}

// Prints rows under their headings, each column as wide as its widest cell.
void print_table(const Terminal& terminal, const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (std::size_t i = 0; i < headings.size(); ++i) {
    std::size_t width = headings[i].size();
    for (const auto& row : rows) width = std::max(width, row[i].size());
    widths.push_back(width);
  }
  const auto line = [&](const std::vector<std::string>& cells) {
    std::string out;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      out += cells[i];
      if (i + 1 < cells.size()) out += std::string(widths[i] - cells[i].size() + 2, ' ');
    }
    return out;
  };
  terminal.print(terminal.dim(line(headings)));
  for (const auto& row : rows) terminal.print(line(row));
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
  const json::value list = TRY(api.call(Method::get, "/v1/onboarding/connections"));
  std::vector<std::string> names;
  for (const json::value& item : list.as_object().at("items").as_array()) {
    names.push_back(text_of(item, "name"));
    if (names.back() == name || text_of(item, "id") == name) return text_of(item, "id");
  }
  if (names.empty())
    return fail(ErrorCode::failed_precondition,
                "There is no connection yet: add one with `bridge connection add NAME --type duckdb path=FILE_OR_FOLDER`");
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

Result<int> run_connection_add(const CommandOptions& options, const std::string& name, const std::string& type,
                               const std::vector<std::string>& fields) {
  json::object credentials;
  for (const std::string& field : fields) {
    const std::size_t equals = field.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(ErrorCode::invalid_argument, str("'", field, "' is not of the form field=value, such as path=/data/sales"));
    credentials[field.substr(0, equals)] = field.substr(equals + 1);
  }
  auto api = TRY(ApiClient::connect(options.config));
  const std::string team_id = TRY(api->choose_team(options.team));
  const json::value connection =
      TRY(api->call(Method::post, "/v1/onboarding/connections",
                    json::object{{"team_id", team_id}, {"name", name}, {"connection_type", type}, {"credentials", credentials}}));
  const std::string id = text_of(connection, "id");
  const json::value tested = TRY(api->call(Method::post, str("/v1/onboarding/connections/", id, "/test")));
  const bool works = tested.as_object().at("success").as_bool();
  if (works) TRY(api->call(Method::post, str("/v1/onboarding/catalog/discover?connection_id=", id)));
  const Terminal terminal;
  if (options.json) {
    json::object both = connection.as_object();
    both["test"] = tested;
    terminal.print(json::serialize(both));
  } else {
    terminal.print(
        str("Connection ", name, " (", id, ") ", works ? "works" : str("is saved but does not work: ", text_of(tested, "error"))));
  }
  return works ? 0 : 1;
}

Result<int> run_connection_test(const CommandOptions& options, const std::string& name) {
  auto api = TRY(connect_to_team(options));
  const std::string id = TRY(find_connection(*api, name));
  const json::value tested = TRY(api->call(Method::post, str("/v1/onboarding/connections/", id, "/test")));
  const bool works = tested.as_object().at("success").as_bool();
  const Terminal terminal;
  if (options.json) terminal.print(json::serialize(tested));
  else terminal.print(works ? str("works (", text_of(tested, "latency_ms"), " ms)") : str("does not work: ", text_of(tested, "error")));
  return works ? 0 : 1;
}

Result<int> run_connection_list(const CommandOptions& options) {
  auto api = TRY(connect_to_team(options));
  return print_list(options, TRY(api->call(Method::get, "/v1/onboarding/connections")),
                    {"name", "connection_type", "status", "last_tested_at", "id"},
                    "There is no connection yet: bridge connection add NAME --type duckdb path=FILE_OR_FOLDER");
}

Result<int> run_rebuild_index(const CommandOptions& options) {
  auto api = TRY(connect_to_team(options));
  const json::value counts = TRY(api->call(Method::post, "/v1/dashboards/rebuild-index"));
  Terminal().print(json::serialize(counts));
  return 0;
}

Result<int> run_config(const CommandOptions& options) {
  const Terminal terminal;
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
