/* Preloaded into a real process: a disk that fails or hangs. While the file named by CONDUCTOR_DISK_FAULTS says
 * "fail", every fdatasync fails with EIO; "hang SECONDS" holds all of them until that long after the first,
 * then the disk is well again, as after a controller's reset. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static atomic_long hang_until; /* in seconds of the monotonic clock; 0: not hanging yet */

static long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* 1: the call is to fail. */
static int suffer(void) {
    const char* path = getenv("CONDUCTOR_DISK_FAULTS");
    char text[64];
    long seconds = 0;
    if (!path) return 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t got = read(file, text, sizeof text - 1);
    close(file);
    if (got <= 0) return 0;
    text[got] = 0;
    if (strncmp(text, "fail", 4) == 0) return 1;
    if (sscanf(text, "hang %ld", &seconds) != 1) return 0;

    long none = 0;
    atomic_compare_exchange_strong(&hang_until, &none, now() + seconds);
    while (now() < atomic_load(&hang_until)) usleep(20000);
    return 0;
}

int fdatasync(int file) {
    if (suffer()) {
        errno = EIO;
        return -1;
    }
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return real(file);
}
