#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "naive.h"

// What it includes is included above, in double.
#define double float
#define reference naive
#include "reference/sparse_distillation.cpp"  // NOLINT(bugprone-suspicious-include): see naive.h
