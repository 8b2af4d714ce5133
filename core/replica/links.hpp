// How protocol messages leave the house. RaftLinks implements it over sockets; a group of one has nobody to
// talk to. Core thread; no member calls back from inside a call.
#pragma once

#include <vector>

#include "core/consensus/message.hpp"
#include "core/transport/wire_entry.hpp"

namespace conductor::replica {

/// The bodies of a request, which the protocol does not keep: entries of an append, payload of a snapshot.
struct Freight {
    std::vector<wire::EncodedEntry> entries;
    Bytes payload;
};

class Links {
public:
    virtual ~Links() = default;
    /// The members of the latest configuration, before anything is posted to a new one. Who left it may still
    /// be told so.
    virtual void set_members(const consensus::Configuration& members) = 0;
    /// Queues a request or a reply; waits for no peer.
    virtual void post(consensus::Envelope envelope, Freight freight) = 0;
    /// Closes the connection on which this request came, without an answer (raft-wire 1.7).
    virtual void hang_up(consensus::Exchange exchange) = 0;
    /// Closes our connection that carries entries to that member (raft-wire 5.17.1).
    virtual void reopen_bulk(const ServerId& member) = 0;
};

/// Drops everything: the other members, if any, find out by silence.
class NoLinks final : public Links {
public:
    void set_members(const consensus::Configuration&) override {}
    void post(consensus::Envelope, Freight) override {}
    void hang_up(consensus::Exchange) override {}
    void reopen_bulk(const ServerId&) override {}
};

}  // namespace conductor::replica
