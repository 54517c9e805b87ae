#include "features/dashboard_documents/meta_text.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace bridge {
namespace {

namespace fs = std::filesystem;

std::string with_meta(std::string_view text, int version = 3) {
  DocumentMeta meta{.created_at = *parse_time("2026-08-01T10:00:00Z"),
                    .updated_at = *parse_time("2026-09-02T09:30:00Z"),
                    .version = version,
                    .content_hash = content_hash(text),
                    .access_count = 7};
  meta.provenance = json::object{{"generator", "rules"}, {"prompt", "a \"quoted\" prompt: with # signs\nand lines \x7F"}};
  const auto out = rewrite_meta(text, meta);
  EXPECT_TRUE(out) << describe_error(out.error()) << "\n" << text;
  return out.value_or("");
}

TEST(MetaText, ChangesNothingButMeta) {
  int tried = 0;
  for (const auto& entry : fs::directory_iterator("src/features/dashboard_documents/testdata")) {
    std::ifstream in(entry.path(), std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    const std::string text = out.str();
    const auto root = parse_yaml(text);
    if (!root || root->kind != YamlNode::Kind::map || root->flow) continue;
    ++tried;
    const std::string once = with_meta(text);
    EXPECT_EQ(content_of(once), content_of(text)) << entry.path();
    EXPECT_EQ(content_hash(once), content_hash(text));
    EXPECT_EQ(with_meta(once), once) << entry.path();
    EXPECT_EQ(read_meta(*parse_yaml(once)).version, 3);
    EXPECT_EQ(read_meta(*parse_yaml(once)).provenance.at("prompt").as_string(), "a \"quoted\" prompt: with # signs\nand lines \x7F");
  }
  EXPECT_GT(tried, 20);
}

TEST(MetaText, FindsMetaWhereverItStands) {
  const std::string block = "meta:\n  version: 1\n  provenance:\n    - a\n\n    # inside\n    - b\n";
  for (const std::string& text :
       std::vector<std::string>{"# top\n" + block + "\n# of title\ntitle: x\n", "title: x\n\n" + block + "# end\n",
                                "title: x\nmeta: {version: 1,\n  a: [b]}\nother: 'y'\n", std::string("title: |+\n  kept\n\n\n"),
                                std::string("title: x\n...\n# after\n"), std::string("  title: x\n  other: y\n"), std::string("title: x"),
                                std::string("--- # start\ntitle: x\nmeta:   # by the server\n  version: 2\n"),
                                std::string("\"meta\": {version: 1}\ntitle: &a x\nother: *a\n"),
                                std::string("title: x\r\nmeta:\r\n  version: 1\r\nother: y\r\n")}) {
    const std::string once = with_meta(text);
    EXPECT_EQ(read_meta(*parse_yaml(once)).version, 3) << once;
    EXPECT_EQ(with_meta(once), once) << once;
    EXPECT_EQ(content_of(once), content_of(text)) << once;
  }
  EXPECT_NE(with_meta("meta:   # by the server\n  version: 2\ntitle: x\n").find("meta:   # by the server\n"), std::string::npos);
}

TEST(MetaText, RefusesWhatItCannotRewriteFaithfully) {
  EXPECT_FALSE(rewrite_meta("meta: {a: &x 1}\ntitle: *x\n", {}));
  EXPECT_FALSE(rewrite_meta("{title: x}\n", {}));
  EXPECT_FALSE(rewrite_meta("title: [\n", {}));
}

TEST(MetaText, SetsTheSlug) {
  EXPECT_EQ(*rewrite_slug("bridge: 1 # one\ntitle: x\n", "new"), "bridge: 1 # one\nslug: new\ntitle: x\n");
  EXPECT_EQ(*rewrite_slug("bridge: 1\nslug: old   # why\n# note\ntitle: x\n", "2026"), "bridge: 1\nslug: \"2026\"\n# note\ntitle: x\n");
}

}  // namespace
}  // namespace bridge
