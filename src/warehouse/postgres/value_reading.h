#pragma once

#include <string>
#include <string_view>

#include "warehouse/postgres/value_types.h"

namespace bridge::postgres {

// The values of PostgreSQL's wire, as texts that answers hold. Nothing is rounded.

// Digits of a numeric's binary form; "NaN", "Infinity". Empty: it is malformed.
std::string numeric_text(std::string_view binary);

// Of days and microseconds since 2000-01-01: "2001-01-31", "2001-01-31T10:00:00.5Z"; of years before 1 with a sign, "-0043-03-15", where
// year 0 is 1 BC.
std::string date_text(std::int64_t days);
std::string timestamp_text(std::int64_t micros);
std::string time_text(std::int64_t micros);

// The same of what the server writes under DateStyle ISO: "0044-03-15 BC", "2024-01-02 12:30:00.5+00".
std::string date_from_server_text(std::string_view text);
std::string timestamp_from_server_text(std::string_view text);

std::string uuid_text(std::string_view binary);

// "{1,2,NULL}" → "[1,2,null]". Numbers and truths as JSON has them, whatever else as texts.
std::string array_json(std::string_view text, ValueKind element, char delimiter);

// Shortest digits that read back as the same number.
double widened(float value);

}  // namespace bridge::postgres
