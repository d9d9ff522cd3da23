# completions.cmake: makes and installs what `dwsync completion` prints, when a Lua here can run the command.
set(DWSYNC_ZSH_COMPLETIONS ${CMAKE_INSTALL_DATADIR}/zsh/site-functions CACHE STRING
    "Where zsh finds completions; a folder of its fpath")

function(find_lua_for_command result)
    foreach(flavour IN LISTS DWSYNC_LUAS)
        find_program(INTERPRETER_${flavour} ${flavour})
        if(TARGET core_${flavour} AND INTERPRETER_${flavour})
            execute_process(COMMAND ${INTERPRETER_${flavour}} -e "require 'argparse' require 'cjson' require 'luv'"
                RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
            if(status EQUAL 0)
                set(${result} ${flavour} PARENT_SCOPE)
                return()
            endif()
        endif()
    endforeach()
    set(${result} "" PARENT_SCOPE)
endfunction()

if(NOT CMAKE_CROSSCOMPILING AND NOT DWSYNC_SANITIZE) # neither kind of module loads into the Lua here
    find_lua_for_command(lua)
endif()
if(NOT lua)
    message(STATUS "completions: no Lua here runs the command, left out")
    return()
endif()

file(GLOB_RECURSE command_sources CONFIGURE_DEPENDS lua/dwsync/*.lua)
set(completions "")
function(add_completion shell file destination)
    set(output ${PROJECT_BINARY_DIR}/completions/${file})
    add_custom_command(OUTPUT ${output}
        COMMAND ${CMAKE_COMMAND} -E env LUA_CPATH=${PROJECT_BINARY_DIR}/${lua}/?.so$<SEMICOLON>$<SEMICOLON>
            ${INTERPRETER_${lua}} ${PROJECT_SOURCE_DIR}/lua/bin/dwsync completion ${shell} > ${output}
        DEPENDS core_${lua} lua/bin/dwsync ${command_sources} VERBATIM)
    install(FILES ${output} DESTINATION ${destination})
    list(APPEND completions ${output})
    set(completions ${completions} PARENT_SCOPE)
endfunction()
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/completions)
add_completion(bash dwsync ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
add_completion(zsh _dwsync ${DWSYNC_ZSH_COMPLETIONS})
add_completion(fish dwsync.fish ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
add_custom_target(completions ALL DEPENDS ${completions})
