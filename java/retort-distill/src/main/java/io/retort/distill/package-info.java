/**
 * Training, ensembles and distillation.
 *
 * <p>{@link io.retort.distill.Trainer} trains one network; {@link io.retort.distill.Distillation} trains
 * an ensemble and distils it; {@link io.retort.distill.RunDirectory} is where both leave what they did.
 */
package io.retort.distill;
