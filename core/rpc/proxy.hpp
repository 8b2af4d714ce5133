// Methods of the sequencer's own nodes, asked through the conductor, so that batchers and proposers follow the
// leader (conductor 3.6): parameters and answers pass as they came, and nobody but the leader answers.
// Leadership is judged before the node is asked and again afterwards: an answer that was begun under one leader
// must not be given under another. Any net thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/rpc/methods.hpp"

namespace conductor::rpc {

enum class Backend : std::uint8_t { execution, consensus };

/// The nodes behind the proxy.
class Upstream {
public:
    virtual ~Upstream() = default;
    /// The JSON text of the `result`, or the error to answer with: the node's own, code, message and data, or
    /// −32000 where there was none. Bounded. Must end when it is cancelled; called on net threads, several at
    /// once.
    virtual boost::asio::awaitable<Answer> ask(Backend backend, std::string method, std::string params) = 0;
};

struct ProxyPorts {
    std::function<bool()> serves;  ///< whether this node leads or is overridden, judged now; from any thread
    Upstream& upstream;            ///< outlives the table
};

/// What `add_proxied_methods` would say of `methods`, a sentence each.
[[nodiscard]] std::vector<std::string> proxy_complaints(const std::vector<std::string>& methods);

/// Adds `methods` (`proxy.methods`) to the table. Those of op-conductor refuse the parameters that it refuses;
/// others of `eth net web3 txpool optimism opp2p` pass as they are. Nothing of `admin` and `miner` beyond
/// op-conductor's: whoever could start the sequencer through the proxy would pass the control loop by.
///   errors  a sentence that names the method; the table then holds some of them
[[nodiscard]] Result<void, Complaint> add_proxied_methods(MethodTable& table,
                                                          const std::vector<std::string>& methods,
                                                          const ProxyPorts& ports);

}  // namespace conductor::rpc
