#include "tests/support/places.hpp"

namespace conductor::test {

std::string test_data() {
    return CONDUCTOR_TEST_DATA;
}

std::string source_dir() {
    return CONDUCTOR_SOURCE_DIR;
}

}  // namespace conductor::test
