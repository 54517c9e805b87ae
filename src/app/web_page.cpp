#include "app/web_page.h"

#include "base/embedded_file.h"
#include "base/text.h"

namespace bridge {

// Made by cmake/embed_files.cmake from web/dist.
std::span<const EmbeddedFile> embedded_web_page();

namespace {

// The addresses of the page's own screens, all answered by its first page.
constexpr std::string_view kScreens[] = {"/",    "/open", "/sign-in",           "/d/{slug}", "/d/{slug}/edit",
                                         "/new", "/chat", "/chat/{session_id}", "/usage",    "/prompt-blocks"};

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

// Answers with the smallest encoding that the client takes.
QuickHandler serve_file(std::string name) {
  struct Loaded {
    std::once_flag once;
    PageFile file;
  };
  auto loaded = std::make_shared<Loaded>();
  return [name = std::move(name), loaded](const Request& request) -> std::optional<Response> {
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

Route page_route(std::string path, std::string file) {
  return {.method = Method::get,
          .path = std::move(path),
          .access = Access::anyone,
          .handler = [](const Request&) -> Result<Response> {
            return fail(ErrorCode::internal, "The page's file is answered on the I/O thread");
          },
          .quick = serve_file(std::move(file))};
}

}  // namespace

std::vector<Route> web_page_routes() {
  std::vector<Route> routes;
  for (const EmbeddedFile& file : embedded_web_page()) {
    if (file.name.ends_with(".br") || file.name.ends_with(".gz") || file.name == "index.html" || file.name.starts_with("render/")) continue;
    routes.push_back(page_route("/" + std::string(file.name), std::string(file.name)));
  }
  if (find_file("index.html")) {
    for (const std::string_view screen : kScreens) {
      Route route = page_route(std::string(screen), "index.html");
      route.docs.open_query = true;  // a dashboard's parameters live in its address
      routes.push_back(std::move(route));
    }
  }
  return routes;
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
