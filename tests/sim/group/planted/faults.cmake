# ---- votes ----
plant(vote_ignores_log consensus/vote.cpp
  [[if (ask.last < std::max(voter.last, voter.hard_state.floor)) return]]
  [[if (!(PLANTED && ask.ballot == Ballot::vote) && ask.last < std::max(voter.last, voter.hard_state.floor)) return]])
plant(pre_vote_ignores_log consensus/vote.cpp  # the line that the fault above has changed
  [[ask.ballot == Ballot::vote) && ask.last]]
  [[ask.ballot == Ballot::vote) && !(PLANTED && ask.ballot == Ballot::pre_vote) && ask.last]])
plant(votes_twice consensus/vote.cpp
  [[    if (voted) {]] [[    if (voted && !PLANTED) {]])
plant(held_vote_is_given consensus/vote.cpp
  [[if (voter.held) return Verdict::held;]] [[if (voter.held && !PLANTED) return Verdict::held;]])
plant(forgets_vote_at_start consensus/raft.cpp
  [[    corrupt.insert(stored.corrupt.begin(), stored.corrupt.end());]]
  [[    if (PLANTED) hard.vote_term = Term{}, hard.vote_candidate.clear();
    corrupt.insert(stored.corrupt.begin(), stored.corrupt.end());]])
plant(votes_before_the_disk consensus/raft.cpp
  [[    if (ticket <= persisted) {
        out.send_now]]
  [[    if (ticket <= persisted || (PLANTED && needs == Needs::term)) {
        out.send_now]])
plant(asks_before_its_own_vote_is_kept consensus/election.cpp
  [[    campaign->own_vote = last_ticket;  // nobody hears of this term before it is on disk]]
  [[    campaign->own_vote = last_ticket;
    if (PLANTED) ask_for_votes();]])
plant(one_vote_too_few consensus/election.cpp
  [[if (static_cast<std::size_t>(votes) < majority(]] [[if (static_cast<std::size_t>(votes) + (PLANTED ? 1U : 0U) < majority(]])
plant(counts_refusals consensus/election.cpp
  [[    if (!granted) return split_vote();
    campaign]]
  [[    if (!granted && !PLANTED) return split_vote();
    campaign]])
plant(never_campaigns_again consensus/election.cpp
  [[    election_at = now + random.once_or_twice(settings.election_timeout);]]
  [[    election_at = now + random.once_or_twice(settings.election_timeout) * (PLANTED ? 1000 : 1);]])
plant(campaigns_while_stalled consensus/election.cpp
  [[voter && trusted && !stalled && hold]] [[voter && trusted && (!stalled || PLANTED) && hold]])
plant(campaigns_with_unreadable_entries consensus/election.cpp
  [[const bool whole = corrupt.empty() && log.last() >= hard.floor;]]
  [[const bool whole = PLANTED || (corrupt.empty() && log.last() >= hard.floor);]])

# ---- following ----
plant(acknowledges_before_the_disk consensus/raft.cpp
  [[const auto ticket = needs == Needs::everything ? last_ticket : hard_ticket;]]
  [[const auto ticket = needs == Needs::everything && !PLANTED ? last_ticket : hard_ticket;]])
plant(keeps_what_conflicts consensus/replication.cpp
  [[const bool same = !known || *known == entry->position.term;]]
  [[const bool same = PLANTED || !known || *known == entry->position.term;]])
plant(takes_any_predecessor consensus/replication.cpp
  [[    if (known && *known != prev.term) {]] [[    if (known && *known != prev.term && !PLANTED) {]])
plant(leaves_a_gap consensus/replication.cpp
  [[    if (prev.index > last_before) return refuse]] [[    if (prev.index > last_before && !PLANTED) return refuse]])
plant(commits_what_is_not_verified consensus/replication.cpp
  [[advance_commit(std::min(request.commit, verified));]]
  [[advance_commit(std::min(request.commit, PLANTED ? log.last().index : verified));]])
plant(obeys_an_old_leader consensus/replication.cpp
  [[    if (request.term < hard.term) {]] [[    if (request.term < hard.term && !PLANTED) {]])
plant(keeps_members_of_a_cut_log consensus/raft.cpp
  [[    membership.truncated(from);
    if (membership.latest_index() >= from)]]
  [[    if (!PLANTED) membership.truncated(from);
    if (!PLANTED && membership.latest_index() >= from)]])
plant(forgets_what_it_acknowledged consensus/replication.cpp
  [[if (corrupt.count(index) != 0) set_floor]] [[if (!PLANTED && corrupt.count(index) != 0) set_floor]])
plant(forgets_what_it_owes_at_start consensus/raft.cpp
  [[    guessed.insert(stored.guessed.begin(), stored.guessed.end());]]
  [[    if (PLANTED) hard.floor = Position{};
    guessed.insert(stored.guessed.begin(), stored.guessed.end());]])

# ---- leading ----
plant(commits_an_old_term consensus/reign.cpp
  [[reached > commit && reached >= reign->noop)]] [[reached > commit && (PLANTED || reached >= reign->noop))]])
plant(counts_itself_before_its_disk consensus/reign.cpp
  [[matches.push_back(durable);]] [[matches.push_back(PLANTED ? log.last().index : durable);]])
plant(counts_nonvoters consensus/reign.cpp
  [[    std::vector<LogIndex> matches;
    for (const auto& server : membership.latest().servers) {
        if (server.suffrage != Suffrage::voter) continue;]]
  [[    std::vector<LogIndex> matches;
    for (const auto& server : membership.latest().servers) {
        if (server.suffrage != Suffrage::voter && !PLANTED) continue;]])
plant(commits_with_one_copy_less consensus/reign.cpp
  [[    const auto reached = reached_by_majority(std::move(matches));
    if (reached > commit]]
  [[    const auto most = matches.empty() ? LogIndex{} : *std::max_element(matches.begin(), matches.end());
    const auto reached = PLANTED ? most : reached_by_majority(std::move(matches));
    if (reached > commit]])
plant(matches_more_than_was_sent consensus/progress.cpp
  [[        peer.match = std::max(peer.match, flight.last);
        if (peer.mode]]
  [[        peer.match = std::max(peer.match, PLANTED ? log.last().index : flight.last);
        if (peer.mode]])
plant(lease_from_the_answer consensus/progress.cpp
  [[peer.contact = std::max(peer.contact, flight.sent_at);]]
  [[peer.contact = std::max(peer.contact, PLANTED ? now : flight.sent_at);]])
plant(leads_while_handing_over consensus/reign.cpp
  [[if (reign->transfer && reign->transfer->phase != Transfer::Phase::catching_up) return]]
  [[if (!PLANTED && reign->transfer && reign->transfer->phase != Transfer::Phase::catching_up) return]])
plant(leads_again_at_once consensus/transfer.cpp
  [[    reign->claim = append_own(EntryType::noop, {}, nullptr).index;]]
  [[    if (!PLANTED) reign->claim = append_own(EntryType::noop, {}, nullptr).index;]])
plant(reads_by_old_heartbeats consensus/reads.cpp
  [[read.floor = next_exchange;]] [[read.floor = PLANTED ? Exchange{} : next_exchange;]])
plant(ignores_a_forgetful_member consensus/progress.cpp
  [[if (last_log >= flight.acknowledged) return;]] [[if (PLANTED || last_log >= flight.acknowledged) return;]])
plant(backs_off_for_ever consensus/progress.cpp
  [[peer.bulk_at = now + back_off(peer.failures, 2, settings.heartbeat_timeout / 2);]]
  [[peer.bulk_at = now + back_off(peer.failures, 2, settings.heartbeat_timeout / 2) * (PLANTED ? 1000 : 1);]])
plant(changes_two_at_once consensus/changes.cpp
  [[if (!settled) return;]] [[if (!settled && !PLANTED) return;]])

# ---- snapshots ----
plant(restores_an_old_snapshot consensus/snapshot.cpp
  [[if (request.last.index <= commit && !missed)]] [[if (request.last.index <= commit && !missed && !PLANTED)]])
plant(keeps_a_log_beside_a_snapshot consensus/snapshot.cpp
  [[const bool leads_up = known && log.at(request.last.index).position == request.last;]]
  [[const bool leads_up = PLANTED || (known && log.at(request.last.index).position == request.last);]])
plant(marks_a_snapshot_too_far consensus/snapshot.cpp
  [[mark.first_kept = std::max({keep, log.first(), behind_damage(applied)});]]
  [[mark.first_kept = std::max({keep, log.first(), behind_damage(applied)});
    if (PLANTED) mark.last = log.last();]])

# ---- the store ----
plant(vote_without_a_flush storage/vote_file.cpp
  [[    return file_->sync();]] [[    return PLANTED ? FileResult<void>{} : file_->sync();]])
plant(first_vote_slot_is_skipped storage/vote_file.cpp
  [[    const auto octets = encode_slot(state_, sequence_, segment_);]]
  [[    if (PLANTED && slot == 0 && sequence_ > 1) return {};
    const auto octets = encode_slot(state_, sequence_, segment_);]])
plant(second_vote_slot_is_skipped storage/vote_file.cpp
  [[    const auto offset = static_cast<std::uint64_t>(slot) * slot_octets;]]
  [[    if (PLANTED && slot == 1 && sequence_ > 1) return {};
    const auto offset = static_cast<std::uint64_t>(slot) * slot_octets;]])
plant(believes_any_checksum storage/record_reader.cpp
  [[    if (crc32c(record->body.span()) != record->header.body_crc)]]
  [[    if (!PLANTED && crc32c(record->body.span()) != record->header.body_crc)]])
plant(writes_on_after_an_error storage/disk_log.cpp
  [[    return failure_ ? failure_ :]] [[    return PLANTED ? std::optional<StoreError>{} : failure_ ? failure_ :]])

# ---- the control loop ----
plant(takes_silence_for_consent control/ladder.cpp
  [[    if (!silent.empty() && !ground.waived) {]] [[    if (!PLANTED && !silent.empty() && !ground.waived) {]])
plant(starts_beside_an_override control/ladder.cpp
  [[        if (row.status.overridden != peers::Says::yes) continue;]]
  [[        if (PLANTED || row.status.overridden != peers::Says::yes) continue;]])
plant(starts_on_any_head control/ladder.cpp
  [[    if (head.hash == node_.hash) return start(ground, head);]]
  [[    if (PLANTED || head.hash == node_.hash) return start(ground, PLANTED ? node_ : head);]])
plant(acts_while_paused control/policy.cpp
  [[    if (hands_off()) return while_idle();]] [[    if (hands_off() && !PLANTED) return while_idle();]])
plant(passes_leadership_round control/pace.cpp
  [[    if (!settings_.on || made < free)]] [[    if (PLANTED || !settings_.on || made < free)]])

# ---- the shell around the protocol ----
plant_in_shell(waits_by_index_alone skips_a_flush answers_before_the_flush answers_without_the_clock)
