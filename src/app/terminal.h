#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace bridge {

// How output looks: plain when piped or when NO_COLOR is set.
class Terminal {
 public:
  Terminal();

  bool interactive() const { return interactive_; }
  // Whether a person reads standard output, and not a program.
  bool printed_to_a_person() const { return printed_to_a_person_; }
  std::string dim(std::string_view text) const { return paint("2", text); }
  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string good(std::string_view text) const { return paint("32", text); }
  std::string bad(std::string_view text) const { return paint("31", text); }

  // One line on standard output.
  void print(std::string_view line) const;
  // One line on standard error.
  void note(std::string_view line) const;
  // A line that the next one replaces; nothing when not interactive.
  void progress(std::string_view line);
  void clear_progress();

 private:
  std::string paint(std::string_view code, std::string_view text) const;

  bool interactive_;
  bool printed_to_a_person_;
  bool colour_;
  bool progress_shown_ = false;
};

// How many columns of a terminal the text takes: wide characters of East Asian scripts take two.
std::size_t columns_of(std::string_view text);
// The beginning of the text that fits.
std::string_view cut_to_columns(std::string_view text, std::size_t columns_max);

// "bridge: message" with one line for each violation, on standard error; returns the exit status.
int report_error(const Error& error);

}  // namespace bridge
