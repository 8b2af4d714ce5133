/* Preloaded into a real process: a disk that fails, hangs, is slow or full. While the file named by
 * CONDUCTOR_DISK_FAULTS says "fail", every fdatasync fails with EIO; "slow MS" makes each take that much
 * longer; "hang SECONDS" holds all of them until that long after the first, then the disk is well again, as
 * after a controller's reset. While it says "full", every pwritev and fallocate fails with ENOSPC. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static atomic_long hang_until; /* in seconds of the monotonic clock; 0: not hanging yet */

static long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* What the file says; 0: there is none. */
static int ordered(char text[64]) {
    const char* path = getenv("CONDUCTOR_DISK_FAULTS");
    if (!path) return 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t got = read(file, text, 63);
    close(file);
    if (got <= 0) return 0;
    text[got] = 0;
    return 1;
}

/* 1: the flush is to fail. */
static int suffer(void) {
    char text[64];
    long amount = 0;
    if (!ordered(text)) return 0;
    if (strncmp(text, "fail", 4) == 0) return 1;
    if (sscanf(text, "slow %ld", &amount) == 1) usleep((useconds_t)amount * 1000);
    if (sscanf(text, "hang %ld", &amount) != 1) return 0;

    long none = 0;
    atomic_compare_exchange_strong(&hang_until, &none, now() + amount);
    while (now() < atomic_load(&hang_until)) usleep(20000);
    return 0;
}

/* 1: there is no room. */
static int full(void) {
    char text[64];
    if (!ordered(text) || strncmp(text, "full", 4) != 0) return 0;
    errno = ENOSPC;
    return 1;
}

int fdatasync(int file) {
    if (suffer()) {
        errno = EIO;
        return -1;
    }
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return real(file);
}

ssize_t pwritev(int file, const struct iovec* pieces, int count, off_t offset) {
    if (full()) return -1;
    ssize_t (*real)(int, const struct iovec*, int, off_t) =
        (ssize_t(*)(int, const struct iovec*, int, off_t))dlsym(RTLD_NEXT, "pwritev");
    return real(file, pieces, count, offset);
}

int fallocate(int file, int mode, off_t offset, off_t octets) {
    if (full()) return -1;
    int (*real)(int, int, off_t, off_t) = (int (*)(int, int, off_t, off_t))dlsym(RTLD_NEXT, "fallocate");
    return real(file, mode, offset, octets);
}
