package io.retort.kernels;

import java.lang.reflect.Array;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;

/**
 * Values of every type that a public method takes, sound and unsound: null, closed, freed, too
 * small, huge, misaligned, misordered, read-only, NaN. Half of the memory overlaps: it lies in one
 * arena, which calls fill with what they write.
 */
final class HostileValues {
  private static final int ARENA_BYTES = 512;
  private static final int ROWS = 4;
  private static final int CLASSES = 3;

  /** Enough for the rows and classes above, with a stride. */
  private static final int ELEMENTS = 20;

  private final Random random;

  /**
   * How much rarer than usual the unsound values are: with many arguments one is soon among them.
   */
  private final int mildness;

  private final Map<Class<?>, Supplier<?>> suppliers = new HashMap<>();
  private final ByteBuffer arena = ByteBuffer.allocateDirect(ARENA_BYTES);
  private final ThreadPool pool;
  private final ThreadPool closedPool;

  HostileValues(Random random, ThreadPool pool, ThreadPool closedPool) {
    this.random = random;
    this.mildness = pick(1, 4, 16);
    this.pool = pool;
    this.closedPool = closedPool;
    addNumbers();
    addBuffers();
    addPointers();
    addOwnTypes();
    addLinearTypes();
  }

  /** A value for a parameter; what is one number a row is mostly that or left out. */
  Object of(Parameter parameter) {
    if (parameter.getName().startsWith("row") && parameter.getType() == Matrix.class) {
      return oneIn(2) ? null : seldom(4) ? matrix() : Matrix.of(buffer(), ROWS, 1);
    }
    if (parameter.getParameterizedType() instanceof ParameterizedType type
        && type.getRawType() == List.class) {
      return seldom(25) ? null : list(type.getActualTypeArguments()[0]);
    }
    return of(parameter.getType());
  }

  private List<?> list(Type element) {
    if (element == LinearLayer.class) {
      return oneIn(3) ? List.of() : oneIn(2) ? List.of(layer()) : List.of(layer(), layer());
    }
    return new ArrayList<>(Arrays.asList(sparseTeachers(random.nextInt(3))));
  }

  /** A value for a parameter of the type. */
  Object of(Class<?> type) {
    if (!type.isPrimitive() && seldom(25)) {
      return null;
    }
    if (type.isEnum()) {
      return pick(type.getEnumConstants());
    }
    if (suppliers.containsKey(type)) {
      return suppliers.get(type).get();
    }
    if (type.isArray()) {
      return array(type.getComponentType());
    }
    throw new AssertionError(
        "a public method takes a type that this test has no values of: " + type);
  }

  private boolean oneIn(int chances) {
    return random.nextInt(chances) == 0;
  }

  private boolean seldom(int chances) {
    return oneIn(chances * mildness);
  }

  @SafeVarargs
  private <T> T pick(T... values) {
    return values[random.nextInt(values.length)];
  }

  private Object array(Class<?> component) {
    int length = pick(0, 1, 2, ROWS, ELEMENTS);
    Object array = Array.newInstance(component, length);
    for (int i = 0; i < length; i++) {
      Array.set(array, i, of(component));
    }
    return array;
  }

  private void addNumbers() {
    suppliers.put(boolean.class, random::nextBoolean);
    suppliers.put(
        int.class,
        () -> pick(Integer.MIN_VALUE, -100, -1, 0, 0, 1, 1, 2, 2, 3, 1025, Integer.MAX_VALUE));
    suppliers.put(
        long.class,
        () ->
            seldom(3)
                ? pick(
                    Long.MIN_VALUE,
                    -100L,
                    -1L,
                    0L,
                    5L,
                    1L << 31,
                    1L << 40,
                    1L << 62,
                    Long.MAX_VALUE)
                : pick(1L, (long) CLASSES, (long) ROWS));
    suppliers.put(
        short.class,
        () -> pick((short) 0, (short) 0x3c00, (short) 0x7c00, (short) random.nextInt()));
    suppliers.put(
        float.class,
        () ->
            seldom(3)
                ? pick(
                    -1f,
                    -0f,
                    Float.MIN_VALUE,
                    Float.MAX_VALUE,
                    Float.NaN,
                    Float.POSITIVE_INFINITY,
                    Float.NEGATIVE_INFINITY,
                    Float.intBitsToFloat(random.nextInt()))
                : pick(0f, 0.25f, 0.5f, 1f, 2f));
    suppliers.put(double.class, () -> ((Float) of(float.class)).doubleValue());
    suppliers.put(String.class, () -> pick("", "message", "\0", "temperature"));
    suppliers.put(Throwable.class, () -> new IllegalStateException("cause"));
    suppliers.put(Object.class, () -> pick("other", 1, 2.0));
  }

  private void addBuffers() {
    suppliers.put(FloatBuffer.class, () -> varied(bytes().asFloatBuffer()));
    suppliers.put(ShortBuffer.class, () -> varied(bytes().asShortBuffer()));
    suppliers.put(IntBuffer.class, () -> varied(bytes().asIntBuffer()));
    suppliers.put(LongBuffer.class, () -> varied(bytes().asLongBuffer()));
  }

  /** Of the arena or apart, aligned or not, in either order, on the Java heap, read-only. */
  private ByteBuffer bytes() {
    int size = pick(0, 8, 80, 160, 320);
    ByteBuffer bytes;
    if (seldom(10)) {
      bytes = ByteBuffer.allocate(size);
    } else if (random.nextBoolean()) {
      bytes = ByteBuffer.allocateDirect(size);
    } else {
      bytes = arena.duplicate().position(random.nextInt(8) * pick(8, 8, 8, 1)).slice();
    }
    bytes = seldom(15) ? bytes.asReadOnlyBuffer() : bytes;
    return bytes.order(seldom(15) ? ByteOrder.BIG_ENDIAN : ByteOrder.nativeOrder());
  }

  private <B extends java.nio.Buffer> B varied(B buffer) {
    if (oneIn(5)) {
      buffer.limit(random.nextInt(buffer.capacity() + 1));
      buffer.position(random.nextInt(buffer.limit() + 1));
    }
    return buffer;
  }

  private void addPointers() {
    suppliers.put(FloatPointer.class, () -> pointer(new FloatPointer(memory())));
    suppliers.put(ShortPointer.class, () -> pointer(new ShortPointer(memory())));
    suppliers.put(IntPointer.class, () -> pointer(new IntPointer(memory())));
    suppliers.put(LongPointer.class, () -> pointer(new LongPointer(memory())));
  }

  private Pointer memory() {
    if (random.nextBoolean()) {
      return new BytePointer(arena).getPointer(random.nextInt(8) * pick(8L, 8L, 8L, 1L));
    }
    BytePointer memory = new BytePointer(160);
    return seldom(20) ? memory.getPointer(1L) : memory;
  }

  /** Whose limit and position are within its memory, as a caller's must be; or freed. */
  private <P extends Pointer> P pointer(P pointer) {
    int elements = Math.max(1, 158 / pointer.sizeof());
    pointer.capacity(elements);
    if (oneIn(5)) {
      pointer.position(random.nextInt(elements));
    }
    if (seldom(20)) {
      free(pointer);
    }
    return pointer;
  }

  private void free(Pointer pointer) {
    if (random.nextBoolean()) {
      pointer.close();
    } else {
      pointer.deallocate();
    }
  }

  private void addOwnTypes() {
    suppliers.put(Matrix.class, this::matrix);
    suppliers.put(
        Matrix[].class,
        () -> new Matrix[][] {{}, {matrix()}, {matrix(), matrix()}}[random.nextInt(3)]);
    suppliers.put(Members.class, this::members);
    suppliers.put(Labels.class, this::labels);
    suppliers.put(Indices.class, this::indices);
    suppliers.put(SparseTeacher.class, this::sparseTeacher);
    suppliers.put(TotalsBuffer.class, TotalsBuffer::new);
    suppliers.put(
        ThreadPool.class, () -> seldom(10) ? closedPool : random.nextBoolean() ? pool : null);
    suppliers.put(
        ToIntFunction.class,
        () -> {
          int status = pick(0, 1, 2, 3, -1, 99);
          return (ToIntFunction<Pointer>) executor -> status;
        });
  }

  private void addLinearTypes() {
    suppliers.put(LinearLayer.class, this::layer);
    suppliers.put(
        LinearGradient.class,
        () ->
            new LinearGradient(
                oneIn(2) ? null : matrix(),
                oneIn(2) ? null : matrix(),
                oneIn(2) ? null : Matrix.of(buffer(), CLASSES, 1)));
    suppliers.put(
        LinearDistillation.class,
        () -> new LinearDistillation(noProduct(), (long) pick(1, 50, 1000, 1 << 20)));
    suppliers.put(DistillationLoss.class, () -> DistillationLoss.builder().build());
    suppliers.put(Pointer.class, () -> seldom(5) ? new Pointer() : noProduct());
  }

  /** A function of the library that reads none of the arguments of a matrix product. */
  private static Pointer noProduct() {
    return Loader.addressof("retort_version");
  }

  private LinearLayer layer() {
    Matrix bias = oneIn(2) ? null : Matrix.of(buffer(), CLASSES, 1);
    return new LinearLayer(
        matrix(), Matrix.of(new float[ELEMENTS], CLASSES, CLASSES, CLASSES + 1), bias);
  }

  /** Mostly of one shape, so that most calls get past the first check. */
  private Matrix matrix() {
    boolean column = seldom(6);
    long rows = seldom(15) ? 0 : seldom(15) ? 1 : ROWS;
    long columns = column ? 1 : CLASSES;
    long stride = seldom(6) ? columns + 1 : columns;
    if (seldom(6)) {
      return halves(rows, columns, stride);
    }
    if (oneIn(3)) {
      float[] values = new float[ELEMENTS];
      for (int i = 0; i < ELEMENTS; i++) {
        values[i] = (float) of(float.class);
      }
      return Matrix.of(values, rows, columns, stride);
    }
    if (random.nextBoolean()) {
      return Matrix.of(buffer(), rows, columns, stride);
    }
    FloatPointer pointer = new FloatPointer(memory());
    pointer.capacity(158 / Float.BYTES);
    Matrix matrix = Matrix.of(pointer, rows, columns, stride);
    if (seldom(12)) {
      free(pointer);
    }
    return matrix;
  }

  private FloatBuffer buffer() {
    return arena
        .duplicate()
        .position(random.nextInt(8) * pick(8, 8, 8, 1))
        .slice()
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer();
  }

  private Matrix halves(long rows, long columns, long stride) {
    return Matrix.of(
        (short[]) array(short.class, ELEMENTS), pick(DType.F16, DType.BF16), rows, columns, stride);
  }

  private Object array(Class<?> component, int length) {
    Object array = Array.newInstance(component, length);
    for (int i = 0; i < length; i++) {
      Array.set(array, i, of(component));
    }
    return array;
  }

  private Members members() {
    Matrix first = matrix();
    for (int attempt = 0; attempt < 20; attempt++) {
      try {
        return oneIn(3) ? Members.of(first) : Members.of(first, matrix());
      } catch (IllegalArgumentException unlike) {
        first = matrix();
      }
    }
    return null;
  }

  /** Distinct classes in each row, but for what calls have written over the arena. */
  private Indices indices() {
    int[] values = new int[ELEMENTS];
    for (int i = 0; i < ELEMENTS; i++) {
      values[i] = seldom(40) ? (int) of(int.class) : i % CLASSES;
    }
    long rows = seldom(15) ? 1 : ROWS;
    if (random.nextBoolean()) {
      return Indices.of(values, rows, CLASSES);
    }
    IntBuffer buffer =
        arena.order(ByteOrder.nativeOrder()).asIntBuffer().slice(random.nextInt(16), ELEMENTS);
    return Indices.of(buffer.put(0, values), rows, CLASSES);
  }

  private SparseTeacher sparseTeacher() {
    float[] values = {0.5f, 0.25f, -1, -2, 0.5f, 0.25f, -1, -2, 0, 0.5f, -3, 0.25f};
    Indices indices = indices();
    return new SparseTeacher(
        indices,
        random.nextBoolean()
            ? Matrix.of(values, indices.rows(), CLASSES)
            : Matrix.of(buffer(), indices.rows(), CLASSES));
  }

  private SparseTeacher[] sparseTeachers(int count) {
    SparseTeacher[] teachers = new SparseTeacher[count];
    for (int k = 0; k < count; k++) {
      teachers[k] = seldom(25) ? null : sparseTeacher();
    }
    return teachers;
  }

  private Labels labels() {
    int[] values = {
      0, 1, 2, seldom(4) ? pick(-1, 3, -100, Integer.MIN_VALUE, Integer.MAX_VALUE) : 1
    };
    if (oneIn(3)) {
      return Labels.of(values);
    }
    if (oneIn(2)) {
      IntBuffer labels =
          arena.order(ByteOrder.nativeOrder()).asIntBuffer().slice(random.nextInt(16), ROWS);
      return Labels.of(labels.put(0, values));
    }
    LongPointer labels = new LongPointer(values[0], values[1], values[2], values[3]);
    Labels over = Labels.of(labels);
    if (seldom(12)) {
      free(labels);
    }
    return over;
  }
}
