#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace bridge {

enum class LogLevel { debug, info, warning, error };
enum class LogFormat { json, text };

// One name and value of a log line. Values are escaped; a Secret cannot be passed.
struct LogField {
  std::string_view name;
  std::string value;
};

// Sets where and how lines go (stderr). Call once, before threads start.
void configure_log(LogLevel level, LogFormat format);

// Writes one line. Thread-safe; never fails.
void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

inline void log_info(std::string_view event, std::initializer_list<LogField> fields = {}) { log(LogLevel::info, event, fields); }
inline void log_warning(std::string_view event, std::initializer_list<LogField> fields = {}) { log(LogLevel::warning, event, fields); }
inline void log_error(std::string_view event, std::initializer_list<LogField> fields = {}) { log(LogLevel::error, event, fields); }

}  // namespace bridge
