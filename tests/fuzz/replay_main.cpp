// Runs a fuzz target over stored inputs, where there is no libFuzzer: replay FOLDER_OR_FILE…
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

int replay(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    const std::vector<char> text{std::istreambuf_iterator<char>{in}, {}};
    // A copy of its own size, so that a sanitizer sees one octet too many.
    const std::vector<std::uint8_t> octets{text.begin(), text.end()};
    std::printf("%s (%zu)\n", file.filename().c_str(), octets.size());
    std::fflush(stdout);
    LLVMFuzzerTestOneInput(octets.data(), octets.size());
    return 1;
}

}  // namespace

int main(int argc, char** argv) {
    int count = 0;
    for (int i = 1; i < argc; ++i) {
        if (!std::filesystem::is_directory(argv[i])) {
            count += replay(argv[i]);
            continue;
        }
        for (const auto& entry : std::filesystem::directory_iterator{argv[i]}) count += replay(entry.path());
    }
    std::printf("%d inputs\n", count);
    return count > 0 ? 0 : 1;
}
