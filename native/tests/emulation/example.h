// The example's launch: sums[r] = sum_c values[r, c] for [rows, columns] values.
#pragma once

namespace retort::emulation {

void add_up_rows(const float* values, int rows, int columns, float* sums);

}  // namespace retort::emulation
