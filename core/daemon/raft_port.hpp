// Opens the port on which the other members reach this one, in op-conductor's words (conductor.md 2.3.2), and
// settles what this node is called. Core thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "core/base/result.hpp"
#include "core/config/settings.hpp"
#include "core/replica/raft_links.hpp"

namespace conductor::daemon {

struct RaftAddress {
    std::string configured;  ///< host:port as the others dial it; goes into the configuration, names stay names
    std::string header;      ///< in the header of every message, constant: who we are (raft-wire 1.11)
};

/// Resolves, listens and introduces `links`. The advertised address is `consensus.advertised`, else the bound
/// one, else, where that is every address of the host and `compat_go` is not set, the host's name (P-18).
///   after   connections are accepted
///   errors  in Go's words, as they follow `failed to create raft consensus: `
///   time    what resolving takes, at most ten seconds a name
[[nodiscard]] boost::asio::awaitable<Result<RaftAddress, Complaint>> open_raft_port(
    config::ConsensusSettings consensus, bool compat_go, replica::RaftLinks& links);

}  // namespace conductor::daemon
