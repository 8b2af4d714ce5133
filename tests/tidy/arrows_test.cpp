// Includes point one way. The table is the architecture: a module may include itself and what stands in its
// row, nothing else of ours.
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "tests/tidy/source_tree.hpp"

using namespace conductor::tidy;

namespace {

// `wire` is the pure half of core/transport: wire* and msgpack*.
const std::map<std::string, std::set<std::string>> may_include{
    {"base", {}},
    {"consensus", {"base"}},
    {"payload", {"base", "consensus"}},
    {"wire", {"base", "consensus"}},
    {"peers", {"base", "consensus", "runtime", "metrics"}},
    {"runtime", {"base"}},
    {"metrics", {"base"}},
    {"config", {"base"}},
    {"storage", {"base", "consensus", "wire"}},
    {"transport", {"base", "consensus", "wire", "runtime", "metrics"}},
    {"control", {"base", "consensus", "payload", "peers", "runtime", "metrics"}},
    {"replica",
     {"base", "consensus", "payload", "wire", "storage", "transport", "control", "runtime", "metrics"}},
    {"plugin", {"base", "config", "control", "peers", "runtime", "metrics", "consensus", "payload"}},
    {"rpc", {"base", "consensus", "payload", "control", "peers", "runtime", "metrics"}},
    {"relay", {"base", "control", "runtime", "metrics"}},
    {"ctl", {"base", "config", "plugin", "runtime"}},
};

// Modules that know no machine: what they must never name, besides our own shells. A lock around a list of free
// buffers (payload/ssz_pool) is no machine.
const std::set<std::string> pure{"base", "consensus", "payload", "wire"};
const std::vector<std::string> impure_headers{"boost/asio", "boost/beast", "prometheus/", "leveldb/",
                                              "fstream",    "filesystem",  "thread",      "sys/",
                                              "unistd.h",   "fcntl.h",     "fmt/",        "iostream"};

std::string module_of(const std::string& path) {
    if (!path.starts_with("core/")) return {};
    const auto end = path.find('/', 5);
    if (end == std::string::npos) return {};
    auto name = path.substr(5, end - 5);
    const auto file = path.substr(end + 1);
    if (name == "transport" && (file.starts_with("wire") || file.starts_with("msgpack"))) name = "wire";
    return name;
}

}  // namespace

TEST_CASE("includes between modules of core point one way", "[tidy][arrows]") {
    std::vector<std::string> turned;
    std::size_t looked_at = 0;
    for (const auto& file : sources_under({"core"})) {
        const auto from = module_of(file.path);
        if (from == "daemon") continue;  // the only place that knows everyone
        REQUIRE(may_include.contains(from));
        for (const auto& line : file.lines) {
            const auto to = module_of(included_by(line));
            if (to.empty()) continue;
            ++looked_at;
            if (to != from && !may_include.at(from).contains(to)) turned.push_back(file.path + ": " + line);
        }
    }
    CAPTURE(turned);
    CHECK(turned.empty());
    CHECK(looked_at > 20);  // or the test looks at nothing
}

TEST_CASE("pure modules include no machine", "[tidy][arrows]") {
    std::vector<std::string> found;
    for (const auto& file : sources_under({"core"})) {
        if (!pure.contains(module_of(file.path))) continue;
        for (const auto& line : file.lines) {
            const auto header = included_by(line);
            for (const auto& impure : impure_headers)
                if (header.starts_with(impure)) found.push_back(file.path + ": " + line);
        }
    }
    CAPTURE(found);
    CHECK(found.empty());
}

TEST_CASE("core and plugins never include tests", "[tidy][arrows]") {
    for (const auto& file : sources_under({"core", "plugins", "sdk"})) {
        if (file.path.ends_with("_test.cpp")) continue;  // a plugin's tests stand beside it
        for (const auto& line : file.lines) {
            INFO(file.path << ": " << line);
            CHECK_FALSE(included_by(line).starts_with("tests/"));
        }
    }
}
