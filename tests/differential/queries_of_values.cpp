#include "base/text.h"
#include "query.h"
#include "table.h"

// Names, literals, casts.

namespace bridge::differential {

namespace {

using Dialect = const SqlDialect&;

void add_names(std::vector<Query>& all) {
  const Table& names = table_named("Größe 1");
  for (const TableColumn& column : names.columns) {
    all.push_back({str("column called ", column.name), [name = column.name](Dialect d) -> Result<std::string> {
                     return str("SELECT ", d.identifier(name), " FROM ", d.quote_identifier("Größe 1"), " ORDER BY ",
                                d.quote_identifier("order"));
                   }});
  }
  all.push_back({"names of any character in every clause", [](Dialect d) -> Result<std::string> {
                   return str("SELECT ", d.quote_identifier("a b"), " AS ", d.quote_identifier("a \"new\" name: Ä"), ", sum(",
                              d.quote_identifier("x.y"), ") AS ", d.identifier("group"), " FROM ", d.quote_identifier("Größe 1"), " WHERE ",
                              d.identifier("select"), " > 2 GROUP BY ", d.quote_identifier("a b"), " HAVING min(", d.identifier("[0]"),
                              ") = 0 ORDER BY ", d.sort_key("1", SortDirection::descending));
                 }});
  all.push_back({"a name that needs no quotes", [](Dialect d) -> Result<std::string> {
                   return str("SELECT ", d.identifier("region"), " FROM orders ORDER BY ", d.identifier("id"), " ", d.limit(3));
                 }});
  all.push_back({"a table beside itself", [](Dialect d) -> Result<std::string> {
                   const std::string table = d.quote_identifier("Größe 1"), key = d.identifier("select"), order = d.identifier("order");
                   return str("SELECT a.", key, " AS first, b.", key, " AS second FROM ", table, " AS a JOIN ", table, " AS b ON a.", key,
                              " = b.", order, " ORDER BY 1");
                 }});
}

void add_literals(std::vector<Query>& all) {
  for (const std::string_view text : {"", "it's", "''", "a\"b", "back\\slash", "two\nlines", "😀", "e\xCC\x81", "100%", ":region", "-- none",
                                      "/* none */", "$$x$$", "?", "[x]"}) {
    all.push_back(
        {str("text ", text), [text](Dialect d) -> Result<std::string> { return str("SELECT ", d.text_literal(text), " AS value"); }});
    all.push_back({str("rows with the text ", text), [text](Dialect d) -> Result<std::string> {
                     return str("SELECT id FROM orders WHERE customer = ", d.text_literal(text), " OR note = ", d.text_literal(text),
                                " ORDER BY id");
                   }});
  }
  for (const std::string_view day : {"2020-02-29", "1900-03-01", "9999-12-31", "0001-01-01", "1969-12-31"}) {
    all.push_back(
        {str("day ", day), [day](Dialect d) -> Result<std::string> { return str("SELECT ", d.day_of(d.date_literal(day)), " AS value"); }});
  }
  all.push_back({"true", [](Dialect d) -> Result<std::string> {
                   return str("SELECT count(*) AS orders FROM orders WHERE ", d.true_literal(), " AND NOT (NOT ", d.true_literal(), ")");
                 }});
  all.push_back({"rows that are true, false, neither", [](Dialect d) -> Result<std::string> {
                   return str("SELECT is_gift, count(*) AS orders FROM orders GROUP BY 1 ORDER BY ",
                              d.sort_key("is_gift", SortDirection::ascending));
                 }});
  all.push_back({"equal to true", [](Dialect d) -> Result<std::string> {
                   return str("SELECT id FROM orders WHERE is_gift = ", d.true_literal(), " ORDER BY id");
                 }});
}

void add_casts(std::vector<Query>& all) {
  struct Cast {
    std::string_view value;  // SQL, or a text where it begins with '
    ColumnType type;
  };
  for (const Cast& cast :
       {Cast{"'12'", ColumnType::integer}, Cast{"'-12'", ColumnType::integer}, Cast{"'9223372036854775807'", ColumnType::integer},
        Cast{"'12345678901234567890'", ColumnType::big_integer}, Cast{"'1.5'", ColumnType::number}, Cast{"'-2e3'", ColumnType::number},
        Cast{"'12.25'", ColumnType::decimal}, Cast{"'2021-02-28'", ColumnType::date}, Cast{"'2021-02-28 10:30:00'", ColumnType::date},
        Cast{"'2021-02-28 10:30:00'", ColumnType::timestamp}, Cast{"'2021-02-28'", ColumnType::timestamp}, Cast{"42", ColumnType::text},
        Cast{"1", ColumnType::boolean}, Cast{"'abc'", ColumnType::text}, Cast{"7", ColumnType::number},
        Cast{"'2021-02-30'", ColumnType::date}, Cast{"'soon'", ColumnType::integer}, Cast{"'{}'", ColumnType::json},
        Cast{"'10:30'", ColumnType::time}}) {
    all.push_back({str(cast.value, " as ", enum_name(cast.type)),
                   [cast](Dialect d) -> Result<std::string> { return str("SELECT ", TRY(d.cast(cast.value, cast.type)), " AS value"); }});
  }
  all.push_back(per_order(
      "a whole number as text", [](Dialect d) { return d.cast("big", ColumnType::text); },
      [](std::size_t row) { return str(std::get<std::int64_t>(table_named("orders").cell(row, "big"))); }));
  all.push_back(per_order("a moment as a day", [](Dialect d) { return d.cast("ordered_at", ColumnType::date); }));
  all.push_back(per_order("a day as a moment", [](Dialect d) { return d.cast("shipped_on", ColumnType::timestamp); }));
  all.push_back(per_order("a decimal as a number", [](Dialect d) { return d.cast("amount", ColumnType::number); }));
  all.push_back(per_order("a number as text", [](Dialect d) { return d.cast("weight", ColumnType::text); }));
  all.push_back(per_order("a decimal as text", [](Dialect d) { return d.cast("amount", ColumnType::text); }));
  all.push_back(per_order("a day as text", [](Dialect d) { return d.cast("shipped_on", ColumnType::text); }));
}

}  // namespace

std::vector<Query> queries_of_values() {
  std::vector<Query> all;
  add_names(all);
  add_literals(all);
  add_casts(all);
  return all;
}

}  // namespace bridge::differential
