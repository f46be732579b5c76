/* hog DUTY MIB: keeps MIB MiB of anonymous memory and burns DUTY % of one CPU. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
  int duty = argc > 1 ? atoi(argv[1]) : 0;
  size_t bytes = (size_t)(argc > 2 ? atoi(argv[2]) : 0) << 20;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (bytes > 0) {
    char *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    memset(memory, 1, bytes);
  }
  for (;;) {
    if (duty == 0) {
      pause();
      continue;
    }
    double start = now();
    while (now() - start < duty / 1000.0) {
    }
    if (duty < 100) usleep((100 - duty) * 1000);
  }
}
