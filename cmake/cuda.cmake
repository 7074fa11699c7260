# Looks for a CUDA compiler; RETORT_BUILDS_CUDA says whether there is one that is wanted. A language is known only below the
# folder that enables it, so this is included at the top.
set(RETORT_CUDA AUTO CACHE STRING "Build the CUDA library: ON, OFF, or AUTO where a CUDA compiler is found")
# Each takes minutes to compile. Those not named run by way of the PTX, on sm_80 and later.
set(RETORT_CUDA_ARCHITECTURES "80-real;80-virtual;90a-real;100-real" CACHE STRING
  "Architectures of the CUDA library, as CMAKE_CUDA_ARCHITECTURES has them")

set(RETORT_BUILDS_CUDA ${RETORT_CUDA})
if(RETORT_CUDA STREQUAL "AUTO")
  include(CheckLanguage)
  check_language(CUDA)
  set(RETORT_BUILDS_CUDA ON)
  if(NOT CMAKE_CUDA_COMPILER)
    set(RETORT_BUILDS_CUDA OFF)
    message(STATUS "CUDA: no compiler was found (nvcc in PATH, or CUDACXX): libretort_cuda is left out")
  endif()
endif()

if(RETORT_BUILDS_CUDA)
  set(CMAKE_CUDA_ARCHITECTURES ${RETORT_CUDA_ARCHITECTURES})
  enable_language(CUDA)
  set(CMAKE_CUDA_STANDARD 17)
  set(CMAKE_CUDA_STANDARD_REQUIRED ON)
endif()
