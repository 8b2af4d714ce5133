#include "core/daemon/plugin_rebuild.hpp"

#include <utility>

#include "core/runtime/logging.hpp"

namespace conductor::daemon {

void Rebuild::begin(boost::asio::io_context& core, Place place, plugin::OptionValues was,
                    plugin::OptionValues is, Done done, RebuildLimits limits) {
    std::make_shared<Rebuild>(core, std::move(place), std::move(was), std::move(is), std::move(done), limits)
        ->run();
}

Rebuild::Rebuild(boost::asio::io_context& core, Place place, plugin::OptionValues was, plugin::OptionValues is,
                 Done done, RebuildLimits limits)
    : place_{std::move(place)},
      was_{std::move(was)},
      is_{std::move(is)},
      done_{std::move(done)},
      limits_{limits},
      patience_{core} {}

void Rebuild::run() {
    if (place_.seat.out_of_service()) return end("it is out of service until a restart");
    if (place_.seat.descriptor().single) return when_free(&Rebuild::old_goes_first);
    open(is_, &Rebuild::opened_beside);
}

void Rebuild::open(const plugin::OptionValues& options, Opened then) {
    guest_ = &place_.make(options);
    guest_->open(limits_.open,
                 [self = shared_from_this(), then](const Result<void, plugin::CallError>& opened) {
                     if (!self->place_.over()) (*self.*then)(opened ? std::string{} : opened.error().text);
                 });
}

// ---- one beside the other ----------------------------------------------------------------------------------

void Rebuild::opened_beside(std::string failure) {
    if (failure.empty()) return when_free(&Rebuild::exchange);
    close_guest();
    end(std::move(failure));
}

// Between two calls: nothing that is asked of the old one is lost, and nothing is asked of both.
void Rebuild::exchange() {
    place_.seat.swap(*guest_);
    close_guest();
    end({});
}

// ---- never two at once -------------------------------------------------------------------------------------

// What falls due in the gap is skipped, not answered: a reload is no reason for a verdict.
void Rebuild::old_goes_first() {
    if (place_.port != nullptr) place_.port->hold(true);
    place_.seat.close(limits_.stop, [self = shared_from_this()](bool ended) {
        if (!self->place_.over()) self->old_gone(ended);
    });
}

void Rebuild::old_gone(bool ended) {
    if (!ended) return end("the old one did not end, and is not asked any more");
    open(is_, &Rebuild::opened_alone);
}

void Rebuild::opened_alone(std::string failure) {
    if (failure.empty()) {
        take_seat();
        return end({});
    }
    failure_ = std::move(failure);
    close_guest();
    open(was_, &Rebuild::opened_again);
}

void Rebuild::opened_again(std::string failure) {
    if (!failure.empty()) {
        close_guest();
        return end(failure_ + "; nor could the old one be made again: " + failure);
    }
    take_seat();
    end(std::move(failure_));
}

// The seat is empty: whoever sat there has been closed.
void Rebuild::take_seat() {
    place_.seat.swap(*guest_);
    place_.dismiss(*std::exchange(guest_, nullptr));
}

// ---- shared ------------------------------------------------------------------------------------------------

void Rebuild::when_free(Then then) {
    waits_ = true;
    patience_.expires_after(limits_.free);
    patience_.async_wait([self = shared_from_this()](const auto& error) {
        if (error || !std::exchange(self->waits_, false) || self->place_.over()) return;
        if (self->guest_ != nullptr) self->close_guest();
        self->end("its last call still runs");
    });
    look_free(then);
}

void Rebuild::look_free(Then then) {
    place_.seat.when_free([self = shared_from_this(), then] {
        if (!self->waits_ || self->place_.over()) return;
        if (self->place_.seat.busy()) return self->look_free(then);
        self->waits_ = false;
        self->patience_.cancel();
        (*self.*then)();
    });
}

void Rebuild::close_guest() {
    auto& guest = *std::exchange(guest_, nullptr);
    guest.close(limits_.stop, [self = shared_from_this(), &guest](bool ended) {
        if (self->place_.over()) return;
        if (ended) return self->place_.dismiss(guest);
        logging::warn("plugin does not end, and is left behind",
                      {{"plugin", guest.name()}, {"id", guest.descriptor().id}, {"event", "plugin_left"}});
    });
}

void Rebuild::end(std::string why) {
    if (place_.port != nullptr) place_.port->hold(false);
    done_(std::move(why));
}

}  // namespace conductor::daemon
