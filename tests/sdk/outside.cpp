#include "tests/sdk/outside.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include "tests/support/daemon_process.hpp"

namespace conductor::test {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto script_limit = 240s;

// Sanitized plugins go with a sanitized host: what they allocate is watched as well.
std::string sanitizer_flags() {
    const std::string sanitize{CONDUCTOR_SANITIZE};
    return sanitize.empty() ? "" : "-fsanitize=" + sanitize;
}

void demand(const Ran& ran, const std::string& what) {
    if (ran.code != 0) throw std::runtime_error{what + ":\n" + ran.output};
}

bool installed(const std::string& command) {
    return std::system(("command -v " + command + " > /dev/null 2>&1").c_str()) == 0;
}

std::string path_variable() {
    const auto* path = std::getenv("PATH");
    return std::string{CONDUCTOR_BUILD} + "/bin:" + (path != nullptr ? path : "/usr/bin:/bin");
}

Ran run_in(const std::string& script, const fs::path& directory,
           const std::map<std::string, std::string>& environment) {
    const auto file = directory / "script.sh";
    std::ofstream{file} << script;
    DaemonProcess process{{"/bin/sh", {"-eu", file.string()}, environment, directory / "script.log"}};
    const auto code = process.wait(script_limit);
    return {code.value_or(-1), process.output()};
}

const TempDir& work() {
    static const TempDir directory{"conductord-sdk"};
    return directory;
}

}  // namespace

const fs::path& sdk_prefix() {
    static const fs::path prefix = [] {
        auto at = work().path() / "sdk";
        demand(run_in("'" CONDUCTOR_CMAKE "' --install '" CONDUCTOR_BUILD "' --component sdk --prefix '" +
                          at.string() + "'\n",
                      work().path(), {{"PATH", path_variable()}}),
               "the SDK cannot be installed");
        return at;
    }();
    return prefix;
}

std::vector<Compilers> compilers() {
    std::vector<Compilers> all{{"gcc", "g++"}};
    // A library of another compiler brings another sanitizer's symbols.
    if (sanitizer_flags().empty())
        for (const auto* version : {"-14", "-19"})
            all.push_back({std::string{"clang"} + version, std::string{"clang++"} + version});
    std::erase_if(all, [](const Compilers& pair) { return !installed(pair.c) || !installed(pair.cxx); });
    return all;
}

const fs::path& examples(const Compilers& with) {
    static std::map<std::string, fs::path> made;
    auto& directory = made[with.cxx];
    if (!directory.empty()) return directory;
    const auto source = sdk_prefix() / "share/conductor-sdk/examples";
    const auto build = work().path() / ("examples-" + with.cxx);
    const auto strict = "-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror " + sanitizer_flags();
    fs::create_directories(build);
    demand(run_script("cmake -S '" + source.string() + "' -B . -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS='" +
                          strict + "' -DCMAKE_CXX_FLAGS='" + strict +
                          "' -DCONDUCTOR_SANITIZE='" CONDUCTOR_SANITIZE "'\n" + "cmake --build . -j 1\n",
                      build, {{"CC", with.c}, {"CXX", with.cxx}}),
           "the examples cannot be built with " + with.cxx);
    return directory = build;
}

const fs::path& examples() {
    return examples(compilers().front());
}

Ran run_script(const std::string& script, const fs::path& directory,
               const std::map<std::string, std::string>& more) {
    std::map<std::string, std::string> environment{
        {"PATH", path_variable()},
        {"CMAKE_PREFIX_PATH", sdk_prefix().string()},
        {"PKG_CONFIG_PATH", (sdk_prefix() / "share/pkgconfig").string()}};
    environment.insert(more.begin(), more.end());
    return run_in("cd '" + directory.string() + "'\n" + script, directory, environment);
}

}  // namespace conductor::test
