#include "platform/http/compression.h"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdlib>

#include "base/guarded.h"

namespace bridge {
namespace {

constexpr int kGzipLevel = 6;
constexpr int kZstdLevel = 3;
constexpr int kBrotliQuality = 4;
constexpr std::size_t kBrotliBytesMax = 1 << 20;  // above it brotli is slower than what it saves
constexpr std::size_t kOutputBytesMin = 256 << 10;
constexpr int kGzipWindowBits = 15 + 16;  // 16 asks zlib for a gzip wrapper

std::size_t size_of(std::span<const SharedBytes> fragments) {
  std::size_t size = 0;
  for (const SharedBytes& fragment : fragments) size += fragment ? fragment->size() : 0;
  return size;
}

// Most answers become a fraction of their size: the output begins as one and grows, instead of being as large as the worst case.
std::size_t first_size(std::size_t worst) { return std::min(worst, std::max<std::size_t>(worst / 4, kOutputBytesMin)); }
void grow(std::string& out, std::size_t worst) { out.resize(std::min(worst, out.size() * 2)); }

Result<std::string> gzip(std::span<const SharedBytes> fragments) {
  z_stream stream{};
  if (deflateInit2(&stream, kGzipLevel, Z_DEFLATED, kGzipWindowBits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return fail(ErrorCode::internal, "gzip failed");
  const AtEnd end([&] { deflateEnd(&stream); });
  const std::size_t worst = deflateBound(&stream, size_of(fragments)) + 64;
  std::string out(first_size(worst), '\0');
  int status = Z_OK;
  const auto deflate_all = [&](int flush) {
    do {
      if (stream.total_out == out.size()) grow(out, worst);
      stream.next_out = reinterpret_cast<Bytef*>(out.data()) + stream.total_out;
      stream.avail_out = static_cast<uInt>(out.size() - stream.total_out);
      status = deflate(&stream, flush);
    } while (stream.avail_out == 0 && out.size() < worst && (status == Z_OK || status == Z_BUF_ERROR));
  };
  for (const SharedBytes& fragment : fragments) {
    if (!fragment) continue;
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(fragment->data()));
    stream.avail_in = static_cast<uInt>(fragment->size());
    deflate_all(Z_NO_FLUSH);
  }
  if (status == Z_OK || status == Z_BUF_ERROR) deflate_all(Z_FINISH);
  out.resize(stream.total_out);
  if (status != Z_STREAM_END) return fail(ErrorCode::internal, "gzip failed");
  return out;
}

Result<std::string> zstd(std::span<const SharedBytes> fragments) {
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  if (!context) return fail(ErrorCode::unavailable, "out_of_memory", "There is no memory to compress with");
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kZstdLevel);
  const std::size_t size = size_of(fragments);
  ZSTD_CCtx_setPledgedSrcSize(context.get(), size);
  const std::size_t worst = ZSTD_compressBound(size);
  std::string out(first_size(worst), '\0');
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  const auto compress_more = [&](ZSTD_inBuffer& input, ZSTD_EndDirective end) {
    if (output.pos == out.size() && out.size() < worst) {
      grow(out, worst);
      output.dst = out.data();
      output.size = out.size();
    }
    return ZSTD_compressStream2(context.get(), &output, &input, end);
  };
  for (const SharedBytes& fragment : fragments) {
    if (!fragment) continue;
    ZSTD_inBuffer input{fragment->data(), fragment->size(), 0};
    while (input.pos < input.size) {
      if (ZSTD_isError(compress_more(input, ZSTD_e_continue))) return fail(ErrorCode::internal, "zstd failed");
    }
  }
  ZSTD_inBuffer none{nullptr, 0, 0};
  for (std::size_t left = 1; left != 0;) {
    const bool is_whole = out.size() == worst;
    left = compress_more(none, ZSTD_e_end);
    if (ZSTD_isError(left) || (left != 0 && is_whole)) return fail(ErrorCode::internal, "zstd failed");
  }
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
