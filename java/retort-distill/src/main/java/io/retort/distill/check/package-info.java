/** Checks of what a user asks for. Everything else in this module may depend on them. */
package io.retort.distill.check;
