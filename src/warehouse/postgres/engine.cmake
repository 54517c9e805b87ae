list(APPEND engine_libraries PkgConfig::LIBPQ ${PG_QUERY_LIBRARY})
