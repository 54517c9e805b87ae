#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "base/json.h"
#include "base/time.h"

namespace bridge {
namespace {

LogFormat g_format = LogFormat::json;

spdlog::logger& sink() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("bridge", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    made->set_level(spdlog::level::info);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return spdlog::level::debug;
    case LogLevel::info: return spdlog::level::info;
    case LogLevel::warning: return spdlog::level::warn;
    case LogLevel::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "info";
}

void write_line(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  spdlog::logger& out = sink();
  if (!out.should_log(to_spdlog(level))) return;
  static const auto clock = make_system_clock();
  const std::string now = format_time(clock->now());
  std::string line;
  if (g_format == LogFormat::json) {
    boost::json::object object{{"time", now}, {"level", name_of(level)}, {"event", event}};
    for (const LogField& field : fields) object[field.name] = field.value;
    line = boost::json::serialize(object);
  } else {
    line = now.substr(11, 8);
    line += ' ';
    line += name_of(level);
    line += ' ';
    line += event;
    for (const LogField& field : fields) line += str(" ", field.name, "=", boost::json::serialize(boost::json::string(field.value)));
  }
  out.log(to_spdlog(level), "{}", line);
}

}  // namespace

void configure_log(LogLevel level, LogFormat format) {
  g_format = format;
  sink().set_level(to_spdlog(level));
}

void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  try {
    write_line(level, event, fields);
  } catch (const std::exception&) {
    constexpr std::string_view kLost = "a log line was lost: there was no memory for it\n";
    (void)!::write(STDERR_FILENO, kLost.data(), kLost.size());
  }
}

}  // namespace bridge
