#include "core/plugin/tls_client.hpp"

#include <optional>

#include "core/runtime/clock.hpp"
#include "core/runtime/http_answer.hpp"

namespace conductor::plugin {

using Kind = HttpError::Kind;

namespace {

constexpr std::size_t read_size = 16 * 1024;

}  // namespace

struct TlsClient::Outcome {
    std::optional<http::Answer> answer;
    HttpError failure;
    bool never_began{false};    ///< the connection ended before an octet of an answer
    bool never_arrived{false};  ///< the peer cannot hold the whole request
};

TlsClient::TlsClient(TlsKeeping keeping) : keeping_{keeping} {}
TlsClient::~TlsClient() = default;

std::size_t TlsClient::kept() const {
    const std::lock_guard lock{mutex_};
    return kept_;
}

// As http::Client does it: what is dead before an octet of an answer came is tried again where the peer cannot
// have acted, or may act twice.
Result<http::Answer, HttpError> TlsClient::exchange(const std::shared_ptr<const TlsTrust>& trust,
                                                    const TlsCall& call, const Lookup& lookup) {
    if (auto old = take_kept(*trust, call.place)) {
        auto outcome = attempt(std::move(old), trust, call);
        const bool again = !outcome.answer && outcome.never_began &&
                           (outcome.never_arrived || call.repeat == http::Repeat::once);
        if (outcome.answer) return std::move(*outcome.answer);
        if (!again) return outcome.failure;
    }
    auto outcome = fresh(trust, call, lookup);
    if (outcome.answer) return std::move(*outcome.answer);
    return outcome.failure;
}

TlsClient::Outcome TlsClient::fresh(const std::shared_ptr<const TlsTrust>& trust, const TlsCall& call,
                                    const Lookup& lookup) {
    Outcome outcome;
    const auto endpoints = lookup();
    if (!endpoints) {
        outcome.failure = endpoints.error();
        return outcome;
    }
    outcome.failure = {Kind::unreachable, "no such host"};
    for (const auto& endpoint : *endpoints) {
        auto connection = std::make_unique<TlsConnection>(*trust);
        connection->serve(call.until, call.cancel_fd);
        auto failed = connection->connect(endpoint);
        if (!failed) failed = connection->greet(call.host);
        // From here on the peer may have acted: nobody else is asked.
        if (!failed) return attempt(std::move(connection), trust, call);
        outcome.failure = *failed;
        if (failed->kind != Kind::unreachable) break;  // else the next address may do
    }
    return outcome;
}

TlsClient::Outcome TlsClient::attempt(Connection connection, const std::shared_ptr<const TlsTrust>& trust,
                                      const TlsCall& call) {
    using Progress = http::AnswerReader::Progress;
    Outcome outcome;
    connection->serve(call.until, call.cancel_fd);
    std::size_t sent = 0;
    const auto unsent = connection->send(call.request, sent);
    if (unsent && unsent->kind != Kind::unreachable) {
        outcome.failure = *unsent;
        return outcome;
    }
    // A peer may answer and close without reading on: what it said is read even when our words broke off.
    http::AnswerReader reader{call.answer_limit};
    std::string buffer(read_size, '\0');
    auto progress = Progress::more;
    while (progress == Progress::more) {
        const auto got = connection->receive(buffer);
        const bool ended = !got || got->empty();
        progress = !ended ? reader.take(*got) : got ? reader.peer_closed() : progress;
        if (!ended || progress != Progress::more) continue;
        const bool broken = got || got.error().kind == Kind::unreachable;
        outcome.never_began = broken && !reader.begun();
        outcome.never_arrived = sent < call.request.size();
        outcome.failure = unsent ? *unsent
                          : got  ? HttpError{Kind::unreachable, reader.begun() ? "unexpected EOF" : "EOF"}
                                 : got.error();
        return outcome;
    }
    if (progress == Progress::malformed) {
        outcome.failure = {Kind::unreachable, reader.complaint()};
    } else if (progress == Progress::too_large) {
        outcome.failure = {Kind::too_large,
                           "answer of more than " + std::to_string(call.answer_limit) + " octets"};
    } else {
        outcome.answer = std::move(reader.answer());
        if (reader.reusable() && !unsent) keep(std::move(connection), trust, call.place);
    }
    return outcome;
}

TlsClient::Connection TlsClient::take_kept(const TlsTrust& trust, const std::string& place) {
    const std::lock_guard lock{mutex_};
    const auto found = pool_.find(place);
    if (found == pool_.end()) return nullptr;
    auto& idle = found->second;
    Connection taken;
    // The youngest first: the peer is least likely to have closed it.
    for (auto at = idle.size(); at-- > 0 && !taken;) {
        if (idle[at].trust.get() != &trust) continue;
        auto last = std::move(idle[at]);
        idle.erase(idle.begin() + static_cast<std::ptrdiff_t>(at));
        --kept_;
        if (now() - last.since < keeping_.idle && last.connection->quiet()) taken = std::move(last.connection);
    }
    if (idle.empty()) pool_.erase(found);
    return taken;
}

void TlsClient::drop_expired() {
    for (auto& [place, idle] : pool_)
        kept_ -= std::erase_if(idle, [this](const Kept& kept) { return now() - kept.since >= keeping_.idle; });
    std::erase_if(pool_, [](const auto& entry) { return entry.second.empty(); });
}

void TlsClient::keep(Connection connection, const std::shared_ptr<const TlsTrust>& trust,
                     const std::string& place) {
    const std::lock_guard lock{mutex_};
    if (kept_ >= keeping_.in_all) drop_expired();  // or places that nobody asks any more would hold all
    if (kept_ >= keeping_.in_all) return;
    auto& idle = pool_[place];
    if (idle.size() >= keeping_.per_place) return;
    idle.push_back({std::move(connection), trust, now()});
    ++kept_;
}

}  // namespace conductor::plugin
