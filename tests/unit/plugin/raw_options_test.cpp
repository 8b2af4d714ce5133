#include "core/plugin/raw_options.hpp"

#include "tests/unit/plugin/world.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

conductor::config::TomlTable options_of(const std::string& toml) {
    const auto parsed = conductor::config::parse_toml(toml, "conductord.toml");
    if (!parsed) FAIL(parsed.error().text);
    const auto* entry = parsed->find("options");
    REQUIRE(entry != nullptr);
    return *entry->node.as<conductor::config::TomlTable>();
}

}  // namespace

TEST_CASE("a complaint about an option stands where the file has it", "[plugin][options]") {
    const auto raw =
        raw_options("health \"data-disk\"",
                    options_of("\n\noptions = { mni = 1, min_free = \"50 gigs\", paths = [\"/a\"] }\n"));
    REQUIRE(raw);
    const auto admitted = World::admit("sample", "org.example.sample");
    const auto checked = check_options("health \"data-disk\"", {}, *admitted.descriptor, *raw, {"node"});
    REQUIRE_FALSE(checked);
    REQUIRE(checked.error().size() == 2);
    CHECK(checked.error()[0].starts_with(
        "conductord.toml:3:13: health \"data-disk\": unknown option \"mni\"; did you mean"));
    CHECK(checked.error()[1].starts_with(
        "conductord.toml:3:33: health \"data-disk\": min_free: \"50 gigs\" is not"));
}

TEST_CASE("every kind of value in the file is read, secrets as where they are kept", "[plugin][options]") {
    const auto raw = raw_options(
        "x",
        options_of(
            "options = { a = 1, b = 1.5, c = true, d = \"s\", e = { file = \"/f\" }, g = { env = \"V\" } }\n"));
    REQUIRE(raw);
    REQUIRE(raw->size() == 6);
    CHECK(std::get<std::int64_t>((*raw)[0].values[0].value) == 1);
    CHECK(std::get<double>((*raw)[1].values[0].value) == Approx(1.5));
    CHECK(std::get<bool>((*raw)[2].values[0].value));
    CHECK(std::get<std::string>((*raw)[3].values[0].value) == "s");
    CHECK(std::get<SecretSource>((*raw)[4].values[0].value).where == "/f");
    CHECK(std::get<SecretSource>((*raw)[5].values[0].value).kind == SecretSource::Kind::environment);
}

TEST_CASE("what cannot be a value of an option is said, all of it", "[plugin][options]") {
    const auto raw =
        raw_options("health \"x\"", options_of("options = { a = { b = 1 }, c = [[1]], d = 1979-05-27 }\n"));
    REQUIRE_FALSE(raw);
    REQUIRE(raw.error().size() == 3);
    CHECK(raw.error()[0].find("health \"x\": a: ") != std::string::npos);
    CHECK(raw.error()[0].ends_with("is no value of an option"));
}
