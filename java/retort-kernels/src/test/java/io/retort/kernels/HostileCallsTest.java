package io.retort.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Every public method of every public class, found by reflection, with arbitrary arguments: what
 * comes out is a result or one of the exceptions that are documented, with a message that names an
 * argument; and the virtual machine lives.
 */
class HostileCallsTest {
  /** What returns only where there is a device, whose memory it cannot check. */
  private static final Set<Class<?>> NEEDS_CUDA =
      Set.of(CudaDistillation.class, CudaLibrary.class, CudaOverlap.class, LentCublas.class);

  private static final List<Executable> CALLS = publicCalls();
  private static final Map<Executable, Integer> RESULTS = new HashMap<>();
  private static ThreadPool pool;
  private static ThreadPool closedPool;

  @BeforeContainer
  static void start() {
    pool = new ThreadPool(2);
    closedPool = new ThreadPool(1);
    closedPool.close();
  }

  /** A method that never got past its checks was not tested. */
  @AfterContainer
  static void everyCallReturnedAtLeastOnce() {
    pool.close();
    Set<Executable> never = new HashSet<>(CALLS);
    never.removeAll(RESULTS.keySet());
    assertThat(never).isEmpty();
  }

  @Property(tries = 6000)
  void aHostileCallReturnsOrRaisesWhatIsDocumented(@ForAll Random random) throws Exception {
    HostileValues values = new HostileValues(random, pool, closedPool);
    Executable call = CALLS.get(random.nextInt(CALLS.size()));
    attempt(values, random, call);
  }

  /**
   * The operations again, which are few among the many, and have the most arguments: so often that
   * one which gets past its checks in one call of fifty does so.
   */
  @Property(tries = 20000)
  void aHostileOperationReturnsOrRaisesWhatIsDocumented(@ForAll Random random) throws Exception {
    HostileValues values = new HostileValues(random, pool, closedPool);
    List<Executable> operations =
        CALLS.stream().filter(call -> call.getParameterCount() >= 3).toList();
    attempt(values, random, operations.get(random.nextInt(operations.size())));
  }

  private static void attempt(HostileValues values, Random random, Executable call)
      throws Exception {
    Object receiver = null;
    Object[] arguments;
    try {
      receiver = needsReceiver(call) ? receiver(values, random, call.getDeclaringClass()) : null;
      arguments = Arrays.stream(call.getParameters()).map(values::of).toArray();
    } catch (IllegalArgumentException | IllegalStateException notMade) {
      return;
    }
    try {
      if (call instanceof Method method) {
        method.invoke(receiver, arguments);
      } else {
        Object made = ((Constructor<?>) call).newInstance(arguments);
        if (made instanceof AutoCloseable closeable) {
          closeable.close();
        }
      }
      RESULTS.merge(call, 1, Integer::sum);
    } catch (InvocationTargetException raised) {
      assertDocumented(call, raised.getCause());
    }
  }

  private static void assertDocumented(Executable call, Throwable failure) {
    String what = call + " raised " + failure;
    if (failure instanceof IllegalStateException) {
      assertThat(failure).as(what).hasMessageEndingWith("is closed");
      return;
    }
    if (call.getDeclaringClass() == Status.class || call.getName().equals("run")) {
      // what they raise is of a call before them, or of the function
      assertThat(failure)
          .as(what)
          .isInstanceOfAny(IllegalArgumentException.class, RetortException.class);
      return;
    }
    assertThat(failure).as(what).isInstanceOf(IllegalArgumentException.class);
    String message = plain(failure.getMessage());
    assertThat(names(call)).as(what).anyMatch(message::contains);
  }

  /** The names that a message may begin its complaint with: arguments, and options set before. */
  private static List<String> names(Executable call) {
    List<String> names = new ArrayList<>();
    for (Parameter parameter : call.getParameters()) {
      names.add(plain(parameter.getName()));
    }
    List<Class<?>> options = new ArrayList<>();
    options.addAll(List.of(call.getDeclaringClass().getDeclaredClasses()));
    if (call.getDeclaringClass() == LinearDistillation.class) {
      options.add(DistillationLoss.Builder.class);
      names.add("budget");
    }
    for (Class<?> type : options) {
      for (Method option : type.getDeclaredMethods()) {
        names.add(plain(option.getName()));
      }
    }
    if (call.getName().equals("of") && call.getDeclaringClass() == Members.class) {
      names.add("member");
    }
    return names;
  }

  /** Whatever the spelling, and in the singular: of a teacher's weight, of teacherWeights. */
  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[ _]", "").replaceAll("s$", "");
  }

  private static boolean needsReceiver(Executable call) {
    return call instanceof Method && !Modifier.isStatic(call.getModifiers());
  }

  /** A loss or a mean has arbitrary options; a loss may be closed. */
  private static Object receiver(HostileValues values, Random random, Class<?> type)
      throws Exception {
    if (type == DistillationLoss.class) {
      DistillationLoss loss = options(values, random, DistillationLoss.builder()).build();
      if (random.nextInt(20) == 0) {
        loss.close();
      }
      return loss;
    }
    if (type == SparseDistillationLoss.class) {
      return options(values, random, SparseDistillationLoss.builder()).build();
    }
    if (type == SparseDistillationLoss.Builder.class) {
      return SparseDistillationLoss.builder();
    }
    if (type == EnsembleMean.class) {
      return options(values, random, EnsembleMean.builder()).build();
    }
    if (type == DistillationLoss.Builder.class) {
      return DistillationLoss.builder();
    }
    if (type == EnsembleMean.Builder.class) {
      return EnsembleMean.builder();
    }
    if (type == ThreadPool.class) {
      return new ThreadPool(1);
    }
    if (type == Totals.class) {
      return new TotalsBuffer().toTotals();
    }
    Object receiver;
    do {
      receiver = values.of(type);
    } while (receiver == null);
    return receiver;
  }

  /** Few of the options at a time, so that not every call has a bad one. */
  private static <B> B options(HostileValues values, Random random, B builder) throws Exception {
    for (Method option : builder.getClass().getMethods()) {
      if (option.getReturnType() == builder.getClass() && random.nextInt(8) == 0) {
        try {
          option.invoke(builder, values.of(option.getParameterTypes()[0]));
        } catch (InvocationTargetException refused) {
          assertDocumented(option, refused.getCause());
        }
      }
    }
    return builder;
  }

  private static List<Executable> publicCalls() {
    List<Executable> calls = new ArrayList<>();
    for (Class<?> type : PublicClasses.all()) {
      if (NEEDS_CUDA.contains(type)) {
        continue;
      }
      Stream.concat(
              Arrays.stream(type.getDeclaredConstructors()),
              Arrays.stream(type.getDeclaredMethods()))
          .filter(call -> Modifier.isPublic(call.getModifiers()) && !call.isSynthetic())
          .filter(call -> !isOfTheLanguage(call))
          .forEach(calls::add);
    }
    calls.sort(Comparator.comparing(Executable::toGenericString));
    return calls;
  }

  /** What the compiler writes for an enumeration or a record. */
  private static boolean isOfTheLanguage(Executable call) {
    Set<String> names = Set.of("values", "valueOf", "equals", "hashCode", "toString");
    return names.contains(call.getName());
  }
}
