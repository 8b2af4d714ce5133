// How protocol messages leave the house. The transport implements it over sockets; a group of one has nobody
// to talk to. Core thread.
#pragma once

#include "core/consensus/message.hpp"

namespace conductor::replica {

class Links {
public:
    virtual ~Links() = default;
    /// Queues a request or a reply; waits for no peer.
    virtual void post(consensus::Envelope envelope) = 0;
    /// Closes the connection on which this request came, without an answer (raft-wire 1.7).
    virtual void hang_up(consensus::Exchange exchange) = 0;
};

/// Drops everything: the other members, if any, find out by silence.
class NoLinks final : public Links {
public:
    void post(consensus::Envelope) override {}
    void hang_up(consensus::Exchange) override {}
};

}  // namespace conductor::replica
