/* The border between conductord and a plugin: what a library exports, what an instance answers, for each kind
 * of question one table of functions. C11 and later, C++17 and later; includes nothing of ours; any thread may
 * include it.
 *
 * Rules that hold for every line: no exception and no C++ type crosses; no memory changes owner; every table
 * starts with the size its author compiled, and whoever reads or writes a member checks with CONDUCTOR_HAS that
 * it ends within that size; members are only ever appended; padding is declared and never read; zero is always
 * the harmless reading. docs/plugins.md says which thread calls what, and what happens to who is slow. */
#ifndef CONDUCTOR_PLUGIN_H
#define CONDUCTOR_PLUGIN_H
#include <stddef.h>
#include <stdint.h>
#if UINTPTR_MAX != UINT64_MAX
#error "conductor plugins are for 64-bit platforms: the sizes list of the ABI holds one layout"
#endif
#ifdef __cplusplus
extern "C" {
#endif

#define CONDUCTOR_ABI_MAGIC 0x314e4443u /* "CDN1" */
#define CONDUCTOR_ABI_MAJOR 0           /* 0.x until the freeze, then 1.0 */
#define CONDUCTOR_ABI_MINOR 1
#define CONDUCTOR_HAS(type, table, member) ((table)->size >= offsetof(type, member) + sizeof((table)->member))

/* Frozen value types: they never grow. */

/* UTF-8, no NUL at the end; borrowed for the time of the call. */
typedef struct conductor_text {
    const char* data;
    size_t size;
} conductor_text;

/* The caller's buffer: the only way to return text. */
typedef struct conductor_sink {
    void* self;
    /* Copies. 1: all so far is whole; 0: cut at the bound, now or earlier. */
    int32_t (*append)(void* self, conductor_text);
} conductor_sink;

typedef struct conductor_block {  /* as the node states it */
    uint8_t hash[32], parent[32]; /* its own and its parent's hash, bytes in printed order */
    uint64_t number, timestamp_s; /* height; time of the header in unix seconds, the chain's unit */
} conductor_block;

typedef int32_t conductor_status; /* negative: failed, and call->error says why */
enum {
    CONDUCTOR_OK = 0,
    CONDUCTOR_ALREADY = 1,      /* done; it was so before the call */
    CONDUCTOR_BAD_CONFIG = -1,  /* an operator must change something */
    CONDUCTOR_UNSUPPORTED = -2, /* this plugin, host or node cannot do it */
    CONDUCTOR_TIMED_OUT = -3,
    CONDUCTOR_CANCELLED = -4,
    CONDUCTOR_UNREACHABLE = -5,  /* nobody answered */
    CONDUCTOR_REMOTE_ERROR = -6, /* answered with an error or nonsense; may be tried again */
    CONDUCTOR_INTERNAL = -7,
    CONDUCTOR_TRUNCATED = -8, /* a sink was cut: what it holds is a prefix */
    CONDUCTOR_REFUSED = -9,   /* answered no; the same call again is pointless */
    CONDUCTOR_NOT_FOUND = -10
};

/* One call into a plugin. Valid until that call returns, even when it returns after its deadline. */
typedef struct conductor_call {
    uint32_t size;
    int32_t cancel_fd;    /* poll() only: readable once cancelled or late, and stays so; -1: none */
    uint64_t deadline_ns; /* on the host's monotonic clock (CLOCK_MONOTONIC) */
    int32_t (*cancelled)(const struct conductor_call*); /* 1 once cancelled or late; from any thread */
    conductor_sink error;                               /* the called thread only, like every sink */
} conductor_call;

/* What the host offers to one instance. Valid from create() until destroy() has returned. */
typedef struct conductor_host {
    uint32_t size;
    uint16_t abi_major, abi_minor;
    conductor_text instance; /* its name in the configuration, [a-z0-9-]{1,63}, unique */
    /* One of the tables in services.h, or NULL: not offered. */
    const void* (*service)(const struct conductor_host*, const char* id);
} conductor_host;

enum {
    CONDUCTOR_BOOL = 1,
    CONDUCTOR_INT = 2,
    CONDUCTOR_REAL = 3,
    CONDUCTOR_STRING = 4,
    CONDUCTOR_DURATION = 5,
    CONDUCTOR_BYTES = 6,
    CONDUCTOR_CHOICE = 7,
    CONDUCTOR_ENDPOINT = 8
};
enum { CONDUCTOR_REQUIRED = 1, CONDUCTOR_SECRET = 2, CONDUCTOR_LIVE = 4, CONDUCTOR_LIST = 8 };
typedef struct conductor_option {                   /* walked with option_stride: may grow at its end */
    const char *key, *summary, *fallback, *choices; /* fallback as in the file, NULL: none; choices "a|b|c" */
    int64_t min, max;     /* of each value, inclusive (STRING: bytes); min > max: unchecked */
    uint32_t type, flags; /* unknown type or flag bit 0-15: refused; bits 16-31: ignored */
} conductor_option;

enum { CONDUCTOR_GAUGE = 1, CONDUCTOR_COUNTER = 2 };
typedef struct conductor_metric {       /* walked with metric_stride */
    const char *name, *summary, *label; /* label NULL: none; else at most 32 values, the rest is "other" */
    uint32_t type, flags;
} conductor_metric;

enum { CONDUCTOR_SINGLE = 1 }; /* never two instances at once: reload stops the old one first */
typedef struct conductor_descriptor {
    uint32_t size, flags, option_count, option_stride, metric_count, metric_stride;
    const char *id, *kind, *name, *version, *summary;
    const conductor_option* options;
    const conductor_metric* metrics;
    const char* const* reasons;       /* NULL-terminated slugs [a-z0-9._-]: the closed set of label values */
    uint64_t interval_ns, timeout_ns; /* how often, how long it wants to run; 0: host's default */
} conductor_descriptor;

typedef struct conductor_plugin { /* one instance */
    uint32_t size, reserved;
    void* self;
    conductor_status (*start)(void* self, const conductor_call*);
    void (*stop)(void* self, const conductor_call*); /* joins every thread the plugin made */
    void (*destroy)(void* self);
    /* The table of its kind, constant until destroy, or NULL. */
    const void* (*extension)(void* self, const char* id);
} conductor_plugin;

typedef struct conductor_entry { /* exported as: const conductor_entry conductor_plugin_v1 */
    uint32_t size, magic;
    uint16_t abi_major, abi_minor, min_host_minor, reserved;
    const conductor_descriptor* (*describe)(uint32_t index); /* NULL past the end; no side effects */
    conductor_status (*create)(const char* id, const conductor_host*, const conductor_call*,
                               const conductor_plugin** out);
} conductor_entry;

#define CONDUCTOR_HEALTH_CHECK "conductor.health-check/1"
enum {
    CONDUCTOR_UNKNOWN = 0,
    CONDUCTOR_HEALTHY = 1,
    CONDUCTOR_UNHEALTHY = 2,
    CONDUCTOR_DEGRADED = 3,
    CONDUCTOR_STALLED = 4
}; /* of members only: fit, but its head ages because the chain stands still */
enum {
    CONDUCTOR_HARD = 0,
    CONDUCTOR_STALE = 1,
    CONDUCTOR_NODE_DOWN = 2,
    CONDUCTOR_SUPERVISOR_DOWN = 3,
    CONDUCTOR_BUILDER_UNREACHABLE = 4,
    CONDUCTOR_BUILDER_PARTIAL = 5,
    CONDUCTOR_BUILDER_DOWN = 6
};
typedef struct conductor_finding { /* arrives as UNKNOWN, HARD: who forgets to fill it in stops nothing */
    uint32_t size, verdict, fault_class, reserved;
    int64_t since_unix_ns;         /* so since when; 0: the host counts. Is shown, never decides */
    conductor_sink reason, detail; /* a declared slug; free text for the log */
} conductor_finding;

typedef struct conductor_health_check {
    uint32_t size, reserved;
    /* Judges the sequencer once, before the call's deadline. May block. Its own failures are UNKNOWN: a broken
     * probe must not stop a good sequencer. [worker; one call at a time per `self`] */
    conductor_status (*judge)(void* self, const conductor_call*, conductor_finding*);
} conductor_health_check;

#define CONDUCTOR_SEQUENCER_DRIVER "conductor.sequencer-driver/1"
enum { CONDUCTOR_NEEDS_NO_HEAD = 1 };
/* Every member: on a worker, one call at a time, may block until its deadline (the core's; 10 s unless set),
 * then returns TIMED_OUT or CANCELLED within 50 ms. UNREACHABLE: nobody answered. REMOTE_ERROR: try again.
 * BAD_CONFIG: admin API off, sequencer not enabled, bad credentials. `out` and `head` are written on success
 * only. Nothing is remembered between calls. */
typedef struct conductor_sequencer_driver {
    uint32_t size, flags;
    /* Build on `head` (32 bytes). Running already, on whatever head: ALREADY, and nothing changed. The node's
     * head is another block: REMOTE_ERROR; a node whose start takes no hash is asked for its head first. NULL:
     * on the node's own head, an operator's wish; BAD_CONFIG unless `flags` has NEEDS_NO_HEAD. Failed or
     * cancelled: outcome unknown, ask `active`. */
    conductor_status (*start_sequencer)(void* self, const conductor_call*, const uint8_t* head);
    /* Not running: ALREADY. `head`: hash of the newest block, zeros if not told. An error although it has
     * stopped is the driver's to find out. Failed or cancelled: outcome unknown, ask `active`. */
    conductor_status (*stop_sequencer)(void* self, const conductor_call*, uint8_t* head);
    conductor_status (*active)(void* self, const conductor_call*,
                               int32_t* out); /* 1 or 0, asked of the node each time */
    conductor_status (*conductor_enabled)(void* self, const conductor_call*,
                                          int32_t* out); /* UNSUPPORTED: cannot tell */
    /* The newest block of the execution layer, safe or not; the core keeps the sequencer stopped while it
     * fails. */
    conductor_status (*unsafe_head)(void* self, const conductor_call*, conductor_block* out);
    /* The canonical block of that height; NOT_FOUND above the head or when pruned. Decides who is whose
     * ancestor. */
    conductor_status (*block_at)(void* self, const conductor_call*, uint64_t number, conductor_block* out);
    /* Hand over a JSON envelope. OK: accepted, perhaps not yet head (poll unsafe_head). Known: OK or ALREADY.
     * Too large or a bad hash: REFUSED, which ends the repair. Still resetting: REMOTE_ERROR. */
    conductor_status (*post_payload)(void* self, const conductor_call*, conductor_text envelope);
    /* Optional (NULL or UNSUPPORTED): the canonical payload of that height as JSON envelope, at most 32 MiB;
     * NOT_FOUND as above; TRUNCATED when the sink was cut. The core recomputes its hash before use. */
    conductor_status (*payload_at)(void* self, const conductor_call*, uint64_t number, conductor_sink envelope);
} conductor_sequencer_driver;

#define CONDUCTOR_LEADER_TRANSFER "conductor.leader-transfer/1"
#define CONDUCTOR_NEVER UINT64_MAX
enum { CONDUCTOR_NO = 1, CONDUCTOR_YES = 2 }; /* 0 is CONDUCTOR_UNKNOWN here too: silence is no consent */
enum {
    CONDUCTOR_CAUSE_UNHEALTHY = 1,
    CONDUCTOR_CAUSE_SHUTDOWN = 2,
    CONDUCTOR_CAUSE_OPERATOR = 3,
    CONDUCTOR_CAUSE_POLICY = 4
};
typedef struct conductor_member { /* walked with member_stride; from the host's peer table */
    conductor_text id, address;
    uint32_t voter;                        /* 1 or 0, from the replicated membership */
    uint32_t health, paused, overridden;   /* a verdict; UNKNOWN, NO or YES */
    uint32_t head_known, ready;            /* 0: head_number says nothing; UNKNOWN, NO or YES */
    uint64_t head_number;                  /* of its execution layer */
    uint64_t heard_age_ns, failure_age_ns; /* since its last answer, since a transfer to it failed; or NEVER */
} conductor_member;

typedef struct conductor_transfer {
    uint32_t size, cause, own, member_count, member_stride, head_known; /* own: index of the leader that asks */
    uint64_t head_number;                                               /* of the replicated value */
    const conductor_member* members;                                    /* by id, ascending as bytes */
    void* list;
    int32_t (*emit)(void* list, uint32_t index); /* best first; 0: not a voter, itself, or said before */
} conductor_transfer;

typedef struct conductor_leader_transfer { /* memory only, no I/O; emits nothing: consensus chooses */
    uint32_t size, reserved;
    conductor_status (*rank)(void* self, const conductor_call*, const conductor_transfer*);
} conductor_leader_transfer;

#define CONDUCTOR_NETWORK_PROFILE "conductor.network-profile/1"
typedef struct conductor_network_profile { /* cut answers are dropped whole */
    uint32_t size, reserved;
    conductor_status (*list)(void* self, const conductor_call*, conductor_sink names); /* one per line */
    conductor_status (*resolve)(void* self, const conductor_call*, conductor_text name, conductor_sink profile);
} conductor_network_profile; /* profile: same text as a profile file; NOT_FOUND: not mine */
#ifdef __cplusplus
}
#endif
#endif
