#pragma once

#include <memory>

#include "base/result.h"

namespace bridge::duckdb {

class Engine;

// The process's engine without data: it parses SQL for the guard and runs queries over answers. Opened when it is first needed, because it
// costs milliseconds and megabytes. Thread-safe.
Result<std::shared_ptr<Engine>> private_engine();

}  // namespace bridge::duckdb
