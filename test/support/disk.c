/* disk DEVICE: one thread reads and writes DEVICE past the page cache, the other reads all of it
 * through the page cache, again and again. Holds one socket open. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK = 4096, CHUNK = 65536 };

static void *through_the_cache(void *device) {
  static char buffer[CHUNK];
  int fd = open(device, O_RDONLY);
  while (fd >= 0) {
    if (read(fd, buffer, sizeof buffer) <= 0) lseek(fd, 0, SEEK_SET);
  }
  return 0;
}

int main(int argc, char **argv) {
  void *block;
  pthread_t thread;
  if (argc < 2 || posix_memalign(&block, BLOCK, BLOCK) != 0) return 2;
  int fd = open(argv[1], O_RDWR | O_DIRECT);
  if (fd < 0 || socket(AF_UNIX, SOCK_STREAM, 0) < 0) return 1;
  if (pthread_create(&thread, 0, through_the_cache, argv[1]) != 0) return 1;
  for (;;) {
    if (pread(fd, block, BLOCK, 0) != BLOCK || pwrite(fd, block, BLOCK, 0) != BLOCK) return 1;
    usleep(10000);
  }
}
