#include "core/daemon/peer_watch.hpp"

#include <fstream>
#include <utility>

#include "core/base/go_text.hpp"
#include "core/runtime/clock.hpp"
#include "core/runtime/http_url.hpp"
#include "core/runtime/logging.hpp"

namespace conductor::daemon {

namespace {

using peers::NoteKind;
using peers::Reach;

peers::Settings table_settings(const config::Settings& settings) {
    return {ServerId{settings.raft.server_id}, settings.peers.poll_interval, settings.raft.lease_timeout};
}

Complaint complaint(const config::PeerRpc& entry, const std::string& what) {
    return Complaint{"invalid peers rpc: " + go_quote(entry.id) + ": " + what};
}

std::string first_line(const std::string& file) {
    std::ifstream in{file};
    std::string line;
    std::getline(in, line);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    return line;
}

}  // namespace

Result<peers::AddressBook, Complaint> address_book(const config::Settings& settings) {
    std::vector<peers::Listed> listed;
    for (const auto& entry : settings.peers.rpc) {
        if (entry.id == settings.raft.server_id) continue;  // one list may serve every member
        const auto url = http::read_url(entry.url);
        if (!url) return complaint(entry, url.error().text);
        if (!entry.ca.empty()) return complaint(entry, "ca is for https, which is not supported here");
        std::string token;
        if (!entry.token_file.empty()) {
            token = first_line(entry.token_file);
            if (token.empty())
                return complaint(entry, "token_file " + entry.token_file + " cannot be read or is empty");
        }
        listed.push_back({ServerId{entry.id}, *url, std::move(token)});
    }
    return peers::AddressBook{ServerId{settings.raft.server_id}, settings.rpc.port, std::move(listed)};
}

PeerWatch::PeerWatch(boost::asio::io_context& core, const config::Settings& settings, peers::AddressBook book,
                     std::function<void(peers::View)> seen)
    : book_{std::move(book)},
      seen_{std::move(seen)},
      table_{table_settings(settings)},
      poller_{core,
              ServerId{settings.raft.server_id},
              {settings.peers.poll_interval, settings.peers.poll_timeout},
              table_,
              {[this](const peers::Note& note) { log(note); }, [this] { seen_(view()); }}} {}

void PeerWatch::meet(const control::MembershipView& membership) {
    auto contacts = book_.contacts(membership.servers);
    places_.clear();
    for (const auto& contact : contacts)
        if (contact.member.reach != Reach::none)
            places_[contact.member.id] =
                contact.url.place() + (contact.member.reach == Reach::guessed ? " (guessed)" : std::string{});
    poller_.set_contacts(std::move(contacts));
    seen_(view());
}

peers::View PeerWatch::view() const {
    return table_.view(now());
}

std::vector<metrics::PeerRpc> PeerWatch::figures() const {
    std::vector<metrics::PeerRpc> out;
    for (const auto& row : view().rows)
        out.push_back({row.member.id.text(), row.known, row.member.reach != Reach::configured});
    return out;
}

void PeerWatch::log(const peers::Note& note) const {
    const auto place = places_.find(note.id);
    const std::string rpc = place == places_.end() ? std::string{} : place->second;
    switch (note.kind) {
        case NoteKind::silent:
            return logging::warn(
                "another conductor does not answer, nothing is presumed of it",
                {{"peer", note.id}, {"rpc", rpc}, {"why", note.detail}, {"event", "peer_unknown"}});
        case NoteKind::back:
            return logging::info("another conductor answers again",
                                 {{"peer", note.id}, {"rpc", rpc}, {"event", "peer_known"}});
        case NoteKind::another_id:
            return logging::warn(
                "the RPC of another conductor is answered by somebody else",
                {{"peer", note.id}, {"rpc", rpc}, {"why", note.detail}, {"event", "peer_other_id"}});
        case NoteKind::lease_differs:
            return logging::warn("another conductor has a different raft.lease-timeout",
                                 {{"peer", note.id}, {"lease", note.detail}, {"event", "peer_lease"}});
    }
}

}  // namespace conductor::daemon
