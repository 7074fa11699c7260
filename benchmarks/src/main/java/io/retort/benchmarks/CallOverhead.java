package io.retort.benchmarks;

import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.TimeValue;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures what a call through Java costs beside the C call, in time and in garbage. */
@Command(
    name = "call-overhead",
    mixinStandardHelpOptions = true,
    description =
        "Measures the distillation loss of ten classes, on one row and on none: the C call, and"
            + " what Java adds to it.")
final class CallOverhead implements Callable<Integer> {
  private static final String BYTES_PER_CALL = "gc.alloc.rate.norm";

  @Option(
      names = "--milliseconds",
      defaultValue = "500",
      description = "Time of one of five iterations (default: ${DEFAULT-VALUE}).")
  private long milliseconds;

  @Spec private CommandSpec command;

  /** A benchmark's method, and the rows it was called with. */
  private record Call(String method, String rows) {}

  /**
   * Nanoseconds of a call in the best iteration, to which others' work on the machine only adds,
   * and bytes it allocates on the Java heap.
   */
  private record Cost(double nanoseconds, double bytes) {}

  @Override
  public Integer call() throws RunnerException {
    new OptionValues(command).positive("--milliseconds", milliseconds);
    Map<Call, Cost> costs = new HashMap<>();
    for (RunResult result : run()) {
      costs.put(
          new Call(result.getPrimaryResult().getLabel(), result.getParams().getParam("rows")),
          new Cost(
              result.getPrimaryResult().getStatistics().getMin(),
              result.getSecondaryResults().get(BYTES_PER_CALL).getScore()));
    }
    System.out.printf("%-42s %9s %10s %9s%n", "", "ns a call", "over the C", "bytes");
    for (String rows : new String[] {"0", "1"}) {
      double empty = costs.get(new Call("empty", rows)).nanoseconds();
      double inC = costs.get(new Call("binding", rows)).nanoseconds() - empty;
      String of = (rows.equals("0") ? "no rows" : "one row") + ": ";
      System.out.printf(Locale.ROOT, "%-42s %9.1f%n", of + "the C call, less the crossing", inC);
      print(of + "into C and back for nothing", costs.get(new Call("empty", rows)), 0);
      print(of + "Java, direct buffers", costs.get(new Call("buffers", rows)), inC);
      print(of + "Java, pointers", costs.get(new Call("pointers", rows)), inC);
      print(of + "Java, buffers, new Totals", costs.get(new Call("newTotals", rows)), inC);
    }
    return 0;
  }

  private static void print(String what, Cost cost, double inC) {
    System.out.printf(
        Locale.ROOT,
        "%-42s %9.1f %10.1f %9.2f%n",
        what,
        cost.nanoseconds(),
        cost.nanoseconds() - inC,
        cost.bytes());
  }

  private Collection<RunResult> run() throws RunnerException {
    return Jmh.run(
        Jmh.options(CallOverheadBenchmark.class)
            .warmupTime(TimeValue.milliseconds(milliseconds))
            .measurementTime(TimeValue.milliseconds(milliseconds))
            .addProfiler(GCProfiler.class));
  }
}
