#include "ai_sdk/providers/rules/planner.h"

#include <algorithm>
#include <array>

#include "ai_sdk/providers/rules/words.h"
#include "base/text.h"

namespace bridge::rules {

namespace {

constexpr std::size_t title_bytes_max = 120;
constexpr std::size_t asked_title_bytes_max = 70;  // a sentence so short is its own title

constexpr auto title_openings = std::to_array<std::string_view>({"please ",
                                                                 "can you ",
                                                                 "could you ",
                                                                 "show me ",
                                                                 "show ",
                                                                 "give me ",
                                                                 "tell me ",
                                                                 "i want to see ",
                                                                 "i want ",
                                                                 "i would like to see ",
                                                                 "let me see ",
                                                                 "plot ",
                                                                 "draw ",
                                                                 "display ",
                                                                 "create ",
                                                                 "make ",
                                                                 "build ",
                                                                 "a dashboard of ",
                                                                 "a dashboard about ",
                                                                 "a dashboard for ",
                                                                 "dashboard of ",
                                                                 "dashboard about ",
                                                                 "dashboard for ",
                                                                 "a chart of ",
                                                                 "the "});

}  // namespace

std::string Planner::title() const {
  std::string title;
  if (question_.relation)
    title = str(table_.columns[question_.relation->second].label, " and ", in_sentence(table_.columns[question_.relation->first].label));
  else if (question_.overview)
    title = str(capitalised(table_.rows_label == "Records" ? join(split_name(table_.table), " ") : table_.rows_label), " at a glance");
  else {
    title = lead().label;
    if (question_.measures.size() > 1 && question_.measure_asked) title += str(" and ", in_sentence(question_.measures[1].label));
    std::vector<std::string> by;
    if (question_.compare) by.push_back(in_sentence(question_.compare->label));
    for (const Dimension& dimension : question_.asked) {
      if (by.size() < 2 && dimension.label.size() < 40)
        add_unique(by, in_sentence(dimension.columns.empty() ? dimension.label
                                   : dimension.ordered()     ? table_.columns[dimension.columns.front()].label
                                                             : dimension.label));
    }
    if (by.size() < 2 && question_.part != TimePart::none && time_)
      add_unique(by, in_sentence(make_time_part(*time_, question_.part).label));
    if (by.size() < 2 && question_.grain != Grain::none) add_unique(by, std::string(name_of(question_.grain)));
    if (!by.empty()) title += str(" by ", join(by, " and "));
    else if (question_.trend) title += " over time";
    if (question_.when) title += ", and when";
    for (const ValueFilter& filter : question_.filters) {
      if (filter.values.size() == 1)
        title += str(title.find(": ") == std::string::npos ? ": " : ", ", shortened(filter.values.front(), 30));
    }
  }
  return shortened(title, title_bytes_max);
}

// The sentence itself, when it is short and everything in it was understood.
std::string Planner::asked_title() const {
  std::string text;
  for (const std::string& word : split(sentence_.text, ' ')) {
    if (!trim(word).empty()) text += str(text.empty() ? "" : " ", trim(word));
  }
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view opening : title_openings) {
      if (!lower(text).starts_with(opening)) continue;
      text.erase(0, opening.size());
      again = true;
    }
  }
  while (!text.empty() && (text.back() == '.' || text.back() == '!' || text.back() == ',' || text.back() == ' ')) text.pop_back();
  const bool plain = text.find_first_of("\n\r\t\"`;{}<>") == std::string::npos;
  if (!plain || question_.overview || sentence_.shouted || !sentence_.mended.empty() || !question_.unmatched.empty() ||
      text.size() > asked_title_bytes_max)
    return {};
  if (std::count(text.begin(), text.end(), ' ') < 1) return {};
  return capitalised(text);
}

std::string Planner::period_text() const {
  if (!from_ || !to_) return "";
  if (time_->time_is_year) {
    const int first = civil_of(*from_).year;
    const int last = civil_of(*to_).year;
    return first == last ? str(", ", last) : str(", ", first, " to ", last);
  }
  return str(", ", span_text(*from_, *to_));
}

// Of a snapshot: which year is shown.
std::string Planner::of_year() const {
  const bool one = from_ && to_ && civil_of(*from_).year == civil_of(*to_).year;
  return one ? str(", ", civil_of(*to_).year) : ", latest year";
}

}  // namespace bridge::rules
