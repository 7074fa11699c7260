package io.retort.benchmarks;

import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures what a call through Java costs beside the C call, in time and in garbage. */
@Command(
    name = "call-overhead",
    mixinStandardHelpOptions = true,
    description =
        "Measures a call on one row of ten classes: the C call, and what Java adds to it.")
final class CallOverhead implements Callable<Integer> {
  private static final String BYTES_PER_CALL = "gc.alloc.rate.norm";

  @Option(
      names = "--milliseconds",
      defaultValue = "1000",
      description = "Time of one of five iterations (default: ${DEFAULT-VALUE}).")
  private long milliseconds;

  /** Nanoseconds and bytes allocated on the Java heap, a call. */
  private record Cost(double nanoseconds, double bytes) {}

  @Override
  public Integer call() throws RunnerException {
    Map<String, Cost> costs = new TreeMap<>();
    for (RunResult result : run()) {
      costs.put(
          result.getPrimaryResult().getLabel(),
          new Cost(
              result.getPrimaryResult().getScore(),
              result.getSecondaryResults().get(BYTES_PER_CALL).getScore()));
    }
    double call = costs.get("binding").nanoseconds() - costs.get("empty").nanoseconds();
    print("into C and back", costs.get("empty"));
    print("the C call through the binding", costs.get("binding"));
    print("the same through the Java interface", costs.get("java"));
    System.out.printf(
        Locale.ROOT,
        "The C call alone takes %.1f ns; the Java interface adds %.1f ns to it.%n",
        call,
        costs.get("java").nanoseconds() - call);
    return 0;
  }

  private static void print(String what, Cost cost) {
    System.out.printf(
        Locale.ROOT, "%-38s %8.1f ns %8.0f bytes%n", what, cost.nanoseconds(), cost.bytes());
  }

  private Collection<RunResult> run() throws RunnerException {
    return Jmh.run(
        Jmh.options(CallOverheadBenchmark.class)
            .warmupTime(TimeValue.milliseconds(milliseconds))
            .measurementTime(TimeValue.milliseconds(milliseconds))
            .addProfiler(GCProfiler.class));
  }
}
