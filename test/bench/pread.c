/* pread LIST PASSES: does what LIST says once per pass, and prints the CPU seconds of each pass.
 * A line is one letter, a space and a path: k reads a file through a kept descriptor, o opens,
 * reads and closes it, d lists a directory and reads the symbolic links in it. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static char buffer[65536];

static double cpu(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void read_once(const char *path) {
  int fd = open(path, O_RDONLY);
  if (fd < 0) return;
  if (read(fd, buffer, sizeof buffer) < 0) exit(1);
  close(fd);
}

static void read_links(const char *path) {
  DIR *directory = opendir(path);
  struct dirent *entry;
  if (!directory) return;
  while ((entry = readdir(directory))) {
    if (entry->d_name[0] != '.') {
      if (readlinkat(dirfd(directory), entry->d_name, buffer, sizeof buffer) < 0) exit(1);
    }
  }
  closedir(directory);
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  static char line[4096];
  size_t count = 0, room = 1024;
  char **lines = malloc(room * sizeof *lines);
  FILE *file = fopen(argv[1], "r");
  if (!file) return 2;
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    if (count == room) lines = realloc(lines, (room *= 2) * sizeof *lines);
    lines[count++] = strdup(line);
  }
  int *fds = malloc(count * sizeof *fds);
  for (size_t i = 0; i < count; i++) {
    fds[i] = lines[i][0] == 'k' ? open(lines[i] + 2, O_RDONLY) : -1;
    if (lines[i][0] == 'k' && fds[i] < 0) return 1;
  }
  for (int pass = 0; pass < atoi(argv[2]); pass++) {
    double start = cpu();
    for (size_t i = 0; i < count; i++) {
      if (fds[i] >= 0) {
        if (pread(fds[i], buffer, sizeof buffer, 0) < 0) return 1;
      } else if (lines[i][0] == 'o') {
        read_once(lines[i] + 2);
      } else {
        read_links(lines[i] + 2);
      }
    }
    printf("%f\n", cpu() - start);
  }
  return 0;
}
