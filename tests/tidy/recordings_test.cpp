// The page of recordings: what it says is kept is kept, and run by the test that it names.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "tests/support/checkout.hpp"

namespace fs = std::filesystem;

namespace {

struct Row {
    std::vector<std::string> recordings, kept;
    std::string test;
};

std::vector<std::string> split(const std::string& text, const std::string& by) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at <= text.size();) {
        const auto end = std::min(text.find(by, at), text.size());
        out.push_back(text.substr(at, end - at));
        at = end + by.size();
    }
    return out;
}

std::vector<Row> rows_of_page() {
    std::ifstream in{conductor::checkout::test_data() + "/recordings.md"};
    REQUIRE(in.good());
    std::vector<Row> out;
    for (std::string line; std::getline(in, line);) {
        std::erase(line, '\\');  // Markdown's, before a star
        const auto cells = split(line, " | ");
        if (!line.starts_with("| ") || cells.size() != 3 || line.starts_with("| Recording")) continue;
        Row row{split(cells[0].substr(2), ", "), {}, cells[2].substr(0, cells[2].size() - 2)};
        if (cells[1] != "–") row.kept = split(cells[1], ", ");
        out.push_back(row);
    }
    return out;
}

// `pattern` may hold stars.
bool covers(std::string_view pattern, std::string_view name) {
    if (pattern.empty()) return name.empty();
    if (pattern.front() != '*')
        return !name.empty() && pattern.front() == name.front() && covers(pattern.substr(1), name.substr(1));
    for (std::size_t at = 0; at <= name.size(); ++at)
        if (covers(pattern.substr(1), name.substr(at))) return true;
    return false;
}

std::string content_of(const fs::path& path) {
    std::ifstream in{path};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// A test names the file, the files of its folder, or the flavours and what they have in common.
bool names(const std::string& test, const fs::path& kept) {
    const auto text = content_of(fs::path{conductor::checkout::sources()} / test);
    const auto holds = [&](const std::string& part) { return text.find(part) != std::string::npos; };
    auto stem = kept.filename().string();
    stem.resize(std::min(stem.find('.'), stem.size()));
    if (holds(stem) || holds("\"/" + kept.parent_path().string() + "\"")) return true;
    for (const std::string flavour : {"okx", "base"}) {
        if (!holds('"' + flavour + '"')) continue;
        if (stem.starts_with(flavour + "-") && holds(stem.substr(flavour.size()))) return true;
        if (stem.ends_with("-" + flavour) && holds(stem.substr(0, stem.size() - flavour.size()))) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("each recording that is kept is run by the test that the page of recordings names",
          "[tidy][recordings]") {
    const fs::path data{conductor::checkout::test_data()};
    std::set<std::string> kept;
    for (const auto& row : rows_of_page()) {
        CAPTURE(row.recordings.front());
        CHECK(row.test.size() > 10);
        const auto test = row.test.substr(0, row.test.find_first_of(",:; "));
        for (const auto& file : row.kept) {
            CAPTURE(file, test);
            kept.insert(file);
            CHECK(fs::exists(data / file));
            CHECK(fs::exists(fs::path{conductor::checkout::sources()} / test));
            CHECK(names(test, file));
        }
    }
    CHECK(kept.size() > 40);
    for (const std::string folder : {"config", "engine", "logging", "metrics", "rpc"})
        for (const auto& entry : fs::directory_iterator{data / folder}) {
            const auto name = folder + "/" + entry.path().filename().string();
            CAPTURE(name);
            CHECK((name.ends_with("/README.md") || kept.contains(name)));
        }
}

TEST_CASE("each recording has its row, where the recordings are at hand", "[tidy][recordings]") {
    const auto* const at = std::getenv("CONDUCTOR_RECORDINGS");
    if (at == nullptr) return;
    const auto rows = rows_of_page();
    std::size_t files = 0;
    for (const std::string folder : {"engine", "logs", "metrics", "rpc"})
        for (const auto& entry : fs::directory_iterator{fs::path{at} / folder}) {
            const auto name = folder + "/" + entry.path().filename().string();
            CAPTURE(name);
            ++files;
            CHECK(std::ranges::any_of(rows, [&](const Row& row) {
                return std::ranges::any_of(row.recordings,
                                           [&](const std::string& pattern) { return covers(pattern, name); });
            }));
        }
    CHECK(files > 100);
}
