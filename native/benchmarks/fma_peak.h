#pragma once

#include "retort/retort.h"

namespace retort::benchmark {

// The most GFLOP/s that the executor's threads reach together with independent f32 multiply-adds of
// the instruction set in use, now.
double fma_peak(const retort_executor* executor);

}  // namespace retort::benchmark
