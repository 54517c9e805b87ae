#include "warehouse/postgres/rights.h"

#include "base/text.h"
#include "warehouse/postgres/postgres_dialect.h"

namespace bridge::postgres {

namespace {

// One row: the role, what it is, the server's own roles that it is of, and how much it may write.
constexpr const char* rights_sql =
    "SELECT current_user, r.rolsuper, concat_ws(', ', CASE WHEN r.rolcreatedb THEN 'CREATEDB' END, CASE WHEN r.rolcreaterole THEN "
    "'CREATEROLE' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END), "
    "(SELECT coalesce(pg_catalog.string_agg(m.rolname, ', ' ORDER BY m.rolname), '') FROM pg_catalog.pg_roles m WHERE m.rolname IN "
    "('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files', 'pg_signal_backend', 'pg_write_all_data', "
    "'pg_checkpoint', 'pg_maintain', 'pg_create_subscription') AND pg_catalog.pg_has_role(r.oid, m.oid, 'MEMBER')), "
    "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN "
    "('r', 'p', 'v', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, "
    "'USAGE') "
    "AND pg_catalog.has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')), "
    "(SELECT coalesce(pg_catalog.string_agg(n.nspname, ', ' ORDER BY n.nspname), '') FROM pg_catalog.pg_namespace n WHERE n.nspname !~ "
    "'^pg_' AND n.nspname <> 'information_schema' AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')) "
    "FROM pg_catalog.pg_roles r WHERE r.rolname = current_user";

}  // namespace

Result<std::vector<std::string>> excess_rights(const CallContext& context, Session& session) {
  const auto rows = TRY(session.query(context, rights_sql));
  std::vector<std::string> found;
  if (rows.empty()) return found;
  const auto cell = [&](std::size_t column) { return rows.front()[column].value_or(""); };
  const std::string role = postgres_dialect().identifier(cell(0));
  if (cell(1) == "t") {
    found.push_back(str(
        "The role ", role,
        " is a superuser, whom no right holds back: make one that only reads. CREATE ROLE bridge LOGIN PASSWORD "
        "'…'; GRANT pg_read_all_data TO bridge (before PostgreSQL 14: GRANT USAGE ON SCHEMA and GRANT SELECT ON ALL TABLES IN SCHEMA)"));
    return found;
  }
  if (const std::string attributes = cell(2); !attributes.empty())
    found.push_back(str("The role ", role, " has ", attributes, ": ALTER ROLE ", role, " NO", replace_all(attributes, ", ", " NO")));
  if (const std::string roles = cell(3); !roles.empty())
    found.push_back(str("The role ", role, " is a member of ", roles, ": REVOKE ", roles, " FROM ", role));
  if (const std::string tables = cell(4); tables != "0")
    found.push_back(str("The role ", role, " may write ", tables, tables == "1" ? " table" : " tables",
                        ": REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA … FROM ", role,
                        ", or give Bridge a role that owns none"));
  if (const std::string schemas = cell(5); !schemas.empty())
    found.push_back(str("The role ", role, " may make tables in ", schemas, ": REVOKE CREATE ON SCHEMA ", schemas, " FROM PUBLIC, ", role));
  return found;
}

}  // namespace bridge::postgres
