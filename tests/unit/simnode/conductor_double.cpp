#include "tests/unit/simnode/conductor_double.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <stdexcept>

#include "core/payload/transcode.hpp"

namespace conductor::simnode::test {

namespace {

SurfaceHabits habits() {
    SurfaceHabits as_conductor;
    as_conductor.cors = true;
    as_conductor.body_limit = std::size_t{64} << 20U;
    return as_conductor;
}

}  // namespace

ConductorDouble::ConductorDouble(Role role) : surface_{net_, 0, habits()} {
    surface_.methods.add<>("conductor_leader", rpc::Access::read, [role]() -> rpc::Answer {
        return std::string{role == Role::leader ? "true" : "false"};
    });
    surface_.methods.add<json::RawValue>(
        "conductor_commitUnsafePayload", rpc::Access::write,
        [this](const json::RawValue& envelope) -> rpc::Answer { return commit(envelope.raw); });
    surface_.posts.emplace("/commit-unsafe-payload",
                           [this](std::string_view octets) { return commit_ssz(octets); });
    if (const auto opened = surface_.open(); !opened) throw std::runtime_error(opened.error().text);
    url_ = surface_.url();
    thread_ = std::thread{[this] { net_.run(); }};
}

ConductorDouble::~ConductorDouble() {
    boost::asio::co_spawn(net_, surface_.close(), boost::asio::use_future).get();
    work_.reset();
    thread_.join();
}

bool ConductorDouble::accept(const payload::Envelope& block) {
    if (!refusal_.empty()) {
        refused_.push_back(block);
        return false;
    }
    if (committed_.empty() || committed_.back().hash != block.hash) committed_.push_back(block);
    return true;
}

rpc::Answer ConductorDouble::commit(std::string_view envelope_json) {
    const auto block = payload::envelope_from_json(envelope_json);
    if (!block) return rpc::application_error(block.error().message);
    if (!accept(*block)) return rpc::application_error(refusal_);
    return std::string{"null"};
}

rpc::HttpResponse ConductorDouble::commit_ssz(std::string_view octets) {
    const auto block = payload::envelope_from_ssz(Bytes::copy_of(as_octets(octets)));
    if (!block) return rpc::text_response(500, block.error().text);
    if (!accept(*block)) return rpc::text_response(500, refusal_);
    return {};
}

void ConductorDouble::refuse_commits(const std::string& text) {
    there([&] { refusal_ = text; });
}

void ConductorDouble::set_fault(const Fault& fault) {
    there([&] { surface_.faults.set(fault); });
}

void ConductorDouble::clear_faults() {
    there([&] { surface_.faults.clear_all(); });
}

std::vector<payload::Envelope> ConductorDouble::committed() {
    return there([&] { return committed_; });
}

std::vector<payload::Envelope> ConductorDouble::refused() {
    return there([&] { return refused_; });
}

std::uint64_t ConductorDouble::calls(const std::string& method) {
    return there([&] {
        const auto found = surface_.calls().find(method);
        return found == surface_.calls().end() ? std::uint64_t{0} : found->second;
    });
}

}  // namespace conductor::simnode::test
