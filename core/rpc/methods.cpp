#include "core/rpc/methods.hpp"

#include <set>

#include "core/base/check.hpp"
#include "core/rpc/json_text.hpp"

namespace conductor::rpc {

void MethodTable::insert(std::string name, Method method) {
    CONDUCTOR_CHECK(name.find('_') != std::string::npos);
    const bool added = methods_.emplace(std::move(name), std::move(method)).second;
    CONDUCTOR_CHECK(added);
}

const Method* MethodTable::find(std::string_view name) const {
    const auto at = methods_.find(name);
    return at == methods_.end() ? nullptr : &at->second;
}

std::vector<std::string> MethodTable::names() const {
    std::vector<std::string> all;
    for (const auto& entry : methods_) all.push_back(entry.first);
    return all;
}

std::string MethodTable::modules() const {
    std::set<std::string> names{"rpc"};
    for (const auto& [name, method] : methods_) names.insert(name.substr(0, name.find('_')));
    std::string out{"{"};
    for (const auto& name : names) {
        if (out.size() > 1) out += ',';
        out.append(json_string(name)).append(R"(:"1.0")");
    }
    return out + "}";
}

}  // namespace conductor::rpc
