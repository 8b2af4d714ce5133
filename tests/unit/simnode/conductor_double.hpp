// A conductor as far as op-node can see: says whether it leads, and keeps what is committed. On a port and a
// thread of its own. Members may be called from the test's thread.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "core/payload/envelope.hpp"
#include "tests/simnode/surface.hpp"

namespace conductor::simnode::test {

class ConductorDouble {
public:
    enum class Role : std::uint8_t { leader, follower };
    explicit ConductorDouble(Role role);
    ~ConductorDouble();
    ConductorDouble(const ConductorDouble&) = delete;
    ConductorDouble& operator=(const ConductorDouble&) = delete;

    [[nodiscard]] std::string url() const { return url_; }
    /// Every commit fails with `text`; empty: they succeed.
    void refuse_commits(const std::string& text);
    void set_fault(const Fault& fault);
    void clear_faults();
    /// What was accepted, in order, repetitions left out.
    [[nodiscard]] std::vector<payload::Envelope> committed();
    /// What was refused by refuse_commits(), every attempt.
    [[nodiscard]] std::vector<payload::Envelope> refused();
    [[nodiscard]] std::uint64_t calls(const std::string& method);

private:
    // Runs `f` on the thread that owns everything below.
    template <class F>
    auto there(F f) {
        std::packaged_task<std::invoke_result_t<F>()> task{std::move(f)};
        auto done = task.get_future();
        boost::asio::post(net_, [&task] { task(); });
        return done.get();
    }
    rpc::Answer commit(std::string_view envelope_json);
    rpc::HttpResponse commit_ssz(std::string_view octets);
    [[nodiscard]] bool accept(const payload::Envelope& block);

    boost::asio::io_context net_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{net_.get_executor()};
    Surface surface_;
    std::string refusal_;
    std::vector<payload::Envelope> committed_, refused_;
    std::string url_;
    std::thread thread_;
};

}  // namespace conductor::simnode::test
