#include "warehouse/postgres/value_types.h"

#include <charconv>
#include <set>

#include "base/text.h"
#include "warehouse/postgres/limits.h"

namespace bridge::postgres {

ColumnType column_type_of(ValueKind kind) {
  switch (kind) {
    case ValueKind::boolean: return ColumnType::boolean;
    case ValueKind::whole_number: return ColumnType::integer;
    case ValueKind::float4:
    case ValueKind::float8: return ColumnType::number;
    case ValueKind::numeric: return ColumnType::decimal;
    case ValueKind::json:
    case ValueKind::jsonb:
    case ValueKind::array: return ColumnType::json;
    case ValueKind::date: return ColumnType::date;
    case ValueKind::timestamp: return ColumnType::timestamp;
    case ValueKind::time: return ColumnType::time;
    case ValueKind::text:
    case ValueKind::bytes:
    case ValueKind::uuid: break;
  }
  return ColumnType::text;
}

// The numbers are those of pg_type.dat, which never change.
std::optional<ValueType> find_builtin_type(TypeId type) {
  const auto binary = [](ValueKind kind) { return ValueType{.kind = kind, .has_binary = true}; };
  switch (type) {
    case 16: return binary(ValueKind::boolean);
    case 17: return binary(ValueKind::bytes);
    case 20:  // int8
    case 21:  // int2
    case 23:  // int4
    case 26:  // oid
      return binary(ValueKind::whole_number);
    case 700: return binary(ValueKind::float4);
    case 701: return binary(ValueKind::float8);
    case 1700: return binary(ValueKind::numeric);
    case 18:    // "char"
    case 19:    // name
    case 25:    // text
    case 1042:  // bpchar
    case 1043:  // varchar
    case 705:   // unknown
      return binary(ValueKind::text);
    case 114: return binary(ValueKind::json);
    case 3802: return binary(ValueKind::jsonb);
    case 2950: return binary(ValueKind::uuid);
    case 1082: return binary(ValueKind::date);
    case 1114:  // timestamp
    case 1184:  // timestamptz
      return binary(ValueKind::timestamp);
    case 1083: return binary(ValueKind::time);
    default: return std::nullopt;
  }
}

namespace {

// The number of a type beneath domains, how it is made, and of an array what it is of.
constexpr std::string_view types_sql = R"(
WITH RECURSIVE asked(id, at) AS (
  SELECT t.oid, t.oid FROM pg_catalog.pg_type t WHERE t.oid = ANY (CAST($1 AS oid[]))
  UNION ALL
  SELECT asked.id, t.typbasetype FROM asked JOIN pg_catalog.pg_type t ON t.oid = asked.at WHERE t.typtype = 'd'
), element(id, at) AS (
  SELECT t.oid, t.typelem FROM pg_catalog.pg_type t
  UNION ALL
  SELECT element.id, t.typbasetype FROM element JOIN pg_catalog.pg_type t ON t.oid = element.at WHERE t.typtype = 'd'
)
SELECT asked.id, t.oid, t.typtype, EXISTS (SELECT 1 FROM pg_catalog.pg_type e WHERE e.typarray = t.oid),
  (SELECT e.oid FROM element JOIN pg_catalog.pg_type e ON e.oid = element.at AND e.typtype <> 'd' WHERE element.id = t.oid),
  (SELECT e.typdelim FROM pg_catalog.pg_type e WHERE e.oid = t.typelem)
FROM asked JOIN pg_catalog.pg_type t ON t.oid = asked.at WHERE t.typtype <> 'd')";

TypeId number_of(const std::optional<std::string>& cell) {
  TypeId number = 0;
  if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), number);
  return number;
}

}  // namespace

Result<std::vector<ValueType>> TypeCatalog::types_of(const CallContext& context, Session& session, std::span<const TypeId> ids) {
  std::set<TypeId> unknown;
  {
    const std::lock_guard lock(mutex_);
    for (const TypeId id : ids) {
      if (!find_builtin_type(id) && !known_.contains(id)) unknown.insert(id);
    }
  }
  if (!unknown.empty()) {
    std::vector<std::string> asked;
    for (const TypeId id : unknown) asked.push_back(str(id));
    const auto rows = TRY(session.query(context, std::string(types_sql), {str('{', join(asked, ","), '}')}));
    const std::lock_guard lock(mutex_);
    if (known_.size() > known_types_max) known_.clear();
    for (const TextRow& row : rows) {
      ValueType type;
      if (const auto builtin = find_builtin_type(number_of(row[1]))) type = *builtin;
      else if (row[2] == "e") type = {.kind = ValueKind::text, .has_binary = true};
      else if (row[3] == "t")
        type = {.kind = ValueKind::array,
                .element = find_builtin_type(number_of(row[4])).value_or(ValueType{}).kind,
                .delimiter = row[5] && !row[5]->empty() ? row[5]->front() : ','};
      known_[number_of(row[0])] = type;
    }
  }
  std::vector<ValueType> types;
  const std::lock_guard lock(mutex_);
  for (const TypeId id : ids) {
    const auto builtin = find_builtin_type(id);
    const auto known = known_.find(id);
    types.push_back(builtin ? *builtin : known == known_.end() ? ValueType{} : known->second);
  }
  return types;
}

}  // namespace bridge::postgres
