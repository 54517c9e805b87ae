#include "features/rules/question.h"

#include <cmath>

#include "base/text.h"
#include "features/rules/periods.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr std::size_t measures_max = 3;
constexpr std::size_t asked_max = 3;
constexpr std::size_t others_max = 4;
constexpr std::int64_t split_values_least = 2;
constexpr std::size_t date_words = 3;  // between a period and the word for its date

class Asker {
 public:
  Asker(const Sentence& sentence, const TableMatch& match)
      : sentence_(sentence), match_(match), reading_(read_filters(sentence, match)), table_(*match.table) {
    question_.table = match.table;
    question_.grain = sentence.grain();
    question_.part = sentence.part();
    question_.mark = sentence.mark();
    question_.when = sentence.has(CueKind::when);
    question_.trend = sentence.has(CueKind::trend) || question_.grain != Grain::none;
    question_.top = sentence.top;
    question_.operation = read_operation(sentence);
    if (question_.operation && question_.operation->one_of && !is_thing(*question_.operation->one_of)) question_.operation.reset();
    question_.mentions = match.columns;
    // "top 3 within each": not three groups.
    if (question_.operation && question_.operation->kind == OperationKind::top_within) question_.top.reset();
    question_.unmatched = match.unmatched;
  }

  Question run() {
    // "by time of day" of a table that has a column of that name is that column.
    if (const Cue* cue = sentence_.find(CueKind::part)) {
      for (const ColumnMention& mention : match_.columns) {
        if (mention.word >= cue->begin && mention.word < cue->end && mention.strength >= 0.8) question_.part = TimePart::none;
      }
    }
    read_time();
    read_dimensions();
    read_values();
    read_measures();
    if (question_.operation && question_.operation->kind == OperationKind::percentile) take_percentile(question_.operation->count);
    read_relation();
    read_unbound();
    read_order();
    if (!is_window_a_name()) read_window();
    add_other_dimensions();
    leave_out_unknown_columns();
    question_.overview = !question_.measure_asked && question_.asked.empty() && !question_.compare && !question_.relation &&
                         !question_.distribution && !question_.trend && !question_.when && question_.part == TimePart::none &&
                         question_.filters.empty();
    return std::move(question_);
  }

 private:
  const ColumnProfile& column(std::size_t index) const { return table_.columns[index]; }
  bool can_split(std::size_t index) const {
    const ColumnProfile& profile = column(index);
    return profile.role == ColumnRole::dimension || profile.role == ColumnRole::identifier || profile.role == ColumnRole::label;
  }

  // Of the columns that one word may mean: to split by, those that have few values; to measure, quantities.
  bool has_better_mention(const ColumnMention& mention, bool wants_measure) const {
    return std::any_of(match_.columns.begin(), match_.columns.end(), [&](const ColumnMention& other) {
      if (&other == &mention || other.word != mention.word) return false;
      const bool other_fits =
          wants_measure ? column(other.column).role == ColumnRole::measure : column(other.column).role == ColumnRole::dimension;
      const bool fits =
          wants_measure ? column(mention.column).role == ColumnRole::measure : column(mention.column).role == ColumnRole::dimension;
      return other_fits && !fits;
    });
  }

  void read_dimensions() {
    if (match_.route_word) {
      const auto columns = route_columns(table_);
      question_.asked.push_back(make_route(table_, columns->first, columns->second));
    }
    for (const bool by : {true, false}) {
      for (const ColumnMention& mention : match_.columns) {
        if (mention.by != by || question_.asked.size() >= asked_max || only_filters(mention.column)) continue;
        const ColumnProfile& profile = column(mention.column);
        if (profile.role == ColumnRole::measure && by && is_ranked_by(mention)) continue;
        if (profile.role == ColumnRole::measure && by && !sentence_asks_for(mention)) {
          question_.asked.push_back(make_bands(table_, mention.column));
          continue;
        }
        if (!can_split(mention.column) || has_better_mention(mention, !by) || is_ranked_quantity(mention)) continue;
        // A word that means several columns equally ("airports": from and to) splits by both; else the best one is meant.
        if (mention.alternate && !is_twin(mention)) continue;
        if (profile.role != ColumnRole::dimension && !by) continue;
        // A plain name that is the table's subject is no breakdown: "jobs" of the table jobs.
        if (!by && match_.names_table && !ranks_things() &&
            std::find(table_.stems.begin(), table_.stems.end(), sentence_.words[mention.word].stem) != table_.stems.end())
          continue;
        if (!by && profile.distinct && *profile.distinct < split_values_least) continue;
        if (by && profile.role == ColumnRole::identifier)
          question_.notes.push_back(str(profile.label, " is a code: it is counted and listed, never added up."));
        Dimension dimension = make_dimension(table_, mention.column);
        name_as_asked(dimension, mention);
        question_.asked.push_back(std::move(dimension));
      }
    }
  }
  // "murders 2016" of the column murders_2016 says which column, not when.
  bool is_window_a_name() const {
    const TimeWindow& window = sentence_.window;
    const auto is_year_column = [&](const ColumnMention& mention) {
      return window.begin <= mention.begin && mention.end <= window.end && is_year_name(column(mention.column));
    };
    if (std::any_of(match_.columns.begin(), match_.columns.end(), is_year_column)) return true;
    return window.end > window.begin && std::any_of(match_.columns.begin(), match_.columns.end(), [&](const ColumnMention& mention) {
             return mention.begin <= window.begin && window.end <= mention.end && mention.end - mention.begin > window.end - window.begin;
           });
  }
  // "top 10 states by losses": a quantity that things are ranked by is no breakdown.
  bool is_ranked_by(const ColumnMention& mention) const {
    if (!(sentence_.top || sentence_.has(CueKind::order) || sentence_.has(CueKind::best))) return false;
    return std::any_of(match_.columns.begin(), match_.columns.end(), [&](const ColumnMention& other) {
      return !other.by && !other.alternate && other.word < mention.word && column(other.column).role != ColumnRole::measure;
    });
  }

  // "most common jobs", "jobs where women outnumber men": of a table of counts its subject is what is ranked.
  bool ranks_things() const {
    return table_.snapshot && (sentence_.has(CueKind::order) || sentence_.has(CueKind::busiest) || sentence_.has(CueKind::best) ||
                               sentence_.has(CueKind::outnumber) || sentence_.top || sentence_.aggregate() == Aggregate::share);
  }
  // "the most damage": a quantity, though a column of words is called so.
  bool is_ranked_quantity(const ColumnMention& mention) const {
    const std::string& stem = sentence_.words[mention.word].stem;
    const bool quantity = std::any_of(quantity_words().begin(), quantity_words().end(),
                                      [&](const QuantityWord& entry) { return entry.additive && stem_of(entry.word) == stem; });
    return quantity && judged_measure() && std::any_of(sentence_.cues.begin(), sentence_.cues.end(), [&](const Cue& cue) {
             return cue.kind == CueKind::order && cue.end == mention.word;
           });
  }

  // "airports" of the columns origin and destination: an origin airport and a destination airport.
  void name_as_asked(Dimension& dimension, const ColumnMention& mention) const {
    const Word& word = sentence_.words[mention.word];
    const auto& stems = column(mention.column).stems;
    const bool shared = std::any_of(match_.columns.begin(), match_.columns.end(), [&](const ColumnMention& other) {
      return other.column != mention.column && other.word == mention.word && std::abs(other.strength - mention.strength) < 0.01 &&
             column(other.column).role == ColumnRole::dimension;
    });
    if (!shared || column(mention.column).words.size() > 1 || mention.strength >= 0.9 ||
        std::find(stems.begin(), stems.end(), word.stem) != stems.end())
      return;
    const std::string singular = word.text.ends_with("s") ? word.text.substr(0, word.text.size() - 1) : word.text;
    dimension.label = str(dimension.label, " ", singular);
  }
  bool is_twin(const ColumnMention& mention) const {
    return std::any_of(match_.columns.begin(), match_.columns.end(), [&](const ColumnMention& other) {
      return other.word == mention.word && !other.alternate && std::abs(other.strength - mention.strength) < 0.01 &&
             column(other.column).role == column(mention.column).role && column(other.column).distinct && column(mention.column).distinct &&
             *column(other.column).distinct * 2 > *column(mention.column).distinct &&
             *column(mention.column).distinct * 2 > *column(other.column).distinct;
    });
  }
  // "which delays are longest": the measure itself, though it follows "which".
  bool sentence_asks_for(const ColumnMention& mention) const {
    const auto measures = std::count_if(match_.columns.begin(), match_.columns.end(), [&](const ColumnMention& other) {
      return !other.alternate && column(other.column).role == ColumnRole::measure;
    });
    const bool other_dimension = std::any_of(match_.columns.begin(), match_.columns.end(), [&](const ColumnMention& other) {
      return column(other.column).role == ColumnRole::dimension;
    });
    const bool which = mention.word > 0 && sentence_.words[mention.word - 1].text == "which";
    return measures == 1 && (which || other_dimension) && !sentence_.aggregate();
  }

  // "share of women", "women outnumber men": a value that is measured, not filtered by.
  const ValueMention* measured_value() const {
    for (const Cue& cue : sentence_.cues) {
      const bool share = cue.kind == CueKind::aggregate && static_cast<Aggregate>(cue.value) == Aggregate::share;
      if (!share && cue.kind != CueKind::outnumber) continue;
      for (const ValueMention& mention : match_.values) {
        if (column(mention.column).role != ColumnRole::dimension) continue;
        if (share ? mention.word >= cue.end && mention.word <= cue.end + 1 : mention.end <= cue.begin && mention.end + 2 >= cue.begin)
          return &mention;
      }
    }
    return nullptr;
  }

  void read_values() {
    const ValueMention* measured = measured_value();
    std::map<std::size_t, std::vector<std::string>> by_column;
    for (const Filter& filter : reading_.filters) {
      if (measured && measured->column == filter.column && filter.kind != FilterKind::range) continue;
      // Values that the reader may choose among become a choice; what else is asked stands in every query.
      if (filter.kind == FilterKind::in && !column(filter.column).numeric && !column(filter.column).time_is_year) {
        by_column[filter.column] = filter.values;
        continue;
      }
      if (filter.kind == FilterKind::is_null) question_.unknown_columns.push_back(filter.column);
      question_.conditions.push_back(filter_sql(table_, filter));
      question_.notes.push_back(filter_note(table_, filter));
    }
    for (const auto& [index, values] : by_column) {
      // All values that there are still leave out the rows without one; set side by side they are the split itself, and the only one says
      // nothing.
      const bool all = column(index).distinct && static_cast<std::int64_t>(values.size()) >= *column(index).distinct &&
                       (values.size() == 1 || sentence_.has(CueKind::versus));
      if (values.size() >= 2 && !question_.compare) {
        question_.compare = make_dimension(table_, index);
        question_.compare_values = values;
      }
      if (!all) question_.filters.push_back({index, values});
    }
    // "compare stock prices": the thing named beside the measure is what to compare.
    const bool versus = sentence_.has(CueKind::versus);
    if (question_.compare || !versus || measured) return;
    for (const ColumnMention& mention : match_.columns) {
      if (mention.alternate || column(mention.column).role != ColumnRole::dimension) continue;
      question_.compare = make_dimension(table_, mention.column);
      return;
    }
  }

  // "temperature" of the columns temp_max and temp_min: both ends.
  std::optional<std::size_t> other_end(const ColumnMention& mention) const {
    const auto without_end = [](const ColumnProfile& profile) {
      std::vector<std::string> words = profile.words;
      const auto removed = std::erase_if(words, [](const std::string& word) { return word == "max" || word == "min"; });
      return removed == 1 ? words : std::vector<std::string>{};
    };
    const std::vector<std::string> words = without_end(column(mention.column));
    if (words.empty()) return {};
    for (const ColumnMention& other : match_.columns) {
      if (other.column == mention.column || other.word != mention.word || std::abs(other.strength - mention.strength) > 0.01) continue;
      if (column(other.column).role == ColumnRole::measure && without_end(column(other.column)) == words) return other.column;
    }
    return {};
  }

  // The aggregate that stands before the word, nearer than any other measure.
  Aggregate aggregate_for(std::size_t word) const {
    Aggregate found = Aggregate::none;
    std::size_t nearest = 100;
    for (const Cue& cue : sentence_.cues) {
      if (cue.kind != CueKind::aggregate || cue.begin > word + 3) continue;
      const std::size_t distance = cue.begin <= word ? word - cue.begin : (cue.begin - word) + 3;
      if (distance < nearest && distance <= 6) {
        nearest = distance;
        found = static_cast<Aggregate>(cue.value);
      }
    }
    return found;
  }

  bool only_filters(std::size_t index) const {
    return std::find(reading_.columns_used.begin(), reading_.columns_used.end(), index) != reading_.columns_used.end();
  }
  bool names_other_measure(std::size_t index) const {
    return std::any_of(match_.columns.begin(), match_.columns.end(), [&](const ColumnMention& other) {
      return other.column != index && !other.alternate && column(other.column).role == ColumnRole::measure && !only_filters(other.column);
    });
  }
  bool is_band(std::size_t index) const {
    return std::any_of(question_.asked.begin(), question_.asked.end(), [&](const Dimension& dimension) {
      return dimension.ordered() && dimension.columns.size() == 1 && dimension.columns.front() == index;
    });
  }
  void add_measure(Measure measure) {
    if (question_.measures.size() >= measures_max) return;
    for (const Measure& present : question_.measures) {
      if (present.sql == measure.sql) return;
    }
    question_.measures.push_back(std::move(measure));
  }

  void read_measures() {
    const std::optional<Aggregate> aggregate = sentence_.aggregate();
    const auto quantity = find_counted_quantity(sentence_, match_);
    const bool counts = !quantity && (sentence_.has(CueKind::busiest) || aggregate == Aggregate::count);
    std::vector<Measure> named;
    if (quantity) named.push_back(make_measure(table_, *quantity, Aggregate::sum));
    for (const ColumnMention& mention : match_.columns) {
      const ColumnProfile& profile = column(mention.column);
      if (mention.column == quantity) continue;
      if (profile.role != ColumnRole::measure || mention.subject || is_band(mention.column) || has_better_mention(mention, !mention.by))
        continue;
      // "how many flights with a delay over 30": the delay chooses rows, and is not asked for.
      if (only_filters(mention.column) && (counts || names_other_measure(mention.column))) continue;
      const bool first_of_word = std::none_of(match_.columns.begin(), match_.columns.end(), [&](const ColumnMention& other) {
        return other.word == mention.word && column(other.column).role == ColumnRole::measure &&
               std::tuple(-other.strength, other.column) < std::tuple(-mention.strength, mention.column);
      });
      if (!first_of_word) continue;
      const Aggregate wanted = aggregate_for(mention.word);
      if (wanted == Aggregate::share) {
        if (auto share = make_share(table_, mention.column)) {
          named.push_back(std::move(*share));
          continue;
        }
      }
      if (wanted == Aggregate::sum && !may_add_up(profile)) {
        question_.notes.push_back(str(profile.label, " does not add up, so its average is shown."));
      }
      named.push_back(make_measure(table_, mention.column, wanted));
      if (const auto other = other_end(mention)) {
        named.push_back(make_measure(table_, *other, wanted));
        question_.range = true;
      }
    }
    if (const ValueMention* value = measured_value()) {
      const auto counted = table_.snapshot ? default_measure() : std::nullopt;
      const Measure whole = counted ? make_measure(table_, *counted, Aggregate::sum) : count_rows(table_);
      named.insert(named.begin(), make_value_share(table_, whole, make_dimension(table_, value->column), value->value));
      if (sentence_.has(CueKind::outnumber)) {
        question_.having = str(named.front().sql, " > 0.5");
        question_.notes.push_back(str("The rankings hold only those where ", value->value, " are more than half."));
      }
      if (counted) named.push_back(whole);
    } else if (named.empty() && std::any_of(match_.columns.begin(), match_.columns.end(),
                                            [&](const ColumnMention& mention) { return is_ranked_quantity(mention); })) {
      named.push_back(make_measure(table_, *judged_measure(), Aggregate::none));
    } else if (named.empty() && (sentence_.has(CueKind::best) || sentence_.aggregate() == Aggregate::spread)) {
      if (const auto judged = sentence_.has(CueKind::best) ? judged_measure() : default_measure())
        named.push_back(make_measure(table_, *judged, sentence_.has(CueKind::best) ? Aggregate::none : Aggregate::spread));
    }
    question_.measure_asked = !named.empty() || counts;
    question_.panel = is_panel();
    const auto main_measure = default_measure();
    if (main_measure) question_.other_measure = make_measure(table_, *main_measure, Aggregate::none);
    if (const ColumnMention* thing = counted_thing()) {
      const Dimension dimension = make_dimension(table_, thing->column);
      std::erase_if(question_.asked, [&](const Dimension& one) { return one.sql == dimension.sql; });
      add_measure(count_distinct(table_, dimension));
    } else if (counts) {
      // "how many people" of a table that holds counts is their sum, not its rows; "how many flights were late" is a share of the rows.
      const bool counted_column = table_.snapshot && default_measure();
      add_measure(counted_column ? make_measure(table_, *default_measure(), Aggregate::sum) : count_rows(table_));
    }
    for (Measure& measure : named) add_measure(std::move(measure));
    if (!question_.measures.empty()) return;
    // "snow days" of one row a day: the days are what is counted.
    if (question_.panel && !question_.filters.empty() && says_days()) {
      Measure days = count_rows(table_);
      days.label = "Days";
      days.alias = "days";
      add_measure(std::move(days));
      question_.measure_asked = true;
      return;
    }
    // Nothing is named: rows, where each is an event; else what the table is about.
    const auto chosen = default_measure();
    const bool events = !table_.snapshot && !is_panel();
    if (events || !chosen) add_measure(count_rows(table_));
    if (chosen) add_measure(make_measure(table_, *chosen, Aggregate::none));
  }

  // "95th percentile of delay": in place of any other aggregate of it.
  void take_percentile(int part) {
    Measure& measure = question_.measures.front();
    if (!measure.column || !column(*measure.column).numeric) {
      const auto other = default_measure();
      if (!other || question_.measure_asked) return;
      measure = make_measure(table_, *other, Aggregate::none);
    }
    if (auto percentile = make_percentile(table_, *measure.column, part)) measure = *std::move(percentile);
  }

  // "how many airports per state": the first are counted, once each.
  const ColumnMention* counted_thing() const {
    for (const Cue& cue : sentence_.cues) {
      if (cue.kind != CueKind::aggregate || static_cast<Aggregate>(cue.value) != Aggregate::count) continue;
      for (const ColumnMention& mention : match_.columns) {
        if (mention.word < cue.end || mention.word > cue.end + 1 || mention.alternate || mention.by) continue;
        const auto& stems = table_.stems;
        const bool subject = std::find(stems.begin(), stems.end(), sentence_.words[mention.word].stem) != stems.end();
        if (only_filters(mention.column)) continue;
        // "the number of orders over the order ID": of one thing there is one.
        const bool split_by = std::ranges::any_of(
            match_.columns, [&](const ColumnMention& other) { return other.column == mention.column && other.word != mention.word; });
        if (can_split(mention.column) && !subject && !split_by) return &mention;
      }
    }
    return nullptr;
  }

  bool says_days() const {
    return std::any_of(sentence_.words.begin(), sentence_.words.end(), [](const Word& word) { return !word.used && word.stem == "day"; });
  }

  // One row for each thing and day: its rows are no events to be counted.
  bool is_panel() const {
    const ColumnProfile* time = table_.time_column();
    if (!time || !time->distinct || *time->distinct < 2 || table_.rows_label != "Records") return false;
    const double rows_each = static_cast<double>(table_.row_count) / static_cast<double>(*time->distinct);
    if (rows_each < 1.5) return rows_each > 0.9;
    for (const ColumnProfile& profile : table_.columns) {
      if (profile.role == ColumnRole::dimension && profile.distinct &&
          std::abs(static_cast<double>(*profile.distinct) - rows_each) < 0.12 * rows_each + 0.5)
        return true;
    }
    return false;
  }

  // The quantity by which things are good or bad: a level ("rating") before a sum ("gross").
  std::optional<std::size_t> judged_measure() const {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      const ColumnProfile& profile = table_.columns[i];
      if (profile.role != ColumnRole::measure || profile.good == Good::unknown) continue;
      const auto rank = [](const ColumnProfile& one) {
        return (one.additive ? 0 : 2) + (std::find(one.words.begin(), one.words.end(), "total") != one.words.end() ? 1 : 0);
      };
      if (!best || rank(profile) > rank(table_.columns[*best])) best = i;
    }
    return best;
  }

  // The quantity that the table is most likely kept for.
  std::optional<std::size_t> default_measure() const {
    std::optional<std::size_t> best;
    double best_rank = 0;
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      const ColumnProfile& profile = table_.columns[i];
      if (profile.role != ColumnRole::measure) continue;
      double rank = 1 - 0.01 * static_cast<double>(std::min<std::size_t>(i, 50)) - profile.null_fraction;
      if (profile.good != Good::unknown) rank += 0.5;
      if (profile.additive && !profile.mean_first) rank += 0.4;
      if (profile.is_share) rank -= 0.3;
      if (profile.distinct && *profile.distinct < 3) rank -= 0.5;
      if (std::find(profile.words.begin(), profile.words.end(), "total") != profile.words.end()) rank += 0.2;
      if (!best || rank > best_rank) {
        best = i;
        best_rank = rank;
      }
    }
    return best;
  }

  void read_relation() {
    std::vector<std::size_t> quantities;
    for (const ColumnMention& mention : match_.columns) {
      const ColumnRole role = column(mention.column).role;
      const bool quantity = role == ColumnRole::measure || role == ColumnRole::geography;
      if (!quantity || mention.alternate) continue;
      if (std::find(quantities.begin(), quantities.end(), mention.column) == quantities.end()) quantities.push_back(mention.column);
    }
    const bool related = sentence_.has(CueKind::relation) || sentence_.has(CueKind::versus) || question_.mark == MarkWord::scatter;
    if (related && quantities.size() >= 2) question_.relation = std::pair(quantities[1], quantities[0]);
    const bool spread = sentence_.has(CueKind::distribution) || question_.mark == MarkWord::histogram;
    if (spread && !quantities.empty()) question_.distribution = quantities.front();
    // "life expectancy vs fertility": what is on the other axis is no breakdown.
    if (question_.relation) std::erase_if(question_.asked, [](const Dimension& dimension) { return dimension.ordered(); });
  }

  // A number that no quantity is named for is one of what is asked for; else it is said that it is not used.
  void read_unbound() {
    for (const NumberCondition& condition : reading_.unbound) {
      std::optional<std::size_t> index;
      for (const Measure& measure : question_.measures) {
        if (!index && measure.column && column(*measure.column).numeric) index = measure.column;
      }
      // "over 100 hp" is none of a quantity that is not in hp.
      if (index && condition.end < sentence_.words.size()) {
        const Word& next = sentence_.words[condition.end];
        const bool named = condition.end < match_.matched.size() && match_.matched[condition.end];
        const bool unit = is_unit_word(next.text) && names_unit(next.text, column(*index).unit);
        if (!unit && (is_unit_word(next.text) || (next.content && !named))) index.reset();
      }
      Filter filter{.kind = FilterKind::range,
                    .low_operator = condition.low_operator,
                    .low = condition.low,
                    .high_operator = condition.high_operator,
                    .high = condition.high};
      if (!index) {
        std::vector<std::string> words;
        for (std::size_t i = condition.begin; i < condition.end; ++i) words.push_back(sentence_.words[i].text);
        question_.notes.push_back(str("\"", join(words, " "), "\" belongs to no quantity of the table that is named; it is not applied."));
        continue;
      }
      filter.column = *index;
      question_.conditions.push_back(filter_sql(table_, filter));
      question_.notes.push_back(filter_note(table_, filter));
    }
  }

  void read_order() {
    const Measure& lead = question_.measures.front();
    for (const Cue& cue : sentence_.cues) {
      if (cue.kind == CueKind::order || cue.kind == CueKind::busiest) question_.order = cue.value;
      if (cue.kind == CueKind::best && lead.good != Good::unknown) question_.order = (cue.value > 0) == (lead.good == Good::up) ? 1 : -1;
      else if (cue.kind == CueKind::best) question_.order = lead.column ? cue.value : 1;
    }
  }

  // The date that the words beside the period name ("shipped in December 2020" of ship_date); else the table's own.
  std::optional<std::size_t> time_for(std::size_t begin, std::size_t end) const {
    const auto names = [&](std::size_t word) -> std::optional<std::size_t> {
      const std::string& stem = sentence_.words[word].stem;
      if (is_stop_word(sentence_.words[word].text)) return {};
      for (std::size_t i = 0; i < table_.columns.size(); ++i) {
        const ColumnProfile& profile = column(i);
        if (profile.role != ColumnRole::time || i == table_.time) continue;
        for (const std::string& named : profile.stems) {
          // "shipped" and "shipping" of ship_date, "delivered" of delivery_date.
          const bool same = named == stem || means_same(stem, named) ||
                            (named.size() >= 4 && stem.size() >= 4 && named.substr(0, 5) == stem.substr(0, 5));
          const bool own = table_.time && std::ranges::count(column(*table_.time).stems, named) > 0;
          if (same && !own && named != "dat" && named != "time" && named != "at") return i;
        }
      }
      return {};
    };
    for (std::size_t back = 1; back <= date_words && back <= begin; ++back) {
      if (const auto found = names(begin - back)) return found;
    }
    for (std::size_t word = end; word < std::min(end + date_words, sentence_.words.size()); ++word) {
      if (const auto found = names(word)) return found;
    }
    return {};
  }

  void read_time() {
    question_.time = table_.time;
    if (sentence_.window.kind != TimeWindow::Kind::none) {
      if (const auto named = time_for(sentence_.window.begin, sentence_.window.end)) question_.time = named;
    }
    if (const Cue* cue = sentence_.find(CueKind::grain)) {
      if (const auto named = time_for(cue->begin, cue->end); named && sentence_.window.kind == TimeWindow::Kind::none)
        question_.time = named;
    }
    // "by ship month".
    for (std::size_t i = 1; i < sentence_.words.size(); ++i) {
      const Grain unit = grain_of(sentence_.words[i].text);
      if (unit == Grain::none || sentence_.words[i].used || sentence_.words[i - 1].used || unit == Grain::hour) continue;
      const auto named = time_for(i, i);
      const bool beside = named && time_for_word(i - 1) == named;
      if (!beside || question_.grain != Grain::none) continue;
      question_.time = named;
      question_.grain = unit;
      question_.trend = true;
    }
    if (question_.time && question_.time != table_.time)
      question_.notes.push_back(str("The time is taken from ", column(*question_.time).name, "."));
  }
  std::optional<std::size_t> time_for_word(std::size_t word) const { return time_for(word + 1, sentence_.words.size()); }
  static Grain grain_of(std::string_view word) {
    for (const Grain grain : {Grain::day, Grain::week, Grain::month, Grain::quarter, Grain::year}) {
      if (word == name_of(grain)) return grain;
    }
    return Grain::none;
  }

  void add_period(const Period& period) {
    for (const std::string& condition : period.conditions) question_.conditions.push_back(condition);
    for (const std::string& note : period.notes) question_.notes.push_back(note);
  }

  void read_window() {
    const bool asks_time = (question_.grain != Grain::none && !has_column_of(question_.grain)) || question_.part != TimePart::none ||
                           question_.when || (sentence_.has(CueKind::trend) && !has_column_of(Grain::year));
    if (!question_.time) {
      if (asks_time || sentence_.window.kind != TimeWindow::Kind::none || sentence_.days_of_week)
        question_.notes.push_back(str("The table ", table_.table, " has no column that says when, so nothing is shown over time."));
      return;
    }
    const ColumnProfile& time = column(*question_.time);
    const bool known = time.first_day && time.last_day;
    if (known) {
      question_.from = time.first_day;
      question_.to = time.last_day;
    }
    if (sentence_.days_of_week) add_period(resolve(*sentence_.days_of_week, time, false));
    const TimeWindow& window = sentence_.window;
    if (window.kind == TimeWindow::Kind::none) return;
    const auto relative = [](const TimeWindow& one) {
      return one.kind == TimeWindow::Kind::this_unit || one.kind == TimeWindow::Kind::last_unit;
    };
    // "this month compared to last month": one stretch, and the one before it.
    const bool compares = sentence_.against && relative(window) && relative(*sentence_.against) && window.unit == sentence_.against->unit;
    Period period = resolve(window, time, compares);
    if (!read_part_of_year(time, window, period)) return;
    const bool two_parts = sentence_.against && !compares && !question_.compare && is_part_of_year(window) &&
                           is_part_of_year(*sentence_.against) && !period.conditions.empty() && !period.from;
    if (!two_parts) add_period(period);
    if (sentence_.against && !compares) {
      Period other = resolve(*sentence_.against, time, false);
      for (const std::string& note : other.notes) {
        if (std::ranges::count(question_.notes, note) == 0) question_.notes.push_back(note);
      }
      if (period.from && period.to && other.from && other.to && set_against(time, {*period.from, *period.to}, {*other.from, *other.to}))
        return;
      if (set_against(window, period, *sentence_.against, other)) return;
      if (two_parts) add_period(period);
    }
    if (!period.from && !period.to) {
      question_.window_done = !period.conditions.empty();
      return;
    }
    if (known) {
      // Asked for a time that has no data: say so, and show what there is.
      const Day wanted_from = period.from.value_or(*time.first_day);
      const Day wanted_to = period.to.value_or(*time.last_day);
      if (wanted_from > *time.last_day || wanted_to < *time.first_day) {
        question_.notes.push_back(
            str("There is no data for the time that was asked for; it covers ", span_text(*time.first_day, *time.last_day), "."));
        return;
      }
      question_.from = std::max(wanted_from, *time.first_day);
      question_.to = std::min(wanted_to, *time.last_day);
      if (period.compares) question_.to = period.to;
    } else {
      question_.from = period.from;
      question_.to = period.to;
    }
    question_.window_asked = true;
    question_.window_done = true;
    question_.against_done = period.compares;
    question_.preset = period.preset;
  }

  // A word for the rows or for what they are told apart by, not for a quantity: "the longest film", not "the highest rating".
  bool is_thing(std::size_t word) const {
    if (std::ranges::count(table_.stems, sentence_.words[word].stem) > 0) return true;
    return std::ranges::any_of(match_.columns, [&](const ColumnMention& mention) {
      const ColumnRole role = column(mention.column).role;
      return mention.begin <= word && word < mention.end && !mention.alternate &&
             (role == ColumnRole::dimension || role == ColumnRole::label);
    });
  }

  // "movies without a director" are not told apart by their directors.
  void leave_out_unknown_columns() {
    const auto unknown = [&](const Dimension& dimension) {
      return std::ranges::any_of(dimension.columns,
                                 [&](std::size_t index) { return std::ranges::count(question_.unknown_columns, index) > 0; });
    };
    std::erase_if(question_.asked, unknown);
    std::erase_if(question_.others, unknown);
    if (question_.compare && unknown(*question_.compare)) question_.compare.reset();
    std::erase_if(question_.measures, [&](const Measure& measure) {
      return measure.column && std::ranges::count(question_.unknown_columns, *measure.column) > 0;
    });
    if (question_.measures.empty()) question_.measures.push_back(count_rows(table_));
  }

  // The column beside a year that says which month, as a number.
  const ColumnProfile* month_column() const {
    for (const ColumnProfile& one : table_.columns) {
      const bool named = !one.words.empty() && one.words.back() == "month";
      if (named && one.numeric && one.min && one.max && *one.min >= 1 && *one.max <= 12) return &one;
    }
    return nullptr;
  }

  // Of a table that knows only the year, a stretch within one ("March 2009") is its month where a column says that, and else nothing that
  // can be asked for. False then.
  bool read_part_of_year(const ColumnProfile& time, const TimeWindow& window, Period& period) {
    if (!time.time_is_year || window.kind == TimeWindow::Kind::none) return true;
    const ColumnProfile* month = month_column();
    const auto only_years = [&] {
      question_.notes.push_back(str("The table ", table_.table, " knows only years: no part of one can be chosen."));
      return false;
    };
    if (window.kind == TimeWindow::Kind::month_of_year) {
      if (!month || window.day > 0 || window.month + std::max(window.count, 1) > 13) return only_years();
      const int last = window.month + std::max(window.count, 1) - 1;
      period.conditions = {str(month->sql, " BETWEEN ", window.month, " AND ", last)};
      return true;
    }
    if (window.kind == TimeWindow::Kind::days_of_week) return only_years();
    if (!period.from || !period.to) return true;
    const CivilDate first = civil_of(*period.from);
    const CivilDate last = civil_of(*period.to);
    const CivilDate next = civil_of(*period.to + 1);
    if (first.month == 1 && first.day == 1 && next.month == 1 && next.day == 1) return true;
    if (!month || first.day != 1 || next.day != 1 || first.year != last.year) return only_years();
    period.conditions.push_back(first.month == last.month ? str(month->sql, " = ", first.month)
                                                          : str(month->sql, " BETWEEN ", first.month, " AND ", last.month));
    period.from = start_of(*period.from, Grain::year);
    period.to = end_of(*period.from, Grain::year);
    return true;
  }

  // "by year" of a table with a column of that name that is no time.
  bool has_column_of(Grain unit) const {
    return std::any_of(table_.columns.begin(), table_.columns.end(), [&](const ColumnProfile& profile) {
      return std::ranges::count(profile.stems, stem_of(name_of(unit))) > 0 || std::ranges::count(profile.words, name_of(unit)) > 0;
    });
  }

  // Two stretches side by side: a series each, and only their rows.
  bool set_against(const ColumnProfile& time, std::pair<Day, Day> first, std::pair<Day, Day> second) {
    if (first.first > second.first) std::swap(first, second);
    if (first.second >= second.first || question_.compare) return false;
    const auto within = [&](const std::pair<Day, Day>& days) {
      if (time.time_is_year) return str(time.sql, " BETWEEN ", civil_of(days.first).year, " AND ", civil_of(days.second).year);
      const SqlDialect& dialect = *time.dialect;
      return str("(", time.time_sql, " >= ", dialect.date_literal(format_day(days.first)), " AND ", time.time_sql, " < ",
                 dialect.date_literal(format_day(days.second + 1)), ")");
    };
    const std::vector<std::string> names{period_name(first.first, first.second), period_name(second.first, second.second)};
    Dimension dimension{.alias = "stretch", .label = "Period", .distinct = 2};
    dimension.sql = str("CASE WHEN ", within(first), " THEN ", time.dialect->text_literal(names[0]), " WHEN ", within(second), " THEN ",
                        time.dialect->text_literal(names[1]), " END");
    question_.compare = dimension;
    question_.compare_values = names;
    question_.conditions.push_back(str("(", within(first), " OR ", within(second), ")"));
    question_.from = first.first;
    question_.to = second.second;
    question_.window_asked = true;
    question_.window_done = true;
    question_.against_done = true;
    question_.periods_compared = true;
    question_.notes.push_back(str(names[0], " and ", names[1], " stand side by side; what lies between them is left out."));
    if (first.second - first.first != second.second - second.first)
      question_.notes.push_back(
          str("They are not equally long: ", first.second - first.first + 1, " and ", second.second - second.first + 1, " days."));
    if (time.first_day && first.first < *time.first_day)
      question_.notes.push_back(str("The data begins on ", span_text(*time.first_day, *time.first_day), "."));
    if (time.last_day && second.second > *time.last_day)
      question_.notes.push_back(str("The data ends on ", span_text(*time.last_day, *time.last_day), "."));
    return true;
  }

  static bool is_part_of_year(const TimeWindow& window) { return window.kind == TimeWindow::Kind::month_of_year && window.day == 0; }

  // "summer vs winter", "May against June" of several years: a series each, of the rows of both.
  bool set_against(const TimeWindow& window, const Period& first, const TimeWindow& against, const Period& second) {
    if (question_.compare || !is_part_of_year(window) || !is_part_of_year(against) || first.from || second.from ||
        first.conditions.size() != 1 || second.conditions.size() != 1)
      return false;
    const auto name = [&](const TimeWindow& one) {
      std::vector<std::string> words;
      for (std::size_t i = one.begin; i < one.end; ++i) {
        if (!is_stop_word(sentence_.words[i].text)) words.push_back(sentence_.words[i].text);
      }
      return capitalised(join(words, " "));
    };
    const std::vector<std::string> names{name(window), name(against)};
    if (names[0].empty() || names[1].empty() || names[0] == names[1]) return false;
    Dimension dimension{.alias = "stretch", .label = "Period", .distinct = 2};
    dimension.sql = str("CASE WHEN ", first.conditions[0], " THEN ", table_.dialect->text_literal(names[0]), " WHEN ", second.conditions[0],
                        " THEN ", table_.dialect->text_literal(names[1]), " END");
    question_.compare = std::move(dimension);
    question_.compare_values = names;
    question_.conditions.push_back(str("(", first.conditions[0], " OR ", second.conditions[0], ")"));
    for (const Period* period : {&first, &second}) {
      for (const std::string& note : period->notes) {
        if (std::ranges::count(question_.notes, note) == 0) question_.notes.push_back(note);
      }
    }
    question_.window_done = true;
    question_.against_done = true;
    question_.periods_compared = true;
    return true;
  }

  void add_other_dimensions() {
    std::vector<std::pair<double, std::size_t>> ranked;
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      const ColumnProfile& profile = table_.columns[i];
      if (profile.role != ColumnRole::dimension || (profile.distinct && *profile.distinct < split_values_least)) continue;
      const bool taken = std::any_of(question_.asked.begin(), question_.asked.end(), [&](const Dimension& dimension) {
        return std::find(dimension.columns.begin(), dimension.columns.end(), i) != dimension.columns.end();
      });
      const bool filtered = std::any_of(question_.filters.begin(), question_.filters.end(),
                                        [&](const ValueFilter& filter) { return filter.column == i && filter.values.size() == 1; });
      if (taken || filtered) continue;
      const double distinct = profile.distinct ? static_cast<double>(*profile.distinct) : 200;
      double rank = distinct <= 2 ? 0.7 : distinct <= 40 ? 1.0 : distinct <= 100 ? 0.85 : distinct <= 400 ? 0.6 : 0.2;
      rank -= profile.null_fraction + 0.01 * static_cast<double>(std::min<std::size_t>(i, 30));
      if (profile.numeric) rank -= 0.3;
      ranked.emplace_back(-rank, i);
    }
    std::sort(ranked.begin(), ranked.end());
    for (const auto& [rank, index] : ranked) {
      if (question_.others.size() < others_max) question_.others.push_back(make_dimension(table_, index));
    }
  }

  const Sentence& sentence_;
  const TableMatch& match_;
  const FilterReading reading_;
  const TableProfile& table_;
  Question question_;
};

}  // namespace

Question make_question(const Sentence& sentence, const TableMatch& match) { return Asker(sentence, match).run(); }

}  // namespace bridge::rules
