#include "reference/elementwise.h"

#include "network_testing.h"

namespace retort::testing {
namespace {

using reference::Row;

constexpr std::initializer_list<int64_t> kSizes = {0, 1, 7, 8, 15, 16, 17, 100, 16384, 50001};

TEST(Relu, ForwardAndBackwardMatchTheReferenceExactlyInPlaceToo) {
  std::mt19937_64 random(1);
  for (const int64_t size : kSizes) {
    SCOPED_TRACE(size);
    const Floats input = Floats::normal(random, size), gradient = Floats::normal(random, size);
    Floats output(size), input_gradient(size), in_place = input, gradient_in_place = gradient;
    ASSERT_EQ(retort_relu_forward(size, input.data(), output.data(), nullptr), RETORT_OK);
    ASSERT_EQ(retort_relu_forward(size, in_place.data(), in_place.data(), nullptr), RETORT_OK);
    ASSERT_EQ(
        retort_relu_backward(size, output.data(), gradient.data(), input_gradient.data(), nullptr),
        RETORT_OK);
    ASSERT_EQ(retort_relu_backward(size, output.data(), gradient_in_place.data(),
                                   gradient_in_place.data(), nullptr),
              RETORT_OK);
    EXPECT_EQ(output.values(), reference::relu_forward(input.values()));
    EXPECT_EQ(input_gradient.values(),
              reference::relu_backward(output.values(), gradient.values()));
    EXPECT_TRUE(output.same_bits(in_place) && output.guards_hold());
    EXPECT_TRUE(input_gradient.same_bits(gradient_in_place) && input_gradient.guards_hold());
  }
}

TEST(Relu, NaNStaysNaNAndInfinityInfinity) {
  for (const int64_t size : {20, 3}) {
    Floats values(size), gradient(size);
    for (int64_t i = 0; i < size; ++i) values[i] = gradient[i] = 1;
    values[0] = kNaN;
    values[1] = kInfinity;
    values[2] = -kInfinity;
    ASSERT_EQ(retort_relu_forward(size, values.data(), values.data(), nullptr), RETORT_OK);
    EXPECT_TRUE(std::isnan(values[0]));
    EXPECT_EQ(values[1], kInfinity);
    EXPECT_EQ(values[2], 0);
    gradient[2] = kNaN;
    ASSERT_EQ(retort_relu_backward(size, values.data(), gradient.data(), gradient.data(), nullptr),
              RETORT_OK);
    EXPECT_EQ(gradient[0], 0);
    EXPECT_EQ(gradient[1], 1);
    EXPECT_EQ(gradient[2], 0);
  }
}

TEST(LinearCombination, MatchesTheReferenceAndMayOverwriteEitherOperand) {
  std::mt19937_64 random(2);
  for (const int64_t size : kSizes) {
    SCOPED_TRACE(size);
    const Floats x = Floats::normal(random, size), y = Floats::normal(random, size);
    Floats output(size), over_x = x, over_y = y, twice = x;
    const float a = 0.75f, b = -1.3f;
    ASSERT_EQ(retort_linear_combination(size, a, x.data(), b, y.data(), output.data(), nullptr),
              RETORT_OK);
    retort_linear_combination(size, a, over_x.data(), b, y.data(), over_x.data(), nullptr);
    retort_linear_combination(size, a, x.data(), b, over_y.data(), over_y.data(), nullptr);
    retort_linear_combination(size, 2, twice.data(), 3, twice.data(), twice.data(), nullptr);
    const Row expected = reference::linear_combination(a, x.values(), b, y.values());
    for (int64_t i = 0; i < size; ++i) {
      const double magnitude = std::fabs(a * x[i]) + std::fabs(b * y[i]);
      expect_close(output[i], expected[static_cast<size_t>(i)], kEpsilon * magnitude, "element");
      expect_close(twice[i], 5.0 * x[i], 4 * kEpsilon * std::fabs(x[i]), "twice");
    }
    EXPECT_TRUE(output.same_bits(over_x) && output.same_bits(over_y) && output.guards_hold());
  }
}

TEST(AddToRows, AddsTheRowToEveryRow) {
  std::mt19937_64 random(3);
  for (const int64_t rows : {0, 1, 3, 4, 9, 1000}) {
    for (const int64_t columns : {1, 3, 10, 16, 33, 257}) {
      SCOPED_TRACE(::testing::Message() << rows << " x " << columns);
      const Floats row = Floats::normal(random, columns);
      Floats matrix = Floats::normal(random, rows * columns);
      const Row expected = reference::add_to_rows(row.values(), matrix.values());
      ASSERT_EQ(retort_add_to_rows(rows, columns, row.data(), matrix.data(), nullptr), RETORT_OK);
      for (int64_t i = 0; i < rows * columns; ++i) {
        EXPECT_EQ(matrix[i], static_cast<float>(expected[static_cast<size_t>(i)]));
      }
      EXPECT_TRUE(matrix.guards_hold());
    }
  }
}

TEST(ColumnSums, MatchTheReferenceInTheWorkspaceAskedFor) {
  std::mt19937_64 random(4);
  for (const int64_t rows : {0, 1, 3, 4, 9, 1000, 20011}) {
    for (const int64_t columns : {1, 3, 10, 16, 33, 257, 1030}) {
      if (rows * columns > 700000) continue;
      SCOPED_TRACE(::testing::Message() << rows << " x " << columns);
      const Floats matrix = Floats::normal(random, rows * columns, 1, 3);
      Floats sums(columns), workspace(retort_column_sums_workspace(rows, columns));
      ASSERT_EQ(
          retort_column_sums(rows, columns, matrix.data(), sums.data(), workspace.data(), nullptr),
          RETORT_OK);
      const Row expected = reference::column_sums(columns, matrix.values());
      Row magnitudes = matrix.values();
      for (double& x : magnitudes) x = std::fabs(x);
      const Row magnitude = reference::column_sums(columns, magnitudes);
      // A sum goes through the tiles of its chunk and then through the chunks, half an epsilon
      // each.
      const double additions = 16384.0 / static_cast<double>(std::min<int64_t>(columns, 256)) / 4;
      for (size_t c = 0; c < static_cast<size_t>(columns); ++c) {
        const double bound = kEpsilon / 2 * (additions + 256) * magnitude[c];
        expect_close(sums[static_cast<int64_t>(c)], expected[c], bound, "sum");
      }
      EXPECT_TRUE(sums.guards_hold() && workspace.guards_hold());
    }
  }
}

TEST(ColumnSums, AreTheTransposeOfAddToRows) {
  std::mt19937_64 random(5);
  const int64_t rows = 700, columns = 21;
  const Floats row = Floats::normal(random, columns), g = Floats::normal(random, rows * columns);
  Floats spread(rows * columns), sums(columns),
      workspace(retort_column_sums_workspace(rows, columns));
  for (int64_t i = 0; i < spread.size(); ++i) spread[i] = 0;
  retort_add_to_rows(rows, columns, row.data(), spread.data(), nullptr);
  retort_column_sums(rows, columns, g.data(), sums.data(), workspace.data(), nullptr);
  const double magnitude = inner_product_of_magnitudes(spread.values(), g.values());
  EXPECT_NEAR(inner_product(spread.values(), g.values()),
              inner_product(row.values(), sums.values()), kEpsilon * 200 * magnitude);
}

TEST(Elementwise, TheNumberOfThreadsChangesNoBit) {
  std::mt19937_64 random(6);
  const int64_t rows = 5000, columns = 19;
  const Floats x = Floats::normal(random, rows * columns), y = Floats::normal(random, x.size());
  const Floats row = Floats::normal(random, columns);
  expect_same_bits_on_any_threads([&](const retort_executor* executor) {
    Floats relu(x.size()), gradient(x.size()), combined(x.size()), added = x, sums(columns);
    Floats workspace(retort_column_sums_workspace(rows, columns));
    retort_relu_forward(x.size(), x.data(), relu.data(), executor);
    retort_relu_backward(x.size(), relu.data(), y.data(), gradient.data(), executor);
    retort_linear_combination(x.size(), 2, x.data(), 0.3f, y.data(), combined.data(), executor);
    retort_add_to_rows(rows, columns, row.data(), added.data(), executor);
    retort_column_sums(rows, columns, x.data(), sums.data(), workspace.data(), executor);
    return std::vector<Floats>{relu, gradient, combined, added, sums};
  });
}

TEST(Elementwise, ABadArgumentIsNamed) {
  float a[8] = {}, b[8] = {}, c[8] = {};
  float* crooked = reinterpret_cast<float*>(reinterpret_cast<char*>(a) + 1);
  expect_refused(retort_relu_forward(-1, a, b, nullptr), "size");
  expect_refused(retort_relu_forward(INT64_MAX, a, b, nullptr), "input");
  expect_refused(retort_relu_forward(8, nullptr, b, nullptr), "input");
  expect_refused(retort_relu_forward(8, a, nullptr, nullptr), "output");
  expect_refused(retort_relu_forward(4, a, a + 1, nullptr), "overlap");
  expect_refused(retort_relu_forward(4, crooked, b, nullptr), "input");
  expect_refused(retort_relu_backward(-1, a, b, c, nullptr), "size");
  expect_refused(retort_relu_backward(8, nullptr, b, c, nullptr), "output");
  expect_refused(retort_relu_backward(8, a, nullptr, c, nullptr), "output_gradient");
  expect_refused(retort_relu_backward(8, a, b, nullptr, nullptr), "input_gradient");
  expect_refused(retort_relu_backward(8, a, b, a, nullptr), "overlap");
  expect_refused(retort_relu_backward(4, a, b, b + 1, nullptr), "overlap");
  expect_refused(retort_linear_combination(-1, 1, a, 1, b, c, nullptr), "size");
  expect_refused(retort_linear_combination(8, 1, nullptr, 1, b, c, nullptr), "x must");
  expect_refused(retort_linear_combination(8, 1, a, 1, nullptr, c, nullptr), "y must");
  expect_refused(retort_linear_combination(8, 1, a, 1, b, nullptr, nullptr), "output");
  expect_refused(retort_linear_combination(4, 1, a, 1, b, b + 1, nullptr), "overlap");
  expect_refused(retort_linear_combination(4, 1, a, 1, b, a + 1, nullptr), "overlap");
  expect_refused(retort_add_to_rows(-1, 2, a, b, nullptr), "rows");
  expect_refused(retort_add_to_rows(2, 0, a, b, nullptr), "columns");
  expect_refused(retort_add_to_rows(INT64_MAX / 4, 8, a, b, nullptr), "matrix");
  expect_refused(retort_add_to_rows(2, 2, nullptr, b, nullptr), "row");
  expect_refused(retort_add_to_rows(2, 2, a, nullptr, nullptr), "matrix");
  expect_refused(retort_add_to_rows(2, 2, a, a, nullptr), "overlap");
  expect_refused(retort_column_sums(-1, 2, a, b, c, nullptr), "rows");
  expect_refused(retort_column_sums(2, 0, a, b, c, nullptr), "columns");
  expect_refused(retort_column_sums(2, 2, nullptr, b, c, nullptr), "matrix");
  expect_refused(retort_column_sums(2, 2, a, nullptr, c, nullptr), "sums");
  expect_refused(retort_column_sums(2, 2, a, b, nullptr, nullptr), "workspace");
  expect_refused(retort_column_sums(2, 2, a, a, c, nullptr), "overlap");
  expect_refused(retort_column_sums(2, 2, a, b, b, nullptr), "overlap");
  EXPECT_EQ(retort_column_sums_workspace(-1, 2), -1);
  EXPECT_EQ(retort_column_sums_workspace(2, 0), -1);
  EXPECT_EQ(retort_column_sums_workspace(INT64_MAX / 2, INT64_MAX / 2), -1);
}

}  // namespace
}  // namespace retort::testing
