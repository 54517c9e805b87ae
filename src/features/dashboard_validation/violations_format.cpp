#include "features/dashboard_validation/violations_format.h"

#include "base/text.h"

namespace bridge {
namespace {

void append_lines(std::string& out, const std::string& file, const std::vector<Violation>& violations, std::string_view level) {
  for (const Violation& violation : violations) {
    out += file;
    if (violation.line > 0) out += str(":", violation.line, ":", std::max(violation.column, 1));
    out += str(": ", level, ": ", violation.path, violation.path.empty() ? "" : ": ", violation.message, " [", violation.code, "]\n");
    const bool said = violation.message.find("'" + violation.suggestion + "'") != std::string::npos;
    if (!violation.suggestion.empty() && !said) out += str("    did you mean '", violation.suggestion, "'?\n");
  }
}

std::string counted(std::size_t count, std::string_view noun) { return str(count, " ", noun, count == 1 ? "" : "s"); }

json::object sarif_result(const std::string& file, const Violation& violation, std::string_view level) {
  std::string message = violation.path.empty() ? violation.message : str(violation.path, ": ", violation.message);
  json::object location{{"artifactLocation", json::object{{"uri", file}}}};
  if (violation.line > 0) location["region"] = json::object{{"startLine", violation.line}, {"startColumn", std::max(violation.column, 1)}};
  json::array locations;
  locations.push_back(json::object{{"physicalLocation", std::move(location)}});
  return {{"ruleId", violation.code},
          {"level", level},
          {"message", json::object{{"text", std::move(message)}}},
          {"locations", std::move(locations)}};
}

}  // namespace

std::string format_violations_text(const std::vector<FileReport>& files) {
  std::string out;
  std::size_t errors = 0, warnings = 0;
  for (const FileReport& one : files) {
    append_lines(out, one.file, one.report.errors, "error");
    append_lines(out, one.file, one.report.warnings, "warning");
    errors += one.report.errors.size();
    warnings += one.report.warnings.size();
  }
  return out + str(counted(files.size(), "file"), ": ", counted(errors, "error"), ", ", counted(warnings, "warning"), "\n");
}

json::object format_violations_sarif(const std::vector<FileReport>& files, std::string_view tool_version) {
  json::array results, rules;
  std::set<std::string> codes;
  for (const FileReport& one : files) {
    for (const Violation& violation : one.report.errors) results.push_back(sarif_result(one.file, violation, "error"));
    for (const Violation& violation : one.report.warnings) results.push_back(sarif_result(one.file, violation, "warning"));
    for (const auto* list : {&one.report.errors, &one.report.warnings}) {
      for (const Violation& violation : *list) codes.insert(violation.code);
    }
  }
  for (const std::string& code : codes) rules.push_back(json::object{{"id", code}});
  json::object driver{{"name", "bridge"}, {"version", tool_version}, {"rules", std::move(rules)}};
  json::array runs;
  runs.push_back(json::object{
      {"tool", json::object{{"driver", std::move(driver)}}}, {"columnKind", "unicodeCodePoints"}, {"results", std::move(results)}});
  return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}, {"runs", std::move(runs)}};
}

}  // namespace bridge
