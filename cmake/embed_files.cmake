# bridge_embed(TARGET SYMBOL [ROOT folder] [FILES file…] [DIRECTORY folder] [DEPENDS target or stamp…])
# Builds files into TARGET; they are found with `std::span<const bridge::EmbeddedFile> bridge::SYMBOL()`, sorted by name, after
# `#include "base/embedded_file.h"` and declaring that function. A file's name is its path relative to ROOT (default: the current folder).
# DIRECTORY takes every file below a folder that may exist only at build time; DEPENDS then names what makes it.
# The bytes go in through `.incbin`, which costs no compile time whatever their size.
#
# The same file is the script that runs at build time.
if(CMAKE_SCRIPT_MODE_FILE)
  if(DIRECTORY)
    file(GLOB_RECURSE FILES ${DIRECTORY}/*)
  endif()
  list(SORT FILES)
  set(rows "")
  set(blobs "")
  set(count 0)
  foreach(file IN LISTS FILES)
    file(RELATIVE_PATH name ${ROOT} ${file})
    set(label "bridge_embedded_${SYMBOL}_${count}")
    string(APPEND blobs "asm(\".pushsection .rodata\\n.balign 16\\n${label}_begin:\\n.incbin \\\"${file}\\\"\\n${label}_end:\\n.byte 0\\n.popsection\\n\"\n"
                        "    \".globl ${label}_begin\\n.hidden ${label}_begin\\n.globl ${label}_end\\n.hidden ${label}_end\");\n"
                        "extern \"C\" __attribute__((visibility(\"hidden\"))) const char ${label}_begin[], ${label}_end[];\n")
    string(APPEND rows "      {\"${name}\", {${label}_begin, static_cast<std::size_t>(${label}_end - ${label}_begin)}},\n")
    math(EXPR count "${count} + 1")
  endforeach()
  set(text "#include \"base/embedded_file.h\"\n\n${blobs}\nnamespace bridge {\nstd::span<const EmbeddedFile> ${SYMBOL}();\nstd::span<const EmbeddedFile> ${SYMBOL}() {\n")
  if(count EQUAL 0)
    string(APPEND text "  return {};\n}\n}  // namespace bridge\n")
  else()
    string(APPEND text "  static const EmbeddedFile files[] = {\n${rows}  };\n  return files;\n}\n}  // namespace bridge\n")
  endif()
  file(WRITE ${OUTPUT} "${text}")
  return()
endif()

set(BRIDGE_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(bridge_embed target symbol)
  cmake_parse_arguments(EMBED "" "ROOT;DIRECTORY" "FILES;DEPENDS" ${ARGN})
  if(NOT EMBED_ROOT)
    set(EMBED_ROOT ${CMAKE_CURRENT_SOURCE_DIR})
    if(EMBED_DIRECTORY)
      set(EMBED_ROOT ${EMBED_DIRECTORY})
    endif()
  endif()
  set(files "")
  foreach(file IN LISTS EMBED_FILES)
    get_filename_component(path ${file} ABSOLUTE)
    list(APPEND files ${path})
  endforeach()
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded_${symbol}.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DSYMBOL=${symbol} -DROOT=${EMBED_ROOT} "-DFILES=${files}" -DDIRECTORY=${EMBED_DIRECTORY} -DOUTPUT=${output} -P ${BRIDGE_EMBED_SCRIPT}
    DEPENDS ${files} ${EMBED_DEPENDS} ${BRIDGE_EMBED_SCRIPT}
    COMMENT "Embedding ${symbol}"
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
  set_source_files_properties(${output} PROPERTIES SKIP_PRECOMPILE_HEADERS ON OBJECT_DEPENDS "${files}")
endfunction()
