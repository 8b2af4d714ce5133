// What real op-conductors answered, asked of ours: status, header in order, body, octet for octet, as far as
// one node alone can answer. Each other answer is admitted in docs/divergence.md, or a failure.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <sstream>

#include "core/rpc/jsonrpc_frame.hpp"
#include "tests/unit/rpc/node.hpp"
#include "tests/unit/rpc/raw_client.hpp"
#include "tests/unit/rpc/recordings.hpp"

using namespace conductor;
using namespace conductor::rpc;
using namespace conductor::rpc::test;
using namespace std::chrono_literals;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Got {
    int status{0};
    Fields fields;  ///< without the value of Date, and the length of what is compressed
    std::string body;
    friend bool operator==(const Got&, const Got&) = default;
};

std::ostream& operator<<(std::ostream& out, const Got& got) {
    out << got.status;
    for (const auto& [name, value] : got.fields) out << " [" << name << ": " << value << "]";
    return out << " " << got.body.substr(0, 400);
}

void forget_what_varies(Got& got) {
    bool packed = false;
    for (const auto& [name, value] : got.fields) packed = packed || name == "Content-Encoding";
    for (auto& [name, value] : got.fields) {
        if (name == "Date") value.clear();
        if (name == "Content-Length" && packed) value.clear();
    }
}

Got ours(const RawAnswer& answer) {
    Got got{answer.status, answer.fields, answer.body};
    if (answer.field("Content-Encoding") && !answer.body.empty()) got.body = gunzip(answer.body);
    forget_what_varies(got);
    return got;
}

Got theirs(const Line& response) {
    Got got{static_cast<int>(response.number("status")), response.headers(), response.octets("body")};
    forget_what_varies(got);
    return got;
}

// How docs/divergence.md names an answer.
std::string summary(const Got& got) {
    auto text = std::to_string(got.status);
    const auto frame = read_frame(got.body);
    if (!frame || frame->is_batch() || frame->value.kind != json::Kind::object) return text;
    const Line line{std::string{frame->value.raw}};
    if (const auto error = line.object("error"))
        text += " " + std::string{error->raw("code")->raw} + " " + error->need("message");
    if (line.raw("result")) text += " " + std::string{line.raw("result")->raw};
    return text;
}

bool starts_with_any(std::string_view name, std::initializer_list<std::string_view> beginnings) {
    return std::ranges::any_of(beginnings, [&](auto beginning) { return name.starts_with(beginning); });
}

// What needs no second node. What control and group are asked for, their doubles answer as it was recorded.
bool one_node_can_answer(const Line& line) {
    const auto name = line.need("name");
    if (name == "connecting after conductor_stop" || line.need("state") == "stopped") return false;
    if (starts_with_any(name, {"protocol",
                               "batch",
                               "http:",
                               "healthz",
                               "websocket",
                               "binary:",
                               "absent:",
                               "conductor_active",
                               "conductor_paused",
                               "conductor_stopped",
                               "conductor_sequencerHealthy",
                               "conductor_leader",
                               "conductor_clusterMembership",
                               "conductor_commitUnsafePayload",
                               "health_status",
                               "rpc_modules",
                               "eth_",
                               "miner_",
                               "optimism_",
                               "admin_sequencerActive"}))
        return true;
    // Base's fork is older than demoteVoter; Go's server stops before it answers a stop; the name of a DNS
    // server was replaced in the recording, its length was not.
    const bool apart = (name.starts_with("conductor_demoteVoter") && line.need("flavour") == "base") ||
                       name == "conductor_stop" || name.ends_with("unknown name");
    return name.starts_with("conductor_") && !apart;
}

void play(FakeNode& node, const Line& line) {
    const auto state = line.need("state");
    node.leads_ = state.starts_with("leader");
    node.overridden_ = state.find("overridden") != std::string::npos;
    node.paused_ = state.find("paused") != std::string::npos || state.starts_with("quorum lost");
    node.healthy_ = true;
    const auto response = line.object("response");
    if (!response) return;
    const auto body = response->octets("body");
    const auto frame = read_frame(body);
    if (!frame || frame->value.kind != json::Kind::object) return;
    const Line answer{std::string{frame->value.raw}};
    const auto name = line.need("name");
    if (name.starts_with("conductor_sequencerHealthy") && answer.raw("result"))
        node.healthy_ = answer.raw("result")->raw == "true";
    const auto result = answer.object("result");
    if (!result) return;
    if (name.starts_with("conductor_leaderWithID"))
        node.leader_ = {ServerId{result->text("id").value_or("")}, result->text("addr").value_or("")};
    if (name.starts_with("conductor_clusterMembership")) {
        node.membership_ = {{}, LogIndex{}, true};
        for (const auto& server : result->objects("servers"))
            node.membership_.servers.push_back(
                {ServerId{server.need("id")}, server.need("addr"),
                 server.number("suffrage") == 0 ? consensus::Suffrage::voter : consensus::Suffrage::nonvoter});
    }
}

void play(FakeUpstream& upstream, const Line& line) {
    const auto response = line.object("response");
    const auto body = response ? response->octets("body") : std::string{};
    const auto frame = read_frame(body);
    if (!frame || frame->value.kind != json::Kind::object) return;
    const Line answer{std::string{frame->value.raw}};
    if (const auto result = answer.raw("result")) upstream.answer_ = std::string{result->raw};
}

std::optional<control::CommitError> as_recorded(const Line& line) {
    const auto response = line.object("response");
    const auto body = response ? response->octets("body") : std::string{};
    for (const std::string text :
         {"node is not the leader", "leadership lost while committing log", "leadership transfer in progress"})
        if (body.find("failed to apply payload envelope: " + text) != std::string::npos)
            return control::CommitError{text};
    if (const std::string front{"failed to apply payload envelope to FSM: "};
        body.find(front) != std::string::npos) {
        auto text = body.substr(body.find(front) + front.size());
        text = text.substr(0, text.find_first_of("\"\n"));
        return control::CommitError{text, true};
    }
    return std::nullopt;
}

// The backend's refusal in a recorded answer; empty: none.
std::string refusal_in(const Line& line) {
    const auto response = line.object("response");
    if (!response) return {};
    const auto body = response->octets("body");
    const auto frame = read_frame(body);
    if (!frame || frame->value.kind != json::Kind::object) return {};
    const auto error = Line{std::string{frame->value.raw}}.object("error");
    return error && error->number("code") == -32000 ? error->need("message") : std::string{};
}

std::vector<Line> requests_of(const Line& line) {
    if (line.raw("requests")) return line.objects("requests");
    return {*line.object("request")};
}

std::vector<Line> responses_of(const Line& line) {
    if (line.raw("responses")) return line.objects("responses");
    if (!line.raw("response")) return {};
    return {*line.object("response")};
}

class Differences {
public:
    explicit Differences(std::string_view heading) : admitted_{admitted_differences(heading)} {}

    void compare(const std::string& name, const Got& got, const Got& expected) {
        ++compared;
        if (got == expected) return;
        for (const auto& row : admitted_) {
            if (!row.covers(name)) continue;
            INFO(name);
            CHECK(summary(got) == row.ours);
            row.used = true;
            return;
        }
        INFO(name << "\n ours   " << got << "\n theirs " << expected);
        CHECK(false);
    }
    void none_stale() const {
        for (const auto& row : admitted_) {
            INFO(row.cases);
            CHECK(row.used);
        }
    }
    int compared{0};

private:
    std::vector<AdmittedDifference> admitted_;
};

}  // namespace

TEST_CASE("our answers are those that op-conductors were recorded with", "[rpc][recordings]") {
    Differences differences{"rpc: recorded answers that differ"};
    for (const std::string flavour : {"okx", "base"}) {
        for (const auto& line : recorded_lines("rpc/" + flavour + ".jsonl.gz")) {
            if (!one_node_can_answer(line)) continue;
            const auto name = line.need("name");
            INFO(flavour << ": " << name);
            auto options = as_go();
            if (flavour == "base") options.routes.version = "untagged";
            Node node{options};
            play(node.node, line);
            play(node.upstream, line);
            node.committer.refuse_with(as_recorded(line));
            node.operators.answer_with(refusal_in(line));
            RawClient client{node.port()};
            std::string sent;
            for (const auto& request : requests_of(line)) sent += request_octets(request);
            (void)client.send(sent);  // some are answered, and closed upon, before they are all sent
            if (name.find("end of stream") != std::string::npos) client.end_sending();

            const bool to_head = sent.starts_with("HEAD ");
            for (const auto& response : responses_of(line)) {
                const auto answer = client.receive(to_head);
                REQUIRE(answer);
                differences.compare(name, ours(*answer), theirs(response));
                CHECK(answer->version == response.need("version"));
            }
            if (line.text("then") == "server closed the connection") CHECK(client.closed_within(2s));
            if (line.text("then") == "timeout") CHECK_FALSE(client.closed_within(100ms));
        }
    }
    CHECK(differences.compared > 500);
    differences.none_stale();
}

TEST_CASE("what op-nodes asked their conductors in the recorded flows is answered in the same order",
          "[rpc][recordings][flows]") {
    std::map<std::string, std::vector<Line>> flows;
    for (const auto& line : recorded_lines("engine/flows.jsonl.gz"))
        if (line.need("link").starts_with("conductor-"))
            flows[line.need("flow") + " " + line.need("link")].push_back(line);
    int questions = 0;
    int commits = 0;
    for (auto& [name, lines] : flows) {
        INFO(name);
        std::ranges::stable_sort(lines, {},
                                 [](const Line& line) { return std::stod(std::string{line.raw("t")->raw}); });
        Node node;
        for (const auto& line : lines) {
            const auto request = *line.object("request");
            const auto response = *line.object("response");
            auto body = request.text("body").value_or("");
            if (!body.empty()) {
                node.node.leads_ = response.need("body").find("true") != std::string::npos;
                ++questions;
            } else {
                // The block itself was not kept: another one, in that flow's encoding, under that question's
                // id.
                node.committer.refuse_with(as_recorded(line));
                const bool binary = request.need("path") != "/";
                body = file_text(binary ? "commit/base-jovian-ssz-000155-9b2811.ssz"
                                        : "commit/okx-jovian-json-000346-231760.json");
                if (!binary) {
                    const auto answered = Line{response.need("body")};
                    const auto id = body.find("\"id\":") + 5;
                    body.replace(id, body.find(',', id) - id, answered.raw("id")->raw);
                }
                ++commits;
            }
            std::string head = "POST " + request.need("path") + " HTTP/1.1\r\n";
            for (const auto& [field, value] : request.headers())
                head.append(field)
                    .append(": ")
                    .append(field == "Content-Length" ? std::to_string(body.size()) : value)
                    .append("\r\n");
            RawClient client{node.port()};
            REQUIRE(client.send(head + "\r\n" + body));
            const auto answer = client.receive();
            REQUIRE(answer);
            CHECK(ours(*answer) == theirs(response));
        }
    }
    CHECK(questions > 15);
    CHECK(commits > 60);
}

TEST_CASE("frames are answered as both op-conductors answer them", "[rpc][recordings]") {
    Differences differences{"rpc: recorded frames that differ"};
    Node node;
    for (const auto& line : recorded_lines("rpc/frames.jsonl.gz")) {
        const auto name = line.need("name");
        INFO(name);
        std::string body;
        if (const auto parts = line.raw("body_parts")) {
            body = joined_parts(*parts);
        } else if (const auto packed = line.text("body_b64")) {
            body = from_base64(*packed);
        } else {
            body = line.need("body");
        }
        std::string sent = line.need("method") + " " + line.need("path") + " HTTP/1.1\r\nHost: test\r\n";
        if (const auto type = line.text("content_type")) sent += "Content-Type: " + *type + "\r\n";
        if (line.raw("chunked")->raw == "true") {
            std::ostringstream framed;
            framed << "Transfer-Encoding: chunked\r\n\r\n";
            if (!body.empty()) framed << std::hex << body.size() << "\r\n" << body << "\r\n";
            framed << "0\r\n\r\n";
            sent += framed.str();
        } else {
            sent += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        }
        RawClient client{node.port()};
        (void)client.send(sent);
        const auto answer = client.receive();
        REQUIRE(answer);

        const bool binary = line.need("path").starts_with("/commit-unsafe-payload");
        const auto expected = *line.object(binary ? "base" : "v119");
        Got want{static_cast<int>(expected.number("status")), {}, expected.octets("body")};
        if (const auto type = expected.text("content_type")) want.fields.emplace_back("Content-Type", *type);
        auto got = ours(*answer);
        std::erase_if(got.fields, [](const auto& field) { return field.first != "Content-Type"; });
        std::erase_if(want.fields, [](const auto& field) { return field.second.empty(); });
        differences.compare(name, got, want);
    }
    CHECK(differences.compared > 50);
    differences.none_stale();
}

TEST_CASE("commit requests of real op-nodes are answered as they were", "[rpc][recordings][commit]") {
    int commits = 0;
    for (const auto& line : recorded_lines("commit/index.jsonl")) {
        const auto file = line.need("file");
        INFO(file);
        Node node;
        node.committer.refuse_with(as_recorded(line));
        const auto request = *line.object("request");
        const auto body = file_text("commit/" + file);
        REQUIRE(static_cast<long>(body.size()) == line.number("bytes"));
        std::string head =
            request.need("method") + " " + request.need("path") + " " + request.need("version") + "\r\n";
        for (const auto& [name, value] : request.headers())
            head.append(name).append(": ").append(value).append("\r\n");
        RawClient client{node.port()};
        REQUIRE(client.send(head + "\r\n" + body));
        const auto answer = client.receive();
        REQUIRE(answer);
        CHECK(ours(*answer) == theirs(*line.object("response")));

        REQUIRE(node.committer.taken().size() == 1);
        const auto taken = node.committer.taken().front();
        CHECK(to_hex(taken.hash) == line.need("hash"));
        CHECK(static_cast<long>(taken.number.value()) == line.number("number"));
        if (line.need("encoding") == "ssz") CHECK(as_text(taken.ssz.span()) == body);
        ++commits;
    }
    CHECK(commits > 30);
}
