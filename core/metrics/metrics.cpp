#include "core/metrics/metrics.hpp"

#include <array>

#include "core/metrics/catalogue.hpp"
#include "core/metrics/exposition.hpp"
#include "core/metrics/process.hpp"

namespace conductor::metrics {

namespace {

std::string word(bool value) {
    return value ? "true" : "false";
}

std::string word(Outcome outcome) {
    return word(outcome == Outcome::success);
}

Labels success(Outcome outcome) {
    return {{"success", word(outcome)}};
}

Labels success(Order how) {
    return {{"success", word(how == Order::obeyed)}};
}

Labels triple(const NodeState& state) {
    return {{"leader", word(state.leader)}, {"healthy", word(state.healthy)}, {"active", word(state.active)}};
}

Labels verdict(std::string_view error) {
    return {{"success", word(error.empty())}, {"error", std::string{error}}};
}

Labels rpc(std::string_view method) {
    return {{"rpc", "main"}, {"method", std::string{method}}};
}

Labels rpc_error(std::string_view method, const std::optional<int>& code) {
    auto labels = rpc(method);
    labels.emplace("error", code ? "rpc_" + std::to_string(*code) : "<nil>");
    return labels;
}

std::string name_of(CommitRoute route) {
    return route == CommitRoute::json ? "json" : "binary";
}

std::string result_of(Outcome outcome) {
    return outcome == Outcome::success ? "success" : "failure";
}

constexpr std::array identities{"sequencer is not healthy", "cannot connect to sequencer rpc endpoints",
                                "cannot connect to supervisor rpc endpoint",
                                "cannot connect to rollup boost rpc endpoints", "rollup boost is not healthy"};

}  // namespace

// What can be counted is there from the start, at zero: a rate over a series that comes into being with its
// first event misses that event.
Metrics::Metrics(const std::string& version) : families_{std::make_unique<Families>()} {
    auto& f = *families_;
    f.info.set({{"version", version}}, 1);
    f.up.set(0);
    f.relay_clients.set(0);
    f.scrapes_in_flight.set(0);
    for (const auto* code : {"200", "500", "503"}) f.scrapes.add({{"code", code}}, 0);
    f.health_checks.add(verdict(""), 0);
    for (const auto* identity : identities) f.health_checks.add(verdict(identity), 0);
    for (const auto outcome : {Outcome::success, Outcome::failure}) {
        f.transfers.add(success(outcome), 0);
        f.commits.add({{"result", result_of(outcome)}}, 0);
        f.binary_commits.show(success(outcome));
    }
    for (const auto how : {Order::obeyed, Order::already_so}) {
        f.starts.add(success(how), 0);
        f.stops.add(success(how), 0);
    }
    for (unsigned bits = 0; bits < 8; ++bits)
        f.state_changes.add(triple({(bits & 1U) != 0, (bits & 2U) != 0, (bits & 4U) != 0}), 0);
    for (auto* histogram : {&f.loop, &f.transcoding, &f.replication, &f.payload_octets, &f.application,
                            &f.log_stores, &f.failovers})
        histogram->show({});
    for (auto* counter : {&f.start_failures, &f.stop_failures, &f.idle, &f.bodies_refused,
                          &f.connections_refused, &f.relay_drops, &f.plugin_refusals})
        counter->add({}, 0);
    for (const auto route : {CommitRoute::json, CommitRoute::binary})
        f.commit_durations.show({{"transport", name_of(route)}});
}

Metrics::~Metrics() = default;

std::string Metrics::scrape() {
    auto& f = *families_;
    f.scrapes_in_flight.set(++f.scraping);
    auto families = f.r.Collect();
    for (auto& family : process_families()) families.push_back(std::move(family));
    auto text = exposition(std::move(families));
    f.scrapes_in_flight.set(--f.scraping);
    f.scrapes.add({{"code", "200"}});
    return text;
}

void Metrics::started() {
    families_->up.set(1);
}

void Metrics::health_checked(std::string_view error) {
    families_->health_checks.add(verdict(error));
}

void Metrics::check_answered(std::string_view check, Duration took, Outcome outcome) {
    const Labels labels{{"check", std::string{check}}};
    families_->checks.observe(labels, seconds(took));
    families_->check_ok.set(labels, outcome == Outcome::success ? 1 : 0);
}

void Metrics::state_entered(const NodeState& state) {
    families_->state_changes.add(triple(state));
}

void Metrics::leadership_transferred(Outcome outcome) {
    families_->transfers.add(success(outcome));
}

void Metrics::sequencer_started(Order how) {
    families_->starts.add(success(how));
}

void Metrics::sequencer_stopped(Order how) {
    families_->stops.add(success(how));
}

void Metrics::sequencer_start_failed() {
    families_->start_failures.add({});
}

void Metrics::sequencer_stop_failed() {
    families_->stop_failures.add({});
}

void Metrics::action_failed(std::string_view action, std::string_view reason) {
    families_->action_failures.add({{"action", std::string{action}}, {"reason", std::string{reason}}});
}

void Metrics::loop_turned(Duration took) {
    families_->loop.observe({}, seconds(took));
}

void Metrics::went_without_sequencer(Duration time) {
    families_->idle.add({}, seconds(time));
}

void Metrics::failed_over(Duration took) {
    families_->failovers.observe({}, seconds(took));
}

void Metrics::rpc_served(const std::vector<std::string>& methods) {
    auto& f = *families_;
    for (const auto& method : methods) {
        f.rpc_requests.add(rpc(method), 0);
        f.rpc_responses.add(rpc_error(method, std::nullopt), 0);
        f.rpc_params.add(rpc(method), 0);
        f.rpc_results.add(rpc(method), 0);
        f.rpc_durations.show(rpc(method));
    }
}

void Metrics::rpc_answered(const RpcCall& call) {
    auto& f = *families_;
    const auto labels = rpc(call.method);
    if (call.notification) return f.rpc_notifications.add(labels);  // and nothing else, as in Go
    f.rpc_requests.add(labels);
    f.rpc_durations.observe(labels, seconds(call.took));
    f.rpc_responses.add(rpc_error(call.method, call.error_code));
    f.rpc_params.add(labels, static_cast<double>(call.params_octets));
    if (!call.error_code) f.rpc_results.add(labels, static_cast<double>(call.result_octets));
}

void Metrics::rpc_body_refused() {
    families_->bodies_refused.add({});
}

void Metrics::rpc_connection_refused() {
    families_->connections_refused.add({});
}

void Metrics::commit_answered(CommitRoute route, Outcome outcome, Duration took, std::size_t ssz_octets) {
    auto& f = *families_;
    f.commits.add({{"result", result_of(outcome)}});
    f.commit_durations.observe({{"transport", name_of(route)}}, seconds(took));
    if (route == CommitRoute::binary) f.binary_commits.observe(success(outcome), seconds(took));
    // As Base's: the other figures of a commit speak of those that succeeded (7.2.1).
    if (outcome == Outcome::success) f.payload_octets.observe({}, static_cast<double>(ssz_octets));
}

void Metrics::payload_transcoded(Duration took) {
    families_->transcoding.observe({}, seconds(took));
}

void Metrics::payload_replicated(Duration took) {
    families_->replication.observe({}, seconds(took));
}

void Metrics::payload_applied(Duration took) {
    families_->application.observe({}, seconds(took));
}

void Metrics::log_stored(Duration took) {
    families_->log_stores.observe({}, seconds(took));
}

void Metrics::relay_clients(std::size_t connected) {
    families_->relay_clients.set(static_cast<double>(connected));
}

void Metrics::relay_client_dropped() {
    families_->relay_drops.add({});
}

void Metrics::builder_connection_tried(std::string_view source, Outcome outcome) {
    families_->builder_connections.add({{"success", word(outcome)}, {"source", std::string{source}}});
}

}  // namespace conductor::metrics
