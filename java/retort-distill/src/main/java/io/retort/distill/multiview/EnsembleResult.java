package io.retort.distill.multiview;

import io.retort.distill.Spread;

/**
 * Ensembles of one size: each is of neighbouring members, the last and the first being neighbours,
 * so that every member takes part in as many.
 *
 * @param size members of each
 * @param multiView accuracy on multi-view test samples
 * @param singleView accuracy on single-view test samples
 * @param mixed accuracy on the distribution that the training samples are from
 * @param viewsCovered views that at least one member knows
 */
public record EnsembleResult(
    int size, Spread multiView, Spread singleView, Spread mixed, Spread viewsCovered) {}
