#include "features/catalog/catalog_endpoints.h"

#include "base/bad_field.h"

namespace bridge {
namespace {

Result<ConnectionId> connection_of(const Request& request) {
  const std::string id = request.query_value("connection_id").value_or("");
  if (!id.empty()) return ConnectionId(id);
  return bad_field({.path = "connection_id", .code = "missing_field", .message = "name a connection: ?connection_id="},
                   {.message = "connection_id is missing"});
}

Result<Response> discover(CatalogService& service, const Request& request) {
  return ok(ListOf<Dataset>{.items = TRY(service.discover(request.context, TRY(connection_of(request)))), .next_cursor = std::nullopt});
}

Result<Response> scan(CatalogService& service, const Request& request) {
  const auto input = TRY(request.json_body<ScanRequest>());
  return json_response(to_json(TRY(service.scan(request.context, input.dataset_id))), 202);
}

Result<Response> list_datasets(CatalogService& service, const Request& request) {
  const Page page = TRY(read_page(request));
  return ok(make_list(TRY(service.list_dataset_records(request.context, TRY(connection_of(request)), page)), page));
}

Result<Response> list_tables(CatalogService& service, const Request& request) {
  const Page page = TRY(read_page(request));
  return ok(make_list(TRY(service.list_table_records(request.context, DatasetId(request.path_value("dataset_id")), page)), page));
}

Result<Response> get_schema(CatalogService& service, const Request& request) {
  return ok(TRY(service.get_schema(request.context, TableId(request.path_value("table_id")))));
}

Result<Response> search(CatalogService& service, const Request& request) {
  const Page page = TRY(read_page(request));
  const ConnectionId connection(request.query_value("connection_id").value_or(""));
  return ok(ListOf<SearchHit>{.items = TRY(service.search(request.context, request.query_value("q").value_or(""), connection, page.limit)),
                              .next_cursor = std::nullopt});
}

}  // namespace

std::vector<Route> catalog_routes(CatalogService& service) {
  const auto bind = [&service](auto endpoint) -> Handler {
    return [&service, endpoint](const Request& request) { return endpoint(service, request); };
  };
  const QueryParameter connection{.name = "connection_id", .about = "The connection", .required = true};
  std::vector<QueryParameter> list_query = page_parameters();
  list_query.insert(list_query.begin(), connection);
  return {
      {Method::post, "/v1/onboarding/catalog/discover", Access::editor, bind(discover),
       docs<void, ListOf<Dataset>>("discover_datasets", "Catalog", "Find a connection's datasets", {}, "DatasetList", {connection})},
      {Method::post, "/v1/onboarding/catalog/scan", Access::editor, bind(scan),
       docs<ScanRequest, Job>("scan_dataset", "Catalog", "Read a dataset's tables; a job with progress", "ScanRequest", "Job")},
      {Method::get, "/v1/onboarding/catalog/datasets", Access::viewer, bind(list_datasets),
       docs<void, ListOf<Dataset>>("list_datasets", "Catalog", "A connection's datasets", {}, "DatasetList", list_query)},
      {Method::get, "/v1/onboarding/catalog/datasets/{dataset_id}/tables", Access::viewer, bind(list_tables),
       docs<void, ListOf<CatalogTable>>("list_tables", "Catalog", "A dataset's tables", {}, "CatalogTableList", page_parameters())},
      {Method::get, "/v1/onboarding/catalog/tables/{table_id}/schema", Access::viewer, bind(get_schema),
       docs<void, TableSchema>("get_table_schema", "Catalog", "A table's columns with what is known of their values", {}, "TableSchema")},
      {Method::get, "/v1/onboarding/catalog/search", Access::viewer, bind(search),
       docs<void, ListOf<SearchHit>>("search_catalog", "Catalog", "Tables and columns by name and description", {}, "SearchHitList",
                                     {{.name = "q", .about = "Text to look for", .required = true},
                                      {.name = "connection_id", .about = "Only in this connection"},
                                      {.name = "limit", .about = "At most this many, 1 to 1,000; 100 when not given"}})},
  };
}

}  // namespace bridge
