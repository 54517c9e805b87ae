#pragma once

#include <boost/describe.hpp>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"

// How structs travel between the processes of one server, as bytes: every one of them is the same program, so there are no versions and
// the machine's own order of bytes is kept. Texts are any bytes. What comes from a worker is read as if it were hostile: nothing is taken
// for longer than the bytes that are there, no value of an enum that it has not, nothing left over.

namespace bridge {

// Reads from the front of bytes that it does not own.
class WireReader final {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  // False when there are fewer bytes; then nothing is read.
  template <class T>
  requires std::is_trivially_copyable_v<T>
  [[nodiscard]] bool read_plain(T& out) {
    if (rest_.size() < sizeof(T)) return false;
    std::memcpy(&out, rest_.data(), sizeof(T));
    rest_.remove_prefix(sizeof(T));
    return true;
  }
  [[nodiscard]] bool read_bytes(std::size_t count, std::string_view& out) {
    if (rest_.size() < count) return false;
    out = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return true;
  }
  std::size_t left() const { return rest_.size(); }

 private:
  std::string_view rest_;
};

template <class T>
requires std::is_trivially_copyable_v<T>
void append_plain(std::string& out, const T& value) { out.append(reinterpret_cast<const char*>(&value), sizeof(T)); }

namespace detail {

template <class T>
struct IsVariant : std::false_type {};
template <class... T>
struct IsVariant<std::variant<T...>> : std::true_type {};
template <class T>
struct IsDuration : std::false_type {};
template <class Rep, class Period>
struct IsDuration<std::chrono::duration<Rep, Period>> : std::true_type {};

}  // namespace detail

void append_wire(std::string& out, const Error& error);
[[nodiscard]] bool read_wire(WireReader& in, Error& out);

// Numbers, texts, described enums and structs, and optionals, vectors, maps from texts and variants of those. A text of 4 GiB or more does
// not fit into a frame, so that its length is never cut.
template <class T>
void append_wire(std::string& out, const T& value) {
  using namespace detail;
  if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::monostate>) {
  } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    append_plain(out, value);
  } else if constexpr (std::is_same_v<T, std::string>) {
    append_plain(out, static_cast<std::uint32_t>(value.size()));
    out += value;
  } else if constexpr (IsDuration<T>::value) {
    append_plain(out, value.count());
  } else if constexpr (IsOptional<T>::value) {
    append_plain(out, static_cast<std::uint8_t>(value.has_value()));
    if (value) append_wire(out, *value);
  } else if constexpr (IsVector<T>::value) {
    append_plain(out, static_cast<std::uint32_t>(value.size()));
    for (const auto& item : value) append_wire(out, item);
  } else if constexpr (IsStringMap<T>::value) {
    append_plain(out, static_cast<std::uint32_t>(value.size()));
    for (const auto& [key, item] : value) {
      append_wire(out, key);
      append_wire(out, item);
    }
  } else if constexpr (IsVariant<T>::value) {
    append_plain(out, static_cast<std::uint8_t>(value.index()));
    std::visit([&](const auto& held) { append_wire(out, held); }, value);
  } else {
    static_assert(Described<T>, "needs BOOST_DESCRIBE_STRUCT");
    boost::mp11::mp_for_each<Members<T>>([&](auto d) { append_wire(out, value.*d.pointer); });
  }
}

template <class T>
[[nodiscard]] bool read_wire(WireReader& in, T& out) {
  using namespace detail;
  if constexpr (std::is_same_v<T, std::nullptr_t> || std::is_same_v<T, std::monostate>) {
    return true;
  } else if constexpr (std::is_same_v<T, bool>) {
    std::uint8_t byte = 0;
    if (!in.read_plain(byte) || byte > 1) return false;
    out = byte == 1;
    return true;
  } else if constexpr (std::is_enum_v<T>) {
    static_assert(DescribedEnum<T>, "needs BOOST_DESCRIBE_ENUM");
    std::underlying_type_t<T> number{};
    if (!in.read_plain(number)) return false;
    out = static_cast<T>(number);
    return enum_name(out) != "?";
  } else if constexpr (std::is_arithmetic_v<T>) {
    return in.read_plain(out);
  } else if constexpr (std::is_same_v<T, std::string>) {
    std::uint32_t count = 0;
    std::string_view bytes;
    if (!in.read_plain(count) || !in.read_bytes(count, bytes)) return false;
    out = bytes;
    return true;
  } else if constexpr (IsDuration<T>::value) {
    typename T::rep count{};
    if (!in.read_plain(count)) return false;
    out = T(count);
    return true;
  } else if constexpr (IsOptional<T>::value) {
    bool has_value = false;
    if (!read_wire(in, has_value)) return false;
    out.reset();
    return !has_value || read_wire(in, out.emplace());
  } else if constexpr (IsVector<T>::value) {
    std::uint32_t count = 0;
    if (!in.read_plain(count) || count > in.left()) return false;  // no item takes less than a byte
    out.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      typename T::value_type item{};
      if (!read_wire(in, item)) return false;
      out.push_back(std::move(item));
    }
    return true;
  } else if constexpr (IsStringMap<T>::value) {
    std::uint32_t count = 0;
    if (!in.read_plain(count) || count > in.left()) return false;
    out.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      std::string key;
      if (!read_wire(in, key) || !read_wire(in, out[std::move(key)])) return false;
    }
    return out.size() == count;
  } else if constexpr (IsVariant<T>::value) {
    std::uint8_t index = 0;
    if (!in.read_plain(index) || index >= std::variant_size_v<T>) return false;
    return boost::mp11::mp_with_index<std::variant_size_v<T>>(index, [&](auto i) { return read_wire(in, out.template emplace<i>()); });
  } else {
    static_assert(Described<T>, "needs BOOST_DESCRIBE_STRUCT");
    bool is_right = true;
    boost::mp11::mp_for_each<Members<T>>([&](auto d) { is_right = is_right && read_wire(in, out.*d.pointer); });
    return is_right;
  }
}

template <class T>
std::string to_wire(const T& value) {
  std::string out;
  append_wire(out, value);
  return out;
}

// data_loss ("frame_invalid") when the bytes are not exactly one such value.
template <class T>
Result<T> from_wire(std::string_view bytes) {
  WireReader in(bytes);
  T out{};
  if (read_wire(in, out) && in.left() == 0) return out;
  return fail(ErrorCode::data_loss, "frame_invalid", "What another process of the server said cannot be read");
}

}  // namespace bridge
