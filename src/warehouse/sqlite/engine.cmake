list(APPEND engine_libraries PkgConfig::SQLITE3)
