#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "base/secret.h"

namespace bridge::postgres {

// The fields of a connection from what people copy out of a console: "postgresql://user:password@host:5432/database?sslmode=require", or
// "host=… dbname=…". invalid_argument for what it cannot be read as, and for every option that is no field of a connection.
Result<std::map<std::string, Secret>> fields_of_url(const Secret& url);

}  // namespace bridge::postgres
