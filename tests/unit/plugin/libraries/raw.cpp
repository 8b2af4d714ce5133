// The border without the C++ layer, wrong in one place: VARIANT names which.
#include <conductor/services.h>
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <initializer_list>

enum Variant {
    other_abi,
    other_minor,
    bad_magic,
    short_entry,
    unlike_note,
    short_table,
    no_table,
    no_symbol,
    throws_in_judge,
    throws_in_create,
    short_descriptor,
    young_option,
    draft_kind,
    needs_younger,
    empty_instance,
    hangs_in_describe,
    misses_symbol,
    needs_absent,
    closes_in_constructor,
    takes_in_describe
};
#define TEXT_OF_(x) #x
#define TEXT_OF(x) TEXT_OF_(x)
#define ID "org.example.raw." TEXT_OF(VARIANT)

namespace {

constexpr Variant variant = VARIANT;
constexpr const char* kind = variant == draft_kind ? "conductor.draft.thing/1" : CONDUCTOR_HEALTH_CHECK;

#ifdef VARIANT_misses_symbol
extern "C" void conductor_test_no_such_function();
#endif

conductor_status judge(void*, const conductor_call*, conductor_finding* finding) {
#ifdef VARIANT_misses_symbol
    conductor_test_no_such_function();
#endif
    if (variant == throws_in_judge) throw 42;
    finding->verdict = CONDUCTOR_HEALTHY;
    return CONDUCTOR_OK;
}
constexpr conductor_health_check table{variant == short_table ? 8 : sizeof(conductor_health_check), 0, &judge};

conductor_status start(void*, const conductor_call*) {
    return CONDUCTOR_OK;
}
void stop(void*, const conductor_call*) {}
void destroy(void*) {}
const void* extension(void*, const char* id) {
    return variant != no_table && std::strcmp(id, kind) == 0 ? &table : nullptr;
}
conductor_plugin instance{sizeof(conductor_plugin), 0, &instance, &start, &stop, &destroy, &extension};

constexpr conductor_option options[] = {
    {"key", "an option", nullptr, nullptr, 1, 0, variant == young_option ? 99 : CONDUCTOR_STRING, 0}};
constexpr const char* reasons[] = {nullptr};
constexpr conductor_descriptor descriptor{variant == short_descriptor ? 16 : sizeof(conductor_descriptor),
                                          0,
                                          1,
                                          sizeof(conductor_option),
                                          0,
                                          sizeof(conductor_metric),
                                          ID,
                                          kind,
                                          "Raw",
                                          variant == unlike_note ? "2.0.0" : "1.0.0",
                                          "Wrong in one place",
                                          options,
                                          nullptr,
                                          reasons,
                                          0,
                                          0};

[[gnu::constructor]] void construct() {
    if (variant == closes_in_constructor)
        for (int fd = 0; fd <= 100; ++fd) (void)::close(fd);
}

const conductor_descriptor* describe(std::uint32_t index) {
    while (variant == hangs_in_describe) ::pause();
    if (variant == takes_in_describe) (void)::signal(SIGTERM, SIG_IGN);
    return index == 0 ? &descriptor : nullptr;
}
conductor_status create(const char*, const conductor_host*, const conductor_call*,
                        const conductor_plugin** out) {
    if (variant == throws_in_create) throw "a text";
    *out = variant == empty_instance ? nullptr : &instance;
    return CONDUCTOR_OK;
}

struct Note {
    std::uint32_t name_size = 11, text_size = 244, type = 1;
    char name[12] = "conductord";
    char text[244] = {};
    constexpr Note() {
        const char* abi = variant == other_abi     ? "abi=2.0\n"
                          : variant == other_minor ? "abi=0.9\n"
                                                   : "abi=0.1\n";
        unsigned at = 0;
        for (const char* part : {abi, "kind=", kind, "\nid=", ID, "\nversion=1.0.0\n"})
            for (; *part != '\0'; ++part) text[at++] = *part;
    }
};
[[gnu::used, gnu::retain, gnu::section(".note.conductord"), gnu::aligned(4)]] constexpr Note note;

}  // namespace

#ifdef VARIANT_no_symbol
#define ENTRY_NAME conductor_plugin_v0
#else
#define ENTRY_NAME conductor_plugin_v1
#endif
extern "C" [[gnu::visibility("default")]] const conductor_entry ENTRY_NAME;
const conductor_entry ENTRY_NAME = {variant == short_entry ? 8 : sizeof(conductor_entry),
                                    variant == bad_magic ? 1 : CONDUCTOR_ABI_MAGIC,
                                    CONDUCTOR_ABI_MAJOR,
                                    CONDUCTOR_ABI_MINOR,
                                    variant == needs_younger ? 7 : 0,
                                    0,
                                    &describe,
                                    &create};
