// Who could have written a library: code that a stranger could have written is not loaded. Looks at owners and
// modes only; every refusal names the path, the rule, and the command that mends it. Any thread; blocks on the
// disk.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "core/base/result.hpp"

namespace conductor::plugin {

enum class Trust : std::uint8_t {
    root,  ///< the file and every directory above it belong to root and only root may write there
    user,  ///< also our own user, and sticky directories; for development and tests
};

/// For a library that did not come with the program. Every symbolic link on the way to it, also one in the
/// middle, is judged with the directories that hold it.
[[nodiscard]] Result<void, Complaint> check_trust(const std::filesystem::path& file, Trust trust);

/// For a library beside the program: it is trusted as the program is. Whoever may replace it, by owner or mode,
/// must be able to replace `executable` too; what lies above both adds nothing.
[[nodiscard]] Result<void, Complaint> check_bundled(const std::filesystem::path& file,
                                                    const std::filesystem::path& executable);

/// `sha256`: 64 hex digits, either case.
[[nodiscard]] Result<void, Complaint> check_sha256(const std::filesystem::path& file, std::string_view sha256);

}  // namespace conductor::plugin
