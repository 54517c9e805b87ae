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

std::size_t terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

Terminal::Terminal() : interactive_(isatty(STDERR_FILENO) != 0) {
  const char* no_color = std::getenv("NO_COLOR");
  colour_ = interactive_ && isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

void Terminal::print(std::string_view line) const { write_line(stdout, line); }
void Terminal::note(std::string_view line) const { write_line(stderr, line); }

void Terminal::progress(std::string_view line) {
  if (!interactive_) return;
  clear_progress();
  const std::string shown(line.substr(0, terminal_width() - 1));
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
