#include "tests/integration/conductord.hpp"

#include "tests/support/checkout.hpp"

namespace conductor::test {

std::filesystem::path conductord_program() {
    return std::filesystem::canonical("/proc/self/exe").parent_path() / "conductord";
}

const std::vector<RecordedBlock>& blocks() {
    static const auto all = recorded_blocks(std::filesystem::path{conductor::checkout::test_data()} / "commit");
    return all;
}

RecordedBlock small_block(std::uint64_t number) {
    return at_height(blocks()[number % 8], number);
}

}  // namespace conductor::test
