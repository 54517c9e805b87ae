// The command line: reads flags, loads the configuration, runs one command, turns an error into one line and an exit status.
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "app/memory_limit.h"
#include "app/terminal.h"
#include "app/version.h"
#include "base/guarded.h"
#include "base/text.h"
#include "platform/worker_process/worker_program.h"
#include "warehouse/driver_list.h"

namespace bridge {
namespace {

constexpr int kUsageStatus = 2;

// What the flags say; each command reads its own part.
struct Arguments {
  std::string config_file;
  std::string data_dir;
  std::string listen;
  std::string log_level;
  std::string team;
  bool json = false;
  bool no_serve = false;
  std::string data_folder;
  std::vector<std::string> words;
  GenerateOptions generate;
  SuggestOptions suggest;
  ValidateOptions validate;
  std::string source;
  std::string out;
  std::string direction;
  int steps = 1;
  std::string name;
  std::string slug;
  std::string role = "editor";
  ConnectionOptions connection;
  bool env_example = false;
};

using Command = std::function<Result<int>(const CommandOptions&, const Arguments&)>;

std::string joined(const std::vector<std::string>& words) { return join(words, " "); }

// A subcommand and what it runs.
CLI::App* add_command(CLI::App& parent, std::vector<std::pair<CLI::App*, Command>>& commands, const std::string& name,
                      const std::string& about, Command command) {
  CLI::App* app = parent.add_subcommand(name, about);
  app->fallthrough();
  commands.emplace_back(app, std::move(command));
  return app;
}

std::vector<std::pair<CLI::App*, Command>> add_commands(CLI::App& root, Arguments& in) {
  std::vector<std::pair<CLI::App*, Command>> commands;
  add_command(root, commands, "serve", "Run the server",
              [](const CommandOptions& options, const Arguments&) { return run_serve(options); });

  CLI::App* demo = add_command(
      root, commands, "demo", "Real data, a dashboard made from a sentence, served", [](const CommandOptions& options, const Arguments& a) {
        return run_demo(options,
                        {.sentence = joined(a.words), .serve = !a.no_serve, .data_folder = a.data_folder, .any_port = a.listen.empty()});
      });
  demo->add_flag("--no-serve", in.no_serve, "Print the result as JSON and exit");
  demo->add_option("--data", in.data_folder, "The folder with the demo's tables");
  demo->add_option("SENTENCE", in.words, "What to make a dashboard of");

  CLI::App* generate =
      add_command(root, commands, "generate", "Make a dashboard from a sentence", [](const CommandOptions& options, const Arguments& a) {
        GenerateOptions generate = a.generate;
        generate.sentence = joined(a.words);
        return run_generate(options, generate);
      });
  generate->add_option("SENTENCE", in.words, "What the dashboard should answer")->required();
  generate->add_option("--connection", in.generate.connection, "The connection to read, by name (default: the only one)");
  generate->add_option("--provider", in.generate.provider, "The provider of the model");
  generate->add_option("--model", in.generate.model, "The model");

  CLI::App* suggest =
      add_command(root, commands, "suggest", "The likeliest readings of a sentence as charts",
                  [](const CommandOptions& options, const Arguments& a) { return run_suggest(options, joined(a.words), a.suggest); });
  suggest->add_option("SENTENCE", in.words, "What to show")->required();
  suggest->add_option("--connection", in.suggest.connection, "The connection to read, by name (default: the only one)");
  suggest->add_option("--table", in.suggest.table, "The table that is meant (default: the one that fits best)");
  suggest->add_option("--top", in.suggest.top, "How many readings")->check(CLI::Range(1, 10));

  CLI::App* validate = add_command(root, commands, "validate", "Check dashboard files",
                                   [](const CommandOptions& options, const Arguments& a) { return run_validate(options, a.validate); });
  validate->add_option("FILE", in.validate.files,
                       "Dashboard files; what is not here is looked for among the workspace's own (default: all of those)");
  validate->add_flag("--dry-run", in.validate.dry_run, "Also dry-run the SQL against the team's connections");
  validate->add_option("--format", in.validate.format, "text, json or sarif")->check(CLI::IsMember({"text", "json", "sarif"}));

  CLI::App* render = add_command(root, commands, "render", "Write a dashboard as one self-contained page",
                                 [](const CommandOptions& options, const Arguments& a) { return run_render(options, a.source, a.out); });
  render->add_option("SLUG_OR_FILE", in.source, "A saved dashboard, or a file")->required();
  render->add_option("--out", in.out, "Where the page goes (default: SLUG.html)");

  add_command(root, commands, "schema", "Print the JSON Schema of the dashboard document",
              [](const CommandOptions&, const Arguments&) { return run_schema(); });

  CLI::App* migrate =
      add_command(root, commands, "migrate", "Bring the database's tables to this version, take steps back, or list the steps",
                  [](const CommandOptions& options, const Arguments& a) { return run_migrate(options, a.direction, a.steps); });
  migrate->add_option("DIRECTION", in.direction, "up: every missing step; down: the newest step back; status: which are applied")
      ->required()
      ->check(CLI::IsMember({"up", "down", "status"}));
  migrate->add_option("--steps", in.steps, "How many steps down (default: 1)")->check(CLI::Range(1, 1000));
  migrate->footer(
      "Each step is applied whole or not at all, and says how many rows every table kept. A step that would lose rows, or leave a row "
      "that\n"
      "refers to nothing, is refused. The server runs `up` when it starts; stop it before you run this, and copy its data folder before "
      "`down`.");

  add_command(root, commands, "rebuild-index", "Pointers and index anew from the YAML files",
              [](const CommandOptions& options, const Arguments&) { return run_rebuild_index(options); });

  CLI::App* key = root.add_subcommand("key", "API keys");
  key->require_subcommand(1)->fallthrough();
  CLI::App* key_create =
      add_command(*key, commands, "create", "Make a key; it is shown once",
                  [](const CommandOptions& options, const Arguments& a) { return run_key_create(options, a.name, a.role); });
  key_create->add_option("NAME", in.name, "What it is for")->required();
  key_create->add_option("--role", in.role, "viewer, editor or admin")->check(CLI::IsMember({"viewer", "editor", "admin"}));
  add_command(*key, commands, "list", "List keys", [](const CommandOptions& options, const Arguments&) { return run_key_list(options); });
  CLI::App* key_revoke = add_command(*key, commands, "revoke", "Make a key useless",
                                     [](const CommandOptions& options, const Arguments& a) { return run_key_revoke(options, a.name); });
  key_revoke->add_option("ID", in.name, "Its id, as in `bridge key list`")->required();

  add_command(root, commands, "link", "Print a link that opens the web page once",
              [](const CommandOptions& options, const Arguments&) { return run_link(options); });

  CLI::App* team = root.add_subcommand("team", "Teams");
  team->require_subcommand(1)->fallthrough();
  CLI::App* team_create = add_command(*team, commands, "create", "Make a team", [](const CommandOptions& options, const Arguments& a) {
    return run_team_create(options, a.name, a.slug);
  });
  team_create->add_option("NAME", in.name, "Its name")->required();
  team_create->add_option("--slug", in.slug, "Its short name in URLs (default: made from the name)");
  add_command(*team, commands, "list", "List teams",
              [](const CommandOptions& options, const Arguments&) { return run_team_list(options); });

  CLI::App* connection = root.add_subcommand("connection", "Warehouses of a team");
  connection->require_subcommand(1)->fallthrough();
  CLI::App* connection_add =
      add_command(*connection, commands, "add", "Try a warehouse, and add it when it works",
                  [](const CommandOptions& options, const Arguments& a) { return run_connection_add(options, a.connection); });
  connection_add->add_option("NAME", in.connection.name, "What dashboards call it")->required();
  connection_add->add_option("--type", in.connection.type, "The kind of warehouse (default: by its fields)");
  connection_add->add_option("FIELDS", in.connection.fields,
                             "Its fields, such as path=/data/sales, or an address: postgresql://user:password@host/database. Of "
                             "FIELD=@FILE the file's content is taken, FIELD=- asks for it");
  connection_add->add_flag("--keep", in.connection.keep, "Add it even if it does not work");
  add_command(*connection, commands, "list", "List warehouses",
              [](const CommandOptions& options, const Arguments&) { return run_connection_list(options); });
  CLI::App* connection_show =
      add_command(*connection, commands, "show", "Say what is known of a warehouse",
                  [](const CommandOptions& options, const Arguments& a) { return run_connection_show(options, a.connection); });
  connection_show->add_option("NAME", in.connection.name, "Its name or id")->required();
  CLI::App* connection_set =
      add_command(*connection, commands, "set", "Change a warehouse's fields or name; tried before the old ones go",
                  [](const CommandOptions& options, const Arguments& a) { return run_connection_set(options, a.connection); });
  connection_set->add_option("NAME", in.connection.name, "Its name or id")->required();
  connection_set->add_option("FIELDS", in.connection.fields, "The fields that change, such as path=/data/sales; an empty one is removed");
  connection_set->add_option("--name", in.connection.new_name, "Another name");
  connection_set->add_flag("--force", in.connection.force, "Another name even if dashboards use the old one");
  CLI::App* connection_remove =
      add_command(*connection, commands, "remove", "Remove a warehouse and its credentials from Bridge; its data stays where it is",
                  [](const CommandOptions& options, const Arguments& a) { return run_connection_remove(options, a.connection); });
  connection_remove->add_option("NAME", in.connection.name, "Its name or id")->required();
  connection_remove->add_flag("--force", in.connection.force, "Even if dashboards use it");
  CLI::App* connection_test =
      add_command(*connection, commands, "test", "Try a warehouse",
                  [](const CommandOptions& options, const Arguments& a) { return run_connection_test(options, a.connection); });
  connection_test->add_option("NAME", in.connection.name, "Its name or id")->required();

  add_command(root, commands, "doctor", "Check every configured part for real",
              [](const CommandOptions& options, const Arguments&) { return run_doctor(options); });
  CLI::App* config = add_command(root, commands, "config", "Print the settings in force",
                                 [](const CommandOptions& options, const Arguments& a) { return run_config(options, a.env_example); });
  config->add_flag("--env-example", in.env_example, "Print all settings with their defaults, as .env.example has them");
  add_command(root, commands, "version", "Print the version",
              [](const CommandOptions& options, const Arguments&) { return run_version(options); });
  return commands;
}

Result<CommandOptions> make_options(const Arguments& arguments, bool demo) {
  ConfigSources sources{.environment = process_environment(), .file = arguments.config_file, .terminal = isatty(STDERR_FILENO) != 0};
  if (!arguments.data_dir.empty()) sources.flags["BRIDGE_DATA_DIR"] = arguments.data_dir;
  if (!arguments.listen.empty()) sources.flags["BRIDGE_LISTEN"] = arguments.listen;
  if (!arguments.log_level.empty()) sources.flags["BRIDGE_LOG_LEVEL"] = arguments.log_level;
  // The demo has a workspace of its own, so that it never mixes with real work.
  if (demo && arguments.data_dir.empty() && !sources.environment.contains("BRIDGE_DATA_DIR"))
    sources.flags["BRIDGE_DATA_DIR"] = "~/.bridge/demo";
  CommandOptions options{.config = TRY(load_config(sources)), .json = arguments.json, .team = arguments.team};
  configure_log(options.config.log_level, options.config.log_format);
  return options;
}

// The library only says that a command is missing: this names the word that is none, and the nearest one that is.
std::optional<std::string> unknown_command(const CLI::App& parent, std::span<char* const> words, const std::string& before = {}) {
  const auto commands = parent.get_subcommands([](const CLI::App*) { return true; });
  if (commands.empty() || words.empty() || words.front()[0] == '-') return std::nullopt;
  const std::string word = words.front();
  std::vector<std::string> names;
  for (const CLI::App* command : commands) {
    names.push_back(command->get_name());
    if (names.back() == word) return unknown_command(*command, words.subspan(1), str(before, word, " "));
  }
  const auto near = nearest_name(word, names);
  return str("bridge: there is no command '", before, word, "'",
             near ? str(": did you mean ", before, *near, "?") : str("; there are ", join(names, ", ")));
}

int run(int argc, char** argv) {
  CLI::App root{"Bridge: a data warehouse and one sentence become a governed, cost-capped, live dashboard", "bridge"};
  root.set_version_flag("--version", std::string(kBridgeVersion));
  root.require_subcommand(1);
  root.fallthrough();
  Arguments arguments;
  root.add_option("--config", arguments.config_file, "A bridge.yaml (default: ./bridge.yaml when there is one)");
  root.add_option("--data-dir", arguments.data_dir, "Where everything lives (BRIDGE_DATA_DIR)");
  root.add_option("--listen", arguments.listen, "Address and port (BRIDGE_LISTEN)");
  root.add_option("--log-level", arguments.log_level, "debug, info, warning or error (BRIDGE_LOG_LEVEL)");
  root.add_option("--team", arguments.team, "The team, by slug or id (default: the only one)");
  root.add_flag("--json", arguments.json, "Print JSON");
  const auto commands = add_commands(root, arguments);
  if (const auto unknown = unknown_command(root, std::span(argv, static_cast<std::size_t>(argc)).subspan(1))) {
    Terminal().note(*unknown);
    return kUsageStatus;
  }
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = root.exit(error);
    return status == 0 ? 0 : kUsageStatus;
  }
  for (const auto& [app, command] : commands) {
    if (!app->parsed()) continue;
    const auto options = make_options(arguments, app->get_name() == "demo");
    if (!options) return report_error(options.error());
    const auto status = command(*options, arguments);
    return status ? *status : report_error(status.error());
  }
  return kUsageStatus;
}

}  // namespace
}  // namespace bridge

int main(int argc, char** argv) {
  if (argc > 1) bridge::serve_if_zygote(argc, argv, bridge::make_engine_programs());  // before any thread
  bridge::limit_memory();
  const bridge::Result<int> status = bridge::guarded([&] { return bridge::run(argc, argv); });
  return status ? *status : bridge::report_error(status.error());
}
