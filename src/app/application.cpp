// The composition root: makes every part once, gives each what it needs, and ends them in the opposite order.
#include "app/application.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "app/data_folder.h"
#include "app/endpoint_list.h"
#include "app/memory_limit.h"
#include "app/services.h"
#include "app/web_page.h"
#include "base/guarded.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/person.h"
#include "base/text.h"
#include "features/dashboard_serving/refresher.h"
#include "features/teams/team_authenticator.h"
#include "platform/http/server.h"
#include "platform/metadata_db/migrations.h"
#include "platform/otlp/otlp_exporter.h"
#include "platform/work/periodic_task.h"

namespace bridge {
namespace {

constexpr int kDrainMs = 9'000;  // ten seconds from the signal everything has ended
constexpr std::chrono::seconds kMemoryInterval{2};
constexpr std::uint64_t kBodiesMemoryShare = 8;  // of what the process may take, for the bodies of requests

// Written once and never again: mode 0600 from the first byte, and durable before anybody can rely on it.
Result<> write_key_file(const std::string& path, const Secret& key) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return fail(ErrorCode::unavailable, str(path, " cannot be written: ", std::strerror(errno)));
  const std::string text = key.reveal() + "\n";
  const bool written = write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
  close(file);
  if (!written) return fail(ErrorCode::unavailable, str(path, " cannot be written: ", std::strerror(errno)));
  return {};
}

std::string read_key_file(const std::string& path) {
  std::ifstream in(path);
  std::string key;
  std::getline(in, key);
  return key;
}

class BridgeApplication final : public Application {
 public:
  BridgeApplication(DataFolder folder, Config config) : folder_(std::move(folder)), config_(std::move(config)) {}
  ~BridgeApplication() override { stop(); }

  Result<> open() {
    services_ = TRY(open_services(config_));
    const std::string key_path = config_.path("operator.key");
    if (const auto made = TRY(services_->teams->bootstrap_first_start(operator_context()))) {
      TRY(write_key_file(key_path, *made));
      first_start_ = true;
    }
    operator_key_ = read_key_file(key_path);
    if (operator_key_.empty()) {
      // The file was lost after the first start: whoever may write the data folder may have a new key.
      const IssuedApiKey key = TRY(services_->teams->create_operator_key(operator_context(), "operator"));
      TRY(write_key_file(key_path, Secret(key.key)));
      operator_key_ = read_key_file(key_path);
      log_warning("operator_key_renewed", {{"path", key_path}});
    }
    return {};
  }

  Result<> start() override {
    if (!config_.otlp_endpoint.empty()) set_span_exporter(make_otlp_exporter(otlp_options(config_), make_http_client()));
    authenticator_ = make_team_authenticator(services_->teams, config_.cors_origins);
    HttpServerOptions options{.address = config_.listen_address, .port = config_.listen_port, .extra_headers = security_headers()};
    options.cors_origins = config_.cors_origins;
    options.hosts = host_names();
    options.unknown_path = unknown_path_page();
    options.log_requests = config_.log_level == LogLevel::debug;
    options.bodies_bytes_max = std::min<std::size_t>(options.bodies_bytes_max, process_memory_max() / kBodiesMemoryShare);
    auto server = start_http_server(std::move(options), make_routes(*services_), *authenticator_);
    if (!server) {
      Error error = server.error();
      if (error.code == ErrorCode::unavailable) {
        error.reason = "address_in_use";
        error.message += ". Choose another address with --listen, such as --listen 127.0.0.1:0";
      }
      return fail(std::move(error));
    }
    server_ = std::move(*server);
    TRY(services_->jobs->start());
    TRY(folder_.announce(url()));
    refresher_ =
        start_refresher({.plans = *services_->dashboards,
                         .data = *services_->data,
                         .clock = *services_->clock,
                         .list_teams = [this] { return list_team_ids(); },
                         .list_scheduled = [this](const CallContext& context) { return services_->dashboards->list_scheduled(context); },
                         .mend = [this](const CallContext& context) { mend(context); }});
    // The files are the truth: what a crash left behind is mended while the server already answers.
    reconciler_ = std::jthread([this] {
      const auto mended = guarded([this] { return services_->dashboards->reconcile_all(operator_context()); });
      if (!mended) log_warning("reconcile_failed", {{"error", describe_error(mended.error())}});
      else if (*mended > 0) log_info("reconciled", {{"dashboards", str(*mended)}});
    });
    memory_keeper_ =
        start_periodic_task({.name = "free memory", .interval = kMemoryInterval}, [](const std::stop_token&) { give_free_memory_back(); });
    log_info("ready", {{"url", url()}, {"data_dir", config_.data_dir}});
    services_->workers->warm();
    return {};
  }

  void stop() override {
    if (stopped_) return;
    stopped_ = true;
    if (services_) services_->chat->shut_down();
    if (server_) server_->stop(kDrainMs);
    if (reconciler_.joinable()) reconciler_.join();
    refresher_.reset();
    if (!services_) return;
    services_->jobs->stop();
    set_span_exporter(nullptr);  // sends what is left
    if (const auto flushed = services_->dashboards->flush_access_counters(operator_context()); !flushed) {
      log_warning("access_counters_lost", {{"error", describe_error(flushed.error())}});
    }
  }

  std::string url() const override {
    const bool v6 = config_.listen_address.find(':') != std::string::npos;
    return str("http://", v6 ? "[" : "", config_.listen_address, v6 ? "]" : "", ":", server_ ? server_->port() : config_.listen_port);
  }
  const std::string& operator_key() const override { return operator_key_; }
  bool first_start() const override { return first_start_; }

  Result<std::string> make_link() override {
    // The page and the command line of this machine are one operator: the one of the key in the data folder.
    CallContext context = operator_context();
    if (const auto known = services_->teams->find_caller({.text = operator_key_})) context.caller.user_id = known->user_id;
    const Secret token = TRY(services_->teams->create_link(context, {.for_operator = true}));
    return str(url(), "/open#token=", token.reveal());
  }

 private:
  static CallContext operator_context() {
    CallContext context;
    context.caller.role = Role::admin;
    context.caller.is_operator = true;
    context.caller.credential_id = "server";
    context.caller.user_id = UserId(std::string(kOperatorPerson));
    return context;
  }

  Result<std::vector<TeamId>> list_team_ids() {
    std::vector<TeamId> ids;
    Page page{.limit = kPageSizeMax};
    for (;;) {
      const std::vector<Team> teams = TRY(services_->teams->list_teams(operator_context(), page));
      for (const Team& team : teams) ids.push_back(team.id);
      if (teams.size() <= static_cast<std::size_t>(page.limit)) return ids;
      page.after = ids.back().value();
    }
  }

  // Names by which this server is asked. A site on the web may have its own name lead to this machine: it is none of them.
  std::vector<std::string> host_names() const {
    if (config_.hosts.empty() && !config_.listens_on_this_machine_alone()) return {};
    std::vector<std::string> names = config_.hosts;
    names.insert(names.end(), {"localhost", "127.0.0.1", "[::1]", config_.listen_address});
    return names;
  }

  void mend(const CallContext& context) {
    if (const auto mended = services_->dashboards->reconcile(context); !mended)
      log_warning("reconcile_failed", {{"team_id", context.caller.team_id.value()}, {"error", describe_error(mended.error())}});
  }

  DataFolder folder_;
  Config config_;
  std::unique_ptr<Services> services_;
  std::shared_ptr<Authenticator> authenticator_;
  std::unique_ptr<HttpServer> server_;
  std::jthread reconciler_;
  std::unique_ptr<Refresher> refresher_;
  std::unique_ptr<PeriodicTask> memory_keeper_;
  std::string operator_key_;
  bool first_start_ = false;
  bool stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<Application>> open_application(const Config& config) {
  auto application = std::make_unique<BridgeApplication>(TRY(open_data_folder(config)), config);
  TRY(application->open());
  return application;
}

}  // namespace bridge
