#include "core/daemon/rpc_log.hpp"

#include "core/runtime/logging.hpp"

namespace conductor::daemon {

void RpcLog::call_answered(const rpc::CallFacts& facts) {
    if (!logging::enabled(logging::Level::debug)) return;
    logging::debug("Served call", {{"method", facts.method}, {"duration", facts.took}});
}

void RpcLog::commit_answered(rpc::CommitVia via, Duration took, std::size_t octets, std::string_view error) {
    const bool binary = via == rpc::CommitVia::binary;
    if (error.empty()) {
        logging::debug("unsafe payload committed",
                       {{"via", binary ? "binary" : "json"}, {"size", octets}, {"duration", took}});
        return;
    }
    logging::warn(binary ? "failed to commit unsafe payload (binary)" : "failed to commit unsafe payload",
                  {{"err", error}, {"size", octets}, {"event", "commit_failed"}});
}

void RpcLog::body_refused(std::uint64_t declared, std::uint64_t limit) {
    logging::warn("request body refused", {{"size", declared}, {"limit", limit}});
}

void RpcLog::connection_refused() {
    logging::warn("too many RPC connections, one was closed");
}

}  // namespace conductor::daemon
