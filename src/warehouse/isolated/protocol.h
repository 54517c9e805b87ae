#pragma once

#include <map>
#include <string>
#include <variant>

#include "platform/worker_process/wire_format.h"
#include "warehouse/warehouse.h"

// What an isolated warehouse asks its worker, and what comes back. Private to this folder.

namespace bridge {

BOOST_DESCRIBE_STRUCT(Date, (), (text))
BOOST_DESCRIBE_STRUCT(Timestamp, (), (text))
BOOST_DESCRIBE_STRUCT(Decimal, (), (text))
BOOST_DESCRIBE_STRUCT(BoundQuery, (), (sql, values))
BOOST_DESCRIBE_STRUCT(DryRun, (), (bytes_scanned, accuracy, estimated_cost_usd, columns, tables))
BOOST_DESCRIBE_STRUCT(ExecuteLimits, (), (rows_max, result_bytes_max, scanned_bytes_max))
BOOST_DESCRIBE_STRUCT(TableRead, (), (dataset, name, line, column))
BOOST_DESCRIBE_STRUCT(ColumnRead, (), (dataset, table, column))
BOOST_DESCRIBE_STRUCT(SqlReads, (), (tables, columns, functions))
BOOST_DESCRIBE_STRUCT(StatisticsBudget, (), (scanned_bytes_max))
BOOST_DESCRIBE_STRUCT(Streamed, (), (row_count, truncated))

namespace isolated {

// The worker's argument.
struct Credentials {
  std::map<std::string, std::string> fields;
};
BOOST_DESCRIBE_STRUCT(Credentials, (), (fields))

// The calls of a Warehouse. Each is answered with one message, the value that the call gives.
// Of a ping that is whether reading is free, which has to be known without asking.
struct Ping {};
BOOST_DESCRIBE_STRUCT(Ping, (), ())
struct ListDatasets {};
BOOST_DESCRIBE_STRUCT(ListDatasets, (), ())
struct ListTables {
  std::string dataset;
};
BOOST_DESCRIBE_STRUCT(ListTables, (), (dataset))
struct DescribeTables {
  std::string dataset;
  std::vector<std::string> names;
};
BOOST_DESCRIBE_STRUCT(DescribeTables, (), (dataset, names))
struct ColumnStatisticsOf {
  std::string dataset;
  std::string table;
  StatisticsBudget budget;
};
BOOST_DESCRIBE_STRUCT(ColumnStatisticsOf, (), (dataset, table, budget))
struct CheckSql {
  std::string sql;
};
BOOST_DESCRIBE_STRUCT(CheckSql, (), (sql))
struct DryRunOf {
  BoundQuery query;
};
BOOST_DESCRIBE_STRUCT(DryRunOf, (), (query))
// Answered with a batch a message and then a Streamed (checked_answer.h).
struct Stream {
  BoundQuery query;
  ExecuteLimits limits;
};
BOOST_DESCRIBE_STRUCT(Stream, (), (query, limits))

using Request = std::variant<Ping, ListDatasets, ListTables, DescribeTables, ColumnStatisticsOf, CheckSql, DryRunOf, Stream>;

// The one call of an engine for answers. `tables`: a batch (warehouse/batch_codec.h) by its name. Answered as a Stream is.
struct AnswersQuery {
  BoundQuery query;
  ExecuteLimits limits;
  std::map<std::string, std::string> tables;
};
BOOST_DESCRIBE_STRUCT(AnswersQuery, (), (query, limits, tables))

}  // namespace isolated
}  // namespace bridge
