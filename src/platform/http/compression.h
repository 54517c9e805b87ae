#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "platform/http/message.h"

namespace bridge {

enum class ContentEncoding : std::uint8_t { identity, gzip, zstd, brotli };

// "gzip", "zstd", "br"; empty for identity.
std::string_view encoding_name(ContentEncoding encoding);

// The best encoding that an Accept-Encoding header allows: by its q values, then brotli, zstd, gzip (zstd first for large bodies).
ContentEncoding choose_encoding(std::string_view accept_encoding, std::size_t body_bytes);

bool is_compressible(std::string_view content_type);

// The fragments as one compressed body. internal when the library fails.
Result<std::string> compress(ContentEncoding encoding, std::span<const SharedBytes> fragments);

}  // namespace bridge
