#include "tests/unit/plugins/driven.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;
using conductor::BlockHash;
using conductor::BlockNumber;
using conductor::Result;

namespace {

struct Driven : Driving {
    explicit Driven(const std::string& mode = "auto")
        : Driving{"driver-op-node", "io.conductord.op-node", {raw("start_mode", mode)}} {}
};

template <class T>
CallError refused(const Result<T, CallError>& result) {
    REQUIRE_FALSE(result);
    return result.error();
}

constexpr const char* raw_transaction{"eth_getRawTransactionByBlockHashAndIndex"};

/// The recorded block of one transaction, as if it had `count`, each of them its own.
struct Full : Driven {
    explicit Full(std::size_t count) {
        auto block = recorded("okx", "eth_getBlockByNumber [\"0x1\", false]").reply;
        const auto hashes = json_slice(block.body, "/result/transactions");
        const std::string one{*json_slice(block.body, "/result/transactions/0")};
        std::string list{one};
        for (std::size_t i = 1; i < count; ++i) list += "," + one;
        const auto at = block.body.find(*hashes);
        block.body.replace(at, hashes->size(), "[" + list + "]");
        nodes.says("eth_getBlockByNumber", block);
        // In a batch they are asked in order, and alone too; so the answers tell which is which.
        for (std::size_t i = 0; i < count; ++i) nodes.result(raw_transaction, "\"" + text(i) + "\"");
    }
    static std::string text(std::size_t i) { return "0x7e" + std::to_string(1000 + i); }
    /// Whether the payload holds transactions 0 … count − 1 in their order.
    static bool holds(const std::string& payload, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            if (json_slice(payload, "/executionPayload/transactions/" + std::to_string(i)) !=
                "\"" + text(i) + "\"")
                return false;
        return !json_slice(payload, "/executionPayload/transactions/" + std::to_string(count));
    }
};

HttpReply lone_error(int code, const std::string& message) {
    return {200, R"({"jsonrpc":"2.0","id":null,"error":{"code":)" + std::to_string(code) + R"(,"message":")" +
                     message + "\"}}"};
}

}  // namespace

TEST_CASE("start hands over the hash and reads what op-node has answered", "[plugins][driver-op-node]") {
    const auto flavour = GENERATE("base", "okx");
    Driven driven;
    driven.nodes.says("admin_startSequencer", recorded(flavour, "start with the head's hash"));
    CHECK(*driven.start(filled(0x11)) == Change::done);
    CHECK(driven.nodes.asked().back() == "node admin_startSequencer [\"" + hex_of(filled(0x11)) + "\"]");

    Driven running;
    running.nodes.says("admin_startSequencer", recorded(flavour, "start when running"));
    CHECK(*running.start(filled(0x11)) == Change::already);
}

TEST_CASE("a start that op-node refuses may be tried again, with op-node's own words",
          "[plugins][driver-op-node]") {
    const auto flavour = GENERATE("base", "okx");
    Driven mismatch;
    mismatch.nodes.says("admin_startSequencer", recorded(flavour, "start with a wrong hash"));
    const auto error = refused(mismatch.start(filled(0x11)));
    CHECK(error.status == CONDUCTOR_REMOTE_ERROR);
    CHECK(error.text.starts_with("block hash does not match: head 0x"));

    Driven follower;
    follower.nodes.says("admin_startSequencer", recorded(flavour, "start on a follower"));
    CHECK(refused(follower.start(filled(0x11))).status == CONDUCTOR_REMOTE_ERROR);
    CHECK(refused(follower.start(filled(0x11))).text == "sequencer is not the leader, aborting");
}

TEST_CASE("what an operator must mend is said as such", "[plugins][driver-op-node]") {
    Driven no_admin;
    no_admin.nodes.says("admin_startSequencer", recorded("okx", "admin_foo"));
    no_admin.nodes.says("admin_sequencerActive", recorded("okx", "admin_foo"));
    CHECK(refused(no_admin.start(filled(1))).status == CONDUCTOR_BAD_CONFIG);
    CHECK(refused(no_admin.active()).text.ends_with("enable rpc.enable-admin on the consensus node"));

    Driven not_enabled;
    not_enabled.nodes.error("admin_stopSequencer", -32000, "sequencer is not enabled");
    CHECK(refused(not_enabled.stop()).status == CONDUCTOR_BAD_CONFIG);

    Driven locked;
    locked.nodes.says("admin_sequencerActive", HttpReply{401, "missing token"});
    CHECK(refused(locked.active()).status == CONDUCTOR_BAD_CONFIG);
    CHECK(refused(locked.start(std::nullopt)).status == CONDUCTOR_BAD_CONFIG);
}

TEST_CASE("a node that nobody answers for is unreachable, a late one timed out", "[plugins][driver-op-node]") {
    Driven driven;
    CHECK(refused(driven.active()).status == CONDUCTOR_UNREACHABLE);
    CHECK(refused(driven.unsafe_head()).status == CONDUCTOR_UNREACHABLE);
    driven.nodes.fails("admin_stopSequencer", {HttpError::Kind::timed_out, "context deadline exceeded"});
    CHECK(refused(driven.stop()).status == CONDUCTOR_TIMED_OUT);
    CHECK(refused(driven.stop()).text == "context deadline exceeded");
}

TEST_CASE("auto mode starts a node without parameters only on the very head", "[plugins][driver-op-node]") {
    const auto latest = recorded("okx", "latest");
    Driven driven;
    driven.nodes.error("admin_startSequencer", -32602, "too many arguments, want at most 0");
    driven.nodes.result("admin_startSequencer", "null");
    driven.nodes.result("admin_sequencerActive", "false");
    driven.nodes.says("eth_getBlockByNumber", latest);
    const auto head = driven.unsafe_head();
    REQUIRE(head);

    CHECK(*driven.start(head->hash) == Change::done);
    CHECK(driven.nodes.asked().back() == "node admin_startSequencer -");
    const auto error = refused(driven.start(filled(0x22)));
    CHECK(error.status == CONDUCTOR_REMOTE_ERROR);
    CHECK(error.text == "block hash does not match: head " + hex_of(head->hash) + ":" +
                            std::to_string(head->number.value()) + ", received " + hex_of(filled(0x22)));
    CHECK(driven.nodes.asked().back() == "execution eth_getBlockByNumber [\"latest\",false]");
}

TEST_CASE("hash-param mode never starts without the hash, parameterless mode never with it",
          "[plugins][driver-op-node]") {
    Driven strict{"hash-param"};
    strict.nodes.says("admin_startSequencer", recorded("okx", "start params []"));
    CHECK(refused(strict.start(filled(1))).status == CONDUCTOR_REMOTE_ERROR);
    CHECK(strict.nodes.asked().size() == 1);

    Driven bare{"parameterless"};
    bare.nodes.result("admin_sequencerActive", "true");
    CHECK(*bare.start(filled(1)) == Change::already);
    CHECK(bare.nodes.asked() == std::vector<std::string>{"node admin_sequencerActive -"});
}

TEST_CASE("stop tells the head, and a sequencer that does not run is a success", "[plugins][driver-op-node]") {
    const auto flavour = GENERATE("base", "okx");
    Driven driven;
    const auto answer = recorded(flavour, "stop");
    driven.nodes.says("admin_stopSequencer", answer);
    const auto stopped = driven.stop();
    REQUIRE(stopped);
    CHECK(stopped->change == Change::done);
    REQUIRE(stopped->head);
    CHECK(hex_of(*stopped->head) == string_at(answer.reply.body, "/result"));

    Driven idle;
    idle.nodes.says("admin_stopSequencer", recorded(flavour, "stop when stopped"));
    CHECK(idle.stop()->change == Change::already);
    CHECK_FALSE(idle.stop()->head);

    Driven mute;
    mute.nodes.result("admin_stopSequencer", "null");
    CHECK(mute.stop()->change == Change::done);
    CHECK_FALSE(mute.stop()->head);
}

TEST_CASE("active and conductor-enabled are asked of the node each time", "[plugins][driver-op-node]") {
    Driven driven;
    driven.nodes.says("admin_sequencerActive", recorded("okx", "active"));
    driven.nodes.result("admin_sequencerActive", "true");
    driven.nodes.result("admin_sequencerActive", "\"yes\"");
    CHECK_FALSE(*driven.active());
    CHECK(*driven.active());
    CHECK(refused(driven.active()).status == CONDUCTOR_REMOTE_ERROR);

    driven.nodes.says("admin_conductorEnabled", recorded("base", "admin_conductorEnabled"));
    driven.nodes.says("admin_conductorEnabled", recorded("base", "admin_foo"));
    driven.nodes.error("admin_conductorEnabled", -32000, "Method Not Found");
    driven.nodes.error("admin_conductorEnabled", -32000, "busy");
    CHECK(*driven.conductor_enabled());
    CHECK(refused(driven.conductor_enabled()).status == CONDUCTOR_UNSUPPORTED);
    CHECK(refused(driven.conductor_enabled()).status == CONDUCTOR_UNSUPPORTED);
    CHECK(refused(driven.conductor_enabled()).status == CONDUCTOR_REMOTE_ERROR);
}

TEST_CASE("blocks are read as op-geth states them", "[plugins][driver-op-node]") {
    const auto flavour = GENERATE("base", "okx");
    const auto answer = recorded(flavour, "eth_getBlockByNumber [\"0x1\", false]");
    Driven driven;
    driven.nodes.says("eth_getBlockByNumber", answer);
    const auto block = driven.block_at(1);
    REQUIRE(block);
    CHECK(block->number == BlockNumber{1});
    CHECK(hex_of(block->hash) == string_at(answer.reply.body, "/result/hash"));
    CHECK(hex_of(block->parent) == string_at(answer.reply.body, "/result/parentHash"));
    CHECK(block->timestamp_s > 1'700'000'000);
    CHECK(driven.nodes.asked().back() == "execution eth_getBlockByNumber [\"0x1\",false]");

    CHECK(refused(driven.block_at(255)).text == "asked for block 255, got 1");
    CHECK(driven.nodes.asked().back() == "execution eth_getBlockByNumber [\"0xff\",false]");
}

TEST_CASE("a block that is not there is not found, but there is always a latest one",
          "[plugins][driver-op-node]") {
    Driven driven;
    driven.nodes.result("eth_getBlockByNumber", "null");
    CHECK(refused(driven.block_at(9)).status == CONDUCTOR_NOT_FOUND);
    CHECK(refused(driven.payload_at(9)).status == CONDUCTOR_NOT_FOUND);
    CHECK(refused(driven.unsafe_head()).status == CONDUCTOR_REMOTE_ERROR);

    Driven nonsense;
    nonsense.nodes.result("eth_getBlockByNumber",
                          R"({"hash":"0x12","parentHash":"0x12","number":"0x1","timestamp":"0x1"})");
    CHECK(refused(nonsense.unsafe_head()).status == CONDUCTOR_REMOTE_ERROR);
}

TEST_CASE("a payload that op-node takes is done, one that can never be taken is refused",
          "[plugins][driver-op-node]") {
    const auto flavour = GENERATE("base", "okx");
    const auto known = recorded(flavour, "postUnsafePayload: old block, known");
    Driven driven;
    driven.nodes.says("admin_postUnsafePayload", known);
    const std::string envelope{*json_slice(known.params, "/0")};
    CHECK(*driven.post(envelope) == Change::done);
    CHECK(driven.nodes.asked().back() == "node admin_postUnsafePayload [" + envelope + "]");

    const auto status = [&](const HttpReply& reply) {
        Driven other;
        other.nodes.says("admin_postUnsafePayload", reply);
        return refused(other.post("{}")).status;
    };
    CHECK(status(recorded(flavour, "postUnsafePayload: wrong blockHash").reply) == CONDUCTOR_REFUSED);
    CHECK(status(recorded(flavour, "postUnsafePayload: executionPayload empty").reply) == CONDUCTOR_REFUSED);
    CHECK(status(recorded(flavour, "postUnsafePayload: string").reply) == CONDUCTOR_REFUSED);
    CHECK(status(HttpReply{413, "Request Entity Too Large"}) == CONDUCTOR_REFUSED);
    CHECK(status(recorded(flavour, "postUnsafePayload: no params").reply) == CONDUCTOR_REMOTE_ERROR);
    CHECK(status(HttpReply{503, "resetting"}) == CONDUCTOR_REMOTE_ERROR);
}

TEST_CASE("a payload read back from op-geth is the one that op-node had accepted, member by member",
          "[plugins][driver-op-node]") {
    // The same block, once from op-geth and once as the envelope that op-node took (conductor.md 8.3).
    const auto block = recorded("okx", "eth_getBlockByNumber [\"0x1\", false]");
    const auto posted = recorded("okx", "postUnsafePayload: old block, known");
    const std::string envelope{*json_slice(posted.params, "/0")};
    REQUIRE(string_at(envelope, "/executionPayload/blockHash") == string_at(block.reply.body, "/result/hash"));

    Driven driven;
    driven.nodes.says("eth_getBlockByNumber", block);
    driven.nodes.result("eth_getRawTransactionByBlockHashAndIndex",
                        std::string{*json_slice(envelope, "/executionPayload/transactions/0")});
    const auto made = driven.payload_at(1);
    if (!made) FAIL(made.error().text);
    CHECK(driven.nodes.asked().back() == "execution eth_getRawTransactionByBlockHashAndIndex [\"" +
                                             string_at(block.reply.body, "/result/hash") + "\",\"0x0\"]");
    CHECK(json_slice(*made, "/parentBeaconBlockRoot") == json_slice(envelope, "/parentBeaconBlockRoot"));
    for (const std::string name :
         {"parentHash", "feeRecipient", "stateRoot", "receiptsRoot", "logsBloom", "prevRandao", "blockNumber",
          "gasLimit", "gasUsed", "timestamp", "extraData", "baseFeePerGas", "blockHash", "transactions",
          "withdrawals", "blobGasUsed", "excessBlobGas", "withdrawalsRoot"}) {
        CAPTURE(name);
        const auto wanted = json_slice(envelope, "/executionPayload/" + name);
        REQUIRE(wanted);
        CHECK(json_slice(*made, "/executionPayload/" + name) == wanted);
    }
}

TEST_CASE("the transactions of a block are asked for in batches of at most a hundred",
          "[plugins][driver-op-node][8.3]") {
    Full driven{250};
    const auto made = driven.payload_at(1);
    if (!made) FAIL(made.error().text);
    CHECK(Full::holds(*made, 250));
    CHECK(driven.nodes.asked() == std::vector<std::string>{"execution eth_getBlockByNumber [\"0x1\",false]",
                                                           "execution batch of 100", "execution batch of 100",
                                                           "execution batch of 50"});
}

TEST_CASE("a node that answers no batch is asked for each transaction by itself, and for no further batch",
          "[plugins][driver-op-node][8.3]") {
    Full driven{101};
    SECTION("it refuses") {
        driven.nodes.batch_says(lone_error(-32600, "batch requests are not supported"));
    }
    SECTION("something before it refuses") {
        driven.nodes.batch_says({405, "no batches here"});
    }
    SECTION("it answers something else") {
        driven.nodes.batch_says({200, R"({"jsonrpc":"2.0","id":1,"result":"0x7e"})"});
    }
    SECTION("its answer is no JSON") {
        driven.nodes.batch_says({200, "[{\"id\":"});
    }
    const auto made = driven.payload_at(1);
    if (!made) FAIL(made.error().text);
    CHECK(Full::holds(*made, 101));
    CHECK(driven.nodes.asked().size() == 2 + 101);
    CHECK(driven.nodes.asked()[1] == "execution batch of 100");
    CHECK(driven.nodes.asked()[2].starts_with("execution eth_getRawTransactionByBlockHashAndIndex [\"0x"));
}

TEST_CASE("what a batch leaves out is asked for alone, as go-ethereum leaves out what does not fit",
          "[plugins][driver-op-node][8.3]") {
    // Of four calls the second and the fourth are answered, the third did not fit, the first is missing; and
    // what nobody asked for is nobody's.
    Full driven{4};
    driven.nodes.batch_says(
        {200, R"([{"id":5,"result":"0x7e1003"},{"id":3,"result":"0x7e1001"},{"id":3,"result":"0xdead"},)"
              R"({"id":4,"error":{"code":-32003,"message":"response too large"}},{"id":99,"result":"0xdead"},)"
              R"({"id":"2","result":"0xdead"},{"id":null,"result":"0xdead"},7,{"id":2}])"});
    Full::Got<std::string> made = driven.payload_at(1);
    if (!made) FAIL(made.error().text);
    // Alone the node is asked for the first and for the third, and answers in turn.
    CHECK(json_slice(*made, "/executionPayload/transactions") ==
          R"(["0x7e1000","0x7e1001","0x7e1001","0x7e1003"])");
    REQUIRE(driven.nodes.asked().size() == 4);
    CHECK(driven.nodes.asked()[2].ends_with(",\"0x0\"]"));
    CHECK(driven.nodes.asked()[3].ends_with(",\"0x2\"]"));
}

TEST_CASE("an error of one call of a batch is the error of the payload, and a batch too late is not repeated",
          "[plugins][driver-op-node][8.3]") {
    Full driven{3};
    driven.nodes.batch_says({200, R"([{"id":2,"result":"0x7e1000"},{"id":3,"error":{"code":-32000,)"
                                  R"("message":"missing trie node"}},{"id":4,"result":"0x7e1002"}])"});
    CHECK(refused(driven.payload_at(1)).text == "missing trie node");
    CHECK(driven.nodes.asked().size() == 2);

    const auto kind = GENERATE(HttpError::Kind::timed_out, HttpError::Kind::unreachable);
    Driven late;
    late.nodes.says(
        "eth_getBlockByNumber",
        HttpReply{200, R"({"result":{"number":"0x1","hash":"0x11","transactions":["0x1","0x2"]}})"});
    late.nodes.fails(raw_transaction, {kind, "no answer"});
    CHECK(refused(late.payload_at(1)).text == "no answer");
    CHECK(late.nodes.asked().size() == 1);
}

TEST_CASE("half a payload is none", "[plugins][driver-op-node]") {
    Driven driven;
    driven.nodes.says("eth_getBlockByNumber", recorded("okx", "eth_getBlockByNumber [\"0x1\", false]"));
    driven.nodes.result("eth_getRawTransactionByBlockHashAndIndex", "null");
    driven.nodes.result("eth_getRawTransactionByBlockHashAndIndex", "\"0x\"");
    driven.nodes.fails("eth_getRawTransactionByBlockHashAndIndex", {HttpError::Kind::timed_out, "late"});
    CHECK(refused(driven.payload_at(1)).status == CONDUCTOR_REMOTE_ERROR);
    CHECK(refused(driven.payload_at(1)).status == CONDUCTOR_REMOTE_ERROR);
    CHECK(refused(driven.payload_at(1)).status == CONDUCTOR_TIMED_OUT);
}
