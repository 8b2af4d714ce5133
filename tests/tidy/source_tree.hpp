// The sources of this checkout, as the tidiness tests see them.
#pragma once

#include <string>
#include <vector>

namespace conductor::tidy {

struct SourceFile {
    std::string path;  ///< relative to the root, with '/'
    std::vector<std::string> lines;
};

/// All .cpp, .hpp, .h and .c files under `folders`, in path order.
[[nodiscard]] std::vector<SourceFile> sources_under(const std::vector<std::string>& folders);

/// Paths that the line's #include names, without quotes or brackets; empty if it is none.
[[nodiscard]] std::string included_by(const std::string& line);

}  // namespace conductor::tidy
