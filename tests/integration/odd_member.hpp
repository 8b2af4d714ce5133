// A voter that is none of ours: answers raft as it is told, sanely or not. It keeps nothing, so it must never
// be needed for a quorum. A thread for each connection; calls may come from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/transport/wire_protocol.hpp"

namespace conductor::test {

enum class Manner : std::uint8_t {
    sane,
    silent,      ///< reads, and answers nothing
    truncated,   ///< half an answer, then the end
    wrong_type,  ///< numbers are texts
    nested,      ///< a thousand arrays in each other, and more
    endless,     ///< an error text that is announced as 4 GiB, and comes
    slow,        ///< an octet a second
    swapped,     ///< the second answer first
    garbage,
};

class OddMember {
public:
    explicit OddMember(std::string id);
    ~OddMember();
    OddMember(const OddMember&) = delete;
    OddMember& operator=(const OddMember&) = delete;

    [[nodiscard]] std::string address() const { return address_; }
    /// Ends its connections, so that it is asked again at once.
    void behave(Manner manner) {
        manner_.store(manner);
        ++life_;
    }
    /// Requests that it has read.
    [[nodiscard]] std::uint64_t asked() const { return asked_.load(); }

private:
    void accept();
    void serve(int socket);
    /// What it says to this; empty: nothing. `held` keeps what is to be said later.
    [[nodiscard]] std::string answer(const wire::Request& request, Manner manner, std::string& held);
    void say(int socket, const std::string& octets, Manner manner);

    std::string id_;
    std::string address_;
    std::atomic<Manner> manner_{Manner::sane};
    std::atomic<std::uint64_t> life_{0};
    std::atomic<std::uint64_t> asked_{0};
    std::atomic<bool> ending_{false};
    int listener_{-1};
    std::vector<std::thread> serving_;
    std::thread accepting_;
};

}  // namespace conductor::test
