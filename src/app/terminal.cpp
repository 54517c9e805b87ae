#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/text.h"

namespace bridge {
namespace {

constexpr std::size_t kViolationsShown = 20;

void write_line(std::FILE* out, std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), out);
  std::fputc('\n', out);
  std::fflush(out);
}

// The character that begins at `at`, and how many bytes it takes.
std::pair<char32_t, std::size_t> character_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  size = std::min(size, text.size() - at);
  char32_t point = size == 1 ? lead : lead & (0xFF >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) point = (point << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3F);
  return {point, size};
}

// Unicode's East Asian Width, wide and full, by its blocks; marks that stand over another character take no column.
std::size_t columns_of_character(char32_t c) {
  if ((c >= 0x300 && c <= 0x36F) || (c >= 0x64B && c <= 0x65F) || c == 0x200B || c == 0x200D || (c >= 0xFE00 && c <= 0xFE0F)) return 0;
  const bool wide = (c >= 0x1100 && c <= 0x115F) || (c >= 0x2E80 && c <= 0xA4CF) || (c >= 0xAC00 && c <= 0xD7A3) ||
                    (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFE30 && c <= 0xFE4F) || (c >= 0xFF00 && c <= 0xFF60) ||
                    (c >= 0xFFE0 && c <= 0xFFE6) || (c >= 0x1F300 && c <= 0x1FAFF) || (c >= 0x20000 && c <= 0x3FFFD);
  return wide ? 2 : 1;
}

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto [point, size] = character_at(text, at);
    columns += columns_of_character(point);
    at += size;
  }
  return columns;
}

std::string_view cut_to_columns(std::string_view text, std::size_t columns_max) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto [point, size] = character_at(text, at);
    columns += columns_of_character(point);
    if (columns > columns_max) return text.substr(0, at);
    at += size;
  }
  return text;
}

Terminal::Terminal() : interactive_(isatty(STDERR_FILENO) != 0), printed_to_a_person_(isatty(STDOUT_FILENO) != 0) {
  const char* no_color = std::getenv("NO_COLOR");
  colour_ = interactive_ && printed_to_a_person_ && !(no_color && *no_color);
}

void Terminal::print(std::string_view line) const { write_line(stdout, line); }
void Terminal::note(std::string_view line) const { write_line(stderr, line); }

void Terminal::progress(std::string_view line) {
  if (!interactive_) return;
  clear_progress();
  const std::string shown(cut_to_columns(line, terminal_width() - 1));
  std::fwrite(shown.data(), 1, shown.size(), stderr);
  std::fflush(stderr);
  progress_shown_ = true;
}

void Terminal::clear_progress() {
  if (!progress_shown_) return;
  std::fputs("\r\x1b[2K", stderr);
  std::fflush(stderr);
  progress_shown_ = false;
}

std::string Terminal::paint(std::string_view code, std::string_view text) const {
  return colour_ ? str("\x1b[", code, "m", text, "\x1b[0m") : std::string(text);
}

int report_error(const Error& error) {
  write_line(stderr, str("bridge: ", error.message));
  for (std::size_t i = 0; i < error.violations.size() && i < kViolationsShown; ++i) {
    const Violation& violation = error.violations[i];
    if (violation.message.empty() || error.message.find(violation.message) != std::string::npos) continue;
    std::string line = "  ";
    if (!violation.path.empty()) line += violation.path + ": ";
    line += violation.message;
    write_line(stderr, line);
  }
  if (error.violations.size() > kViolationsShown) write_line(stderr, str("  … and ", error.violations.size() - kViolationsShown, " more"));
  return traits_of(error.code).exit_status;
}

}  // namespace bridge
