// From words, variables and files to one Settings, or to the way in which the program must end. Reads no
// process state: what surrounds it comes in, what it has to say comes out, so that every start and every
// refusal is a test.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "core/base/log_line.hpp"
#include "core/base/result.hpp"
#include "core/config/environment.hpp"
#include "core/config/settings.hpp"

namespace conductor::config {

/// Option name → value as one would write it behind the flag: defaults of a network.
using Profile = std::map<std::string, std::string, std::less<>>;

struct FileText {
    std::string text;
};

struct Files {
    /// The whole file; a complaint that names the reason alone, `no such file or directory`.
    std::function<Result<FileText, Complaint>(const std::string& path)> read;
    std::function<bool(const std::string& path)> exists;
    /// Names in a directory, in any order; none when it cannot be read.
    std::function<std::vector<std::string>(const std::string& directory)> list;
};

struct Surroundings {
    Environment environment;
    Files files;
    /// The network's profile, or a complaint when no provider knows the name. Null: names go unchecked.
    std::function<Result<Profile, Complaint>(const std::string& network)> profile;
    std::vector<std::string> networks;  ///< for --help
    std::string version;
    bool output_is_terminal{false};
};

/// Print `output`, then log `crit`, then exit with `code`.
struct Exit {
    int code{0};
    std::string output;
    std::optional<logging::HeldLine> crit;
};

struct Loaded {
    LogSettings log;                       ///< how everything below is to be logged
    std::vector<logging::HeldLine> lines;  ///< log these first, whatever the outcome
    std::variant<Settings, Exit> outcome;
    std::optional<Settings> checked;    ///< of a good `--check-config`: what is left to be looked at
    std::vector<std::string> problems;  ///< of the configuration, each alone, as the outcome has them together
    std::string
        effective;  ///< JSON: each option's value and who set it, secrets masked; empty if that never was known
};

/// `words` without the program's name. Bounded by the sizes of the files.
[[nodiscard]] Loaded load(std::span<const std::string> words, const Surroundings& around);

/// The real disk: files up to 16 MiB, blocking.
[[nodiscard]] Files disk_files();
/// This process's variables; the later of two equal names is dropped, as getenv does.
[[nodiscard]] Environment process_environment();

}  // namespace conductor::config
