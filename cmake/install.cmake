# `cmake --install`: the library, its header, find_package(Retort) and pkg-config.
include(CMakePackageConfigHelpers)

install(TARGETS retort EXPORT RetortTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/retort DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

set(RETORT_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Retort)
install(EXPORT RetortTargets NAMESPACE Retort:: DESTINATION ${RETORT_PACKAGE_DIR})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/RetortConfig.cmake.in
  ${CMAKE_CURRENT_BINARY_DIR}/RetortConfig.cmake INSTALL_DESTINATION ${RETORT_PACKAGE_DIR})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/RetortConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/RetortConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/RetortConfigVersion.cmake DESTINATION ${RETORT_PACKAGE_DIR})

# Debian's library directory lies two levels below the prefix.
file(RELATIVE_PATH RETORT_PREFIX_FROM_PC /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(${CMAKE_CURRENT_LIST_DIR}/retort.pc.in ${CMAKE_CURRENT_BINARY_DIR}/retort.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/retort.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
