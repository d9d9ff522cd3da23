# debian_tree.cmake: turns what `cmake --install` staged for each package into what Debian's policy asks of one.
# Run by cpack between staging and packing.
file(READ ${CPACK_DWSYNC_SOURCE}/LICENSE licence)
string(REGEX REPLACE "\n\n" "\n.\n" licence ${licence})
string(REGEX REPLACE "^[^\n]*\n\\.\n([^\n]*)\n\\.\n" "" licence ${licence})
string(REGEX REPLACE "\n([^\n])" "\n \\1" licence ${licence})
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)

foreach(component IN LISTS CPACK_COMPONENTS_ALL)
    string(TOUPPER ${component} upper)
    set(package ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
    set(usr ${CPACK_TEMPORARY_DIRECTORY}/${component}/usr)
    set(doc ${usr}/share/doc/${package})

    # Its licence belongs into the file copyright.
    file(REMOVE ${doc}/LICENSE)
    file(WRITE ${doc}/copyright
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        "Upstream-Name: dwsync\n\nFiles: *\nCopyright: 2026 The dwsync authors\nLicense: Expat\n ${licence}")
    file(WRITE ${doc}/changelog
        "dwsync (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium\n\n"
        "  * Release ${CPACK_PACKAGE_VERSION}.\n\n -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
    file(GLOB manuals ${usr}/share/man/man*/*)
    execute_process(COMMAND gzip -9n ${doc}/changelog ${manuals} COMMAND_ERROR_IS_FATAL ANY)

    # One copy of the modules for all Luas; that of the newest.
    file(GLOB trees LIST_DIRECTORIES ON ${usr}/share/lua/5.*)
    list(SORT trees ORDER DESCENDING)
    list(POP_FRONT trees newest)
    foreach(tree IN LISTS trees)
        file(REMOVE_RECURSE ${tree}/dwsync)
        if(component STREQUAL lua)
            cmake_path(GET newest FILENAME version)
            file(CREATE_LINK ../${version}/dwsync ${tree}/dwsync SYMBOLIC)
        else() # found through the link
            file(REMOVE_RECURSE ${tree})
        endif()
    endforeach()

    # Whatever the umask here and where the sources were checked out.
    execute_process(COMMAND chmod -R u=rwX,go=rX ${usr} COMMAND_ERROR_IS_FATAL ANY)
endforeach()
