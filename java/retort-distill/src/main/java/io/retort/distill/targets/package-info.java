/**
 * Soft targets made from what a teacher says: each keeps some of its knowledge and drops the rest
 * (Tang, Shivanna, Zhao, Lin, Singh, Chi and Jain 2020, "Understanding and Improving Knowledge
 * Distillation", sections 3 and 4).
 */
package io.retort.distill.targets;
