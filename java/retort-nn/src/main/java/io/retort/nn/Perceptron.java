package io.retort.nn;

import java.util.ArrayList;
import java.util.List;

/** mlp-256-128: hidden linear layers, a ReLU after each. */
record Perceptron(int[] widths) implements Architecture.Blueprint {
  @Override
  public Layer layers(Device device, ImageShape input, int classes) {
    List<Layer> layers = new ArrayList<>();
    layers.add(new Flatten("flatten", input));
    int inputs = Math.toIntExact(input.size());
    for (int i = 1; i <= widths.length; i++) {
      int width = widths[i - 1];
      layers.add(
          new Linear(device, "linear" + i, inputs, width, true, Initialization.heNormal(inputs)));
      layers.add(new Relu(device, "relu" + i, width));
      inputs = width;
    }
    layers.add(Classifier.linear(device, inputs, classes));
    return new Sequential("mlp", layers);
  }
}
