// A provider of network profiles at work.
#pragma once

#include "core/plugin/network_profile.hpp"
#include "tests/unit/plugin/world.hpp"

namespace conductor::plugin::test {

class Providing {
public:
    Providing(const std::string& library, const std::string& id, std::vector<RawOption> options = {})
        : instance_{world_.make(library, id, std::move(options))} {
        REQUIRE(world_.open(*instance_));
    }
    ~Providing() { world_.close(*instance_); }
    Providing(const Providing&) = delete;
    Providing& operator=(const Providing&) = delete;

    std::vector<std::string> list() {
        const auto names =
            *wait<std::vector<std::string>>([&](auto done) { NetworkProfile{*instance_}.list(5s, done); });
        if (!names) FAIL(names.error().text);
        return *names;
    }
    Result<std::optional<std::string>, CallError> asked(const std::string& name) {
        return *wait<std::optional<std::string>>(
            [&](auto done) { NetworkProfile{*instance_}.resolve(name, 5s, done); });
    }
    std::optional<std::string> resolve(const std::string& name) {
        const auto answer = asked(name);
        if (!answer) FAIL(answer.error().text);
        return *answer;
    }

private:
    template <class T>
    std::optional<Result<T, CallError>> wait(const std::function<void(NetworkProfile::Done<T>)>& ask) {
        std::optional<Result<T, CallError>> got;
        ask([&](Result<T, CallError> result) { got = std::move(result); });
        REQUIRE(world_.core.run_until([&] { return got.has_value(); }));
        return got;
    }

    World world_;
    std::unique_ptr<Instance> instance_;
};

}  // namespace conductor::plugin::test
