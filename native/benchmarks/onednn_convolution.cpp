// oneDNN's direct convolution, which is also what PyTorch asks for, on OpenMP's threads. (Left to
// choose, oneDNN takes Winograd's algorithm for wide 3x3 layers in its own layout: fewer products,
// larger errors.)
#include <omp.h>

#include <unordered_map>

#include "convolution_contestant.h"
#include "dnnl.hpp"

namespace retort::benchmark {
namespace {

using dnnl::memory;

class OneDnn : public ConvolutionContestant {
 public:
  OneDnn(ConvolutionTensors& tensors, const retort_executor* executor, bool channels_last)
      : t_(tensors), engine_(dnnl::engine::kind::cpu, 0), stream_(engine_) {
    omp_set_num_threads(executor->threads);
    const retort_convolution& a = t_.shape;
    const memory::dims input{a.images, a.input_channels, a.input_height, a.input_width};
    const memory::dims weights{a.output_channels, a.input_channels, a.kernel_height,
                               a.kernel_width};
    const memory::dims output{a.images, a.output_channels, t_.output_height, t_.output_width};
    const auto f32 = memory::data_type::f32;
    const auto images = channels_last ? memory::format_tag::nhwc : memory::format_tag::any;
    const memory::desc x(input, f32, images), y(output, f32, images);
    const memory::desc w(weights, f32, memory::format_tag::any);
    const memory::desc x_last(input, f32, memory::format_tag::nhwc);
    const memory::desc y_last(output, f32, memory::format_tag::nhwc);
    const memory::desc w_last(weights, f32, memory::format_tag::ohwi);
    const memory::dims strides{a.stride, a.stride}, padding{a.padding, a.padding};
    const auto algorithm = dnnl::algorithm::convolution_direct;

    const dnnl::convolution_forward::primitive_desc forward(
        {dnnl::prop_kind::forward_training, algorithm, x, w, y, strides, padding, padding},
        engine_);
    forward_ = dnnl::convolution_forward(forward);
    output_ = memory(forward.dst_desc(), engine_);
    forward_arguments_ = {{DNNL_ARG_SRC, filled(forward.src_desc(), x_last, t_.input)},
                          {DNNL_ARG_WEIGHTS, filled(forward.weights_desc(), w_last, t_.weights)},
                          {DNNL_ARG_DST, output_}};

    const dnnl::convolution_backward_data::primitive_desc data(
        {algorithm, x, w, y, strides, padding, padding}, engine_, forward);
    backward_input_ = dnnl::convolution_backward_data(data);
    input_gradient_ = memory(data.diff_src_desc(), engine_);
    backward_input_arguments_ = {
        {DNNL_ARG_DIFF_DST, filled(data.diff_dst_desc(), y_last, t_.output_gradient)},
        {DNNL_ARG_WEIGHTS, filled(data.weights_desc(), w_last, t_.weights)},
        {DNNL_ARG_DIFF_SRC, input_gradient_}};

    const dnnl::convolution_backward_weights::primitive_desc gradient(
        {algorithm, x, w, y, strides, padding, padding}, engine_, forward);
    backward_weights_ = dnnl::convolution_backward_weights(gradient);
    weights_gradient_ = memory(gradient.diff_weights_desc(), engine_);
    backward_weights_arguments_ = {
        {DNNL_ARG_SRC, filled(gradient.src_desc(), x_last, t_.input)},
        {DNNL_ARG_DIFF_DST, filled(gradient.diff_dst_desc(), y_last, t_.output_gradient)},
        {DNNL_ARG_DIFF_WEIGHTS, weights_gradient_}};
    layouts_ = {y_last, x_last, w_last};
  }

  void forward() override { run(forward_, forward_arguments_); }
  void backward_input() override { run(backward_input_, backward_input_arguments_); }
  void backward_weights() override { run(backward_weights_, backward_weights_arguments_); }

  void copy_results() override {
    copy(output_, layouts_[0], t_.output);
    copy(input_gradient_, layouts_[1], t_.input_gradient);
    copy(weights_gradient_, layouts_[2], t_.weights_gradient);
  }

 private:
  using Arguments = std::unordered_map<int, memory>;

  void run(const dnnl::primitive& primitive, const Arguments& arguments) {
    primitive.execute(stream_, arguments);
    stream_.wait();
  }

  memory filled(const memory::desc& wanted, const memory::desc& given, Floats& values) {
    memory from(given, engine_, values.data()), to(wanted, engine_);
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
    return to;
  }

  void copy(memory& from, const memory::desc& layout, Floats& values) {
    memory to(layout, engine_, values.data());
    dnnl::reorder(from, to).execute(stream_, from, to);
    stream_.wait();
  }

  ConvolutionTensors& t_;
  dnnl::engine engine_;
  dnnl::stream stream_;
  dnnl::primitive forward_, backward_input_, backward_weights_;
  memory output_, input_gradient_, weights_gradient_;
  Arguments forward_arguments_, backward_input_arguments_, backward_weights_arguments_;
  std::vector<memory::desc> layouts_;
};

}  // namespace

std::unique_ptr<ConvolutionContestant> make_onednn_channels_last(ConvolutionTensors& tensors,
                                                                 const retort_executor* executor) {
  return std::make_unique<OneDnn>(tensors, executor, true);
}

std::unique_ptr<ConvolutionContestant> make_onednn_own_layout(ConvolutionTensors& tensors,
                                                              const retort_executor* executor) {
  return std::make_unique<OneDnn>(tensors, executor, false);
}

}  // namespace retort::benchmark
