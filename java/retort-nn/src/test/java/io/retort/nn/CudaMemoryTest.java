package io.retort.nn;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A GPU's memory is given out again when it is freed, and transfers wait for what they reuse. */
class CudaMemoryTest {
  /** Several pieces of pinned memory, and a part of one. */
  private static final int MANY = 5 * (1 << 18) + 3;

  private final LateLibraries cuda = new LateLibraries();
  private final CudaMemory memory = new CudaMemory(cuda);

  @AfterEach
  void everythingIsFreed() {
    memory.close();
    cuda.close();
  }

  @Test
  void anUploadOverwritesNothingThatIsStillToBeCopied() {
    float[] values = RandomArrays.normal(MANY, 1);
    DeviceMemory.Allocation allocation = memory.allocate(MANY);
    memory.upload(values, allocation.floats());
    float[] back = new float[MANY];
    memory.download(allocation.floats(), back);
    assertThat(back).isEqualTo(values);
    allocation.free();
  }

  @Test
  void buffersAndIntegersGoTheSameWay() {
    FloatBuffer buffer =
        ByteBuffer.allocateDirect(MANY * Float.BYTES)
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
    int[] integers = new int[MANY];
    for (int i = 0; i < MANY; i++) {
      buffer.put(i, -i);
      integers[i] = i;
    }
    DeviceMemory.Allocation floats = memory.allocate(MANY);
    DeviceMemory.Allocation ints = memory.allocate(MANY);
    memory.upload(new FloatPointer(buffer), floats.floats(), MANY);
    memory.upload(integers, MANY, new IntPointer(ints.floats()));
    float[] floatsBack = new float[MANY];
    int[] intsBack = new int[MANY];
    memory.download(floats.floats(), floatsBack);
    memory.download(new IntPointer(ints.floats()), intsBack);
    assertThat(intsBack).isEqualTo(integers);
    for (int i = 0; i < MANY; i++) {
      assertThat(floatsBack[i]).isEqualTo(-i);
    }
    floats.free();
    ints.free();
  }

  @Test
  void whatIsFreedIsGivenOutAgainAsZeros() {
    DeviceMemory.Allocation first = memory.allocate(1000);
    memory.fill(first.floats(), 1000, 7);
    first.free();
    long allocations = cuda.allocationCount();
    DeviceMemory.Allocation second = memory.allocate(999);
    assertThat(cuda.allocationCount()).isEqualTo(allocations);
    float[] values = new float[999];
    memory.download(second.floats(), values);
    assertThat(values).containsOnly(0);
    second.free();
  }

  @Test
  void whatIsKeptIsGivenBackBeforeMemoryRunsOut() {
    cuda.limit(1 << 20);
    memory.allocate(200_000).free();
    DeviceMemory.Allocation another = memory.allocate(150_000);
    assertThat(another).isNotNull();
    assertThat(memory.allocate(200_000)).isNull();
    another.free();
  }

  @Test
  void aWorkspaceTakesWhatIsKeptBeforeItRunsOut() {
    cuda.limit(1 << 20);
    memory.allocate(200_000).free();
    try (CudaScratch scratch = new CudaScratch(memory)) {
      assertThat(scratch.bytes(600_000)).isNotNull();
    }
  }

  /** Copies from and to pinned memory as late as the stream may: when somebody waits for them. */
  private static final class LateLibraries extends HostLibraries {
    private final Deque<Runnable> late = new ArrayDeque<>();
    private final int[] due = new int[MARKS];
    private int done;
    private long left = Long.MAX_VALUE;

    void limit(long bytes) {
      left = bytes;
    }

    @Override
    public Pointer allocate(long bytes) {
      if (bytes > left) {
        return null;
      }
      left -= bytes;
      return super.allocate(bytes);
    }

    @Override
    public void free(Pointer memory) {
      left += sizeOf(memory);
      super.free(memory);
    }

    @Override
    public void copy(Pointer source, Pointer target, long bytes) {
      late.add(() -> super.copy(source, target, bytes));
    }

    @Override
    public void fill(Pointer target, int word, long words) {
      late.add(() -> super.fill(target, word, words));
    }

    @Override
    public void mark(int mark) {
      due[mark] = done + late.size();
    }

    @Override
    public void await(int mark) {
      runUntil(due[mark]);
    }

    @Override
    public void synchronize() {
      runUntil(done + late.size());
    }

    private void runUntil(int count) {
      while (done < count) {
        late.remove().run();
        done++;
      }
    }
  }
}
