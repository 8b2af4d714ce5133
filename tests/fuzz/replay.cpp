// Runs a fuzz target over the files of a folder, where there is no libFuzzer.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int argc, char** argv) {
    std::size_t replayed = 0;
    for (int i = 1; i < argc; ++i)
        for (const auto& file : std::filesystem::directory_iterator{argv[i]}) {
            std::ifstream in{file.path(), std::ios::binary};
            const std::vector<char> octets{std::istreambuf_iterator<char>{in}, {}};
            std::printf("%s\n", file.path().filename().c_str());
            std::fflush(stdout);
            LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(octets.data()), octets.size());
            ++replayed;
        }
    if (replayed == 0) std::printf("nothing to replay\n");
    return replayed == 0 ? 1 : 0;
}
