// What every plugin owes the host, as one test case: CONDUCTOR_CONFORMANCE("path/of/library.so", setup). The
// rules are those of `conductorctl plugin validate`. Catch2, version 2 or 3, is included before.
#pragma once

#include <conductor/testing/rules.hpp>

/// At file scope of a test program.
#define CONDUCTOR_CONFORMANCE(path, setup)                                                \
    TEST_CASE("conformance of " path, "[conformance]") {                                  \
        const ::conductor::testing::Library library{path};                                \
        REQUIRE(::conductor::testing::notes_of(path).size() == library.plugins().size()); \
        for (const auto* plugin : library.plugins())                                      \
            ::conductor::testing::conform(                                                \
                {library, *plugin, setup}, [](const std::string&) {},                     \
                [&](const std::string& rule, const ::conductor::testing::Seen& seen) {    \
                    INFO(plugin->id << ": " << rule);                                     \
                    CHECK(seen.problem == "");                                            \
                });                                                                       \
    }
