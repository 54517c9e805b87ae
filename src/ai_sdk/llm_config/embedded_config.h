#pragma once

#include <cstdlib>

#include "base/json.h"
#include "base/log.h"

namespace bridge {

// The text of a file of llm_config/ as it was built in; empty when there is none of that name.
std::string_view embedded_llm_config(std::string_view name);

// The same, read into its struct. The files are part of the program and tests read them: one that cannot be read is a defect that ends it.
template <class T>
T read_llm_config(std::string_view name) {
  auto file = from_json_text<T>(embedded_llm_config(name));
  if (!file) {
    log_error("llm_config_unreadable", {{"file", std::string(name)}, {"error", describe_error(file.error())}});
    std::abort();
  }
  return *std::move(file);
}

}  // namespace bridge
