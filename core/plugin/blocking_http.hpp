// The plugins' way to the network: HttpPost for threads that may block, over the asynchronous client. One
// thread of its own does the work of all; a call that is cancelled or late leaves at once, whatever that thread
// does.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/clock.hpp"
#include "core/plugin/ports.hpp"

namespace conductor::plugin {

/// What an `[endpoints.…]` table says, once read.
struct HttpEndpoint {
    std::string url;
    Duration timeout{std::chrono::seconds{5}};                ///< of calls without a deadline; also their bound
    std::vector<std::pair<std::string, std::string>> fields;  ///< such as Authorization; never shown
    std::string ca;  ///< PEM file of the authorities that count for https; empty: the system's
};
using HttpEndpoints = std::map<std::string, HttpEndpoint, std::less<>>;

class BlockingHttp final : public HttpPost {
public:
    static constexpr std::size_t max_under_way = 64;

    /// Nothing but a sentence that names the endpoint where a URL cannot be asked.
    [[nodiscard]] static Result<std::shared_ptr<BlockingHttp>, Complaint> make(const HttpEndpoints& endpoints);
    ~BlockingHttp() override;

    /// Takes over endpoints that were not there, and the fields of those that have stayed where they were.
    ///   errors  as make(); then nothing has changed
    [[nodiscard]] Result<void, Complaint> renew(const HttpEndpoints& endpoints);

    Result<HttpReply, HttpError> post(const HttpCall& call) override;
    Result<HttpReply, HttpError> get(const HttpCall& call) override;

private:
    struct Worker;
    explicit BlockingHttp(std::unique_ptr<Worker> worker);
    Result<HttpReply, HttpError> exchange(std::string_view method, const HttpCall& call);
    struct Place;
    struct Ask;
    Result<HttpReply, HttpError> in_clear(const Place& place, const Ask& ask);
    Result<HttpReply, HttpError> by_tls(const Place& place, const Ask& ask);
    std::unique_ptr<Worker> worker_;
};

}  // namespace conductor::plugin
