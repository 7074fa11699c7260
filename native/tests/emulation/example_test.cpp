// The example kernel against a plain loop; mutate_kernels_test.sh breaks it.
#include "example.h"

#include <gtest/gtest.h>

#include <vector>

namespace retort::emulation {
namespace {

TEST(Example, AddsUpEveryRow) {
  const int rows = 3;
  for (const int columns : {1, 31, 32, 127, 128, 129, 1000}) {
    std::vector<float> values(static_cast<size_t>(rows) * static_cast<size_t>(columns));
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 13 + 1);
    std::vector<float> sums(rows);
    add_up_rows(values.data(), rows, columns, sums.data());
    for (int row = 0; row < rows; ++row) {
      float expected = 0;
      for (int c = 0; c < columns; ++c) {
        expected += values[static_cast<size_t>(row) * static_cast<size_t>(columns) +
                           static_cast<size_t>(c)];
      }
      EXPECT_EQ(sums[static_cast<size_t>(row)], expected) << columns << " columns, row " << row;
    }
  }
}

}  // namespace
}  // namespace retort::emulation
