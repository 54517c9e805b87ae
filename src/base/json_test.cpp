#include "base/json.h"

#include <gtest/gtest.h>

namespace bridge {
namespace {

enum class Colour { red, green };
BOOST_DESCRIBE_ENUM(Colour, red, green)

struct Paint {
  std::string name;
  Colour colour = Colour::red;
  std::optional<int> litres;
  int coats = 1;
};
BOOST_DESCRIBE_STRUCT(Paint, (), (name, colour, litres, coats))

}  // namespace

template <>
inline constexpr auto field_notes<Paint> =
    std::to_array<FieldNote>({{.name = "name", .about = "On the tin", .subject = "A paint's name", .length_max = 8},
                              {.name = "coats", .optional = true, .minimum = 1, .maximum = 9}});

namespace {

TEST(Json, ReadsADescribedStructAndWritesItBack) {
  const auto paint = from_json_text<Paint>(R"({"name":"sea","colour":"green","litres":4})");
  ASSERT_TRUE(paint.has_value());
  EXPECT_EQ(paint->coats, 1);
  EXPECT_EQ(to_json_text(*paint), R"({"name":"sea","colour":"green","litres":4,"coats":1})");
}

TEST(Json, ReportsEveryProblemAtOnceWithPathsAndSuggestions) {
  const auto paint = from_json_text<Paint>(R"({"nam":"x","colour":"gren","litres":"many","coats":99})");
  ASSERT_FALSE(paint.has_value());
  std::map<std::string, std::string> codes;
  for (const Violation& violation : paint.error().violations) codes[violation.path] = violation.code + "/" + violation.suggestion;
  const std::map<std::string, std::string> wanted{{"nam", "unknown_field/name"},
                                                  {"name", "missing_field/"},
                                                  {"colour", "unknown_value/green"},
                                                  {"litres", "wrong_type/"},
                                                  {"coats", "out_of_range/"}};
  EXPECT_EQ(codes, wanted);
}

TEST(Json, ALimitNamesItsSubjectAndCountsCharacters) {
  EXPECT_TRUE(from_json_text<Paint>(R"({"name":"طلاء أخض","colour":"green"})").has_value()) << "8 characters of 15 bytes";
  const auto paint = from_json_text<Paint>(R"({"name":"طلاء أخضر","colour":"green"})");
  ASSERT_FALSE(paint.has_value());
  EXPECT_EQ(paint.error().message, "A paint's name may have at most 8 characters; this one has 9");
  EXPECT_EQ(from_json_text<Paint>(R"({"name":"x","colour":"green","coats":0})").error().message,
            "The input has problems: 'coats' must be from 1 to 9");
}

TEST(Json, RefusesDuplicateKeysDepthTrailingBytesAndBrokenText) {
  for (const char* text : {R"({"a":1,"a":2})", R"({"a":1} x)", "", "{", "NaN", "\"\xff\"", "1e999"})
    EXPECT_FALSE(parse_json(text).has_value()) << text;
  EXPECT_FALSE(parse_json(std::string(100'000, '[')).has_value());
  EXPECT_TRUE(parse_json(R"({"a":[1,2.5,"x",null,true,{"b":{}}]})").has_value());
}

TEST(Json, AnObjectWhereAStringBelongsIsRefused) {
  EXPECT_FALSE(from_json_text<Paint>(R"({"name":{"select":1},"colour":"red"})").has_value());
}

TEST(Json, SchemaIsClosedAndNamesWhatIsRequired) {
  EXPECT_EQ(
      json::serialize(json_schema<Paint>()),
      R"({"type":"object","additionalProperties":false,"properties":{"name":{"description":"On the tin","type":"string","maxLength":8},)"
      R"("colour":{"type":"string","enum":["red","green"]},"litres":{"type":["integer","null"]},"coats":{"type":"integer","minimum":1E0,"maximum":9E0}},"required":["name","colour"]})");
}

}  // namespace
}  // namespace bridge
