#include "core/plugin/instance.hpp"

#include <exception>
#include <mutex>
#include <utility>
#include <vector>

#include "core/base/check.hpp"
#include "core/plugin/text.hpp"

namespace conductor::plugin {
namespace {

void say(const conductor_call& call, std::string_view why) {
    (void)call.error.append(call.error.self, as_slice(why));
}

// Everything that is called without a further look must be there. What ends beyond `size` was never written.
bool whole(std::string_view kind, const void* table) {
    if (table == nullptr) return false;
    if (kind == CONDUCTOR_HEALTH_CHECK) {
        const auto* t = static_cast<const conductor_health_check*>(table);
        return CONDUCTOR_HAS(conductor_health_check, t, judge) && t->judge != nullptr;
    }
    if (kind == CONDUCTOR_SEQUENCER_DRIVER) {
        const auto* t = static_cast<const conductor_sequencer_driver*>(table);
        return CONDUCTOR_HAS(conductor_sequencer_driver, t, post_payload) && t->start_sequencer != nullptr &&
               t->stop_sequencer != nullptr && t->active != nullptr && t->conductor_enabled != nullptr &&
               t->unsafe_head != nullptr && t->block_at != nullptr && t->post_payload != nullptr;
    }
    if (kind == CONDUCTOR_NETWORK_PROFILE) {
        const auto* t = static_cast<const conductor_network_profile*>(table);
        return CONDUCTOR_HAS(conductor_network_profile, t, resolve) && t->list != nullptr &&
               t->resolve != nullptr;
    }
    if (kind == CONDUCTOR_LEADER_TRANSFER) {
        const auto* t = static_cast<const conductor_leader_transfer*>(table);
        return CONDUCTOR_HAS(conductor_leader_transfer, t, rank) && t->rank != nullptr;
    }
    return false;
}

void destroy(Instance::Life& life) {
    life.table = nullptr;
    const auto* instance = std::exchange(life.instance, nullptr);
    if (instance != nullptr) instance->destroy(instance->self);
}

// Left for good, and written down: a search for leaks is to find only what nobody meant to keep.
void leave_behind(const conductor_plugin* instance, const HostServices* services) noexcept {
    static auto& mutex = *new std::mutex;
    static auto& all = *new std::vector<std::pair<const conductor_plugin*, const HostServices*>>;
    try {
        const std::scoped_lock lock{mutex};
        all.emplace_back(instance, services);
    } catch (const std::exception&) {
        return;  // without memory for the note they stay all the same
    }
}

conductor_status create_and_start(Instance::Life& life, const conductor_call& call) {
    const auto& descriptor = *life.plugin.descriptor;
    const conductor_plugin* made = nullptr;
    const auto status =
        life.plugin.library->entry->create(descriptor.id.c_str(), life.services.get(), &call, &made);
    if (status < 0) return status;
    if (made == nullptr || !CONDUCTOR_HAS(conductor_plugin, made, extension) || made->destroy == nullptr ||
        made->start == nullptr || made->stop == nullptr || made->extension == nullptr) {
        say(call, "create gave a table that is empty or too short");
        return CONDUCTOR_INTERNAL;  // whether it can be destroyed is not known either
    }
    life.instance = made;
    const auto* table = made->extension(made->self, descriptor.kind.c_str());
    if (!whole(descriptor.kind, table)) {
        say(call, "its table of " + descriptor.kind + " is missing, too short or has empty members");
        destroy(life);
        return CONDUCTOR_INTERNAL;
    }
    const auto started = made->start(made->self, &call);
    if (started < 0) {
        made->stop(made->self,
                   &call);  // it may have begun a part of it: nothing is destroyed that was not stopped
        destroy(life);
        return started;
    }
    life.table = table;
    return CONDUCTOR_OK;
}

}  // namespace

conductor_status known_status(conductor_status status) noexcept {
    if (status < CONDUCTOR_NOT_FOUND) return CONDUCTOR_INTERNAL;
    return status > CONDUCTOR_ALREADY ? CONDUCTOR_OK : status;
}

const char* status_name(conductor_status status) noexcept {
    switch (status) {
        case CONDUCTOR_OK:
            return "ok";
        case CONDUCTOR_ALREADY:
            return "already";
        case CONDUCTOR_BAD_CONFIG:
            return "bad configuration";
        case CONDUCTOR_UNSUPPORTED:
            return "unsupported";
        case CONDUCTOR_TIMED_OUT:
            return "timed out";
        case CONDUCTOR_CANCELLED:
            return "cancelled";
        case CONDUCTOR_UNREACHABLE:
            return "unreachable";
        case CONDUCTOR_REMOTE_ERROR:
            return "remote error";
        case CONDUCTOR_TRUNCATED:
            return "answer cut";
        case CONDUCTOR_REFUSED:
            return "refused";
        case CONDUCTOR_NOT_FOUND:
            return "not found";
        default:
            return "internal error";
    }
}

Instance::Life::~Life() {
    // Never destroyed: threads of the plugin may be running, and they were promised these services.
    if (instance != nullptr) leave_behind(instance, services.release());
}

Instance::Instance(InstanceSpec spec, Ports ports, std::shared_ptr<Watch> watch, Post post, LaneLimits limits)
    : life_{std::make_shared<Life>()},
      lane_{std::make_unique<Lane>(std::move(watch), std::move(post),
                                   CrashLabel{spec.name, spec.plugin.descriptor->id,
                                              spec.plugin.library->path.string(), spec.plugin.bundled},
                                   limits)} {
    life_->services = std::make_unique<HostServices>(std::move(spec.name), *spec.plugin.descriptor,
                                                     std::move(spec.options), std::move(ports));
    life_->plugin = spec.plugin;
}

Instance::~Instance() = default;

void Instance::open(Limit limit, std::function<void(Result<void, CallError>)> done) {
    submit("create", limit, &create_and_start,
           [done = std::move(done)](conductor_status, const CallError* error) {
               if (error != nullptr) return done(*error);
               done({});
           });
}

void Instance::close(Limit limit, std::function<void(bool)> done) {
    life_->services->begin_stop();
    auto stop = [](Life& life, const conductor_call& call) -> conductor_status {
        if (life.instance == nullptr) return CONDUCTOR_OK;
        life.instance->stop(life.instance->self, &call);
        destroy(life);
        return CONDUCTOR_OK;
    };
    auto stopped = [done = std::move(done)](conductor_status, const CallError* error) {
        done(error == nullptr);
    };
    lane_->finish(std::make_shared<CallJob<decltype(stop), decltype(stopped)>>("stop", limit, life_, stop,
                                                                               std::move(stopped)));
}

void Instance::swap(Instance& other) noexcept {
    CONDUCTOR_CHECK(name() == other.name());
    std::swap(life_, other.life_);
    std::swap(lane_, other.lane_);
}

}  // namespace conductor::plugin
