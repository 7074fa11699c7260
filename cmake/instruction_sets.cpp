// Ends with the number of instruction sets that this machine has of avx2 and avx512.
#include "cpu/processor.h"

int main() { return int{retort::has_avx2()} + int{retort::has_avx512()}; }
