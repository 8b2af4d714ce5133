#include "core/plugin/last_words.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <ctime>

namespace conductor::plugin {
namespace {

// Below the usual limit of 1024, far above what a few members, nodes and clients need.
constexpr int high_place = 900;

int mark_fd = -1;
int line_fd = STDERR_FILENO;

int moved_up(int fd) {
    const int high = ::fcntl(fd, F_DUPFD_CLOEXEC, high_place);
    return high < 0 ? fd : high;
}

// No allocation, no lock, no stdio.
struct Line {
    char text[1024];
    std::size_t size{0};

    void add(std::string_view piece) noexcept {
        const auto count = std::min(piece.size(), sizeof text - size);
        std::memcpy(text + size, piece.data(), count);
        size += count;
    }
    void add_number(std::uint64_t number) noexcept {
        char digits[20];
        std::size_t at = sizeof digits;
        do {
            digits[--at] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        add({digits + at, sizeof digits - at});
    }
    void write_to(int fd) const noexcept { [[maybe_unused]] const auto written = ::write(fd, text, size); }
};

}  // namespace

Result<void, Complaint> prepare_last_words(const std::filesystem::path& mark_file) {
    if (line_fd == STDERR_FILENO) line_fd = moved_up(STDERR_FILENO);
    if (mark_file.empty()) return {};
    const int fd = ::open(mark_file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0) return Complaint{mark_file.string() + ": " + std::strerror(errno)};
    if (mark_fd >= 0) ::close(mark_fd);
    mark_fd = moved_up(fd);
    if (mark_fd != fd) ::close(fd);
    return {};
}

void write_last_line(std::string_view text) noexcept {
    Line line;
    line.add(text);
    line.write_to(line_fd);
}

void write_last_words(const CrashLabel& label, std::string_view verb, std::string_view what,
                      std::string_view how) noexcept {
    Line mark;
    mark.add_number(static_cast<std::uint64_t>(::time(nullptr)));
    mark.add(" ");
    mark.add(label.id());
    mark.add("\n");
    if (mark_fd >= 0) mark.write_to(mark_fd);

    Line line;
    line.add(label.line());
    line.add(verb);
    line.add(" in ");
    line.add(what);
    if (!how.empty()) line.add(": ");
    line.add(how);
    line.add("\n");
    line.write_to(line_fd);
}

}  // namespace conductor::plugin
