// What the RPC server reports, as log lines; among them one for each call by which somebody changes something
// (P-37). Any thread.
#pragma once

#include "core/rpc/observer.hpp"

namespace conductor::daemon {

class RpcLog final : public rpc::Observer {
public:
    void call_answered(const rpc::CallFacts& facts) override;
    void commit_begins(BlockNumber number, const BlockHash& hash) override;
    void commit_answered(const rpc::CommitFacts& facts) override;
    void body_refused(std::uint64_t declared, std::uint64_t limit) override;
    void connection_refused() override;
};

}  // namespace conductor::daemon
