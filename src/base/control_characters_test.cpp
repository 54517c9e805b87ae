#include "base/control_characters.h"

#include <gtest/gtest.h>

namespace bridge {
namespace {

TEST(ControlCharacters, FindsWhatChangesATextUnseen) {
  EXPECT_EQ(find_control_character("bell\a"), "U+0007");
  EXPECT_EQ(find_control_character(std::string_view("nul\0", 4)), "U+0000");
  EXPECT_EQ(find_control_character("\x1b[31mred"), "U+001B");
  EXPECT_EQ(find_control_character("del\x7f"), "U+007F");
  EXPECT_EQ(find_control_character("c1\u009b"), "U+009B");
  EXPECT_EQ(find_control_character("a\u202eb"), "U+202E");
  EXPECT_EQ(find_control_character("a\u2066b"), "U+2066");
}

TEST(ControlCharacters, LetsEveryOtherTextStand) {
  for (const char* text : {"", "line\nand\ttab\r\n", "Größe", "日本語", "😀", "a\u00a0b", "soft\u00adhyphen", "zero\u200bwidth", "\u2026",
                           "\u2065", "\u206a", "\u2029"})
    EXPECT_EQ(find_control_character(text), std::nullopt) << text;
}

TEST(ControlCharacters, KeepNamesToOneLine) {
  EXPECT_TRUE(is_plain_line("Größe 日本語 😀"));
  for (const char* text : {"a\tb", "a\nb", "a\rb", "a\x1b", "a\u202eb", "c1\u009b"}) EXPECT_FALSE(is_plain_line(text)) << text;
}

}  // namespace
}  // namespace bridge
