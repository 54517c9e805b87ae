#include "base/time.h"

#include <cstdio>

#include "base/text.h"

namespace bridge {
namespace {

class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()); }
};

// Reads exactly `width` digits at `position` and moves past them; -1 when they are not all digits.
int read_digits(std::string_view text, std::size_t& position, std::size_t width) {
  if (position + width > text.size()) return -1;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const char c = text[position + i];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  position += width;
  return value;
}

bool read_char(std::string_view text, std::size_t& position, std::string_view any_of) {
  if (position >= text.size() || any_of.find(text[position]) == std::string_view::npos) return false;
  ++position;
  return true;
}

}  // namespace

std::string format_time(Time time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  char buffer[40];
  const long micros = static_cast<long>(clock.subseconds().count());
  int length =
      std::snprintf(buffer, sizeof buffer, "%04d-%02u-%02uT%02ld:%02ld:%02ld", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<long>(clock.hours().count()),
                    static_cast<long>(clock.minutes().count()), static_cast<long>(clock.seconds().count()));
  std::string text(buffer, static_cast<std::size_t>(length));
  if (micros != 0) {
    length = std::snprintf(buffer, sizeof buffer, ".%06ld", micros);
    text.append(buffer, static_cast<std::size_t>(length));
  }
  return text + "Z";
}

Result<Time> parse_time(std::string_view text) {
  using namespace std::chrono;
  const auto bad = [&] {
    return fail(ErrorCode::invalid_argument, str("'", text.substr(0, 40), "' is not a time: write 2026-08-01T10:00:00Z or 2026-08-01"));
  };
  std::size_t at = 0;
  const int y = read_digits(text, at, 4);
  if (y < 0 || !read_char(text, at, "-")) return bad();
  const int mo = read_digits(text, at, 2);
  if (mo < 0 || !read_char(text, at, "-")) return bad();
  const int d = read_digits(text, at, 2);
  const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d < 0 ? 0 : d)}};
  if (d < 0 || !date.ok()) return bad();
  Time time = sys_days{date};
  if (at == text.size()) return time;
  if (!read_char(text, at, "Tt ")) return bad();
  const int h = read_digits(text, at, 2);
  if (h < 0 || h > 23 || !read_char(text, at, ":")) return bad();
  const int mi = read_digits(text, at, 2);
  if (mi < 0 || mi > 59 || !read_char(text, at, ":")) return bad();
  const int s = read_digits(text, at, 2);
  if (s < 0 || s > 60) return bad();
  time += hours{h} + minutes{mi} + seconds{s};
  if (read_char(text, at, ".")) {
    long scale = 100000;
    bool any = false;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      time += microseconds{(text[at] - '0') * scale};
      scale /= 10;
      ++at;
      any = true;
    }
    if (!any) return bad();
  }
  if (read_char(text, at, "Zz")) return at == text.size() ? Result<Time>(time) : bad();
  if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return bad();
  const int sign = text[at++] == '+' ? 1 : -1;
  const int oh = read_digits(text, at, 2);
  if (oh < 0 || !read_char(text, at, ":")) return bad();
  const int om = read_digits(text, at, 2);
  if (om < 0 || at != text.size()) return bad();
  return time - sign * (hours{oh} + minutes{om});
}

std::shared_ptr<const Clock> make_system_clock() { return std::make_shared<SystemClock>(); }

}  // namespace bridge
