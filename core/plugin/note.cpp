#include "core/plugin/note.hpp"

#include <conductor/plugin.h>
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

namespace conductor::plugin {
namespace {

// Far above any library's; a bound for files that lie.
constexpr std::size_t section_limit = 4096;
constexpr std::size_t note_section_limit = 64 * 1024;
constexpr std::string_view section_name = ".note.conductord";
constexpr std::string_view owner{"conductord", 11};  // with its NUL, as ELF counts it
constexpr std::uint32_t note_type = 1;

#if defined(__x86_64__)
constexpr std::uint16_t own_machine = EM_X86_64;
constexpr const char* own_machine_name = "amd64";
#elif defined(__aarch64__)
constexpr std::uint16_t own_machine = EM_AARCH64;
constexpr const char* own_machine_name = "arm64";
#else
#error "name this machine here"
#endif

class File {
public:
    explicit File(const std::filesystem::path& path)
        : fd_{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)} {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    [[nodiscard]] bool open() const noexcept { return fd_ >= 0; }
    [[nodiscard]] bool regular() const noexcept {
        struct stat st{};
        return ::fstat(fd_, &st) == 0 && S_ISREG(st.st_mode);
    }
    /// All of `count` octets at `offset`, or false.
    bool read(void* to, std::size_t count, std::uint64_t offset) const {
        auto* at = static_cast<char*>(to);
        while (count > 0) {
            if (offset > INT64_MAX) return false;
            const auto got = ::pread(fd_, at, count, static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return false;
            at += got;
            offset += static_cast<std::uint64_t>(got);
            count -= static_cast<std::size_t>(got);
        }
        return true;
    }

private:
    int fd_;
};

// The note's text: lines of key=value, ended by the first NUL.
std::optional<Note> parse(std::string_view text) {
    Note note;
    bool abi = false;
    text = text.substr(0, text.find('\0'));
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const auto key = line.substr(0, equals);
        const auto value = line.substr(equals + 1);
        if (key == "kind") note.kind = value;
        if (key == "id") note.id = value;
        if (key == "version") note.version = value;
        if (key != "abi") continue;
        const char* end = value.data() + value.size();
        const auto major = std::from_chars(value.data(), end, note.abi_major);
        if (major.ec != std::errc{} || major.ptr == end || *major.ptr != '.') return std::nullopt;
        const auto minor = std::from_chars(major.ptr + 1, end, note.abi_minor);
        if (minor.ec != std::errc{} || minor.ptr != end) return std::nullopt;
        abi = true;
    }
    if (!abi || note.kind.empty() || note.id.empty() || note.version.empty()) return std::nullopt;
    return note;
}

// Appends what the section holds; false if it is malformed.
bool parse_section(std::string_view section, std::vector<Note>& notes) {
    while (section.size() >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr head;
        std::memcpy(&head, section.data(), sizeof head);
        section.remove_prefix(sizeof head);
        const auto padded = [](std::uint32_t size) { return (std::size_t{size} + 3U) & ~std::size_t{3}; };
        const auto name_room = padded(head.n_namesz);
        const auto text_room = padded(head.n_descsz);
        if (section.size() < name_room || section.size() - name_room < text_room) return false;
        if (head.n_type == note_type && section.substr(0, head.n_namesz) == owner) {
            auto note = parse(section.substr(name_room, head.n_descsz));
            if (!note) return false;
            notes.push_back(std::move(*note));
        }
        section.remove_prefix(name_room + text_room);
    }
    return true;
}

}  // namespace

Result<std::vector<Note>, Complaint> read_notes(const std::filesystem::path& path) {
    const auto refuse = [&path](const std::string& why) { return Complaint{path.string() + ": " + why}; };
    const File file{path};
    if (!file.open()) return refuse(std::strerror(errno));
    if (!file.regular()) return refuse("not a regular file");

    Elf64_Ehdr elf;
    if (!file.read(&elf, sizeof elf, 0) || std::memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 ||
        elf.e_type != ET_DYN)
        return refuse("not a shared library");
    if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_ident[EI_DATA] != ELFDATA2LSB ||
        elf.e_machine != own_machine)
        return refuse(std::string("built for another machine, not ") + own_machine_name);
    if (elf.e_shentsize != sizeof(Elf64_Shdr) || elf.e_shnum > section_limit || elf.e_shstrndx >= elf.e_shnum)
        return refuse("its section table cannot be read");

    std::vector<Elf64_Shdr> sections(elf.e_shnum);
    if (!file.read(sections.data(), sections.size() * sizeof(Elf64_Shdr), elf.e_shoff))
        return refuse("its section table cannot be read");

    std::vector<Note> notes;
    const auto names = sections[elf.e_shstrndx].sh_offset;
    for (const auto& section : sections) {
        if (section.sh_type != SHT_NOTE) continue;
        char name[section_name.size() + 1];
        if (!file.read(name, sizeof name, names + section.sh_name)) continue;
        if (std::string_view{name, sizeof name} != std::string_view{section_name.data(), sizeof name}) continue;
        if (section.sh_size > note_section_limit) return refuse("its conductord note is too long");
        std::string text(section.sh_size, '\0');
        if (!file.read(text.data(), text.size(), section.sh_offset) || !parse_section(text, notes))
            return refuse("its conductord note cannot be read");
    }
    if (notes.empty()) return refuse("no conductord note: not a plugin, or stripped of its notes");
    return notes;
}

bool speaks_abi(std::uint32_t major, std::uint32_t minor) noexcept {
    if (major != CONDUCTOR_ABI_MAJOR) return false;
    return CONDUCTOR_ABI_MAJOR == 0 ? minor == CONDUCTOR_ABI_MINOR : minor <= CONDUCTOR_ABI_MINOR;
}

std::string own_abi() {
    return std::to_string(CONDUCTOR_ABI_MAJOR) + "." + std::to_string(CONDUCTOR_ABI_MINOR);
}

std::string abi_of(const Note& note) {
    return std::to_string(note.abi_major) + "." + std::to_string(note.abi_minor);
}

}  // namespace conductor::plugin
