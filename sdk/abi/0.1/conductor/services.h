/* What the host offers to an instance: log, clock, metrics, its own options, JSON-RPC. Each is a table found by
 * id through conductor_host.service(); every function may be called from any thread from create() until
 * destroy() has returned. A NULL table is an answer, not an error: that service is not offered to this kind. */
#ifndef CONDUCTOR_SERVICES_H
#define CONDUCTOR_SERVICES_H
#include "plugin.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CONDUCTOR_LOG "conductor.host.log/1"
enum { CONDUCTOR_LOG_DEBUG = 1, CONDUCTOR_LOG_INFO = 2, CONDUCTOR_LOG_WARN = 3, CONDUCTOR_LOG_ERROR = 4 };
typedef struct conductor_pair {
    conductor_text key, value;
} conductor_pair; /* frozen */

typedef struct conductor_log {
    uint32_t size, reserved;
    void (*write)(const conductor_host*, int32_t level, conductor_text message, const conductor_pair*,
                  uint32_t count);
} conductor_log;

#define CONDUCTOR_CLOCK "conductor.host.clock/1"
typedef struct conductor_clock {
    uint32_t size, reserved;
    uint64_t (*monotonic_ns)(const conductor_host*);
    int64_t (*unix_ns)(const conductor_host*);
} conductor_clock;

#define CONDUCTOR_METRICS "conductor.host.metrics/1"
typedef struct conductor_metrics {
    uint32_t size, reserved;
    void (*gauge)(const conductor_host*, const char* name, conductor_text label_value, double value);
    void (*count)(const conductor_host*, const char* name, conductor_text label_value, uint64_t delta);
} conductor_metrics;

#define CONDUCTOR_CONFIG "conductor.host.config/1"
typedef struct conductor_config { /* fixed at create; OK, NOT_FOUND (no value), BAD_CONFIG (another type) */
    uint32_t size, reserved;
    uint32_t (*count)(const conductor_host*, const char* key); /* values: 0, 1, or the length of a LIST */
    conductor_status (*integer)(const conductor_host*, const char* key, uint32_t index,
                                int64_t* out); /* BOOL too */
    conductor_status (*real)(const conductor_host*, const char* key, uint32_t index, double* out);
    conductor_status (*string)(const conductor_host*, const char* key, uint32_t index, conductor_sink);
} conductor_config;

#define CONDUCTOR_RPC "conductor.host.rpc/1"
enum {
    CONDUCTOR_JSON_MISSING = 0,
    CONDUCTOR_JSON_NULL = 1,
    CONDUCTOR_JSON_BOOL = 2,
    CONDUCTOR_JSON_NUMBER = 3,
    CONDUCTOR_JSON_STRING = 4,
    CONDUCTOR_JSON_ARRAY = 5,
    CONDUCTOR_JSON_OBJECT = 6
};
enum { CONDUCTOR_FITS_INT64 = 1, CONDUCTOR_FITS_UINT64 = 2, CONDUCTOR_FITS_REAL = 4 };
typedef struct conductor_json {         /* the caller sets size and text, select() the rest */
    uint32_t size, kind, fits, boolean; /* fits: which of the numbers hold the value; real is the nearest */
    int64_t as_int64;                   /* numbers, and strings "0x" + 1-16 hex digits */
    uint64_t as_uint64;
    double as_real;
    uint64_t length;     /* elements, members, or bytes of the string */
    conductor_text raw;  /* the value as it stands in `json`, a slice of it: select() again to descend */
    conductor_sink text; /* takes a string, unescaped; append NULL: not wanted */
} conductor_json;

typedef struct conductor_rpc {
    uint32_t size, reserved;
    /* OK: the text of "result". Else {"code":…,"message":…,"http":…}: the node's own error object, or the
     * host's words. */
    conductor_status (*json)(const conductor_host*, const conductor_call*, conductor_text endpoint,
                             conductor_text method, conductor_text params, conductor_sink result);
    conductor_status (*get)(const conductor_host*, const conductor_call*, conductor_text endpoint,
                            conductor_text path, int32_t* http_status,
                            conductor_sink body); /* OK: any HTTP status */
    /* RFC 6901 pointer, "" is the whole. No such place: OK, MISSING. Not JSON: REMOTE_ERROR. Bad pointer:
     * BAD_CONFIG. */
    conductor_status (*select)(const conductor_host*, conductor_text json, conductor_text pointer,
                               conductor_json* out);
} conductor_rpc;
#ifdef __cplusplus
}
#endif
#endif
