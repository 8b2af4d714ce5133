// A process that does not exist: words, variables and files of a test.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/config/load.hpp"

// Result::value() finds these by the namespace of the error: a test that expected a value fails with its
// reason.
namespace conductor {
[[noreturn]] inline void throw_exception_from_error(const Complaint& error, const boost::source_location&) {
    throw std::runtime_error{error.text};
}
namespace config {
[[noreturn]] inline void throw_exception_from_error(const ValueError& error, const boost::source_location&) {
    throw std::runtime_error{error.reason};
}
}  // namespace config
}  // namespace conductor

namespace conductor::config::test {

class Start {
public:
    /// The nine variables without which nothing starts.
    Start& required() {
        variable("CONSENSUS_ADDR", "127.0.0.1")
            .variable("CONSENSUS_PORT", "0")
            .variable("RAFT_SERVER_ID", "seq-1");
        variable("RAFT_STORAGE_DIR", "/data").variable("NODE_RPC", "http://127.0.0.1:9545");
        variable("EXECUTION_RPC", "http://127.0.0.1:8545").variable("HEALTHCHECK_INTERVAL", "1");
        return variable("HEALTHCHECK_UNSAFE_INTERVAL", "12").variable("HEALTHCHECK_MIN_PEER_COUNT", "1");
    }
    Start& variable(const std::string& name, const std::string& value) {
        around.environment["OP_CONDUCTOR_" + name] = value;
        return *this;
    }
    Start& without(const std::string& name) {
        around.environment.erase("OP_CONDUCTOR_" + name);
        return *this;
    }
    Start& words(std::vector<std::string> more) {
        words_.insert(words_.end(), more.begin(), more.end());
        return *this;
    }
    Start& file(const std::string& path, const std::string& text) {
        files_[path] = text;
        return *this;
    }

    [[nodiscard]] Loaded load() {
        around.version = "1.2.3-test";
        around.files.exists = [this](const std::string& path) { return files_.contains(path); };
        around.files.read = [this](const std::string& path) -> Result<FileText, Complaint> {
            const auto found = files_.find(path);
            if (found == files_.end()) return Complaint{"no such file or directory"};
            return FileText{found->second};
        };
        around.files.list = [this](const std::string& directory) {
            std::vector<std::string> names;
            // Backwards, as no directory promises an order.
            for (auto at = files_.rbegin(); at != files_.rend(); ++at)
                if (at->first.starts_with(directory + "/"))
                    names.push_back(at->first.substr(directory.size() + 1));
            return names;
        };
        return config::load(words_, around);
    }
    /// The start must succeed.
    [[nodiscard]] Settings settings() {
        auto loaded = load();
        if (const auto* exit = std::get_if<Exit>(&loaded.outcome))
            throw std::runtime_error{exit->crit ? exit->crit->fields.at(0).second : exit->output};
        return std::get<Settings>(std::move(loaded.outcome));
    }
    /// The start must fail; the message of its CRIT line.
    [[nodiscard]] std::string refusal() {
        const auto loaded = load();
        const auto* exit = std::get_if<Exit>(&loaded.outcome);
        if (exit == nullptr || !exit->crit) throw std::runtime_error{"the start was not refused"};
        return exit->crit->fields.at(0).second;
    }

    Surroundings around;

private:
    std::vector<std::string> words_;
    std::map<std::string, std::string> files_;
};

inline bool has_line(const Loaded& loaded, const std::string& message, const std::string& value) {
    for (const auto& line : loaded.lines)
        if (line.message == message)
            for (const auto& field : line.fields)
                if (field.second == value) return true;
    return false;
}

}  // namespace conductor::config::test
