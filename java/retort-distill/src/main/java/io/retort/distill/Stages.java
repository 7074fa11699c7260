package io.retort.distill;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Does the plans of a run, several at a time: each begins once its teachers are finished, the
 * earlier plan first where there is a choice. When one fails, the others are asked to stop.
 */
final class Stages {

  /** Brings one plan to its checkpoint. */
  @FunctionalInterface
  interface Work {

    /**
     * Does one plan.
     *
     * @param together how many plans share the machine: those under way, this one among them, and
     *     those that can begin beside them
     */
    void accept(ModelPlan plan, int together, Interruption interruption) throws IOException;
  }

  /** A plan whose turn has come, and how many share the machine then. */
  private record Turn(ModelPlan plan, int together) {}

  private final int atATime;
  private final Work work;
  private final Interruption interruption;
  private final List<ModelPlan> waiting;
  private final Set<String> finished = new HashSet<>();
  private int underWay;
  private Throwable failure;

  private Stages(List<ModelPlan> plans, int atATime, Work work, Interruption interruption) {
    this.atATime = atATime;
    this.waiting = new ArrayList<>(plans);
    this.work = work;
    this.interruption = interruption.child();
  }

  /**
   * Does all plans.
   *
   * @param plans each after its teachers
   * @param isFinished whether an earlier run brought a plan to its checkpoint; those pass first and
   *     share the machine with no other
   * @param atATime how many threads take part, the calling one among them
   * @throws InterruptedRunException where that is requested before the last plan is finished
   * @throws IOException what a plan failed of, as are unchecked exceptions
   */
  static void run(
      List<ModelPlan> plans,
      Predicate<ModelPlan> isFinished,
      int atATime,
      Work work,
      Interruption interruption)
      throws IOException {
    Stages stages = new Stages(plans, atATime, work, interruption);
    for (ModelPlan plan : plans.stream().filter(isFinished).toList()) {
      work.accept(plan, 1, interruption);
      stages.waiting.remove(plan);
      stages.finished.add(plan.name());
    }
    List<Thread> others = new ArrayList<>();
    for (int i = 1; i < Math.min(atATime, plans.size()); i++) {
      Thread other = new Thread(stages::takePart, "retort-training-" + i);
      others.add(other);
      other.start();
    }
    stages.takePart();
    others.forEach(Stages::join);
    stages.rethrow();
  }

  private void takePart() {
    for (Optional<Turn> turn = next(); turn.isPresent(); turn = next()) {
      ModelPlan plan = turn.get().plan();
      try {
        work.accept(plan, turn.get().together(), interruption);
        finish(plan);
      } catch (Throwable e) {
        fail(e);
      }
    }
  }

  private synchronized Optional<Turn> next() {
    while (failure == null && !waiting.isEmpty()) {
      if (interruption.requested()) {
        fail(new InterruptedRunException("stopped before " + waiting.get(0).name() + " began"));
        break;
      }
      List<ModelPlan> ready = ready();
      if (!ready.isEmpty()) {
        int together = Math.min(atATime, underWay + ready.size());
        underWay++;
        waiting.remove(ready.get(0));
        return Optional.of(new Turn(ready.get(0), together));
      }
      try {
        wait();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        interruption.request();
      }
    }
    return Optional.empty();
  }

  private List<ModelPlan> ready() {
    return waiting.stream()
        .filter(plan -> finished.containsAll(plan.targets().teachers()))
        .toList();
  }

  private synchronized void finish(ModelPlan plan) {
    finished.add(plan.name());
    underWay--;
    notifyAll();
  }

  /** Keeps what went wrong first; that others then stopped does not matter. */
  private synchronized void fail(Throwable e) {
    if (failure == null || failure instanceof InterruptedRunException) {
      failure = e;
    } else if (!(e instanceof InterruptedRunException)) {
      failure.addSuppressed(e);
    }
    interruption.request();
    notifyAll();
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void rethrow() throws IOException {
    if (failure instanceof IOException e) {
      throw e;
    } else if (failure instanceof RuntimeException e) {
      throw e;
    } else if (failure instanceof Error e) {
      throw e;
    }
  }
}
