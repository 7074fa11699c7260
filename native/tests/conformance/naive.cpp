#include "naive.h"

#include <algorithm>
#include <cmath>
#include <limits>

// What it includes is included above, in double.
#define double float
#define reference naive
#include "reference/reference.cpp"  // NOLINT(bugprone-suspicious-include): see naive.h
