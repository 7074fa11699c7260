package io.retort.nn;

import java.util.ArrayList;
import java.util.List;

/**
 * cnn-16-32-128 and, with batch normalisation, cnnbn-16-32-128: convolutions that each halve the
 * image, then a hidden linear layer.
 */
record ConvolutionalNetwork(String name, int[] sizes, boolean normalized)
    implements Architecture.Blueprint {
  ConvolutionalNetwork {
    if (sizes.length < 2) {
      throw new IllegalArgumentException(
          "architecture must have a convolution's size and a hidden one, as in cnn-16-128, got "
              + name);
    }
  }

  @Override
  public Layer layers(Device device, ImageShape input, int classes) {
    int least = 1 << Math.min(30, sizes.length - 1);
    if (Math.min(input.height(), input.width()) < least) {
      throw new IllegalArgumentException(
          "input must be at least " + least + " x " + least + " for " + name + ", got " + input);
    }
    List<Layer> layers = new ArrayList<>();
    ImageShape image = input;
    for (int i = 1; i < sizes.length; i++) {
      image = addConvolution(layers, device, i, image);
    }
    layers.add(new Flatten("flatten", image));
    addHidden(layers, device, Math.toIntExact(image.size()));
    layers.add(Classifier.linear(device, sizes[sizes.length - 1], classes));
    return new Sequential(name, layers);
  }

  private ImageShape addConvolution(List<Layer> layers, Device device, int i, ImageShape input) {
    Convolution convolution =
        new Convolution(
            device, "conv" + i, new ConvolutionShape(0, input, sizes[i - 1], 3, 1, 1), !normalized);
    PoolingShape pooling = new PoolingShape(0, convolution.output(), 2, 2, 0);
    layers.add(convolution);
    if (normalized) {
      layers.add(new BatchNorm(device, "norm" + i, pooling, true));
    } else {
      layers.add(new MaxPool(device, "pool" + i, pooling));
      // After the pooling a ReLU gives the same values for a quarter of the work.
      layers.add(new Relu(device, "relu" + i, pooling.output()));
    }
    return pooling.output();
  }

  private void addHidden(List<Layer> layers, Device device, int inputs) {
    int width = sizes[sizes.length - 1];
    layers.add(
        new Linear(device, "hidden", inputs, width, !normalized, Initialization.heNormal(inputs)));
    if (normalized) {
      layers.add(new BatchNorm(device, "norm" + sizes.length, width, true));
    } else {
      layers.add(new Relu(device, "relu" + sizes.length, width));
    }
  }
}
