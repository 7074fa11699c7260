/* A C program against the installed library: one distillation loss. */
#include <math.h>
#include <retort/retort.h>
#include <stdio.h>

int main(void) {
  const float student[3] = {1, 2, 3}, teacher[3] = {3, 2, 1};
  const void* teachers[1] = {teacher};
  const int label = 2;
  float gradient[3];
  retort_distillation_totals totals;
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  options.temperature = 2;
  if (retort_distillation_loss(&options, 1, 3, student, 3, teachers, 1, 3, NULL, &label, NULL,
                               gradient, 3, NULL, &totals, NULL) != RETORT_OK) {
    fprintf(stderr, "%s\n", retort_last_error());
    return 1;
  }
  printf("%s: loss %.6f, gradient %.6f %.6f %.6f\n", retort_instruction_set(), totals.total,
         gradient[0], gradient[1], gradient[2]);
  return fabs(gradient[0] + gradient[1] + gradient[2]) < 1e-6 ? 0 : 1;
}
