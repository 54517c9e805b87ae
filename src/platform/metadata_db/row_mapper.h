#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "platform/metadata_db/database.h"

// A described struct as a row: member names are column names. Text, numbers, booleans (0 or 1), ids (empty is null), times (microseconds),
// enums (their names), optionals (null), and anything else as JSON text.

namespace bridge {

DbValue db_text(std::string_view text);
DbValue db_time(Time time);
inline DbValue db_boolean(bool value) { return static_cast<std::int64_t>(value); }
template <class Tag>
DbValue db_id(const Id<Tag>& id) {
  return id.empty() ? DbValue(nullptr) : DbValue(id.value());
}

namespace detail {

// A value that is not what its column should hold: the database was altered from outside.
std::unexpected<Error> unreadable_column(std::string_view column);
Result<std::int64_t> read_integer(const DbValue& value, std::string_view column);
Result<double> read_number(const DbValue& value, std::string_view column);

template <class T>
DbValue to_db(const T& value) {
  if constexpr (IsOptional<T>::value) {
    return value ? to_db(*value) : DbValue(nullptr);
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    return static_cast<double>(value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_same_v<T, Time>) {
    return db_time(value);
  } else if constexpr (IsId<T>::value) {
    return db_id(value);
  } else if constexpr (DescribedEnum<T>) {
    return std::string(enum_name(value));
  } else {
    return to_json_text(value);
  }
}

template <class T>
Result<> from_db(const DbValue& value, T& out, std::string_view column) {
  const bool is_null = std::holds_alternative<std::nullptr_t>(value);
  const std::string* text = std::get_if<std::string>(&value);
  if constexpr (IsOptional<T>::value) {
    if (is_null) out.reset();
    else TRY(from_db(value, out.emplace(), column));
  } else if constexpr (std::is_integral_v<T>) {
    out = static_cast<T>(TRY(read_integer(value, column)));
  } else if constexpr (std::is_floating_point_v<T>) {
    out = static_cast<T>(TRY(read_number(value, column)));
  } else if constexpr (std::is_same_v<T, Time>) {
    out = Time(std::chrono::microseconds(TRY(read_integer(value, column))));
  } else if constexpr (IsId<T>::value) {
    if (!is_null && !text) return unreadable_column(column);
    out = is_null ? T{} : T(*text);
  } else {
    if (!text) return unreadable_column(column);
    if constexpr (std::is_same_v<T, std::string>) {
      out = *text;
    } else if constexpr (DescribedEnum<T>) {
      const auto found = enum_value<T>(*text);
      if (!found) return unreadable_column(column);
      out = *found;
    } else {
      auto parsed = from_json_text<T>(*text);
      if (!parsed) return unreadable_column(column);
      out = std::move(*parsed);
    }
  }
  return {};
}

}  // namespace detail

// "id, name, slug", each after `alias` and a dot when there is one.
template <class T>
std::string select_list(std::string_view alias = {}) {
  std::string out;
  boost::mp11::mp_for_each<detail::Members<T>>([&](auto d) {
    if (!out.empty()) out += ", ";
    if (!alias.empty()) out += str(alias, '.');
    out += d.name;
  });
  return out;
}

// The struct whose columns, in the order of select_list, begin at `offset`.
template <class T>
Result<T> read_row(const DbRow& row, std::size_t offset = 0) {
  T out{};
  Result<> outcome;
  boost::mp11::mp_for_each<detail::Members<T>>([&](auto d) {
    if (!outcome) return;
    if (offset >= row.values.size()) outcome = detail::unreadable_column(d.name);
    else outcome = detail::from_db(row.values[offset++], out.*d.pointer, d.name);
  });
  if (!outcome) return fail(outcome.error());
  return out;
}

template <class T>
Result<std::vector<T>> read_rows(const std::vector<DbRow>& rows) {
  std::vector<T> out;
  out.reserve(rows.size());
  for (const DbRow& row : rows) out.push_back(TRY(read_row<T>(row)));
  return out;
}

// The first row, if there is one.
template <class T>
Result<std::optional<T>> read_first(const std::vector<DbRow>& rows) {
  if (rows.empty()) return std::optional<T>{};
  return std::optional<T>(TRY(read_row<T>(rows.front())));
}

// A whole number, such as a COUNT(*).
inline Result<std::int64_t> read_count(const std::vector<DbRow>& rows) {
  if (rows.empty() || rows.front().values.empty()) return detail::unreadable_column("count");
  return detail::read_integer(rows.front().values.front(), "count");
}

template <class T>
Result<> insert_row(Transaction& transaction, std::string_view table, const T& value) {
  std::string places;
  std::vector<DbValue> values;
  boost::mp11::mp_for_each<detail::Members<T>>([&](auto d) {
    values.push_back(detail::to_db(value.*d.pointer));
    places += str(places.empty() ? ":p" : ", :p", values.size());
  });
  TRY(transaction.execute(str("INSERT INTO ", table, " (", select_list<T>(), ") VALUES (", places, ")"), values));
  return {};
}

// Writes every column of the row whose `id` is the value's. Returns the number of rows changed: 0 when there is none.
template <class T>
Result<std::int64_t> update_row(Transaction& transaction, std::string_view table, const T& value) {
  std::string places;
  std::vector<DbValue> values;
  boost::mp11::mp_for_each<detail::Members<T>>([&](auto d) {
    values.push_back(detail::to_db(value.*d.pointer));
    places += str(places.empty() ? "" : ", ", d.name, " = :p", values.size());
  });
  values.push_back(detail::to_db(value.id));
  return transaction.execute(str("UPDATE ", table, " SET ", places, " WHERE id = :p", values.size()), values);
}

// Runs `work` in a transaction and hands its value out: `auto team = TRY(transact_value<Team>(*database_, context, [&](Transaction& t)
// …))`.
template <class T, class Work>
Result<T> transact_value(Database& database, const CallContext& context, const Work& work) {
  std::optional<T> out;
  TRY(database.transact(context, [&](Transaction& transaction) -> Result<> {
    out = TRY(work(transaction));
    return {};
  }));
  return std::move(*out);
}

template <class T, class Work>
Result<T> read_value(Database& database, const CallContext& context, const Work& work) {
  std::optional<T> out;
  TRY(database.read(context, [&](Transaction& transaction) -> Result<> {
    out = TRY(work(transaction));
    return {};
  }));
  return std::move(*out);
}

}  // namespace bridge
