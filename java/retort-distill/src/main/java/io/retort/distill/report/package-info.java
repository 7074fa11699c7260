/**
 * What a run came to, for people: a page ({@link io.retort.distill.report.Report}) and a table for
 * the terminal ({@link io.retort.distill.report.ResultTable}).
 */
package io.retort.distill.report;
