#include "features/rules/filters.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/text.h"
#include "features/rules/measures.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr std::size_t reach_before = 6;          // words between a quantity and the number behind it
constexpr std::size_t reach_after = 3;           // words between a number and the quantity behind it
constexpr std::size_t value_words_max = 5;       // of one item of a list
constexpr std::int64_t counted_values_max = 40;  // "4 cylinder cars": of a number with at most so many values

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// What a value means in a column that says yes or no.
std::optional<bool> yes_or_no(std::string_view value) {
  const std::string text = lower(value);
  if (one_of(text, {"true", "t", "yes", "y", "1", "1.0"})) return true;
  if (one_of(text, {"false", "f", "no", "n", "0", "0.0"})) return false;
  return {};
}

class FilterReader {
 public:
  FilterReader(const Sentence& sentence, const TableMatch& match) : sentence_(sentence), match_(match), table_(*match.table) {}

  FilterReading run() {
    read_missing();
    read_flags();
    read_values();
    read_listed_numbers();
    read_conditions();
    find_filter_only();
    return std::move(out_);
  }

 private:
  const ColumnProfile& column(std::size_t index) const { return table_.columns[index]; }
  const Word& word(std::size_t i) const { return sentence_.words[i]; }
  std::size_t size() const { return sentence_.words.size(); }
  bool is_filler(std::size_t i) const { return is_stop_word(word(i).text) || word(i).generic || one_of(word(i).text, {"ones", "any"}); }

  Filter& filter_of(std::size_t index, FilterKind kind) {
    for (Filter& filter : out_.filters) {
      if (filter.column == index && filter.kind == kind) return filter;
    }
    out_.filters.push_back({.column = index, .kind = kind});
    return out_.filters.back();
  }

  // ---- not, without, except ------------------------------------------------------------------------------------------

  bool is_negation(std::size_t i) const {
    const std::string_view text = word(i).text;
    if (word(i).quoted || (word(i).used && !word(i).cued)) return false;
    if (is_negation_word(text)) return true;
    const std::string_view before = i > 0 ? std::string_view(word(i - 1).text) : std::string_view();
    // "other than", "apart from", "leave out", "all but".
    return (text == "than" && one_of(before, {"other", "rather"})) || (text == "from" && one_of(before, {"apart", "aside"})) ||
           (text == "out" && one_of(before, {"leave", "leaving", "left", "filter", "filtering"})) || (text == "but" && before == "all");
  }

  // Whether what begins at `at` is left out: back over fillers, words of the same column, and other items of the same list.
  std::optional<std::size_t> negation_before(std::size_t at, std::size_t index) const {
    for (std::size_t i = at; i > 0;) {
      --i;
      if (is_negation(i)) return i;
      if (const ValueMention* other = value_over(i); other && other->column == index) {
        i = other->word;
        continue;
      }
      if (at - i > reach_before) return {};
      // "movies with R, but not X": a comma ends what is left out, unless the list goes on.
      if (word(i).text == "but" || word(i).text == "with" || word(i).text == "only") return {};
      if (is_filler(i) || names(i, index)) continue;
      return {};
    }
    return {};
  }
  const ValueMention* value_over(std::size_t i) const {
    for (const ValueMention& mention : match_.values) {
      if (mention.word <= i && i < mention.end) return &mention;
    }
    return nullptr;
  }
  bool names(std::size_t i, std::size_t index) const {
    return std::any_of(match_.columns.begin(), match_.columns.end(),
                       [&](const ColumnMention& mention) { return mention.column == index && mention.begin <= i && i < mention.end; });
  }
  const ColumnMention* mention_at(std::size_t i) const {
    const ColumnMention* best = nullptr;
    for (const ColumnMention& mention : match_.columns) {
      if (mention.begin <= i && i < mention.end && !mention.alternate && (!best || mention.strength > best->strength)) best = &mention;
    }
    return best;
  }

  // "without a channel", "no segment", "missing email", "channel is unknown": nothing is known.
  void read_missing() {
    for (const ColumnMention& mention : match_.columns) {
      if (mention.alternate || mention.by || mention.strength < 0.7 || mention.begin == 0) continue;
      const ColumnProfile& profile = column(mention.column);
      if (profile.null_fraction <= 0 && profile.missing.empty()) continue;
      std::optional<std::size_t> said;
      for (std::size_t i = mention.begin; i > 0 && mention.begin - i < 3; --i) {
        const std::string_view text = word(i - 1).text;
        if (one_of(text, {"without", "no", "missing", "lacking", "blank", "empty", "unknown"})) said = i - 1;
        if (said || !one_of(text, {"a", "an", "any", "the", "known", "given"})) break;
      }
      std::size_t end = mention.end;
      if (!said) {
        std::size_t i = mention.end;
        while (i < size() && one_of(word(i).text, {"is", "are", "was", "were"})) ++i;
        if (i > mention.end && i < size() && one_of(word(i).text, {"missing", "unknown", "empty", "null", "blank"})) {
          said = mention.begin;
          end = i + 1;
        }
      }
      // "no more than 3 channels", "without delay over 30": something is said of its values.
      const bool valued = value_over(mention.end) && mention.end < size() && value_over(mention.end)->column == mention.column;
      if (!said || valued) continue;
      filter_of(mention.column, FilterKind::is_null).words.emplace_back(*said, end);
    }
  }

  // "vip customers", "orders that are not cancelled": a column of yes and no, said as what the rows are.
  void read_flags() {
    for (const ColumnMention& mention : match_.columns) {
      if (mention.by || mention.each || mention.strength < 0.7 || !is_flag(column(mention.column)) || taken(mention.begin)) continue;
      const bool before_rows = mention.end < size() && (names_rows(mention.end) || word(mention.end).generic);
      const std::size_t previous = mention.begin > 0 ? mention.begin - 1 : 0;
      const bool after_verb =
          mention.begin > 0 && one_of(word(previous).text, {"are", "is", "were", "was", "only", "not", "been", "non", "no", "without"});
      if (!before_rows && !after_verb) continue;
      const auto negated = negation_before(mention.begin, mention.column);
      Filter& filter = filter_of(mention.column, negated ? FilterKind::is_false : FilterKind::is_true);
      filter.words.emplace_back(negated.value_or(mention.begin), mention.end);
    }
  }
  bool names_rows(std::size_t i) const { return std::find(table_.stems.begin(), table_.stems.end(), word(i).stem) != table_.stems.end(); }

  void read_values() {
    for (const ValueMention& mention : match_.values) {
      const auto negated = negation_before(mention.word, mention.column);
      Filter& filter = filter_of(mention.column, negated ? FilterKind::not_in : FilterKind::in);
      if (std::find(filter.values.begin(), filter.values.end(), mention.value) == filter.values.end())
        filter.values.push_back(mention.value);
      filter.words.emplace_back(negated ? *negated : mention.word, mention.end);
    }
  }

  // ---- numbers -------------------------------------------------------------------------------------------------------

  bool taken(std::size_t i) const { return out_.has_word(i); }
  bool is_plain_number(std::size_t i) const {
    return i < size() && word(i).number && !word(i).used && !taken(i) && !value_over(i) && !is_in_name(i);
  }
  // "deaths 00 14" of the column deaths_00_14.
  bool is_in_name(std::size_t i) const {
    return std::any_of(match_.columns.begin(), match_.columns.end(),
                       [&](const ColumnMention& mention) { return mention.begin <= i && i < mention.end; });
  }
  bool holds_numbers(std::size_t index) const {
    const ColumnProfile& profile = column(index);
    if (profile.numeric || profile.time_is_year) return true;
    const auto is_number = [](const std::string& text) {
      double value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      return error == std::errc() && end == text.data() + text.size();
    };
    // Of codes ("80331", "K2P 1L7") some are numbers.
    if (profile.role == ColumnRole::identifier) return std::ranges::any_of(profile.values, is_number);
    return !profile.values.empty() && std::ranges::all_of(profile.values, is_number);
  }

  // "cylinders 4, 6 or 8", "months 1, 2 and 12", "customer 17": numbers behind a name are its values. Also "8 cylinder cars".
  void read_listed_numbers() {
    for (std::size_t i = 0; i < size(); ++i) {
      if (!is_plain_number(i)) continue;
      std::size_t end = i;
      std::vector<std::size_t> numbers;
      while (is_plain_number(end)) {
        numbers.push_back(end);
        std::size_t next = end + 1;
        if (next < size() && one_of(word(next).text, {"and", "or"}) && is_plain_number(next + 1)) ++next;
        else if (!(is_plain_number(next) && sentence_.before(next).find_first_of(",;/&") != std::string_view::npos)) break;
        end = next;
      }
      end = numbers.back() + 1;
      if (const auto index = column_of_list(i, end, numbers.size())) {
        const bool negated = negation_before(begin_of_list(i), *index).has_value();
        Filter& filter = filter_of(*index, negated ? FilterKind::not_in : FilterKind::in);
        for (const std::size_t number : numbers) {
          const std::string value = text_of(*index, word(number));
          if (std::find(filter.values.begin(), filter.values.end(), value) == filter.values.end()) filter.values.push_back(value);
        }
        filter.words.emplace_back(i, end);
      }
      i = end - 1;
    }
  }
  std::string text_of(std::size_t index, const Word& number) const {
    const std::string value = number_text(number.value);
    for (const std::string& known : column(index).values) {
      if (known == number.text || known == value) return known;
    }
    return column(index).numeric || column(index).time_is_year ? value : number.text;
  }
  std::size_t begin_of_list(std::size_t i) const {
    while (i > 0 && (is_filler(i - 1) && !is_negation(i - 1))) --i;
    return i;
  }
  std::optional<std::size_t> column_of_list(std::size_t begin, std::size_t end, std::size_t count) const {
    // "mpg of 8 cylinder cars": what stands right behind it is nearer than a name before "of".
    if (begin > 0 && word(begin - 1).text == "of") {
      if (const auto index = column_counted_behind(begin, end, count)) return index;
    }
    // The name stands before it, with "of", "is", "numbers" between; "with" only before a word for a code ("musicals with identifiers 7,
    // 6").
    bool coded = false;
    for (std::size_t i = begin; i > 0 && begin - i < 4; --i) {
      if (const ColumnMention* mention = best_number_mention(i - 1, begin, end)) return mention->column;
      const std::string_view text = word(i - 1).text;
      coded |= is_code_word(text);
      const bool between =
          one_of(text, {"of",   "is", "are",    "equal", "equals", "to",     "being", "number", "numbers", "include", "including",
                        "that", "as", "either", "in",    "among",  "values", "value", "was",    "were",    "namely",  "equaling"}) ||
          is_code_word(text) || (coded && one_of(text, {"with", "having", "an", "a", "the"})) ||
          (text == "by" && i >= 2 && word(i - 2).text == "identified");
      if (!between) break;
    }
    return column_counted_behind(begin, end, count);
  }
  static bool is_code_word(std::string_view text) {
    return one_of(text, {"id", "ids", "code", "codes", "identifier", "identifiers", "identity", "identities", "identification",
                         "identified", "numbered"});
  }
  // "8 cylinder cars": a number of few values, named right behind.
  std::optional<std::size_t> column_counted_behind(std::size_t begin, std::size_t end, std::size_t count) const {
    const ColumnMention* mention = end < size() ? best_number_mention(end, begin, end) : nullptr;
    if (!mention) return {};
    const ColumnProfile& profile = column(mention->column);
    const bool counted = profile.numeric && profile.distinct && *profile.distinct <= counted_values_max && !mention->by;
    const bool inside =
        std::all_of(sentence_.words.begin() + static_cast<std::ptrdiff_t>(begin),
                    sentence_.words.begin() + static_cast<std::ptrdiff_t>(end), [&](const Word& one) {
                      return !one.number || (profile.min && profile.max && one.value >= *profile.min && one.value <= *profile.max);
                    });
    if (counted && inside && (count > 1 || profile.role == ColumnRole::dimension)) return mention->column;
    return {};
  }
  // Of the numbers that word i names, one that has such values before one that is named as well but has none.
  const ColumnMention* best_number_mention(std::size_t i, std::size_t begin, std::size_t end) const {
    const auto holds = [&](const ColumnMention& mention) {
      const ColumnProfile& profile = column(mention.column);
      if (!profile.min || !profile.max) return true;
      return std::any_of(sentence_.words.begin() + static_cast<std::ptrdiff_t>(begin),
                         sentence_.words.begin() + static_cast<std::ptrdiff_t>(end),
                         [&](const Word& one) { return one.number && one.value >= *profile.min && one.value <= *profile.max; });
    };
    const auto rank = [&](const ColumnMention& mention) { return std::tuple(holds(mention), mention.strength, !mention.alternate); };
    const ColumnMention* best = nullptr;
    for (const ColumnMention& mention : match_.columns) {
      if (!(mention.begin <= i && i < mention.end) || !holds_numbers(mention.column)) continue;
      if (!best || rank(mention) > rank(*best)) best = &mention;
    }
    return best;
  }

  void read_conditions() {
    for (const NumberCondition& condition : sentence_.conditions) {
      const auto index = column_of_condition(condition);
      if (!index) {
        out_.unbound.push_back(condition);
        continue;
      }
      Filter filter{.column = *index,
                    .kind = FilterKind::range,
                    .low_operator = condition.low_operator,
                    .low = condition.low,
                    .high_operator = condition.high_operator,
                    .high = condition.high};
      filter.words.emplace_back(condition.begin, condition.end);
      // A share is kept as 0.2 and said as 20 %.
      if (column(*index).is_share && says_percent(condition)) {
        filter.low /= 100;
        filter.high /= 100;
      }
      out_.filters.push_back(std::move(filter));
    }
  }
  bool says_percent(const NumberCondition& condition) const {
    const std::size_t next = condition.end;
    if (next < size() && one_of(word(next).text, {"percent", "per"})) return true;
    return next < size() ? sentence_.before(next).find('%') != std::string_view::npos
                         : sentence_.text.find('%', word(size() - 1).to) != std::string::npos;
  }

  // The quantity of a threshold: what follows the number ("20 miles per gallon"), else what stands before it, else what has that unit. A
  // code is meant only when it stands right before the number.
  std::optional<std::size_t> column_of_condition(const NumberCondition& condition) const {
    const auto found = plausible(nearest_quantity(condition), condition);
    // "wheat from 1600 to 1700", whose own numbers are all less: years.
    if (const auto year = year_of_range(condition); year && (!found || !reaches(*found, condition.low))) return year;
    // "over 5 kg" is no length in mm.
    const std::string_view unit = condition.end < size() ? std::string_view(word(condition.end).text) : std::string_view();
    if (found && is_unit_word(unit) && !column(*found).unit.empty() && !names_unit(unit, column(*found).unit)) return {};
    return found;
  }
  bool overlaps(std::size_t index, const NumberCondition& condition) const {
    const ColumnProfile& profile = column(index);
    const bool low = condition.low_operator.empty() || !profile.max || *profile.max >= condition.low;
    const bool high = condition.high_operator.empty() || !profile.min || *profile.min <= condition.high;
    return low && high;
  }
  // "authors between 60 and 62" are none of an order of 1 to 3: of the numbers that are named, the nearest one that has such values.
  std::optional<std::size_t> plausible(std::optional<std::size_t> found, const NumberCondition& condition) const {
    if (!found || overlaps(*found, condition) || (column(*found).is_share && says_percent(condition))) return found;
    const ColumnMention* nearest = nullptr;
    for (const ColumnMention& mention : match_.columns) {
      const ColumnProfile& profile = column(mention.column);
      if (!profile.numeric || !profile.min || !profile.max || !overlaps(mention.column, condition)) continue;
      if (!nearest || distance(mention, condition) < distance(*nearest, condition)) nearest = &mention;
    }
    return nearest ? std::optional(nearest->column) : found;
  }
  bool reaches(std::size_t index, double value) const { return !column(index).max || *column(index).max >= value; }
  std::optional<std::size_t> year_of_range(const NumberCondition& condition) const {
    if (condition.low_operator.empty() || condition.high_operator.empty() || !table_.time) return {};
    const ColumnProfile& time = column(*table_.time);
    const bool inside = time.min && time.max && condition.high >= *time.min && condition.low <= *time.max;
    const bool whole = condition.low == std::floor(condition.low) && condition.high == std::floor(condition.high);
    return time.time_is_year && inside && whole ? table_.time : std::nullopt;
  }
  std::optional<std::size_t> nearest_quantity(const NumberCondition& condition) const {
    const auto quantity = [&](std::size_t index) {
      const ColumnProfile& profile = column(index);
      return profile.numeric && profile.role != ColumnRole::identifier && profile.role != ColumnRole::time;
    };
    const ColumnMention* after = nullptr;
    for (std::size_t i = condition.end; i < size() && i <= condition.end + reach_after && !after; ++i) {
      if (starts_condition(i) || is_by(i)) break;
      after = best_where(i, quantity);
      if (after && after->by) after = nullptr;
      if (after || (!is_filler(i) && !word(i).used && i > condition.end)) break;
    }
    if (after && after->strength >= 0.7 && only_little_words(condition.end, after->begin)) return after->column;
    if (condition.end < size()) {
      // "over 90 minutes", "above 30 degrees": of the unit, when that is one column's; else a named one of that unit.
      std::vector<std::size_t> of_unit;
      for (std::size_t i = 0; i < table_.columns.size(); ++i) {
        if (quantity(i) && names_unit(word(condition.end).text, column(i).unit)) of_unit.push_back(i);
      }
      for (const std::size_t index : of_unit) {
        if (of_unit.size() == 1 || is_named(index)) return index;
      }
    }
    // A code is meant when it is named as one ("customer IDs 28 or lower").
    const auto any_number = [&](std::size_t index) { return holds_numbers(index); };
    for (std::size_t i = condition.begin; i > 0 && condition.begin - i < 4; --i) {
      if (const ColumnMention* mention = best_where(i - 1, any_number); mention && (quantity(mention->column) || mention->strength >= 0.9))
        return mention->column;
      if (!is_filler(i - 1)) break;
    }
    for (std::size_t i = condition.begin; i > 0 && condition.begin - i < reach_before; --i) {
      if (ends_condition(i)) break;
      if (const ColumnMention* mention = best_where(i - 1, quantity); mention && !mention->by) return mention->column;
    }
    if (after) return after->column;
    // Named anywhere: the nearest before, then the only one.
    const ColumnMention* nearest = nullptr;
    for (const ColumnMention& mention : match_.columns) {
      if (!quantity(mention.column) || mention.alternate) continue;
      if (!nearest || distance(mention, condition) < distance(*nearest, condition)) nearest = &mention;
    }
    if (nearest) return nearest->column;
    for (const ColumnMention& mention : match_.columns) {
      if (!column(mention.column).numeric || mention.alternate) continue;
      if (!nearest || distance(mention, condition) < distance(*nearest, condition)) nearest = &mention;
    }
    if (nearest) return nearest->column;
    return {};
  }
  bool only_little_words(std::size_t begin, std::size_t end) const {
    for (std::size_t i = begin; i < end; ++i) {
      if (!is_filler(i) && !word(i).used) return false;
    }
    return true;
  }
  static std::size_t distance(const ColumnMention& mention, const NumberCondition& condition) {
    return mention.word < condition.begin ? condition.begin - mention.word : mention.word - condition.end + 3;
  }
  bool is_named(std::size_t index) const {
    return std::any_of(match_.columns.begin(), match_.columns.end(), [&](const ColumnMention& mention) { return mention.column == index; });
  }
  template <class Fits>
  const ColumnMention* best_where(std::size_t i, const Fits& fits) const {
    const ColumnMention* best = nullptr;
    for (const ColumnMention& mention : match_.columns) {
      if (!(mention.begin <= i && i < mention.end) || !fits(mention.column)) continue;
      if (!best || mention.strength > best->strength + 0.01) best = &mention;
    }
    return best;
  }
  bool starts_condition(std::size_t i) const {
    return std::any_of(sentence_.conditions.begin(), sentence_.conditions.end(),
                       [&](const NumberCondition& one) { return one.begin == i; });
  }
  bool ends_condition(std::size_t i) const {
    return std::any_of(sentence_.conditions.begin(), sentence_.conditions.end(), [&](const NumberCondition& one) { return one.end == i; });
  }
  bool is_by(std::size_t i) const {
    return std::any_of(sentence_.cues.begin(), sentence_.cues.end(),
                       [&](const Cue& cue) { return (cue.kind == CueKind::by || cue.kind == CueKind::each) && cue.begin == i; });
  }

  // "for drivers with a number over 30": what stands beside a filter's words only names what is filtered by.
  void find_filter_only() {
    for (const Filter& filter : out_.filters) {
      bool elsewhere = false;
      for (const ColumnMention& mention : match_.columns) {
        if (mention.column == filter.column && (!near_filter(mention, filter) || is_measured(mention))) elsewhere = true;
      }
      if (!elsewhere) out_.columns_used.push_back(filter.column);
    }
  }
  // "the average season for seasons between …": what stands right behind an aggregate is measured, whatever else is said of it. "A maximum
  // of 30" is a limit unless the column is named once more.
  bool is_measured(const ColumnMention& mention) const {
    if (!column(mention.column).numeric) return false;
    const auto times = std::count_if(match_.columns.begin(), match_.columns.end(),
                                     [&](const ColumnMention& other) { return other.column == mention.column; });
    return std::any_of(sentence_.cues.begin(), sentence_.cues.end(), [&](const Cue& cue) {
      const auto aggregate = static_cast<Aggregate>(cue.value);
      const bool beside = cue.kind == CueKind::aggregate && cue.end <= mention.begin && mention.begin - cue.end <= 2 &&
                          only_little_words(cue.end, mention.begin);
      const bool telling = aggregate == Aggregate::sum || aggregate == Aggregate::mean || aggregate == Aggregate::median;
      return beside && (telling || (times > 1 && (aggregate == Aggregate::minimum || aggregate == Aggregate::maximum)));
    });
  }
  bool near_filter(const ColumnMention& mention, const Filter& filter) const {
    if (mention.by) return false;
    return std::any_of(filter.words.begin(), filter.words.end(), [&](const auto& span) {
      const auto [begin, end] = span;
      if (mention.begin >= begin && mention.end <= end) return true;
      const std::size_t from = mention.end <= begin ? mention.end : end;
      const std::size_t to = mention.end <= begin ? begin : mention.begin;
      if (to < from || to - from > 4) return false;
      for (std::size_t i = from; i < to; ++i) {
        if (!is_filler(i) && !taken(i) &&
            !one_of(word(i).text, {"number", "numbers", "ranging", "values", "value", "include", "including"}))
          return false;
      }
      return true;
    });
  }

  const Sentence& sentence_;
  const TableMatch& match_;
  const TableProfile& table_;
  FilterReading out_;
};

bool is_capitalised(const Word& word) {
  const auto c = word.written.empty() ? '\0' : word.written.front();
  return (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0xC3;
}

}  // namespace

bool FilterReading::has_word(std::size_t word) const {
  return std::any_of(filters.begin(), filters.end(), [&](const Filter& filter) {
    return std::any_of(filter.words.begin(), filter.words.end(),
                       [&](const auto& span) { return span.first <= word && word < span.second; });
  });
}

const Filter* FilterReading::find(std::size_t column, FilterKind kind) const {
  const auto found =
      std::find_if(filters.begin(), filters.end(), [&](const Filter& filter) { return filter.column == column && filter.kind == kind; });
  return found == filters.end() ? nullptr : &*found;
}

FilterReading read_filters(const Sentence& sentence, const TableMatch& match) { return FilterReader(sentence, match).run(); }

bool is_flag(const ColumnProfile& column) {
  if (column.type == "boolean") return true;
  if (!column.distinct || *column.distinct != 2 || column.values.size() != 2) return false;
  const auto first = yes_or_no(column.values[0]);
  const auto second = yes_or_no(column.values[1]);
  return first && second && *first != *second;
}

std::string filter_sql(const TableProfile& table, const Filter& filter) {
  const ColumnProfile& column = table.columns[filter.column];
  const bool bare = column.numeric || column.time_is_year;
  const auto literal = [&](const std::string& value) { return bare ? value : column.dialect->text_literal(value); };
  switch (filter.kind) {
    case FilterKind::in: {
      std::vector<std::string> values;
      for (const std::string& value : filter.values) values.push_back(literal(value));
      return values.size() == 1 ? str(column.sql, " = ", values.front()) : str(column.sql, " IN (", join(values, ", "), ")");
    }
    case FilterKind::not_in: {
      // What is not known is none of them, and stays.
      std::vector<std::string> parts;
      for (const std::string& value : filter.values) parts.push_back(str(column.sql, " <> ", literal(value)));
      const std::string all = join(parts, " AND ");
      return column.null_fraction > 0 ? str("(", column.sql, " IS NULL OR (", all, "))") : all;
    }
    case FilterKind::range: {
      std::vector<std::string> parts;
      if (!filter.low_operator.empty()) parts.push_back(str(column.sql, ' ', filter.low_operator, ' ', number_text(filter.low)));
      if (!filter.high_operator.empty()) parts.push_back(str(column.sql, ' ', filter.high_operator, ' ', number_text(filter.high)));
      return join(parts, " AND ");
    }
    case FilterKind::is_null: {
      std::vector<std::string> parts{str(column.sql, " IS NULL")};
      for (const std::string& value : column.missing) parts.push_back(str(column.sql, " = ", column.dialect->text_literal(value)));
      return parts.size() == 1 ? parts.front() : str("(", join(parts, " OR "), ")");
    }
    case FilterKind::is_true:
    case FilterKind::is_false: {
      const bool wanted = filter.kind == FilterKind::is_true;
      if (column.type == "boolean") return wanted ? column.sql : str("NOT ", column.sql);
      for (const std::string& value : column.values) {
        if (yes_or_no(value) == wanted) return str(column.sql, " = ", literal(value));
      }
      return str(column.sql, wanted ? " = 1" : " = 0");
    }
  }
  return {};
}

std::string filter_note(const TableProfile& table, const Filter& filter) {
  const ColumnProfile& column = table.columns[filter.column];
  const std::string name = in_sentence(column.label);
  switch (filter.kind) {
    case FilterKind::in: return str("Only rows where ", name, " is ", join(filter.values, " or "), " are shown.");
    case FilterKind::not_in: return str("Rows where ", name, " is ", join(filter.values, " or "), " are left out.");
    case FilterKind::is_null: return str("Only rows without ", name, " are counted.");
    case FilterKind::is_true: return str("Only rows where ", name, " is true are counted.");
    case FilterKind::is_false: return str("Only rows where ", name, " is false are counted.");
    case FilterKind::range: break;
  }
  std::vector<std::string> said;
  if (!filter.low_operator.empty()) said.push_back(str(filter.low_operator == ">" ? "over " : "at least ", number_text(filter.low)));
  if (!filter.high_operator.empty()) said.push_back(str(filter.high_operator == "<" ? "under " : "at most ", number_text(filter.high)));
  return str("Only rows with ", name, " ", join(said, " and "), column.unit.empty() ? "" : " ", column.unit, " are counted.");
}

std::vector<UnknownValue> unknown_values(const Sentence& sentence, const TableMatch& match) {
  const auto& words = sentence.words;
  const auto is_value = [&](std::size_t i) {
    return std::any_of(match.values.begin(), match.values.end(), [&](const ValueMention& one) { return one.word <= i && i < one.end; });
  };
  const auto is_column = [&](std::size_t i) {
    return std::any_of(match.columns.begin(), match.columns.end(),
                       [&](const ColumnMention& one) { return one.strength >= 0.7 && one.begin <= i && i < one.end; });
  };
  // Numbers are values where they stand in quotes ('8, Rue Hanovre', '14700').
  const auto free = [&](std::size_t i) {
    return i < words.size() && !is_value(i) && (!words[i].number || words[i].quoted) && !words[i].used;
  };
  const auto separated = [&](std::size_t i) {
    return i < words.size() && sentence.before(i).find_first_of(",;/&") != std::string_view::npos;
  };
  // "HI" is no greeting, unless everything is in capitals.
  const auto is_code = [&](std::size_t i) {
    const std::string& written = words[i].written;
    return !sentence.shouted && written.size() >= 2 &&
           std::all_of(written.begin(), written.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  };
  std::vector<UnknownValue> found;
  const auto add = [&](std::size_t begin, std::size_t end) {
    if (found.size() >= unknown_values_max || begin >= end) return;
    found.push_back(
        {std::string(std::string_view(sentence.text).substr(words[begin].from, words[end - 1].to - words[begin].from)), begin, end});
  };
  for (std::size_t i = 0; i < words.size();) {
    if (!free(i)) {
      ++i;
      continue;
    }
    std::size_t end = i;
    if (words[i].quoted) {
      while (end < words.size() && words[end].quoted && (end == i || sentence.before(end).find_first_of("'\"`") == std::string_view::npos))
        ++end;
      add(i, end);
      i = end;
      continue;
    }
    // Capitals in the middle of a sentence, but for names of columns. "of" and "de" may stand between two of them.
    const bool opens = i == 0 || sentence.before(i).find_first_of(".?!:") != std::string_view::npos;
    if (!is_capitalised(words[i]) || (opens && !separated(i + 1)) || (is_column(i) && !separated(i + 1) && !separated(i)) ||
        (words[i].generic && !is_code(i)) || (is_stop_word(words[i].text) && words[i].written.size() < 2)) {
      ++i;
      continue;
    }
    end = i + 1;
    while (end < words.size() && end - i < value_words_max && free(end) && !separated(end) && !words[end].quoted) {
      const bool joint = one_of(words[end].text, {"of", "de", "la", "the", "del", "da", "van", "von", "der"});
      if (is_capitalised(words[end])) ++end;
      else if (joint && end + 1 < words.size() && is_capitalised(words[end + 1]) && !separated(end + 1)) end += 2;
      else break;
    }
    // A stop word alone ("The", "For") is no value unless it is written as a code.
    if (end - i > 1 || is_code(i) || !is_stop_word(words[i].text)) add(i, end);
    i = end;
  }
  // What nothing is called may be a value too, however it is written ("japan and france"), or what people call one ("japanese").
  const auto is_open = [&](std::size_t i) {
    return free(i) && words[i].content && !is_column(i) && (i >= match.matched.size() || !match.matched[i]) &&
           std::ranges::none_of(found, [&](const UnknownValue& one) { return one.word <= i && i < one.end; });
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!is_open(i)) continue;
    for (const Nickname& nickname : nicknames()) {
      const bool other_way = lower(nickname.value) == words[i].text;
      if (other_way && found.size() < unknown_values_max) found.push_back({std::string(nickname.said), i, i});
      if (nickname.said == words[i].text && found.size() < unknown_values_max) found.push_back({std::string(nickname.value), i, i});
    }
    std::size_t end = i + 1;
    while (end < words.size() && end - i < value_words_max && is_open(end) && !separated(end)) ++end;
    const std::size_t begin = i;
    if (end - begin > 1) add(begin, end);
    for (std::size_t one = begin; one < end; ++one) add(one, one + 1);
    i = end - 1;
  }
  return found;
}

}  // namespace bridge::rules
