#include "checker.hpp"

#include "block.hpp"
#include "core/consensus/describe.hpp"
#include "trace.hpp"

namespace conductor::sim {

namespace {

std::string at(consensus::Position position) {
    return std::to_string(position.term.value()) + ":" + std::to_string(position.index.value());
}

[[noreturn]] void broken(const std::string& rule, const std::string& what) {
    throw Violation{rule + ": " + what};
}

}  // namespace

std::uint64_t content_of(const consensus::Entry& entry) {
    const auto type = static_cast<std::uint64_t>(entry.type);
    // Whoever made it has no octets of it yet.
    if (entry.configuration) return digest(as_octets(consensus::go_text(*entry.configuration))) + type;
    return digest(entry.data.span()) + type;
}

void Checker::leads(Who who, Term term, const LogView& log) {
    const auto [known, fresh] = leaders_.try_emplace(term, who);
    if (known->second != who) broken("election safety", "two leaders in term " + std::to_string(term.value()));
    if (!fresh) return;
    newest_leader_ = std::max(newest_leader_, term);
    for (const auto& [index, what] : agreed_) {
        if (what.by >= term) continue;
        const auto here = log(index);
        if (here && *here != what.position)
            broken("leader completeness", "the leader of term " + std::to_string(term.value()) + " has " +
                                              at(*here) + " where " + at(what.position) + " is committed");
    }
}

void Checker::writes(Who /*who*/, consensus::Position before, const std::vector<consensus::Entry>& entries) {
    for (const auto& entry : entries) {
        const auto content = content_of(entry);
        const std::pair place{entry.position.index.value(), entry.position.term.value()};
        const auto [known, fresh] = written_.try_emplace(place, Written{content, before});
        if (known->second.content != content) broken("log matching", "two entries at " + at(entry.position));
        // What stands before is unknown behind a snapshot.
        const bool comparable = before.term != Term{} && known->second.before.term != Term{};
        if (comparable && known->second.before != before)
            broken("log matching", "before " + at(entry.position) + " stand " + at(before) + " and " +
                                       at(known->second.before));
        before = entry.position;
    }
}

void Checker::votes(Who who, Term term, const std::string& candidate) {
    const auto [known, fresh] = votes_.try_emplace(std::pair{who, term}, candidate);
    if (known->second != candidate)
        broken("vote durability", "two votes in term " + std::to_string(term.value()) + ": for " + candidate +
                                      " and " + known->second);
}

void Checker::follows(Who who, Term term, Who leader) const {
    if (who == leader) return;
    const auto known = leaders_.find(term);
    if (known == leaders_.end() || known->second != leader)
        broken("leader of the term",
               "somebody is obeyed in term " + std::to_string(term.value()) + " who was not elected in it");
}

void Checker::finds(const consensus::Entry& entry) const {
    const auto known = written_.find({entry.position.index.value(), entry.position.term.value()});
    if (known == written_.end() || known->second.content != content_of(entry))
        broken("no invention", "a disk holds at " + at(entry.position) + " what nobody wrote");
}

void Checker::names(Who who, Term term) {
    auto& named = members_[who].named;
    if (term < named) broken("vote durability", "a term went back to " + std::to_string(term.value()));
    named = term;
}

void Checker::boots(Who who, const consensus::HardState& hard_state) {
    if (hard_state.term < members_[who].named)
        broken("vote durability", "after a restart the term is " + std::to_string(hard_state.term.value()) +
                                      ", and " + std::to_string(members_[who].named.value()) + " was said");
}

void Checker::applies(Who who, Term term, const consensus::Entry& entry, std::uint64_t head,
                      BlockNumber head_number) {
    auto& member = members_[who];
    const auto index = entry.position.index;
    if (index != member.applied.next()) broken("state-machine safety", "entries are applied out of order");
    const auto content = content_of(entry);
    const auto [known, fresh] = agreed_.try_emplace(index, Agreed{entry.position, content, term});
    if (known->second.position != entry.position || known->second.content != content)
        broken("state-machine safety",
               "one applies " + at(entry.position) + ", another " + at(known->second.position));
    if (fresh && entry.type == consensus::EntryType::command && proposed_.count(digest(entry.data.span())) == 0)
        broken("no invention", "nobody proposed " + at(entry.position));
    const auto [state, first] = heads_.try_emplace(index, head);
    if (state->second != head) broken("state-machine safety", "two heads behind " + at(entry.position));
    if (head_number < member.head) broken("monotonic head", "the head fell at " + at(entry.position));
    member.applied = index;
    member.head = head_number;
}

void Checker::restores(Who who, LogIndex index, std::uint64_t head, BlockNumber head_number) {
    if (index != LogIndex{}) {
        const auto known = heads_.find(index);
        if (known == heads_.end()) broken("no invention", "a snapshot of what nobody has applied");
        if (known->second != head)
            broken("state-machine safety", "a snapshot has another head at " + std::to_string(index.value()));
    }
    members_[who].applied = index;
    members_[who].head = head_number;
}

// What stays below the head is acknowledged without being taken, as by Go (conductor.md 3.5.4): I-7 excepts it,
// whatever its parent. A member that leads again while a stop is on its way to its sequencer, or while it is
// paused, answers for such a block.
void Checker::acknowledges(Who /*who*/, Term term, consensus::Position position, const Block& block,
                           const Block& head, std::size_t copies, std::size_t voters) {
    if (2 * copies <= voters)
        broken("durability", "an answer rests on " + std::to_string(copies) + " of " + std::to_string(voters) +
                                 " disks at " + at(position));
    const auto known = agreed_.find(position.index);
    if (known == agreed_.end() || known->second.position != position)
        broken("durability", "an answer for " + at(position) + ", which is not what is committed there");
    if (term != position.term) broken("single committer", "a leader answers for an entry of another term");
    if (block.hash == head.hash) {
        ++acknowledged_;
        newest_block_ = std::max(newest_block_, block.number);
        const auto [sibling, fresh] = siblings_.try_emplace(std::pair{block.number, block.parent}, block.hash);
        if (sibling->second != block.hash) broken("single committer", "two blocks with one parent are out");
    } else if (block.number > head.number || (block.number == head.number && block.parent == head.parent)) {
        broken("single committer", "a block is out that is not taken");
    }
}

}  // namespace conductor::sim
