// What the RPC server reports, as log lines. Any thread.
#pragma once

#include "core/rpc/observer.hpp"

namespace conductor::daemon {

class RpcLog final : public rpc::Observer {
public:
    void call_answered(const rpc::CallFacts& facts) override;
    void commit_answered(rpc::CommitVia via, Duration took, std::size_t octets,
                         std::string_view error) override;
    void body_refused(std::uint64_t declared, std::uint64_t limit) override;
    void connection_refused() override;
};

}  // namespace conductor::daemon
