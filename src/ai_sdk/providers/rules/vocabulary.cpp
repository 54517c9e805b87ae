#include "ai_sdk/providers/rules/vocabulary.h"

namespace bridge::rules {

namespace {

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

constexpr auto quantities = std::to_array<QuantityWord>({
    // Levels: their sum means nothing.
    {.word = "delay", .good = Good::down, .unit = "min"},
    {.word = "lateness", .good = Good::down, .unit = "min"},
    {.word = "price"},
    {.word = "rating", .good = Good::up},
    {.word = "score", .good = Good::up},
    {.word = "stars", .good = Good::up},
    {.word = "temperature", .unit = "°C", .unit_least = 10, .unit_most = 60},  // of days; in °F they would be higher
    {.word = "age"},
    {.word = "speed"},
    {.word = "length"},
    {.word = "width"},
    {.word = "depth"},
    {.word = "height"},
    {.word = "weight"},
    {.word = "mass"},
    {.word = "wind"},
    {.word = "humidity"},
    {.word = "pressure"},
    {.word = "elevation"},
    {.word = "altitude"},
    {.word = "magnitude"},
    {.word = "horsepower"},
    {.word = "mpg", .good = Good::up},
    {.word = "expectancy", .good = Good::up, .unit = "years", .unit_least = 50, .unit_most = 120},
    {.word = "fertility"},
    {.word = "unemployment", .good = Good::down},
    {.word = "inflation"},
    {.word = "index"},
    {.word = "rank"},
    {.word = "grade"},
    {.word = "level"},
    {.word = "gpa", .good = Good::up},
    {.word = "salary"},
    {.word = "wage"},
    {.word = "duration"},
    {.word = "latency", .good = Good::down},
    {.word = "time"},
    {.word = "average"},
    {.word = "mean"},
    {.word = "median"},
    {.word = "maximum"},
    {.word = "minimum"},
    {.word = "open"},
    {.word = "close"},
    {.word = "high"},
    {.word = "low"},
    {.word = "percent"},
    {.word = "share"},
    {.word = "ratio"},
    {.word = "rate"},
    {.word = "proportion"},
    {.word = "year"},
    {.word = "latitude"},
    {.word = "longitude"},
    // Quantities: their sum is the thing.
    {.word = "count", .additive = true},
    {.word = "total", .additive = true},
    {.word = "amount", .additive = true},
    {.word = "cost", .additive = true, .good = Good::down, .money = true},
    {.word = "expense", .additive = true, .good = Good::down, .money = true},
    {.word = "damage", .additive = true, .good = Good::down},
    {.word = "loss", .additive = true, .good = Good::down},
    {.word = "gross", .additive = true, .good = Good::up, .money = true},
    {.word = "revenue", .additive = true, .good = Good::up, .money = true},
    {.word = "sales", .additive = true, .good = Good::up, .money = true},
    {.word = "sale", .additive = true, .good = Good::up, .money = true},
    {.word = "profit", .additive = true, .good = Good::up, .money = true},
    {.word = "income", .additive = true, .good = Good::up, .money = true},
    {.word = "budget", .additive = true, .money = true},
    {.word = "fee", .additive = true, .money = true},
    {.word = "tax", .additive = true, .money = true},
    {.word = "payment", .additive = true, .money = true},
    {.word = "usd", .additive = true, .money = true},
    {.word = "$", .additive = true, .money = true},
    {.word = "quantity", .additive = true},
    {.word = "votes", .additive = true},
    {.word = "vote", .additive = true},
    {.word = "population", .additive = true},
    {.word = "people", .additive = true},
    {.word = "passengers", .additive = true},
    {.word = "precipitation", .additive = true, .unit = "mm", .unit_least = 25, .unit_most = 2'000},  // a day of 25 inches is rare
    {.word = "rain", .additive = true},
    {.word = "rainfall", .additive = true},
    {.word = "snow", .additive = true},
    {.word = "snowfall", .additive = true},
    {.word = "deaths", .additive = true, .good = Good::down},
    {.word = "cases", .additive = true, .good = Good::down},
    {.word = "injured", .additive = true, .good = Good::down},
    {.word = "killed", .additive = true, .good = Good::down},
    {.word = "errors", .additive = true, .good = Good::down},
    {.word = "orders", .additive = true, .good = Good::up},
    {.word = "units", .additive = true},
    {.word = "volume", .additive = true},
    {.word = "views", .additive = true},
    {.word = "clicks", .additive = true},
    {.word = "visits", .additive = true},
    {.word = "bytes", .additive = true},
    {.word = "hours", .additive = true},
    {.word = "generation", .additive = true},
    {.word = "production", .additive = true},
    {.word = "yield", .additive = true},
    {.word = "distance", .additive = true, .mean_first = true},
    {.word = "miles", .additive = true, .mean_first = true},
});

constexpr auto shares = std::to_array<ShareRule>({
    {.word = "delay", .condition = "> 15", .label = "More than 15 min late", .good = Good::down},
    {.word = "precipitation", .condition = "> 0", .label = "Share with precipitation"},
    {.word = "rain", .condition = "> 0", .label = "Share with rain"},
    {.word = "rainfall", .condition = "> 0", .label = "Share with rain"},
    {.word = "snow", .condition = "> 0", .label = "Share with snow"},
    {.word = "cost", .condition = "> 0", .label = "Share with a cost", .good = Good::down},
    {.word = "damage", .condition = "> 0", .label = "Share with damage", .good = Good::down},
    {.word = "loss", .condition = "> 0", .label = "Share with a loss", .good = Good::down},
    {.word = "discount", .condition = "> 0", .label = "Share with a discount"},
});

// Stems, as stem_of makes them; those after "~" are words of people only, and no names of columns ("made" of "make" is no revenue).
using Words = std::string_view;
constexpr auto idea_delay = std::to_array<Words>({"delay", "~lat", "~latenes", "~lateness", "punctual", "~behind", "~hold", "~tardi"});
constexpr auto idea_rain =
    std::to_array<Words>({"precipitation", "rain", "~raini", "rainfall", "~wet", "~wett", "~wettest", "shower", "drizzl"});
constexpr auto idea_temperature = std::to_array<Words>(
    {"temperatur", "~hot", "~hott", "~hottest", "~warm", "~warmer", "~warmest", "~cold", "~colder", "~coldest", "~heat", "~hotter"});
constexpr auto idea_wind = std::to_array<Words>({"wind", "~windi", "~windiest", "breez", "gust"});
constexpr auto idea_cost =
    std::to_array<Words>({"cost", "expens", "~spend", "~spent", "~money", "~pay", "~paid", "bill", "~expensiv", "~costli", "~dearest"});
constexpr auto idea_revenue = std::to_array<Words>(
    {"gross", "revenu", "sal", "~earn", "incom", "turnover", "~tak", "~money", "~mak", "~made", "~sell", "~sold", "~box", "~offic"});
constexpr auto idea_price = std::to_array<Words>({"pric", "~quot", "valu", "cost", "~worth", "~expensiv", "~cheap", "~cheapest"});
constexpr auto idea_profit = std::to_array<Words>({"profit", "margin", "~earn"});
constexpr auto idea_amount = std::to_array<Words>({"amount", "total", "quantiti", "sum", "volum"});
constexpr auto idea_rating = std::to_array<Words>({"rat", "scor", "review", "star", "~critic"});
constexpr auto idea_carrier = std::to_array<Words>({"carrier", "airlin", "operator"});
constexpr auto idea_origin = std::to_array<Words>({"origin", "~from", "departur", "~depart", "~start", "sourc", "pickup"});
constexpr auto idea_destination = std::to_array<Words>({"destination", "~arriv", "arrival", "target", "dropoff"});
constexpr auto idea_airport = std::to_array<Words>({"airport", "origin", "destination", "~hub"});
constexpr auto idea_sex = std::to_array<Words>({"sex", "gender"});
constexpr auto idea_population = std::to_array<Words>({"population", "~peopl", "inhabitant", "~person"});
constexpr auto idea_movie = std::to_array<Words>({"movi", "film", "cinema", "~pictur"});
constexpr auto idea_job = std::to_array<Words>({"job", "occupation", "profession", "career", "employment"});
constexpr auto idea_stock = std::to_array<Words>({"stock", "symbol", "ticker", "shar", "compani", "equiti"});
constexpr auto idea_worldwide = std::to_array<Words>({"worldwid", "global", "world", "international"});
constexpr auto idea_species = std::to_array<Words>({"speci", "animal", "kind", "breed"});
constexpr auto idea_wildlife = std::to_array<Words>({"wildlif", "bird", "animal"});
constexpr auto idea_strike = std::to_array<Words>({"strik", "collision", "~hit", "incident", "birdstrik"});
constexpr auto idea_weight = std::to_array<Words>({"mass", "weight", "~heavi", "~heaviest", "~heavier", "~weigh", "~lightest"});
constexpr auto idea_length = std::to_array<Words>({"length", "~long", "~longest"});
constexpr auto idea_height = std::to_array<Words>({"height", "~tall", "~tallest", "altitud"});
constexpr auto idea_speed = std::to_array<Words>({"speed", "~fast", "~fastest", "~slow", "~slowest", "velociti"});
constexpr auto idea_distance = std::to_array<Words>({"distanc", "~far", "mil", "kilometr", "kilometer", "length", "haul"});
constexpr auto idea_duration =
    std::to_array<Words>({"duration", "runtim", "~elaps", "length", "runn", "run", "~long", "~longest", "~shortest"});
constexpr auto idea_country = std::to_array<Words>({"countri", "nation"});
constexpr auto idea_state = std::to_array<Words>({"stat", "provinc", "region"});
constexpr auto idea_region = std::to_array<Words>({"region", "area", "territori", "zon"});
constexpr auto idea_city = std::to_array<Words>({"citi", "town", "location", "municipaliti"});
constexpr auto idea_place = std::to_array<Words>({"location", "plac", "sit", "city"});
constexpr auto idea_customer = std::to_array<Words>({"customer", "client", "buyer", "account", "shopper"});
constexpr auto idea_product = std::to_array<Words>({"product", "item", "articl", "~good", "sku"});
constexpr auto idea_category = std::to_array<Words>({"categori", "type", "kind", "class", "group", "segment"});
constexpr auto idea_genre = std::to_array<Words>({"genr", "categori"});
constexpr auto idea_order = std::to_array<Words>({"order", "purchas", "deliveri", "shipment"});
constexpr auto idea_trip = std::to_array<Words>({"trip", "rid", "journey", "travel", "flight", "~fly", "~flown", "~flight"});
constexpr auto idea_weather = std::to_array<Words>({"weather", "climat", "meteo"});
constexpr auto idea_life = std::to_array<Words>({"lif", "lifespan", "longeviti", "~liv"});
constexpr auto idea_fertility = std::to_array<Words>({"fertiliti", "birth", "~children", "babi"});
constexpr auto idea_studio = std::to_array<Words>({"distributor", "studio", "publisher"});
constexpr auto idea_damage = std::to_array<Words>({"damag", "harm", "destruction", "severiti"});
constexpr auto idea_model = std::to_array<Words>({"model", "aircraft", "~plan", "airplan"});
constexpr auto idea_date = std::to_array<Words>({"dat", "day", "time", "timestamp"});
constexpr auto idea_manager = std::to_array<Words>({"manager", "boss", "supervisor", "~head"});
constexpr auto idea_employee = std::to_array<Words>({"employe", "staff", "worker"});
constexpr auto idea_id = std::to_array<Words>({"id", "identifier", "identification", "~number", "cod", "no"});
constexpr auto idea_salary = std::to_array<Words>({"salari", "wag", "~pay", "compensation"});

constexpr auto idea_detail = std::to_array<Words>({"detail", "description", "~not", "remark", "comment"});
constexpr auto idea_rank = std::to_array<Words>({"rank", "position", "plac"});
constexpr auto idea_address = std::to_array<Words>({"address", "street"});
constexpr auto idea_surname = std::to_array<Words>({"surnam", "lastnam", "famili"});
constexpr auto idea_name = std::to_array<Words>({"nam", "titl", "~call", "label"});
constexpr auto idea_begin = std::to_array<Words>({"~from", "~start", "~begin", "~beginn"});

constexpr Idea all_ideas[] = {
    idea_detail,      idea_rank,      idea_address,     idea_surname,  idea_name,   idea_begin,      idea_delay,    idea_rain,
    idea_temperature, idea_wind,      idea_cost,        idea_revenue,  idea_price,  idea_profit,     idea_amount,   idea_rating,
    idea_carrier,     idea_origin,    idea_destination, idea_airport,  idea_sex,    idea_population, idea_movie,    idea_job,
    idea_stock,       idea_worldwide, idea_species,     idea_wildlife, idea_strike, idea_weight,     idea_length,   idea_height,
    idea_speed,       idea_distance,  idea_duration,    idea_country,  idea_state,  idea_region,     idea_city,     idea_place,
    idea_customer,    idea_product,   idea_category,    idea_genre,    idea_order,  idea_trip,       idea_weather,  idea_life,
    idea_fertility,   idea_studio,    idea_damage,      idea_model,    idea_date,   idea_manager,    idea_employee, idea_id,
    idea_salary};

struct Abbreviation {
  std::string_view brief;
  std::string_view whole;
};
constexpr auto abbreviations = std::to_array<Abbreviation>({
    {"amt", "amount"},       {"avg", "average"},     {"cat", "category"},      {"cnt", "count"},
    {"cust", "customer"},    {"dept", "department"}, {"dest", "destination"},  {"dist", "distance"},
    {"dob", "birthday"},     {"emp", "employee"},    {"expect", "expectancy"}, {"fname", "first name"},
    {"lname", "last name"},  {"lat", "latitude"},    {"lng", "longitude"},     {"loc", "location"},
    {"lon", "longitude"},    {"long", "longitude"},  {"max", "maximum"},       {"min", "minimum"},
    {"num", "number"},       {"orig", "origin"},     {"pct", "percent"},       {"perc", "percent"},
    {"pop", "population"},   {"prod", "product"},    {"qty", "quantity"},      {"rev", "revenue"},
    {"temp", "temperature"}, {"tmp", "temperature"}, {"val", "value"},         {"vol", "volume"},
    {"yr", "year"},          {"dep", "departure"},   {"arr", "arrival"},       {"precip", "precipitation"},
    {"wt", "weight"},        {"ht", "height"},       {"desc", "description"},  {"addr", "address"},
    {"mgr", "manager"},      {"div", "division"},
});

constexpr auto stop_words = std::to_array<std::string_view>({"a",           "about",
                                                             "again",       "all",
                                                             "also",        "am",
                                                             "an",          "and",
                                                             "any",         "are",
                                                             "as",          "at",
                                                             "be",          "been",
                                                             "being",       "both",
                                                             "but",         "can",
                                                             "could",       "did",
                                                             "do",          "does",
                                                             "doing",       "done",
                                                             "each",        "else",
                                                             "ever",        "for",
                                                             "from",        "get",
                                                             "give",        "go",
                                                             "goes",        "going",
                                                             "gone",        "got",
                                                             "had",         "has",
                                                             "have",        "having",
                                                             "he",          "her",
                                                             "here",        "his",
                                                             "how",         "i",
                                                             "if",          "in",
                                                             "into",        "is",
                                                             "it",          "its",
                                                             "just",        "know",
                                                             "let",         "like",
                                                             "look",        "make",
                                                             "many",        "may",
                                                             "me",          "might",
                                                             "much",        "must",
                                                             "my",          "need",
                                                             "no",          "not",
                                                             "now",         "of",
                                                             "off",         "on",
                                                             "one",         "ones",
                                                             "only",        "or",
                                                             "our",         "ours",
                                                             "out",         "own",
                                                             "please",      "put",
                                                             "s",           "see",
                                                             "shall",       "she",
                                                             "should",      "so",
                                                             "some",        "such",
                                                             "than",        "that",
                                                             "the",         "their",
                                                             "them",        "then",
                                                             "there",       "these",
                                                             "they",        "thing",
                                                             "things",      "this",
                                                             "those",       "to",
                                                             "too",         "up",
                                                             "us",          "use",
                                                             "very",        "want",
                                                             "was",         "way",
                                                             "we",          "well",
                                                             "were",        "what",
                                                             "where",       "which",
                                                             "who",         "whose",
                                                             "why",         "will",
                                                             "with",        "within",
                                                             "would",       "you",
                                                             "your",        "cause",
                                                             "causes",      "caused",
                                                             "happen",      "happened",
                                                             "occur",       "whats",
                                                             "d",           "t",
                                                             "re",          "ve",
                                                             "ll",          "m",
                                                             "using",       "used",
                                                             "based",       "across",
                                                             "among",       "between",
                                                             "during",      "since",
                                                             "until",       "after",
                                                             "before",      "per",
                                                             "by",          "over",
                                                             "under",       "different",
                                                             "various",     "every",
                                                             "whether",     "most",
                                                             "more",        "less",
                                                             "least",       "fewer",
                                                             "around",      "tell",
                                                             "find",        "show",
                                                             "shows",       "display",
                                                             "displays",    "displayed",
                                                             "create",      "draw",
                                                             "plot",        "visualize",
                                                             "visualise",   "visualization",
                                                             "illustrate",  "illustrates",
                                                             "represent",   "represents",
                                                             "represented", "depict",
                                                             "depicts",     "showing",
                                                             "displaying",  "shown",
                                                             "build",       "generate",
                                                             "present",     "analyze",
                                                             "analyse",     "explore",
                                                             "including",   "include",
                                                             "includes",    "corresponding",
                                                             "respective",  "associated",
                                                             "along",       "other",
                                                             "same",        "their",
                                                             "through",     "while",
                                                             "when",        "new",
                                                             "run",         "runs",
                                                             "running",     "compared",
                                                             "relate",      "come",
                                                             "comes",       "came",
                                                             "took",        "take",
                                                             "takes",       "seem",
                                                             "ask",         "wonder",
                                                             "without",     "wich",
                                                             "whcih",       "teh"});

constexpr auto generic_words = std::to_array<std::string_view>(
    {"overview",   "dashboard", "dashboards", "summary",  "summarize", "summarise",   "data",       "dataset", "everything",
     "anything",   "something", "report",     "insights", "insight",   "interesting", "important",  "key",     "main",
     "numbers",    "figures",   "metrics",    "metric",   "kpi",       "kpis",        "statistics", "stats",   "performance",
     "performing", "perform",   "business",   "table",    "tables",    "chart",       "charts",     "graph",   "graphs",
     "picture",    "view",      "trends",     "doing",    "going",     "good",        "nice",       "great",   "simple",
     "quick",      "big",       "full",       "complete", "general",   "glance",      "status",     "results", "information",
     "info",       "content",   "contents",   "inside",   "database",  "warehouse",   "hello",      "hi",      "thanks",
     "help",       "recent",    "recently",   "latest",   "today",     "lately",      "currently",  "records", "rows",
     "entries",    "so",        "far",        "range",    "ranges",    "office"});

constexpr auto identifier_words = std::to_array<std::string_view>(
    {"id",      "ids", "uuid", "guid", "key",  "code", "zip",  "zipcode", "postal", "postcode", "phone", "telephone",
     "fax",     "ssn", "sku",  "isbn", "iata", "icao", "hash", "token",   "md5",    "sha",      "email", "password",
     "barcode", "ean", "vin",  "fips", "imei", "iban", "pk",   "fk",      "rowid",  "index",    "serial"});
constexpr auto label_words = std::to_array<std::string_view>(
    {"name",    "title",   "description", "comment", "comments", "note",    "notes",    "text", "url",   "link",     "address", "street",
     "summary", "details", "detail",      "message", "body",     "remarks", "abstract", "plot", "label", "filename", "path",    "image"});

constexpr int as(Aggregate value) { return static_cast<int>(value); }
constexpr int as(Grain value) { return static_cast<int>(value); }
constexpr int as(TimePart value) { return static_cast<int>(value); }
constexpr int as(MarkWord value) { return static_cast<int>(value); }

constexpr auto all_phrases = std::to_array<Phrase>({
    {"how many", CueKind::aggregate, as(Aggregate::count)},
    {"how often", CueKind::aggregate, as(Aggregate::count)},
    {"number of", CueKind::aggregate, as(Aggregate::count)},
    {"numbers of", CueKind::aggregate, as(Aggregate::count)},
    {"count of", CueKind::aggregate, as(Aggregate::count)},
    {"counts of", CueKind::aggregate, as(Aggregate::count)},
    {"count", CueKind::aggregate, as(Aggregate::count), true},
    {"counts", CueKind::aggregate, as(Aggregate::count), true},
    {"frequency", CueKind::aggregate, as(Aggregate::count)},
    {"frequent", CueKind::aggregate, as(Aggregate::count)},
    {"quantity of", CueKind::aggregate, as(Aggregate::count), true},
    {"tally", CueKind::aggregate, as(Aggregate::count)},
    {"sum", CueKind::aggregate, as(Aggregate::sum)},
    {"sum of", CueKind::aggregate, as(Aggregate::sum)},
    {"total", CueKind::aggregate, as(Aggregate::sum), true},
    {"total number of", CueKind::aggregate, as(Aggregate::count)},
    {"total count of", CueKind::aggregate, as(Aggregate::count)},
    {"totals", CueKind::aggregate, as(Aggregate::sum), true},
    {"overall", CueKind::aggregate, as(Aggregate::sum)},
    {"cumulative", CueKind::aggregate, as(Aggregate::sum)},
    {"combined", CueKind::aggregate, as(Aggregate::sum)},
    {"average", CueKind::aggregate, as(Aggregate::mean)},
    {"averages", CueKind::aggregate, as(Aggregate::mean)},
    {"avg", CueKind::aggregate, as(Aggregate::mean)},
    {"mean", CueKind::aggregate, as(Aggregate::mean)},
    {"typical", CueKind::aggregate, as(Aggregate::median)},
    {"median", CueKind::aggregate, as(Aggregate::median)},
    {"share of", CueKind::aggregate, as(Aggregate::share)},
    {"percentage of", CueKind::aggregate, as(Aggregate::share)},
    {"percent of", CueKind::aggregate, as(Aggregate::share)},
    {"proportion of", CueKind::aggregate, as(Aggregate::share)},
    {"fraction of", CueKind::aggregate, as(Aggregate::share)},
    {"how likely", CueKind::aggregate, as(Aggregate::share)},
    {"distinct", CueKind::aggregate, as(Aggregate::distinct)},
    {"unique", CueKind::aggregate, as(Aggregate::distinct)},
    {"maximum", CueKind::aggregate, as(Aggregate::maximum)},
    {"max", CueKind::aggregate, as(Aggregate::maximum), true},
    {"minimum", CueKind::aggregate, as(Aggregate::minimum)},
    {"min", CueKind::aggregate, as(Aggregate::minimum), true},
    {"highest", CueKind::order, 1},
    {"largest", CueKind::order, 1},
    {"biggest", CueKind::order, 1},
    {"greatest", CueKind::order, 1},
    {"longest", CueKind::order, 1, true},
    {"most", CueKind::order, 1},
    {"top", CueKind::order, 1},
    {"heaviest", CueKind::order, 1, true},
    {"tallest", CueKind::order, 1, true},
    {"fastest", CueKind::order, 1, true},
    {"hottest", CueKind::order, 1, true},
    {"warmest", CueKind::order, 1, true},
    {"wettest", CueKind::order, 1, true},
    {"rainiest", CueKind::order, 1, true},
    {"windiest", CueKind::order, 1, true},
    {"oldest", CueKind::order, 1, true},
    {"farthest", CueKind::order, 1, true},
    {"priciest", CueKind::order, 1, true},
    {"most expensive", CueKind::order, 1, true},
    {"descending", CueKind::order, 1},
    {"decreasing", CueKind::order, 1},
    {"lowest", CueKind::order, -1},
    {"smallest", CueKind::order, -1},
    {"fewest", CueKind::order, -1},
    {"least", CueKind::order, -1},
    {"shortest", CueKind::order, -1, true},
    {"lightest", CueKind::order, -1, true},
    {"slowest", CueKind::order, -1, true},
    {"coldest", CueKind::order, -1, true},
    {"driest", CueKind::order, -1},
    {"cheapest", CueKind::order, -1, true},
    {"youngest", CueKind::order, -1, true},
    {"bottom", CueKind::order, -1},
    {"ascending", CueKind::order, -1},
    {"increasing order", CueKind::order, -1},
    {"best", CueKind::best, 1},
    {"worst", CueKind::best, -1},
    {"busiest", CueKind::busiest, 1},
    {"busy", CueKind::busiest, 1},
    {"most popular", CueKind::busiest, 1},
    {"most common", CueKind::busiest, 1},
    {"most frequent", CueKind::busiest, 1},
    {"commonest", CueKind::busiest, 1},
    {"most often", CueKind::busiest, 1},
    {"least common", CueKind::busiest, -1},
    {"quietest", CueKind::busiest, -1},
    {"rarest", CueKind::busiest, -1},
    {"hourly", CueKind::grain, as(Grain::hour)},
    {"daily", CueKind::grain, as(Grain::day)},
    {"weekly", CueKind::grain, as(Grain::week)},
    {"monthly", CueKind::grain, as(Grain::month)},
    {"quarterly", CueKind::grain, as(Grain::quarter)},
    {"yearly", CueKind::grain, as(Grain::year)},
    {"annual", CueKind::grain, as(Grain::year)},
    {"annually", CueKind::grain, as(Grain::year)},
    {"by day", CueKind::grain, as(Grain::day)},
    {"per day", CueKind::grain, as(Grain::day)},
    {"each day", CueKind::grain, as(Grain::day)},
    {"every day", CueKind::grain, as(Grain::day)},
    {"by date", CueKind::grain, as(Grain::day)},
    {"day by day", CueKind::grain, as(Grain::day)},
    {"by week", CueKind::grain, as(Grain::week)},
    {"per week", CueKind::grain, as(Grain::week)},
    {"each week", CueKind::grain, as(Grain::week)},
    {"week by week", CueKind::grain, as(Grain::week)},
    {"by month", CueKind::grain, as(Grain::month)},
    {"per month", CueKind::grain, as(Grain::month)},
    {"each month", CueKind::grain, as(Grain::month)},
    {"every month", CueKind::grain, as(Grain::month)},
    {"month by month", CueKind::grain, as(Grain::month)},
    {"by quarter", CueKind::grain, as(Grain::quarter)},
    {"per quarter", CueKind::grain, as(Grain::quarter)},
    {"each quarter", CueKind::grain, as(Grain::quarter)},
    {"by year", CueKind::grain, as(Grain::year), true},
    {"per year", CueKind::grain, as(Grain::year), true},
    {"each year", CueKind::grain, as(Grain::year), true},
    {"every year", CueKind::grain, as(Grain::year), true},
    {"year by year", CueKind::grain, as(Grain::year), true},
    {"over the years", CueKind::grain, as(Grain::year), true},
    {"across years", CueKind::grain, as(Grain::year), true},
    {"by hour", CueKind::part, as(TimePart::hour)},
    {"per hour", CueKind::part, as(TimePart::hour)},
    {"each hour", CueKind::part, as(TimePart::hour)},
    {"hour of day", CueKind::part, as(TimePart::hour)},
    {"hour of the day", CueKind::part, as(TimePart::hour)},
    {"time of day", CueKind::part, as(TimePart::hour), true},
    {"time of the day", CueKind::part, as(TimePart::hour), true},
    {"which hour", CueKind::part, as(TimePart::hour)},
    {"which hours", CueKind::part, as(TimePart::hour)},
    {"what time", CueKind::part, as(TimePart::hour)},
    {"day of week", CueKind::part, as(TimePart::weekday)},
    {"day of the week", CueKind::part, as(TimePart::weekday)},
    {"days of the week", CueKind::part, as(TimePart::weekday)},
    {"weekday", CueKind::part, as(TimePart::weekday)},
    {"weekdays", CueKind::part, as(TimePart::weekday)},
    {"weekend", CueKind::part, as(TimePart::weekday)},
    {"weekends", CueKind::part, as(TimePart::weekday)},
    {"which day", CueKind::part, as(TimePart::weekday)},
    {"which days", CueKind::part, as(TimePart::weekday)},
    {"which month", CueKind::part, as(TimePart::month)},
    {"which months", CueKind::part, as(TimePart::month)},
    {"month of the year", CueKind::part, as(TimePart::month)},
    {"month of year", CueKind::part, as(TimePart::month)},
    {"seasonal", CueKind::part, as(TimePart::month)},
    {"seasonality", CueKind::part, as(TimePart::month)},
    {"season", CueKind::part, as(TimePart::month), true},
    {"over the year", CueKind::part, as(TimePart::month)},
    {"through the year", CueKind::part, as(TimePart::month)},
    {"throughout the year", CueKind::part, as(TimePart::month)},
    {"during the year", CueKind::part, as(TimePart::month)},
    {"time of year", CueKind::part, as(TimePart::month)},
    {"rush hour", CueKind::part, as(TimePart::hour)},
    {"what hour", CueKind::part, as(TimePart::hour)},
    {"what hours", CueKind::part, as(TimePart::hour)},
    {"what month", CueKind::part, as(TimePart::month)},
    {"what months", CueKind::part, as(TimePart::month)},
    {"what day", CueKind::part, as(TimePart::weekday)},
    {"what days", CueKind::part, as(TimePart::weekday)},
    {"over time", CueKind::trend},
    {"through time", CueKind::trend},
    {"trend", CueKind::trend},
    {"trends", CueKind::trend},
    {"evolution", CueKind::trend},
    {"evolve", CueKind::trend},
    {"evolved", CueKind::trend},
    {"develop", CueKind::trend},
    {"developed", CueKind::trend},
    {"development", CueKind::trend},
    {"change", CueKind::trend},
    {"changed", CueKind::trend},
    {"changes", CueKind::trend},
    {"grow", CueKind::trend},
    {"grown", CueKind::trend},
    {"growing", CueKind::trend},
    {"growth", CueKind::trend},
    {"history", CueKind::trend},
    {"timeline", CueKind::trend},
    {"when", CueKind::when},
    {"at what times", CueKind::when},
    {"bar chart", CueKind::mark, as(MarkWord::bar)},
    {"bar graph", CueKind::mark, as(MarkWord::bar)},
    {"bars", CueKind::mark, as(MarkWord::bar)},
    {"column chart", CueKind::mark, as(MarkWord::bar)},
    {"bar", CueKind::mark, as(MarkWord::bar), true},
    {"histogram", CueKind::mark, as(MarkWord::histogram)},
    {"line chart", CueKind::mark, as(MarkWord::line)},
    {"line graph", CueKind::mark, as(MarkWord::line)},
    {"line plot", CueKind::mark, as(MarkWord::line)},
    {"lines", CueKind::mark, as(MarkWord::line)},
    {"line", CueKind::mark, as(MarkWord::line), true},
    {"area chart", CueKind::mark, as(MarkWord::area)},
    {"pie chart", CueKind::mark, as(MarkWord::pie)},
    {"pie graph", CueKind::mark, as(MarkWord::pie)},
    {"pie", CueKind::mark, as(MarkWord::pie)},
    {"donut", CueKind::mark, as(MarkWord::pie)},
    {"doughnut", CueKind::mark, as(MarkWord::pie)},
    {"heatmap", CueKind::mark, as(MarkWord::heatmap)},
    {"heat map", CueKind::mark, as(MarkWord::heatmap)},
    {"heat maps", CueKind::mark, as(MarkWord::heatmap)},
    {"heatmaps", CueKind::mark, as(MarkWord::heatmap)},
    {"matrix", CueKind::mark, as(MarkWord::heatmap)},
    {"scatter plot", CueKind::mark, as(MarkWord::scatter)},
    {"scatter chart", CueKind::mark, as(MarkWord::scatter)},
    {"scatterplot", CueKind::mark, as(MarkWord::scatter)},
    {"scatter", CueKind::mark, as(MarkWord::scatter)},
    {"scatter graph", CueKind::mark, as(MarkWord::scatter)},
    {"scattered", CueKind::mark, as(MarkWord::scatter)},
    {"bubble chart", CueKind::mark, as(MarkWord::scatter)},
    {"box plot", CueKind::mark, as(MarkWord::box)},
    {"boxplot", CueKind::mark, as(MarkWord::box)},
    {"box plots", CueKind::mark, as(MarkWord::box)},
    {"box chart", CueKind::mark, as(MarkWord::box)},
    {"box and whisker", CueKind::mark, as(MarkWord::box)},
    {"as a table", CueKind::mark, as(MarkWord::table)},
    {"in a table", CueKind::mark, as(MarkWord::table)},
    {"table of", CueKind::mark, as(MarkWord::table)},
    {"list of", CueKind::mark, as(MarkWord::table)},
    {"stacked bar chart", CueKind::mark, as(MarkWord::stacked_bar)},
    {"stacked bar", CueKind::mark, as(MarkWord::stacked_bar)},
    {"stacked bars", CueKind::mark, as(MarkWord::stacked_bar)},
    {"stacked", CueKind::mark, as(MarkWord::stacked_bar)},
    {"grouped bar chart", CueKind::mark, as(MarkWord::grouped_bar)},
    {"grouped bar", CueKind::mark, as(MarkWord::grouped_bar)},
    {"on a map", CueKind::mark, as(MarkWord::map)},
    {"by", CueKind::by},
    {"per", CueKind::by},
    {"for each", CueKind::each},
    {"in each", CueKind::each},
    {"of each", CueKind::each},
    {"each", CueKind::each},
    {"for every", CueKind::each},
    {"across", CueKind::by},
    {"among", CueKind::by},
    {"which", CueKind::by},
    {"grouped by", CueKind::by},
    {"broken down by", CueKind::by},
    {"split by", CueKind::by},
    {"depending on", CueKind::by},
    {"according to", CueKind::by},
    {"categorized by", CueKind::by},
    {"differ by", CueKind::by},
    {"compare", CueKind::versus},
    {"compares", CueKind::versus},
    {"compared", CueKind::versus},
    {"comparing", CueKind::versus},
    {"comparison", CueKind::versus},
    {"versus", CueKind::versus},
    {"vs", CueKind::versus},
    {"difference between", CueKind::versus},
    {"against", CueKind::relation},
    {"relationship", CueKind::relation},
    {"relation", CueKind::relation},
    {"relate", CueKind::relation},
    {"related", CueKind::relation},
    {"relates", CueKind::relation},
    {"correlation", CueKind::relation},
    {"correlate", CueKind::relation},
    {"correlated", CueKind::relation},
    {"depend on", CueKind::relation},
    {"depends on", CueKind::relation},
    {"affect", CueKind::relation},
    {"affects", CueKind::relation},
    {"influence", CueKind::relation},
    {"influences", CueKind::relation},
    {"distribution", CueKind::distribution},
    {"distributed", CueKind::distribution},
    {"outnumber", CueKind::outnumber},
    {"outnumbers", CueKind::outnumber},
    {"outnumbered", CueKind::outnumber},
    {"dominate", CueKind::outnumber},
    {"dominates", CueKind::outnumber},
    {"volatility", CueKind::aggregate, as(Aggregate::spread)},
    {"volatile", CueKind::aggregate, as(Aggregate::spread)},
    {"standard deviation", CueKind::aggregate, as(Aggregate::spread)},
    {"spread", CueKind::distribution},
    {"variation", CueKind::distribution},
});

constexpr auto all_nicknames = std::to_array<Nickname>({
    {"apple", "AAPL"},      {"google", "GOOG"},
    {"alphabet", "GOOG"},   {"amazon", "AMZN"},
    {"microsoft", "MSFT"},  {"tesla", "TSLA"},
    {"nvidia", "NVDA"},     {"facebook", "META"},
    {"netflix", "NFLX"},    {"intel", "INTC"},
    {"nyc", "New York"},    {"dramas", "Drama"},
    {"comedies", "Comedy"}, {"documentaries", "Documentary"},
    {"female", "women"},    {"male", "men"},
    {"females", "women"},   {"males", "men"},
    {"females", "FEMALE"},  {"males", "MALE"},
    {"women", "FEMALE"},    {"men", "MALE"},
});

constexpr auto all_common_words = std::to_array<std::string_view>(
    {"airport", "airports", "airline",   "airlines", "delay",       "delays",    "delayed",   "flight",      "flights",
     "route",   "routes",   "distance",  "origin",   "destination", "weather",   "rainfall",  "temperature", "temperatures",
     "price",   "prices",   "stock",     "stocks",   "revenue",     "sales",     "profit",    "customer",    "customers",
     "product", "products", "order",     "orders",   "movie",       "movies",    "director",  "directors",   "rating",
     "ratings", "budget",   "gross",     "genre",    "genres",      "country",   "countries", "population",  "species",
     "island",  "penguin",  "penguins",  "category", "categories",  "region",    "regions",   "month",       "months",
     "weekday", "weekdays", "expensive", "strikes",  "occupation",  "expectancy"});

}  // namespace

std::span<const QuantityWord> quantity_words() { return quantities; }
std::span<const ShareRule> share_rules() { return shares; }
std::span<const Idea> ideas() { return all_ideas; }
std::span<const Phrase> phrases() { return all_phrases; }
std::span<const std::string_view> common_words() { return all_common_words; }
std::span<const Nickname> nicknames() { return all_nicknames; }

std::string_view spelled_out(std::string_view word) {
  for (const Abbreviation& abbreviation : abbreviations) {
    if (abbreviation.brief == word) return abbreviation.whole;
  }
  return word;
}

bool is_stop_word(std::string_view word) { return contains(stop_words, word); }
bool is_generic_word(std::string_view word) { return contains(generic_words, word); }
bool is_identifier_word(std::string_view word) { return contains(identifier_words, word); }
bool is_label_word(std::string_view word) { return contains(label_words, word); }

std::string_view name_of(Grain grain) {
  static constexpr std::string_view names[] = {"", "hour", "day", "week", "month", "quarter", "year"};
  return names[static_cast<std::size_t>(grain)];
}

}  // namespace bridge::rules
