# debian_date.cmake: packages carry the date of their version in CHANGELOG.md, unless SOURCE_DATE_EPOCH names another, so that
# two builds are the same. Read by cpack before it stages anything.
if(NOT DEFINED ENV{SOURCE_DATE_EPOCH})
    file(READ ${CPACK_DWSYNC_SOURCE}/CHANGELOG.md changelog)
    string(REPLACE "." "\\." version ${CPACK_PACKAGE_VERSION})
    if(NOT changelog MATCHES "\n## \\[${version}\\] - (20[0-9-]+)\n")
        message(FATAL_ERROR "CHANGELOG.md has no date for ${CPACK_PACKAGE_VERSION}: set SOURCE_DATE_EPOCH")
    endif()
    execute_process(COMMAND date --utc --date=${CMAKE_MATCH_1} +%s OUTPUT_VARIABLE epoch OUTPUT_STRIP_TRAILING_WHITESPACE
        COMMAND_ERROR_IS_FATAL ANY)
    set(ENV{SOURCE_DATE_EPOCH} ${epoch})
endif()
