#include "app/web_page.h"

#include "base/embedded_file.h"
#include "base/json.h"
#include "base/text.h"

namespace bridge {

// Made by cmake/embed_files.cmake from web/dist.
std::span<const EmbeddedFile> embedded_web_page();

namespace {

// The addresses of the page's own screens, all answered by its first page.
constexpr std::string_view kScreens[] = {"/",
                                         "/open",
                                         "/sign-in",
                                         "/d/{slug}",
                                         "/d/{slug}/edit",
                                         "/new",
                                         "/chat",
                                         "/chat/{session_id}",
                                         "/usage",
                                         "/prompt-blocks",
                                         "/prompt-blocks/{name}"};
constexpr std::string_view kFirstPage = "index.html";
// Which scripts each screen needs, written by the page's build (web/vite.config.ts).
constexpr std::string_view kScripts = "scripts.json";
// Addresses of programs: what is not there is a problem document, whoever asks.
constexpr std::string_view kProgramPaths[] = {"/v1", "/assets", "/health", "/metrics", "/schemas"};

std::string content_type_of(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> types[] = {{".html", "text/html; charset=utf-8"},
                                                                     {".js", "text/javascript; charset=utf-8"},
                                                                     {".css", "text/css; charset=utf-8"},
                                                                     {".svg", "image/svg+xml"},
                                                                     {".json", "application/json"},
                                                                     {".png", "image/png"},
                                                                     {".ico", "image/x-icon"},
                                                                     {".woff2", "font/woff2"}};
  for (const auto& [ending, type] : types) {
    if (name.ends_with(ending)) return std::string(type);
  }
  return "application/octet-stream";
}

// A file in the encodings it was built in.
struct PageFile {
  std::string name;
  std::string etag;
  SharedBytes plain;
  SharedBytes brotli;
  SharedBytes gzip;
};

const EmbeddedFile* find_file(std::string_view name) {
  for (const EmbeddedFile& file : embedded_web_page()) {
    if (file.name == name) return &file;
  }
  return nullptr;
}

// Copied at the first request, so that an idle server does not hold the page twice.
SharedBytes bytes_of(std::string_view name) {
  const EmbeddedFile* file = find_file(name);
  return file ? std::make_shared<const std::string>(file->bytes) : nullptr;
}

std::string etag_of(std::string_view bytes) { return str("\"", std::hash<std::string_view>{}(bytes), "\""); }

// The scripts of a screen as a Link header, so that the browser asks for all of them before it has read the first.
std::string link_header(std::string_view screen) {
  const EmbeddedFile* file = find_file(kScripts);
  if (!file) return "";
  std::vector<std::string> links;
  const json::value by_screen = json::parse(file->bytes);
  for (const std::string_view of : {std::string_view("*"), screen}) {
    const json::value* names = by_screen.as_object().if_contains(of);
    if (!names) continue;
    for (const json::value& name : names->as_array()) links.push_back(str("</", name.as_string(), ">; rel=modulepreload"));
  }
  return join(links, ", ");
}

// Answers with the smallest encoding that the client takes.
QuickHandler serve_file(std::string name, std::string link = "") {
  struct Loaded {
    std::once_flag once;
    PageFile file;
  };
  auto loaded = std::make_shared<Loaded>();
  return [name = std::move(name), link = std::move(link), loaded](const Request& request) -> std::optional<Response> {
    std::call_once(loaded->once, [&] {
      loaded->file = {.name = name, .plain = bytes_of(name), .brotli = bytes_of(name + ".br"), .gzip = bytes_of(name + ".gz")};
      loaded->file.etag = etag_of(*loaded->file.plain);
    });
    const PageFile& file = loaded->file;
    const std::string accepted = request.header("accept-encoding").value_or("");
    Response response{.content_type = content_type_of(name)};
    response.headers = {{"etag", file.etag},
                        {"vary", "Accept-Encoding"},
                        {"cache-control", name.starts_with("assets/") ? "public, max-age=31536000, immutable" : "no-cache"}};
    if (!link.empty()) response.headers.emplace_back("link", link);
    if (file.brotli && accepted.find("br") != std::string::npos) {
      response.headers.emplace_back("content-encoding", "br");
      response.body = {file.brotli};
    } else if (file.gzip && accepted.find("gzip") != std::string::npos) {
      response.headers.emplace_back("content-encoding", "gzip");
      response.body = {file.gzip};
    } else {
      response.body = {file.plain};
    }
    return response;
  };
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

Route page_route(std::string path, QuickHandler quick) {
  return {.method = Method::get,
          .path = std::move(path),
          .access = Access::anyone,
          .handler = [](const Request&) -> Result<Response> {
            return fail(ErrorCode::internal, "The page's file is answered on the I/O thread");
          },
          .quick = std::move(quick)};
}

}  // namespace

std::vector<Route> web_page_routes() {
  std::vector<Route> routes;
  for (const EmbeddedFile& file : embedded_web_page()) {
    if (file.name.ends_with(".br") || file.name.ends_with(".gz") || file.name.starts_with("render/")) continue;
    if (file.name == kFirstPage || file.name == kScripts) continue;
    routes.push_back(page_route("/" + std::string(file.name), serve_file(std::string(file.name))));
  }
  if (find_file(kFirstPage)) {
    for (const std::string_view screen : kScreens) {
      Route route = page_route(std::string(screen), serve_file(std::string(kFirstPage), link_header(screen)));
      route.docs.open_query = true;  // a dashboard's parameters live in its address
      routes.push_back(std::move(route));
    }
  }
  return routes;
}

QuickHandler unknown_path_page() {
  if (!find_file(kFirstPage)) return {};
  return [serve = serve_file(std::string(kFirstPage), link_header(""))](const Request& request) -> std::optional<Response> {
    const bool reads_pages = request.header("accept").value_or("").find("text/html") != std::string::npos;
    const bool of_programs = std::ranges::any_of(kProgramPaths, [&](std::string_view folder) { return is_below(request.path, folder); });
    if (!reads_pages || of_programs) return std::nullopt;
    std::optional<Response> response = serve(request);
    response->status = 404;
    std::erase_if(response->headers, [](const auto& header) { return header.first == "etag" || header.first == "vary"; });
    response->headers.emplace_back("vary", "Accept, Accept-Encoding");
    return response;
  };
}

Headers security_headers() {
  return {{"content-security-policy",
           "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
           "form-action 'self'; frame-ancestors 'none'"},
          {"x-content-type-options", "nosniff"},
          {"referrer-policy", "no-referrer"},
          {"cross-origin-opener-policy", "same-origin"}};
}

std::string_view render_script() {
  const EmbeddedFile* file = find_file("render/render.js");
  return file ? file->bytes : std::string_view();
}

std::string_view render_style() {
  const EmbeddedFile* file = find_file("render/render.css");
  return file ? file->bytes : std::string_view();
}

}  // namespace bridge
