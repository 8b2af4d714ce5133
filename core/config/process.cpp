// The two places where the real process and its disk are looked at.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/config/load.hpp"

extern "C" char** environ;

namespace conductor::config {
namespace {

constexpr std::uintmax_t largest_file = 16 * 1024 * 1024;

std::string lower_first(std::string text) {
    if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') text[0] = static_cast<char>(text[0] - 'A' + 'a');
    return text;
}

Result<FileText, Complaint> read_disk(const std::string& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return Complaint{"is a directory"};
    errno = 0;
    std::ifstream in{path, std::ios::binary};
    if (!in) return Complaint{lower_first(std::strerror(errno))};
    // Read by measure: a pipe or a device has no size to ask for, and may never end.
    std::string text;
    std::string part(64 * 1024, '\0');
    while (in.read(part.data(), static_cast<std::streamsize>(part.size())) || in.gcount() > 0) {
        text.append(part, 0, static_cast<std::size_t>(in.gcount()));
        if (text.size() > largest_file) return Complaint{"larger than 16 MiB"};
    }
    if (in.bad()) return Complaint{"read error"};
    return FileText{std::move(text)};
}

std::vector<std::string> list_disk(const std::string& directory) {
    std::vector<std::string> out;
    std::error_code error;
    for (std::filesystem::directory_iterator at{directory, error}, end; !error && at != end;
         at.increment(error))
        out.push_back(at->path().filename().string());
    return out;
}

}  // namespace

Files disk_files() {
    Files out;
    out.read = read_disk;
    out.exists = [](const std::string& path) {
        std::error_code error;
        return std::filesystem::exists(path, error);
    };
    out.list = list_disk;
    return out;
}

Environment process_environment() {
    Environment out;
    for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
        const std::string_view line{*at};
        const auto equals = line.find('=');
        if (equals != std::string_view::npos) out.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    return out;
}

}  // namespace conductor::config
