#pragma once

#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "features/dashboard_documents/yaml_tree.h"

namespace bridge {

// The JSON Schema (draft-07) of the dashboard document: schemas/dashboard.schema.json, as it was when this was built.
std::string_view dashboard_schema_text();
const json::object& dashboard_schema();

// What the schema says of each key of one of its definitions ("chart"), in the schema's order.
const json::object& schema_properties(std::string_view definition);

// Everything in which a document differs from the schema, with places, allowed values and suggestions. Understands the part of draft-07
// that the schema uses; a test compares it with a complete validator.
std::vector<Violation> check_against_schema(const YamlNode& document, const json::object& schema);

// The allowed name that was most likely meant: the nearest in spelling, or a well-known other word for it ("avg" for "mean").
std::string suggest_name(std::string_view got, std::span<const std::string> allowed);

}  // namespace bridge
