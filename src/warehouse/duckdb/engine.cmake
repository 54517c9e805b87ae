list(APPEND engine_libraries duckdb_headers)
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/duckdb_library.cpp PROPERTIES COMPILE_DEFINITIONS BRIDGE_DUCKDB_FOLDER="${DUCKDB_FOLDER}")
