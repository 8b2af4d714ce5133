#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "core/payload/transcode.hpp"
#include "tests/simnode/fault_spec.hpp"
#include "tests/simnode/json.hpp"
#include "tests/simnode/methods.hpp"

namespace conductor::simnode {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using rpc::Access;
using rpc::Answer;
using rpc::RpcError;

namespace {

Answer done() {
    return std::string{"null"};
}
RpcError bad(std::string why) {
    return {rpc::code::invalid_params, std::move(why), {}};
}

std::string calls_json(const Surface& surface) {
    JsonObject out;
    for (const auto& [name, count] : surface.calls()) out.raw(name.empty() ? "?" : name, std::to_string(count));
    return out.done();
}

std::string block_ref(const Envelope& block) {
    JsonObject out;
    out.number("number", block.number.value());
    out.text("hash", to_hex(block.hash));
    out.text("parentHash", to_hex(block.parent));
    out.number("timestamp", block.timestamp_s);
    return out.done();
}

std::string status(const Controlled& all) {
    const auto& node = all.node;
    JsonObject out;
    out.raw("head", block_ref(node.chain().head()));
    out.flag("active", node.active());
    out.flag("overridden", node.conductor.overridden());
    out.flag("lagging", node.misbehaviour.lagging);
    out.flag("stalled", node.misbehaviour.stalled);
    out.flag("cl_open", all.consensus.is_open());
    out.flag("el_open", all.execution.is_open());
    out.number("peers", node.gossip.peer_count());
    out.number("sealed", node.counts.sealed);
    out.number("commits_failed", node.counts.commits_failed);
    out.text("last_commit_error", node.counts.last_commit_error);
    out.number("gossip_sent", node.gossip.sent);
    out.number("gossip_dropped", node.gossip.dropped);
    out.number("gossip_imported", node.counts.imported);
    out.number("gossip_ignored", node.counts.ignored);
    out.number("gossip_refused", node.counts.refused);
    out.number("queued", node.chain().queued());
    out.raw("cl_calls", calls_json(all.consensus));
    out.raw("el_calls", calls_json(all.execution));
    return out.done();
}

std::string produced(const Node& node, std::uint64_t after) {
    std::string out{"["};
    for (const auto& one : node.produced()) {
        if (one.sequence <= after) continue;
        JsonObject item;
        item.number("seq", one.sequence);
        item.number("number", one.number);
        item.text("hash", to_hex(one.hash));
        item.number("unix_ms", one.unix_ms);
        if (out.size() > 1) out += ',';
        out += item.done();
    }
    return out + "]";
}

Surface* surface_of(Controlled& all, const std::string& name) {
    if (name == "cl") return &all.consensus;
    return name == "el" ? &all.execution : nullptr;
}

Answer set_fault(Controlled& all, const std::string& name, const json::RawValue& spec) {
    auto* const surface = surface_of(all, name);
    if (surface == nullptr) return bad("no surface: " + name);
    auto fault = read_fault(spec);
    if (!fault) return bad(fault.error());
    surface->faults.set(std::move(*fault));
    return done();
}

Answer set_peers(Node& node, const json::RawValue& list) {
    if (list.kind != json::Kind::array) return bad("peers are an array of URLs");
    std::vector<Endpoint> peers;
    json::ElementCursor elements{list};
    while (const auto element = elements.next()) {
        if (element->kind != json::Kind::string) return bad("a peer is no string");
        const auto endpoint = parse_endpoint(json::unescape(element->raw));
        if (!endpoint) return bad(endpoint.error().text);
        peers.push_back(*endpoint);
    }
    node.gossip.set_peers(peers);
    return done();
}

Answer set_conductor(Node& node, const std::string& url) {
    if (url.empty()) {
        node.conductor.set_endpoint(std::nullopt);
        return done();
    }
    const auto endpoint = parse_endpoint(url);
    if (!endpoint) return bad(endpoint.error().text);
    node.conductor.set_endpoint(*endpoint);
    return done();
}

// The port was ours a moment ago: somebody who took it meanwhile is given time to go.
asio::awaitable<Answer> open(Surface& surface) {
    asio::steady_timer timer{co_await asio::this_coro::executor};
    std::string why;
    for (int attempt = 0; attempt < 100 && !surface.is_open(); ++attempt) {
        const auto opened = surface.open();
        if (opened) break;
        why = opened.error().text;
        timer.expires_after(50ms);
        co_await timer.async_wait(asio::use_awaitable);
    }
    if (!surface.is_open()) co_return rpc::application_error(why);
    co_return done();
}

asio::awaitable<Answer> set_listener(Surface* surface, bool listens) {
    if (surface == nullptr) co_return bad("the surface is cl or el");
    if (!listens) {
        co_await surface->close();
        co_return done();
    }
    co_return co_await open(*surface);
}

asio::awaitable<Answer> restart(Controlled all, std::uint64_t down_ms) {
    if (down_ms > 25'000) co_return bad("longer than 25 s");
    co_await all.consensus.close();
    all.node.restarted();
    asio::steady_timer timer{co_await asio::this_coro::executor, std::chrono::milliseconds{down_ms}};
    co_await timer.async_wait(asio::use_awaitable);
    co_return co_await open(all.consensus);
}

std::string_view name_of(Imported outcome) {
    switch (outcome) {
        case Imported::new_head:
            return "imported";
        case Imported::known:
            return "known";
        case Imported::old:
            return "old";
        case Imported::queued:
            return "queued";
        case Imported::ignored:
            return "ignored";
        case Imported::full:
            return "full";
    }
    return "";
}

rpc::HttpResponse gossip(Node& node, std::string_view body) {
    auto block = payload::envelope_from_json(body);
    if (!block) return rpc::text_response(400, block.error().message);
    const auto outcome = node.receive(*block);
    return outcome ? rpc::text_response(200, name_of(*outcome)) : rpc::text_response(400, outcome.error().text);
}

void add_faults(rpc::MethodTable& table, Controlled& all, Access write) {
    table.add<std::string, json::RawValue>(
        "sim_fault", write,
        [&all](const std::string& name, const json::RawValue& spec) { return set_fault(all, name, spec); });
    table.add<>("sim_clearFaults", write, [&all] {
        all.consensus.faults.clear_all();
        all.execution.faults.clear_all();
        all.node.misbehaviour = {};
        return done();
    });
    table.add<std::string>("sim_refuseStart", write, [&all](const std::string& text) {
        Fault fault;
        fault.kind = Fault::Kind::error;
        fault.method = "admin_startSequencer";
        fault.code = rpc::code::application;
        fault.text = text;
        all.consensus.faults.clear(fault.method);
        if (!text.empty()) all.consensus.faults.set(fault);
        return done();
    });
    table.add<std::string, bool>("sim_listener", write, [&all](const std::string& name, bool listens) {
        return set_listener(surface_of(all, name), listens);
    });
    table.add<std::uint64_t>("sim_restart", write,
                             [&all](std::uint64_t down_ms) { return restart(all, down_ms); });
}

void add_node_commands(rpc::MethodTable& table, Node& node, Access write) {
    auto& ill = node.misbehaviour;
    const auto add_flag = [&](const char* name, bool& flag) {
        table.add<bool>(name, write, [&flag](bool on) {
            flag = on;
            return done();
        });
    };
    add_flag("sim_lag", ill.lagging);
    add_flag("sim_stall", ill.stalled);
    add_flag("sim_sync", ill.syncs);
    add_flag("sim_falseBlocks", ill.false_blocks);
    table.add<bool>("sim_conductorEnabled", write, [&ill](bool enabled) {
        ill.conductor_enabled = enabled;
        return done();
    });
    table.add<std::optional<std::uint64_t>>("sim_peerCount", write, [&ill](std::optional<std::uint64_t> count) {
        if (count && *count > 10'000) return Answer{bad("too many peers")};
        ill.peers = count;
        return done();
    });
    table.add<std::uint64_t, std::uint64_t>("sim_skew", write,
                                            [&ill](std::uint64_t unsafe, std::uint64_t safe) {
                                                ill.unsafe_skew_s = unsafe;
                                                ill.safe_skew_s = safe;
                                                return done();
                                            });
    table.add<std::uint64_t>("sim_insertDelay", write, [&ill](std::uint64_t ms) {
        if (ms > 60'000) return Answer{bad("longer than a minute")};
        ill.insert_delay = std::chrono::milliseconds{ms};
        return done();
    });
    table.add<>("sim_stopSequencing", write, [&node] {
        node.stop_by_hand();
        return done();
    });
    table.add<std::uint64_t, std::uint64_t>("sim_fork", write,
                                            [&node](std::uint64_t depth, std::uint64_t count) {
                                                if (count > 256) return Answer{bad("more than 256 blocks")};
                                                node.fork(depth, count);
                                                return done();
                                            });
    table.add<json::RawValue>("sim_peers", write,
                              [&node](const json::RawValue& list) { return set_peers(node, list); });
    table.add<std::string>("sim_conductor", write,
                           [&node](const std::string& url) { return set_conductor(node, url); });
}

}  // namespace

void add_control_methods(Surface& surface, Controlled& all) {
    auto& table = surface.methods;
    auto& node = all.node;
    add_faults(table, all, Access::write);
    add_node_commands(table, node, Access::write);
    table.add<>("sim_status", Access::read, [&all]() -> Answer { return status(all); });
    table.add<std::uint64_t>("sim_produced", Access::read,
                             [&node](std::uint64_t after) -> Answer { return produced(node, after); });
    table.add<std::uint64_t>("sim_payload", Access::read, [&node](std::uint64_t number) -> Answer {
        const auto* const block = node.chain().at(number);
        return block == nullptr ? std::string{"null"} : payload::envelope_to_json(*block);
    });
    surface.posts.emplace("/gossip", [&node](std::string_view body) { return gossip(node, body); });
}

}  // namespace conductor::simnode
