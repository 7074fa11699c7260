// f16 and bf16: every operation on narrow elements is the f32 operation on the same values, rounded once.
#include "distillation_case.h"
#include "narrow_format.h"

namespace retort::testing {
namespace {

// The matrix's buffer, guards and all, in the narrow format; what it held is rounded to the same.
std::vector<uint16_t> narrowed(const Format& format, GuardedMatrix& matrix) {
  std::vector<uint16_t> narrow(static_cast<size_t>(matrix.rows * matrix.stride), 0xabcd);
  for (int64_t i = 0; i < matrix.rows; ++i) {
    for (int64_t j = 0; j < matrix.classes; ++j) {
      const uint16_t bits = encode(format, static_cast<double>(matrix.at(i, j)));
      narrow[static_cast<size_t>(i * matrix.stride + j)] = bits;
      matrix.at(i, j) = decode(format, bits);
    }
  }
  return narrow;
}

void expect_rounded(const Format& format, const std::vector<uint16_t>& narrow,
                    const GuardedMatrix& wide) {
  for (int64_t i = 0; i < wide.rows; ++i) {
    for (int64_t j = 0; j < wide.stride; ++j) {
      const uint16_t bits = narrow[static_cast<size_t>(i * wide.stride + j)];
      if (j >= wide.classes) {
        EXPECT_EQ(bits, 0xabcd) << "written beyond the row";
      } else if (std::isnan(wide.at(i, j))) {
        EXPECT_TRUE(std::isnan(decode(format, bits)));
      } else {
        EXPECT_EQ(bits, encode(format, static_cast<double>(wide.at(i, j)))) << wide.at(i, j);
      }
    }
  }
}

TEST(HalfPrecision, EveryNumberOfTheFormatComesThroughAMeanOfOneAsItIs) {
  for (const Format& format : kFormats) {
    std::vector<uint16_t> all, output(65536);
    for (int bits = 0; bits < 65536; ++bits) all.push_back(static_cast<uint16_t>(bits));
    retort_ensemble_mean_options options = retort_ensemble_mean_options_default();
    options.dtype = format.dtype;
    const void* members[] = {all.data()};
    for (const int64_t classes : {1024, 7}) {
      const int64_t rows = 65536 / classes;
      ASSERT_EQ(retort_ensemble_mean(&options, rows, classes, members, 1, classes, output.data(),
                                     classes, nullptr),
                RETORT_OK);
      for (int64_t i = 0; i < rows * classes; ++i) {
        const auto place = static_cast<size_t>(i);
        if (std::isnan(decode(format, all[place]))) {
          EXPECT_TRUE(std::isnan(decode(format, output[place])));
        } else {
          ASSERT_EQ(output[place], all[place]) << place;
        }
      }
    }
  }
}

// Means of two neighbours lie between numbers of the format, and half of them are ties.
TEST(HalfPrecision, AStoreRoundsToTheNearestAndTiesToEven) {
  std::mt19937_64 random(1);
  for (const Format& format : kFormats) {
    GuardedMatrix a(64, 33, 35), b(64, 33, 35);
    for (int64_t i = 0; i < 64; ++i) {
      for (int64_t j = 0; j < 33; ++j) {
        a.at(i, j) = decode(format, static_cast<uint16_t>(random() % 65536));
        b.at(i, j) =
            decode(format, static_cast<uint16_t>(encode(format, static_cast<double>(a.at(i, j))) ^
                                                 (random() % 4)));
      }
    }
    const std::vector<uint16_t> narrow_a = narrowed(format, a), narrow_b = narrowed(format, b);
    retort_ensemble_mean_options options = retort_ensemble_mean_options_default();
    GuardedMatrix wide(64, 33, 35);
    const void* members[] = {a.data(), b.data()};
    ASSERT_EQ(retort_ensemble_mean(&options, 64, 33, members, 2, 35, wide.data(), 35, nullptr),
              RETORT_OK);
    options.dtype = format.dtype;
    const void* narrow_members[] = {narrow_a.data(), narrow_b.data()};
    std::vector<uint16_t> narrow(narrow_a.size(), 0xabcd);
    ASSERT_EQ(
        retort_ensemble_mean(&options, 64, 33, narrow_members, 2, 35, narrow.data(), 35, nullptr),
        RETORT_OK);
    expect_rounded(format, narrow, wide);
  }
}

TEST(HalfPrecision, TheLossAndItsTangentAreTheFloatsRoundedOnce) {
  for (const Format& format : kFormats) {
    for (const retort_divergence divergence : kDivergences) {
      for (const int64_t classes : {10, 37, 9001}) {
        SCOPED_TRACE(::testing::Message() << format.dtype << ' ' << divergence << ' ' << classes);
        std::mt19937_64 random(2);
        Case c(3, classes, 2, random, 3, 1);
        c.options.divergence = divergence;
        c.options.temperature = 2;
        GuardedMatrix tangent(3, classes, classes + 1);
        tangent.fill_normal(random, 1);
        const std::vector<uint16_t> student = narrowed(format, c.student),
                                    u = narrowed(format, tangent);
        std::vector<std::vector<uint16_t>> teachers;
        std::vector<const void*> pointers;
        for (GuardedMatrix& teacher : c.teachers) teachers.push_back(narrowed(format, teacher));
        for (const auto& teacher : teachers) pointers.push_back(teacher.data());
        const auto options_of = [&](retort_dtype dtype) {
          c.options.dtype = dtype;
          return &c.options;
        };
        GuardedMatrix wide(3, classes, classes + 1);
        ASSERT_EQ(c.run(wide.data(), wide.stride, nullptr, nullptr), RETORT_OK);
        std::vector<uint16_t> narrow(static_cast<size_t>(3 * wide.stride), 0xabcd);
        ASSERT_EQ(
            retort_distillation_loss(options_of(format.dtype), 3, classes, student.data(),
                                     c.student.stride, pointers.data(), 2, c.teacher_stride(),
                                     c.teacher_weight_data(), c.label_data(), c.row_weight_data(),
                                     narrow.data(), wide.stride, nullptr, nullptr, nullptr),
            RETORT_OK);
        expect_rounded(format, narrow, wide);

        GuardedMatrix first(3, classes, classes + 1), second = first;
        void* outputs[] = {first.data(), second.data()};
        ASSERT_EQ(retort_distillation_tangent(options_of(RETORT_F32), 3, classes, c.student.data(),
                                              c.student.stride, c.teacher_pointers().data(), 2,
                                              c.teacher_stride(), c.teacher_weight_data(),
                                              c.label_data(), c.row_weight_data(), tangent.data(),
                                              tangent.stride, outputs, first.stride, nullptr),
                  RETORT_OK);
        std::vector<uint16_t> narrow_first(narrow.size(), 0xabcd), narrow_second = narrow_first;
        void* narrow_outputs[] = {narrow_first.data(), narrow_second.data()};
        ASSERT_EQ(retort_distillation_tangent(
                      options_of(format.dtype), 3, classes, student.data(), c.student.stride,
                      pointers.data(), 2, c.teacher_stride(), c.teacher_weight_data(),
                      c.label_data(), c.row_weight_data(), u.data(), tangent.stride, narrow_outputs,
                      first.stride, nullptr),
                  RETORT_OK);
        expect_rounded(format, narrow_first, first);
        expect_rounded(format, narrow_second, second);
      }
    }
  }
}

TEST(HalfPrecision, SoftmaxAndItsGradientAreTheFloatsRoundedOnce) {
  std::mt19937_64 random(3);
  for (const Format& format : kFormats) {
    GuardedMatrix z(4, 37, 38), wide(4, 37, 38), g(4, 37, 38);
    z.fill_normal(random, 4);
    g.fill_normal(random, 1);
    const std::vector<uint16_t> narrow_z = narrowed(format, z), narrow_g = narrowed(format, g);
    std::vector<uint16_t> narrow(narrow_z.size(), 0xabcd);
    for (const auto forward : {retort_softmax, retort_log_softmax}) {
      ASSERT_EQ(forward(RETORT_F32, 4, 37, z.data(), 38, 2, wide.data(), 38, nullptr), RETORT_OK);
      ASSERT_EQ(forward(format.dtype, 4, 37, narrow_z.data(), 38, 2, narrow.data(), 38, nullptr),
                RETORT_OK);
      expect_rounded(format, narrow, wide);
    }
    // Any values will do for an output: the gradient is a formula of it.
    for (const auto backward : {retort_softmax_backward, retort_log_softmax_backward}) {
      ASSERT_EQ(
          backward(RETORT_F32, 4, 37, z.data(), 38, g.data(), 38, 2, wide.data(), 38, nullptr),
          RETORT_OK);
      ASSERT_EQ(backward(format.dtype, 4, 37, narrow_z.data(), 38, narrow_g.data(), 38, 2,
                         narrow.data(), 38, nullptr),
                RETORT_OK);
      expect_rounded(format, narrow, wide);
    }
  }
}

}  // namespace
}  // namespace retort::testing
