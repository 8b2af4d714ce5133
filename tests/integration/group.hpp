// Three hosts, for the tests of a group.
#pragma once

#include "tests/integration/conductord.hpp"
#include "tests/support/sites.hpp"

namespace conductor::test {

[[nodiscard]] inline SitesSetup three(const std::string& name, std::map<std::string, std::string> more = {}) {
    return {conductord_program(), conductord_program().parent_path() / "simnode", name, std::move(more)};
}

/// With a network of faults between them.
[[nodiscard]] inline SitesSetup networked(const std::string& name,
                                          std::map<std::string, std::string> more = {}) {
    auto setup = three(name, std::move(more));
    setup.networked = true;
    return setup;
}

}  // namespace conductor::test
