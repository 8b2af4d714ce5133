#include "core/daemon/vote_question.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "core/runtime/logging.hpp"

namespace conductor::daemon {

namespace asio = boost::asio;
using consensus::VoteHold;
using peers::Word;

namespace {

std::string names_of(const std::vector<peers::Heard>& heard, const std::vector<Word>& words) {
    std::string out;
    for (const auto& one : heard)
        if (std::ranges::find(words, one.word) != words.end()) out += (out.empty() ? "" : " ") + one.who.text();
    return out;
}

bool all_say(const std::vector<peers::Heard>& heard, Word word) {
    return std::ranges::all_of(heard, [&](const peers::Heard& one) { return one.word == word; });
}

}  // namespace

VoteQuestion::VoteQuestion(asio::io_context& core, const config::Settings& settings, peers::AddressBook book)
    : core_{core},
      raft_{settings.raft},
      interval_{settings.peers.poll_interval},
      book_{std::move(book)},
      call_{core, ServerId{settings.raft.server_id}, settings.peers.poll_timeout},
      timer_{core} {}

// From inside a step of the replica: what follows comes after it.
void VoteQuestion::listen_to(replica::Events& events) {
    events.vote_refused = [this, log = std::move(events.vote_refused)](const consensus::VoteRefused& refused) {
        log(refused);
        if (refused.why != consensus::Verdict::held) return;
        asio::post(core_, [this, candidate = refused.candidate] { candidate_came(candidate); });
    };
    events.members_changed = [this, next = std::move(events.members_changed)] {
        next();
        asio::post(core_, [this] { members_changed(); });
    };
    events.vote_hold_changed = [this](VoteHold hold) {
        // A new member is fed before anybody has answered as often as not; a person need not look at that.
        if (hold == VoteHold::held)
            logging::log(fed_ ? logging::Level::info : logging::Level::warn,
                         "this node may have forgotten its vote, it gives none before a leader has fed it",
                         {{"why", why_held_}, {"event", "vote_held"}});
        if (hold == VoteHold::none && held_) logging::info("this node votes again", {{"event", "vote_free"}});
        held_ = hold == VoteHold::held;
    };
}

void VoteQuestion::begin(replica::Replica& replica, std::string own_address, std::function<void()> found) {
    const auto known = replica.vote_hold();
    if (!known || stopped_) return;
    replica_ = &replica;
    own_address_ = std::move(own_address);
    if (!raft_.bootstrap) found = [] {};
    if (raft_.join == config::Join::fresh && *known != VoteHold::none) {
        logging::warn("raft.join is new: the vote that was held is free", {{"event", "vote_lifted"}});
        replica.set_vote_hold(VoteHold::none);
        return found();
    }
    const bool blank = replica.is_blank() && *known == VoteHold::none;
    const bool alone = raft_.bootstrap && book_.listed().empty();
    if (raft_.join == config::Join::fresh || *known == VoteHold::held) return found();
    if (*known == VoteHold::none && (!blank || alone)) return found();

    if (raft_.bootstrap) found_ = std::move(found);
    replica.set_vote_hold(VoteHold::asking);
    members_changed();
    if (asking() && (raft_.bootstrap || !book_.listed().empty())) ask_listed();
}

bool VoteQuestion::asking() const {
    return !stopped_ && replica_ != nullptr && replica_->vote_hold() == VoteHold::asking;
}

void VoteQuestion::ask_listed() {
    if (!asking()) return;
    calling_ = true;
    call_.ask(book_.listed(), [this](const Heard& heard) {
        calling_ = false;
        heard_listed(heard);
    });
}

void VoteQuestion::heard_listed(const Heard& heard) {
    const auto found = std::exchange(found_, {});
    if (!asking()) return;
    const auto groups = names_of(heard, {Word::listed, Word::not_listed});
    if (found && !groups.empty())
        logging::warn("another conductor is in a group already, this node does not found one",
                      {{"peers", groups}, {"event", "not_bootstrapping"}});
    if (const auto who = names_of(heard, {Word::listed}); !who.empty()) return hold("listed by " + who);
    if (found && groups.empty()) {  // P-36: silence does not hold a bootstrap back
        release("no conductor reports a group, this node founds one", heard);
        return found();
    }
    if (all_say(heard, Word::not_listed))
        return release("no conductor lists this node, its vote is free", heard);
    timer_.expires_after(interval_);
    timer_.async_wait([this](const auto& error) {
        if (!error) ask_listed();
    });
}

// Without a list there is only the host of whoever asks for the vote. Where nobody can be asked at all it votes
// as Go does, for it may be one of the first members of a new group.
void VoteQuestion::candidate_came(const consensus::Sender& candidate) {
    if (!asking() || calling_ || !book_.listed().empty()) return;
    const auto contact =
        book_.guess({candidate.id, candidate.address, consensus::Suffrage::voter}, own_address_);
    calling_ = true;
    call_.ask(contact ? std::vector{*contact} : std::vector<peers::Contact>{}, [this](const Heard& heard) {
        calling_ = false;
        heard_candidate(heard);
    });
}

void VoteQuestion::heard_candidate(const Heard& heard) {
    if (!asking()) return;
    if (const auto who = names_of(heard, {Word::listed}); !who.empty()) return hold("listed by " + who);
    if (!heard.empty() && all_say(heard, Word::not_listed))
        return release("no conductor lists this node, its vote is free", heard);
    release("no conductor can be asked whether this node has forgotten a vote, it votes", heard);
}

// Whoever feeds this node lists it.
void VoteQuestion::members_changed() {
    if (!asking()) return;
    const auto& servers = replica_->raft().latest_configuration().servers;
    const ServerId self{raft_.server_id};
    if (std::ranges::find(servers, self, &consensus::Server::id) == servers.end()) return;
    fed_ = true;
    hold("a leader feeds it");
}

void VoteQuestion::hold(std::string why) {
    found_ = {};
    timer_.cancel();
    why_held_ = std::move(why);
    replica_->set_vote_hold(VoteHold::held);
}

void VoteQuestion::release(const char* message, const Heard& unheard) {
    const auto silent = names_of(unheard, {Word::silent});
    const bool certain = silent.empty() && !unheard.empty();
    if (certain) {
        logging::info(message, {{"event", "vote_free"}});
    } else {
        logging::warn(message, {{"silent", silent}, {"event", "vote_free"}});
    }
    replica_->set_vote_hold(VoteHold::none);
}

asio::awaitable<void> VoteQuestion::stop() {
    stopped_ = true;
    found_ = {};
    timer_.cancel();
    co_await call_.stop();
}

}  // namespace conductor::daemon
