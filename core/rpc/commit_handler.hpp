// Commits as clients ask for them: from JSON or SSZ to an envelope, to the quorum, to the text that an
// op-conductor would have answered (conductor 3.5, 3.7; payload 4.3, 4.4). Any net thread.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "core/base/bytes.hpp"
#include "core/base/json_scan.hpp"
#include "core/control/ports.hpp"
#include "core/payload/transcode.hpp"
#include "core/rpc/jsonrpc_frame.hpp"
#include "core/rpc/methods.hpp"
#include "core/rpc/observer.hpp"

namespace conductor::rpc {

struct CommitRules {
    payload::Strictness strictness;
    bool refuse_bad_hash{false};  ///< `commit.check-hash` is `sync`; costs milliseconds a megabyte
};

class CommitHandler {
public:
    /// `committer` and `observer` outlive the handler.
    CommitHandler(control::Committer& committer, Observer& observer, CommitRules rules);

    /// Stores the envelope on a quorum. Its caller bounds it; a commit that was given up may still happen.
    ///   errors  the whole sentence of ERR-A or ERR-F; −32602 for a hash that is not the payload's
    boost::asio::awaitable<Result<void, RpcError>> commit(payload::Envelope envelope, CommitVia via);

    /// `conductor_commitUnsafePayload` by the exact decoder.
    boost::asio::awaitable<Answer> commit_json(std::optional<json::RawValue> params);

    /// The body of `POST /commit-unsafe-payload`.
    ///   errors  the message is the whole text of status 500
    boost::asio::awaitable<Result<void, RpcError>> commit_ssz(Bytes ssz);

private:
    control::Committer& committer_;
    Observer& observer_;
    CommitRules rules_;
};

}  // namespace conductor::rpc
