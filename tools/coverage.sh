#!/usr/bin/env bash
# Line coverage of src/ by the unit tests. Prints a line a folder and the total; fails below 80 %.
set -euo pipefail
minimum=80
./dev _build coverage
find build/coverage -name '*.gcda' -delete
find build/coverage/src -name '*_test' -type f -perm -100 | sort | while read -r program; do
  echo "▸ $(basename "$program")" >&2
  "$program" --gtest_brief=1 >build/coverage/last.log 2>&1 || { cat build/coverage/last.log; exit 1; }
done
gcovr --root . --object-directory build/coverage --filter 'src/' --exclude '.*_test\.cpp' --exclude '.*/testing/.*' --exclude-unreachable-branches \
  --gcov-ignore-parse-errors --txt build/coverage/coverage.txt --json-summary build/coverage/coverage.json >/dev/null
node -e '
const {files, line_percent, line_covered, line_total} = JSON.parse(require("fs").readFileSync("build/coverage/coverage.json"));
const folders = {};
for (const {filename, line_covered: covered, line_total: total} of files) {
  const folder = filename.split("/").slice(0, -1).join("/");
  const sum = (folders[folder] ??= {covered: 0, total: 0});
  sum.covered += covered; sum.total += total;
}
for (const [folder, {covered, total}] of Object.entries(folders).sort()) console.log(folder.padEnd(48), (100 * covered / total).toFixed(1).padStart(6) + " %", String(total).padStart(7) + " lines");
console.log("total".padEnd(48), line_percent.toFixed(1).padStart(6) + " %", String(line_total).padStart(7) + " lines");
process.exit(line_percent < Number(process.argv[1]) ? 1 : 0);
' "$minimum"
