#include "features/dashboard_serving/data_endpoints.h"

#include <cmath>

#include "base/bad_field.h"
#include "base/digest.h"
#include "base/text.h"
#include "features/dashboard_documents/document_json.h"
#include "features/dashboard_documents/limits.h"
#include "features/dashboard_validation/validation.h"
#include "platform/http/compression.h"
#include "platform/work/lru_cache.h"

namespace bridge {

struct PreviewBody {
  std::string yaml;
};
BOOST_DESCRIBE_STRUCT(PreviewBody, (), (yaml))
template <>
inline constexpr auto field_notes<PreviewBody> =
    std::to_array<FieldNote>({{.name = "yaml", .about = "A dashboard document", .length_max = document_limits::kDocumentBytesMax}});

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kReadyAnswersMax = 512;
constexpr std::size_t kReadyBytesMax = 64 << 20;
constexpr std::size_t kReadyAnswerBytesMax = 4 << 20;  // a larger one is sent from the answers' own bytes, and not kept
// Ages are told in whole seconds, so an answer is put together again each second; while one request does that, others get the last one.
constexpr std::chrono::milliseconds kReadyFor{1'000};
constexpr std::chrono::milliseconds kReadyWhileRenewing{3'000};
constexpr std::size_t kEncodings = 4;

// The bytes of a whole view, ready to be sent.
struct ReadyAnswer {
  SteadyClock::time_point made_at;
  std::uint64_t change_count = 0;
  std::string slug;
  TeamId team_id;
  std::string etag;
  std::array<SharedBytes, kEncodings> bytes;  // by ContentEncoding
  std::atomic<bool> renewing{false};
};

struct ReadyCost {
  std::size_t operator()(const std::string&, const std::shared_ptr<ReadyAnswer>& answer) const {
    std::size_t bytes = 0;
    for (const SharedBytes& each : answer->bytes) bytes += each ? each->size() : 0;
    return bytes;
  }
};
// By what was asked.
using ReadyAnswers = LruCache<std::string, std::shared_ptr<ReadyAnswer>, ReadyCost>;

std::string_view query_of(const std::string& target) {
  const std::size_t mark = target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(target).substr(mark + 1);
}

std::string ready_key(const Request& request) {
  return str(request.context.viewer().key(), "\n", request.path_value("slug"), "\n", query_of(request.target));
}

// An editor may ask for data that is not from the cache; a viewer's wish costs nobody anything. Browsers' own clients add no-cache to a
// conditional request, which means no more than that they have an answer already.
bool wants_fresh(const Request& request) {
  if (request.header("if-none-match")) return false;
  const auto control = request.header("cache-control");
  return control && control->find("no-cache") != std::string::npos &&
         (request.context.caller.role >= Role::editor || request.context.caller.is_operator);
}

ContentEncoding encoding_for(const Request& request, std::size_t body_bytes) {
  const auto accepted = request.header("accept-encoding");
  return accepted ? choose_encoding(*accepted, body_bytes) : ContentEncoding::identity;
}

std::string etag_of(const ViewerScope& viewer, const std::vector<QueryOutcome>& outcomes) {
  std::string text = viewer.key() + "\n";
  for (const QueryOutcome& outcome : outcomes) {
    text += str(outcome.id, "@", outcome.version, "@");
    if (outcome.answer) text += str(outcome.answer->query_hash, "@", outcome.answer->executed_at.time_since_epoch().count(), "\n");
    else text += describe_error(outcome.answer.error()) + "\n";
  }
  return str("\"", sha256_hex(text).substr(0, 32), "\"");
}

// `"queries":{…}}` behind what is there.
void append_outcomes(BodyPieces& body, const std::vector<QueryOutcome>& outcomes) {
  body.text() += R"("queries":{)";
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    body.text() += str(i > 0 ? "," : "", json::serialize(json::string(outcomes[i].id)), ":");
    append_outcome(body, outcomes[i]);
  }
  body.text() += "}}";
}

// A view that others left too little memory for is a whole one a moment later; half of one would look like a defect of its queries.
Result<> check_memory(const std::vector<QueryOutcome>& outcomes) {
  for (const QueryOutcome& outcome : outcomes) {
    if (!outcome.answer && outcome.answer.error().reason == "out_of_memory") return fail(outcome.answer.error());
  }
  return {};
}

// The document of a request: the body itself, or its field `yaml`.
Result<std::string> read_document_text(const Request& request) {
  const std::string type = request.header("content-type").value_or("");
  if (!type.starts_with("application/json")) return request.body;
  PreviewBody body = TRY(request.json_body<PreviewBody>());
  return std::move(body.yaml);
}

SharedBytes joined(std::vector<SharedBytes> pieces) {
  if (pieces.size() == 1) return std::move(pieces.front());
  std::size_t size = 0;
  for (const SharedBytes& piece : pieces) size += piece->size();
  auto out = std::make_shared<std::string>();
  out->reserve(size);
  for (const SharedBytes& piece : pieces) *out += *piece;
  return out;
}

Response large_response(const ViewerScope& viewer, BodyPieces& body, const std::vector<QueryOutcome>& outcomes) {
  Response response{.body = body.take()};
  response.headers = {{"etag", etag_of(viewer, outcomes)}, {"cache-control", "private, no-cache"}};
  return response;
}

Response ready_response(const ReadyAnswer& answer, ContentEncoding encoding) {
  Response response{.body = {answer.bytes[static_cast<std::size_t>(encoding)]}};
  response.headers = {{"etag", answer.etag}, {"cache-control", "private, no-cache"}, {"vary", "Accept-Encoding"}};
  if (encoding != ContentEncoding::identity) response.headers.emplace_back("content-encoding", encoding_name(encoding));
  return response;
}

// The parameters of the URL without the names that mean something else.
std::vector<std::pair<std::string, std::string>> parameters_of(const Request& request) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [name, value] : request.query) {
    if (name != "team_id") out.emplace_back(name, value);
  }
  return out;
}

class DataEndpoints {
 public:
  DataEndpoints(DashboardDataService& service, PlanSource& plans) : service_(service), plans_(plans) {}

  std::optional<Response> quick(const Request& request) {
    const auto found = ready_.find(ready_key(request));
    const std::shared_ptr<ReadyAnswer> answer = found.value_or(nullptr);
    if (!answer || answer->change_count != plans_.change_count() || wants_fresh(request)) return std::nullopt;
    const auto age = SteadyClock::now() - answer->made_at;
    if (age >= kReadyWhileRenewing) return std::nullopt;
    if (age >= kReadyFor && !answer->renewing.exchange(true)) return std::nullopt;
    const ContentEncoding encoding = encoding_for(request, answer->bytes[0]->size());
    if (!answer->bytes[static_cast<std::size_t>(encoding)]) return std::nullopt;
    plans_.count_view(request.context.team(), answer->slug);
    return ready_response(*answer, encoding);
  }

  Result<Response> get_data(const Request& request) {
    const std::uint64_t change_count = plans_.change_count();
    const auto outcomes = TRY(service_.run(
        request.context,
        {.slug = request.path_value("slug"), .parameters = parameters_of(request), .only = {}, .fresh = wants_fresh(request)}));
    plans_.count_view(request.context.team(), request.path_value("slug"));
    TRY(check_memory(outcomes));
    BodyPieces body;
    body.text() += '{';
    append_outcomes(body, outcomes);
    if (body.size() > kReadyAnswerBytesMax) return large_response(request.context.viewer(), body, outcomes);
    auto answer = std::make_shared<ReadyAnswer>();
    answer->made_at = SteadyClock::now();
    answer->change_count = change_count;
    answer->slug = request.path_value("slug");
    answer->team_id = request.context.caller.team_id;
    answer->etag = etag_of(request.context.viewer(), outcomes);
    answer->bytes[0] = joined(body.take());
    const ContentEncoding encoding = encoding_for(request, answer->bytes[0]->size());
    const auto index = static_cast<std::size_t>(encoding);
    if (encoding != ContentEncoding::identity) {
      answer->bytes[index] = std::make_shared<const std::string>(TRY(compress(encoding, std::span(&answer->bytes[0], 1))));
    }
    const bool all_answered = std::ranges::all_of(outcomes, [](const QueryOutcome& outcome) { return outcome.answer.has_value(); });
    Response response = ready_response(*answer, encoding);
    // What is kept for others says that it came from the cache; the first answer after a run and one with an error are not kept.
    const bool all_cached =
        all_answered && std::ranges::all_of(outcomes, [](const QueryOutcome& outcome) { return outcome.answer->cache == CacheState::hit; });
    if (all_cached) ready_.put(ready_key(request), std::move(answer));
    return response;
  }

  Result<Response> get_query(const Request& request) {
    AnswerShape shape;
    std::string format;
    std::vector<std::pair<std::string, std::string>> parameters;
    for (const auto& [name, value] : parameters_of(request)) {
      if (name == "sort") shape.sort = value;
      else if (name == "limit") shape.limit = TRY(read_limit(value));
      else if (name == "format") format = value;
      else parameters.emplace_back(name, value);
    }
    return answer_query(request, std::move(parameters), shape, format);
  }

  Result<Response> post_query(const Request& request) {
    const QueryBody body = TRY(request.json_body<QueryBody>());
    AnswerShape shape{.sort = body.sort.value_or(""), .limit = std::nullopt};
    if (body.limit) shape.limit = TRY(read_limit(str(*body.limit)));
    std::vector<std::pair<std::string, std::string>> parameters;
    if (body.parameters) {
      for (const auto& [name, value] : *body.parameters) TRY(append_parameter(parameters, name, value));
    }
    return answer_query(request, std::move(parameters), shape, body.format.value_or(""));
  }

  // A document that is not saved, drawn as if it were.
  Result<Response> preview(const Request& request) {
    const std::string text = TRY(read_document_text(request));
    const Validation validation = validate_document(text);
    if (!validation.report.valid) return fail(validation_error(validation.report));
    const Plan plan = TRY(compile_dashboard(*validation.document));
    const std::string slug = plan.slug.empty() ? "preview" : plan.slug;
    const auto outcomes = TRY(service_.run_plan(request.context, plan, {.slug = slug, .parameters = parameters_of(request), .only = {}}));
    TRY(check_memory(outcomes));
    BodyPieces body;
    body.text() += str(R"({"document":)", json::serialize(make_document_json(*validation.document, slug)), ",");
    append_outcomes(body, outcomes);
    return Response{.body = body.take()};
  }

  Result<Response> explain(const Request& request) {
    const ExplainedPlan plan =
        TRY(service_.explain(request.context, {.slug = request.path_value("slug"), .parameters = parameters_of(request), .only = {}}));
    return ok(plan);
  }

  Result<Response> precompute(const Request& request) {
    const PrecomputeReport report = TRY(service_.precompute(request.context, request.path_value("slug")));
    return ok(report);
  }

  struct QueryBody {
    std::optional<std::map<std::string, json::value>> parameters;
    std::optional<std::string> sort;
    std::optional<std::int64_t> limit;
    std::optional<std::string> format;
    BOOST_DESCRIBE_CLASS(QueryBody, (), (parameters, sort, limit, format), (), ())
  };

 private:
  static Result<std::size_t> read_limit(const std::string& text) {
    std::size_t limit = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (error != std::errc{} || end != text.data() + text.size() || limit == 0 || limit > 50'000) {
      return fail(Error{
          .code = ErrorCode::invalid_argument,
          .message = "limit must be a whole number from 1 to 50000",
          .violations = {
              {.path = "limit", .code = "out_of_range", .message = "must be a whole number from 1 to 50000", .got = text.substr(0, 40)}}});
    }
    return limit;
  }

  // A parameter of a JSON body, in the form that it would have in a URL.
  static Result<> append_parameter(std::vector<std::pair<std::string, std::string>>& out, const std::string& name,
                                   const json::value& value) {
    if (value.is_string()) {
      out.emplace_back(name, std::string(value.get_string()));
    } else if (value.is_double()) {
      // JSON's reader has rounded it already when it had more digits than a double keeps.
      constexpr double exact_max = 9'007'199'254'740'992;
      const std::string text = str(value.get_double());
      if (std::abs(value.get_double()) > exact_max || std::ranges::count_if(text, [](char c) { return c >= '0' && c <= '9'; }) > 15)
        return inexact_parameter(name);
      out.emplace_back(name, text);
    } else if (value.is_number() || value.is_bool()) {
      out.emplace_back(name, json::serialize(value));
    } else if (value.is_array()) {
      for (const json::value& item : value.get_array()) {
        if (item.is_array() || item.is_object() || item.is_null()) return bad_parameter(name);
        TRY(append_parameter(out, name, item));
      }
    } else if (!value.is_null()) {
      return bad_parameter(name);
    }
    return {};
  }
  static std::unexpected<Error> inexact_parameter(const std::string& name) {
    const std::string help = "has more digits than a JSON number keeps: write it as text, in quotes";
    return bad_field({.path = "parameters." + name.substr(0, 100), .code = "inexact_number", .message = help},
                     {.message = str("The parameter '", name.substr(0, 100), "' ", help)});
  }
  static std::unexpected<Error> bad_parameter(const std::string& name) {
    const std::string help = "must be text, a number, true, false or a list of these";
    return bad_field({.path = "parameters." + name.substr(0, 100), .code = "wrong_type", .message = help},
                     {.message = str("The parameter '", name.substr(0, 100), "' ", help)});
  }

  Result<Response> answer_query(const Request& request, std::vector<std::pair<std::string, std::string>> parameters,
                                const AnswerShape& shape, const std::string& format) {
    if (!format.empty() && format != "json" && format != "csv") {
      return bad_field({.path = "format",
                        .code = "unknown_value",
                        .message = "must be json or csv",
                        .got = format.substr(0, 40),
                        .allowed = {"json", "csv"}},
                       {.message = str("There is no format '", format.substr(0, 40), "': json or csv")});
    }
    const std::string& id = request.path_value("query_id");
    if (!format.empty())
      return export_query(request, std::move(parameters), shape, format == "csv" ? ExportFormat::csv : ExportFormat::json);
    auto outcomes = TRY(service_.run(
        request.context,
        {.slug = request.path_value("slug"), .parameters = std::move(parameters), .only = {id}, .fresh = wants_fresh(request)}));
    if (outcomes.empty()) return fail(ErrorCode::not_found, "The dashboard has no such query");
    plans_.count_view(request.context.team(), request.path_value("slug"));
    QueryOutcome& outcome = outcomes.front();
    if (!outcome.answer) return fail(outcome.answer.error());
    if (!shape.sort.empty() || shape.limit) {
      const QueryResult shaped = TRY(service_.shape(request.context, *outcome.answer, shape));
      outcome.answer->data = std::make_shared<const std::string>(encode_rows(shaped));
      outcome.answer->row_count = shaped.row_count;
    }
    BodyPieces body;
    append_outcome(body, outcome);
    Response response{.body = body.take()};
    response.headers.emplace_back("etag", etag_of(request.context.viewer(), outcomes));
    response.headers.emplace_back("cache-control", "private, no-cache");
    return response;
  }

  Result<Response> export_query(const Request& request, std::vector<std::pair<std::string, std::string>> parameters,
                                const AnswerShape& shape, ExportFormat format) {
    const std::string& id = request.path_value("query_id");
    QueryExport answer = TRY(service_.open_export(
        request.context, {.slug = request.path_value("slug"), .parameters = std::move(parameters), .only = {id}}, shape));
    plans_.count_view(request.context.team(), request.path_value("slug"));
    const bool csv = format == ExportFormat::csv;
    Response response{.content_type = csv ? "text/csv; charset=utf-8" : "application/json"};
    response.headers = {{"cache-control", "private, no-store"},
                        {"content-disposition", str("attachment; filename=\"", make_slug(request.path_value("slug")), "-", make_slug(id),
                                                    csv ? ".csv\"" : ".json\"")}};
    response.write_body = [answer = std::move(answer), format](BodySink& body, const CallContext& context) {
      return write_export(answer, format, context, body);
    };
    return response;
  }

  DashboardDataService& service_;
  PlanSource& plans_;
  ReadyAnswers ready_{{.cost_max = kReadyBytesMax, .entries_max = kReadyAnswersMax}};
};

}  // namespace

std::vector<Route> data_routes(DashboardDataService& service, PlanSource& plans) {
  const auto endpoints = std::make_shared<DataEndpoints>(service, plans);
  const auto open = [](RouteDocs docs) {
    docs.open_query = true;
    return docs;
  };
  const std::vector<QueryParameter> shape{{"sort", "A column, or -column for the largest first", false},
                                          {"limit", "At most this many rows", false},
                                          {"format", "csv or json: the whole answer as an export, past the limit on rows", false}};
  // Requests for dashboards of one connection, which may hang.
  const ShareOf share = [&plans](const Request& request) {
    return plans.find_known_connection(request.context.team(), request.path_value("slug")).value_or("");
  };
  return {
      {.method = Method::get,
       .path = "/v1/dashboards/{slug}/data",
       .access = Access::viewer,
       .handler = [endpoints](const Request& request) { return endpoints->get_data(request); },
       .docs = open(docs<void, json::object>("get_dashboard_data", "Dashboards",
                                             "All answers of a dashboard; other query names are its parameters", {}, "DashboardData")),
       .quick = [endpoints](const Request& request) { return endpoints->quick(request); },
       .share = share},
      {.method = Method::get,
       .path = "/v1/dashboards/{slug}/query/{query_id}/data",
       .access = Access::viewer,
       .handler = [endpoints](const Request& request) { return endpoints->get_query(request); },
       .docs = open(docs<void, json::object>("get_query_data", "Dashboards",
                                             "The answer of one query; other query names are the dashboard's parameters", {}, "QueryData",
                                             shape)),
       .share = share},
      {.method = Method::post,
       .path = "/v1/dashboards/{slug}/query/{query_id}/data",
       .access = Access::viewer,
       .handler = [endpoints](const Request& request) { return endpoints->post_query(request); },
       .docs = docs<DataEndpoints::QueryBody, json::object>("query_data", "Dashboards", "The answer of one query", "QueryDataRequest",
                                                            "QueryData"),
       .share = share},
      {.method = Method::get,
       .path = "/v1/dashboards/{slug}/explain",
       .access = Access::viewer,
       .handler = [endpoints](const Request& request) { return endpoints->explain(request); },
       .docs = open(docs<void, ExplainedPlan>("explain_dashboard", "Dashboards",
                                              "The execution plan: stages, dependencies, dry-run bytes and cost", {}, "ExplainedPlan")),
       .share = share},
      {.method = Method::post,
       .path = "/v1/dashboards/preview",
       .access = Access::editor,
       .handler = [endpoints](const Request& request) { return endpoints->preview(request); },
       .docs = open(docs<PreviewBody, json::object>("preview_dashboard", "Dashboards",
                                                    "A document that is not saved, with its answers; also takes application/yaml",
                                                    "PreviewRequest", "DashboardPreview")),
       .body_bytes_max = 1 << 20},
      {.method = Method::post,
       .path = "/v1/dashboards/{slug}/precompute",
       .access = Access::admin,
       .handler = [endpoints](const Request& request) { return endpoints->precompute(request); },
       .docs = docs<void, PrecomputeReport>("precompute_dashboard", "Dashboards", "Fill the cache", {}, "PrecomputeReport"),
       .share = share},
  };
}

}  // namespace bridge
