#include "features/rules/match.h"

#include <cmath>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "features/rules/filters.h"
#include "features/rules/words.h"

namespace bridge::rules {

namespace {

constexpr double idea_strength = 0.8;
constexpr double strength_least = 0.5;
constexpr double alternate_gap = 0.03;  // columns so near to the best one for a word are as likely
constexpr double unmatched_penalty = 0.25;
constexpr double time_weight = 0.3;  // of a word for a part of time
constexpr std::size_t value_words_max = 6;
constexpr std::size_t root_letters = 5;  // that two forms of a word share
constexpr double code_penalty = 0.04;    // more than the gap between equals
constexpr double top_rows_max = 1'000;
constexpr std::size_t name_reach = 3;  // words between the first and the last of a name that is said in one piece

// The ideas that a stem belongs to, by number: said by people, or in a column's name.
const std::vector<std::size_t>& ideas_of(const std::string& stem, bool in_name) {
  using Index = std::unordered_map<std::string, std::vector<std::size_t>>;
  static const std::array<Index, 2> indexes = [] {
    std::array<Index, 2> made;
    for (std::size_t i = 0; i < ideas().size(); ++i) {
      for (const std::string_view word : ideas()[i]) {
        const bool spoken_only = word.starts_with('~');
        made[0][std::string(spoken_only ? word.substr(1) : word)].push_back(i);
        if (!spoken_only) made[1][std::string(word)].push_back(i);
      }
    }
    return made;
  }();
  static const std::vector<std::size_t> none;
  const Index& index = indexes[in_name ? 1 : 0];
  const auto found = index.find(stem);
  return found == index.end() ? none : found->second;
}

bool overlap(const std::vector<std::size_t>& a, const std::vector<std::size_t>& b) {
  return std::any_of(a.begin(), a.end(), [&](std::size_t idea) { return std::find(b.begin(), b.end(), idea) != b.end(); });
}

bool share_idea(const std::string& said, const std::string& named) { return overlap(ideas_of(said, false), ideas_of(named, true)); }

// A word of the sentence that may name something, perhaps of two written ones ("bird strikes" → birdstrike).
struct Candidate {
  std::string stem;
  std::size_t word = 0;
  std::size_t end = 0;
  bool is_verb = false;  // "playing", "rated"
  const std::vector<std::size_t>* ideas = nullptr;
};

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_participle(std::string_view word) { return word.size() >= 5 && word.ends_with("ed"); }
bool is_verb_form(std::string_view word) { return is_participle(word) || (word.size() >= 6 && word.ends_with("ing")); }

// "line two" of line_2.
std::string_view digits_of(std::string_view word) {
  static constexpr auto names = std::to_array<std::pair<std::string_view, std::string_view>>({{"one", "1"},
                                                                                              {"two", "2"},
                                                                                              {"three", "3"},
                                                                                              {"four", "4"},
                                                                                              {"five", "5"},
                                                                                              {"six", "6"},
                                                                                              {"seven", "7"},
                                                                                              {"eight", "8"},
                                                                                              {"nine", "9"},
                                                                                              {"ten", "10"}});
  for (const auto& [name, digits] : names) {
    if (name == word) return digits;
  }
  return {};
}

std::vector<Candidate> candidates_of(const Sentence& sentence) {
  std::vector<Candidate> candidates;
  const auto may_name = [&](const Word& word) { return !word.used && !word.number && !is_stop_word(word.text); };
  for (std::size_t i = 0; i < sentence.words.size(); ++i) {
    const Word& word = sentence.words[i];
    // A number is the end of a name ("deaths 00 14"), never all of one.
    if (word.number && i > 0 && is_digits(word.text)) candidates.push_back({word.text, i, i + 1});
    if (const std::string_view digits = digits_of(word.text); !digits.empty() && i > 0)
      candidates.push_back({std::string(digits), i, i + 1});
    if (!may_name(word)) continue;
    candidates.push_back({std::string(spelled_out(word.text) == word.text ? word.stem : stem_of(spelled_out(word.text))), i, i + 1,
                          is_verb_form(word.text)});
    // Names of columns as people copy them: temp_max, q2.
    if (const std::vector<std::string> parts = split_name(word.text); parts.size() > 1) {
      for (const std::string& part : parts) candidates.push_back({stem_of(spelled_out(part)), i, i + 1});
    }
    if (i + 1 < sentence.words.size() && may_name(sentence.words[i + 1]))
      candidates.push_back({stem_of(word.text + sentence.words[i + 1].text), i, i + 2});
  }
  for (Candidate& candidate : candidates) candidate.ideas = &ideas_of(candidate.stem, false);
  return candidates;
}

struct TokenHit {
  double strength = 0;
  std::size_t word = 0;
  std::size_t end = 0;
};

// Every word that may mean the stem, in the order of the sentence.
std::vector<TokenHit> hits_of(const std::vector<Candidate>& candidates, const std::string& stem) {
  std::vector<TokenHit> hits;
  const std::vector<std::size_t>& stem_ideas = ideas_of(stem, true);
  for (const Candidate& candidate : candidates) {
    double strength = 0;
    if (candidate.end - candidate.word > 1) {
      strength = candidate.stem == stem ? 1 : 0;
    } else if (is_digits(stem) || is_digits(candidate.stem)) {
      strength = candidate.stem == stem ? 1 : 0;
    } else {
      strength = likeness(candidate.stem, stem);
      if (candidate.is_verb && strength < 1) strength = 0;  // "playing" is no player
      if (strength < idea_strength && !stem_ideas.empty() && overlap(*candidate.ideas, stem_ideas)) strength = idea_strength;
    }
    if (strength >= strength_least) hits.push_back({strength, candidate.word, candidate.end});
  }
  return hits;
}

TokenHit best_of(const std::vector<TokenHit>& hits) {
  TokenHit best;
  for (const TokenHit& hit : hits) {
    if (hit.strength > best.strength) best = hit;
  }
  return best;
}
// The best one among those near a word: names are said in one piece.
TokenHit best_near(const std::vector<TokenHit>& hits, std::size_t word, const std::set<std::size_t>& taken) {
  const auto distance = [&](const TokenHit& hit) { return hit.word > word ? hit.word - word : word - hit.word; };
  TokenHit best;
  for (const TokenHit& hit : hits) {
    if (distance(hit) > name_reach || taken.contains(hit.word)) continue;
    if (hit.strength > best.strength || (hit.strength == best.strength && distance(hit) < distance(best))) best = hit;
  }
  return best;
}

// Columns of a table share words: each is compared with the sentence once.
using HitMemory = std::unordered_map<std::string, std::vector<TokenHit>>;

// How strongly the words name something of several stems: one telling stem is much, all of them are everything.
struct NameHit {
  double strength = 0;
  std::size_t word = 0;
  std::vector<std::size_t> words;
};
bool joins_names(const std::string& stem) {
  return stem == "of" || stem == "in" || stem == "the" || stem == "and" || stem == "for" || stem == "by" || stem == "on" || stem == "at";
}

const std::vector<TokenHit>& remembered(const std::vector<Candidate>& candidates, const std::string& stem, HitMemory& memory) {
  const auto [known, is_new] = memory.try_emplace(stem);
  if (is_new) known->second = hits_of(candidates, stem);
  return known->second;
}

template <class Choose>
NameHit match_with(const std::vector<Candidate>& candidates, const std::vector<std::string>& stems, HitMemory& memory,
                   const Choose& choose) {
  NameHit hit;
  double best = 0;
  double sum = 0;
  double count = 0;
  for (const std::string& stem : stems) {
    if (joins_names(stem)) continue;  // of names such as "Phase of flight"
    ++count;
    const TokenHit token = choose(remembered(candidates, stem, memory));
    if (token.strength < strength_least) continue;
    if (is_digits(stem)) {
      sum += 1;
      for (std::size_t word = token.word; word < token.end; ++word) hit.words.push_back(word);
      continue;
    }
    // How sure a word is shows in the best one; here it counts that it is there at all.
    sum += std::max(token.strength, 0.9);
    for (std::size_t word = token.word; word < token.end; ++word) hit.words.push_back(word);
    // The last of equals is the head of the name: "Wildlife Species" is a species.
    if (token.strength >= best) {
      best = token.strength;
      hit.word = token.word;
    }
  }
  hit.strength = count == 0 ? 0 : best * (0.55 + 0.45 * sum / count);
  if (best == 0) hit.words.clear();
  return hit;
}

NameHit match_stems(const std::vector<Candidate>& candidates, const std::vector<std::string>& stems, HitMemory& memory) {
  return match_with(candidates, stems, memory, best_of);
}

// Each place where the name is said: "the average author order of authors with an order of 2" says it twice.
std::vector<NameHit> match_places(const std::vector<Candidate>& candidates, const std::vector<std::string>& stems, HitMemory& memory) {
  std::vector<NameHit> places;
  const NameHit anywhere = match_stems(candidates, stems, memory);
  if (anywhere.strength < strength_least) return places;
  std::set<std::size_t> anchors;
  for (const std::string& stem : stems) {
    if (joins_names(stem)) continue;
    for (const TokenHit& hit : remembered(candidates, stem, memory)) anchors.insert(hit.word);
  }
  // Of places that share a word the one that is said most closely together: "products for product identifiers" are not "products …
  // identifiers". What is left over by it may name it once more.
  const auto spread = [](const NameHit& hit) {
    const auto [least, most] = std::minmax_element(hit.words.begin(), hit.words.end());
    return *most - *least;
  };
  std::set<std::size_t> taken;
  for (const bool left_over : {false, true}) {
    std::vector<NameHit> hits;
    for (const std::size_t anchor : anchors) {
      if (taken.contains(anchor)) continue;
      NameHit hit =
          match_with(candidates, stems, memory, [&](const std::vector<TokenHit>& found) { return best_near(found, anchor, taken); });
      if (hit.strength >= strength_least) hits.push_back(std::move(hit));
    }
    std::stable_sort(hits.begin(), hits.end(), [&](const NameHit& one, const NameHit& other) {
      return std::tuple(-one.strength, spread(one)) < std::tuple(-other.strength, spread(other));
    });
    for (NameHit& hit : hits) {
      if (std::ranges::any_of(hit.words, [&](std::size_t word) { return taken.contains(word); })) continue;
      taken.insert(hit.words.begin(), hit.words.end());
      places.push_back(std::move(hit));
    }
    if (left_over) break;
  }
  // Words that are far apart name it no less when nothing is said in one piece.
  const bool in_one_piece =
      std::any_of(places.begin(), places.end(), [&](const NameHit& hit) { return hit.strength >= anywhere.strength - 0.1; });
  if (!in_one_piece) places.assign(1, anywhere);
  return places;
}

bool starts_with_letters(std::string_view text, std::string_view beginning) { return !beginning.empty() && text.starts_with(beginning); }

// Names without a joint: "custid" of "customer ID", "lname" of "last name", "mpg" of "miles per gallon", "essn" of "employee social
// security number". The words explain the whole name.
std::vector<NameHit> match_glued(const Sentence& sentence, std::string_view name) {
  std::vector<NameHit> hits;
  const auto is_letters = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  };
  if (name.size() < 3 || name.size() > 24 || !is_letters(name)) return hits;
  const auto& words = sentence.words;
  const auto free = [&](std::size_t i) {
    return i < words.size() && !words[i].number && (!words[i].used || words[i].cued || words[i].text == "per");
  };
  // The first letters of the words from i on.
  const auto initials = [&](std::size_t i, std::string_view letters) {
    if (letters.size() < 3 && letters != "id") return false;
    for (std::size_t k = 0; k < letters.size(); ++k) {
      if (!free(i + k) || words[i + k].text.front() != letters[k]) return false;
    }
    return !is_stop_word(words[i].text) && !is_stop_word(words[i + letters.size() - 1].text);
  };
  const auto add = [&](std::size_t begin, std::size_t end, double strength) {
    NameHit hit{.strength = strength, .word = end - 1};
    for (std::size_t i = begin; i < end; ++i) hit.words.push_back(i);
    hits.push_back(std::move(hit));
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!free(i) || is_stop_word(words[i].text)) continue;
    if (initials(i, name)) {
      add(i, i + name.size(), 0.95);
      continue;
    }
    const std::string& first = words[i].text;
    bool found = false;
    for (std::size_t cut = std::min(first.size(), name.size() - 2); cut >= 1 && !found; --cut) {
      const bool brief = cut >= 3 && spelled_out(name.substr(0, cut)) == first;
      if (!brief && !starts_with_letters(name, std::string_view(first).substr(0, cut))) continue;
      const std::string_view rest = name.substr(cut);
      if (initials(i + 1, rest) && rest.size() >= 3) {
        add(i, i + 1 + rest.size(), 0.9);
        found = true;
      } else if (free(i + 1)) {
        const std::string& second = words[i + 1].text;
        const bool whole = second == rest || words[i + 1].stem == stem_of(rest) || spelled_out(rest) == second ||
                           spelled_out(second) == rest || (spelled_out(rest) != rest && stem_of(spelled_out(rest)) == words[i + 1].stem);
        // "certification expiration" of certificationexpires.
        const bool kin = cut >= root_letters && rest.size() > root_letters && second.size() > root_letters &&
                         second.substr(0, root_letters) == rest.substr(0, root_letters);
        const bool number = (rest == "no" || rest == "nr" || rest == "num") && second.starts_with("number");
        const bool code = rest == "id" && (second.starts_with("ident") || second == "number" || second == "numbers");
        const bool cut_short = rest.size() >= 3 && cut >= 1 && second.starts_with(rest) && (cut >= 3 || rest.size() >= 4);
        if (whole || number || code || cut_short || kin) {
          add(i, i + 2, cut >= 3 ? 0.97 : 0.9);
          found = true;
        }
      }
    }
    if (found) continue;
    // One of its two words: "order" of "authorder".
    const std::string& stem = words[i].stem;
    const bool head = first.size() >= 4 && name.size() >= first.size() + 3 && name.ends_with(first);
    const bool stem_head = !head && stem.size() >= 4 && name.size() >= stem.size() + 3 && name.ends_with(stem);
    if ((head || stem_head) && !words[i].generic) add(i, i + 1, 0.72);
  }
  return hits;
}

// One word for a longer name: "mpg" of "Miles_per_Gallon".
std::vector<NameHit> match_initials(const Sentence& sentence, const std::vector<std::string>& name) {
  std::vector<NameHit> hits;
  if (name.size() < initials_least || name.size() > initials_most) return hits;
  const std::string initials = initials_of(name);
  for (std::size_t i = 0; i < sentence.words.size(); ++i) {
    const Word& word = sentence.words[i];
    if (word.text == initials && !word.number && !word.used && !is_stop_word(word.text))
      hits.push_back({.strength = 0.9, .word = i, .words = {i}});
  }
  return hits;
}

std::vector<std::string> value_stems(std::string_view value) {
  std::vector<std::string> stems;
  for (std::string word : split_name(lower(value))) stems.push_back(stem_of(word));
  return stems;
}

class Matcher {
 public:
  Matcher(const Sentence& sentence, const TableProfile& table) : sentence_(sentence), table_(table), candidates_(candidates_of(sentence)) {
    match_.table = &table;
    match_.matched.resize(sentence.words.size());
    weight_.resize(sentence.words.size());
  }

  TableMatch run() {
    match_columns();
    match_values();
    match_codes();
    match_name();
    match_route();
    mark_breakdowns();
    std::sort(match_.columns.begin(), match_.columns.end(), [](const ColumnMention& a, const ColumnMention& b) {
      return std::tuple(a.word, a.alternate, -a.strength, a.column) < std::tuple(b.word, b.alternate, -b.strength, b.column);
    });
    std::sort(match_.values.begin(), match_.values.end(), [](const ValueMention& a, const ValueMention& b) { return a.word < b.word; });
    add_up();
    return std::move(match_);
  }

 private:
  void claim(std::size_t begin, std::size_t end, double weight) {
    for (std::size_t i = begin; i < end; ++i) {
      match_.matched[i] = true;
      weight_[i] = std::max(weight_[i], weight);
    }
  }

  void match_columns() {
    std::vector<std::pair<std::size_t, NameHit>> hits;
    // By word: the best that any column makes of it.
    std::vector<double> best(sentence_.words.size());
    for (std::size_t i = 0; i < table_.columns.size(); ++i) {
      const ColumnProfile& column = table_.columns[i];
      std::vector<NameHit> places = match_places(candidates_, column.stems, memory_);
      if (places.empty()) places = match_initials(sentence_, column.words);
      if (places.empty() && is_year_name(column)) places = match_year(column.words.front());
      if (column.words.size() == 1) {
        for (NameHit& hit : match_glued(sentence_, column.words.front())) {
          std::erase_if(places, [&](const NameHit& other) {
            return other.strength <= hit.strength && std::any_of(other.words.begin(), other.words.end(), [&](std::size_t word) {
                     return std::find(hit.words.begin(), hit.words.end(), word) != hit.words.end();
                   });
          });
          const bool known = std::any_of(places.begin(), places.end(), [&](const NameHit& other) {
            return std::find(other.words.begin(), other.words.end(), hit.word) != other.words.end();
          });
          if (!known) places.push_back(std::move(hit));
        }
      }
      std::erase_if(places, [&](const NameHit& hit) { return is_sibling(column, hit) || is_of_another_sense(column, hit); });
      for (NameHit& hit : places) {
        // "party" is more likely the name of the party than its code.
        if (column.role == ColumnRole::identifier && hit.words.size() < column.words.size()) hit.strength -= code_penalty;
        // "cost" alone means the total, not a part of it.
        if (hit.strength < 1 && std::find(column.words.begin(), column.words.end(), "total") != column.words.end()) hit.strength += 0.05;
        for (const std::size_t word : hit.words) best[word] = std::max(best[word], hit.strength);
        hits.emplace_back(i, std::move(hit));
      }
    }
    std::erase_if(hits, [&](const auto& pair) { return is_part_of_another(pair.second, hits); });
    for (const auto& [i, hit] : hits) {
      const bool near =
          std::any_of(hit.words.begin(), hit.words.end(), [&](std::size_t word) { return hit.strength >= best[word] - alternate_gap; });
      if (!near) continue;
      ColumnMention mention{.column = i, .strength = hit.strength, .word = hit.word};
      std::tie(mention.begin, mention.end) = span_around(hit);
      match_.columns.push_back(mention);
      for (const std::size_t word : hit.words) claim(word, word + 1, hit.strength);
    }
    for (ColumnMention& mention : match_.columns) {
      for (const ColumnMention& other : match_.columns) {
        if (&other == &mention || other.word != mention.word || other.column == mention.column) continue;
        if (std::tuple(-other.strength, other.column) < std::tuple(-mention.strength, mention.column)) mention.alternate = true;
      }
    }
  }

  // "population in 2010" of a table with a column for each year.
  std::vector<NameHit> match_year(std::string_view year) const {
    std::vector<NameHit> hits;
    for (std::size_t i = 0; i < sentence_.words.size(); ++i) {
      if (sentence_.words[i].number && sentence_.words[i].text == year) hits.push_back({.strength = 1, .word = i, .words = {i}});
    }
    return hits;
  }

  // "recorded at each date" is no recorded_by, "orders" are no date called ordered, "rated" is no MPAA rating: a verb alone names only what
  // is called as it, a quantity or a flag.
  bool is_of_another_sense(const ColumnProfile& column, const NameHit& hit) const {
    const auto names = std::count_if(column.stems.begin(), column.stems.end(), [](const std::string& stem) { return !joins_names(stem); });
    if (hit.words.size() != 1 || column.role == ColumnRole::measure || is_flag(column)) return false;
    const Word& word = sentence_.words[hit.word];
    if (is_participle(word.text)) {
      const bool by = hit.word + 1 < sentence_.words.size() && sentence_.words[hit.word + 1].text == "by";
      return names > 1 && !by;
    }
    return names == 1 && column.role == ColumnRole::time && is_participle(column.words.front()) && word.text != column.words.front();
  }

  // The digits that are said choose among columns whose names differ by them: sensor_12 is not what "sensor 300" means.
  bool is_sibling(const ColumnProfile& column, const NameHit& hit) const {
    std::vector<std::string> named;
    for (const std::string& stem : column.stems) {
      if (is_digits(stem)) named.push_back(stem);
    }
    std::vector<std::string> said_within;
    std::vector<std::string> said;
    for (const std::size_t word : hit.words) {
      const std::vector<std::string> parts = split_name(sentence_.words[word].text);
      if (parts.size() < 2) continue;
      for (const std::string& part : parts) {
        if (is_digits(part)) said_within.push_back(part);
      }
    }
    const std::size_t last = hit.words.empty() ? 0 : *std::max_element(hit.words.begin(), hit.words.end());
    const std::size_t first = hit.word;
    for (std::size_t i = first + 1; i < sentence_.words.size(); ++i) {
      const bool part = i <= last || (sentence_.words[i].number && is_digits(sentence_.words[i].text) &&
                                      sentence_.before(i).find_first_of(",;") == std::string_view::npos);
      if (!part) break;
      if (is_digits(sentence_.words[i].text)) said.push_back(sentence_.words[i].text);
    }
    said.insert(said.end(), said_within.begin(), said_within.end());
    const auto has = [](const std::vector<std::string>& list, const std::string& one) {
      return std::find(list.begin(), list.end(), one) != list.end();
    };
    if (std::any_of(said_within.begin(), said_within.end(), [&](const std::string& one) { return !has(named, one); })) return true;
    return !said.empty() && std::any_of(named.begin(), named.end(), [&](const std::string& one) { return !has(said, one); });
  }

  // "customer phone numbers": the phone, though there is a customer number; "number" says less than "phone".
  bool is_part_of_another(const NameHit& hit, const std::vector<std::pair<std::size_t, NameHit>>& hits) const {
    const auto telling = [&](const NameHit& one) {
      std::set<std::size_t> words;
      for (const std::size_t word : one.words) {
        if (!says_little(word)) words.insert(word);
      }
      return words;
    };
    const std::set<std::size_t> mine = telling(hit);
    if (mine.size() == hit.words.size()) return false;
    return std::any_of(hits.begin(), hits.end(), [&](const auto& pair) {
      const NameHit& other = pair.second;
      if (&other == &hit || other.strength < hit.strength - 0.05) return false;
      const std::set<std::size_t> theirs = telling(other);
      const bool more = theirs.size() > mine.size() && std::includes(theirs.begin(), theirs.end(), mine.begin(), mine.end());
      // Its little words stand right behind the other's.
      return more && std::all_of(hit.words.begin(), hit.words.end(), [&](std::size_t word) {
               return mine.contains(word) || std::find(other.words.begin(), other.words.end(), word) != other.words.end() ||
                      std::any_of(theirs.begin(), theirs.end(), [&](std::size_t near) { return near < word && word - near == 1; });
             });
    });
  }
  bool says_little(std::size_t word) const {
    static constexpr auto little = std::to_array<std::string_view>({"number", "nam", "cod", "id", "typ", "identifier", "valu", "detail"});
    const std::string& stem = sentence_.words[word].stem;
    return std::find(little.begin(), little.end(), stem) != little.end() || sentence_.words[word].text == "ids" ||
           std::find(table_.stems.begin(), table_.stems.end(), stem) != table_.stems.end();
  }

  // The words of a name that stand together around its head.
  static std::pair<std::size_t, std::size_t> span_around(const NameHit& hit) {
    const auto has = [&](std::size_t word) { return std::find(hit.words.begin(), hit.words.end(), word) != hit.words.end(); };
    std::size_t begin = hit.word;
    std::size_t end = hit.word + 1;
    while (begin > 0 && has(begin - 1)) --begin;
    while (has(end)) ++end;
    return {begin, end};
  }

  bool column_names(std::size_t word, double strength) const {
    return std::any_of(match_.columns.begin(), match_.columns.end(),
                       [&](const ColumnMention& mention) { return mention.word == word && mention.strength >= strength; });
  }

  void match_values() {
    // Every run of words, by its stems.
    std::unordered_map<std::string, std::pair<std::size_t, std::size_t>> runs;
    for (std::size_t i = 0; i < sentence_.words.size(); ++i) {
      std::string key;
      for (std::size_t end = i; end < std::min(i + value_words_max, sentence_.words.size()); ++end) {
        for (const std::string& stem : value_stems(sentence_.words[end].text)) key += str(stem, ' ');
        runs.try_emplace(key, i, end + 1);
      }
    }
    std::vector<ValueMention> found;
    std::vector<ValueMention> doubtful;  // words that say something else, unless they stand in a list of values
    for (std::size_t c = 0; c < table_.columns.size(); ++c) {
      const ColumnProfile& column = table_.columns[c];
      if (column.role == ColumnRole::measure || column.role == ColumnRole::time || column.role == ColumnRole::geography) continue;
      for (const std::string& value : column.values) {
        if (value.size() > 120) continue;
        for (std::size_t i = 0; i < sentence_.words.size(); ++i) {
          const Word& word = sentence_.words[i];
          if (word.used || word.quoted || column_names(i, 0.75)) continue;
          if (is_called(word.text, value)) found.push_back({.column = c, .value = value, .word = i, .end = i + 1});
        }
        std::string key;
        for (const std::string& stem : value_stems(value)) key += str(stem, ' ');
        const auto run = runs.find(key);
        if (key.empty() || run == runs.end()) continue;
        auto [begin, end] = run->second;
        const bool single = end - begin == 1;
        // Of "in" and "IN" the one that is written as the value is.
        for (std::size_t i = 0; single && value.size() <= 4 && i < sentence_.words.size(); ++i) {
          if (sentence_.words[i].written != value || sentence_.words[begin].written == value) continue;
          begin = i;
          end = i + 1;
        }
        const Word& word = sentence_.words[begin];
        // "OR, ME and IN" are states where they are written as states are.
        const bool code = word.written == value && value.size() >= 2 &&
                          std::all_of(value.begin(), value.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
        if (single && !word.quoted && !code) {
          if (word.number) continue;
          if (word.used || is_stop_word(word.text) || word.generic) {
            if (value.size() >= 3) doubtful.push_back({.column = c, .value = value, .word = begin, .end = end});
            continue;
          }
          if (value.size() < 3 && word.written != value) continue;  // "or" is no state
          if (column_names(begin, 0.75)) continue;
        }
        found.push_back({.column = c, .value = value, .word = begin, .end = end, .quoted = word.quoted});
      }
    }
    for (const ValueMention& mention : doubtful) {
      if (is_listed(mention, found)) found.push_back(mention);
    }
    for (const ValueMention& mention : found) {
      // A longer run beats one inside it; of two columns with the same value the preposition decides, else the first.
      const bool covered = std::any_of(found.begin(), found.end(), [&](const ValueMention& other) {
        return other.end - other.word > mention.end - mention.word && other.word <= mention.word && other.end >= mention.end;
      });
      if (covered || is_other_side(mention, found)) continue;
      match_.values.push_back(mention);
      claim(mention.word, mention.end, 1.1);
    }
  }

  // "fun, good or excellent": beside another value of the column, with a comma or "or" between.
  bool is_listed(const ValueMention& mention, const std::vector<ValueMention>& found) const {
    const auto joins = [&](std::size_t begin, std::size_t end) {
      if (end - begin > 1) return false;
      if (end > begin) return sentence_.words[begin].text == "or" || sentence_.words[begin].text == "and";
      return sentence_.before(end).find(',') != std::string_view::npos;
    };
    return std::any_of(found.begin(), found.end(), [&](const ValueMention& other) {
      if (other.column != mention.column) return false;
      return other.end <= mention.word ? joins(other.end, mention.word) : mention.end <= other.word && joins(mention.end, other.word);
    });
  }

  // "from ATL" is an origin, "to ATL" a destination.
  bool is_other_side(const ValueMention& mention, const std::vector<ValueMention>& found) const {
    const double mine = side_of(mention);
    for (const ValueMention& other : found) {
      if (other.word != mention.word || other.column == mention.column || other.end != mention.end) continue;
      const double theirs = side_of(other);
      if (theirs > mine || (theirs == mine && other.column < mention.column)) return true;
    }
    return false;
  }
  double side_of(const ValueMention& mention) const {
    const std::string_view before = mention.word > 0 ? std::string_view(sentence_.words[mention.word - 1].text) : std::string_view();
    std::string_view side;
    if (before == "from" || before == "leaving" || before == "departing" || before == "out") side = "origin";
    if (before == "to" || before == "into" || before == "towards" || before == "arriving" || before == "reaching") side = "destination";
    double score = column_is_named(mention.column) ? 0.5 : 0;
    if (side.empty()) return score;
    for (const std::string& stem : table_.columns[mention.column].stems) {
      if (share_idea(std::string(side), stem) && (side == "origin") == (stem != "destination")) score += 1;
    }
    return score;
  }
  bool column_is_named(std::size_t column) const {
    return std::any_of(match_.columns.begin(), match_.columns.end(),
                       [&](const ColumnMention& mention) { return mention.column == column; });
  }

  // "BTV" where all values known are three capitals: a value too, though not among the commonest.
  void match_codes() {
    for (std::size_t i = 0; i < sentence_.words.size(); ++i) {
      const Word& word = sentence_.words[i];
      const bool capitals = word.written.size() >= 2 && word.written.size() <= 4 &&
                            std::all_of(word.written.begin(), word.written.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
      if (!capitals || word.used || word.generic || is_stop_word(word.text) || match_.matched[i]) continue;
      std::vector<ValueMention> found;
      for (std::size_t c = 0; c < table_.columns.size(); ++c) {
        const ColumnProfile& column = table_.columns[c];
        const bool codes = column.role == ColumnRole::dimension && column.values.size() >= 5 && column.distinct &&
                           *column.distinct > static_cast<std::int64_t>(column.values.size()) &&
                           std::all_of(column.values.begin(), column.values.end(), [&](const std::string& value) {
                             return value.size() == word.written.size() &&
                                    std::all_of(value.begin(), value.end(), [](char ch) { return ch >= 'A' && ch <= 'Z'; });
                           });
        if (codes) found.push_back({.column = c, .value = word.written, .word = i, .end = i + 1});
      }
      for (const ValueMention& mention : found) {
        if (is_other_side(mention, found)) continue;
        match_.values.push_back(mention);
        claim(i, i + 1, 0.9);
      }
    }
  }

  void match_name() {
    const NameHit hit = match_stems(candidates_, table_.stems, memory_);
    if (hit.strength < strength_least) return;
    match_.names_table = hit.strength >= 0.7;
    for (ColumnMention& mention : match_.columns) mention.subject = match_.names_table && is_subject(mention, hit);
    for (const std::size_t word : hit.words) claim(word, word + 1, hit.strength * 0.95);
    // "bird strikes" are what the table holds: a column that resembles "bird" is not what is meant.
    if (!match_.names_table) return;
    std::erase_if(match_.columns, [&](const ColumnMention& mention) {
      return mention.strength < 0.7 && std::find(hit.words.begin(), hit.words.end(), mention.word) != hit.words.end();
    });
  }

  // A quantity that the table is called after ("sales" of total_sales) is meant, whatever else the rows are.
  bool is_subject(const ColumnMention& mention, const NameHit& table) const {
    if (mention.strength >= 0.9 || table_.columns[mention.column].role == ColumnRole::dimension) return false;
    for (std::size_t i = mention.begin; i < mention.end; ++i) {
      if (std::find(table.words.begin(), table.words.end(), i) == table.words.end()) return false;
      const std::string& stem = sentence_.words[i].stem;
      if (std::any_of(quantity_words().begin(), quantity_words().end(),
                      [&](const QuantityWord& entry) { return stem_of(entry.word) == stem; }))
        return false;
    }
    return true;
  }

  void match_route() {
    static constexpr auto names = std::to_array<std::string_view>({"rout", "connection", "pair", "leg", "itinerari", "corridor"});
    if (!route_columns(table_)) return;
    for (std::size_t i = 0; i < sentence_.words.size(); ++i) {
      if (std::find(names.begin(), names.end(), stem_of(sentence_.words[i].text)) == names.end()) continue;
      match_.route_word = i;
      claim(i, i + 1, 1);
    }
  }

  // "by species and sex": what follows the cue, and what is joined to it.
  void mark_breakdowns() {
    const auto only_filler = [&](std::size_t begin, std::size_t end, bool joint_only) {
      for (std::size_t i = begin; i < end; ++i) {
        const Word& word = sentence_.words[i];
        const bool joint = word.text == "and" || word.text == "or" || word.text == "the" || word.text == "their";
        const bool adjective = i + 1 == end && word.content;  // "by geographic area"
        if (joint_only ? !joint : !(joint || is_stop_word(word.text) || word.generic || match_.matched[i] || adjective)) return false;
      }
      return true;
    };
    const auto follows = [&](std::size_t word, CueKind kind) {
      for (const Cue& cue : sentence_.cues) {
        if (cue.kind != kind || cue.end > word || word - cue.end > 3 || is_inside_name(cue)) continue;
        // Between the cue and the name there may be words of the same name ("by wildlife species").
        if (only_filler(cue.end, word, false) && !starts_another(cue.end, word)) return true;
      }
      return false;
    };
    for (ColumnMention& mention : match_.columns) {
      if (is_year_name(table_.columns[mention.column])) continue;  // "by country in 2010"
      mention.each = follows(mention.word, CueKind::each);
      mention.by = mention.each || follows(mention.word, CueKind::by);
    }
    if (match_.route_word) match_.route_by = true;
    for (ColumnMention& mention : match_.columns) {
      if (mention.by || is_year_name(table_.columns[mention.column])) continue;
      for (const ColumnMention& other : match_.columns) {
        if (other.by && other.word < mention.word && only_filler(other.word + 1, mention.word, true)) mention.by = true;
      }
    }
  }
  // "per" of "miles per gallon".
  bool is_inside_name(const Cue& cue) const {
    return std::any_of(match_.columns.begin(), match_.columns.end(),
                       [&](const ColumnMention& mention) { return mention.begin < cue.begin && cue.end < mention.end; });
  }
  bool starts_another(std::size_t begin, std::size_t word) const {
    return std::any_of(match_.columns.begin(), match_.columns.end(), [&](const ColumnMention& mention) {
      return mention.word >= begin && mention.word < word && mention.strength >= 0.9;
    });
  }

  // "year", "month": any table that knows when can say by which; a column of that name makes it no better.
  bool is_plain_time(std::size_t word) const {
    static constexpr auto units = std::to_array<std::string_view>({"hour", "day", "week", "month", "quarter", "year", "dat"});
    if (!table_.time || std::find(units.begin(), units.end(), sentence_.words[word].stem) == units.end()) return false;
    return std::none_of(match_.columns.begin(), match_.columns.end(), [&](const ColumnMention& mention) {
      return mention.word == word && table_.columns[mention.column].role != ColumnRole::time;
    });
  }

  void add_up() {
    for (std::size_t i = 0; i < sentence_.words.size(); ++i) {
      if (sentence_.words[i].used || !is_plain_time(i)) continue;
      match_.matched[i] = true;
      weight_[i] = time_weight;
    }
    std::size_t matched = 0;
    for (std::size_t i = 0; i < sentence_.words.size(); ++i) {
      const Word& word = sentence_.words[i];
      match_.score += weight_[i];
      if (match_.matched[i]) ++matched;
      if (!word.content || match_.matched[i]) continue;
      match_.score -= unmatched_penalty;
      match_.unmatched.push_back(word.written);
    }
    if (matched > 0) match_.score += 0.01 * std::log10(1.0 + static_cast<double>(table_.row_count));
    if (match_.names_table) match_.score += 0.1;
  }

  const Sentence& sentence_;
  const TableProfile& table_;
  const std::vector<Candidate> candidates_;
  HitMemory memory_;
  TableMatch match_;
  std::vector<double> weight_;
};

}  // namespace

TableMatch match_table(const Sentence& sentence, const TableProfile& table) { return Matcher(sentence, table).run(); }

Sentence without_named_cues(Sentence sentence, const TableMatch& match) {
  const auto is_name = [&](const Cue& cue) {
    if (cue.kind != CueKind::aggregate) return false;
    return std::any_of(match.columns.begin(), match.columns.end(), [&](const ColumnMention& mention) {
      if (mention.strength < 0.9 || cue.begin < mention.begin || cue.end > mention.end) return false;
      const auto& stems = match.table->columns[mention.column].stems;
      for (std::size_t i = cue.begin; i < cue.end; ++i) {
        const std::string stem = stem_of(spelled_out(sentence.words[i].text));
        if (std::find(stems.begin(), stems.end(), stem) == stems.end()) return false;
      }
      // "count" and "total" that name a column all by themselves ask for its sum as well.
      const auto value = static_cast<Aggregate>(cue.value);
      return value != Aggregate::count && (value != Aggregate::sum || mention.end - mention.begin > 1);
    });
  };
  // "the worst rated 10 movies": so many of the rows, not movies rated 10.
  for (std::size_t i = 1; i + 1 < sentence.words.size() && !sentence.top; ++i) {
    Word& word = sentence.words[i];
    const bool rows = std::ranges::count(match.table->stems, sentence.words[i + 1].stem) > 0;
    if (!word.number || word.used || !rows || word.value < 1 || word.value > top_rows_max || word.value != std::floor(word.value)) continue;
    const bool superlative = std::ranges::any_of(sentence.cues, [&](const Cue& cue) {
      const bool ranks = cue.kind == CueKind::order || cue.kind == CueKind::busiest || cue.kind == CueKind::best;
      return ranks && cue.begin < i && cue.begin + 3 >= i;
    });
    if (!superlative) continue;
    sentence.top = static_cast<int>(word.value);
    word.used = true;
  }
  const bool another = std::any_of(sentence.cues.begin(), sentence.cues.end(),
                                   [&](const Cue& cue) { return cue.kind == CueKind::aggregate && !is_name(cue); });
  // "total cost" of the column "Cost Total $": its total, whatever it is called.
  std::erase_if(sentence.cues,
                [&](const Cue& cue) { return is_name(cue) && (another || static_cast<Aggregate>(cue.value) != Aggregate::sum); });
  return sentence;
}

double match_names(const Sentence& sentence, std::string_view table_name, const std::vector<std::string>& column_names) {
  const std::vector<Candidate> candidates = candidates_of(sentence);
  HitMemory memory;
  double score = match_stems(candidates, table_stems(table_name), memory).strength;
  double columns = 0;
  for (const std::string& name : column_names) {
    std::vector<std::string> stems;
    for (const std::string& word : split_name(name)) stems.push_back(stem_of(spelled_out(word)));
    const double strength = match_stems(candidates, stems, memory).strength;
    if (strength >= strength_least) columns += strength;
  }
  return (score >= strength_least ? score : 0) + std::min(columns, 3.0);
}

bool means_same(const std::string& said, const std::string& named) { return share_idea(said, named); }

bool is_year_name(const ColumnProfile& column) {
  if (!column.numeric || column.words.size() != 1 || column.words.front().size() != 4 || !is_digits(column.words.front())) return false;
  return column.words.front() >= "1500" && column.words.front() <= "2200";
}

bool holds_counts(const ColumnProfile& column) {
  static constexpr auto counts = std::to_array<std::string_view>({"count", "quantity", "qty", "total"});
  static constexpr auto numbers = std::to_array<std::string_view>({"number", "num", "no", "nr"});
  if (column.role != ColumnRole::measure || column.words.empty()) return false;
  // "number_cities" says how many there are, "draft_number" which one it is.
  const bool numbered = column.words.size() > 1 && std::ranges::count(numbers, column.words.front()) > 0;
  return column.additive || numbered ||
         std::ranges::any_of(counts, [&](std::string_view name) { return std::ranges::count(column.words, name) > 0; });
}

std::optional<std::size_t> find_counted_quantity(const Sentence& sentence, const TableMatch& match) {
  static constexpr auto said = std::to_array<std::string_view>({"number", "count", "total"});
  for (const Cue& cue : sentence.cues) {
    if (cue.kind != CueKind::aggregate || static_cast<Aggregate>(cue.value) != Aggregate::count) continue;
    for (const ColumnMention& mention : match.columns) {
      const ColumnProfile& column = match.table->columns[mention.column];
      if (mention.end <= cue.begin || mention.begin > cue.end + 1 || mention.by || mention.alternate || !holds_counts(column)) continue;
      const bool whole = std::ranges::all_of(column.stems, [&](const std::string& stem) {
        if (std::ranges::count(said, stem) > 0) return true;
        for (std::size_t i = std::min(cue.begin, mention.begin); i < mention.end; ++i) {
          if (sentence.words[i].stem == stem) return true;
        }
        return false;
      });
      if (whole) return mention.column;
    }
  }
  return {};
}

std::optional<std::pair<std::size_t, std::size_t>> route_columns(const TableProfile& table) {
  std::optional<std::size_t> from;
  std::optional<std::size_t> to;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnProfile& column = table.columns[i];
    if (column.role != ColumnRole::dimension) continue;
    for (const std::string& stem : column.stems) {
      if (!from && (stem == "origin" || stem == "sourc" || stem == "pickup" || stem == "start" || stem == "from")) from = i;
      if (!to && (stem == "destination" || stem == "target" || stem == "dropoff" || stem == "end" || stem == "to")) to = i;
    }
  }
  if (!from || !to || *from == *to) return {};
  return std::pair(*from, *to);
}

}  // namespace bridge::rules
