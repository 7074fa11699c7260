/**
 * What of a teacher's knowledge helps: targets that keep one effect of distillation each, the
 * weights that it gives examples, and how it lays out the logits (Tang, Shivanna, Zhao, Lin, Singh,
 * Chi and Jain 2020, "Understanding and Improving Knowledge Distillation").
 */
package io.retort.distill.transfer;
