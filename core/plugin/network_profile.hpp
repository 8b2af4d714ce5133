// The host of a provider of network profiles. Core thread; calls back through Post.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/plugin/instance.hpp"

namespace conductor::plugin {

class NetworkProfile {
public:
    template <class T>
    using Done = std::function<void(Result<T, CallError>)>;

    explicit NetworkProfile(Instance& instance) : instance_{instance} {}

    /// Names of all networks it knows, aliases included.
    void list(Instance::Limit limit, Done<std::vector<std::string>> done);
    /// The text of the profile; nothing: not its network, ask the next provider.
    void resolve(std::string name, Instance::Limit limit, Done<std::optional<std::string>> done);

private:
    Instance& instance_;
};

}  // namespace conductor::plugin
