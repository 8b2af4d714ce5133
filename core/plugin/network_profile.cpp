#include "core/plugin/network_profile.hpp"

#include <algorithm>

#include "core/plugin/text.hpp"

namespace conductor::plugin {
namespace {

using ProfileTable = conductor_network_profile;

struct Text {
    std::string name;
    BoundedText text{profile_bound};
};

CallError too_long() {
    return {Fate::finished, CONDUCTOR_TRUNCATED, "the answer is above 256 KiB"};
}

}  // namespace

void NetworkProfile::list(Instance::Limit limit, Done<std::vector<std::string>> done) {
    instance_.call<ProfileTable, Text>(
        "list", limit, std::make_shared<Text>(),
        [](const ProfileTable& table, void* self, const conductor_call& call, Text& out) {
            return table.list(self, &call, out.text.sink());
        },
        [done = std::move(done)](const Text& out, conductor_status, const CallError* error) {
            if (error != nullptr) return done(*error);
            if (out.text.cut()) return done(too_long());
            std::vector<std::string> names;
            std::string_view rest = out.text.text();
            while (!rest.empty()) {
                const auto line = rest.substr(0, rest.find('\n'));
                if (!line.empty()) names.push_back(mended(line));
                rest.remove_prefix(std::min(rest.size(), line.size() + 1));
            }
            done(std::move(names));
        });
}

void NetworkProfile::resolve(std::string name, Instance::Limit limit, Done<std::optional<std::string>> done) {
    auto value = std::make_shared<Text>();
    value->name = std::move(name);
    instance_.call<ProfileTable, Text>(
        "resolve", limit, std::move(value),
        [](const ProfileTable& table, void* self, const conductor_call& call, Text& out) {
            return table.resolve(self, &call, as_slice(out.name), out.text.sink());
        },
        [done = std::move(done)](Text& out, conductor_status, const CallError* error) {
            if (error != nullptr) {
                const bool not_mine = error->fate == Fate::finished && error->status == CONDUCTOR_NOT_FOUND;
                if (not_mine) return done(std::optional<std::string>{});
                return done(*error);
            }
            if (out.text.cut()) return done(too_long());
            done(std::optional<std::string>{out.text.take()});
        });
}

}  // namespace conductor::plugin
