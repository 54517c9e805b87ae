#pragma once

#include <vector>

#include "platform/http/route.h"

namespace bridge {

// The web page that is built into the binary: its files under their own names, and its first page for every screen's address.
std::vector<Route> web_page_routes();

// The first page with status 404 for a person who follows an address that is not there; programs keep the problem document.
QuickHandler unknown_path_page();

// Sent with every answer: nothing may be loaded from elsewhere, framed, or guessed.
Headers security_headers();

// The script and style that `bridge render` puts into a page of its own.
std::string_view render_script();
std::string_view render_style();

}  // namespace bridge
