#include "tests/integration/interop/mixed.hpp"

#include <openssl/sha.h>

#include <sstream>
#include <stdexcept>

#include "core/base/hex.hpp"
#include "core/storage/log_store.hpp"
#include "core/storage/posix_files.hpp"

namespace conductor::test {
namespace {

using namespace std::chrono_literals;

std::map<std::string, std::string> environment_of(const Tuning& tuning,
                                                  std::map<std::string, std::string> more) {
    more.insert({{"OP_CONDUCTOR_PAUSED", "true"},
                 {"OP_CONDUCTOR_RAFT_BOOTSTRAP", tuning.bootstrap ? "true" : "false"},
                 {"OP_CONDUCTOR_METRICS_ENABLED", "true"},
                 {"OP_CONDUCTOR_METRICS_ADDR", "127.0.0.1"},
                 {"OP_CONDUCTOR_METRICS_PORT", "0"},
                 // A Go leader makes it a voter at once, and cannot wait until it has asked about its vote.
                 {"OP_CONDUCTOR_RAFT_JOIN", "new"}});
    if (tuning.snapshot_interval)
        more["OP_CONDUCTOR_RAFT_SNAPSHOT_INTERVAL"] = std::to_string(tuning.snapshot_interval->count()) + "ms";
    if (tuning.snapshot_threshold)
        more["OP_CONDUCTOR_RAFT_SNAPSHOT_THRESHOLD"] = std::to_string(*tuning.snapshot_threshold);
    if (tuning.trailing_logs) more["OP_CONDUCTOR_RAFT_TRAILING_LOGS"] = std::to_string(*tuning.trailing_logs);
    return more;
}

/// Go's legacy binary time (raft-wire 2.3).
std::int64_t unix_ns(const consensus::Stamp& stamp) {
    const auto octets = stamp.span();
    if (octets.size() < 16 || octets[0] < 0xaf) throw std::runtime_error("a stamp of another form");
    std::uint64_t seconds = 0;
    std::uint64_t nanoseconds = 0;
    for (std::size_t i = 2; i < 10; ++i) seconds = seconds << 8U | octets[i];
    for (std::size_t i = 10; i < 14; ++i) nanoseconds = nanoseconds << 8U | octets[i];
    if (seconds == 0) return 0;
    constexpr std::int64_t year_one = 62'135'596'800;
    return (static_cast<std::int64_t>(seconds) - year_one) * 1'000'000'000 +
           static_cast<std::int64_t>(nanoseconds);
}

std::string in_brackets(const Place& who, const char* last) {
    return "[\"" + who.id + "\",\"" + who.address + "\"" + last + "]";
}

/// Empty where the call answered null; otherwise the whole answer.
std::string unless_null(const std::string& answer) {
    if (answer.find("\"result\":null") != std::string::npos) return {};
    return answer.empty() ? "no answer" : answer;
}

/// Texts between `key` and the next quote, in order.
std::vector<std::string> values_of(const std::string& text, const std::string& key) {
    std::vector<std::string> found;
    for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at)) {
        at += key.size();
        found.push_back(text.substr(at, text.find_first_of("\",}", at) - at));
    }
    return found;
}

std::string describe(const LogLine& line) {
    return std::to_string(line.index) + ": term " + std::to_string(line.term) + " type " +
           std::to_string(line.type) + " at " + std::to_string(line.unix_ns) + " of " +
           std::to_string(line.octets) + " " + line.sha256;
}

}  // namespace

std::string sha256_of(ByteSpan octets) {
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
    ::SHA256(octets.data(), octets.size(), digest.data());
    return hex(digest);
}

RecordedBlock large_block(std::uint64_t number, std::size_t octets) {
    constexpr std::size_t withdrawals_offset_at = 540;
    constexpr std::size_t payload_at = 32;
    auto block = small_block(number);
    std::vector<std::uint8_t> ssz{block.envelope.ssz.span().begin(), block.envelope.ssz.span().end()};
    if (ssz.size() < octets) {
        ssz.resize(octets, static_cast<std::uint8_t>(number));
        for (std::size_t i = 0; i < 4; ++i)
            ssz[withdrawals_offset_at + i] = static_cast<std::uint8_t>((octets - payload_at) >> (8 * i));
    }
    auto envelope = payload::envelope_from_ssz(Bytes::adopt(std::move(ssz)));
    if (!envelope) throw std::runtime_error("no block of that size: " + envelope.error().precise);
    block.json = false;
    block.body = std::string{as_text(envelope->ssz.span())};
    block.envelope = std::move(*envelope);
    return block;
}

Ours::Ours(std::string id, const std::filesystem::path& work, const Tuning& tuning,
           std::map<std::string, std::string> environment)
    : Member{std::move(id)},
      daemon_{{conductord_program(), work, Member::id(), environment_of(tuning, std::move(environment)), {}}} {
    std::filesystem::create_directories(work);
}

bool Ours::start() {
    daemon_.start();
    if (!daemon_.serves(20s)) return false;
    address_ = daemon_.raft_address(10s);
    const auto line = daemon_.process().line_with("started metrics server", 5s);
    if (address_.empty() || !line) return false;
    metrics_ = static_cast<std::uint16_t>(std::strtoul(line->c_str() + line->rfind(':') + 1, nullptr, 10));
    runs_ = true;
    return true;
}

void Ours::kill() {
    runs_ = false;
    daemon_.process().kill_hard();
}

std::string Ours::call(const std::string& method, const std::string& params) {
    return rpc_call(*daemon_.client(20s), method, params);
}

bool Ours::leads() {
    return call("conductor_leader").find("\"result\":true") != std::string::npos;
}

std::uint64_t Ours::term() {
    std::uint64_t term = 0;
    (void)eventually(3s, [&] { return (term = figure("op_conductor_raft_term")) != 0; });
    return term;
}

std::string Ours::leader_id() {
    const auto ids = values_of(call("conductor_leaderWithID"), "\"id\":\"");
    return ids.empty() ? std::string{} : ids.front();
}

std::string Ours::configuration() {
    const auto answer = call("conductor_clusterMembership");
    const auto ids = values_of(answer, "\"id\":\"");
    const auto addresses = values_of(answer, "\"addr\":\"");
    const auto suffrages = values_of(answer, "\"suffrage\":");
    std::string text;
    for (std::size_t i = 0; i < ids.size(); ++i)
        text += (suffrages.at(i) == "0" ? "Voter " : "Nonvoter ") + ids.at(i) + " " + addresses.at(i) + "\n";
    return text;
}

std::uint64_t Ours::figure(const std::string& metric) {
    HttpClient client{"127.0.0.1", metrics_, 10s};
    const auto answer = client.get("/metrics");
    if (!answer) return 0;
    const auto place = answer->body.find("\n" + metric + " ");
    if (place == std::string::npos) return 0;
    return static_cast<std::uint64_t>(std::strtod(answer->body.c_str() + place + metric.size() + 2, nullptr));
}

std::vector<LogLine> Ours::log() {
    if (runs_) kill();
    storage::PosixFiles files;
    storage::StoreOptions options;
    options.directory = daemon_.store().string();
    auto store = storage::LogStore::open(files, options);
    if (!store) throw std::runtime_error(id() + ": the log does not open: " + store.error().text);
    std::vector<LogLine> lines;
    for (const auto& facts : (*store)->recovered().entries) {
        const auto entry = (*store)->read(facts.position.index);
        if (!entry) throw std::runtime_error(id() + ": an entry cannot be read: " + entry.error().text);
        lines.push_back({entry->position.index.value(), entry->position.term.value(),
                         static_cast<int>(entry->type), unix_ns(entry->appended_at), entry->data.size(),
                         sha256_of(entry->data.span())});
    }
    return lines;
}

std::string Ours::commit(const RecordedBlock& block) {
    Account account;
    return account.commit(*daemon_.client(20s), block);
}

std::string Ours::add_voter(const Place& who) {
    return unless_null(call("conductor_addServerAsVoter", in_brackets(who, ",0")));
}
std::string Ours::add_nonvoter(const Place& who) {
    return unless_null(call("conductor_addServerAsNonvoter", in_brackets(who, ",0")));
}
std::string Ours::demote(const std::string& who) {
    return unless_null(call("conductor_demoteVoter", "[\"" + who + "\",0]"));
}
std::string Ours::remove(const std::string& who) {
    return unless_null(call("conductor_removeServer", "[\"" + who + "\",0]"));
}
std::string Ours::transfer() {
    return unless_null(call("conductor_transferLeader"));
}
std::string Ours::transfer_to(const Place& who) {
    return unless_null(call("conductor_transferLeaderToServer", in_brackets(who, "")));
}

Mixed::Mixed(const std::vector<Kind>& kinds, const Tuning& tuning) : work_{"interop"} {
    std::map<std::string, std::string> beside;
    if (tuning.beside_node) {
        node_.emplace(SimnodeSetup{conductord_program().parent_path() / "simnode", work_.path(), "node", {}});
        node_->start();
        if (!node_->serves()) throw std::runtime_error("simnode does not serve");
        beside = {{"OP_CONDUCTOR_NODE_RPC", node_->cl_url()}, {"OP_CONDUCTOR_EXECUTION_RPC", node_->el_url()}};
    }
    for (std::size_t i = 0; i < kinds.size(); ++i) {
        auto own = tuning;
        own.bootstrap = i == 0;
        const auto id = (kinds[i] == Kind::go ? "go-" : "cpp-") + std::to_string(i + 1);
        if (kinds[i] == Kind::go)
            members_.push_back(std::make_unique<GoPeer>(id, work_.path() / id, own));
        else
            members_.push_back(std::make_unique<Ours>(id, work_.path() / id, own, beside));
    }
}

std::string Mixed::form() {
    for (auto& member : members_)
        if (!member->start()) return member->id() + " does not start: " + member->output();
    if (leader() != 0) return "the first does not lead";
    for (std::size_t i = 1; i < size(); ++i)
        if (auto refusal = at(0).add_voter(at(i).place()); !refusal.empty()) return at(i).id() + ": " + refusal;
    return {};
}

std::size_t Mixed::leader() {
    std::size_t found = size();
    (void)eventually(10s, [&] {
        for (std::size_t i = 0; i < size() && found == size(); ++i)
            if (at(i).runs() && at(i).leads()) found = i;
        return found < size();
    });
    if (found == size()) throw std::runtime_error("nobody leads");
    return found;
}

// A follower that has just come back is refused as a target until it has caught up.
std::string Mixed::make_leader(std::size_t heir) {
    std::string said{"nothing tried"};
    const auto done = eventually(15s, [&] {
        const auto now = leader();
        if (now == heir) return true;
        said = at(now).transfer_to(at(heir).place());
        return said.empty() && eventually(3s, [&] { return at(heir).leads(); });
    });
    return done ? std::string{} : said;
}

RecordedBlock Mixed::next_block(std::size_t octets) {
    ++number_;
    return octets == 0 ? small_block(number_) : large_block(number_, octets);
}

std::string Mixed::commit(std::size_t octets) {
    const auto block = next_block(octets);
    std::string said;
    // On a starved machine ten mebibytes can cost a leader its lease more than once.
    const auto done = eventually(60s, [&] {
        said = at(leader()).commit(block);
        return said.empty();
    });
    if (!done) return said;
    acknowledged_[sha256_of(block.envelope.ssz.span())] = number_;
    return {};
}

std::string Mixed::commit_many(int count, std::size_t octets) {
    for (int i = 0; i < count; ++i)
        if (auto said = commit(octets); !said.empty()) return said;
    return {};
}

bool Mixed::agree(std::chrono::milliseconds limit) {
    return eventually(limit, [&] {
        for (const auto& member : members_)
            if (member->runs() && member->head_number() != number_) return false;
        return true;
    });
}

std::string Mixed::compare() {
    if (!agree()) {
        std::string text{"heads differ:"};
        for (const auto& member : members_)
            text += " " + member->id() + " " + std::to_string(member->head_number());
        return text + ", newest " + std::to_string(number_);
    }
    std::map<std::uint64_t, LogLine> known;
    for (const auto& member : members_) {
        if (!member->runs()) continue;
        auto missing = acknowledged_;
        const auto lines = member->log();
        std::uint64_t before = 0;
        for (const auto& line : lines) {
            // Others make Go panic; a hole lies behind a snapshot alone.
            if (line.type != 0 && line.type != 1 && line.type != 4 && line.type != 5)
                return member->id() + " has an entry of another type: " + describe(line);
            if (lines.front().index == 1 && line.index != ++before)
                return member->id() + " has a hole before " + describe(line);
            missing.erase(line.sha256);
            const auto [place, fresh] = known.emplace(line.index, line);
            if (!fresh && !(place->second == line))
                return member->id() + " has\n" + describe(line) + "\nothers\n" + describe(place->second);
        }
        // What a snapshot covers is gone, which may be all; everything behind it must be there.
        if (lines.empty() || lines.front().index > 1) continue;
        for (const auto& [digest, height] : missing)
            return member->id() + " lacks the acknowledged block " + std::to_string(height);
    }
    return {};
}

}  // namespace conductor::test
