/**
 * Why ensembles and distillation work, as Allen-Zhu and Li explain it ("Towards Understanding
 * Ensemble, Knowledge Distillation and Self-Distillation in Deep Learning", 2020): data in which
 * every class has two views, networks that learn one of them, ensembles that know both, and
 * students that take both from an ensemble's soft targets.
 */
package io.retort.distill.multiview;
