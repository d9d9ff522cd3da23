# debian.cmake: Debian packages, one for each component: cmake --preset deb && cmake --build build-deb --target package.
# debian_tree.cmake makes each staged folder a Debian one.
set(DWSYNC_MAINTAINER "The dwsync authors <authors@dwsync.invalid>" CACHE STRING
    "Who answers for the packages: Name <address>")

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME dwsync)
set(CPACK_PACKAGE_CONTACT ${DWSYNC_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/rockspec/debian_date.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/rockspec/debian_tree.cmake)
set(CPACK_DWSYNC_SOURCE ${PROJECT_SOURCE_DIR}) # for the two scripts

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_COMPONENTS_ALL lua command development emulator)

set(CPACK_DEBIAN_LUA_PACKAGE_NAME lua-dwsync)
set(CPACK_DEBIAN_LUA_PACKAGE_SECTION interpreters)
set(CPACK_DEBIAN_LUA_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_LUA_PACKAGE_DEPENDS "libcurl4 (>= 7.87), lua-cjson, lua-luv")
set(CPACK_DEBIAN_LUA_PACKAGE_RECOMMENDS "ca-certificates, lua5.4 | lua5.3 | luajit2 | luajit | lua5.1")
set(CPACK_DEBIAN_LUA_PACKAGE_SUGGESTS "lua-sql-sqlite3, lua-yaml")
set(CPACK_DEBIAN_LUA_DESCRIPTION [[synchronisation records of Huawei Cloud DWS, for Lua
Asks Huawei Cloud DWS how the synchronisations of a cluster's accounts from
LDAP or OneAccess went, and returns every record or an error that says what
to do; judges the records, keeps them, and reports on them, in scripts and
inside nginx.

For Lua 5.4, Lua 5.3, Lua 5.1 and LuaJIT.]])

set(CPACK_COMPONENT_COMMAND_DEPENDS lua)
set(CPACK_DEBIAN_COMMAND_PACKAGE_NAME dwsync)
set(CPACK_DEBIAN_COMMAND_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_COMMAND_PACKAGE_SECTION net)
set(CPACK_DEBIAN_COMMAND_PACKAGE_DEPENDS "lua5.4, lua-argparse")
set(CPACK_DEBIAN_COMMAND_PACKAGE_RECOMMENDS "ca-certificates, lua-sql-sqlite3")
set(CPACK_DEBIAN_COMMAND_PACKAGE_SUGGESTS "dwsync-emulator, lua-yaml")
set(CPACK_DEBIAN_COMMAND_DESCRIPTION [[synchronisation records of Huawei Cloud DWS, in the shell
Shows how the synchronisations of a Huawei Cloud DWS cluster's accounts from
LDAP or OneAccess went, what is wrong with them, since when, and what to do
next: as a table or page, for Nagios and Prometheus, and as a gate for jobs.

With examples to copy: runbooks, systemd units, a crontab, alert rules.]])

set(CPACK_COMPONENT_EMULATOR_DEPENDS lua command)
set(CPACK_DEBIAN_EMULATOR_PACKAGE_NAME dwsync-emulator)
set(CPACK_DEBIAN_EMULATOR_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_EMULATOR_PACKAGE_SECTION net)
set(CPACK_DEBIAN_EMULATOR_PACKAGE_DEPENDS
    "nginx-light | nginx, libnginx-mod-http-lua, lua-cjson, lua-luaossl, lua-luv")
set(CPACK_DEBIAN_EMULATOR_DESCRIPTION [[Huawei Cloud DWS on this machine, for trials and tests of dwsync
Serves synchronisation records, clusters, IAM and machine credentials over TLS
on 127.0.0.1, from a seeded data set. It verifies signatures as the real
gateway does, and fails as ordered.

Run with `dwsync emulator -- COMMAND`; it starts an nginx of its own. The
service that the package nginx brings is not needed.]])

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libdws-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "libcurl4-openssl-dev (>= 7.87), libssl-dev (>= 3.0), zlib1g-dev")
set(CPACK_DEBIAN_DEVELOPMENT_DESCRIPTION [[queries to Huawei Cloud DWS, for C
A static library that signs and sends queries to Huawei Cloud DWS with libcurl
and OpenSSL, and reads pages of synchronisation records without allocating.

Without Lua. Its header says everything; pkg-config knows it as dws.]])

include(CPack)
