#include "core/daemon/plugin_house.hpp"

#include <conductor/plugin.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <filesystem>
#include <utility>

#include "core/daemon/plugin_log.hpp"
#include "core/plugin/crash.hpp"
#include "core/plugin/process_guard.hpp"
#include "core/plugin/served_metrics.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

using namespace std::chrono_literals;

namespace {

constexpr auto open_limit = 5s;
constexpr std::size_t left_behind_limit = 8;  // each holds a thread
constexpr auto close_limit = 2s;              // twice, one after the other: 5 s in all are promised

std::filesystem::path mark_file(const config::Settings& settings) {
    return std::filesystem::path{settings.raft.storage_dir} / "plugin-crashes";
}

/// Without a place for the marks crashes are named, but not counted.
void watch_for_crashes(const std::filesystem::path& marks) {
    std::error_code ignored;
    std::filesystem::create_directories(marks.parent_path(), ignored);
    if (plugin::install_crash_handler(marks)) return;
    logging::warn("crashes of plugins cannot be counted", {{"file", marks.string()}});
    (void)plugin::install_crash_handler({});
}

std::int64_t unix_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

/// Calls `done` once `count` have answered, with whether all of them said yes.
std::function<void(bool)> after(std::size_t count, std::function<void(bool)> done) {
    struct Waiting {
        std::size_t left;
        bool all{true};
    };
    auto waiting = std::make_shared<Waiting>(Waiting{count});
    return [waiting, done = std::move(done)](bool good) {
        waiting->all = waiting->all && good;
        if (--waiting->left == 0) done(waiting->all);
    };
}

}  // namespace

PluginHouse::PluginHouse(boost::asio::io_context& core, plugin::Ports ports, PluginOrder order)
    : core_{core},
      ports_{std::move(ports)},
      watch_{std::make_shared<plugin::Watch>()},
      order_{std::move(order)} {}

PluginHouse::~PluginHouse() = default;

Result<std::unique_ptr<PluginHouse>, Problems> PluginHouse::furnish(boost::asio::io_context& core,
                                                                    const config::Settings& settings,
                                                                    std::shared_ptr<metrics::Metrics> metrics,
                                                                    Purpose purpose) {
    const auto marks = mark_file(settings);
    if (purpose == Purpose::start) {
        watch_for_crashes(marks);
        plugin::arm_process_guard([](const std::string& line) {
            logging::error("plugin meddles with the process", {{"err", line}, {"event", "plugin_meddles"}});
        });
    } else {
        (void)plugin::install_crash_handler({});
    }
    if (settings.plugins.trust == config::PluginTrust::user)
        logging::warn("plugins of this user are trusted: for development and tests only",
                      {{"option", "plugins.trust"}});
    auto order = order_of(settings, plugin::CrashMarks::read(marks, unix_seconds()));
    if (!order) return order.error();
    auto http = plugin::BlockingHttp::make(order->endpoints);
    if (!http) return Problems{http.error().text};

    const auto gauges =
        std::make_shared<NodeGauges>(std::make_shared<plugin::ServedMetrics>(std::move(metrics)));
    plugin::Ports ports{std::make_shared<PluginLines>(), gauges, std::make_shared<plugin::SystemClock>(),
                        *http};
    std::unique_ptr<PluginHouse> house{new PluginHouse{core, std::move(ports), std::move(*order)}};
    house->gauges_ = gauges;
    house->http_ = std::move(*http);
    // Checks come first: seat and plan of a check have the same place.
    for (auto& check : house->order_.checks) {
        const auto& wanted = check.wish.instance;
        house->plans_.push_back(plan_of(wanted, check.admitted, settings.health));
        if (check.admitted.bundled) gauges->know(wanted.name, check.admitted.descriptor->id);
        house->checks_.push_back(std::make_unique<HealthPort>(house->sit(check)));
    }
    house->driver_ = &house->sit(*house->order_.driver);
    if (house->order_.transfer) house->transfer_.emplace(house->sit(*house->order_.transfer));
    return house;
}

plugin::Instance& PluginHouse::sit(Furniture& furniture) {
    seats_.push_back({&furniture, make(furniture, furniture.options), {}});
    return *seats_.back().instance;
}

std::unique_ptr<plugin::Instance> PluginHouse::make(const Furniture& furniture,
                                                    const plugin::OptionValues& options) const {
    plugin::InstanceSpec spec{furniture.wish.instance.name, furniture.admitted, options};
    return std::make_unique<plugin::Instance>(
        std::move(spec), ports_, watch_,
        [core = &core_](std::function<void()> work) { boost::asio::post(*core, std::move(work)); });
}

void PluginHouse::open(std::function<void(Problems)> done) {
    const auto problems = std::make_shared<Problems>();
    const auto opened =
        after(seats_.size(), [problems, done = std::move(done)](bool) { done(std::move(*problems)); });
    for (const auto& seat : seats_) {
        auto* one = seat.instance.get();
        one->open(open_limit, [problems, opened, one](const Result<void, plugin::CallError>& result) {
            if (!result)
                problems->push_back("plugin \"" + one->name() + "\" (" + one->descriptor().id +
                                    "): " + result.error().text);
            if (result)
                logging::debug("plugin opened", {{"plugin", one->name()},
                                                 {"id", one->descriptor().id},
                                                 {"version", one->descriptor().version}});
            opened(result.has_value());
        });
    }
}

void PluginHouse::close(std::function<void(bool)> done) {
    closing_ = true;
    const auto close_one = [](plugin::Instance& one, std::function<void(bool)> closed) {
        one.close(close_limit, [&one, closed = std::move(closed)](bool ended) {
            if (!ended)
                logging::warn("plugin does not end, leaving without it",
                              {{"plugin", one.name()}, {"id", one.descriptor().id}, {"event", "plugin_left"}});
            closed(ended);
        });
    };
    const auto driver = [this, close_one, done = std::move(done)](bool others) {
        close_one(*driver_, [others, done](bool ended) { done(others && ended); });
    };
    std::vector<plugin::Instance*> first;
    for (const auto& seat : seats_)
        if (seat.instance.get() != driver_) first.push_back(seat.instance.get());
    for (const auto& guest : guests_) first.push_back(guest.get());
    if (first.empty()) return driver(true);
    const auto closed = after(first.size(), driver);
    for (auto* one : first) close_one(*one, closed);
}

// ---- reload ------------------------------------------------------------------------------------------------

struct PluginHouse::Round {
    Round(std::function<void(control::ReloadReport)> whom, std::size_t behind)
        : left_behind{behind}, done{std::move(whom)} {}
    Round(const Round&) = delete;
    Round& operator=(const Round&) = delete;
    void ended() {
        if (--waited_for == 0) done(std::move(report));
    }

    std::size_t waited_for{1};      ///< one for whoever begins the others
    const std::size_t left_behind;  ///< of earlier rounds: any number may change in one
    control::ReloadReport report;
    std::function<void(control::ReloadReport)> done;
};

KnownPlugins PluginHouse::known() const {
    KnownPlugins out;
    for (const auto* one : order_.all()) out[one->wish.instance.plugin] = one->admitted;
    return out;
}

PluginHouse::Seat* PluginHouse::seat_of(const Furniture& furniture) {
    const auto seat = std::ranges::find_if(seats_, [&](const Seat& one) {
        return one.furniture->wish.kind == furniture.wish.kind &&
               one.furniture->wish.instance.name == furniture.wish.instance.name;
    });
    return seat == seats_.end() ? nullptr : &*seat;
}

void PluginHouse::take_over(PluginOrder order, std::function<void(control::ReloadReport)> done) {
    auto round = std::make_shared<Round>(std::move(done), guests_.size());
    auto& report = round->report;
    if (const auto renewed = http_->renew(order.endpoints); !renewed) {
        report.problems.push_back(renewed.error().text);
        return round->ended();
    }
    order_.endpoints.insert(order.endpoints.begin(), order.endpoints.end());  // those that are new
    const auto waiting = moved(order_, order);
    const auto waits = [&](const std::string& name) {
        return std::ranges::find(waiting, name) != waiting.end();
    };
    report.needs_restart = waiting;
    for (auto& seat : seats_) seat.note.clear();
    for (auto& seat : seats_)
        if (waits(seat.furniture->wish.instance.name)) seat.note = "its change waits for a restart";
    for (const auto* is : order.all()) {
        auto* seat = seat_of(*is);
        if (seat == nullptr || waits(is->wish.instance.name)) continue;
        switch (difference_of(*seat->furniture, *is)) {
            case Difference::none:
                break;
            case Difference::restart:
                report.needs_restart.push_back(is->wish.instance.name);
                seat->note = "its change waits for a restart";
                break;
            case Difference::live:
                ++round->waited_for;
                rebuild(*seat, *is, round);
        }
    }
    round->ended();
}

void PluginHouse::rebuild(Seat& seat, const Furniture& is, const std::shared_ptr<Round>& round) {
    const auto ended = [&seat, is, round](const std::string& why) {
        const auto& name = is.wish.instance.name;
        if (why.empty()) {
            seat.furniture->options = is.options;
            round->report.reloaded.push_back(name);
        } else {
            logging::error(
                "plugin keeps its old options",
                {{"plugin", name}, {"id", is.wish.instance.plugin}, {"err", why}, {"event", "reload_kept"}});
            seat.note = "it keeps its old options: " + why;
            round->report.kept.push_back(name);
        }
        round->ended();
    };
    if (round->left_behind >= left_behind_limit)
        return ended(std::to_string(round->left_behind) +
                     " instances did not end, and another may not: restart conductord");
    const auto place = static_cast<std::size_t>(&seat - seats_.data());
    auto* port = place < checks_.size() ? checks_[place].get() : nullptr;
    Rebuild::Place there{*seat.instance, port,
                         [this, &seat](const plugin::OptionValues& options) -> plugin::Instance& {
                             return *guests_.emplace_back(make(*seat.furniture, options));
                         },
                         [this](plugin::Instance& guest) {
                             std::erase_if(guests_, [&](const auto& one) { return one.get() == &guest; });
                         },
                         [this] { return closing_; }};
    const auto& was = seat.furniture->options;
    Rebuild::begin(core_, std::move(there), was, is.options, ended);
}

// ---- what is shown -----------------------------------------------------------------------------------------

std::vector<control::PluginRow> PluginHouse::rows() const {
    std::vector<control::PluginRow> out;
    for (const auto& seat : seats_) {
        const auto& instance = *seat.instance;
        const auto& library = *instance.library();
        control::PluginRow row{
            instance.name(),
            instance.descriptor().id,
            instance.descriptor().kind,
            instance.descriptor().version,
            std::to_string(library.entry->abi_major) + "." + std::to_string(library.entry->abi_minor),
            library.path.string(),
            "at work",
            seat.note};
        if (instance.out_of_service())
            row.state = "out of service: " + std::to_string(instance.abandoned()) + " calls abandoned";
        out.push_back(std::move(row));
    }
    return out;
}

std::vector<std::string> PluginHouse::check_plugins() const {
    std::vector<std::string> ids;
    for (const auto& check : order_.checks) ids.push_back(check.wish.instance.plugin);
    return ids;
}

std::vector<control::HealthCheck*> PluginHouse::checks() {
    std::vector<control::HealthCheck*> out;
    for (const auto& check : checks_) out.push_back(check.get());
    return out;
}

}  // namespace conductor::daemon
