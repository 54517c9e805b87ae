// The bare peer: libpq and nothing else. For each line on standard input, runs it in binary and single-row mode, drops the rows, and prints
// the milliseconds and the processor time in milliseconds that it took.
#include <libpq-fe.h>

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <string>

namespace {

double processor_ms() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) { return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3; };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: postgres_bare CONNECTION\n");
    return 2;
  }
  PGconn* connection = PQconnectdb(argv[1]);
  if (PQstatus(connection) != CONNECTION_OK) {
    std::fprintf(stderr, "%s", PQerrorMessage(connection));
    return 3;
  }
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    const double processor = processor_ms();
    if (PQsendQueryParams(connection, line.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1) == 0 || PQsetSingleRowMode(connection) == 0)
      return 3;
    long bytes = 0;
    while (PGresult* row = PQgetResult(connection)) {
      if (PQresultStatus(row) == PGRES_FATAL_ERROR) std::fprintf(stderr, "%s", PQresultErrorMessage(row));
      if (PQntuples(row) > 0) {
        for (int i = 0; i < PQnfields(row); ++i) bytes += PQgetlength(row, 0, i);
      }
      PQclear(row);
    }
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    std::printf("%.3f %.3f %ld\n", took.count(), processor_ms() - processor, bytes);
    std::fflush(stdout);
  }
  PQfinish(connection);
}
