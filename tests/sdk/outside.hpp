// The SDK as a stranger has it: installed into a directory of its own, with the examples built against that
// alone. Both are made once a process. Blocking; one thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace conductor::test {

/// Where the SDK is installed.
[[nodiscard]] const std::filesystem::path& sdk_prefix();

/// A C and a C++ compiler that belong together, as commands.
struct Compilers {
    std::string c;
    std::string cxx;
};
/// Those of which this machine has both; gcc first.
[[nodiscard]] std::vector<Compilers> compilers();

/// The examples built with these; the directory of the libraries.
[[nodiscard]] const std::filesystem::path& examples(const Compilers& with);
/// The same with the first pair.
[[nodiscard]] const std::filesystem::path& examples();

struct Ran {
    int code{-1};  ///< of its exit; -1: it did not end in time
    std::string output;
};
/// Runs a script of `sh -eu` in `directory`, with the SDK's prefix in the places where CMake and pkg-config
/// look and our programs in the path.
[[nodiscard]] Ran run_script(const std::string& script, const std::filesystem::path& directory,
                             const std::map<std::string, std::string>& more = {});

}  // namespace conductor::test
