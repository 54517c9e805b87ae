#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "features/dashboard_documents/document.h"

// Changes to a document's text that leave every other byte as its author wrote it.

namespace bridge {

// The text with its top-level `meta` block replaced, or added at the end. Fails for text that is no YAML mapping in block style, and where
// the rest would come to mean something else (anchors inside `meta` that the rest uses).
Result<std::string> rewrite_meta(std::string_view text, const DocumentMeta& meta);

// The text with its `slug` replaced, or added below `bridge`.
Result<std::string> rewrite_slug(std::string_view text, std::string_view slug);

// The text without `meta`, ending with one newline: what the content hash and differences are about. Text that cannot be read stays as it
// is.
std::string content_of(std::string_view text);

// "sha256:…" of content_of.
std::string content_hash(std::string_view text);

}  // namespace bridge
