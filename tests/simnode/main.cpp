// simnode: a consensus node with its execution layer, simulated, to stand beside a conductor in integration
// tests. One thread. Prints one line with its addresses once it listens; ends on SIGTERM or SIGINT within one
// second. Exit codes: 0 stopped, 1 cannot listen, 2 wrong flag.
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>

#include "tests/simnode/methods.hpp"

namespace {

using namespace conductor;
using namespace conductor::simnode;
namespace asio = boost::asio;

struct Flags {
    std::uint16_t cl_port{0}, el_port{0}, control_port{0};
    std::optional<Endpoint> conductor;
    std::vector<Endpoint> peers;
    bool binary_commit{false};
    NodeSettings node;
};

constexpr const char* usage =
    "simnode [--cl-port N] [--el-port N] [--control-port N] [--conductor URL] [--peer URL]…\n"
    "        [--block-time-ms N] [--genesis-seed N] [--genesis-time UNIX_S] [--payload-bytes N]\n"
    "        [--safe-distance BLOCKS] [--binary-commit true|false]\n";

[[noreturn]] void refuse(const std::string& why) {
    std::fprintf(stderr, "simnode: %s\n%s", why.c_str(), usage);
    std::exit(2);
}

std::uint64_t number(const std::string& flag, const std::string& text, std::uint64_t least,
                     std::uint64_t most) {
    std::uint64_t value = 0;
    const auto* const end = text.data() + text.size();
    const auto [used, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || used != end || value < least || value > most)
        refuse(flag + ": not a number from " + std::to_string(least) + " to " + std::to_string(most) + ": " +
               text);
    return value;
}

Endpoint endpoint(const std::string& flag, const std::string& url) {
    const auto parsed = parse_endpoint(url);
    if (!parsed) refuse(flag + ": " + parsed.error().text);
    return *parsed;
}

void take(Flags& flags, const std::string& flag, const std::string& value) {
    const auto port = [&] { return static_cast<std::uint16_t>(number(flag, value, 0, 65'535)); };
    if (flag == "--cl-port") {
        flags.cl_port = port();
    } else if (flag == "--el-port") {
        flags.el_port = port();
    } else if (flag == "--control-port") {
        flags.control_port = port();
    } else if (flag == "--conductor") {
        flags.conductor = endpoint(flag, value);
    } else if (flag == "--peer") {
        flags.peers.push_back(endpoint(flag, value));
    } else if (flag == "--block-time-ms") {
        flags.node.block_time = std::chrono::milliseconds{number(flag, value, 1, 3'600'000)};
    } else if (flag == "--genesis-seed") {
        flags.node.seed = number(flag, value, 0, UINT64_MAX);
    } else if (flag == "--genesis-time") {
        flags.node.genesis_time_s = number(flag, value, 0, UINT32_MAX);
    } else if (flag == "--payload-bytes") {
        flags.node.padding = number(flag, value, 0, std::size_t{32} << 20U);
    } else if (flag == "--binary-commit") {
        if (value != "true" && value != "false") refuse(flag + ": neither true nor false: " + value);
        flags.binary_commit = value == "true";
    } else if (flag == "--safe-distance") {
        flags.node.safe_distance = number(flag, value, 0, UINT32_MAX);
    } else {
        refuse("unknown flag " + flag);
    }
}

// `--flag value` or `--flag=value`.
Flags read_flags(int argc, char** argv) {
    Flags flags;
    for (int i = 1; i < argc; ++i) {
        const std::string word{argv[i]};
        const auto equals = word.find('=');
        if (equals != std::string::npos) {
            take(flags, word.substr(0, equals), word.substr(equals + 1));
        } else if (i + 1 < argc) {
            take(flags, word, argv[++i]);
        } else {
            refuse(word + " lacks its value");
        }
    }
    return flags;
}

asio::awaitable<void> close_all(TaskGroup& tasks, std::vector<Surface*> surfaces) {
    co_await tasks.stop();
    for (auto* const surface : surfaces) co_await surface->close();
}

}  // namespace

int main(int argc, char** argv) {
    const auto flags = read_flags(argc, argv);
    std::signal(SIGPIPE, SIG_IGN);
    asio::io_context context{1};
    const auto executor = context.get_executor();

    TaskGroup tasks;
    Node node{executor, flags.node};
    SurfaceHabits as_op_node;
    as_op_node.cors = true;
    as_op_node.healthz = true;
    SurfaceHabits ours;
    ours.body_limit = std::size_t{96} << 20U;
    Surface consensus{context, flags.cl_port, as_op_node};
    Surface execution{context, flags.el_port, {}};
    Surface control{context, flags.control_port, ours};
    Controlled controlled{node, consensus, execution};
    add_consensus_methods(consensus, node);
    add_execution_methods(execution, node);
    add_control_methods(control, controlled);

    node.conductor.set_endpoint(flags.conductor);
    node.conductor.set_binary_commit(flags.binary_commit);
    node.run(tasks);
    node.gossip.set_peers(flags.peers);
    bool listens = true;
    for (auto* const surface : {&consensus, &execution, &control}) {
        const auto opened = surface->open();
        if (opened) continue;
        std::fprintf(stderr, "simnode: %s\n", opened.error().text.c_str());
        listens = false;
    }

    const auto end = [&] {
        ::alarm(1);  // should anything refuse to end: nothing here is worth keeping
        asio::co_spawn(executor, close_all(tasks, {&consensus, &execution, &control}), asio::detached);
    };
    asio::signal_set signals{executor, SIGTERM, SIGINT};
    signals.async_wait([&](const boost::system::error_code& error, int) {
        if (!error) end();
    });
    if (listens) {
        std::printf("simnode cl=%s el=%s control=%s\n", consensus.url().c_str(), execution.url().c_str(),
                    control.url().c_str());
        std::fflush(stdout);
    } else {
        signals.cancel();
        end();
    }
    context.run();
    return listens ? 0 : 1;
}
