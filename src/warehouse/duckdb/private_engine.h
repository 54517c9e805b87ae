#pragma once

#include <memory>

#include "base/result.h"

namespace bridge::duckdb {

class Engine;

// The process's engines without data, each opened when it is first needed, because it costs milliseconds and megabytes. Thread-safe.

// Parses SQL for the guard. Apart from the other one, so that long queries over answers never hold up a verdict.
Result<std::shared_ptr<Engine>> parser_engine();

// Runs queries over answers.
Result<std::shared_ptr<Engine>> answer_engine();

}  // namespace bridge::duckdb
