// One plugin at work: created, started, called and stopped on its lane, under one name of the configuration.
// The core thread asks and is called back; nothing here waits. What an abandoned call may still touch lives as
// long as that call. The four kinds put their questions through call(); nobody else does.
#pragma once

#include <conductor/services.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.hpp"
#include "core/plugin/lane.hpp"
#include "core/plugin/options.hpp"
#include "core/plugin/ports.hpp"
#include "core/plugin/registry.hpp"
#include "core/plugin/services.hpp"

namespace conductor::plugin {

/// Why a call brought no answer.
struct CallError {
    Fate fate{Fate::finished};  ///< finished: the plugin itself said `status`
    conductor_status status{CONDUCTOR_INTERNAL};
    std::string text;  ///< for a person: mended, without secrets
};

/// A status as this host understands it: an unknown failure is INTERNAL, an unknown success OK.
[[nodiscard]] conductor_status known_status(conductor_status status) noexcept;
[[nodiscard]] const char* status_name(conductor_status status) noexcept;

struct InstanceSpec {
    std::string name;
    Admitted plugin;
    OptionValues options;
};

class Instance {
public:
    using Limit = std::chrono::nanoseconds;

    Instance(InstanceSpec spec, Ports ports, std::shared_ptr<Watch> watch, Post post, LaneLimits limits = {});
    /// Without close() the plugin is neither stopped nor destroyed: what its threads may use is left to them.
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    /// Creates and starts the plugin. Once.
    ///   errors  what the plugin said, or what is wrong with its tables; it is destroyed then
    void open(Limit limit, std::function<void(Result<void, CallError>)> done);
    /// Cancels the call in flight, then stops and destroys the plugin; comes back in any case, with whether it
    /// has ended. A call that never comes back leaves it as it is. Nothing is begun after this.
    void close(Limit limit, std::function<void(bool ended)> done);
    /// Ends the call in flight as its deadline would.
    void cancel() { lane_->cancel(); }
    /// As Lane::when_free.
    void when_free(std::function<void()> free) { lane_->when_free(std::move(free)); }
    /// Each is at work under the handle of the other: who holds a reference meets the other plugin from his
    /// next call on. Of the same name.
    void swap(Instance& other) noexcept;

    [[nodiscard]] const std::string& name() const noexcept { return life_->services->name(); }
    [[nodiscard]] const Descriptor& descriptor() const noexcept { return life_->services->descriptor(); }
    [[nodiscard]] const Library* library() const noexcept { return life_->plugin.library; }
    [[nodiscard]] const std::vector<std::string>& secrets() const noexcept {
        return life_->services->secrets();
    }
    [[nodiscard]] bool busy() const { return lane_->busy(); }
    [[nodiscard]] bool out_of_service() const { return lane_->out_of_service(); }
    [[nodiscard]] std::uint64_t abandoned() const { return lane_->abandoned(); }

    /// What the worker sees of the instance.
    struct Life {
        std::unique_ptr<HostServices> services;
        Admitted plugin;
        const conductor_plugin* instance{nullptr};  ///< null before create and after destroy
        const void* table{nullptr};                 ///< of its kind
        ~Life();
    };

    /// `work(table, self, call, value)` runs on the worker; `done(value, error)` through Post, with `error`
    /// null if the call was answered in time with a status of success, which `value` then goes with. Both only
    /// borrow.
    template <class Table, class Value>
    void call(const char* what, Limit limit, std::shared_ptr<Value> value,
              std::function<conductor_status(const Table&, void*, const conductor_call&, Value&)> work,
              std::function<void(Value&, conductor_status, const CallError*)> done);

private:
    template <class Work, class Done>
    class CallJob;
    template <class Work, class Done>
    void submit(const char* what, Limit limit, Work work, Done done);

    std::shared_ptr<Life> life_;
    std::unique_ptr<Lane> lane_;
};

template <class Work, class Done>
class Instance::CallJob final : public Job {
public:
    CallJob(const char* name, Limit limit, std::shared_ptr<Life> life, Work work, Done done)
        : Job{limit, name}, life_{std::move(life)}, work_{std::move(work)}, done_{std::move(done)} {}

    void run() override {
        try {
            status_ = known_status(work_(*life_, static_cast<const conductor_call&>(frame)));
        } catch (...) {
            // The contract forbids it; a foreign plugin may do it all the same.
            status_ = CONDUCTOR_INTERNAL;
            threw_ = true;
        }
    }
    void deliver(Fate fate) override {
        if (fate == Fate::finished && status_ >= 0) return done_(status_, nullptr);
        CallError error{fate, CONDUCTOR_TIMED_OUT, to_text(fate)};
        if (fate == Fate::finished) {
            error.status = status_;
            error.text = threw_ ? "an exception left the plugin"
                                : mended(frame.error_text(), life_->services->secrets());
            if (error.text.empty()) error.text = std::string{"failed: "} + status_name(status_);
        }
        done_(error.status, &error);
    }

private:
    std::shared_ptr<Life> life_;
    Work work_;
    Done done_;
    conductor_status status_{CONDUCTOR_INTERNAL};
    bool threw_{false};
};

template <class Work, class Done>
void Instance::submit(const char* what, Limit limit, Work work, Done done) {
    lane_->submit(std::make_shared<CallJob<Work, Done>>(what, limit, life_, std::move(work), std::move(done)));
}

template <class Table, class Value>
void Instance::call(const char* what, Limit limit, std::shared_ptr<Value> value,
                    std::function<conductor_status(const Table&, void*, const conductor_call&, Value&)> work,
                    std::function<void(Value&, conductor_status, const CallError*)> done) {
    submit(
        what, limit,
        [value, work = std::move(work)](Life& life, const conductor_call& call) -> conductor_status {
            if (life.table == nullptr) return CONDUCTOR_INTERNAL;
            return work(*static_cast<const Table*>(life.table), life.instance->self, call, *value);
        },
        [value, done = std::move(done)](conductor_status status, const CallError* error) {
            done(*value, status, error);
        });
}

}  // namespace conductor::plugin
