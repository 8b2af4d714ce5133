#include "core/base/near_name.hpp"

#include <catch2/catch.hpp>
#include <vector>

namespace conductor {

TEST_CASE("a near name is found for a slip, not for another word", "[base]") {
    const std::vector<std::string> names{"path", "min_free"};
    CHECK(near_name("pth", names) == "path");
    CHECK(near_name("ptah", names) == "path");
    CHECK(near_name("min-free", names) == "min_free");
    CHECK(near_name("colour", names) == std::nullopt);
    CHECK(near_name("", names) == std::nullopt);
    CHECK(near_name(std::string(129, 'p'), names) == std::nullopt);
}

TEST_CASE("of two near names the nearer one is meant, of equals the first", "[base]") {
    const std::vector<std::string> names{"base-sepolia", "base-mainnet", "bass-mainnet"};
    CHECK(near_name("base-mainet", names) == "base-mainnet");
    CHECK(near_name("basx-mainnet", names) == "base-mainnet");
}

}  // namespace conductor
