#include "warehouse/sql_lexer.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "warehouse/dialect_list.h"

namespace bridge {
namespace {

// The SQL with everything opaque in it as a dot; what has no end as an exclamation mark.
std::string plain_sql(std::string_view sql, const SqlLexicalRules& rules) {
  std::string out;
  for (std::size_t at = 0; at < sql.size();) {
    if (const auto opaque = find_opaque_sql(sql, at, rules)) {
      out += opaque->is_closed ? "." : "!";
      at = opaque->end;
    } else {
      out += sql[at++];
    }
  }
  return out;
}

TEST(SqlLexer, KnowsTheTextsNamesAndCommentsOfEachDialect) {
  const SqlLexicalRules& duckdb = find_sql_dialect("duckdb")->lexical_rules();
  const SqlLexicalRules& sqlite = find_sql_dialect("sqlite")->lexical_rules();
  EXPECT_EQ(plain_sql("a 'it''s' \"x\"\"y\" b", duckdb), "a . . b");
  EXPECT_EQ(plain_sql("a 'it''s' \"x\"\"y\" b", sqlite), "a . . b");
  EXPECT_EQ(plain_sql("e'a\\'b' LIKE'\\' c", duckdb), ". LIKE. c");
  EXPECT_EQ(plain_sql("'a\\' b", sqlite), ". b") << "a backslash is a character like any other";
  EXPECT_EQ(plain_sql("$$ ' $$ a $t$ $$ ' $t$ b $1", duckdb), ". a . b $1");
  EXPECT_EQ(plain_sql("$$ ' $$", sqlite), "$$ !");
  EXPECT_EQ(plain_sql("/* a /* b */ c */ d", duckdb), ". d");
  EXPECT_EQ(plain_sql("/* a /* b */ c */ d", sqlite), ". c */ d");
  EXPECT_EQ(plain_sql("`a'b` [c'd] e", sqlite), ". . e");
  EXPECT_EQ(plain_sql("list[1] -- ' \n a", duckdb), "list[1] .\n a");
  EXPECT_EQ(plain_sql("a # ' \n b", {.line_comments = {"--", "#"}}), "a .\n b");
  EXPECT_EQ(plain_sql("'a\\'b' c", {.backslash_escapes = true}), ". c");
}

TEST(SqlLexer, SaysWhatHasNoEnd) {
  const SqlLexicalRules& duckdb = find_sql_dialect("duckdb")->lexical_rules();
  for (const auto& [sql, closing] : std::map<std::string, std::string>{
           {"'abc", "'"}, {"\"abc", "\""}, {"/* abc", "*/"}, {"$a$ abc", "$a$"}, {"e'abc\\", "'"}, {"'abc''", "'"}}) {
    const auto opaque = find_opaque_sql(sql, 0, duckdb);
    ASSERT_TRUE(opaque) << sql;
    EXPECT_FALSE(opaque->is_closed) << sql;
    EXPECT_EQ(opaque->closing, closing);
    EXPECT_EQ(opaque->end, sql.size());
  }
  EXPECT_FALSE(find_opaque_sql("", 0, duckdb));
}

}  // namespace
}  // namespace bridge
