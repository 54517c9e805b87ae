#include "warehouse/postgres/connection_url.h"

#include <gtest/gtest.h>

#include "warehouse/postgres/postgres_driver.h"

namespace bridge::postgres {
namespace {

std::map<std::string, std::string> read(const std::string& url) {
  const auto fields = fields_of_url(Secret(url));
  if (!fields) return {{"error", fields.error().message}};
  std::map<std::string, std::string> out;
  for (const auto& [name, value] : *fields) out.emplace(name, value.reveal());
  return out;
}
using Fields = std::map<std::string, std::string>;

TEST(PostgresConnectionUrl, IsReadAsConsolesWriteIt) {
  EXPECT_EQ(read("postgresql://ann:s3cret@db.example.com:6432/shop?sslmode=require"), (Fields{{"host", "db.example.com"},
                                                                                              {"port", "6432"},
                                                                                              {"database", "shop"},
                                                                                              {"user", "ann"},
                                                                                              {"password", "s3cret"},
                                                                                              {"ssl_mode", "require"}}));
  EXPECT_EQ(read(" postgres://ann:p%40s%2Fs%25@[2001:db8::1]/shop\n"),
            (Fields{{"host", "2001:db8::1"}, {"database", "shop"}, {"user", "ann"}, {"password", "p@s/s%"}}));
  EXPECT_EQ(read("host=db.example.com dbname=shop user=ann password='it''s' application_name=x"),
            (Fields{{"error",
                     "The address cannot be read: it is postgresql://user:password@host:5432/database, with %40 for an @, %2F for a / and "
                     "%25 for a % in the password"}}));
  EXPECT_EQ(read(R"(host=db.example.com dbname=shop user=ann password='it\'s' application_name=x connect_timeout=3)"),
            (Fields{{"host", "db.example.com"}, {"database", "shop"}, {"user", "ann"}, {"password", "it's"}}));
}

TEST(PostgresConnectionUrl, HasNoOptionThatIsNoField) {
  for (const char* option :
       {"service=x", "passfile=/etc/passwd", "sslrootcert=/etc/passwd", "sslcert=/a", "sslkey=/a", "options=-c%20a%3Db",
        "hostaddr=127.0.0.1", "sslcrl=/a", "krbsrvname=x", "replication=true", "channel_binding=require", "requirepeer=a"}) {
    const auto refused = fields_of_url(Secret(std::string("postgresql://a:canary@b/c?") + option));
    ASSERT_FALSE(refused) << option;
    EXPECT_EQ(refused.error().reason, "connection_not_allowed") << option;
    EXPECT_FALSE(refused.error().message.contains("canary"));
  }
}

TEST(PostgresConnectionUrl, IsNeverQuotedWhereItCannotBeRead) {
  for (const char* url :
       {"postgresql://a:canary%zz@b/c", "postgresql://a:canary@[::1/c", "canary", "postgresql://a:canary@b:port@x/c?x=canary", ""}) {
    const auto refused = fields_of_url(Secret(url));
    const std::string message = refused ? "" : refused.error().message;
    EXPECT_FALSE(message.contains("canary")) << message;
  }
  EXPECT_EQ(fields_of_url(Secret("canary")).error().reason, "url_invalid");
}

TEST(PostgresConnectionUrl, TakesThePlaceOfTheFieldsThatItSays) {
  const auto driver = make_postgres_driver();
  const auto spelled = driver->spelled_out({{"url", Secret("postgresql://a:b@c/d")}, {"ca_certificate", Secret("pem")}});
  ASSERT_TRUE(spelled);
  EXPECT_EQ(spelled->size(), 5U);
  EXPECT_EQ(spelled->at("database").reveal(), "d");
  EXPECT_FALSE(spelled->contains("url"));
  const auto twice = driver->spelled_out({{"url", Secret("postgresql://a:b@c/d")}, {"host", Secret("other")}});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().violations.front().path, "credentials.host");
}

}  // namespace
}  // namespace bridge::postgres
