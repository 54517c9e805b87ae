#include "features/dashboard_generation/document_rules.h"

#include "ai_sdk/core/cut_text.h"
#include "base/text.h"

namespace bridge {

namespace {

bool reads_warehouse(const DocumentQuery& query) { return query.from.empty(); }

std::string field_of(const std::optional<Encoding>& encoding) {
  return encoding && encoding->field ? encoding->field->text : std::string();
}

// Where the colour channel is what draws the parts, or holds the measure.
bool needs_colour(std::string_view mark) { return mark == "pie" || mark == "donut" || mark == "heatmap" || mark == "map"; }

// "#a1b2c3", "rgb(", "<font", "style=": a page in greys with a text in red is no page in greys.
bool has_colour_markup(std::string_view text) {
  const std::string small = lower(text);
  for (const std::string_view markup : {"style=", "<font", "rgb(", "rgba(", "hsl(", "color:"}) {
    if (small.find(markup) != std::string::npos) return true;
  }
  for (std::size_t at = small.find('#'); at != std::string::npos; at = small.find('#', at + 1)) {
    std::size_t end = at + 1;
    while (end < small.size() && std::string_view("0123456789abcdef").find(small[end]) != std::string_view::npos) ++end;
    const bool word_ends = end == small.size() || !std::isalnum(static_cast<unsigned char>(small[end]));
    // "#123" is a number of something; with a letter among the digits, or six of them, it is a colour.
    const std::size_t digits = end - at - 1;
    const bool has_letter = small.substr(at + 1, digits).find_first_of("abcdef") != std::string::npos;
    if (word_ends && (digits == 6 || (digits == 3 && has_letter))) return true;
  }
  return false;
}

Violation colour_violation(std::string path, Position at, std::string message, std::string got, std::string suggestion) {
  return {.path = std::move(path),
          .line = at.line,
          .column = at.column,
          .code = "color_without_meaning",
          .message = std::move(message),
          .got = std::move(got),
          .suggestion = std::move(suggestion)};
}

}  // namespace

std::vector<Violation> find_untried_sql(const DashboardDocument& document, const DryRunLedger& ledger, const SessionId& session,
                                        const ConnectionId& connection) {
  std::vector<Violation> violations;
  for (const DocumentQuery& query : document.queries) {
    if (!reads_warehouse(query) || ledger.approved_bytes(session, connection, query.sql.text)) continue;
    violations.push_back({.path = str("queries.", query.id, ".sql"),
                          .line = query.sql.at.line,
                          .column = query.sql.at.column,
                          .code = "dry_run_missing",
                          .message = "this SQL has not passed a dry run in this session, exactly as it stands here",
                          .suggestion = "call run_dry_run_query with this text and the document's params, then validate again"});
  }
  return violations;
}

std::vector<Violation> find_colour_without_meaning(const DashboardDocument& document) {
  std::vector<Violation> violations;
  for (const DocumentChart& chart : document.charts) {
    const std::string field = field_of(chart.color);
    if (field.empty() || needs_colour(chart.mark.text)) continue;
    const bool repeats = field == field_of(chart.x) ||
                         std::any_of(chart.y.begin(), chart.y.end(), [&](const Encoding& y) { return y.field && y.field->text == field; });
    if (!repeats) continue;
    violations.push_back(colour_violation(str("charts.", chart.id, ".color"), chart.color->at,
                                          str("'", field, "' is on an axis already: a colour for it means nothing more"), field,
                                          "leave `color` out"));
  }
  for (std::size_t r = 0; r < document.layout.size(); ++r) {
    for (std::size_t i = 0; i < document.layout[r].items.size(); ++i) {
      const LayoutItem& item = document.layout[r].items[i];
      if (!has_colour_markup(item.text)) continue;
      violations.push_back(colour_violation(str("layout[", r, "].row[", i, "].text"), item.at, "texts have no colours of their own",
                                            std::string(cut_text(item.text, 100)), "plain words"));
    }
  }
  return violations;
}

std::vector<Violation> find_links(const DashboardDocument& document) {
  std::vector<Violation> violations;
  const auto check = [&](const std::string& path, Position at, const std::string& text) {
    const std::string small = lower(text);
    for (const std::string_view sign : {"://", "![", "](", "<a", "<i", "<s", "javascript:", "www."}) {
      if (small.find(sign) == std::string::npos) continue;
      violations.push_back({.path = path,
                            .line = at.line,
                            .column = at.column,
                            .code = "link_not_allowed",
                            .message = "texts hold no links, images or HTML",
                            .got = std::string(cut_text(text, 100)),
                            .suggestion = "plain words"});
      return;
    }
  };
  check("title", {}, document.title);
  check("description", {}, document.description);
  for (const DocumentParameter& parameter : document.params) {
    check(str("params.", parameter.name, ".label"), parameter.at, parameter.label);
    check(str("params.", parameter.name, ".description"), parameter.at, parameter.description);
  }
  for (const DocumentQuery& query : document.queries) {
    check(str("queries.", query.id, ".description"), query.at, query.description);
    for (const DocumentColumn& column : query.columns) {
      check(str("queries.", query.id, ".columns.", column.name, ".label"), column.at, column.label);
      check(str("queries.", query.id, ".columns.", column.name, ".unit"), column.at, column.unit);
    }
  }
  for (const DocumentChart& chart : document.charts) {
    check(str("charts.", chart.id, ".title"), chart.at, chart.title);
    check(str("charts.", chart.id, ".description"), chart.at, chart.description);
    const auto check_encoding = [&](const Encoding& encoding) { check(encoding.path + ".title", encoding.at, encoding.title); };
    for (const auto* encoding : {&chart.x, &chart.color, &chart.size, &chart.facet}) {
      if (*encoding) check_encoding(**encoding);
    }
    std::ranges::for_each(chart.y, check_encoding);
  }
  for (std::size_t r = 0; r < document.layout.size(); ++r) {
    for (std::size_t i = 0; i < document.layout[r].items.size(); ++i) {
      check(str("layout[", r, "].row[", i, "].text"), document.layout[r].items[i].at, document.layout[r].items[i].text);
    }
  }
  return violations;
}

std::uint64_t approved_bytes(const DashboardDocument& document, const DryRunLedger& ledger, const SessionId& session,
                             const ConnectionId& connection) {
  std::uint64_t bytes = 0;
  for (const DocumentQuery& query : document.queries) bytes += ledger.approved_bytes(session, connection, query.sql.text).value_or(0);
  return bytes;
}

}  // namespace bridge
