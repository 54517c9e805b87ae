#pragma once

#include <vector>

#include "base/ids.h"
#include "features/dashboard_documents/document.h"
#include "features/dashboard_generation/dry_run_ledger.h"

// What holds for documents that a model wrote, over what holds for all documents.

namespace bridge {

// "dry_run_missing" for every SQL text that reads the warehouse and did not pass a dry run in this session on this connection.
std::vector<Violation> find_untried_sql(const DashboardDocument& document, const DryRunLedger& ledger, const SessionId& session,
                                        const ConnectionId& connection);

// "color_without_meaning": colour that repeats what the position says already, colour values or markup
// in texts.
std::vector<Violation> find_colour_without_meaning(const DashboardDocument& document);

// "link_not_allowed": images, links and markup in texts. What a model read somewhere must not send a reader, or the reader's address,
// elsewhere.
std::vector<Violation> find_links(const DashboardDocument& document);

// Bytes that the approved queries of the document scan together.
std::uint64_t approved_bytes(const DashboardDocument& document, const DryRunLedger& ledger, const SessionId& session,
                             const ConnectionId& connection);

}  // namespace bridge
