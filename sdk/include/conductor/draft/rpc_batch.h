/* DRAFT, no part of the frozen border yet: several JSON-RPC calls to one endpoint in one request. A host may
 * leave it out, and a later one may offer it under another id: whoever does not find it asks one by one, as
 * Host::call_each of the C++ layer does. */
#ifndef CONDUCTOR_DRAFT_RPC_BATCH_H
#define CONDUCTOR_DRAFT_RPC_BATCH_H
#include "../services.h"
#ifdef __cplusplus
extern "C" {
#endif

#define CONDUCTOR_RPC_BATCH "conductor.draft.rpc-batch/0"
/* Calls in one request at most; nodes have limits of their own, the smallest known default is this one. */
enum { CONDUCTOR_RPC_BATCH_MOST = 100 };

typedef struct conductor_ask {
    conductor_text method, params; /* params: a JSON array; empty: none */
} conductor_ask;                   /* frozen */

typedef struct conductor_answers {
    void* self;
    /* OK: the text of "result". REMOTE_ERROR: the node's error object. Once for each call that was answered, in
     * the order of the answers, on the thread that asked, before json() returns. */
    void (*take)(void* self, uint32_t index, conductor_status, conductor_text);
} conductor_answers; /* frozen */

typedef struct conductor_rpc_batch {
    uint32_t size, reserved;
    /* OK: the node has answered with a batch, which need not hold every answer. Else as conductor_rpc.json, and
     * `error` takes what that one would have put in its result; REMOTE_ERROR: the node answers no batch, or not
     * this one. More calls than CONDUCTOR_RPC_BATCH_MOST, or none: REFUSED, and nothing is sent. */
    conductor_status (*json)(const conductor_host*, const conductor_call*, conductor_text endpoint,
                             const conductor_ask*, uint32_t count, conductor_answers, conductor_sink error);
} conductor_rpc_batch;
#ifdef __cplusplus
}
#endif
#endif
