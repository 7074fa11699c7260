package io.retort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class StagesTest {

  private static final Interruption NEVER = new Interruption();

  private final List<ModelPlan> plans = Distillation.plans(ToyRuns.distillation());
  private final List<String> done = Collections.synchronizedList(new ArrayList<>());

  @Test
  void oneAtATimeIsDoneInOrder() throws IOException {
    Stages.run(
        plans,
        plan -> false,
        1,
        (plan, together, interruption) -> done.add(plan.name()),
        new Interruption());

    assertThat(done)
        .containsExactly("member-1", "member-2", "student", "self-distilled", "control");
  }

  @Test
  void twoAtATimeRunAtTheSameTime() throws IOException {
    CyclicBarrier both = new CyclicBarrier(2);

    Stages.run(
        plans.subList(0, 2),
        plan -> false,
        2,
        (plan, together, interruption) -> {
          await(both);
          done.add(plan.name());
        },
        new Interruption());

    assertThat(done).hasSize(2);
  }

  @Test
  void aStudentWaitsForItsTeachersWhileOthersGoAhead() throws IOException {
    CountDownLatch controlDone = new CountDownLatch(1);

    Stages.run(
        plans,
        plan -> false,
        2,
        (plan, together, interruption) -> {
          if (plan.name().equals("member-2")) {
            await(controlDone);
          }
          done.add(plan.name());
          if (plan.name().equals("control")) {
            controlDone.countDown();
          }
        },
        new Interruption());

    assertThat(done)
        .containsExactly("member-1", "self-distilled", "control", "member-2", "student");
  }

  /** The members and the control can begin at once; the others wait for teachers. */
  @Test
  void theMachineIsSharedByWhatIsUnderWayAndWhatCanBegin() throws IOException {
    List<Integer> shares = new ArrayList<>();

    Stages.run(
        plans, plan -> false, 1, (plan, together, interruption) -> shares.add(together), NEVER);
    assertThat(shares).containsExactly(1, 1, 1, 1, 1);

    Map<String, Integer> of = new ConcurrentHashMap<>();
    Stages.run(
        plans,
        plan -> false,
        9,
        (plan, together, interruption) -> of.put(plan.name(), together),
        NEVER);
    assertThat(of).containsEntry("member-1", 3);
    assertThat(of.get("student")).isBetween(1, 3);

    of.clear();
    List<ModelPlan> members = plans.subList(0, 2);
    Stages.run(
        members,
        plan -> false,
        9,
        (plan, together, interruption) -> of.put(plan.name(), together),
        NEVER);
    assertThat(of).containsEntry("member-1", 2);
  }

  @Test
  void whatAnEarlierRunFinishedPassesFirstAndSharesNoMachine() throws IOException {
    Map<String, Integer> of = new ConcurrentHashMap<>();
    Stages.run(
        plans,
        plan -> plan.name().equals("control"),
        1,
        (plan, together, interruption) -> {
          done.add(plan.name());
          of.put(plan.name(), together);
        },
        NEVER);
    assertThat(done)
        .containsExactly("control", "member-1", "member-2", "student", "self-distilled");

    of.clear();
    Stages.run(
        plans,
        plan -> !plan.name().equals("student"),
        9,
        (plan, together, interruption) -> of.put(plan.name(), together),
        NEVER);
    assertThat(of).containsEntry("student", 1).hasSize(5);
  }

  @Test
  void whenOneFailsTheOthersAreAskedToStopAndItsFailureIsThrown() {
    CountDownLatch begun = new CountDownLatch(1);
    Interruption interruption = new Interruption();

    assertThatThrownBy(
            () ->
                Stages.run(
                    plans,
                    plan -> false,
                    2,
                    (plan, together, stop) -> {
                      if (plan.name().equals("member-1")) {
                        begun.countDown();
                        waitFor(stop);
                        throw InterruptedRunException.after("member-1", 3);
                      }
                      await(begun);
                      throw new IOException("disk full");
                    },
                    interruption))
        .isInstanceOf(IOException.class)
        .hasMessage("disk full");
    assertThat(interruption.requested()).as("the caller's own is left alone").isFalse();
  }

  @Test
  void nothingBeginsOnceAStopWasRequested() {
    Interruption interruption = new Interruption();

    assertThatThrownBy(
            () ->
                Stages.run(
                    plans,
                    plan -> false,
                    1,
                    (plan, together, stop) -> {
                      done.add(plan.name());
                      interruption.request();
                    },
                    interruption))
        .isInstanceOf(InterruptedRunException.class)
        .hasMessage("stopped before member-2 began");
    assertThat(done).containsExactly("member-1");
  }

  private static void waitFor(Interruption stop) {
    while (!stop.requested()) {
      Thread.onSpinWait();
    }
  }

  private static void await(CyclicBarrier barrier) {
    try {
      barrier.await(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
