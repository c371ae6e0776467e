#include "lines.h"
int g;
int f(int a, int b) {
  int i, s = 0;
  for (i = 0; i < a; i++)
    s += inl(b + i);
  if (s > 100)
    g = s;
  return s;
}
__attribute__((section(".init.text"))) int init(void) {
  return f(1, 2) +
    f(3, 4);
}
__attribute__((cold)) void never(void) { g = 7; __builtin_trap(); }
