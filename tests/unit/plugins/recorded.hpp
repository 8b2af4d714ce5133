// What op-node and op-geth really answered (tests/data/engine), and a node that answers so.
#pragma once

#include <fstream>

#include "core/plugin/json_select.hpp"
#include "tests/support/checkout.hpp"
#include "tests/unit/plugin/world.hpp"

namespace conductor::plugin::test {

struct Exchange {
    std::string params;  ///< as they were sent
    HttpReply reply;
};

inline std::string string_at(std::string_view json, std::string_view pointer) {
    BoundedText text{1 << 22};
    conductor_json value{};
    value.size = sizeof value;
    value.text = text.sink();
    REQUIRE(json_select(as_slice(json), as_slice(pointer), &value) == CONDUCTOR_OK);
    return text.take();
}

inline Exchange recorded(const std::string& flavour, const std::string& name) {
    std::ifstream in{conductor::checkout::test_data() + "/engine/answers.jsonl"};
    for (std::string line; std::getline(in, line);) {
        if (string_at(line, "/name") != name || string_at(line, "/flavour") != flavour) continue;
        const auto status = json_slice(line, "/status");
        REQUIRE(status);
        return {std::string{json_slice(line, "/params").value_or("[]")},
                {std::stoi(std::string{*status}), string_at(line, "/body")}};
    }
    FAIL("not recorded: " << flavour << " " << name);
    return {};
}

/// Both nodes of one sequencer, behind one port: methods answer what the test has put there, in turn; the last
/// answer stays.
class Nodes {
public:
    explicit Nodes(World& world) : http_{world.http} {
        http_->answer = [this](const HttpCall& call) { return reply(call); };
    }
    void says(const std::string& method, HttpReply reply) {
        answers_[method].push_back(Answer{std::move(reply)});
    }
    void says(const std::string& method, const Exchange& exchange) { says(method, exchange.reply); }
    void result(const std::string& method, const std::string& json) {
        says(method, HttpReply{200, R"({"jsonrpc":"2.0","id":1,"result":)" + json + "}"});
    }
    void error(const std::string& method, int code, const std::string& message) {
        says(method, HttpReply{200, R"({"jsonrpc":"2.0","id":1,"error":{"code":)" + std::to_string(code) +
                                        R"(,"message":)" + json_quoted(message) + "}}"});
    }
    void fails(const std::string& method, HttpError error) {
        answers_[method].push_back(Answer{std::move(error)});
    }
    /// The next batch is answered so, whatever its calls are; without one each call has its own answer.
    void batch_says(HttpReply reply) { batches_.push_back(std::move(reply)); }
    /// What a GET of that path brings.
    void page(const std::string& path, HttpReply reply) { says("GET " + path, std::move(reply)); }

    /// `endpoint method params` of every request, `endpoint GET path` of every page, in order.
    [[nodiscard]] const std::vector<std::string>& asked() const { return asked_; }

private:
    using Answer = Result<HttpReply, HttpError>;
    Answer reply(const HttpCall& call) {
        if (call.body.empty()) {
            const auto page = "GET " + std::string{call.path};
            asked_.push_back(std::string{call.endpoint} + " " + page);
            return next_of(page);
        }
        if (call.body.starts_with('[')) return batch(call);
        const auto method = string_at(call.body, "/method");
        asked_.push_back(std::string{call.endpoint} + " " + method + " " +
                         std::string{json_slice(call.body, "/params").value_or("-")});
        return next_of(method);
    }
    /// As go-ethereum does, but the last call first: order means nothing in a batch.
    Answer batch(const HttpCall& call) {
        std::string all;
        std::size_t count = 0;
        for (; const auto one = json_slice(call.body, "/" + std::to_string(count)); ++count) {
            const auto answer = batches_.empty() ? next_of(string_at(*one, "/method")) : Answer{HttpReply{}};
            if (!answer) return answer;
            const auto error = json_slice(answer->body, "/error");
            const auto result = json_slice(answer->body, "/result");
            all = R"({"jsonrpc":"2.0","id":)" + std::string{*json_slice(*one, "/id")} +
                  (error ? R"(,"error":)" + std::string{*error}
                         : R"(,"result":)" + std::string{result.value_or("null")}) +
                  "}" + (all.empty() ? "" : ",") + all;
        }
        asked_.push_back(std::string{call.endpoint} + " batch of " + std::to_string(count));
        if (batches_.empty()) return HttpReply{200, "[" + all + "]"};
        auto next = std::move(batches_.front());
        batches_.pop_front();
        return next;
    }
    Answer next_of(const std::string& what) {
        auto& queue = answers_[what];
        if (queue.empty()) return HttpError{HttpError::Kind::unreachable, "connect: connection refused"};
        auto next = queue.front();
        if (queue.size() > 1) queue.pop_front();
        return next;
    }

    std::shared_ptr<FakeHttp> http_;
    std::map<std::string, std::deque<Answer>> answers_;
    std::deque<HttpReply> batches_;
    std::vector<std::string> asked_;
};

}  // namespace conductor::plugin::test
