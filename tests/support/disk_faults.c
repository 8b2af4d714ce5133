/* Preloaded into a real process: makes fdatasync fail or hang when a file says so. The file named by
 * CONDUCTOR_DISK_FAULTS holds one word and a number: "fail 0" or "hang SECONDS"; it is read at each call and, once
 * obeyed, removed, so that each fault happens once. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int obey(int *failed) {
  const char *path = getenv("CONDUCTOR_DISK_FAULTS");
  char text[64];
  int seconds = 0;
  *failed = 0;
  if (!path) return 0;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  ssize_t got = read(file, text, sizeof text - 1);
  close(file);
  if (got <= 0 || unlink(path) != 0) return 0;
  text[got] = 0;
  if (sscanf(text, "hang %d", &seconds) == 1) sleep((unsigned)seconds);
  if (strncmp(text, "fail", 4) == 0) *failed = 1;
  return 1;
}

int fdatasync(int file) {
  int failed = 0;
  obey(&failed);
  if (failed) {
    errno = EIO;
    return -1;
  }
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  return real(file);
}
