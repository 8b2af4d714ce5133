// Networks as files: the operator's first, then what a package has brought. A file's name is the network's, its
// text the profile; whether it makes sense is for the reader to find out.
#include <conductor/cpp/network_profile.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

namespace {

namespace fs = std::filesystem;
using conductor::Failure;

constexpr std::size_t file_limit = 256 * 1024;
constexpr std::string_view ending = ".toml";

std::string lower(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

/// The network that a file is of; empty: it is of none.
std::string network_of(const fs::path& file) {
    if (file.extension() != ending || file.filename().string().front() == '.') return {};
    return lower(file.stem().string());
}

/// What lies in a directory, in order; one that is not there holds nothing. One that cannot be read may hold
/// what the operator wants, so it is no such one.
std::vector<fs::path> files_in(const std::string& directory) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator at{directory, error}, end; !error && at != end; at.increment(error))
        if (!network_of(at->path()).empty()) files.push_back(at->path());
    if (error && error != std::errc::no_such_file_or_directory)
        throw Failure(CONDUCTOR_BAD_CONFIG, directory + " cannot be read: " + error.message());
    std::sort(files.begin(), files.end());
    return files;
}

std::string read(const fs::path& file) {
    const auto cannot = [&file](const std::string& why) {
        return Failure(CONDUCTOR_BAD_CONFIG, file.string() + " cannot be read: " + why);
    };
    std::error_code error;
    const bool regular = fs::is_regular_file(file, error);
    if (error) throw cannot(error.message());
    if (!regular) throw cannot("it is no regular file");  // a pipe would be waited for
    errno = 0;
    std::ifstream in{file, std::ios::binary};
    if (!in.is_open()) throw cannot(std::strerror(errno));
    std::string text(file_limit + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad()) throw cannot(std::strerror(errno));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (text.size() > file_limit) throw Failure(CONDUCTOR_BAD_CONFIG, file.string() + " is above 256 KiB");
    return text;
}

}  // namespace

class ProfileFiles final : public conductor::NetworkProfile {
public:
    static constexpr conductor::About about{"io.conductord.profile-files", "Network files", "0.1.0",
                                            "Profiles of networks that lie in directories, one file each"};
    static constexpr std::array options{
        conductor::option_string("directory", "/etc/conductord/networks.d", "asked first: the operator's"),
        conductor::option_string("shipped", "/usr/share/conductord/networks.d", "asked then: a package's")};

    explicit ProfileFiles(conductor::Host host)
        : directories_{host.string("directory"), host.string("shipped")} {}

    std::vector<std::string> list(const conductor_call&) override {
        std::set<std::string> names;
        for (const auto& directory : directories_)
            for (const auto& file : files_in(directory)) names.insert(network_of(file));
        return {names.begin(), names.end()};
    }

    // Names are compared with what is there, never made into a path.
    std::optional<std::string> resolve(const conductor_call&, std::string_view name) override {
        const auto wanted = lower(name);
        for (const auto& directory : directories_)
            for (const auto& file : files_in(directory))
                if (network_of(file) == wanted) return read(file);
        return std::nullopt;
    }

private:
    std::array<std::string, 2> directories_;
};

CONDUCTOR_EXPORT_NETWORK_PROFILE(ProfileFiles)
