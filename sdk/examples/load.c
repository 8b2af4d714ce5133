/* A check in plain C: unhealthy when the machine's load over one minute is above `max`. */
#define _DEFAULT_SOURCE
#include <conductor/note.h>
#include <conductor/services.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID "org.example.load"

typedef struct load {
    conductor_plugin table;
    double max;
} load;

static void say(const conductor_sink* to, const char* what) {
    const conductor_text text = {what, strlen(what)};
    if (to->append) (void)to->append(to->self, text);
}

static conductor_status judge(void* self, const conductor_call* call, conductor_finding* finding) {
    const load* mine = self;
    char detail[80];
    double now;
    if (getloadavg(&now, 1) != 1) return say(&call->error, "the load cannot be read"), CONDUCTOR_INTERNAL;
    if (now <= mine->max) {
        finding->verdict = CONDUCTOR_HEALTHY;
        return CONDUCTOR_OK;
    }
    finding->verdict = CONDUCTOR_UNHEALTHY; /* its class stays as it came: HARD */
    (void)snprintf(detail, sizeof detail, "load is %.2f, at most %.2f", now, mine->max);
    say(&finding->reason, "load.high");
    say(&finding->detail, detail);
    return CONDUCTOR_OK;
}

static const conductor_health_check check = {sizeof(conductor_health_check), 0, judge};

static const void* extension(void* self, const char* id) {
    return (void)self, id && strcmp(id, CONDUCTOR_HEALTH_CHECK) == 0 ? &check : NULL;
}
static conductor_status start(void* self, const conductor_call* call) {
    return (void)self, (void)call, CONDUCTOR_OK;
}
static void stop(void* self, const conductor_call* call) {
    (void)self, (void)call;
}

static const conductor_option options[] = {
    {"max", "unhealthy above this load of one minute", "64.0", NULL, 1, 0, CONDUCTOR_REAL, 0}};
static const char* const reasons[] = {"load.high", NULL};
static const conductor_descriptor descriptor = {sizeof(conductor_descriptor),
                                                0,
                                                1,
                                                sizeof(conductor_option),
                                                0,
                                                sizeof(conductor_metric),
                                                ID,
                                                CONDUCTOR_HEALTH_CHECK,
                                                "Load",
                                                "1.0.0",
                                                "Load of the machine",
                                                options,
                                                NULL,
                                                reasons,
                                                0,
                                                0};

static const conductor_descriptor* describe(uint32_t index) {
    return index == 0 ? &descriptor : NULL;
}

static conductor_status create(const char* id, const conductor_host* host, const conductor_call* call,
                               const conductor_plugin** out) {
    const conductor_config* config = host->service(host, CONDUCTOR_CONFIG);
    load* made;
    if (!id || strcmp(id, ID) != 0) return say(&call->error, "another id"), CONDUCTOR_UNSUPPORTED;
    if (!config || !CONDUCTOR_HAS(conductor_config, config, real))
        return say(&call->error, "this host has no options"), CONDUCTOR_UNSUPPORTED;
    made = calloc(1, sizeof *made);
    if (!made) return CONDUCTOR_INTERNAL;
    if (config->real(host, "max", 0, &made->max) != CONDUCTOR_OK)
        return free(made), say(&call->error, "no value for option max"), CONDUCTOR_BAD_CONFIG;
    made->table.size = sizeof made->table;
    made->table.self = made;
    made->table.start = start;
    made->table.stop = stop;
    made->table.destroy = free; /* of `self`, which is what calloc gave */
    made->table.extension = extension;
    *out = &made->table;
    return CONDUCTOR_OK;
}

CONDUCTOR_NOTE(note, CONDUCTOR_HEALTH_CHECK, ID, "1.0.0");

extern CONDUCTOR_EXPORTED const conductor_entry conductor_plugin_v1;
const conductor_entry conductor_plugin_v1 = {sizeof(conductor_entry),
                                             CONDUCTOR_ABI_MAGIC,
                                             CONDUCTOR_ABI_MAJOR,
                                             CONDUCTOR_ABI_MINOR,
                                             0,
                                             0,
                                             describe,
                                             create};
