#include "features/rules/query_facts.h"

#include <map>

#include "base/text.h"
#include "features/rules/sql_tokens.h"

namespace bridge::rules {

namespace {

using Range = std::span<const Token>;

bool is(const Token& token, std::string_view text) {
  return (token.kind == Token::Kind::word || token.kind == Token::Kind::sign) && token.text == text;
}
bool at(Range range, std::size_t i, std::string_view text) { return i < range.size() && is(range[i], text); }

// Pieces between what stands outside of all parentheses.
std::vector<Range> split_at(Range range, std::string_view separator) {
  std::vector<Range> pieces;
  std::size_t begin = 0;
  int depth = 0;
  bool between = false;
  int cases = 0;
  for (std::size_t i = 0; i < range.size(); ++i) {
    if (is(range[i], "(")) ++depth;
    if (is(range[i], ")")) --depth;
    if (is(range[i], "case")) ++cases;
    if (is(range[i], "end")) --cases;
    if (depth != 0 || cases > 0) continue;
    if (is(range[i], "between")) between = true;
    if (!is(range[i], separator)) continue;
    if (separator == "and" && between) {
      between = false;
      continue;
    }
    pieces.push_back(range.subspan(begin, i - begin));
    begin = i + 1;
  }
  if (begin < range.size()) pieces.push_back(range.subspan(begin));
  return pieces;
}

std::size_t closing_of(Range range, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < range.size(); ++i) {
    if (is(range[i], "(")) ++depth;
    if (is(range[i], ")") && --depth == 0) return i;
  }
  return range.size();
}

Range without_parentheses(Range range) {
  while (range.size() >= 2 && is(range.front(), "(") && closing_of(range, 0) == range.size() - 1)
    range = range.subspan(1, range.size() - 2);
  return range;
}

// Facts are read in the local engine's words.
std::optional<FunctionMeaning> meaning_of(const Token& function) { return local_sql_dialect().meaning_of(function.text); }

Aggregate aggregate_of(std::optional<FunctionMeaning> meaning) {
  if (!meaning) return Aggregate::none;
  switch (*meaning) {
    case FunctionMeaning::count: return Aggregate::count;
    case FunctionMeaning::sum: return Aggregate::sum;
    case FunctionMeaning::minimum: return Aggregate::minimum;
    case FunctionMeaning::maximum: return Aggregate::maximum;
    case FunctionMeaning::median:
    case FunctionMeaning::quantile: return Aggregate::median;
    case FunctionMeaning::standard_deviation: return Aggregate::spread;
    case FunctionMeaning::mean:
    case FunctionMeaning::correlation:
    case FunctionMeaning::value_at: return Aggregate::mean;
    case FunctionMeaning::neighbour:
    case FunctionMeaning::window_first:
    case FunctionMeaning::rank:
    case FunctionMeaning::start_of_unit:
    case FunctionMeaning::hour:
    case FunctionMeaning::weekday:
    case FunctionMeaning::month: break;
  }
  return Aggregate::none;
}

TimePart part_of(std::optional<FunctionMeaning> meaning) {
  if (meaning == FunctionMeaning::hour) return TimePart::hour;
  if (meaning == FunctionMeaning::weekday) return TimePart::weekday;
  if (meaning == FunctionMeaning::month) return TimePart::month;
  return TimePart::none;
}

Grain grain_named(std::string_view name) {
  for (const Grain grain : {Grain::hour, Grain::day, Grain::week, Grain::month, Grain::quarter, Grain::year}) {
    if (name_of(grain) == name) return grain;
  }
  return Grain::none;
}

// The unit that a text among the arguments names.
Grain grain_in(Range arguments) {
  for (const Token& token : arguments) {
    const Grain grain = token.kind == Token::Kind::text ? grain_named(token.text) : Grain::none;
    if (grain != Grain::none) return grain;
  }
  return Grain::none;
}

// Reads one SELECT and those inside it.
class Reader {
 public:
  Reader(const Plan& plan, const TableProfile& table, QueryFacts& facts) : plan_(plan), table_(table), facts_(facts) {}

  void read(Range range) {
    note_words(range);
    read_select(range, true);
  }

 private:
  using Aliases = std::map<std::string, SelectedFact>;

  void note_words(Range range) {
    for (std::size_t i = 0; i < range.size(); ++i) {
      if (range[i].kind == Token::Kind::word) {
        facts_.words.insert(range[i].text);
        const auto meaning = at(range, i + 1, "(") ? meaning_of(range[i]) : std::nullopt;
        if (meaning) facts_.functions.insert(*meaning);
      }
      if (range[i].kind == Token::Kind::text) facts_.literals.push_back(range[i].text);
    }
  }

  std::vector<std::size_t> columns_in(Range range) const {
    std::vector<std::size_t> found;
    for (const Token& token : range) {
      if (token.kind != Token::Kind::word && token.kind != Token::Kind::name) continue;
      for (std::size_t i = 0; i < table_.columns.size(); ++i) {
        const ColumnProfile& column = table_.columns[i];
        // By its name: what reads a column of numbers in text is an expression around it.
        const bool same =
            token.kind == Token::Kind::name ? column.name == token.text : table_.dialect->identifier(column.name) == token.text;
        if (same && std::find(found.begin(), found.end(), i) == found.end()) found.push_back(i);
      }
    }
    return found;
  }

  // The clause that begins with `words`, up to the next clause.
  static Range clause(Range range, std::string_view word) {
    static constexpr auto clauses =
        std::to_array<std::string_view>({"select", "from", "where", "group", "having", "qualify", "window", "order", "limit", "union"});
    int depth = 0;
    std::optional<std::size_t> begin;
    for (std::size_t i = 0; i < range.size(); ++i) {
      if (is(range[i], "(")) ++depth;
      if (is(range[i], ")")) --depth;
      if (depth != 0 || range[i].kind != Token::Kind::word) continue;
      const bool starts = std::find(clauses.begin(), clauses.end(), range[i].text) != clauses.end();
      if (begin && starts) return range.subspan(*begin, i - *begin);
      if (!begin && range[i].text == word) begin = i + 1 + (at(range, i + 1, "by") ? 1 : 0);
    }
    return begin ? range.subspan(*begin) : Range();
  }

  Aliases read_select(Range range, bool outermost) {
    range = without_parentheses(range);
    Aliases inner;
    if (!range.empty() && is(range.front(), "with")) {
      for (std::size_t i = 1; i < range.size(); ++i) {
        if (!is(range[i], "(")) {
          if (is(range[i], "select")) {
            range = range.subspan(i);
            break;
          }
          continue;
        }
        const std::size_t end = closing_of(range, i);
        if (at(range, i + 1, "select") || at(range, i + 1, "with"))
          for (auto& [alias, fact] : read_select(range.subspan(i + 1, end - i - 1), false)) inner[alias] = fact;
        i = end;
      }
    }
    const Range from = clause(range, "from");
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (!is(from[i], "(")) continue;
      const std::size_t end = closing_of(from, i);
      if (at(from, i + 1, "select") || at(from, i + 1, "with"))
        for (auto& [alias, fact] : read_select(from.subspan(i + 1, end - i - 1), false)) inner[alias] = fact;
      i = end;
    }
    const bool groups = !clause(range, "group").empty();
    std::vector<SelectedFact> selected;
    Aliases aliases;
    for (const Range& item : split_at(clause(range, "select"), ",")) {
      std::string alias;
      SelectedFact fact = read_item(item, groups, inner, alias);
      aliases[alias] = fact;
      selected.push_back(std::move(fact));
    }
    read_conditions(clause(range, "where"));
    const Range having = clause(range, "having");
    for (const Token& token : having) {
      if (token.kind == Token::Kind::number) facts_.numbers.insert(token.text);
    }
    if (!outermost) return aliases;
    facts_.selected = selected;
    const Range order = clause(range, "order");
    if (const std::vector<Range> items = split_at(order, ","); !items.empty()) {
      const bool down = std::any_of(items.front().begin(), items.front().end(), [](const Token& token) { return is(token, "desc"); });
      if (orders_by_measure(items.front(), selected, aliases)) facts_.order = down ? 1 : -1;
    }
    if (const Range limit = clause(range, "limit"); !limit.empty() && limit.front().kind == Token::Kind::number) {
      facts_.limit = std::atoi(limit.front().text.c_str());
      facts_.numbers.insert(limit.front().text);
    }
    return aliases;
  }

  static bool orders_by_measure(Range item, const std::vector<SelectedFact>& selected, const Aliases& aliases) {
    if (item.empty()) return false;
    if (item.front().kind == Token::Kind::number) {
      const auto position = static_cast<std::size_t>(std::atoi(item.front().text.c_str()));
      return position >= 1 && position <= selected.size() && !selected[position - 1].key;
    }
    for (std::size_t i = 0; i < item.size(); ++i) {
      if (item[i].kind == Token::Kind::word && at(item, i + 1, "(") && aggregate_of(meaning_of(item[i])) != Aggregate::none) return true;
      const auto found = aliases.find(item[i].text);
      if (found != aliases.end()) return !found->second.key;
    }
    return false;
  }

  SelectedFact read_item(Range item, bool groups, const Aliases& inner, std::string& alias) const {
    // "expression AS alias".
    for (std::size_t i = 1; i + 1 < item.size(); ++i) {
      if (i + 2 == item.size() && is(item[i], "as")) {
        alias = item[i + 1].text;
        item = item.first(i);
        break;
      }
    }
    SelectedFact fact{.columns = columns_in(item)};
    // What a subquery calls its columns is read through it, also where a column of the table is called the same.
    const bool from_inner = std::any_of(item.begin(), item.end(), [&](const Token& token) {
      return (token.kind == Token::Kind::word || token.kind == Token::Kind::name) && inner.contains(token.text);
    });
    if (from_inner) fact.columns.clear();
    for (const Token& token : item) {
      if (token.kind == Token::Kind::number && item.size() > 1) facts_.numbers.insert(token.text);  // how wide a band is
    }
    if (alias.empty() && item.size() == 1) alias = item.front().text;
    bool aggregated = false;
    for (std::size_t i = 0; i < item.size(); ++i) {
      const Token& token = item[i];
      if (token.kind == Token::Kind::word && at(item, i + 1, "(")) {
        const auto meaning = meaning_of(token);
        const Aggregate aggregate = aggregate_of(meaning);
        if (meaning == FunctionMeaning::value_at) fact.of_one_row = true;
        if (aggregate != Aggregate::none && !aggregated) {
          fact.aggregate = aggregate == Aggregate::count && at(item, i + 2, "distinct") ? Aggregate::distinct : aggregate;
          aggregated = true;
        }
        if (const TimePart part = part_of(meaning); part != TimePart::none && !aggregated) fact.part = part;
        if (meaning == FunctionMeaning::start_of_unit && !aggregated)
          fact.grain = grain_in(item.subspan(i + 1, closing_of(item, i + 1) - i - 1));
      }
      if (is(token, "/") && aggregated) fact.share = true;
      if (is(token, "case") && fact.aggregate == Aggregate::mean) fact.share = true;
      if (token.kind == Token::Kind::word || token.kind == Token::Kind::name) {
        const auto found = inner.find(token.text);
        if (found == inner.end() || !fact.columns.empty()) continue;
        fact.columns = found->second.columns;
        fact.grain = found->second.grain;
        fact.part = found->second.part;
        fact.share = fact.share || found->second.share;
        if (!aggregated) {
          fact.aggregate = found->second.aggregate;
          aggregated = !found->second.key;
        }
      }
    }
    fact.key = !aggregated;
    if (!groups && !aggregated && !fact.columns.empty()) {
      // Rows as they are: quantities are shown, the rest says of what.
      fact.key = std::none_of(fact.columns.begin(), fact.columns.end(),
                              [&](std::size_t column) { return table_.columns[column].role == ColumnRole::measure; });
    }
    if (fact.key && fact.grain == Grain::none && fact.columns.size() == 1 && fact.part == TimePart::none) {
      const ColumnProfile& column = table_.columns[fact.columns.front()];
      if (column.role == ColumnRole::time) fact.grain = column.time_is_year ? Grain::year : Grain::day;
    }
    for (const Token& token : item) fact.sql += str(fact.sql.empty() ? "" : " ", token.text);
    return fact;
  }

  void read_conditions(Range where) {
    for (const Range& condition : split_at(where, "and")) read_condition(condition, false);
  }

  void read_condition(Range range, bool negated) {
    range = without_parentheses(range);
    if (range.empty()) return;
    if (is(range.front(), "not") && range.size() > 1) return read_condition(range.subspan(1), !negated);
    for (const std::string_view joint : {"and", "or"}) {
      const std::vector<Range> parts = split_at(range, joint);
      if (parts.size() < 2) continue;
      for (const Range& part : parts) read_condition(part, negated);
      return;
    }
    if (is(range.front(), "filter") && at(range, 1, "(") && at(range, 2, ":") && range.size() > 3)
      return read_parameter(range[3].text, range);
    for (const Token& token : range) {
      if (token.kind == Token::Kind::number) facts_.numbers.insert(token.text);
    }
    // The things that the rows are about: "IN (SELECT … LIMIT 5)".
    for (std::size_t i = 0; i + 1 < range.size(); ++i) {
      if (!is(range[i], "(") || !at(range, i + 1, "select")) continue;
      const Range inside = range.subspan(i + 1, closing_of(range, i) - i - 1);
      if (const Range limit = clause(inside, "limit"); !limit.empty()) {
        facts_.limit = std::atoi(limit.front().text.c_str());
        if (facts_.order == 0) facts_.order = facts_of_order(inside);
      }
      return;
    }
    FilterFact fact{.negated = negated};
    if (const std::vector<std::size_t> columns = columns_in(range); !columns.empty()) fact.column = columns.front();
    for (std::size_t i = 0; i < range.size(); ++i) {
      const Token& token = range[i];
      if (token.kind == Token::Kind::word && at(range, i + 1, "(") && fact.part == TimePart::none) fact.part = part_of(meaning_of(token));
      if (is(token, "not")) fact.negated = !fact.negated;
      if (is(token, "distinct") && at(range, i + 1, "from")) {
        fact.sign = "=";
        fact.negated = !fact.negated;
      }
      if (is(token, "null")) fact.sign = "null";
      if (is(token, "in") || is(token, "between")) fact.sign = token.text;
      if (is(token, "like") || is(token, "ilike")) fact.sign = "like";
      for (const std::string_view sign : {"=", "<", "<=", ">", ">="}) {
        if (is(token, sign)) fact.sign = sign;
      }
      if (is(token, "<>") || is(token, "!=")) {
        fact.sign = "=";
        fact.negated = !fact.negated;
      }
      const bool literal = token.kind == Token::Kind::text || token.kind == Token::Kind::number;
      if (literal && !fact.sign.empty()) fact.values.push_back(i > 0 && is(range[i - 1], "-") ? "-" + token.text : token.text);
    }
    if (fact.part != TimePart::none) fact.sign = "part";
    facts_.filters.push_back(std::move(fact));
  }

  static int facts_of_order(Range inside) {
    const Range order = clause(inside, "order");
    return std::any_of(order.begin(), order.end(), [](const Token& token) { return is(token, "desc"); }) ? 1 : -1;
  }

  void read_parameter(const std::string& name, Range range) {
    for (const PlannedParameter& param : plan_.params) {
      if (param.name != name || (param.defaults.size() == 1 && param.defaults.front() == "all")) continue;
      FilterFact fact{.sign = param.type == "date_range" ? "period" : "in", .values = param.defaults, .chosen = true};
      if (const std::vector<std::size_t> columns = columns_in(range.subspan(4)); !columns.empty()) fact.column = columns.front();
      for (const std::string& value : param.defaults) facts_.literals.push_back(value);
      facts_.filters.push_back(std::move(fact));
    }
  }

  const Plan& plan_;
  const TableProfile& table_;
  QueryFacts& facts_;
};

}  // namespace

bool QueryFacts::has_time_key() const {
  return std::any_of(selected.begin(), selected.end(),
                     [](const SelectedFact& fact) { return fact.key && (fact.grain != Grain::none || fact.part != TimePart::none); });
}

QueryFacts facts_of(const PlannedChart& chart, const Plan& plan, const TableProfile& table) {
  QueryFacts facts;
  facts.mark = chart.mark;
  const auto query = std::find_if(plan.queries.begin(), plan.queries.end(), [&](const PlannedQuery& one) { return one.id == chart.query; });
  if (query == plan.queries.end()) return facts;
  const Tokens tokens = in_local_words(tokens_of(query->sql), table);
  Reader(plan, table, facts).read(tokens);
  for (std::size_t i = 0; i < facts.selected.size() && i < query->columns.size(); ++i) facts.selected[i].label = query->columns[i].label;
  if (chart.sort == "-y") facts.order = 1;
  if (chart.sort == "y") facts.order = -1;
  if (chart.limit) facts.limit = facts.limit ? std::min(*facts.limit, *chart.limit) : *chart.limit;
  return facts;
}

}  // namespace bridge::rules
