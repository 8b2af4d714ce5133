/* The border without our C++ layer: one library in plain C, two ids. A driver over a chain of ten blocks held
 * in memory, and a round-robin strategy that passes over members known to be unfit. For tests only. */
#include <conductor/services.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct memory {
    conductor_plugin table;
    const conductor_host* host;
    int32_t running;
    uint64_t head;
} memory;

static void say(const conductor_sink* to, const char* what) {
    const conductor_text t = {what, strlen(what)};
    if (to->append) (void)to->append(to->self, t);
}
static conductor_block block(uint64_t number) {
    conductor_block b;
    memset(&b, 0, sizeof b);
    memset(b.hash, (int)number, sizeof b.hash);
    memset(b.parent, number ? (int)number - 1 : 0, sizeof b.parent);
    b.number = number;
    b.timestamp_s = 1700000000u + 2 * number;
    return b;
}
static conductor_status start_sequencer(void* self, const conductor_call* call, const uint8_t* head) {
    memory* m = self;
    const conductor_block own = block(m->head);
    if (!head) return say(&call->error, "this driver needs the hash to build on"), CONDUCTOR_BAD_CONFIG;
    if (m->running) return CONDUCTOR_ALREADY;
    if (memcmp(head, own.hash, sizeof own.hash) != 0)
        return say(&call->error, "block hash does not match"), CONDUCTOR_REMOTE_ERROR;
    m->running = 1;
    return CONDUCTOR_OK;
}
static conductor_status stop_sequencer(void* self, const conductor_call* call, uint8_t* head) {
    memory* m = self;
    const conductor_block own = block(m->head);
    const int32_t was = m->running;
    (void)call;
    m->running = 0;
    memcpy(head, own.hash, sizeof own.hash);
    return was ? CONDUCTOR_OK : CONDUCTOR_ALREADY;
}
static conductor_status active(void* self, const conductor_call* call, int32_t* out) {
    (void)call;
    *out = ((memory*)self)->running;
    return CONDUCTOR_OK;
}
static conductor_status conductor_enabled(void* self, const conductor_call* call, int32_t* out) {
    (void)self, (void)call, (void)out;
    return CONDUCTOR_UNSUPPORTED;
}
static conductor_status block_at(void* self, const conductor_call* call, uint64_t number,
                                 conductor_block* out) {
    (void)call;
    if (number > ((memory*)self)->head) return CONDUCTOR_NOT_FOUND;
    *out = block(number);
    return CONDUCTOR_OK;
}
static conductor_status unsafe_head(void* self, const conductor_call* call, conductor_block* out) {
    return block_at(self, call, ((memory*)self)->head, out);
}
static conductor_status post_payload(void* self, const conductor_call* call, conductor_text envelope) {
    memory* m = self;
    const conductor_rpc* rpc = m->host->service(m->host, CONDUCTOR_RPC);
    const char* where = "/executionPayload/blockNumber";
    const conductor_text pointer = {where, strlen(where)};
    conductor_json value;
    memset(&value, 0, sizeof value);
    value.size = sizeof value;
    if (!rpc || !CONDUCTOR_HAS(conductor_rpc, rpc, select)) return CONDUCTOR_UNSUPPORTED;
    if (rpc->select(m->host, envelope, pointer, &value) != CONDUCTOR_OK ||
        !(value.fits & CONDUCTOR_FITS_UINT64))
        return say(&call->error, "envelope has no block number"), CONDUCTOR_REFUSED;
    if (value.as_uint64 <= m->head) return CONDUCTOR_ALREADY;
    if (value.as_uint64 != m->head + 1) return say(&call->error, "parent is missing"), CONDUCTOR_REMOTE_ERROR;
    m->head = value.as_uint64;
    return CONDUCTOR_OK;
}
static conductor_status payload_at(void* self, const conductor_call* call, uint64_t number,
                                   conductor_sink envelope) {
    char json[96];
    conductor_text t = {json, 0};
    (void)call;
    if (number > ((memory*)self)->head) return CONDUCTOR_NOT_FOUND;
    t.size = (size_t)snprintf(json, sizeof json, "{\"executionPayload\":{\"blockNumber\":\"0x%llx\"}}",
                              (unsigned long long)number);
    return envelope.append(envelope.self, t) == 1 ? CONDUCTOR_OK : CONDUCTOR_TRUNCATED;
}
static const conductor_sequencer_driver driver = {
    sizeof driver,     0,           start_sequencer, stop_sequencer, active,
    conductor_enabled, unsafe_head, block_at,        post_payload,   payload_at};

static conductor_status rank(void* self, const conductor_call* call, const conductor_transfer* t) {
    uint32_t i;
    (void)self, (void)call;
    for (i = 1; i < t->member_count; ++i) {
        const uint32_t index = (t->own + i) % t->member_count;
        const conductor_member* m =
            (const conductor_member*)((const char*)t->members + (size_t)index * t->member_stride);
        if (!m->voter || m->health == CONDUCTOR_UNHEALTHY || m->paused == CONDUCTOR_YES) continue;
        (void)t->emit(t->list, index);
    }
    return CONDUCTOR_OK;
}
static const conductor_leader_transfer transfer = {sizeof transfer, 0, rank};

static const char* const no_reasons[] = {NULL};
static const conductor_descriptor descriptors[] = {
    {sizeof(conductor_descriptor), 0, 0, sizeof(conductor_option), 0, sizeof(conductor_metric),
     "org.example.memory-driver", CONDUCTOR_SEQUENCER_DRIVER, "Memory", "1.0.0", "A chain of ten blocks", NULL,
     NULL, no_reasons, 0, 0},
    {sizeof(conductor_descriptor), 0, 0, sizeof(conductor_option), 0, sizeof(conductor_metric),
     "org.example.next-fit", CONDUCTOR_LEADER_TRANSFER, "Next fit", "1.0.0", "Round robin over fit members",
     NULL, NULL, no_reasons, 0, 0}};

static const conductor_descriptor* describe(uint32_t index) {
    return index < 2 ? &descriptors[index] : NULL;
}
static conductor_status start(void* self, const conductor_call* call) {
    return (void)self, (void)call, CONDUCTOR_OK;
}
static void stop(void* self, const conductor_call* call) {
    (void)self, (void)call;
}
static const void* driver_table(void* self, const char* id) {
    return (void)self, strcmp(id, CONDUCTOR_SEQUENCER_DRIVER) == 0 ? &driver : NULL;
}
static const void* transfer_table(void* self, const char* id) {
    return (void)self, strcmp(id, CONDUCTOR_LEADER_TRANSFER) == 0 ? &transfer : NULL;
}
static conductor_status create(const char* id, const conductor_host* host, const conductor_call* call,
                               const conductor_plugin** out) {
    const int drives = strcmp(id, descriptors[0].id) == 0;
    memory* m;
    (void)call;
    if (!drives && strcmp(id, descriptors[1].id) != 0) return CONDUCTOR_UNSUPPORTED;
    if (!(m = calloc(1, sizeof *m))) return CONDUCTOR_INTERNAL;
    m->table.size = sizeof m->table;
    m->table.self = m;
    m->table.start = start;
    m->table.stop = stop;
    m->table.destroy = free;
    m->table.extension = drives ? driver_table : transfer_table;
    m->host = host;
    m->head = 10;
    *out = &m->table;
    return CONDUCTOR_OK;
}
#define NOTE(variable, kind, id)                                                         \
    __attribute__((used, section(".note.conductord"), aligned(4))) static const struct { \
        uint32_t name_size, text_size, type;                                             \
        char name[12], text[244];                                                        \
    } variable = {11, 244, 1, "conductord", "abi=0.1\nkind=" kind "\nid=" id "\nversion=1.0.0\n"}
NOTE(driver_note, CONDUCTOR_SEQUENCER_DRIVER, "org.example.memory-driver");
NOTE(transfer_note, CONDUCTOR_LEADER_TRANSFER, "org.example.next-fit");

extern __attribute__((visibility("default"))) const conductor_entry conductor_plugin_v1;
const conductor_entry conductor_plugin_v1 = {sizeof(conductor_entry),
                                             CONDUCTOR_ABI_MAGIC,
                                             CONDUCTOR_ABI_MAJOR,
                                             CONDUCTOR_ABI_MINOR,
                                             0,
                                             0,
                                             describe,
                                             create};
