#include "features/rules/suggest.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "features/rules/filters.h"
#include "features/rules/match.h"
#include "features/rules/question.h"
#include "features/rules/words.h"

namespace bridge {

namespace {

using namespace rules;

constexpr std::size_t suggestions_max = 50;
constexpr std::size_t fillers_max = 4;  // columns that are tried in a place that the sentence leaves open
constexpr int bins = 10;
constexpr std::int64_t bin_above = 20;  // distinct numbers beyond which an axis of them is binned

// Which places a mark has, and what the sentence put there.
class Suggester {
 public:
  Suggester(const Sentence& sentence, const TableMatch& match)
      : sentence_(sentence),
        match_(match),
        question_(make_question(sentence, match)),
        reading_(rules::read_filters(sentence, match)),
        table_(*match.table) {}

  std::vector<ChartSuggestion> run() {
    read_fields();
    to_filters();
    for (const auto& [mark, weight] : marks()) suggest(mark, weight);
    std::stable_sort(out_.begin(), out_.end(), [](const ChartSuggestion& a, const ChartSuggestion& b) { return a.score > b.score; });
    std::vector<ChartSuggestion> unique;
    for (ChartSuggestion& suggestion : out_) {
      const bool seen = std::any_of(unique.begin(), unique.end(), [&](const ChartSuggestion& other) {
        return other.mark == suggestion.mark && other.x == suggestion.x && other.y == suggestion.y && other.color == suggestion.color &&
               other.aggregate == suggestion.aggregate && other.value == suggestion.value;
      });
      if (!seen) unique.push_back(std::move(suggestion));
    }
    return unique;
  }

 private:
  const ColumnProfile& column(std::size_t index) const { return table_.columns[index]; }
  bool is_quantity(std::size_t index) const { return column(index).numeric && column(index).role != ColumnRole::identifier; }
  bool is_category(std::size_t index) const { return !is_quantity(index) || column(index).role == ColumnRole::dimension; }

  static void add_unique(std::vector<std::size_t>& list, std::size_t item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
  }

  // What stands beside an aggregate is measured; what else is named splits.
  void read_fields() {
    const Aggregate wanted = sentence_.aggregate().value_or(Aggregate::none);
    const auto quantity = find_counted_quantity(sentence_, match_);
    if (quantity) {
      measured_ = quantity;
      aggregate_ = Aggregate::sum;
    }
    counts_ = !quantity && (wanted == Aggregate::count || wanted == Aggregate::distinct || sentence_.has(CueKind::busiest));
    const Cue* cue = sentence_.find(CueKind::aggregate);
    std::vector<const ColumnMention*> mentions;
    for (const ColumnMention& mention : match_.columns) {
      const bool better = std::any_of(match_.columns.begin(), match_.columns.end(), [&](const ColumnMention& other) {
        return other.word == mention.word && other.strength > mention.strength + 0.01;
      });
      const bool named = column(mention.column).role != ColumnRole::measure && column(mention.column).role != ColumnRole::time;
      if (!better && !only_filters(mention.column) && (named || !mention.subject)) mentions.push_back(&mention);
    }
    if (!counts_ && (wanted == Aggregate::mean || wanted == Aggregate::sum || wanted == Aggregate::median || wanted == Aggregate::minimum ||
                     wanted == Aggregate::maximum)) {
      for (const ColumnMention* mention : mentions) {
        if (measured_ || !column(mention->column).numeric || mention->by || !cue || mention->word < cue->begin) continue;
        if (mention->column == stepped()) continue;
        measured_ = mention->column;
        aggregate_ = wanted;
      }
    }
    if (const auto index = stepped()) named_.push_back(*index);
    // "top 10 states by losses": what is ranked by is measured.
    for (const ColumnMention* mention : mentions) {
      if (!measured_ && !counts_ && mention->by && ranks_by(*mention, mentions)) measured_ = mention->column;
    }
    for (const ColumnMention* mention : mentions) {
      if (mention->column == measured_ || mention->column == stepped() || (is_counted(*mention) && mentions.size() > 1)) continue;
      if (is_quantity(mention->column) && !mention->by && column(mention->column).role == ColumnRole::measure) {
        if (!measured_ && !counts_) measured_ = mention->column;
        else add_unique(quantities_, mention->column);
      } else {
        add_unique(named_, mention->column);
      }
    }
    // Values that stand side by side are compared; one that is kept or left out only narrows the rows, unless nothing else is named.
    for (const ValueMention& mention : match_.values) {
      const auto filter =
          std::find_if(reading_.filters.begin(), reading_.filters.end(), [&](const Filter& one) { return one.column == mention.column; });
      const bool narrows = filter != reading_.filters.end() && (filter->kind == FilterKind::not_in || filter->values.size() < 2);
      if (!narrows || (named_.empty() && quantities_.empty())) add_unique(named_, mention.column);
    }
    // So are codes that are listed ("for project identifiers 8, 9 or 15"), unless the sentence says by what to split.
    const bool splits = std::ranges::any_of(mentions, [](const ColumnMention* mention) { return mention->by; });
    for (const Filter& filter : reading_.filters) {
      if (!splits && is_list(filter)) add_unique(named_, filter.column);
    }
    if (named_.empty() && quantities_.empty()) {
      // What is only filtered by is what to look along, when nothing else is named.
      for (const std::size_t index : reading_.columns_used) {
        if (index == measured_) continue;
        if (is_quantity(index) && column(index).role == ColumnRole::measure) add_unique(quantities_, index);
        else add_unique(named_, index);
      }
    }
    // What is said to split by comes first, then what is fully named. A code that is named only by the table's own word ("orders" of
    // order_id) names the rows.
    const auto strength = [&](std::size_t index) {
      double best = 0;
      for (const ColumnMention& mention : match_.columns) {
        if (mention.column == index)
          best = std::max(best, (mention.by ? 1 : 0) +
                                    (mention.strength >= 0.9   ? 1
                                     : mention.strength >= 0.7 ? 0.5
                                                               : 0) -
                                    (is_subject(mention) ? 1.5 : 0));
      }
      for (const ValueMention& mention : match_.values) {
        if (mention.column == index) best = std::max(best, 1.2);
      }
      for (const Filter& filter : reading_.filters) {
        if (filter.column == index && !splits && is_list(filter)) best = std::max(best, 1.2);
      }
      return best;
    };
    std::stable_sort(named_.begin(), named_.end(), [&](std::size_t a, std::size_t b) { return strength(a) > strength(b); });
    if (named_.size() > 1 || !quantities_.empty() || measured_) {
      std::erase_if(named_, [&](std::size_t index) { return strength(index) < 0; });
    }
  }
  bool is_list(const Filter& filter) const {
    return filter.kind == FilterKind::in && filter.values.size() > 1 && filter.column != measured_ &&
           column(filter.column).role == ColumnRole::identifier;
  }
  bool ranks_by(const ColumnMention& mention, const std::vector<const ColumnMention*>& mentions) const {
    if (column(mention.column).role != ColumnRole::measure ||
        !(sentence_.top || sentence_.has(CueKind::order) || sentence_.has(CueKind::best)))
      return false;
    return std::any_of(mentions.begin(), mentions.end(), [&](const ColumnMention* other) {
      return !other->by && other->word < mention.word && column(other->column).role != ColumnRole::measure;
    });
  }
  // "number of S by Y", "how many S for each Y": the rows of S are counted, and S is no side.
  bool is_counted(const ColumnMention& mention) const {
    if (!counts_ || mention.by || is_quantity(mention.column)) return false;
    const bool split = std::any_of(match_.columns.begin(), match_.columns.end(),
                                   [&](const ColumnMention& other) { return other.by && other.column != mention.column; });
    if (!split) return false;
    return std::any_of(sentence_.cues.begin(), sentence_.cues.end(), [&](const Cue& cue) {
      if (cue.kind != CueKind::aggregate || static_cast<Aggregate>(cue.value) != Aggregate::count) return false;
      return mention.begin >= cue.end && mention.begin <= cue.end + 1;
    });
  }
  // Of one value alone there is nothing to compare.
  bool is_single_value(std::size_t index) const {
    const Filter* filter = reading_.find(index, FilterKind::in);
    return filter && filter->values.size() == 1;
  }
  bool only_filters(std::size_t index) const {
    return std::find(reading_.columns_used.begin(), reading_.columns_used.end(), index) != reading_.columns_used.end();
  }
  bool is_subject(const ColumnMention& mention) const {
    const ColumnProfile& profile = column(mention.column);
    if (mention.subject) return true;
    if (mention.strength >= 0.9 || (profile.role != ColumnRole::identifier && profile.role != ColumnRole::label)) return false;
    const std::string& stem = sentence_.words[mention.word].stem;
    return std::find(table_.stems.begin(), table_.stems.end(), stem) != table_.stems.end();
  }

  void to_filters() {
    for (const Filter& filter : reading_.filters) {
      const std::string& name = column(filter.column).name;
      switch (filter.kind) {
        case FilterKind::in: filters_.push_back({name, filter.values.size() == 1 ? "=" : "in", filter.values}); break;
        case FilterKind::not_in: filters_.push_back({name, "<>", filter.values}); break;
        case FilterKind::is_null: filters_.push_back({name, "is null", {}}); break;
        case FilterKind::is_true: filters_.push_back({name, "=", {"true"}}); break;
        case FilterKind::is_false: filters_.push_back({name, "=", {"false"}}); break;
        case FilterKind::range:
          if (!filter.low_operator.empty()) filters_.push_back({name, filter.low_operator, {number_text(filter.low)}});
          if (!filter.high_operator.empty()) filters_.push_back({name, filter.high_operator, {number_text(filter.high)}});
      }
    }
  }

  std::vector<std::pair<std::string, double>> marks() const {
    switch (sentence_.mark()) {
      case MarkWord::bar: return {{"bar", 1}};
      case MarkWord::stacked_bar: return {{"stacked_bar", 1}, {"bar", 0.9}};
      case MarkWord::grouped_bar: return {{"grouped_bar", 1}, {"bar", 0.9}};
      case MarkWord::line: return {{"line", 1}};
      case MarkWord::area: return {{"area", 1}, {"line", 0.9}};
      case MarkWord::pie: return {{"pie", 1}};
      case MarkWord::heatmap: return {{"heatmap", 1}};
      case MarkWord::scatter: return {{"scatter", 1}};
      case MarkWord::histogram: return {{"histogram", 1}, {"bar", 0.9}};
      case MarkWord::box: return {{"box", 1}};
      case MarkWord::map: return {{"map", 1}};
      case MarkWord::table: return {{"table", 1}, {"bar", 0.7}};
      default: break;
    }
    const bool time = question_.trend ||
                      std::any_of(named_.begin(), named_.end(), [&](std::size_t index) { return column(index).role == ColumnRole::time; });
    if (question_.relation) return {{"scatter", 1}, {"heatmap", 0.6}};
    if (question_.distribution) return {{"histogram", 1}, {"box", 0.8}};
    if (time) return {{"line", 1}, {"bar", 0.9}, {"area", 0.6}};
    if (named_.size() >= 2 && !measured_ && !quantities_.empty()) return {{"bar", 1}, {"heatmap", 0.9}, {"scatter", 0.7}};
    if (named_.size() >= 2) return {{"bar", 1}, {"heatmap", 0.9}, {"line", 0.6}};
    if (quantities_.size() >= 1 && measured_ && named_.empty()) return {{"scatter", 1}, {"bar", 0.8}};
    return {{"bar", 1}, {"line", 0.6}, {"pie", 0.6}};
  }

  // Columns for a place that the sentence leaves open: few values first, then codes and names.
  std::vector<std::size_t> open_categories(const std::vector<std::size_t>& taken) const {
    std::vector<std::pair<double, std::size_t>> ranked;
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      const ColumnProfile& profile = table_.columns[i];
      if (std::find(taken.begin(), taken.end(), i) != taken.end() || profile.role == ColumnRole::measure ||
          profile.role == ColumnRole::geography)
        continue;
      double rank = profile.role == ColumnRole::dimension    ? 1
                    : profile.role == ColumnRole::time       ? (for_time_ ? 0.7 : 0.3)
                    : profile.role == ColumnRole::identifier ? 0.5
                                                             : 0.4;
      if (profile.distinct && (*profile.distinct < 2 || *profile.distinct > 40)) rank -= 0.3;
      if (profile.distinct && *profile.distinct > 12) rank -= 0.1;
      if (profile.distinct && table_.row_count > 0 && *profile.distinct >= table_.row_count) rank -= 0.25;
      ranked.emplace_back(-rank + 0.001 * static_cast<double>(i), i);
    }
    std::sort(ranked.begin(), ranked.end());
    std::vector<std::size_t> found;
    for (const auto& [rank, index] : ranked) {
      if (found.size() < fillers_max) found.push_back(index);
    }
    return found;
  }
  std::vector<std::size_t> open_quantities(const std::vector<std::size_t>& taken) const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < table_.columns.size() && found.size() < fillers_max; ++i) {
      if (std::find(taken.begin(), taken.end(), i) == taken.end() && column(i).role == ColumnRole::measure) found.push_back(i);
    }
    for (std::size_t i = 0; i < table_.columns.size() && found.size() < fillers_max; ++i) {
      if (std::find(taken.begin(), taken.end(), i) == taken.end() && is_quantity(i) && column(i).role != ColumnRole::measure &&
          std::find(found.begin(), found.end(), i) == found.end())
        found.push_back(i);
    }
    return found;
  }

  ChartSuggestion base(const std::string& mark, double score) const {
    ChartSuggestion suggestion{.mark = mark, .filters = filters_, .score = score};
    if (sentence_.top) suggestion.limit = *sentence_.top;
    return suggestion;
  }
  std::optional<std::string> aggregate_name(Aggregate aggregate) const {
    switch (aggregate) {
      case Aggregate::sum: return "sum";
      case Aggregate::mean: return "mean";
      case Aggregate::median: return "median";
      case Aggregate::minimum: return "min";
      case Aggregate::maximum: return "max";
      case Aggregate::count: return "count";
      default: return std::nullopt;
    }
  }
  Aggregate aggregate_of(std::size_t index) const {
    if (aggregate_ != Aggregate::none && measured_ == index) return aggregate_;
    return column(index).additive && !column(index).mean_first ? Aggregate::sum : Aggregate::mean;
  }

  // "weight in steps of 500": the number that is named before the steps, nearest to them.
  std::optional<std::size_t> stepped() const {
    if (sentence_.steps.empty()) return {};
    const ColumnMention* nearest = nullptr;
    for (const ColumnMention& mention : match_.columns) {
      if (mention.word >= sentence_.steps.front().word || !column(mention.column).numeric || mention.alternate) continue;
      if (!nearest || mention.word > nearest->word) nearest = &mention;
    }
    return nearest ? std::optional(nearest->column) : std::nullopt;
  }

  void set_x(ChartSuggestion& suggestion, std::size_t index) const {
    const ColumnProfile& profile = column(index);
    suggestion.x = profile.name;
    if (stepped() == index) {
      suggestion.bin_width = sentence_.steps.front().width;
      const double range = profile.min && profile.max ? *profile.max - *profile.min : 0;
      suggestion.bin = std::clamp(static_cast<int>(std::ceil(range / *suggestion.bin_width)), 1, 1'000);
      return;
    }
    if (profile.role == ColumnRole::time && !profile.time_is_year) {
      const Grain grain = question_.grain;
      if (grain != Grain::none) suggestion.time_unit = std::string(name_of(grain));
    } else if (profile.numeric && profile.role == ColumnRole::measure && profile.distinct && *profile.distinct > bin_above) {
      suggestion.bin = bins;
    }
  }
  void set_order(ChartSuggestion& suggestion) const {
    if (sentence_.has(CueKind::order) || sentence_.has(CueKind::best) || sentence_.has(CueKind::busiest))
      suggestion.sort = question_.order < 0 ? "y" : "-y";
  }
  void finish(ChartSuggestion suggestion, std::string why) {
    if (out_.size() >= suggestions_max) return;
    if (suggestion.why.empty()) suggestion.why = std::move(why);
    out_.push_back(std::move(suggestion));
  }

  void suggest(const std::string& mark, double weight) {
    for_time_ = mark != "pie" && mark != "box";
    if (mark == "heatmap") return suggest_heatmap(weight);
    if (mark == "box") return suggest_box(weight);
    if (mark == "scatter" || mark == "map") return suggest_scatter(mark, weight);
    if (mark == "histogram") return suggest_histogram(weight);
    suggest_bars(mark, weight);
  }

  // bar, line, area, pie, table: one side, one measure, perhaps a second side as colour.
  void suggest_bars(const std::string& mark, double weight) {
    std::vector<std::size_t> sides = named_;
    for (const std::size_t quantity : quantities_) add_unique(sides, quantity);
    // Time leads.
    std::stable_sort(sides.begin(), sides.end(), [&](std::size_t a, std::size_t b) {
      return (column(a).role == ColumnRole::time) > (column(b).role == ColumnRole::time);
    });
    if (question_.trend && table_.time && (sides.empty() || column(sides.front()).role != ColumnRole::time))
      sides.insert(sides.begin(), *table_.time);
    std::optional<std::size_t> y = measured_;
    // A quantity named alone is what to look along, not what to add up: "by number of weeks".
    const auto emit = [&](std::size_t x, std::optional<std::size_t> color, double score, const std::string& why, bool open_side = false) {
      ChartSuggestion suggestion = base(mark, weight * score);
      set_x(suggestion, x);
      suggestion.guessed = (open_side || (!color && is_single_value(x))) && sentence_.mark() == MarkWord::none;
      if (y) {
        suggestion.y = column(*y).name;
        suggestion.aggregate = aggregate_name(aggregate_of(*y));
      } else {
        suggestion.aggregate = "count";
      }
      if (color) suggestion.color = column(*color).name;
      set_order(suggestion);
      finish(std::move(suggestion), why);
    };
    const std::string of = y ? str(aggregate_name(aggregate_of(*y)).value_or(""), " of ", column(*y).name) : "number of rows";
    if (!sides.empty()) {
      if (sides.size() >= 2 && mark != "pie") {
        emit(sides[0], sides[1], 1, str(of, " by ", column(sides[0]).name, " and ", column(sides[1]).name, ", both named"));
        emit(sides[1], sides[0], 0.95, str(of, " by ", column(sides[1]).name, " and ", column(sides[0]).name, ", both named"));
      }
      emit(sides[0], std::nullopt, sides.size() >= 2 && mark != "pie" ? 0.85 : 1,
           str(of, " by ", column(sides[0]).name, ", which is named"));
      for (std::size_t i = 1; i < sides.size(); ++i)
        emit(sides[i], std::nullopt, 0.8, str(of, " by ", column(sides[i]).name, ", which is named"));
      if (!y && !counts_) {
        double score = 0.7;
        for (const std::size_t open : open_quantities(sides)) {
          y = open;
          emit(sides[0], std::nullopt, score, str(column(open).name, " by ", column(sides[0]).name));
          score -= 0.1;
        }
        y.reset();
      }
      if (sides.size() == 1) {
        double score = 0.6;
        for (const std::size_t open : open_categories(sides)) {
          if (mark != "pie" && open != y)
            emit(sides[0], open, score, str(of, " by ", column(sides[0]).name, ", split by ", column(open).name));
          score -= 0.05;
        }
      }
    } else {
      std::vector<std::size_t> taken;
      if (y) taken.push_back(*y);
      double score = 0.8;
      for (const std::size_t open : open_categories(taken)) {
        emit(open, std::nullopt, score, str(of, " by ", column(open).name, ": the sentence names nothing to split by"), true);
        score -= 0.1;
      }
    }
  }

  void suggest_heatmap(double weight) {
    std::vector<std::size_t> sides = named_;
    for (const std::size_t quantity : quantities_) add_unique(sides, quantity);
    const bool measures = measured_ && aggregate_ != Aggregate::none;
    if (measured_ && !measures) add_unique(sides, *measured_);
    const auto emit = [&](std::size_t x, std::size_t y, double score, std::string why) {
      ChartSuggestion suggestion = base("heatmap", weight * score);
      set_x(suggestion, x);
      suggestion.y = column(y).name;
      if (measures) {
        suggestion.value = column(*measured_).name;
        suggestion.aggregate = aggregate_name(aggregate_);
      } else {
        suggestion.aggregate = "count";
      }
      finish(std::move(suggestion), std::move(why));
    };
    if (sides.size() >= 2) {
      for (std::size_t i = 0; i < sides.size(); ++i) {
        for (std::size_t j = i + 1; j < sides.size(); ++j)
          emit(sides[i], sides[j], 1 - 0.1 * static_cast<double>(i + j - 1), "both sides are named");
      }
      return;
    }
    std::vector<std::size_t> taken = sides;
    if (measured_) add_unique(taken, *measured_);
    const std::vector<std::size_t> open = open_categories(taken);
    double score = 0.9;
    if (sides.size() == 1) {
      for (const std::size_t other : open) {
        emit(other, sides[0], score, str(column(sides[0]).name, " is named; ", column(other).name, " stands beside it"));
        score -= 0.1;
      }
      for (const std::size_t other : open_quantities(taken)) {
        emit(other, sides[0], score, str(column(sides[0]).name, " is named; ", column(other).name, " stands beside it"));
        score -= 0.1;
      }
      return;
    }
    for (std::size_t i = 0; i < open.size(); ++i) {
      for (std::size_t j = i + 1; j < open.size(); ++j) {
        emit(open[i], open[j], score, "the sentence names no side");
        score -= 0.1;
      }
    }
  }

  void suggest_box(double weight) {
    std::vector<std::size_t> values = quantities_;
    if (measured_) values.insert(values.begin(), *measured_);
    std::vector<std::size_t> groups;
    for (const std::size_t index : named_) (is_category(index) || !values.empty() ? groups : values).push_back(index);
    std::vector<std::size_t> taken = groups;
    for (const std::size_t value : values) add_unique(taken, value);
    double outer = 1;
    for (const std::size_t value : values.empty() ? open_quantities(taken) : values) {
      double score = outer;
      for (const std::size_t group : groups.empty() ? open_categories(taken) : groups) {
        ChartSuggestion suggestion = base("box", weight * score);
        suggestion.x = column(group).name;
        suggestion.y = column(value).name;
        finish(std::move(suggestion), str("spread of ", column(value).name, " in each ", column(group).name));
        score -= 0.1;
      }
      outer -= 0.1;
    }
  }

  void suggest_scatter(const std::string& mark, double weight) {
    if (mark == "map") {
      std::optional<std::size_t> longitude;
      std::optional<std::size_t> latitude;
      for (std::size_t i = 0; i < table_.columns.size(); ++i) {
        if (column(i).role != ColumnRole::geography) continue;
        (spelled_out(column(i).words.back()) == "latitude" ? latitude : longitude) = i;
      }
      if (!longitude || !latitude) return suggest_bars("bar", weight * 0.8);
      ChartSuggestion suggestion = base("map", weight);
      suggestion.x = column(*longitude).name;
      suggestion.y = column(*latitude).name;
      return finish(std::move(suggestion), "places by longitude and latitude");
    }
    std::vector<std::size_t> axes;
    const bool sized = measured_ && aggregate_ != Aggregate::none;
    if (measured_ && !sized) axes.push_back(*measured_);
    for (const std::size_t quantity : quantities_) add_unique(axes, quantity);
    for (const std::size_t index : named_) {
      if (column(index).numeric) add_unique(axes, index);
    }
    std::optional<std::size_t> color;
    for (const std::size_t index : named_) {
      if (!column(index).numeric && column(index).role != ColumnRole::time && !color) color = index;
    }
    const auto emit = [&](std::size_t x, std::size_t y, double score, std::string why) {
      ChartSuggestion suggestion = base("scatter", weight * score);
      suggestion.x = column(x).name;
      suggestion.y = column(y).name;
      if (color) suggestion.color = column(*color).name;
      if (sized) {
        suggestion.value = column(*measured_).name;
        suggestion.aggregate = aggregate_name(aggregate_);
      } else if (counts_) {
        suggestion.aggregate = "count";
      }
      finish(std::move(suggestion), std::move(why));
    };
    std::vector<std::size_t> taken = axes;
    if (measured_) add_unique(taken, *measured_);
    if (axes.size() >= 2) return emit(axes[1], axes[0], 1, "both quantities are named");
    std::vector<std::size_t> open = open_quantities(taken);
    for (std::size_t i = 0; i < table_.columns.size() && open.empty(); ++i) {
      if (column(i).numeric && std::find(taken.begin(), taken.end(), i) == taken.end()) open.push_back(i);
    }
    double score = 0.9;
    if (axes.size() == 1) {
      for (const std::size_t other : open) {
        emit(other, axes[0], score, str(column(axes[0]).name, " is named; ", column(other).name, " stands beside it"));
        score -= 0.1;
      }
      return;
    }
    for (std::size_t i = 0; i + 1 < open.size(); ++i) {
      emit(open[i], open[i + 1], score, "the sentence names no quantity");
      score -= 0.1;
    }
  }

  void suggest_histogram(double weight) {
    std::vector<std::size_t> values = quantities_;
    if (measured_) values.insert(values.begin(), *measured_);
    if (values.empty()) return suggest_bars("bar", weight * 0.9);
    double score = 1;
    for (const std::size_t value : values) {
      ChartSuggestion suggestion = base("histogram", weight * score);
      suggestion.x = column(value).name;
      suggestion.bin = bins * 2;
      suggestion.aggregate = "count";
      finish(std::move(suggestion), str("how ", column(value).name, " spreads"));
      score -= 0.1;
    }
  }

  const Sentence& sentence_;
  const TableMatch& match_;
  const Question question_;
  const FilterReading reading_;
  const TableProfile& table_;
  bool counts_ = false;
  bool for_time_ = true;  // whether times may stand in a place that is left open
  std::optional<std::size_t> measured_;
  Aggregate aggregate_ = Aggregate::none;
  std::vector<std::size_t> quantities_;  // named besides the measured one
  std::vector<std::size_t> named_;       // named to split by
  std::vector<SuggestedFilter> filters_;
  std::vector<ChartSuggestion> out_;
};

}  // namespace

std::vector<ChartSuggestion> suggest_charts(const Sentence& sentence, const TableMatch& match, std::size_t top) {
  std::vector<ChartSuggestion> suggestions = Suggester(sentence, match).run();
  if (suggestions.size() > top) suggestions.resize(top);
  return suggestions;
}

std::vector<ChartSuggestion> suggest_charts(std::string_view sentence, const json::object& table_schema, std::size_t top) {
  const TableProfile table = make_table_profile(table_schema);
  if (table.columns.empty()) return {};
  const Sentence parsed = parse_sentence(sentence);
  const TableMatch match = match_table(parsed, table);
  return suggest_charts(without_named_cues(parsed, match), match, top);
}

}  // namespace bridge
