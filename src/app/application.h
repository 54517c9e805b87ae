#pragma once

#include <memory>
#include <string>

#include "app/config.h"
#include "base/result.h"

namespace bridge {

// The whole server, put together from its parts.
class Application {
 public:
  virtual ~Application() = default;

  // Listens at the configured address. unavailable when it is taken.
  virtual Result<> start() = 0;
  // Lets running requests finish, flushes what is held in memory. Safe to call twice.
  virtual void stop() = 0;

  virtual std::string url() const = 0;                  // "http://127.0.0.1:8080", once started
  virtual const std::string& operator_key() const = 0;  // as in the file operator.key
  virtual bool first_start() const = 0;
  // A link that opens the web page once, as the operator.
  virtual Result<std::string> make_link() = 0;
};

// Opens the data folder (made when missing) and everything in it. failed_precondition ("data_dir_in_use") when another process has it.
Result<std::unique_ptr<Application>> open_application(const Config& config);

// The URL of the server that runs on this data folder, or empty.
std::string running_server_url(const Config& config);

}  // namespace bridge
