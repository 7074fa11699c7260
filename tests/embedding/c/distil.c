/* A C program against the installed library: the distillation loss between two teachers and a
 * student, and a step down its gradient. Built by find_package(Retort) (CMakeLists.txt), or by
 * cc distil.c $(pkg-config --cflags --libs retort) -lm */
#include <math.h>
#include <retort/retort.h>
#include <stdio.h>

enum { ROWS = 2, CLASSES = 3 };

static const float teacher0[ROWS * CLASSES] = {3, 2, 1, -1, 0, 4};
static const float teacher1[ROWS * CLASSES] = {5, 1, 0, -2, 1, 3};
static const int32_t labels[ROWS] = {0, 2};

/* The mean loss over the rows, or a negative number if the call was refused; writes its gradient. */
static double distillation_loss(const float* student, float* gradient) {
  const void* teachers[] = {teacher0, teacher1};
  retort_distillation_totals totals;
  retort_distillation_loss_options options = retort_distillation_loss_options_default();
  options.temperature = 4;
  options.alpha = 0.9f;
  if (retort_distillation_loss(&options, ROWS, CLASSES, student, CLASSES, teachers, 2, CLASSES,
                               NULL, labels, NULL, gradient, CLASSES, NULL, &totals,
                               NULL) != RETORT_OK) {
    fprintf(stderr, "%s\n", retort_last_error());
    return -1;
  }
  return totals.total;
}

int main(void) {
  float student[ROWS * CLASSES] = {1, 2, 3, 0, 0, 0}, gradient[ROWS * CLASSES];
  const double before = distillation_loss(student, gradient);
  double furthest = 0; /* sum of a row's gradient from 0, which it is for any softmax */
  for (int row = 0; row < ROWS; row++) {
    const float* g = gradient + row * CLASSES;
    furthest = fmax(furthest, fabs((double)g[0] + g[1] + g[2]));
  }
  for (int i = 0; i < ROWS * CLASSES; i++) {
    student[i] -= gradient[i];
  }
  const double after = distillation_loss(student, gradient);
  printf("C, %s: loss %.6f, after one step %.6f; rows of the gradient sum to 0 within %.1e\n",
         retort_instruction_set(), before, after, furthest);
  return after >= 0 && after < before && furthest < 1e-6 ? 0 : 1;
}
