#include "tests/support/simnode_process.hpp"

#include <signal.h>

#include <cstdlib>
#include <stdexcept>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view ready{"simnode cl="};

std::string call(std::uint16_t port, std::string_view method, std::string_view params) {
    HttpClient client{"127.0.0.1", port, 30s};
    return rpc_call(client, method, params);
}

/// What follows `name` in `line` behind its last colon: `cl=http://127.0.0.1:4711`.
std::uint16_t port_in(const std::string& line, const std::string& name) {
    const auto at = line.find(" " + name + "=http://127.0.0.1:");
    if (at == std::string::npos) return 0;
    return static_cast<std::uint16_t>(
        std::strtoul(line.c_str() + line.find(':', at + name.size() + 7) + 1, nullptr, 10));
}

/// What follows `"name":` first.
std::string_view member(std::string_view object, std::string_view name) {
    const auto key = "\"" + std::string{name} + "\":";
    const auto at = object.find(key);
    if (at == std::string_view::npos)
        throw std::runtime_error("no member " + key + " in " + std::string{object});
    return object.substr(at + key.size());
}

}  // namespace

SimnodeProcess::SimnodeProcess(SimnodeSetup setup) : setup_{std::move(setup)} {}

void SimnodeProcess::start() {
    auto arguments = setup_.arguments;
    arguments.push_back("--cl-port=" + std::to_string(cl_port_));
    arguments.push_back("--el-port=" + std::to_string(el_port_));
    arguments.push_back("--control-port=" + std::to_string(control_port_));
    process_.reset();
    process_.emplace(Launch{setup_.program, arguments, {}, setup_.work / (setup_.id + ".log")});
}

bool SimnodeProcess::serves(std::chrono::milliseconds limit) {
    const auto line = process_->line_with(std::string{ready}, limit);
    if (!line) return false;
    cl_port_ = port_in(*line, "cl");
    el_port_ = port_in(*line, "el");
    control_port_ = port_in(*line, "control");
    return cl_port_ != 0 && el_port_ != 0 && control_port_ != 0;
}

std::optional<int> SimnodeProcess::stop(std::chrono::milliseconds limit) {
    process_->signal(SIGTERM);
    return process_->wait(limit);
}

std::string SimnodeProcess::url(std::uint16_t port) {
    return "http://127.0.0.1:" + std::to_string(port);
}

std::string SimnodeProcess::cl(std::string_view method, std::string_view params) const {
    return call(cl_port_, method, params);
}

std::string SimnodeProcess::el(std::string_view method, std::string_view params) const {
    return call(el_port_, method, params);
}

std::string SimnodeProcess::control(std::string_view method, std::string_view params) const {
    return call(control_port_, method, params);
}

std::string SimnodeProcess::sim(std::string_view verb, std::string_view params) const {
    const auto answer = control(verb, params);
    auto result = result_of(answer);
    if (result.empty()) throw std::runtime_error(std::string{verb} + ": " + answer);
    return result;
}

std::uint64_t SimnodeProcess::count(std::string_view name) const {
    const auto status = sim("sim_status");
    return std::strtoull(std::string{member(status, name).substr(0, 20)}.c_str(), nullptr, 10);
}

bool SimnodeProcess::flag(std::string_view name) const {
    const auto status = sim("sim_status");
    return member(status, name).starts_with("true");
}

std::string SimnodeProcess::head_hash() const {
    const auto status = sim("sim_status");
    return std::string{member(status, "hash").substr(1, 66)};
}

std::string result_of(const std::string& answer) {
    constexpr std::string_view key{"\"result\":"};
    const auto at = answer.find(key);
    const auto end = answer.rfind('}');
    if (at == std::string::npos || end == std::string::npos || end < at + key.size()) return {};
    return answer.substr(at + key.size(), end - at - key.size());
}

}  // namespace conductor::test
