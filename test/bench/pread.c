/* pread FILE-LIST KEEP PASSES: reads each listed file once per pass: the first KEEP through kept
 * descriptors, the others by open, read, close. Prints the CPU seconds of each pass. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static double cpu(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  static char line[4096], buffer[65536];
  size_t count = 0, room = 1024, keep = strtoul(argv[2], 0, 10);
  char **names = malloc(room * sizeof *names);
  FILE *list = fopen(argv[1], "r");
  if (!list) return 2;
  while (fgets(line, sizeof line, list)) {
    line[strcspn(line, "\n")] = 0;
    if (count == room) names = realloc(names, (room *= 2) * sizeof *names);
    names[count++] = strdup(line);
  }
  int *fds = malloc(count * sizeof *fds);
  for (size_t i = 0; i < count; i++) fds[i] = i < keep ? open(names[i], O_RDONLY) : -1;
  for (int pass = 0; pass < atoi(argv[3]); pass++) {
    double start = cpu();
    for (size_t i = 0; i < count; i++) {
      int fd = fds[i] >= 0 ? fds[i] : open(names[i], O_RDONLY);
      if (fd < 0) continue;
      if (pread(fd, buffer, sizeof buffer, 0) < 0) return 1;
      if (fds[i] < 0) close(fd);
    }
    printf("%f\n", cpu() - start);
  }
  return 0;
}
