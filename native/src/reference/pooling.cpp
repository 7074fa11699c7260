#include "pooling.h"

#include <cmath>

namespace retort::reference {
namespace {

// body(output index, input indices of the window, row by row) for every window and channel.
template <typename Body>
void for_each_window(const retort_pooling& p, Body body) {
  size_t output = 0;
  for (int64_t image = 0; image < p.images; ++image) {
    for (int64_t row = 0; row < pooled_side(p, p.input_height); ++row) {
      for (int64_t column = 0; column < pooled_side(p, p.input_width); ++column) {
        for (int64_t c = 0; c < p.channels; ++c) {
          std::vector<size_t> window;
          for (int64_t i = 0; i < p.kernel; ++i) {
            for (int64_t j = 0; j < p.kernel; ++j) {
              const int64_t y = row * p.stride - p.padding + i;
              const int64_t x = column * p.stride - p.padding + j;
              if (y < 0 || y >= p.input_height || x < 0 || x >= p.input_width) continue;
              const int64_t pixel = (image * p.input_height + y) * p.input_width + x;
              window.push_back(static_cast<size_t>(pixel * p.channels + c));
            }
          }
          body(output++, window);
        }
      }
    }
  }
}

// The first of the largest, where a NaN is larger than any number.
size_t winner(const Row& input, const std::vector<size_t>& window) {
  size_t best = window[0];
  for (size_t i : window) {
    if (std::isnan(input[best])) break;
    if (std::isnan(input[i]) || input[i] > input[best]) best = i;
  }
  return best;
}

size_t output_size(const retort_pooling& p) {
  return static_cast<size_t>(p.images * pooled_side(p, p.input_height) *
                             pooled_side(p, p.input_width) * p.channels);
}

size_t input_size(const retort_pooling& p) {
  return static_cast<size_t>(p.images * p.input_height * p.input_width * p.channels);
}

}  // namespace

int64_t pooled_side(const retort_pooling& pooling, int64_t input_side) {
  return (input_side + 2 * pooling.padding - pooling.kernel) / pooling.stride + 1;
}

Row max_pool_forward(const retort_pooling& pooling, const Row& input) {
  return max_pool_tangent(pooling, input, input);
}

Row max_pool_backward(const retort_pooling& pooling, const Row& input, const Row& output_gradient) {
  Row gradient(input_size(pooling), 0.0);
  for_each_window(pooling, [&](size_t output, const std::vector<size_t>& window) {
    gradient[winner(input, window)] += output_gradient[output];
  });
  return gradient;
}

Row max_pool_tangent(const retort_pooling& pooling, const Row& input, const Row& input_tangent) {
  Row tangent(output_size(pooling));
  for_each_window(pooling, [&](size_t output, const std::vector<size_t>& window) {
    tangent[output] = input_tangent[winner(input, window)];
  });
  return tangent;
}

Row average_pool_forward(const retort_pooling& pooling, const Row& input) {
  Row mean(output_size(pooling), 0.0);
  for_each_window(pooling, [&](size_t output, const std::vector<size_t>& window) {
    for (size_t i : window) mean[output] += input[i];
    mean[output] /= static_cast<double>(window.size());
  });
  return mean;
}

Row average_pool_backward(const retort_pooling& pooling, const Row& output_gradient) {
  Row gradient(input_size(pooling), 0.0);
  for_each_window(pooling, [&](size_t output, const std::vector<size_t>& window) {
    const double share = output_gradient[output] / static_cast<double>(window.size());
    for (size_t i : window) gradient[i] += share;
  });
  return gradient;
}

}  // namespace retort::reference
