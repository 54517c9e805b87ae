#include "platform/http/compression.h"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdlib>

namespace bridge {
namespace {

constexpr int kGzipLevel = 6;
constexpr int kZstdLevel = 3;
constexpr int kBrotliQuality = 4;
constexpr std::size_t kBrotliBytesMax = 1 << 20;  // above it brotli is slower than what it saves
constexpr int kGzipWindowBits = 15 + 16;          // 16 asks zlib for a gzip wrapper

std::size_t size_of(std::span<const SharedBytes> fragments) {
  std::size_t size = 0;
  for (const SharedBytes& fragment : fragments) size += fragment ? fragment->size() : 0;
  return size;
}

Result<std::string> gzip(std::span<const SharedBytes> fragments) {
  z_stream stream{};
  if (deflateInit2(&stream, kGzipLevel, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return fail(ErrorCode::internal, "gzip failed");
  std::string out(deflateBound(&stream, size_of(fragments)) + 64, '\0');
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  int status = Z_OK;
  for (const SharedBytes& fragment : fragments) {
    if (!fragment) continue;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(fragment->data()));
    stream.avail_in = static_cast<uInt>(fragment->size());
    status = deflate(&stream, Z_NO_FLUSH);
  }
  if (status == Z_OK || status == Z_BUF_ERROR) status = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (status != Z_STREAM_END) return fail(ErrorCode::internal, "gzip failed");
  return out;
}

Result<std::string> zstd(std::span<const SharedBytes> fragments) {
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kZstdLevel);
  const std::size_t size = size_of(fragments);
  ZSTD_CCtx_setPledgedSrcSize(context.get(), size);
  std::string out(ZSTD_compressBound(size), '\0');
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  for (const SharedBytes& fragment : fragments) {
    if (!fragment) continue;
    ZSTD_inBuffer input{fragment->data(), fragment->size(), 0};
    while (input.pos < input.size) {
      if (ZSTD_isError(ZSTD_compressStream2(context.get(), &output, &input, ZSTD_e_continue)))
        return fail(ErrorCode::internal, "zstd failed");
    }
  }
  ZSTD_inBuffer none{nullptr, 0, 0};
  if (ZSTD_compressStream2(context.get(), &output, &none, ZSTD_e_end) != 0) return fail(ErrorCode::internal, "zstd failed");
  out.resize(output.pos);
  return out;
}

Result<std::string> brotli(std::span<const SharedBytes> fragments) {
  std::string joined;
  std::string_view input;
  if (fragments.size() == 1 && fragments[0]) {
    input = *fragments[0];
  } else {
    joined.reserve(size_of(fragments));
    for (const SharedBytes& fragment : fragments) {
      if (fragment) joined += *fragment;
    }
    input = joined;
  }
  std::string out(BrotliEncoderMaxCompressedSize(input.size()), '\0');
  std::size_t size = out.size();
  if (!BrotliEncoderCompress(kBrotliQuality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, input.size(),
                             reinterpret_cast<const std::uint8_t*>(input.data()), &size, reinterpret_cast<std::uint8_t*>(out.data()))) {
    return fail(ErrorCode::internal, "brotli failed");
  }
  out.resize(size);
  return out;
}

// "0.5" of "gzip;q=0.5" in thousandths; 1000 when there is none, 0 when it is unreadable.
int quality_of(std::string_view item) {
  const std::size_t semicolon = item.find(';');
  if (semicolon == std::string_view::npos) return 1000;
  const std::string_view parameter = trim(item.substr(semicolon + 1));
  if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) return 1000;
  const double quality = std::strtod(std::string(parameter.substr(2, 8)).c_str(), nullptr);
  return quality > 0 && quality <= 1 ? static_cast<int>(quality * 1000) : 0;
}

}  // namespace

std::string_view encoding_name(ContentEncoding encoding) {
  switch (encoding) {
    case ContentEncoding::identity: return "";
    case ContentEncoding::gzip: return "gzip";
    case ContentEncoding::zstd: return "zstd";
    case ContentEncoding::brotli: return "br";
  }
  return "";
}

ContentEncoding choose_encoding(std::string_view accept_encoding, std::size_t body_bytes) {
  std::array<int, 4> quality{};
  std::array<bool, 4> named{};
  int any = 0;
  while (!accept_encoding.empty()) {
    const std::string_view item = accept_encoding.substr(0, accept_encoding.find(','));
    accept_encoding.remove_prefix(std::min(accept_encoding.size(), item.size() + 1));
    const std::string name = lower(trim(item.substr(0, item.find(';'))));
    if (name == "*") any = quality_of(item);
    for (const ContentEncoding encoding : {ContentEncoding::gzip, ContentEncoding::zstd, ContentEncoding::brotli}) {
      if (name != encoding_name(encoding)) continue;
      quality[static_cast<std::size_t>(encoding)] = quality_of(item);
      named[static_cast<std::size_t>(encoding)] = true;
    }
  }
  const bool large = body_bytes > kBrotliBytesMax;
  const auto order = large ? std::array{ContentEncoding::zstd, ContentEncoding::gzip, ContentEncoding::brotli}
                           : std::array{ContentEncoding::brotli, ContentEncoding::zstd, ContentEncoding::gzip};
  ContentEncoding best = ContentEncoding::identity;
  int best_quality = 0;
  for (const ContentEncoding encoding : order) {
    const auto at = static_cast<std::size_t>(encoding);
    const int value = named[at] ? quality[at] : any;
    if (value > best_quality) best = encoding, best_quality = value;
  }
  return best;
}

bool is_compressible(std::string_view content_type) {
  const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  if (type.starts_with("text/") && type != "text/event-stream") return true;
  for (const std::string_view known : {"application/json", "application/problem+json", "application/yaml", "application/javascript",
                                       "application/xml", "image/svg+xml", "application/x-ndjson", "application/vnd.apache.arrow.stream"}) {
    if (type == known) return true;
  }
  return false;
}

Result<std::string> compress(ContentEncoding encoding, std::span<const SharedBytes> fragments) {
  switch (encoding) {
    case ContentEncoding::gzip: return gzip(fragments);
    case ContentEncoding::zstd: return zstd(fragments);
    case ContentEncoding::brotli: return brotli(fragments);
    case ContentEncoding::identity: break;
  }
  return fail(ErrorCode::internal, "There is no such encoding");
}

}  // namespace bridge
