package io.retort.distill;

/** Is told how far a run has come; never by two threads at once, and it should be quick. */
@FunctionalInterface
public interface Progress {

  /** Tells nobody. */
  Progress SILENT = update -> {};

  /**
   * How far a run has come.
   *
   * @param stage what was done: a model's name
   * @param stageNumber which stage of the run that is, from 1
   * @param stageCount how many stages the run has
   * @param step steps done of this stage
   * @param steps steps the stage has
   * @param loss loss of the last step; NaN for a model that was found finished
   * @param imagesPerSecond mean speed since the stage began or was resumed, added up over those in
   *     training; 0 before the first step
   * @param fractionOfRun steps done of all stages as a fraction of all their steps, in [0, 1]
   * @param inTraining how many networks are in training, that of the stage among them
   */
  record Update(
      String stage,
      int stageNumber,
      int stageCount,
      long step,
      long steps,
      double loss,
      double imagesPerSecond,
      double fractionOfRun,
      int inTraining) {}

  /**
   * Something was done.
   *
   * @param update what, and how far the run has come with it
   */
  void report(Update update);
}
