/* What a library in plain C needs besides its tables: the ELF note that says who it is before it is mapped, and
 * the mark of the one symbol it exports. The C++ layer makes both by itself. */
#ifndef CONDUCTOR_NOTE_H
#define CONDUCTOR_NOTE_H
#include "plugin.h"

#define CONDUCTOR_NOTE_TEXT_(x) #x
#define CONDUCTOR_NOTE_TEXT(x) CONDUCTOR_NOTE_TEXT_(x)
#define CONDUCTOR_NOTE_LINES(kind, id, version)                              \
    "abi=" CONDUCTOR_NOTE_TEXT(CONDUCTOR_ABI_MAJOR) "." CONDUCTOR_NOTE_TEXT( \
        CONDUCTOR_ABI_MINOR) "\nkind=" kind "\nid=" id "\nversion=" version "\n"

/* One for each id of the library, at file scope; `kind`, `id` and `version` are string literals, equal to those
 * of the descriptor. */
#define CONDUCTOR_NOTE(variable, kind, id, version)                                                      \
    _Static_assert(sizeof(CONDUCTOR_NOTE_LINES(kind, id, version)) <= 244, "the note holds 243 octets"); \
    __attribute__((used, section(".note.conductord"), aligned(4))) static const struct {                 \
        uint32_t name_size, text_size, type;                                                             \
        char name[12], text[244];                                                                        \
    } variable = {11, 244, 1, "conductord", CONDUCTOR_NOTE_LINES(kind, id, version)}

/* Before the definition of conductor_plugin_v1. */
#define CONDUCTOR_EXPORTED __attribute__((visibility("default")))
#endif
