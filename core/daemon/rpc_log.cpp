#include "core/daemon/rpc_log.hpp"

#include "core/runtime/logging.hpp"

namespace conductor::daemon {

namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_params = 512;

// Commits come with every block, and are no order of anybody; what is proxied changes the node, not us.
bool by_an_operator(const rpc::CallFacts& facts) {
    return facts.changes && facts.method.starts_with("conductor_") &&
           facts.method != "conductor_commitUnsafePayload";
}

// As op-conductor says it (3.6.5): batchers call it all the time, and an operator must see when it is lost.
void proxied(const rpc::CallFacts& facts) {
    if (!facts.error_code) {
        logging::debug("successfully proxied miner_setMaxDASize call");
    } else if (facts.error.starts_with("Post \"")) {
        logging::warn("proxy miner_setMaxDASize call failed", {{"err", facts.error}});
    } else {
        logging::debug("proxy miner_setMaxDASize call returned an RPC error", {{"err", facts.error}});
    }
}

}  // namespace

void RpcLog::call_answered(const rpc::CallFacts& facts) {
    const bool failed = facts.error_code.has_value();
    if (by_an_operator(facts))
        logging::info("operator's call", {{"method", facts.method},
                                          {"params", facts.params.substr(0, longest_params)},
                                          {"peer", facts.peer},
                                          {"outcome", failed ? facts.error : std::string_view{"done"}},
                                          {"event", "audit"}});

    if (facts.method == "miner_setMaxDASize") proxied(facts);
    const auto level = failed ? logging::Level::warn : logging::Level::debug;
    if (!logging::enabled(level)) return;
    const auto id = facts.id.substr(0, longest_name);
    const auto served = "Served " + std::string{facts.asked.substr(0, longest_name)};
    if (failed) {
        logging::warn(served,
                      {{"conn", facts.peer}, {"reqid", id}, {"duration", facts.took}, {"err", facts.error}});
    } else {
        logging::debug(served, {{"conn", facts.peer}, {"reqid", id}, {"duration", facts.took}});
    }
}

void RpcLog::commit_begins(BlockNumber number, const BlockHash& hash) {
    logging::debug("committing unsafe payload", {{"number", number}, {"hash", hash}});
}

void RpcLog::commit_answered(const rpc::CommitFacts& facts) {
    const bool binary = facts.via == rpc::CommitVia::binary;
    if (facts.error.empty()) {
        logging::debug("unsafe payload committed", {{"number", facts.number},
                                                    {"hash", facts.hash},
                                                    {"via", binary ? "binary" : "json"},
                                                    {"size", facts.octets},
                                                    {"duration", facts.took}});
        return;
    }
    logging::warn(binary ? "failed to commit unsafe payload (binary)" : "failed to commit unsafe payload",
                  {{"err", facts.error}, {"size", facts.octets}, {"event", "commit_failed"}});
}

void RpcLog::body_refused(std::uint64_t declared, std::uint64_t limit) {
    logging::warn("request body refused", {{"size", declared}, {"limit", limit}});
}

void RpcLog::connection_refused() {
    logging::warn("too many RPC connections, one was closed");
}

}  // namespace conductor::daemon
