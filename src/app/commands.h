#pragma once

#include <string>
#include <vector>

#include "app/config.h"
#include "base/result.h"

namespace bridge {

// What the commands have in common. Each returns 0, or 1 when an input was found wrong; failures are errors.
struct CommandOptions {
  Config config;
  bool json = false;  // print one JSON value instead of text for people
  std::string team;   // id or slug; empty: the only one
};

struct DemoOptions {
  std::string sentence;
  bool serve = true;
  std::string data_folder;  // with flights-3m.parquet and the other tables; empty: the one that npm installed
  bool any_port = true;     // another port when the configured one is taken
};

struct GenerateOptions {
  std::string sentence;
  std::string connection;
  std::string provider;
  std::string model;
};

struct SuggestOptions {
  std::string connection;
  std::string table;
  int top = 5;
};

struct ConnectionOptions {
  std::string name;
  std::string type;                 // empty: by what the path is
  std::vector<std::string> fields;  // "path=/data/sales"; "path=" removes one that may be left out
  std::string new_name;
  bool keep = false;   // also one that does not work
  bool force = false;  // although dashboards use it
};

struct ValidateOptions {
  std::vector<std::string> files;  // files, or patterns and names of the workspace's own; none: all of the workspace's own
  bool dry_run = false;
  std::string format = "text";  // text, json, sarif
};

Result<int> run_serve(const CommandOptions& options);
Result<int> run_demo(const CommandOptions& options, const DemoOptions& demo);
Result<int> run_generate(const CommandOptions& options, const GenerateOptions& generate);
Result<int> run_suggest(const CommandOptions& options, const std::string& sentence, const SuggestOptions& suggest);
Result<int> run_validate(const CommandOptions& options, const ValidateOptions& validate);
Result<int> run_render(const CommandOptions& options, const std::string& source, const std::string& out);
Result<int> run_schema();
Result<int> run_migrate(const CommandOptions& options, const std::string& direction, int steps);
Result<int> run_rebuild_index(const CommandOptions& options);
Result<int> run_key_create(const CommandOptions& options, const std::string& name, const std::string& role);
Result<int> run_key_list(const CommandOptions& options);
Result<int> run_key_revoke(const CommandOptions& options, const std::string& id);
Result<int> run_link(const CommandOptions& options);
Result<int> run_team_create(const CommandOptions& options, const std::string& name, const std::string& slug);
Result<int> run_team_list(const CommandOptions& options);
Result<int> run_connection_add(const CommandOptions& options, const ConnectionOptions& connection);
Result<int> run_connection_list(const CommandOptions& options);
Result<int> run_connection_show(const CommandOptions& options, const ConnectionOptions& connection);
Result<int> run_connection_set(const CommandOptions& options, const ConnectionOptions& connection);
Result<int> run_connection_remove(const CommandOptions& options, const ConnectionOptions& connection);
Result<int> run_connection_test(const CommandOptions& options, const ConnectionOptions& connection);
Result<int> run_doctor(const CommandOptions& options);
// The settings in force; or a text of all of them with their defaults, for an .env file.
Result<int> run_config(const CommandOptions& options, bool env_example);
Result<int> run_version(const CommandOptions& options);

}  // namespace bridge
