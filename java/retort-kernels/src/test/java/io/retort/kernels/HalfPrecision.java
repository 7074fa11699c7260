package io.retort.kernels;

/** Floats as halves and back, which Java 17 cannot do; rounded to the nearest, ties to even. */
final class HalfPrecision {
  private static final int F16_EXPONENT_BIAS = 15;
  private static final int F16_FRACTION_BITS = 10;

  private HalfPrecision() {}

  /** The distance of neighbours, over their value, at most. */
  static double epsilon(DType dtype) {
    return dtype == DType.F16 ? 0x1p-10 : 0x1p-7;
  }

  static short[] of(DType dtype, float[] values) {
    short[] halves = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      halves[i] = dtype == DType.F16 ? f16(values[i]) : bf16(values[i]);
    }
    return halves;
  }

  static float[] floats(DType dtype, short[] halves) {
    float[] values = new float[halves.length];
    for (int i = 0; i < halves.length; i++) {
      values[i] =
          dtype == DType.F16 ? fromF16(halves[i]) : Float.intBitsToFloat(halves[i] << Short.SIZE);
    }
    return values;
  }

  private static short bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** Of a finite value in the range of F16. */
  private static short f16(float value) {
    int exponent = Math.max(Math.getExponent(value), 1 - F16_EXPONENT_BIAS);
    long steps =
        (long) Math.rint(Math.scalb((double) Math.abs(value), F16_FRACTION_BITS - exponent));
    long biased = (long) (exponent + F16_EXPONENT_BIAS - 1) << F16_FRACTION_BITS;
    long magnitude = steps == 0 ? 0 : biased + steps;
    return (short) (magnitude | (value < 0 ? 0x8000 : 0));
  }

  private static float fromF16(short half) {
    int exponent = (half >> F16_FRACTION_BITS) & 0x1f;
    int fraction = half & 0x3ff;
    double magnitude =
        exponent == 0
            ? Math.scalb((double) fraction, 1 - F16_EXPONENT_BIAS - F16_FRACTION_BITS)
            : Math.scalb(
                (double) (fraction + 0x400), exponent - F16_EXPONENT_BIAS - F16_FRACTION_BITS);
    return (float) (half < 0 ? -magnitude : magnitude);
  }
}
