#include "core/peers/roll_call.hpp"

#include <utility>

#include "core/base/check.hpp"
#include "core/base/json_scan.hpp"

namespace conductor::peers {

namespace asio = boost::asio;

namespace {

// A group of a hundred with long names takes a tenth of this.
constexpr std::size_t membership_limit = std::size_t{256} << 10U;

std::optional<json::RawValue> member_of(const json::RawValue& object, std::string_view name) {
    json::MemberCursor cursor{object};
    std::optional<json::RawValue> found;
    while (const auto member = cursor.next())
        if (json::key_matches(member->key, name)) found = member->value;
    return found;
}

}  // namespace

Word read_membership(std::string_view text, const ServerId& self) {
    const auto value = json::first_value(text);
    if (!value || value->kind != json::Kind::object) return Word::silent;
    const auto servers = member_of(*value, "servers");
    if (!servers || servers->kind == json::Kind::null) return servers ? Word::no_group : Word::silent;
    if (servers->kind != json::Kind::array) return Word::silent;

    auto word = Word::no_group;
    json::ElementCursor cursor{*servers};
    while (const auto server = cursor.next()) {
        if (server->kind != json::Kind::object) return Word::silent;
        const auto id = member_of(*server, "id");
        if (!id || id->kind != json::Kind::string) return Word::silent;
        if (word != Word::listed) word = Word::not_listed;
        if (json::unescape(id->raw) == self.text()) word = Word::listed;
    }
    return word;
}

RollCall::RollCall(asio::io_context& core, ServerId self, Duration limit)
    : core_{core}, self_{std::move(self)}, limit_{limit} {}

void RollCall::ask(std::vector<Contact> whom, Done done) {
    CONDUCTOR_CHECK(asking_ == 0);
    heard_.clear();
    if (whom.empty()) return done({});
    asking_ = whom.size();
    done_ = std::move(done);
    for (const auto& one : whom) heard_.push_back({one.member.id, Word::silent});
    for (std::size_t place = 0; place < whom.size(); ++place)
        tasks_.spawn(core_.get_executor(), ask_one(std::move(whom[place]), place));
}

asio::awaitable<void> RollCall::ask_one(Contact whom, std::size_t place) {
    http::RpcCall call{std::move(whom.url), "conductor_clusterMembership"};
    call.limit = limit_;
    call.answer_limit = membership_limit;
    call.repeat = http::Repeat::once;
    if (!whom.token.empty()) call.fields.emplace_back("Authorization", "Bearer " + whom.token);
    const auto answer = co_await rpc_.call(std::move(call));
    if (answer) heard_[place].word = read_membership(*answer, self_);
    if (--asking_ > 0) co_return;
    const auto done = std::exchange(done_, {});
    const auto heard = std::exchange(heard_, {});
    done(heard);
}

}  // namespace conductor::peers
