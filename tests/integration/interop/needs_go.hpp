// Ends a test case that needs gopeer where it cannot be had, and says why.
#pragma once

#include <catch2/catch.hpp>

#include "tests/integration/interop/go_peer.hpp"

#define NEEDS_GO()                                              \
    if (!conductor::test::why_no_go_peer().empty()) {           \
        WARN("skipped: " << conductor::test::why_no_go_peer()); \
        return;                                                 \
    }                                                           \
    static_cast<void>(0)
