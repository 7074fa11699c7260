package io.retort.kernels;

import io.retort.kernels.binding.LinearGradientStruct;
import io.retort.kernels.binding.LinearLayerStruct;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;

/** Linear layers, or the gradient on one, lent to one call as the structs that it takes. */
final class LinearLoan implements Loan {
  private static final LinearLayerStruct LAYER = new LinearLayerStruct((Pointer) null);
  private static final LinearGradientStruct GRADIENT = new LinearGradientStruct((Pointer) null);

  private final List<Loan> loans = new ArrayList<>();
  private final ByteBuffer structs;

  private LinearLoan(int bytes) {
    structs = DirectMemory.allocate(bytes);
  }

  /** Lends layers, or null for none; {@code name} is the argument's in messages. */
  static Loan layers(String name, List<LinearLayer> layers) {
    if (layers == null) {
      return NONE;
    }
    LinearLoan loan = new LinearLoan(layers.size() * LAYER.sizeof());
    return loan.filled(
        () -> {
          for (int k = 0; k < layers.size(); k++) {
            loan.put(name, layers.get(k), k * LAYER.sizeof());
          }
        });
  }

  /** Lends a gradient, or null for none. */
  static Loan gradient(LinearGradient gradient) {
    if (gradient == null) {
      return NONE;
    }
    LinearLoan loan = new LinearLoan(GRADIENT.sizeof());
    return loan.filled(() -> loan.put(gradient));
  }

  private void put(String name, LinearLayer layer, int start) {
    Loan hidden = opened(Matrix.read(name + " hidden", layer.hidden()));
    Loan weights = opened(Matrix.read(name + " weights", layer.weights()));
    Loan bias = opened(Matrix.read(name + " bias", layer.bias()));
    structs
        .putLong(start + LAYER.offsetof("hidden_size"), layer.hidden().columns())
        .putLong(start + LAYER.offsetof("hidden"), hidden.address())
        .putLong(start + LAYER.offsetof("hidden_stride"), layer.hidden().stride())
        .putLong(start + LAYER.offsetof("weights"), weights.address())
        .putLong(start + LAYER.offsetof("weights_stride"), layer.weights().stride())
        .putLong(start + LAYER.offsetof("bias"), bias.address());
  }

  private void put(LinearGradient gradient) {
    Loan hidden = opened(Matrix.write("gradient hidden", gradient.hidden()));
    Loan weights = opened(Matrix.write("gradient weights", gradient.weights()));
    Loan bias = opened(Matrix.write("gradient bias", gradient.bias()));
    structs
        .putLong(GRADIENT.offsetof("hidden"), hidden.address())
        .putLong(GRADIENT.offsetof("hidden_stride"), Matrix.stride(gradient.hidden()))
        .putLong(GRADIENT.offsetof("weights"), weights.address())
        .putLong(GRADIENT.offsetof("weights_stride"), Matrix.stride(gradient.weights()))
        .putLong(GRADIENT.offsetof("bias"), bias.address());
  }

  private Loan opened(Loan loan) {
    loans.add(loan);
    return loan;
  }

  /** This loan; where filling it fails, what was opened is closed. */
  private Loan filled(Runnable fill) {
    try {
      fill.run();
    } catch (RuntimeException failure) {
      close();
      throw failure;
    }
    return this;
  }

  @Override
  public long address() {
    return DirectMemory.address(structs);
  }

  @Override
  public void close() {
    try {
      loans.forEach(Loan::close);
    } finally {
      Reference.reachabilityFence(structs);
    }
  }
}
