#include "convolution.h"

namespace retort::reference {
namespace {

// body(input index, weight index, output index) for every product of a convolution; a tap outside
// the image makes none.
template <typename Body>
void for_each_product(const retort_convolution& a, const Body& body) {
  const int64_t output_height = convolution_output_height(a);
  const int64_t output_width = convolution_output_width(a);
  for (int64_t n = 0; n < a.images; ++n) {
    for (int64_t oy = 0; oy < output_height; ++oy) {
      for (int64_t ox = 0; ox < output_width; ++ox) {
        for (int64_t o = 0; o < a.output_channels; ++o) {
          const int64_t output =
              ((n * output_height + oy) * output_width + ox) * a.output_channels + o;
          for (int64_t i = 0; i < a.kernel_height; ++i) {
            const int64_t y = oy * a.stride + i - a.padding;
            if (y < 0 || y >= a.input_height) continue;
            for (int64_t j = 0; j < a.kernel_width; ++j) {
              const int64_t x = ox * a.stride + j - a.padding;
              if (x < 0 || x >= a.input_width) continue;
              for (int64_t c = 0; c < a.input_channels; ++c) {
                const int64_t input =
                    ((n * a.input_height + y) * a.input_width + x) * a.input_channels + c;
                const int64_t weight =
                    ((o * a.kernel_height + i) * a.kernel_width + j) * a.input_channels + c;
                body(static_cast<size_t>(input), static_cast<size_t>(weight),
                     static_cast<size_t>(output));
              }
            }
          }
        }
      }
    }
  }
}

std::vector<double> zeros(int64_t size) {
  return std::vector<double>(static_cast<size_t>(size), 0.0);
}

}  // namespace

int64_t convolution_output_height(const retort_convolution& a) {
  return (a.input_height + 2 * a.padding - a.kernel_height) / a.stride + 1;
}

int64_t convolution_output_width(const retort_convolution& a) {
  return (a.input_width + 2 * a.padding - a.kernel_width) / a.stride + 1;
}

std::vector<double> convolution_forward(const retort_convolution& a,
                                        const std::vector<double>& input,
                                        const std::vector<double>& weights,
                                        const std::vector<double>& bias) {
  std::vector<double> output = zeros(a.images * convolution_output_height(a) *
                                     convolution_output_width(a) * a.output_channels);
  if (!bias.empty()) {
    for (size_t i = 0; i < output.size(); ++i) output[i] = bias[i % bias.size()];
  }
  for_each_product(a, [&](size_t x, size_t w, size_t y) { output[y] += input[x] * weights[w]; });
  return output;
}

std::vector<double> convolution_backward_input(const retort_convolution& a,
                                               const std::vector<double>& output_gradient,
                                               const std::vector<double>& weights) {
  std::vector<double> gradient =
      zeros(a.images * a.input_height * a.input_width * a.input_channels);
  for_each_product(
      a, [&](size_t x, size_t w, size_t y) { gradient[x] += output_gradient[y] * weights[w]; });
  return gradient;
}

std::vector<double> convolution_backward_weights(const retort_convolution& a,
                                                 const std::vector<double>& input,
                                                 const std::vector<double>& output_gradient) {
  std::vector<double> gradient =
      zeros(a.output_channels * a.kernel_height * a.kernel_width * a.input_channels);
  for_each_product(
      a, [&](size_t x, size_t w, size_t y) { gradient[w] += output_gradient[y] * input[x]; });
  return gradient;
}

}  // namespace retort::reference
