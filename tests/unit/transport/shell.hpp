// An acceptor on a thread of its own, with a protocol that does what the test says, and a plain socket that
// speaks octets to it.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "core/transport/acceptor.hpp"

namespace conductor::test {

/// One io_context and its thread; everything of the shell lives there.
class Core {
public:
    Core() : thread_{[this] { io_.run(); }} {}
    ~Core() {
        work_.reset();
        thread_.join();
    }
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    boost::asio::io_context& io() { return io_; }
    /// Runs `what` on the core thread and waits for it.
    template <class What>
    auto on(What what) {
        std::packaged_task<decltype(what())()> task{std::move(what)};
        auto result = task.get_future();
        boost::asio::post(io_, [&task] { task(); });
        return result.get();
    }
    void finish(boost::asio::awaitable<void> last) {
        boost::asio::co_spawn(io_, std::move(last), boost::asio::use_future).get();
    }

private:
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
    std::thread thread_;
};

/// What happened on another thread, for a test to wait for.
template <class Item>
class Happenings {
public:
    void add(Item item) {
        const std::lock_guard lock{mutex_};
        items_.push_back(std::move(item));
        changed_.notify_all();
    }
    /// Whether there are `count` in time.
    bool wait_for(std::size_t count, std::chrono::seconds limit = std::chrono::seconds{20}) {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, limit, [&] { return items_.size() >= count; });
    }
    std::vector<Item> all() {
        const std::lock_guard lock{mutex_};
        return items_;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Item> items_;
};

struct Request {
    consensus::Connection connection;
    consensus::Exchange exchange;
    consensus::Sender from;
    consensus::Message message;
};

/// Who asks a Member.
inline const consensus::Sender leader{ServerId{"seq-a"}, "10.0.0.1:50050"};

/// A member that answers as `answer` says; by default everything at once and favourably.
class Member {
public:
    using Answer = std::function<void(transport::Acceptor&, const Request&)>;
    explicit Member(transport::AcceptorOptions options = {}, Answer answer = agree,
                    std::function<bool(const std::string&, const std::string&)> knows = everybody);
    ~Member();

    std::uint16_t port() { return port_; }
    std::string address() { return "127.0.0.1:" + std::to_string(port_); }
    Core& core() { return core_; }
    transport::Acceptor& acceptor() { return *acceptor_; }
    Happenings<Request>& requests() { return requests_; }
    /// Whose last connection has ended.
    Happenings<ServerId>& left() { return left_; }
    transport::AcceptorFigures figures() {
        return core_.on([this] { return acceptor_->figures(); });
    }
    std::size_t connections() {
        return core_.on([this] { return acceptor_->connections(); });
    }
    void stop();

    static void agree(transport::Acceptor& acceptor, const Request& request);
    static bool everybody(const std::string&, const std::string&) { return true; }

private:
    Core core_;
    Happenings<Request> requests_;
    Happenings<ServerId> left_;
    std::unique_ptr<transport::Acceptor> acceptor_;
    std::uint16_t port_{0};
    bool stopped_{false};
};

/// A blocking socket whose reads give up after ten seconds.
class Wire {
public:
    explicit Wire(std::uint16_t port);
    void send(ByteSpan octets);
    void send(const Bytes& octets) { send(octets.span()); }
    /// Exactly that many octets, fewer at the end of the stream.
    std::vector<std::uint8_t> read(std::size_t octets);
    /// Whether the other side closes, within ten seconds, without a further octet.
    bool closed_by_peer();
    bool send_fails(ByteSpan octets);
    void no_more();
    void close();

private:
    boost::asio::io_context io_;
    boost::asio::ip::tcp::socket socket_;
};

/// Whether `holds` becomes true within ten seconds.
bool eventually(const std::function<bool()>& holds);

}  // namespace conductor::test
