#include "tests/integration/interop/go_peer.hpp"

#include <sys/wait.h>

#include <cstdio>
#include <sstream>
#include <stdexcept>

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

struct Ran {
    int code{0};
    std::string output;
};

Ran run(const std::string& command) {
    Ran ran;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("no shell");
    char piece[4096];
    for (std::size_t got = 0; (got = ::fread(piece, 1, sizeof piece, pipe)) > 0;) ran.output.append(piece, got);
    const auto status = ::pclose(pipe);
    ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    return ran;
}

std::string build() {
    const std::string go{std::string{"cd '"} + CONDUCTOR_GO_PEER_SOURCES +
                         "' && GOTOOLCHAIN=local GOFLAGS=-mod=readonly timeout 300 go "};
    const auto version = run(go + "env GOVERSION");
    int minor = 0;
    if (version.code != 0 || std::sscanf(version.output.c_str(), "go1.%d", &minor) != 1 || minor < 22)
        return "Go 1.22 or newer is not installed";
    const auto module = run(go + "list -deps . >/dev/null");
    if (module.code != 0) return "the module github.com/hashicorp/raft cannot be had: " + module.output;
    const auto built = run(go + "build -o '" CONDUCTOR_GO_PEER_PROGRAM "' .");
    if (built.code != 0) throw std::runtime_error("gopeer does not build: " + built.output);
    return {};
}

std::string milliseconds(std::chrono::milliseconds value) {
    return std::to_string(value.count()) + "ms";
}

}  // namespace

const std::string& why_no_go_peer() {
    static const auto reason = build();
    return reason;
}

GoPeer::GoPeer(std::string id, std::filesystem::path work, const Tuning& tuning)
    : Member{std::move(id)}, work_{std::move(work)} {
    std::filesystem::create_directories(work_);
    flags_ = {"-id", Member::id(), "-dir", (work_ / "raft").string()};
    if (tuning.bootstrap) flags_.emplace_back("-bootstrap");
    if (tuning.snapshot_interval)
        flags_.insert(flags_.end(), {"-snapshot-interval", milliseconds(*tuning.snapshot_interval)});
    if (tuning.snapshot_threshold)
        flags_.insert(flags_.end(), {"-snapshot-threshold", std::to_string(*tuning.snapshot_threshold)});
    if (tuning.trailing_logs)
        flags_.insert(flags_.end(), {"-trailing-logs", std::to_string(*tuning.trailing_logs)});
}

bool GoPeer::start() {
    auto arguments = flags_;
    arguments.insert(arguments.end(), {"-listen", address_});
    arguments.insert(arguments.end(), once_.begin(), once_.end());
    once_.clear();
    process_.reset();
    process_.emplace(Launch{CONDUCTOR_GO_PEER_PROGRAM, arguments, {}, work_ / "gopeer.log"});
    const auto control = process_->line_with("control 127.0.0.1:", 10s);
    const auto raft = process_->line_with("raft 127.0.0.1:", 1s);
    runs_ = control && raft;
    if (!runs_) return false;
    address_ = raft->substr(raft->find("127.0.0.1:"));
    control_ = static_cast<std::uint16_t>(std::stoul(control->substr(control->rfind(':') + 1)));
    return true;
}

void GoPeer::kill() {
    runs_ = false;
    process_->kill_hard();
}

std::optional<HttpAnswer> GoPeer::ask(const std::string& path, std::string_view body) const {
    HttpClient client{"127.0.0.1", control_, 30s};
    return client.post(path, "application/octet-stream", body);
}

std::string GoPeer::command(const std::string& path, std::string_view body) {
    const auto answer = ask(path, body);
    if (!answer) return "no answer";
    if (answer->status == 200) return {};
    return answer->body.empty() ? "status " + std::to_string(answer->status) : answer->body;
}

std::string GoPeer::change(const std::string& path, const Place& who) {
    return command(path + "?id=" + who.id + "&addr=" + who.address);
}

std::string GoPeer::commit(const RecordedBlock& block) {
    return command("/apply", as_text(block.envelope.ssz.span()));
}

std::string GoPeer::load(const RecordedBlock& like, std::uint64_t first, std::uint64_t count) {
    return command("/load?first=" + std::to_string(first) + "&count=" + std::to_string(count),
                   as_text(like.envelope.ssz.span()));
}

std::string GoPeer::state(const std::string& name) {
    const auto answer = ask("/state");
    if (!answer) return {};
    std::istringstream lines{answer->body};
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(name + " ")) return line.substr(name.size() + 1);
    return {};
}

std::uint64_t GoPeer::figure(const std::string& name) {
    return std::strtoull(state(name).c_str(), nullptr, 10);
}

std::string GoPeer::head() {
    const auto answer = ask("/latest");
    return answer ? answer->body : std::string{};
}

std::string GoPeer::configuration() {
    const auto answer = ask("/config");
    return answer ? answer->body : std::string{};
}

std::vector<LogLine> GoPeer::log() {
    const auto answer = ask("/log");
    if (!answer || answer->status != 200) throw std::runtime_error(id() + " shows no log");
    std::vector<LogLine> lines;
    std::istringstream text{answer->body};
    for (LogLine line;
         text >> line.index >> line.term >> line.type >> line.unix_ns >> line.octets >> line.sha256;)
        lines.push_back(line);
    return lines;
}

void GoPeer::plant(std::uint64_t term, std::uint64_t count) {
    once_ = {"-plant-term", std::to_string(term), "-plant-count", std::to_string(count)};
}

void GoPeer::delay_restore(std::chrono::milliseconds delay) {
    once_ = {"-restore-delay", milliseconds(delay)};
}

}  // namespace conductor::test
