#pragma once

#include <string>
#include <vector>

#include "features/rules/accounted_word.h"
#include "features/rules/match.h"
#include "features/rules/query_facts.h"
#include "features/rules/sentence.h"

namespace bridge::rules {

// What an answer does, as its queries say it.
struct AnswerFacts {
  QueryFacts lead;                      // of the first chart: what the answer is about
  std::vector<QueryFacts> others;       // of the rest of a page; a second clause ("…, and when?") may be answered there
  bool period_done = false;             // the stretch of time that the sentence names is the one that is shown
  bool against_done = false;            // and so is the one that it is set against
  std::string period;                   // which one, in words
  std::vector<ColumnMention> mentions;  // the words that the columns were read from
};

// Every content word of the sentence, in its order. A word is used only when the thing that it was taken for is in the lead's query.
std::vector<AccountedWord> account_of(const Sentence& sentence, const TableProfile& table, const AnswerFacts& answer);

// The words without a use, as a sentence for people; empty when there is none.
std::string unused_note(const std::vector<AccountedWord>& account);

}  // namespace bridge::rules
