// c = op(a) * op(b), cut into blocks of c, each on one thread: one call of a BLAS that is lent, or of the kernel of
// cpu/matrix_product.h.
//
// Blocks: a BLAS packs the rows of a and the columns of b that a block needs, which it reads back
// k * (1 / rows + 1 / columns) times an element of c. Sides of 64 to 512 keep that small, and as
// many blocks as that leaves room for keep eight threads level. Sides are whole multiples of 16,
// the width of a BLAS's inner kernel, as far as the matrix allows. Of an [8000, 512] product with k = 512
// OpenBLAS makes 190 GFLOP/s in blocks of 512 and 160 in blocks of 256 (two threads, AVX-512).
#include "matrix_product.h"

#include <algorithm>

#include "cpu/kernels.h"
#include "tasks.h"

namespace retort {
namespace {

constexpr int kRowMajor = 101, kNotTransposed = 111, kTransposed = 112;

// One side of c, cut evenly into parts whose ends are multiples of 16.
struct Side {
  static constexpr int64_t kLongest = 512;
  static constexpr int64_t kShortest = 64;
  static constexpr int64_t kUnit = 16;

  int64_t size;
  int64_t parts;

  explicit Side(int64_t size) : size(size), parts((size + kLongest - 1) / kLongest) {}

  bool can_be_halved() const { return size / (2 * parts) >= kShortest; }
  int64_t end(int64_t part) const {
    const int64_t units = (size + kUnit - 1) / kUnit;
    return std::min(size, units * (part + 1) / parts * kUnit);
  }
  int64_t first(int64_t part) const { return part == 0 ? 0 : end(part - 1); }
};

struct Blocks {
  static constexpr int64_t kEnough = 16;

  Side rows;
  Side columns;

  Blocks(int64_t m, int64_t n) : rows(m), columns(n) {
    while (count() < kEnough && (rows.can_be_halved() || columns.can_be_halved())) {
      const bool rows_are_longer = rows.size / rows.parts >= columns.size / columns.parts;
      const bool halve_rows = rows_are_longer ? rows.can_be_halved() : !columns.can_be_halved();
      (halve_rows ? rows : columns).parts *= 2;
    }
  }

  int64_t count() const { return rows.parts * columns.parts; }
};

// What the BLAS adds its product to: the row, and what was there. A block is still in the cache when
// the BLAS comes to it.
void start_block(const MatrixProduct& p, int64_t rows, int64_t columns, const float* row,
                 float* c) {
  for (int64_t i = 0; i < rows; ++i, c += p.c_stride) {
    for (int64_t j = 0; j < columns; ++j) c[j] = (p.accumulate ? c[j] : 0) + p.scale * row[j];
  }
}

void clear(const MatrixProduct& p) {
  for (int64_t i = 0; i < p.m; ++i) std::fill_n(p.c + i * p.c_stride, p.n, 0.0f);
}

// The block of c from (i, j) on.
ProductBlock block_of(const MatrixProduct& p, int64_t i, int64_t j, int64_t rows, int64_t columns) {
  return {rows,
          columns,
          p.k,
          p.a + (p.transpose_a ? i : i * p.a_stride),
          p.transpose_a ? 1 : p.a_stride,
          p.transpose_a ? p.a_stride : 1,
          p.b + (p.transpose_b ? j * p.b_stride : j),
          p.transpose_b ? 1 : p.b_stride,
          p.transpose_b ? p.b_stride : 1,
          p.scale,
          p.accumulate || p.row != nullptr,
          p.c + i * p.c_stride + j,
          p.c_stride};
}

void multiply_by_blas(const MatrixProduct& p, const ProductBlock& block, retort_sgemm sgemm) {
  sgemm(kRowMajor, p.transpose_a ? kTransposed : kNotTransposed,
        p.transpose_b ? kTransposed : kNotTransposed, static_cast<int>(block.rows),
        static_cast<int>(block.columns), static_cast<int>(block.depth), block.scale, block.a,
        static_cast<int>(p.a_stride), block.b, static_cast<int>(p.b_stride),
        block.accumulate ? 1 : 0, block.c, static_cast<int>(p.c_stride));
}

}  // namespace

void multiply(const MatrixProduct& p, retort_sgemm sgemm, const retort_executor* executor) {
  if (p.m == 0 || p.n == 0) return;
  if (p.k == 0 && p.row == nullptr) {
    if (!p.accumulate) clear(p);
    return;
  }
  const Blocks blocks(p.m, p.n);
  run_tasks(executor, blocks.count(), [&](int64_t block) {
    const int64_t row_part = block / blocks.columns.parts;
    const int64_t column_part = block % blocks.columns.parts;
    const int64_t i = blocks.rows.first(row_part), j = blocks.columns.first(column_part);
    const int64_t rows = blocks.rows.end(row_part) - i;
    const int64_t columns = blocks.columns.end(column_part) - j;
    const ProductBlock of_c = block_of(p, i, j, rows, columns);
    if (p.row != nullptr) start_block(p, rows, columns, p.row + j, of_c.c);
    if (p.k == 0) return;
    if (sgemm == nullptr) {
      kernels().matrix_product_block(of_c);
    } else {
      multiply_by_blas(p, of_c, sgemm);
    }
  });
}

}  // namespace retort

retort_status retort_matrix_product(int32_t transpose_a, int32_t transpose_b, int64_t m, int64_t n,
                                    int64_t k, const float* a, int64_t a_stride, const float* b,
                                    int64_t b_stride, int32_t accumulate, float* c,
                                    int64_t c_stride, retort_sgemm sgemm,
                                    const retort_executor* executor) {
  using namespace retort;
  RETORT_CHECK(check_int("m", m));
  RETORT_CHECK(check_int("n", n));
  RETORT_CHECK(check_int("k", k));
  RETORT_CHECK(check_int("a_stride", a_stride));
  RETORT_CHECK(check_int("b_stride", b_stride));
  RETORT_CHECK(check_int("c_stride", c_stride));
  const MatrixArgument in_a =
      transpose_a ? MatrixArgument{"a", a, k, m, a_stride} : MatrixArgument{"a", a, m, k, a_stride};
  const MatrixArgument in_b =
      transpose_b ? MatrixArgument{"b", b, n, k, b_stride} : MatrixArgument{"b", b, k, n, b_stride};
  RETORT_CHECK(check_arguments({{"c", c, m, n, c_stride}}, {in_a, in_b}));
  multiply({transpose_a != 0, transpose_b != 0, m, n, k, a, a_stride, b, b_stride, c, c_stride,
            accumulate != 0},
           sgemm, executor);
  return RETORT_OK;
}
