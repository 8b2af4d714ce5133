#include "tests/integration/sequencing.hpp"

#include <cstdlib>
#include <ctime>
#include <stdexcept>

namespace conductor::test {

using namespace std::chrono_literals;

namespace {

std::filesystem::path simnode_program() {
    return conductord_program().parent_path() / "simnode";
}

SimnodeSetup node_setup(const std::filesystem::path& work, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(),
                     {"--block-time-ms=200", "--genesis-time=" + std::to_string(std::time(nullptr))});
    return {simnode_program(), work, "node-1", std::move(arguments)};
}

SimnodeProcess serving(SimnodeSetup setup) {
    SimnodeProcess node{std::move(setup)};
    node.start();
    if (!node.serves()) throw std::runtime_error("simnode does not serve: " + node.process().output());
    (void)node.sim("sim_peerCount", "[1]");
    return node;
}

DaemonSetup daemon_setup(const std::filesystem::path& work, const SimnodeProcess& node, Variables variables) {
    variables.emplace("OP_CONDUCTOR_HEALTHCHECK_INTERVAL", "250ms");  // what a test waits for most
    variables.emplace("OP_CONDUCTOR_NODE_RPC", node.cl_url());
    variables.emplace("OP_CONDUCTOR_EXECUTION_RPC", node.el_url());
    return {conductord_program(), work, "seq-1", std::move(variables), {}};
}

}  // namespace

Variables measured(Variables more) {
    more.emplace("OP_CONDUCTOR_METRICS_ENABLED", "true");
    more.emplace("OP_CONDUCTOR_METRICS_ADDR", "127.0.0.1");
    more.emplace("OP_CONDUCTOR_METRICS_PORT", "0");
    return more;
}

SequencingHost::SequencingHost(const std::string& name, Variables variables,
                               std::vector<std::string> node_arguments)
    : name_{name},
      work_{"sequencing-" + name},
      node_{serving(node_setup(work_.path(), std::move(node_arguments)))},
      daemon_{daemon_setup(work_.path(), node_, std::move(variables))} {}

SequencingHost::~SequencingHost() {
    const auto* kept = std::getenv("CONDUCTOR_TEST_LOGS");
    if (kept == nullptr) return;
    std::error_code ignored;
    std::filesystem::copy_file(work_.path() / "conductord.log", std::filesystem::path{kept} / (name_ + ".log"),
                               std::filesystem::copy_options::overwrite_existing, ignored);
}

bool SequencingHost::start_daemon() {
    daemon_.start();
    if (!daemon_.serves(soon)) return false;
    (void)node_.sim("sim_conductor", "[\"http://127.0.0.1:" + std::to_string(daemon_.port()) + "\"]");
    return true;
}

bool SequencingHost::sequence(std::uint64_t blocks) {
    if (!start_daemon() || !says("conductor_leader", "true") || !says("conductor_paused", "true")) return false;
    return ask("conductor_resume") == "null" && produces(blocks);
}

std::string SequencingHost::sequence_by_hand() {
    if (!start_daemon() || !says("conductor_leader", "true") || !says("conductor_paused", "true"))
        return "does not lead paused";
    const auto started = node_.cl("admin_startSequencer", "[\"" + node_.head_hash() + "\"]");
    if (result_of(started) != "null") return "not started by hand: " + started;
    if (!produces(2)) return "produces nothing";
    if (ask("conductor_resume") != "null") return "not resumed";
    return produces(2) ? "" : "produces nothing once it is resumed";
}

SequencingHost::Sibling SequencingHost::sibling_of_head() {
    (void)node_.sim("sim_stall", "[true]");
    std::this_thread::sleep_for(500ms);  // what was under way is committed by then
    const auto number = std::to_string(node_.head_number());
    Sibling sibling{node_.head_hash(), {}};
    (void)node_.sim("sim_fork", "[1,1]");
    sibling.payload = node_.sim("sim_payload", "[" + number + "]");
    (void)node_.sim("sim_fork", "[1,0]");
    return sibling;
}

bool SequencingHost::rest() {
    if (ask("conductor_pause") != "null") return false;
    (void)node_.cl("admin_stopSequencer");
    return eventually(soon, [&] { return !node_.flag("active"); });
}

std::string SequencingHost::ask(std::string_view method, std::string_view params) {
    const auto client = daemon_.client(15s);
    const auto answer = rpc_call(*client, method, params);
    const auto result = result_of(answer);
    return result.empty() ? answer : result;
}

int SequencingHost::status(std::string_view path) {
    const auto answer = daemon_.client()->get(path);
    return answer ? answer->status : 0;
}

bool SequencingHost::says(std::string_view method, std::string_view result, std::chrono::milliseconds limit) {
    return eventually(limit, [&] { return ask(method) == result; });
}

bool SequencingHost::logs(const std::string& text, std::chrono::milliseconds limit) {
    return daemon_.process().line_with(text, limit).has_value();
}

std::uint64_t SequencingHost::logged(const std::string& text) {
    const auto output = daemon_.process().output();
    std::uint64_t times = 0;
    for (auto at = output.find(text); at != std::string::npos; at = output.find(text, at + 1)) ++times;
    return times;
}

std::uint64_t SequencingHost::calls(const std::string& method) {
    const auto status = node_.sim("sim_status");
    const auto key = "\"" + method + "\":";
    const auto at = status.find(key);
    return at == std::string::npos ? 0 : std::strtoull(status.c_str() + at + key.size(), nullptr, 10);
}

void SequencingHost::heal() {
    (void)node_.sim("sim_clearFaults");
    (void)node_.sim("sim_peerCount", "[1]");
}

std::optional<double> SequencingHost::figure(const std::string& series) {
    const auto line = daemon_.process().line_with("started metrics server", soon);
    if (!line) return std::nullopt;
    const auto port = std::strtoul(line->c_str() + line->rfind(':') + 1, nullptr, 10);
    HttpClient client{"127.0.0.1", static_cast<std::uint16_t>(port), 5s};
    const auto answer = client.get("/metrics");
    if (!answer) return std::nullopt;
    const auto name = "\nop_conductor_" + series + " ";
    const auto at = answer->body.find(name);
    if (at == std::string::npos) return std::nullopt;
    return std::strtod(answer->body.c_str() + at + name.size(), nullptr);
}

bool SequencingHost::produces(std::uint64_t more, std::chrono::milliseconds limit) {
    const auto from = node_.count("sealed");
    return eventually(limit, [&] { return node_.count("sealed") >= from + more; });
}

}  // namespace conductor::test
