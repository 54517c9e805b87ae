#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bridge::rules {

// The words of an identifier, lower-case: "temp_max" → temp, max; "IMDBRating" → imdb, rating; "Cost Total $" → cost, total, $.
std::vector<std::string> split_name(std::string_view name);

// The first letters of words: "mpg" of "miles per gallon". Fewer or more letters than these are a word of their own.
inline constexpr std::size_t initials_least = 3;
inline constexpr std::size_t initials_most = 5;
std::string initials_of(const std::vector<std::string>& words);

// A word without its English ending, so that "cities", "city" and "delayed", "delays" meet: lower-case ASCII in, never empty for a word.
std::string stem_of(std::string_view word);

// How alike two stems are, 0 to 1: 1 the same, 0.75 one abbreviates the other ("expect" and "expectancy"), 0.6 a slip of the keys.
double likeness(std::string_view left, std::string_view right);

// A name for a column of an answer: [a-z][a-z0-9_]*, at most 40 bytes, never a keyword of SQL.
std::string make_alias(std::string_view text);

// "body mass" → "Body mass".
std::string capitalised(std::string_view text);
// "city" → "cities"; words that have no plural form stay.
std::string plural_of(std::string_view word);

// At most `bytes_max` bytes, cut between characters, with "…" when something was cut.
std::string shortened(std::string_view text, std::size_t bytes_max);

// 1, 2, 2.5 or 5 times a power of ten, the nearest at or above `value`.
double nice_number(double value);

}  // namespace bridge::rules
