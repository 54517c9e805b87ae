#include "features/dashboards/dashboard_index.h"

#include "features/dashboards/crash_point.h"
#include "features/dashboards/dashboard_files.h"
#include "features/dashboards/limits.h"
#include "platform/work/lru_cache.h"

namespace bridge {

// The file as a whole.
struct IndexFile {
  int bridge = 1;
  std::vector<IndexEntry> dashboards;
};
BOOST_DESCRIBE_STRUCT(IndexFile, (), (bridge, dashboards))

template <>
inline constexpr auto field_notes<IndexEntry> = std::to_array<FieldNote>({{.name = "description", .length_max = 16'384}});

namespace {

constexpr std::size_t kCachedTeamsMax = 256;

class ConditionalIndex final : public DashboardIndex {
 public:
  explicit ConditionalIndex(ObjectStore& store) : store_(store) {}

  Result<std::shared_ptr<const IndexEntries>> read(const CallContext& context, const TeamScope& team) override {
    return TRY(read_with_generation(context, team)).entries;
  }

  Result<> update(const CallContext& context, const TeamScope& team, const std::function<bool(IndexEntries&)>& change) override {
    // Writers of this process take turns; between processes the store decides.
    const std::lock_guard lock(write_mutex_);
    for (int attempt = 0; attempt < dashboard_limits::kIndexAttemptsMax; ++attempt) {
      TRY(context.check());
      Generation generation = 0;
      IndexEntries entries;
      if (auto current = read_with_generation(context, team)) {
        generation = current->generation;
        entries = *current->entries;
      } else if (current.error().code == ErrorCode::data_loss) {
        generation = kAnyGeneration;
      } else {
        return fail(std::move(current).error());
      }
      if (!change(entries)) return {};
      crash_point("before_index_put");
      const auto written = store_.put(context, index_key(team), write(entries), generation);
      if (written) {
        remember(team, *written, std::make_shared<const IndexEntries>(std::move(entries)));
        return {};
      }
      if (written.error().code != ErrorCode::aborted) return fail(written.error());
      std::this_thread::sleep_for(std::chrono::milliseconds(1 + attempt));
    }
    return fail(ErrorCode::aborted, "index_busy", "The index of the dashboards is being written by others: try again");
  }

 private:
  struct Known {
    Generation generation = 0;
    std::shared_ptr<const IndexEntries> entries;
  };

  Result<Known> read_with_generation(const CallContext& context, const TeamScope& team) {
    auto object = store_.get(context, index_key(team));
    if (!object) {
      if (object.error().code == ErrorCode::not_found) return Known{0, std::make_shared<const IndexEntries>()};
      return fail(std::move(object).error());
    }
    if (const auto known = cache_.find(team.team_id()); known && known->generation == object->generation) return *known;
    auto entries = parse(object->content);
    if (!entries)
      return fail(Error{.code = ErrorCode::data_loss,
                        .message = "The index of the dashboards cannot be read: rebuild it",
                        .detail = describe_error(entries.error()),
                        .reason = "index_unreadable"});
    return remember(team, object->generation, std::make_shared<const IndexEntries>(std::move(*entries)));
  }

  Known remember(const TeamScope& team, Generation generation, std::shared_ptr<const IndexEntries> entries) {
    const Known known{generation, std::move(entries)};
    cache_.put(team.team_id(), known);
    return known;
  }

  static Result<IndexEntries> parse(std::string_view text) {
    const auto value = TRY(parse_json(text, {.bytes_max = 256 << 20}));
    auto file = TRY(from_json<IndexFile>(value));
    IndexEntries entries;
    for (IndexEntry& entry : file.dashboards) {
      std::string slug = entry.slug;
      entries.insert_or_assign(std::move(slug), std::move(entry));
    }
    return entries;
  }

  // One dashboard a line, so that the file can be read and compared.
  static std::string write(const IndexEntries& entries) {
    std::string out = "{\"bridge\":1,\"dashboards\":[";
    bool first = true;
    for (const auto& [slug, entry] : entries) {
      out += first ? "\n" : ",\n";
      out += to_json_text(entry);
      first = false;
    }
    return out + "\n]}\n";
  }

  ObjectStore& store_;
  std::mutex write_mutex_;
  LruCache<TeamId, Known> cache_{{.entries_max = kCachedTeamsMax}};
};

}  // namespace

std::unique_ptr<DashboardIndex> make_dashboard_index(ObjectStore& store) { return std::make_unique<ConditionalIndex>(store); }

}  // namespace bridge
