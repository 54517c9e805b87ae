#pragma once

#include "base/json.h"
#include "features/dashboard_documents/document.h"

namespace bridge {

// The document as the page reads it: every width resolved to the 12-column grid, encodings spelled out, defaults filled in. `slug` is the
// name that it is kept under, which the document itself may leave out.
json::object make_document_json(const DashboardDocument& document, std::string_view slug);

// Rows of charts where the document has none: kpis share rows of four, everything else gets a row or half of one.
std::vector<LayoutRow> default_layout(const DashboardDocument& document);

// Widths of a row's items, together at most 12 if those given leave room: items without one share what is left, the first ones a column
// more.
std::vector<int> resolve_widths(const LayoutRow& row);

}  // namespace bridge
