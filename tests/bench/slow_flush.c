/* Preloaded into a real process: a disk that stalls now and then. Every CONDUCTOR_SLOW_FLUSH_EVERY-th fdatasync
 * takes CONDUCTOR_SLOW_FLUSH_MS longer. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static long number(const char* name) {
    const char* text = getenv(name);
    return text ? atol(text) : 0;
}

int fdatasync(int file) {
    static atomic_long calls;
    const long every = number("CONDUCTOR_SLOW_FLUSH_EVERY");
    if (every > 0 && atomic_fetch_add(&calls, 1) % every == every - 1)
        usleep((useconds_t)(number("CONDUCTOR_SLOW_FLUSH_MS") * 1000));
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return real(file);
}
