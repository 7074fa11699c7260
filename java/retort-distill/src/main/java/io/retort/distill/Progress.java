package io.retort.distill;

/** Is told how far a run has come; called on the thread that trains, so it should be quick. */
@FunctionalInterface
public interface Progress {

    /** Tells nobody. */
    Progress SILENT = (stage, step, total, loss, imagesPerSecond) -> { };

    /**
     * A step was done.
     *
     * @param stage           what is being done: a model's name
     * @param step            steps done of this stage
     * @param total           steps the stage has
     * @param loss            loss of the step
     * @param imagesPerSecond mean speed since the stage began or was resumed
     */
    void report(String stage, long step, long total, double loss, double imagesPerSecond);
}
