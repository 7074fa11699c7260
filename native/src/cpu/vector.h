// One vector type over three instruction sets, chosen by the flags this file is compiled with.
//
// Everything is in an unnamed namespace and no inline function of the standard library is used: the
// linker keeps one copy of such a function, and if that were the AVX-512 copy, older processors
// would fail in code that never asked for it.
//
// Exponential: exp(x) for x <= 0, for which no overflow needs care. exp(x) = 2^n * exp(r) with
// n = round(x / ln 2), |r| <= ln 2 / 2, and a polynomial of degree 6 for exp(r): at most 2 ulp,
// results below 2^-126 included. exp(-inf) = 0, exp(NaN) = NaN. A power of two leaves out the change of
// base, and is what a softmax takes whose scale has it already. Logarithm: x = 2^e * m with m in
// (sqrt(1/2), sqrt(2)], and Cephes' polynomial for log(m): at most 2 ulp. log(0) = -inf, log(NaN) =
// NaN.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

namespace {

struct Float16 {
  uint16_t bits;
};
struct BFloat16 {
  uint16_t bits;
};

#if defined(__AVX512F__)

struct Vector {
  __m512 lanes;
};
constexpr int64_t kLanes = 16;
using Mask = __mmask16;

inline Vector broadcast(float x) { return {_mm512_set1_ps(x)}; }
inline Vector load(const float* p) { return {_mm512_loadu_ps(p)}; }
inline void store(float* p, Vector a) { _mm512_storeu_ps(p, a.lanes); }
inline Mask first_lanes(int64_t n) { return static_cast<Mask>((1u << n) - 1u); }
inline Vector load_first(const float* p, int64_t n, float rest) {
  return {_mm512_mask_loadu_ps(_mm512_set1_ps(rest), first_lanes(n), p)};
}
inline void store_first(float* p, Vector a, int64_t n) {
  _mm512_mask_storeu_ps(p, first_lanes(n), a.lanes);
}
inline Vector operator+(Vector a, Vector b) { return {_mm512_add_ps(a.lanes, b.lanes)}; }
inline Vector operator-(Vector a, Vector b) { return {_mm512_sub_ps(a.lanes, b.lanes)}; }
inline Vector operator*(Vector a, Vector b) { return {_mm512_mul_ps(a.lanes, b.lanes)}; }
inline Vector multiply_add(Vector a, Vector b, Vector c) {
  return {_mm512_fmadd_ps(a.lanes, b.lanes, c.lanes)};
}
inline Vector multiply_subtract(Vector a, Vector b, Vector c) {
  return {_mm512_fmsub_ps(a.lanes, b.lanes, c.lanes)};
}
// c + a * b, and c itself where a is 0.
inline Vector multiply_add_where_nonzero(Vector a, Vector b, Vector c) {
  const Mask nonzero = _mm512_cmp_ps_mask(a.lanes, _mm512_setzero_ps(), _CMP_NEQ_UQ);
  return {_mm512_mask3_fmadd_ps(a.lanes, b.lanes, c.lanes, nonzero)};
}
// The second operand where either is NaN.
inline Vector maximum(Vector a, Vector b) { return {_mm512_max_ps(a.lanes, b.lanes)}; }
inline Vector zero_where_zero(Vector condition, Vector a) {
  const Mask nonzero = _mm512_cmp_ps_mask(condition.lanes, _mm512_setzero_ps(), _CMP_NEQ_UQ);
  return {_mm512_maskz_mov_ps(nonzero, a.lanes)};
}
inline Vector keep_first(Vector a, int64_t n) {
  return {_mm512_maskz_mov_ps(first_lanes(n), a.lanes)};
}
inline Vector round_to_integer(Vector a) {
  return {_mm512_roundscale_ps(a.lanes, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
inline Vector times_power_of_two(Vector a, Vector n) {
  return {_mm512_scalef_ps(a.lanes, n.lanes)};
}
// The fraction of -inf comes out as 0, so that it needs no clamp.
inline Vector split_power_of_two(Vector x, Vector* whole) {
  const Vector fraction = {
      _mm512_reduce_ps(x.lanes, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
  *whole = {_mm512_sub_ps(x.lanes, fraction.lanes)};
  return fraction;
}
inline void split_exponent(Vector x, Vector* exponent, Vector* mantissa) {
  exponent->lanes = _mm512_getexp_ps(x.lanes);
  mantissa->lanes = _mm512_getmant_ps(x.lanes, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_src);
}
inline Vector halve_above(Vector mantissa, float limit, Vector* exponent) {
  const Mask above = _mm512_cmp_ps_mask(mantissa.lanes, _mm512_set1_ps(limit), _CMP_GT_OQ);
  exponent->lanes = _mm512_mask_add_ps(exponent->lanes, above, exponent->lanes, _mm512_set1_ps(1));
  return {_mm512_mask_mul_ps(mantissa.lanes, above, mantissa.lanes, _mm512_set1_ps(0.5f))};
}
inline Vector where_zero(Vector condition, Vector a, Vector b) {
  const Mask zero = _mm512_cmp_ps_mask(condition.lanes, _mm512_setzero_ps(), _CMP_EQ_OQ);
  return {_mm512_mask_mov_ps(b.lanes, zero, a.lanes)};
}
inline Vector operator/(Vector a, Vector b) { return {_mm512_div_ps(a.lanes, b.lanes)}; }
inline Vector square_root(Vector a) { return {_mm512_sqrt_ps(a.lanes)}; }
inline Vector keep_where_positive(Vector condition, Vector a) {
  const Mask positive = _mm512_cmp_ps_mask(condition.lanes, _mm512_setzero_ps(), _CMP_GT_OQ);
  return {_mm512_maskz_mov_ps(positive, a.lanes)};
}
// The larger, or the first operand where they are equal; a NaN is larger than any number.
inline Vector first_largest(Vector a, Vector b) {
  const Mask number = _mm512_cmp_ps_mask(a.lanes, a.lanes, _CMP_ORD_Q);
  const Mask larger = _mm512_mask_cmp_ps_mask(number, b.lanes, a.lanes, _CMP_NLE_UQ);
  return {_mm512_mask_mov_ps(a.lanes, larger, b.lanes)};
}
inline Vector where_same_bits(Vector a, Vector b, Vector x, Vector y) {
  const Mask same =
      _mm512_cmpeq_epi32_mask(_mm512_castps_si512(a.lanes), _mm512_castps_si512(b.lanes));
  return {_mm512_mask_mov_ps(y.lanes, same, x.lanes)};
}
inline Vector where_less(Vector a, Vector b, Vector yes, Vector no) {
  const Mask less = _mm512_cmp_ps_mask(a.lanes, b.lanes, _CMP_LT_OQ);
  return {_mm512_mask_mov_ps(no.lanes, less, yes.lanes)};
}
inline bool any_less(Vector a, Vector b) {
  return _mm512_cmp_ps_mask(a.lanes, b.lanes, _CMP_LT_OQ) != 0;
}
inline Vector minimum(Vector a, Vector b) { return {_mm512_min_ps(a.lanes, b.lanes)}; }

// Past the cache; `p` is aligned to 64 bytes. finish_streams() before another thread reads.
inline void stream_line(void* p, const void* line) {
  _mm512_stream_si512(static_cast<__m512i*>(p), _mm512_loadu_si512(line));
}
inline void finish_streams() { _mm_sfence(); }

// Lane j of a[i] and lane i of a[j] change places.
inline void transpose(Vector* a) {
  __m512 b[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 2) {
    b[i] = _mm512_unpacklo_ps(a[i].lanes, a[i + 1].lanes);
    b[i + 1] = _mm512_unpackhi_ps(a[i].lanes, a[i + 1].lanes);
  }
  __m512 c[16];  // c[4 * i + j]: column j of every quarter, of rows 4 * i to 4 * i + 3
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) {
    const int row = i / 4 * 4, column = i % 4;
    const __m512d upper = _mm512_castps_pd(b[row + column / 2]);
    const __m512d lower = _mm512_castps_pd(b[row + 2 + column / 2]);
    c[i] = _mm512_castpd_ps(column % 2 == 0 ? _mm512_unpacklo_pd(upper, lower)
                                            : _mm512_unpackhi_pd(upper, lower));
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const __m512 even01 = _mm512_shuffle_f32x4(c[j], c[j + 4], 0x88);
    const __m512 odd01 = _mm512_shuffle_f32x4(c[j], c[j + 4], 0xdd);
    const __m512 even23 = _mm512_shuffle_f32x4(c[j + 8], c[j + 12], 0x88);
    const __m512 odd23 = _mm512_shuffle_f32x4(c[j + 8], c[j + 12], 0xdd);
    a[j].lanes = _mm512_shuffle_f32x4(even01, even23, 0x88);
    a[j + 4].lanes = _mm512_shuffle_f32x4(odd01, odd23, 0x88);
    a[j + 8].lanes = _mm512_shuffle_f32x4(even01, even23, 0xdd);
    a[j + 12].lanes = _mm512_shuffle_f32x4(odd01, odd23, 0xdd);
  }
}

inline Vector widen(__m256i halves, const Float16*) { return {_mm512_cvtph_ps(halves)}; }
inline Vector widen(__m256i halves, const BFloat16*) {
  return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16))};
}
inline __m256i narrow(Vector a, const Float16*) {
  return _mm512_cvtps_ph(a.lanes, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
// To the nearest, ties to even; a NaN keeps a bit of its fraction.
inline __m256i narrow(Vector a, const BFloat16*) {
  const __m512i bits = _mm512_castps_si512(a.lanes);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7fff)));
  const Mask is_nan = _mm512_cmp_ps_mask(a.lanes, a.lanes, _CMP_UNORD_Q);
  const __m512i quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x00400000));
  return _mm512_cvtepi32_epi16(
      _mm512_srli_epi32(_mm512_mask_mov_epi32(rounded, is_nan, quiet), 16));
}
template <typename Half>
inline Vector load(const Half* p) {
  return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)), p);
}
template <typename Half>
inline void store(Half* p, Vector a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow(a, p));
}
template <typename Half>
inline Vector load_first(const Half* p, int64_t n, float rest) {
  const Vector a = widen(_mm256_maskz_loadu_epi16(first_lanes(n), p), p);
  return {_mm512_mask_mov_ps(_mm512_set1_ps(rest), first_lanes(n), a.lanes)};
}
template <typename Half>
inline void store_first(Half* p, Vector a, int64_t n) {
  _mm256_mask_storeu_epi16(p, first_lanes(n), narrow(a, p));
}

#elif defined(__AVX2__)

struct Vector {
  __m256 lanes;
};
constexpr int64_t kLanes = 8;

inline Vector broadcast(float x) { return {_mm256_set1_ps(x)}; }
inline Vector load(const float* p) { return {_mm256_loadu_ps(p)}; }
inline void store(float* p, Vector a) { _mm256_storeu_ps(p, a.lanes); }
inline __m256i first_lanes(int64_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
inline Vector load_first(const float* p, int64_t n, float rest) {
  const __m256i mask = first_lanes(n);
  return {_mm256_blendv_ps(_mm256_set1_ps(rest), _mm256_maskload_ps(p, mask),
                           _mm256_castsi256_ps(mask))};
}
inline void store_first(float* p, Vector a, int64_t n) {
  _mm256_maskstore_ps(p, first_lanes(n), a.lanes);
}
inline Vector operator+(Vector a, Vector b) { return {_mm256_add_ps(a.lanes, b.lanes)}; }
inline Vector operator-(Vector a, Vector b) { return {_mm256_sub_ps(a.lanes, b.lanes)}; }
inline Vector operator*(Vector a, Vector b) { return {_mm256_mul_ps(a.lanes, b.lanes)}; }
inline Vector multiply_add(Vector a, Vector b, Vector c) {
  return {_mm256_fmadd_ps(a.lanes, b.lanes, c.lanes)};
}
inline Vector multiply_subtract(Vector a, Vector b, Vector c) {
  return {_mm256_fmsub_ps(a.lanes, b.lanes, c.lanes)};
}
// c + a * b, and c itself where a is 0.
inline Vector multiply_add_where_nonzero(Vector a, Vector b, Vector c) {
  const __m256 zero = _mm256_cmp_ps(a.lanes, _mm256_setzero_ps(), _CMP_EQ_OQ);
  return {_mm256_blendv_ps(multiply_add(a, b, c).lanes, c.lanes, zero)};
}
// The second operand where either is NaN.
inline Vector maximum(Vector a, Vector b) { return {_mm256_max_ps(a.lanes, b.lanes)}; }
inline Vector zero_where_zero(Vector condition, Vector a) {
  const __m256 nonzero = _mm256_cmp_ps(condition.lanes, _mm256_setzero_ps(), _CMP_NEQ_UQ);
  return {_mm256_and_ps(nonzero, a.lanes)};
}
inline Vector keep_first(Vector a, int64_t n) {
  return {_mm256_and_ps(_mm256_castsi256_ps(first_lanes(n)), a.lanes)};
}
inline Vector round_to_integer(Vector a) {
  return {_mm256_round_ps(a.lanes, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
inline __m256 power_of_two(__m256i n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}
inline Vector split_power_of_two(Vector x, Vector* whole) {
  // The clamp keeps the exponent within range; its operand order lets a NaN through.
  x = maximum(broadcast(-160.0f), x);
  *whole = round_to_integer(x);
  return x - *whole;
}
// In two factors, so that a result below 2^-126 is rounded once, to a subnormal.
inline Vector times_power_of_two(Vector a, Vector n) {
  const __m256i whole = _mm256_cvtps_epi32(n.lanes);
  const __m256i half = _mm256_srai_epi32(whole, 1);
  const __m256 scaled = _mm256_mul_ps(a.lanes, power_of_two(half));
  return {_mm256_mul_ps(scaled, power_of_two(_mm256_sub_epi32(whole, half)))};
}
inline void split_exponent(Vector x, Vector* exponent, Vector* mantissa) {
  const __m256 smallest_normal = _mm256_set1_ps(0x1p-126f);
  const __m256 subnormal = _mm256_cmp_ps(x.lanes, smallest_normal, _CMP_LT_OQ);
  const __m256 scaled =
      _mm256_blendv_ps(x.lanes, _mm256_mul_ps(x.lanes, _mm256_set1_ps(0x1p24f)), subnormal);
  const __m256i bits = _mm256_castps_si256(scaled);
  const __m256i biased = _mm256_srli_epi32(bits, 23);
  const __m256 offset = _mm256_blendv_ps(_mm256_set1_ps(127), _mm256_set1_ps(127 + 24), subnormal);
  exponent->lanes = _mm256_sub_ps(_mm256_cvtepi32_ps(biased), offset);
  const __m256i fraction = _mm256_and_si256(bits, _mm256_set1_epi32(0x007fffff));
  const __m256 one_to_two =
      _mm256_castsi256_ps(_mm256_or_si256(fraction, _mm256_set1_epi32(0x3f800000)));
  const __m256 is_nan = _mm256_cmp_ps(x.lanes, x.lanes, _CMP_UNORD_Q);
  mantissa->lanes = _mm256_blendv_ps(one_to_two, x.lanes, is_nan);
}
inline Vector halve_above(Vector mantissa, float limit, Vector* exponent) {
  const __m256 above = _mm256_cmp_ps(mantissa.lanes, _mm256_set1_ps(limit), _CMP_GT_OQ);
  exponent->lanes = _mm256_add_ps(exponent->lanes, _mm256_and_ps(above, _mm256_set1_ps(1)));
  const __m256 half = _mm256_mul_ps(mantissa.lanes, _mm256_set1_ps(0.5f));
  return {_mm256_blendv_ps(mantissa.lanes, half, above)};
}
inline Vector where_zero(Vector condition, Vector a, Vector b) {
  const __m256 zero = _mm256_cmp_ps(condition.lanes, _mm256_setzero_ps(), _CMP_EQ_OQ);
  return {_mm256_blendv_ps(b.lanes, a.lanes, zero)};
}
inline Vector operator/(Vector a, Vector b) { return {_mm256_div_ps(a.lanes, b.lanes)}; }
inline Vector square_root(Vector a) { return {_mm256_sqrt_ps(a.lanes)}; }
inline Vector keep_where_positive(Vector condition, Vector a) {
  const __m256 positive = _mm256_cmp_ps(condition.lanes, _mm256_setzero_ps(), _CMP_GT_OQ);
  return {_mm256_and_ps(positive, a.lanes)};
}
// The larger, or the first operand where they are equal; a NaN is larger than any number.
inline Vector first_largest(Vector a, Vector b) {
  const __m256 number = _mm256_cmp_ps(a.lanes, a.lanes, _CMP_ORD_Q);
  const __m256 larger = _mm256_and_ps(number, _mm256_cmp_ps(b.lanes, a.lanes, _CMP_NLE_UQ));
  return {_mm256_blendv_ps(a.lanes, b.lanes, larger)};
}
inline Vector where_same_bits(Vector a, Vector b, Vector x, Vector y) {
  const __m256i same =
      _mm256_cmpeq_epi32(_mm256_castps_si256(a.lanes), _mm256_castps_si256(b.lanes));
  return {_mm256_blendv_ps(y.lanes, x.lanes, _mm256_castsi256_ps(same))};
}
inline Vector where_less(Vector a, Vector b, Vector yes, Vector no) {
  return {_mm256_blendv_ps(no.lanes, yes.lanes, _mm256_cmp_ps(a.lanes, b.lanes, _CMP_LT_OQ))};
}
inline bool any_less(Vector a, Vector b) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a.lanes, b.lanes, _CMP_LT_OQ)) != 0;
}
inline Vector minimum(Vector a, Vector b) { return {_mm256_min_ps(a.lanes, b.lanes)}; }

// Past the cache; `p` is aligned to 64 bytes. finish_streams() before another thread reads.
inline void stream_line(void* p, const void* line) {
  __m256i* const halves = static_cast<__m256i*>(p);
  const __m256i* const from = static_cast<const __m256i*>(line);
  _mm256_stream_si256(halves, _mm256_loadu_si256(from));
  _mm256_stream_si256(halves + 1, _mm256_loadu_si256(from + 1));
}
inline void finish_streams() { _mm_sfence(); }

// Lane j of a[i] and lane i of a[j] change places.
inline void transpose(Vector* a) {
  __m256 b[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i += 2) {
    b[i] = _mm256_unpacklo_ps(a[i].lanes, a[i + 1].lanes);
    b[i + 1] = _mm256_unpackhi_ps(a[i].lanes, a[i + 1].lanes);
  }
  __m256 c[8];  // c[4 * i + j]: column j of either half, of rows 4 * i to 4 * i + 3
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) {
    const int row = i / 4 * 4, column = i % 4;
    const __m256d upper = _mm256_castps_pd(b[row + column / 2]);
    const __m256d lower = _mm256_castps_pd(b[row + 2 + column / 2]);
    c[i] = _mm256_castpd_ps(column % 2 == 0 ? _mm256_unpacklo_pd(upper, lower)
                                            : _mm256_unpackhi_pd(upper, lower));
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    a[j].lanes = _mm256_permute2f128_ps(c[j], c[j + 4], 0x20);
    a[j + 4].lanes = _mm256_permute2f128_ps(c[j], c[j + 4], 0x31);
  }
}

inline Vector widen(__m128i halves, const Float16*) { return {_mm256_cvtph_ps(halves)}; }
inline Vector widen(__m128i halves, const BFloat16*) {
  return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(halves), 16))};
}
inline __m128i narrow(Vector a, const Float16*) {
  return _mm256_cvtps_ph(a.lanes, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
// To the nearest, ties to even; a NaN keeps a bit of its fraction.
inline __m128i narrow(Vector a, const BFloat16*) {
  const __m256i bits = _mm256_castps_si256(a.lanes);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
  const __m256i is_nan = _mm256_castps_si256(_mm256_cmp_ps(a.lanes, a.lanes, _CMP_UNORD_Q));
  const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x00400000));
  const __m256i upper = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, is_nan), 16);
  return _mm_packus_epi32(_mm256_castsi256_si128(upper), _mm256_extracti128_si256(upper, 1));
}
template <typename Half>
inline Vector load(const Half* p) {
  return widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), p);
}
template <typename Half>
inline void store(Half* p, Vector a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), narrow(a, p));
}
// There is no masked load of 16-bit elements: the end of a row goes through a whole vector.
template <typename Half>
inline Vector load_first(const Half* p, int64_t n, float rest) {
  Half whole[kLanes] = {};
  for (int64_t i = 0; i < n; ++i) whole[i] = p[i];
  const __m256 mask = _mm256_castsi256_ps(first_lanes(n));
  return {_mm256_blendv_ps(_mm256_set1_ps(rest), load(whole).lanes, mask)};
}
template <typename Half>
inline void store_first(Half* p, Vector a, int64_t n) {
  Half whole[kLanes];
  store(whole, a);
  for (int64_t i = 0; i < n; ++i) p[i] = whole[i];
}

#else

struct Vector {
  float lanes;
};
constexpr int64_t kLanes = 1;

inline Vector broadcast(float x) { return {x}; }
inline Vector load(const float* p) { return {*p}; }
inline void store(float* p, Vector a) { *p = a.lanes; }
inline Vector load_first(const float*, int64_t, float rest) { return {rest}; }
inline void store_first(float*, Vector, int64_t) {}
inline Vector operator+(Vector a, Vector b) { return {a.lanes + b.lanes}; }
inline Vector operator-(Vector a, Vector b) { return {a.lanes - b.lanes}; }
inline Vector operator*(Vector a, Vector b) { return {a.lanes * b.lanes}; }
inline Vector multiply_add(Vector a, Vector b, Vector c) { return {a.lanes * b.lanes + c.lanes}; }
inline Vector multiply_subtract(Vector a, Vector b, Vector c) {
  return {a.lanes * b.lanes - c.lanes};
}
// c + a * b, and c itself where a is 0.
inline Vector multiply_add_where_nonzero(Vector a, Vector b, Vector c) {
  return {a.lanes == 0 ? c.lanes : a.lanes * b.lanes + c.lanes};
}
// The second operand where either is NaN.
inline Vector maximum(Vector a, Vector b) { return {a.lanes > b.lanes ? a.lanes : b.lanes}; }
inline Vector zero_where_zero(Vector condition, Vector a) {
  return {condition.lanes == 0 ? 0 : a.lanes};
}
inline Vector keep_first(Vector, int64_t) { return {0}; }
inline Vector operator/(Vector a, Vector b) { return {a.lanes / b.lanes}; }
inline Vector square_root(Vector a) { return {sqrtf(a.lanes)}; }
inline Vector keep_where_positive(Vector condition, Vector a) {
  return {condition.lanes > 0 ? a.lanes : 0};
}
// The larger, or the first operand where they are equal; a NaN is larger than any number.
inline Vector first_largest(Vector a, Vector b) {
  return {a.lanes == a.lanes && !(b.lanes <= a.lanes) ? b.lanes : a.lanes};
}
inline Vector where_same_bits(Vector a, Vector b, Vector x, Vector y) {
  return __builtin_memcmp(&a, &b, sizeof a) == 0 ? x : y;
}
inline Vector where_less(Vector a, Vector b, Vector yes, Vector no) {
  return a.lanes < b.lanes ? yes : no;
}
inline bool any_less(Vector a, Vector b) { return a.lanes < b.lanes; }
inline Vector minimum(Vector a, Vector b) { return {a.lanes < b.lanes ? a.lanes : b.lanes}; }

inline void stream_line(void* p, const void* line) { memcpy(p, line, 64); }
inline void finish_streams() {}
inline void transpose(Vector*) {}

inline uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}
inline float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
inline Vector load(const BFloat16* p) { return {float_of(static_cast<uint32_t>(p->bits) << 16)}; }
// To the nearest, ties to even; a NaN keeps a bit of its fraction.
inline void store(BFloat16* p, Vector a) {
  const uint32_t bits = bits_of(a.lanes);
  const uint32_t rounded =
      a.lanes == a.lanes ? bits + 0x7fff + (bits >> 16 & 1) : bits | 0x00400000;
  p->bits = static_cast<uint16_t>(rounded >> 16);
}
// Exponent and fraction move to their places of an f32, and a multiplication by 2^112 turns the bias of
// one into that of the other, subnormals included.
inline Vector load(const Float16* p) {
  const uint32_t sign = (p->bits & 0x8000u) << 16;
  const uint32_t magnitude = (p->bits & 0x7fffu) << 13;
  const bool finite = magnitude < 0x0f800000;
  const float scaled = finite ? float_of(magnitude) * 0x1p112f : float_of(magnitude | 0x7f800000);
  return {float_of(bits_of(scaled) | sign)};
}
// To the nearest, ties to even. A subnormal half is a multiple of 2^-24, the last place of a sum with 0.5,
// which the addition rounds to.
inline void store(Float16* p, Vector a) {
  const uint32_t sign = bits_of(a.lanes) >> 16 & 0x8000;
  const uint32_t magnitude = bits_of(a.lanes) & 0x7fffffff;
  uint32_t half;
  if (magnitude > 0x7f800000) {
    half = 0x7e00 | (magnitude >> 13 & 0x3ff);
  } else if (magnitude >= 0x477ff000) {
    half = 0x7c00;
  } else if (magnitude < 0x38800000) {
    half = bits_of(float_of(magnitude) + 0.5f) - bits_of(0.5f);
  } else {
    half = (magnitude + 0xfff + (magnitude >> 13 & 1) - 0x38000000) >> 13;
  }
  p->bits = static_cast<uint16_t>(sign | half);
}
template <typename Half>
inline Vector load_first(const Half*, int64_t, float rest) {
  return {rest};
}
template <typename Half>
inline void store_first(Half*, Vector, int64_t) {}

#endif

#if defined(__AVX512F__) || defined(__AVX2__)

inline Vector exp_nonpositive(Vector x) {
  // The clamp keeps n within range; its operand order lets a NaN through.
  x = maximum(broadcast(-150.0f), x);
  const Vector n = round_to_integer(x * broadcast(1.44269504f));
  Vector r = multiply_add(n, broadcast(-0.693359375f), x);
  r = multiply_add(n, broadcast(2.12194440e-4f), r);
  Vector y = broadcast(1.0f / 720);
  y = multiply_add(y, r, broadcast(1.0f / 120));
  y = multiply_add(y, r, broadcast(1.0f / 24));
  y = multiply_add(y, r, broadcast(1.0f / 6));
  y = multiply_add(y, r, broadcast(0.5f));
  y = multiply_add(y * r, r, r) + broadcast(1.0f);
  return times_power_of_two(y, n);
}

inline Vector exp2_nonpositive(Vector x) {
  Vector whole;
  const Vector r = split_power_of_two(x, &whole);
  Vector y = broadcast(1.53533619e-4f);
  y = multiply_add(y, r, broadcast(1.33988744e-3f));
  y = multiply_add(y, r, broadcast(9.61843736e-3f));
  y = multiply_add(y, r, broadcast(5.55033247e-2f));
  y = multiply_add(y, r, broadcast(2.40226479e-1f));
  y = multiply_add(y, r, broadcast(6.93147203e-1f));
  y = multiply_add(y, r, broadcast(1.0f));
  return times_power_of_two(y, whole);
}

inline Vector log_of(Vector x) {
  Vector exponent, mantissa;
  split_exponent(x, &exponent, &mantissa);
  const Vector m = halve_above(mantissa, 1.41421356f, &exponent) - broadcast(1.0f);
  Vector y = broadcast(7.0376836292e-2f);
  y = multiply_add(y, m, broadcast(-1.1514610310e-1f));
  y = multiply_add(y, m, broadcast(1.1676998740e-1f));
  y = multiply_add(y, m, broadcast(-1.2420140846e-1f));
  y = multiply_add(y, m, broadcast(1.4249322787e-1f));
  y = multiply_add(y, m, broadcast(-1.6668057665e-1f));
  y = multiply_add(y, m, broadcast(2.0000714765e-1f));
  y = multiply_add(y, m, broadcast(-2.4999993993e-1f));
  y = multiply_add(y, m, broadcast(3.3333331174e-1f));
  const Vector square = m * m;
  y = y * m * square;
  y = multiply_add(exponent, broadcast(-2.12194440e-4f), y);
  y = multiply_add(square, broadcast(-0.5f), y);
  const Vector result = multiply_add(exponent, broadcast(0.693359375f), m + y);
  return where_zero(x, broadcast(-INFINITY), result);
}

// The lanes in halves, the upper combined with the lower, until one is left.
template <typename Combine>
inline float across_lanes(Vector a, Combine combine) {
#if defined(__AVX512F__)
  const __m256 lower = _mm512_castps512_ps256(a.lanes);
  const __m256 upper = _mm512_extractf32x8_ps(a.lanes, 1);
  const __m128 even = combine(_mm256_castps256_ps128(lower), _mm256_castps256_ps128(upper));
  const __m128 odd = combine(_mm256_extractf128_ps(lower, 1), _mm256_extractf128_ps(upper, 1));
  const __m128 four = combine(even, odd);
#else
  const __m128 four = combine(_mm256_castps256_ps128(a.lanes), _mm256_extractf128_ps(a.lanes, 1));
#endif
  const __m128 two = combine(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(combine(two, _mm_movehdup_ps(two)));
}

inline float first_lane(Vector a) {
#if defined(__AVX512F__)
  return _mm512_cvtss_f32(a.lanes);
#else
  return _mm256_cvtss_f32(a.lanes);
#endif
}

inline float sum_of_lanes(Vector a) {
  return across_lanes(a, [](__m128 x, __m128 y) { return _mm_add_ps(x, y); });
}

inline float largest_lane(Vector a) {
  return across_lanes(a, [](__m128 x, __m128 y) { return _mm_max_ps(x, y); });
}

#else

inline Vector exp_nonpositive(Vector x) { return {expf(x.lanes)}; }
inline Vector exp2_nonpositive(Vector x) { return {exp2f(x.lanes)}; }
inline Vector log_of(Vector x) { return {logf(x.lanes)}; }
inline float first_lane(Vector a) { return a.lanes; }
inline float sum_of_lanes(Vector a) { return a.lanes; }
inline float largest_lane(Vector a) { return a.lanes; }

#endif

// What lanes add up over the columns of a row: a float in each. A vector of one lane would leave a long sum to
// one float, which is why it has a double.
#if defined(__AVX512F__) || defined(__AVX2__)

using Sum = Vector;
inline Vector vector_of(Sum a) { return a; }

#else

struct Sum {
  double lanes;
  Sum(Vector a) : lanes(static_cast<double>(a.lanes)) {}
  explicit Sum(double a) : lanes(a) {}
};
inline Vector vector_of(Sum a) { return {static_cast<float>(a.lanes)}; }
inline Sum operator+(Sum a, Sum b) { return Sum(a.lanes + b.lanes); }
inline Sum multiply_add(Vector a, Vector b, Sum c) {
  return Sum(static_cast<double>(a.lanes) * static_cast<double>(b.lanes) + c.lanes);
}
inline Sum multiply_add_where_nonzero(Vector a, Vector b, Sum c) {
  return a.lanes == 0 ? c : multiply_add(a, b, c);
}
inline float sum_of_lanes(Sum a) { return static_cast<float>(a.lanes); }

#endif

// `masked` where a logarithm is -inf, otherwise `value`, a NaN's place included.
inline Vector where_masked(Vector logarithm, Vector masked, Vector value) {
  return where_less(logarithm, broadcast(-3.40282347e38f), masked, value);
}

// log(exp(a) + exp(b)), which exists where exp(a) and exp(b) are both too small to. A NaN in either lets
// the maximum or the minimum through, by the order of their operands.
inline Vector log_add(Vector a, Vector b) {
  const Vector larger = maximum(a, b), smaller = minimum(b, a);
  const Vector sum = larger + log_of(broadcast(1) + exp_nonpositive(smaller - larger));
  return where_masked(larger, a + b, sum);
}

// A run of columns: all lanes, or the first `count` of them at the end of a row.
struct AllLanes {
  template <typename Element>
  Vector load(const Element* p, float) const {
    return ::load(p);
  }
  template <typename Element>
  void store(Element* p, Vector a) const {
    ::store(p, a);
  }
  Vector keep(Vector a) const { return a; }
};

struct FirstLanes {
  int64_t count;
  template <typename Element>
  Vector load(const Element* p, float rest) const {
    return load_first(p, count, rest);
  }
  template <typename Element>
  void store(Element* p, Vector a) const {
    store_first(p, a, count);
  }
  Vector keep(Vector a) const { return keep_first(a, count); }
};

// body(column, lanes) over the columns of a row.
template <typename Body>
inline __attribute__((always_inline)) void for_each_vector(int64_t columns, Body body) {
  int64_t column = 0;
  for (; column + kLanes <= columns; column += kLanes) body(column, AllLanes{});
  if (column < columns) body(column, FirstLanes{columns - column});
}

template <int64_t kRows>
struct RowCount {
  static constexpr int64_t value = kRows;
};

// body(row, column, lanes, count) over tiles of a few rows and one vector, row by row, so that what
// belongs to the columns is loaded once a tile. count::value is the number of rows.
template <typename Body>
inline __attribute__((always_inline)) void for_each_tile(int64_t rows, int64_t columns, Body body) {
  int64_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    for_each_vector(columns, [&](int64_t j, auto lanes) { body(row, j, lanes, RowCount<4>{}); });
  }
  for (; row < rows; ++row) {
    for_each_vector(columns, [&](int64_t j, auto lanes) { body(row, j, lanes, RowCount<1>{}); });
  }
}
// body(column) over the columns of a block that is padded to whole vectors.
template <typename Body>
inline __attribute__((always_inline)) void for_each_whole_vector(int64_t columns, Body body) {
  for (int64_t column = 0; column < columns; column += kLanes) body(column);
}

#if defined(__AVX512F__)

// The lanes of `a` above `limit`.
inline int64_t count_above(Vector a, Vector limit) {
  return __builtin_popcount(_mm512_cmp_ps_mask(a.lanes, limit.lanes, _CMP_GT_OQ));
}
inline bool any_nan(Vector a) { return _mm512_cmp_ps_mask(a.lanes, a.lanes, _CMP_UNORD_Q) != 0; }
// Writes the lanes of `a` that are not at most `limit`, a NaN among them, in their order, and beside them
// their numbers counted from `first`; returns how many. Whole vectors are written.
inline int64_t store_above(Vector a, Vector limit, int32_t first, float* values, int32_t* numbers) {
  const Mask above = _mm512_cmp_ps_mask(a.lanes, limit.lanes, _CMP_NLE_UQ);
  if (above == 0) return 0;
  const __m512i number =
      _mm512_add_epi32(_mm512_set1_epi32(first),
                       _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  _mm512_storeu_ps(values, _mm512_maskz_compress_ps(above, a.lanes));
  _mm512_storeu_si512(numbers, _mm512_maskz_compress_epi32(above, number));
  return __builtin_popcount(above);
}

#elif defined(__AVX2__)

inline int64_t count_above(Vector a, Vector limit) {
  return __builtin_popcount(
      static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(a.lanes, limit.lanes, _CMP_GT_OQ))));
}
inline bool any_nan(Vector a) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a.lanes, a.lanes, _CMP_UNORD_Q)) != 0;
}
inline int64_t store_above(Vector a, Vector limit, int32_t first, float* values, int32_t* numbers) {
  auto above =
      static_cast<unsigned>(_mm256_movemask_ps(_mm256_cmp_ps(a.lanes, limit.lanes, _CMP_NLE_UQ)));
  if (above == 0) return 0;
  float lanes[kLanes];
  store(lanes, a);
  int64_t count = 0;
  for (; above != 0; above &= above - 1) {
    const int lane = __builtin_ctz(above);
    values[count] = lanes[lane];
    numbers[count++] = first + lane;
  }
  return count;
}

#else

inline int64_t count_above(Vector a, Vector limit) { return a.lanes > limit.lanes ? 1 : 0; }
inline bool any_nan(Vector a) { return a.lanes != a.lanes; }
inline int64_t store_above(Vector a, Vector limit, int32_t first, float* values, int32_t* numbers) {
  if (a.lanes <= limit.lanes) return 0;
  *values = a.lanes;
  *numbers = first;
  return 1;
}

#endif

}  // namespace
