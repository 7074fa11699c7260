// libstdc++, which is linked into the libraries, holds a random_device that asks for arc4random, which glibc has from
// 2.36 on: more than Ubuntu 22.04 has. Nothing here calls it.
#include <sys/random.h>

#include <cstdint>

extern "C" __attribute__((visibility("hidden"))) uint32_t arc4random();

uint32_t arc4random() {
  uint32_t number = 0;
  while (getrandom(&number, sizeof number, 0) != sizeof number) {
  }
  return number;
}
