# RETORT_INSTRUCTION_SETS: those of x86-64 that kernels are compiled for, each in src/cpu/<name>.cpp, beside the plain
# C++ of src/cpu/scalar.cpp. The library chooses among them where it runs, so it gets all of them. A build under
# sanitizers never leaves its machine, and each set takes it minutes: it gets those that this machine has.
# RETORT_TESTED_INSTRUCTION_SETS: those that every test runs with. Threads are shared out by the same code in all, so
# that ThreadSanitizer needs but one, and the widest stores reach furthest.
set(RETORT_INSTRUCTION_SETS)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(RETORT_INSTRUCTION_SETS avx2 avx512)
  if(RETORT_SANITIZE)
    try_run(RETORT_MACHINE_SETS RETORT_MACHINE_SETS_COMPILED
      ${CMAKE_BINARY_DIR} ${CMAKE_CURRENT_LIST_DIR}/instruction_sets.cpp
      CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${CMAKE_CURRENT_SOURCE_DIR}/src")
    list(SUBLIST RETORT_INSTRUCTION_SETS 0 ${RETORT_MACHINE_SETS} RETORT_INSTRUCTION_SETS)
  endif()
endif()

set(RETORT_TESTED_INSTRUCTION_SETS scalar ${RETORT_INSTRUCTION_SETS})
if(RETORT_SANITIZE STREQUAL "thread")
  list(GET RETORT_TESTED_INSTRUCTION_SETS -1 RETORT_TESTED_INSTRUCTION_SETS)
endif()
