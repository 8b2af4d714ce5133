// What a surface does wrong on demand, method by method. Pure; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

namespace conductor::simnode {

struct Fault {
    enum class Kind : std::uint8_t {
        hang,      ///< waits `delay`
        error,     ///< answers `code` and `text`
        nonsense,  ///< answers `text` with HTTP status `code`
    };
    Kind kind{Kind::hang};
    std::string method;  ///< `*`: every one
    std::chrono::milliseconds delay{0};
    int code{0};
    std::string text;
    bool takes_effect{false};  ///< the call is obeyed first, only its answer suffers
    std::uint64_t times{0};    ///< 0: until cleared
};

class Faults {
public:
    /// Replaces the one of the same method.
    void set(Fault fault) {
        clear(fault.method);
        faults_.push_back(std::move(fault));
    }
    void clear(const std::string& method) {
        faults_.remove_if([&](const Fault& fault) { return fault.method == method; });
    }
    void clear_all() { faults_.clear(); }

    /// The fault that a request with these methods meets; counts it.
    [[nodiscard]] std::optional<Fault> meet(const std::vector<std::string>& methods) {
        for (auto it = faults_.begin(); it != faults_.end(); ++it) {
            bool hit = false;
            for (const auto& method : methods) hit = hit || it->method == "*" || it->method == method;
            if (!hit) continue;
            const auto fault = *it;
            if (it->times > 0 && --it->times == 0) faults_.erase(it);
            return fault;
        }
        return std::nullopt;
    }

private:
    std::list<Fault> faults_;
};

}  // namespace conductor::simnode
