// A convolution as frameworks without a library for it compute it: the windows of some images are
// copied to a matrix [pixels, taps] (im2col), which is multiplied with the weights [output
// channels, taps]. The executor's threads share the images; OpenBLAS itself runs on the thread that
// calls it.
#include <cblas.h>

#include <algorithm>
#include <cstring>

#include "convolution_contestant.h"

namespace retort::benchmark {
namespace {

class OpenBlas : public ConvolutionContestant {
 public:
  OpenBlas(ConvolutionTensors& tensors, const retort_executor* executor)
      : t_(tensors), a_(tensors.shape), executor_(executor) {
    openblas_set_num_threads(1);
    pixels_ = t_.output_height * t_.output_width;
    taps_ = a_.kernel_height * a_.kernel_width * a_.input_channels;
    images_per_product_ = std::max<int64_t>(1, kPixelsPerProduct / pixels_);
    const int64_t products = (a_.images + images_per_product_ - 1) / images_per_product_;
    tasks_ = std::min<int64_t>(products, kTasks);
    matrices_.resize(static_cast<size_t>(tasks_ * images_per_product_ * pixels_ * taps_));
    partial_gradients_.resize(static_cast<size_t>(tasks_ * a_.output_channels * taps_));
  }

  void forward() override {
    for_each_product([&](int64_t task, int64_t image, int64_t images) {
      float* matrix = matrix_of(task);
      copy_windows(image, images, matrix);
      multiply(CblasNoTrans, CblasTrans, images * pixels_, a_.output_channels, taps_, matrix, taps_,
               t_.weights.data(), taps_, 0, t_.output.data() + image * pixels_ * a_.output_channels,
               a_.output_channels);
    });
  }

  void backward_input() override {
    for_each_product([&](int64_t task, int64_t image, int64_t images) {
      float* matrix = matrix_of(task);
      multiply(CblasNoTrans, CblasNoTrans, images * pixels_, taps_, a_.output_channels,
               t_.output_gradient.data() + image * pixels_ * a_.output_channels, a_.output_channels,
               t_.weights.data(), taps_, 0, matrix, taps_);
      add_windows(image, images, matrix);
    });
  }

  void backward_weights() override {
    const int64_t size = a_.output_channels * taps_;
    std::fill(partial_gradients_.begin(), partial_gradients_.end(), 0.0f);
    for_each_product([&](int64_t task, int64_t image, int64_t images) {
      float* matrix = matrix_of(task);
      copy_windows(image, images, matrix);
      multiply(CblasTrans, CblasNoTrans, a_.output_channels, taps_, images * pixels_,
               t_.output_gradient.data() + image * pixels_ * a_.output_channels, a_.output_channels,
               matrix, taps_, 1, partial_gradients_.data() + task * size, taps_);
    });
    std::copy_n(partial_gradients_.begin(), size, t_.weights_gradient.begin());
    for (int64_t task = 1; task < tasks_; ++task) {
      cblas_saxpy(static_cast<int>(size), 1, partial_gradients_.data() + task * size, 1,
                  t_.weights_gradient.data(), 1);
    }
  }

 private:
  static constexpr int64_t kPixelsPerProduct = 784;
  static constexpr int64_t kTasks = 16;

  static void multiply(CBLAS_TRANSPOSE transpose_a, CBLAS_TRANSPOSE transpose_b, int64_t m,
                       int64_t n, int64_t k, const float* a, int64_t lda, const float* b,
                       int64_t ldb, float beta, float* c, int64_t ldc) {
    cblas_sgemm(CblasRowMajor, transpose_a, transpose_b, static_cast<int>(m), static_cast<int>(n),
                static_cast<int>(k), 1, a, static_cast<int>(lda), b, static_cast<int>(ldb), beta, c,
                static_cast<int>(ldc));
  }

  float* matrix_of(int64_t task) {
    return matrices_.data() + task * images_per_product_ * pixels_ * taps_;
  }

  // body(task, first image, images)
  template <typename Body>
  void for_each_product(const Body& body) {
    auto run = [&](int64_t task) {
      const int64_t end = (task + 1) * a_.images / tasks_;
      for (int64_t image = task * a_.images / tasks_; image < end; image += images_per_product_) {
        body(task, image, std::min(images_per_product_, end - image));
      }
    };
    using Run = decltype(run);
    executor_->run(
        executor_->context, tasks_,
        [](void* argument, int64_t task) { (*static_cast<Run*>(argument))(task); }, &run);
  }

  // body(input offset or -1 where outside, matrix offset) for each run of channels.
  template <typename Body>
  void for_each_tap(int64_t image, int64_t images, const Body& body) {
    const int64_t channels = a_.input_channels;
    int64_t element = 0;
    for (int64_t n = image; n < image + images; ++n) {
      for (int64_t oy = 0; oy < t_.output_height; ++oy) {
        for (int64_t ox = 0; ox < t_.output_width; ++ox) {
          for (int64_t i = 0; i < a_.kernel_height; ++i) {
            const int64_t y = oy * a_.stride + i - a_.padding;
            for (int64_t j = 0; j < a_.kernel_width; ++j, element += channels) {
              const int64_t x = ox * a_.stride + j - a_.padding;
              const bool inside = y >= 0 && y < a_.input_height && x >= 0 && x < a_.input_width;
              body(inside ? ((n * a_.input_height + y) * a_.input_width + x) * channels : -1,
                   element);
            }
          }
        }
      }
    }
  }

  void copy_windows(int64_t image, int64_t images, float* matrix) {
    const int64_t channels = a_.input_channels;
    for_each_tap(image, images, [&](int64_t input, int64_t element) {
      for (int64_t c = 0; c < channels; ++c) {
        matrix[element + c] = input < 0 ? 0 : t_.input[static_cast<size_t>(input + c)];
      }
    });
  }

  void add_windows(int64_t image, int64_t images, const float* matrix) {
    const int64_t channels = a_.input_channels;
    float* gradient = t_.input_gradient.data();
    const int64_t input_image = a_.input_height * a_.input_width * channels;
    std::memset(gradient + image * input_image, 0,
                static_cast<size_t>(images * input_image) * sizeof(float));
    for_each_tap(image, images, [&](int64_t input, int64_t element) {
      if (input < 0) return;
      for (int64_t c = 0; c < channels; ++c) gradient[input + c] += matrix[element + c];
    });
  }

  ConvolutionTensors& t_;
  retort_convolution a_;
  const retort_executor* executor_;
  int64_t pixels_;
  int64_t taps_;
  int64_t images_per_product_;
  int64_t tasks_;
  Floats matrices_;
  Floats partial_gradients_;
};

}  // namespace

std::unique_ptr<ConvolutionContestant> make_openblas(ConvolutionTensors& tensors,
                                                     const retort_executor* executor) {
  return std::make_unique<OpenBlas>(tensors, executor);
}

}  // namespace retort::benchmark
