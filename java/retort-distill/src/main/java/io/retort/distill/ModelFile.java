package io.retort.distill;

import io.retort.distill.Safetensors.FloatTensor;
import io.retort.distill.targets.ClassSimilarity;
import io.retort.nn.Architecture;
import io.retort.nn.Device;
import io.retort.nn.Network;
import io.retort.nn.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A finished network as a safetensors file: its parameters and buffers by name, and its {@link
 * ModelDescription} as the metadata.
 *
 * @param path where it lies
 * @param description what it says of itself
 * @param tensors its parameters and buffers
 */
record ModelFile(Path path, ModelDescription description, Map<String, FloatTensor> tensors) {

  static void write(Path path, Network network, ModelDescription description) throws IOException {
    new Safetensors(description.metadata(), download(network)).write(path);
  }

  /**
   * Reads a model.
   *
   * @throws Safetensors.FormatException if the file is no model of Retort
   */
  static ModelFile read(Path path) throws IOException {
    Safetensors file = Safetensors.read(path);
    try {
      return new ModelFile(path, ModelDescription.of(file.metadata()), file.tensors());
    } catch (IllegalArgumentException e) {
      throw new Safetensors.FormatException(path + " is no model of Retort: " + e.getMessage());
    }
  }

  /** The network on a device; the caller closes it. */
  Network open(Device device) throws IOException {
    Network network =
        Architecture.parse(description.architecture())
            .create(
                device, description.input(), description.classes(), description.training().seed());
    try {
      upload(path, tensors, network);
      return network;
    } catch (IOException | RuntimeException e) {
      network.close();
      throw e;
    }
  }

  /** How alike its classes are by the weights of its last layer. */
  ClassSimilarity classSimilarity() {
    FloatTensor last = null;
    for (FloatTensor tensor : tensors.values()) {
      boolean isLinear = tensor.shape().size() == 2;
      last = isLinear && tensor.shape().get(0) == description.classes() ? tensor : last;
    }
    return ClassSimilarity.of(last.values(), description.classes());
  }

  /** The parameters and buffers of a network, by name. */
  static Map<String, FloatTensor> download(Network network) {
    Map<String, FloatTensor> tensors = new LinkedHashMap<>();
    for (List<Parameter> part : List.of(network.parameters(), network.buffers())) {
      for (Parameter parameter : part) {
        tensors.put(
            parameter.name(), FloatTensor.of(parameter.shape(), parameter.value().download()));
      }
    }
    return tensors;
  }

  /** Puts back what {@link #download} gave; every tensor must have its place, and the other way. */
  static void upload(Path path, Map<String, FloatTensor> tensors, Network network)
      throws Safetensors.FormatException {
    Set<String> left = new LinkedHashSet<>(tensors.keySet());
    for (List<Parameter> part : List.of(network.parameters(), network.buffers())) {
      for (Parameter parameter : part) {
        left.remove(parameter.name());
        upload(path, tensors, parameter);
      }
    }
    if (!left.isEmpty()) {
      throw new Safetensors.FormatException(
          path + " has tensors that " + network.architecture() + " does not: " + left);
    }
  }

  private static void upload(Path path, Map<String, FloatTensor> tensors, Parameter parameter)
      throws Safetensors.FormatException {
    FloatTensor tensor = tensors.get(parameter.name());
    if (tensor == null) {
      throw new Safetensors.FormatException(path + " lacks the tensor " + parameter.name());
    }
    List<Long> shape = Arrays.stream(parameter.shape()).boxed().toList();
    if (!tensor.shape().equals(shape)) {
      throw new Safetensors.FormatException(
          "%s: the tensor %s must have the shape %s, got %s"
              .formatted(path, parameter.name(), shape, tensor.shape()));
    }
    parameter.value().upload(tensor.values());
  }
}
