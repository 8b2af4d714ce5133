#include "core/config/dump.hpp"

#include "core/base/go_text.hpp"
#include "core/base/masked_url.hpp"

namespace conductor::config {
namespace {

class Object {
public:
    explicit Object(std::string& out) : out_{out} { out_ += '{'; }
    ~Object() { out_ += '}'; }
    Object(const Object&) = delete;
    Object& operator=(const Object&) = delete;

    std::string& key(std::string_view name) {
        if (!first_) out_ += ',';
        first_ = false;
        json_quote(out_, name);
        return out_ += ':';
    }
    void text(std::string_view name, std::string_view value) { json_quote(key(name), value); }

private:
    std::string& out_;
    bool first_{true};
};

template <class Items, class Write>
void array(std::string& out, const Items& items, Write write) {
    out += '[';
    bool first = true;
    for (const auto& item : items) {
        if (!first) out += ',';
        first = false;
        Object object{out};
        write(object, item);
    }
    out += ']';
}

void write_instance(Object& object, const PluginInstance& instance) {
    object.text("name", instance.name);
    object.text("plugin", instance.plugin);
    object.text("role", instance.role);
}

}  // namespace

std::string effective_json(const Resolved& values, const FileContents& file,
                           const std::vector<PeerRpc>& peers) {
    std::string out;
    Object all{out};
    {
        Object options_object{all.key("options")};
        for (const auto& option : options()) {
            if (!option.alias_of.empty()) continue;
            Object entry{options_object.key(option.name)};
            entry.text("value", masked_urls(write_value(option, values.value(option.name))));
            entry.text("from", source_name(values.source(option.name)));
        }
    }
    array(all.key("peers"), peers, [](Object& object, const PeerRpc& peer) {
        object.text("id", peer.id);
        object.text("url", masked_url(peer.url));
        object.text("ca", peer.ca);
        object.text("token_file", peer.token_file);
    });
    array(all.key("health"), file.health, write_instance);
    if (file.driver) {
        Object object{all.key("driver")};
        write_instance(object, *file.driver);
    }
    if (file.transfer) {
        Object object{all.key("transfer")};
        write_instance(object, *file.transfer);
    }
    array(all.key("endpoints"), file.endpoints, [](Object& object, const Endpoint& endpoint) {
        object.text("name", endpoint.name);
        object.text("url", masked_url(endpoint.url));
    });
    return out;
}

}  // namespace conductor::config
