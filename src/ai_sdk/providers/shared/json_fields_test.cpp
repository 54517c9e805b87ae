#include "ai_sdk/providers/shared/json_fields.h"

#include <gtest/gtest.h>

namespace bridge {
namespace {

TEST(JsonLiteral, IsReadAsWhatItWasMadeOf) {
  std::string every_byte_of_ascii;
  for (int c = 0; c < 128; ++c) every_byte_of_ascii += static_cast<char>(c);
  for (const std::string& text :
       {every_byte_of_ascii, std::string(), std::string("\""), std::string("naïve — 日本"), std::string(100, '\\')}) {
    const auto read = parse_json(str("[", json_literal(text), "]"));
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->as_array().at(0).as_string(), text);
  }
}

TEST(JsonLiteral, EscapesWhereverTheCharacterStands) {
  for (const char special : {'"', '\\', '\n', '\x01', '\x1f'}) {
    for (std::size_t at = 0; at < 20; ++at) {
      std::string text(20, 'x');
      text[at] = special;
      EXPECT_EQ(json_literal(text), json::serialize(json::string(text)));
    }
  }
}

TEST(JsonLiteral, IsAppendedToWhatIsThere) {
  std::string out = "{\"a\":";
  append_json_literal(out, "b");
  EXPECT_EQ(out, "{\"a\":\"b\"");
}

}  // namespace
}  // namespace bridge
