#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "warehouse/postgres/session.h"
#include "warehouse/query_result.h"

namespace bridge::postgres {

// How a type's values are read.
enum class ValueKind : std::uint8_t {
  boolean,
  whole_number,  // int2, int4, int8, oid: by their length
  float4,
  float8,
  numeric,
  text,  // whatever has no kind of its own: as the server writes it
  json,
  jsonb,
  bytes,
  uuid,
  date,
  timestamp,
  time,
  array
};

struct ValueType {
  ValueKind kind = ValueKind::text;
  // Whether what the server sends in binary is understood; the server's text is understood always.
  bool has_binary = false;
  ValueKind element = ValueKind::text;  // of an array
  char delimiter = ',';                 // between its elements
};

// What an answer calls values of this kind.
ColumnType column_type_of(ValueKind kind);

// A type of PostgreSQL's own, arrays left out.
std::optional<ValueType> find_builtin_type(TypeId type);

// The types of one warehouse: those of PostgreSQL itself are known, the others are asked for once. Thread-safe.
class TypeCatalog final {
 public:
  // Of every one of these, in their order. The session has nothing under way.
  Result<std::vector<ValueType>> types_of(const CallContext& context, Session& session, std::span<const TypeId> ids);

 private:
  std::mutex mutex_;
  std::map<TypeId, ValueType> known_;
};

}  // namespace bridge::postgres
