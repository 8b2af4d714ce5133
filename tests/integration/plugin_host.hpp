// A daemon with one health check more, out of a directory of good and bad libraries; what it is told of that
// check may change while it runs. Blocking; one thread.
#pragma once

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/integration/sequencing.hpp"

namespace conductor::test {

class PluginHost {
public:
    /// `options` as TOML, without braces.
    PluginHost(const std::string& name, const std::string& id, const std::string& options = {},
               const std::filesystem::path& directory = CONDUCTOR_TEST_PLUGINS, Variables more = {})
        : config_{std::filesystem::temp_directory_path() /
                  ("conductord-" + std::to_string(::getpid()) + "-" + name + ".toml")},
          id_{id},
          directory_{directory},
          host_{name, with_config(std::move(more))} {
        write(options);
    }
    ~PluginHost() {
        std::error_code ignored;
        std::filesystem::remove(config_, ignored);
    }
    PluginHost(const PluginHost&) = delete;
    PluginHost& operator=(const PluginHost&) = delete;

    SequencingHost& operator*() { return host_; }
    SequencingHost* operator->() { return &host_; }

    /// What the file says from now on; `more` are keys of the check and further tables. Options stand in line
    /// 7, or behind the lines of `keys`.
    void write(const std::string& options, const std::string& keys = {}, const std::string& more = {}) {
        std::ofstream{config_} << "[plugins]\ntrust = \"user\"\ndirectories = [\"" << directory_.string()
                               << "\"]\n[[health]]\nname = \"extra\"\nplugin = \"" << id_ << "\"\n"
                               << keys << (options.empty() ? "" : "options = { " + options + " }\n") << more;
    }

    /// Starts it and waits for its end: what it has said.
    std::string refusal(int code) {
        host_.daemon().start();
        CHECK(host_.daemon().process().wait(std::chrono::seconds{15}) == code);
        return host_.daemon().process().output();
    }

private:
    [[nodiscard]] Variables with_config(Variables more) const {
        more["OP_CONDUCTOR_CONFIG"] = config_.string();
        more["CONDUCTOR_TEST_CRASH"] = "1";
        return more;
    }

    std::filesystem::path config_;
    std::string id_;
    std::filesystem::path directory_;
    SequencingHost host_;
};

}  // namespace conductor::test
