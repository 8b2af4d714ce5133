#include "tests/support/checkout.hpp"

namespace conductor::checkout {

std::string test_data() {
    return CONDUCTOR_TEST_DATA;
}

std::string sources() {
    return CONDUCTOR_SOURCE_DIR;
}

}  // namespace conductor::checkout
