/**
 * Training, ensembles and distillation.
 *
 * <p>{@link io.retort.distill.Training} trains one network; {@link io.retort.distill.Distillation}
 * trains an ensemble and distils it; {@link io.retort.distill.Evaluation} judges finished models.
 * {@link io.retort.distill.RunDirectory} is where a run leaves what it did, and from where it goes
 * on after it was stopped. All of them, and the experiments in the packages above, train their
 * networks by an {@link io.retort.distill.ImageRun}.
 */
package io.retort.distill;
