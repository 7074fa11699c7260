/**
 * The table of Allen-Zhu and Li on real images (2020, "Towards Understanding Ensemble, Knowledge
 * Distillation and Self-Distillation in Deep Learning", the experiments): one network, the
 * ensemble, one network distilled from it or from a member, the mean trained as one, and the
 * ensemble of distilled networks.
 */
package io.retort.distill.real;
