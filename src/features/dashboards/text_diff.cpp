#include "features/dashboards/text_diff.h"

#include <vector>

#include "base/text.h"
#include "features/dashboards/limits.h"

namespace bridge {
namespace {

constexpr std::size_t kContext = 3;

using Lines = std::vector<std::string_view>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

// ' ' in both, '-' only before, '+' only after.
struct Edit {
  char kind;
  std::string_view line;
};

// E. W. Myers, "An O(ND) difference algorithm and its variations" (1986), the greedy form with its trace kept.
std::vector<Edit> middle_edits(std::span<const std::string_view> a, std::span<const std::string_view> b) {
  const int n = static_cast<int>(a.size()), m = static_cast<int>(b.size());
  const int most = std::min(n + m, static_cast<int>(dashboard_limits::kDiffEditsMax));
  const auto at = [](int i) { return static_cast<std::size_t>(i); };
  std::vector<int> reach(at(2 * most + 3), 0);
  std::vector<std::vector<int>> trace;
  int found = -1;
  for (int d = 0; d <= most && found < 0; ++d) {
    for (int k = -d; k <= d; k += 2) {
      const bool down = k == -d || (k != d && reach[at(most + k)] < reach[at(most + k + 2)]);
      int x = down ? reach[at(most + k + 2)] : reach[at(most + k)] + 1;
      while (x < n && x - k < m && a[at(x)] == b[at(x - k)]) ++x;
      reach[at(most + k + 1)] = x;
      if (x >= n && x - k >= m) found = d;
    }
    trace.emplace_back(reach.begin() + most - d, reach.begin() + most + d + 3);
  }
  std::vector<Edit> edits;
  if (found < 0) {
    for (const auto line : a) edits.push_back({'-', line});
    for (const auto line : b) edits.push_back({'+', line});
    return edits;
  }
  int x = n, y = m;
  for (int d = found; d > 0; --d) {
    const std::vector<int>& before = trace[at(d - 1)];  // holds k from -(d-1)-1 to (d-1)+1, at k + d
    const int k = x - y;
    const bool down = k == -d || (k != d && before[at(k - 1 + d)] < before[at(k + 1 + d)]);
    const int previous_k = down ? k + 1 : k - 1;
    const int previous_x = before[at(previous_k + d)], previous_y = previous_x - previous_k;
    while (x > previous_x && y > previous_y && x > 0 && y > 0 && a[at(x - 1)] == b[at(y - 1)]) edits.push_back({' ', a[at(--x)]}), --y;
    if (down) edits.push_back({'+', b[at(--y)]});
    else edits.push_back({'-', a[at(--x)]});
  }
  while (x > 0) edits.push_back({' ', a[at(--x)]});
  std::ranges::reverse(edits);
  return edits;
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_name, std::string_view after_name) {
  if (before == after) return {};
  const Lines a = lines_of(before), b = lines_of(after);
  std::size_t head = 0, tail = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  while (tail < a.size() - head && tail < b.size() - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < head; ++i) edits.push_back({' ', a[i]});
  const auto middle = middle_edits(std::span(a).subspan(head, a.size() - head - tail), std::span(b).subspan(head, b.size() - head - tail));
  edits.insert(edits.end(), middle.begin(), middle.end());
  for (std::size_t i = a.size() - tail; i < a.size(); ++i) edits.push_back({' ', a[i]});

  std::string out = str("--- ", before_name, "\n+++ ", after_name, "\n");
  std::size_t a_line = 1, b_line = 1;
  for (std::size_t i = 0; i < edits.size();) {
    if (edits[i].kind == ' ') {
      ++i, ++a_line, ++b_line;
      continue;
    }
    // A hunk goes on while the next change is within twice the context.
    const std::size_t begin = i - std::min(i, kContext);
    std::size_t last = i;
    for (std::size_t k = i; k < edits.size() && k <= last + 2 * kContext; ++k) {
      if (edits[k].kind != ' ') last = k;
    }
    const std::size_t end = std::min(last + kContext + 1, edits.size());
    const std::size_t context_before = i - begin;
    std::size_t a_count = 0, b_count = 0;
    std::string body;
    for (std::size_t k = begin; k < end; ++k) {
      a_count += edits[k].kind != '+' ? 1 : 0;
      b_count += edits[k].kind != '-' ? 1 : 0;
      body += str(edits[k].kind, edits[k].line, "\n");
    }
    const std::size_t a_start = a_line - context_before, b_start = b_line - context_before;
    out += str("@@ -", a_count == 0 ? a_start - 1 : a_start, ",", a_count, " +", b_count == 0 ? b_start - 1 : b_start, ",", b_count,
               " @@\n", body);
    a_line = a_start + a_count;
    b_line = b_start + b_count;
    i = end;
  }
  return out;
}

}  // namespace bridge
