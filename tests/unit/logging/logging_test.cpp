#include "core/runtime/logging.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace conductor::logging;

namespace {

class Kept final : public Sink {
public:
    void write(std::string_view line) noexcept override { lines.emplace_back(line); }
    std::vector<std::string> lines;
};

LogTime epoch() {
    return LogTime{};
}

}  // namespace

TEST_CASE("a line below the level is not written", "[logging]") {
    Kept kept;
    Logger logger{Options{Level::warn, Format::logfmt, false, false}, kept, epoch};
    logger.log(Level::info, "quiet");
    CHECK_FALSE(logger.enabled(Level::info));
    logger.log(Level::warn, "loud", {{"n", 1}});
    logger.set_level(Level::debug);
    logger.log(Level::debug, "now too");
    REQUIRE(kept.lines.size() == 2);
    CHECK(kept.lines[0].ends_with("lvl=warn msg=loud n=1\n"));
    CHECK(kept.lines[1].ends_with("lvl=debug msg=\"now too\"\n"));
}

TEST_CASE("lines of several threads stay whole", "[logging]") {
    Kept kept;
    Logger logger{Options{Level::info, Format::logfmt, false, false}, kept, epoch};
    const auto speak = [&](char c) {
        const std::string text(200, c);
        for (int i = 0; i < 200; ++i) logger.log(Level::info, text, {{"k", text}});
    };
    {
        std::thread a{speak, 'a'};
        std::thread b{speak, 'b'};
        a.join();
        b.join();
    }
    REQUIRE(kept.lines.size() == 400);
    for (const auto& line : kept.lines) {
        const char c = line[line.find("msg=") + 4];
        const std::string text(200, c);
        REQUIRE(line.ends_with("msg=" + text + " k=" + text + "\n"));
    }
}

TEST_CASE("a held line is written with its fields", "[logging]") {
    Kept kept;
    Logger logger{Options{Level::info, Format::json, false, false}, kept, epoch};
    logger.log(HeldLine{Level::warn, "Unknown env var", {{"prefix", "OP_CONDUCTOR"}, {"env_var", "OP_X"}}});
    REQUIRE(kept.lines.size() == 1);
    CHECK(kept.lines[0].ends_with(
        R"("lvl":"warn","msg":"Unknown env var","prefix":"OP_CONDUCTOR","env_var":"OP_X"})"
        "\n"));
}

TEST_CASE("a capture takes the process's lines and gives them back when it ends", "[logging]") {
    const auto* before = &global();
    {
        const Capture capture{Level::info};
        info("stepped down", {{"why", "no quorum"}});
        debug("unheard");
        CHECK(capture.lines().size() == 1);
        CHECK(capture.contains(R"(msg="stepped down" why="no quorum")"));
        CHECK_FALSE(capture.contains("unheard"));
    }
    CHECK(&global() == before);
}

TEST_CASE("a new configuration replaces the process's logger", "[logging]") {
    configure(Options{Level::crit, Format::json, false, false});
    CHECK_FALSE(enabled(Level::error));
    configure(Options{});
    CHECK(enabled(Level::info));
}
