// Dashboards and alerts name series; a name that the daemon does not serve would be an alert that never fires.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/support/checkout.hpp"
#include "tests/support/pattern.hpp"

namespace {

std::string file_of(const std::string& path) {
    std::ifstream in{conductor::checkout::sources() + "/" + path};
    return {std::istreambuf_iterator<char>{in}, {}};
}

std::set<std::string> names_in(const std::string& text) {
    std::set<std::string> out;
    for (const auto& name : conductor::pattern::matches(text, "op_conductor_[a-z0-9_]+")) out.insert(name.text);
    return out;
}

}  // namespace

TEST_CASE("every series that a dashboard or an alert names is one of the daemon's", "[metrics][packaging]") {
    const auto served = names_in(file_of("core/metrics/catalogue.hpp"));
    REQUIRE(served.size() > 40);
    for (const auto* path :
         {"packaging/dashboards/conductord.json", "packaging/dashboards/conductord.rules.yml"}) {
        const auto named = names_in(file_of(path));
        REQUIRE(named.size() > 8);
        for (auto name : named) {
            CAPTURE(path, name);
            if (name.ends_with("_bucket")) name.resize(name.size() - 7);  // of a histogram
            CHECK(served.contains(name));
        }
    }
}
