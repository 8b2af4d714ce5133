// Who a plugin library says it is, read with plain file I/O before anything of it is mapped: mapping runs code.
// One ELF note (section .note.conductord, owner conductord, type 1) for each plugin in the library. Any thread;
// blocks on the disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "core/base/result.hpp"

namespace conductor::plugin {

struct Note {
    std::uint32_t abi_major{0};
    std::uint32_t abi_minor{0};
    std::string kind;
    std::string id;
    std::string version;
    friend bool operator==(const Note&, const Note&) = default;
};

/// All notes of the file, in its order; at least one.
///   errors  not there, not an ELF library for this machine, no note, a note that cannot be read: each a
///   sentence
///           that begins with the path
[[nodiscard]] Result<std::vector<Note>, Complaint> read_notes(const std::filesystem::path& file);

/// Whether this host takes that ABI: 0.x exactly, from 1.0 on the same major and no younger minor.
[[nodiscard]] bool speaks_abi(std::uint32_t major, std::uint32_t minor) noexcept;
/// `0.1`, as a message says it.
[[nodiscard]] std::string own_abi();
[[nodiscard]] std::string abi_of(const Note& note);

}  // namespace conductor::plugin
