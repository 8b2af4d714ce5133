// Words, variables and a file, from one text: lines `-…` are words, lines `OP_CONDUCTOR…=` variables, the rest
// is the TOML file. Ends in settings or in an exit that says why; never anything else.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/check.hpp"
#include "core/config/load.hpp"

using namespace conductor;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text{reinterpret_cast<const char*>(data), size};
    std::vector<std::string> words{"--config=/c.toml"};
    config::Surroundings around;
    around.version = "v0";
    std::string file;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const auto equals = line.find('=');
        if (line.starts_with("-")) {
            words.emplace_back(line);
        } else if (line.starts_with("OP_CONDUCTOR") && equals != std::string_view::npos) {
            around.environment[std::string{line.substr(0, equals)}] = line.substr(equals + 1);
        } else {
            file.append(line).push_back('\n');
        }
    }
    around.files.read = [&](const std::string& path) -> Result<config::FileText, Complaint> {
        if (path == "/c.toml") return config::FileText{file};
        return Complaint{"no such file or directory"};
    };
    around.files.exists = [](const std::string& path) { return path == "/c.toml"; };
    around.files.list = [](const std::string&) { return std::vector<std::string>{}; };

    const auto loaded = config::load(words, around);
    if (const auto* exit = std::get_if<config::Exit>(&loaded.outcome)) {
        CONDUCTOR_CHECK(exit->code == 0 || exit->code == 1);
        CONDUCTOR_CHECK(!exit->output.empty() || exit->crit.has_value());
    }
    return 0;
}
