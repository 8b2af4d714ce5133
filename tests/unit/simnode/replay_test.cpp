// What op-node and op-geth really answered, asked of simnode: the same octets go in, and what comes out has the
// same status, header fields and body. Hashes, heights and times belong to a run: where an answer holds them it
// is compared by the shape of its JSON. And what simnode asks of its conductor, against what op-node asked.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "core/base/json_scan.hpp"
#include "tests/simnode/gunzip.hpp"
#include "tests/support/checkout.hpp"
#include "tests/support/pattern.hpp"
#include "tests/support/simnode_process.hpp"
#include "tests/unit/rpc/recordings.hpp"
#include "tests/unit/simnode/conductor_double.hpp"

using namespace conductor;
using namespace conductor::test;
using namespace std::chrono_literals;
using simnode::test::ConductorDouble;

namespace {

namespace asio = boost::asio;
using Header = std::pair<std::string, std::string>;

std::string file(const std::string& name) {
    std::ifstream in{conductor::checkout::test_data() + "/engine/" + name, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    if (!name.ends_with(".gz")) return text.str();
    const auto unpacked = simnode::gunzip(text.str(), 16U << 20U);
    REQUIRE(unpacked.has_value());
    return *unpacked;
}

/// Follows names into objects of a checked text.
json::RawValue at(std::string_view text, const std::vector<std::string>& path) {
    auto value = *json::first_value(text);
    for (const auto& name : path) {
        json::MemberCursor members{value};
        std::optional<json::RawValue> found;
        while (const auto member = members.next())
            if (json::unescape(member->key) == name) found = member->value;
        INFO(name);
        REQUIRE(found.has_value());
        value = *found;
    }
    return value;
}

std::string text_at(std::string_view line, const std::vector<std::string>& path) {
    return json::unescape(at(line, path).raw);
}

std::vector<Header> headers_at(std::string_view line, const std::vector<std::string>& path) {
    std::vector<Header> headers;
    json::ElementCursor pairs{at(line, path)};
    while (const auto pair = pairs.next()) {
        json::ElementCursor both{*pair};
        const auto name = json::unescape(both.next()->raw);
        headers.emplace_back(name, json::unescape(both.next()->raw));
    }
    return headers;
}

/// A value without what belongs to one run; lists and peers are known by their first.
std::string shape(const json::RawValue& value) {
    std::string out;
    switch (value.kind) {
        case json::Kind::object: {
            json::MemberCursor members{value};
            while (const auto member = members.next()) {
                const bool peer = member->key.starts_with("\"16U");
                if (peer && out.find("peer") != std::string::npos) continue;
                out.append(peer ? "peer" : member->key).append(":").append(shape(member->value)).append(" ");
            }
            return "{" + out + "}";
        }
        case json::Kind::array: {
            json::ElementCursor elements{value};
            const auto first = elements.next();
            return first ? "[" + shape(*first) + "]" : "[]";
        }
        case json::Kind::string:
            if (!value.raw.starts_with("\"0x")) return "text";
            if (value.raw.size() == 68) return "hash";
            return value.raw.size() > 20 ? "octets" : "quantity";
        case json::Kind::number:
            return "number";
        default:
            return std::string{value.raw};
    }
}

bool is_of_a_run(const std::string& name, const json::RawValue& answer) {
    json::MemberCursor members{answer};
    while (const auto member = members.next()) {
        if (member->key != "\"result\"") continue;
        const auto kind = member->value.kind;
        return kind == json::Kind::object || kind == json::Kind::array || shape(member->value) == "hash" ||
               name == "web3_clientVersion";
    }
    return false;
}

/// The body as it can be compared.
std::string comparable(const std::string& name, const std::string& body) {
    const auto value = json::first_value(body);
    if (!value) return body;
    if (is_of_a_run(name, *value)) return std::string{at(body, {"id"}).raw} + shape(*value);
    const auto text = pattern::replaced(body, "head 0x[0-9a-f]{64}:[0-9]+", "head");
    return name == "start with the parent's hash"
               ? pattern::replaced(text, "received 0x[0-9a-f]{64}", "received")
               : text;
}

std::vector<Header> comparable(std::vector<Header> headers) {
    for (auto& [name, value] : headers)
        if (name == "Date" || name == "Content-Length") value.clear();
    return headers;
}

struct Pair {
    TempDir work{"simnode-replay"};
    ConductorDouble yes{ConductorDouble::Role::leader};
    ConductorDouble no{ConductorDouble::Role::follower};
    SimnodeProcess leader{setup("leader", yes)};
    SimnodeProcess follower{setup("follower", no)};

    [[nodiscard]] SimnodeSetup setup(const std::string& id, const ConductorDouble& conductor) const {
        const auto program = std::filesystem::canonical("/proc/self/exe").parent_path() / "simnode";
        return {program, work.path(), id, {"--block-time-ms=100", "--conductor=" + conductor.url()}};
    }
    /// As in the recorded network: one sequences, the other follows, each has two peers.
    void begin() {
        for (auto* const node : {&leader, &follower}) {
            node->start();
            REQUIRE(node->serves());
            node->sim("sim_peerCount", "[2]");
        }
        leader.sim("sim_peers", "[[\"" + follower.control_url() + "\"]]");
        REQUIRE(result_of(leader.cl("admin_startSequencer", "[\"" + leader.head_hash() + "\"]")) == "null");
        REQUIRE(eventually(10s, [&] { return follower.head_number() >= 2; }));
    }
};

std::string replayed_body(const Pair& nodes, std::string_view line) {
    auto body = text_at(line, {"request", "body"});
    const auto name = text_at(line, {"name"});
    const bool head = name == "start with the head's hash";
    if (!head && name != "start with the parent's hash") return body;
    const auto status = nodes.leader.sim("sim_status");
    const auto hash = text_at(status, {"head", head ? "hash" : "parentHash"});
    return pattern::replaced(body, "0x[0-9a-f]{64}", hash);
}

/// With the header fields of a recorded request.
HttpAnswer asked_again(std::uint16_t port, std::string_view line, const std::string& body) {
    HttpClient client{"127.0.0.1", port, 10s};
    std::string head = "POST / HTTP/1.1\r\n";
    for (const auto& [name, value] : headers_at(line, {"request", "headers"}))
        head.append(name)
            .append(": ")
            .append(name == "Content-Length" ? std::to_string(body.size()) : value)
            .append("\r\n");
    auto answer = client.exchange(head + "\r\n", body);
    REQUIRE(answer.has_value());
    if (answer->header("Content-Encoding") == "gzip") {
        const auto unpacked = simnode::gunzip(answer->body, 16U << 20U);
        REQUIRE(unpacked.has_value());
        answer->body = *unpacked;
    }
    return *answer;
}

HttpAnswer replay(const Pair& nodes, std::string_view line) {
    const auto& node = text_at(line, {"state"}) == "follower" ? nodes.follower : nodes.leader;
    const bool consensus = text_at(line, {"program"}) == "op-node";
    return asked_again(consensus ? node.cl_port() : node.el_port(), line, replayed_body(nodes, line));
}

/// What a fork or a network says of itself, and simnode's words for it.
const std::vector<std::pair<std::string, std::string>> own_words{
    {",\"xlayer\":\"1.0\"", ""},
    {"\"protocol_versions_address\":\"0x0000000000000000000000000000000000000000\",", ""},
    {"\"untagged-dev\"", "\"v1.19.0-dev\""},
    {"\"untagged-b0cfcfda-1780587040-dev\"", "\"v1.19.0\""},
    {"\"0x386\"", "\"0x385\""},  // the chain's id
};

std::string expected_body(std::string_view line) {
    auto body = text_at(line, {"response", "body"});
    for (const auto& [theirs, ours] : own_words)
        if (const auto found = body.find(theirs); found != std::string::npos)
            body.replace(found, theirs.size(), ours);
    return body;
}

/// op-node hashes a payload of zeros; simnode's decoder is the conductor's, which wants data first.
bool admitted(const std::string& name) {
    return name == "postUnsafePayload: executionPayload empty";
}

// ---- flows: consecutive exchanges of three conductors with their nodes

std::string method_in(const std::string& line) {
    return text_at(text_at(line, {"request", "body"}), {"method"});
}

/// The lines of one flow that go to the nodes, in the order in which they were sent.
std::map<std::string, std::vector<std::string>> flows_of(const std::string& flavour) {
    std::map<std::string, std::vector<std::string>> flows;
    std::istringstream lines{file("flows.jsonl.gz")};
    for (std::string line; std::getline(lines, line);) {
        const auto flow = text_at(line, {"flow"});
        if (flow.starts_with(flavour) && !text_at(line, {"link"}).starts_with("conductor-"))
            flows[flow].push_back(line);
    }
    const auto time_of = [](const std::string& line) { return std::stod(std::string{at(line, {"t"}).raw}); };
    for (auto& [name, flow] : flows)
        std::ranges::stable_sort(flow, [&](const auto& a, const auto& b) { return time_of(a) < time_of(b); });
    return flows;
}

/// A node of its own chain, in whatever state a flow finds it.
struct Lone {
    explicit Lone(SimnodeSetup setup) : node{std::move(setup)} {
        node.start();
        REQUIRE(node.serves());
        node.sim("sim_peerCount", "[2]");
        by_hand(true);
        REQUIRE(eventually(10s, [&] { return node.head_number() >= 2; }));
    }
    /// What an operator did there, whose calls no proxy has seen.
    void by_hand(bool produces) {
        if (node.flag("active") == produces) return;
        if (!produces) REQUIRE(result_of(node.cl("admin_stopSequencer")).starts_with("\"0x"));
        if (produces)
            REQUIRE(result_of(node.cl("admin_startSequencer", "[\"" + node.head_hash() + "\"]")) == "null");
    }
    /// One block behind what will be posted.
    void fall_behind() {
        by_hand(false);
        posted = node.sim("sim_payload", "[" + std::to_string(node.head_number()) + "]");
        node.sim("sim_fork", "[1,0]");
    }
    /// The recorded request, about this chain.
    std::string body_of(const std::string& line) const {
        const auto body = text_at(line, {"request", "body"});
        const auto method = method_in(line);
        if (method == "admin_startSequencer")
            return pattern::replaced(body, "0x[0-9a-f]{64}", node.head_hash());
        if (method != "admin_postUnsafePayload") return body;
        return body.substr(0, body.find("[{")) + "[" + posted + "]}";
    }

    SimnodeProcess node;
    std::string posted;
};

/// Whether the node produces when the flow begins: from the first thing that shows it.
std::optional<bool> produces_at_first(const std::vector<std::string>& flow, const std::string& number) {
    for (const auto& line : flow) {
        if (!text_at(line, {"link"}).ends_with("-" + number)) continue;
        const auto method = method_in(line);
        if (method == "admin_stopSequencer") return true;
        if (method == "admin_startSequencer" || method == "admin_postUnsafePayload") return false;
        if (method == "admin_sequencerActive")
            return text_at(line, {"response", "body"}).find("true") != std::string::npos;
    }
    return std::nullopt;
}

/// One HTTP request as it came over a socket.
struct Request {
    std::string line;
    std::vector<Header> headers;
    std::string body;
};

Request read_request(asio::ip::tcp::socket& socket) {
    asio::streambuf buffer;
    const auto length = asio::read_until(socket, buffer, "\r\n\r\n");
    std::istringstream head{
        std::string{asio::buffers_begin(buffer.data()),
                    asio::buffers_begin(buffer.data()) + static_cast<std::ptrdiff_t>(length)}};
    buffer.consume(length);
    Request request;
    std::size_t octets = 0;
    std::getline(head, request.line, '\r');
    for (std::string line; std::getline(head, line, '\r') && line.size() > 1;) {
        const auto colon = line.find(": ");
        request.headers.emplace_back(line.substr(1, colon - 1), line.substr(colon + 2));
        if (request.headers.back().first == "Content-Length")
            octets = std::stoul(request.headers.back().second);
    }
    if (buffer.size() < octets) asio::read(socket, buffer, asio::transfer_exactly(octets - buffer.size()));
    request.body.assign(asio::buffers_begin(buffer.data()), asio::buffers_end(buffer.data()));
    return request;
}

std::set<Header> comparable_request(const std::vector<Header>& headers) {
    std::set<Header> out;
    for (const auto& [name, value] : headers)
        out.emplace(name, name == "Host" || name == "Content-Length" ? std::string{} : value);
    return out;
}

}  // namespace

TEST_CASE("what was asked of op-node and op-geth is answered by simnode as they answered",
          "[simnode][recorded]") {
    const std::string flavour = GENERATE("okx", "base");
    Pair nodes;
    nodes.begin();
    std::istringstream lines{file("direct.jsonl.gz")};
    std::size_t replayed = 0;
    for (std::string line; std::getline(lines, line);) {
        if (text_at(line, {"flavour"}) != flavour) continue;
        const auto name = text_at(line, {"name"});
        CAPTURE(flavour, name, text_at(line, {"program"}), text_at(line, {"state"}));
        const auto answer = replay(nodes, line);
        CHECK(std::to_string(answer.status) == at(line, {"response", "status"}).raw);
        CHECK(comparable(answer.headers) == comparable(headers_at(line, {"response", "headers"})));
        if (admitted(name))
            CHECK(answer.body.find("\"error\":{\"code\":-32000,") != std::string::npos);
        else
            CHECK(comparable(name, answer.body) == comparable(name, expected_body(line)));
        ++replayed;
    }
    CHECK(replayed > 50);
}

TEST_CASE("flows between op-conductors and their nodes are answered by simnode in their order",
          "[simnode][recorded][flows]") {
    const std::string flavour = GENERATE("okx", "base");
    const TempDir work{"simnode-flows"};
    ConductorDouble yes{ConductorDouble::Role::leader};
    const auto program = std::filesystem::canonical("/proc/self/exe").parent_path() / "simnode";
    std::map<std::string, std::unique_ptr<Lone>> nodes;
    for (const std::string number : {"0", "1", "2"})
        nodes[number] = std::make_unique<Lone>(SimnodeSetup{
            program, work.path(), "node-" + number, {"--block-time-ms=100", "--conductor=" + yes.url()}});

    const auto admitted =
        rpc::test::admitted_differences("simnode: recorded flows that it answers differently");
    std::size_t replayed = 0;
    std::size_t deeds = 0;
    for (const auto& [flow, lines] : flows_of(flavour)) {
        for (auto& [number, lone] : nodes) lone->by_hand(produces_at_first(lines, number).value_or(false));
        for (const auto& line : lines) {
            const auto link = text_at(line, {"link"});
            auto& lone = *nodes.at(link.substr(3));
            const auto method = method_in(line);
            CAPTURE(flow, link, method, at(line, {"t"}).raw);
            const auto body = at(line, {"response", "body"});
            if (method == "admin_postUnsafePayload") lone.fall_behind();
            // An operator starts the first sequencer of a new group.
            if (method == "admin_sequencerActive" && flow.ends_with("start-up"))
                lone.by_hand(body.raw.find("true") != std::string_view::npos);

            const bool consensus = link.starts_with("cl-");
            const auto answer =
                asked_again(consensus ? lone.node.cl_port() : lone.node.el_port(), line, lone.body_of(line));
            CHECK(std::to_string(answer.status) == at(line, {"response", "status"}).raw);
            CHECK(comparable(answer.headers) == comparable(headers_at(line, {"response", "headers"})));
            const auto row = std::ranges::find_if(
                admitted, [&](const auto& one) { return one.covers(flow + " " + link + " " + method); });
            const bool as_recorded = body.kind != json::Kind::string ||
                                     comparable(method, answer.body) == comparable(method, expected_body(line));
            if (row != admitted.end()) row->used = true;
            if (row == admitted.end() && !as_recorded)
                CHECK(comparable(method, answer.body) == comparable(method, expected_body(line)));
            if (row != admitted.end()) CHECK_FALSE(as_recorded);
            deeds += method.starts_with("admin_st") || method.starts_with("admin_post") ? 1U : 0U;
            ++replayed;
        }
    }
    for (const auto& row : admitted) CHECK(row.used == row.cases.starts_with(flavour));
    CHECK(replayed > 100);
    CHECK(deeds >= 8);
}

TEST_CASE("simnode asks its conductor as op-node does", "[simnode][recorded]") {
    const auto* const form = GENERATE("json", "ssz");
    const std::string binary = std::string_view{form} == "ssz" ? "true" : "false";
    asio::io_context net;
    asio::ip::tcp::acceptor acceptor{net, {asio::ip::address_v4::loopback(), 0}};
    const auto url = "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());

    // The test itself is the conductor: it says yes to the first question and nothing to the second.
    const TempDir work{"simnode-asks"};
    const auto program = std::filesystem::canonical("/proc/self/exe").parent_path() / "simnode";
    SimnodeProcess node{{program,
                         work.path(),
                         "a",
                         {"--block-time-ms=100", "--conductor=" + url, "--binary-commit=" + binary}}};
    node.start();
    REQUIRE(node.serves());
    auto starting = std::async(
        std::launch::async, [&] { return node.cl("admin_startSequencer", "[\"" + node.head_hash() + "\"]"); });
    asio::ip::tcp::socket asked{acceptor.accept()};
    const auto question = read_request(asked);
    const std::string yes{R"({"jsonrpc":"2.0","id":1,"result":true})"};
    asio::write(asked, asio::buffer("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(yes.size()) +
                                    "\r\n\r\n" + yes));
    CHECK(result_of(starting.get()) == "null");
    asio::ip::tcp::socket committing{acceptor.accept()};
    const auto commit = read_request(committing);

    std::istringstream lines{file("asked-of-conductor.jsonl")};
    std::size_t compared = 0;
    for (std::string line; std::getline(lines, line);) {
        const auto name = text_at(line, {"name"});
        const bool leader = name == "leader";
        if (!leader && name != std::string{"commit-"} + form) continue;
        const auto& got = leader ? question : commit;
        INFO(name);
        CHECK(got.line == "POST " + text_at(line, {"request", "path"}) + " HTTP/1.1");
        CHECK(comparable_request(got.headers) == comparable_request(headers_at(line, {"request", "headers"})));
        if (leader) CHECK(got.body == text_at(line, {"request", "body"}));
        ++compared;
    }
    CHECK(compared == 2);
    if (binary == "false")
        CHECK(commit.body.starts_with(
            R"({"jsonrpc":"2.0","id":2,"method":"conductor_commitUnsafePayload","params":[{"parentBeaconBlockRoot":"0x)"));
}
