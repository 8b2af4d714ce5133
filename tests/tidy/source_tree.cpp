#include "tests/tidy/source_tree.hpp"
#include "tests/support/checkout.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

namespace conductor::tidy {

std::vector<SourceFile> sources_under(const std::vector<std::string>& folders) {
    namespace fs = std::filesystem;
    const std::set<std::string> endings{".cpp", ".hpp", ".h", ".c"};
    const fs::path root{conductor::checkout::sources()};

    std::vector<SourceFile> found;
    for (const auto& folder : folders) {
        if (!fs::exists(root / folder)) continue;
        for (const auto& item : fs::recursive_directory_iterator{root / folder}) {
            if (!item.is_regular_file() || !endings.contains(item.path().extension().string())) continue;
            SourceFile file{fs::relative(item.path(), root).generic_string(), {}};
            std::ifstream in{item.path()};
            for (std::string line; std::getline(in, line);) file.lines.push_back(line);
            found.push_back(std::move(file));
        }
    }
    std::ranges::sort(found, {}, &SourceFile::path);
    return found;
}

std::string included_by(const std::string& line) {
    if (!line.starts_with("#include ") || line.size() < 12) return {};
    const auto end = line.find_first_of("\">", 10);
    return end == std::string::npos ? std::string{} : line.substr(10, end - 10);
}

}  // namespace conductor::tidy
