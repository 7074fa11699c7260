// The naive computation that a kernel's error is measured by: what anyone would write, in f32 and plain loops
// straight from the formulas, with the maximum subtracted. It is the reference's own text with every double
// a float, so that the two cannot grow apart and an operation that the reference learns has its naive
// computation at once.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/reference.h"
#include "reference/sparse_distillation.h"

#undef RETORT_REFERENCE_REFERENCE_H
#undef RETORT_REFERENCE_SPARSE_DISTILLATION_H
#define double float
#define reference naive
#include "reference/reference.h"
#include "reference/sparse_distillation.h"
#undef reference
#undef double
