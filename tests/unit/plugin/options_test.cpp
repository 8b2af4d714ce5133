#include "core/plugin/options.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "tests/unit/plugin/world.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

const Descriptor& sample() {
    static const auto admitted = World::admit("sample", "org.example.sample");
    return *admitted.descriptor;
}

const Place whole{"conductord.toml", 10, 1};
const Place spot{"conductord.toml", 12, 51};

using Checked = conductor::Result<OptionValues, std::vector<std::string>>;
Checked check(const std::vector<RawOption>& raw) {
    return check_options("health \"data-disk\"", whole, sample(), raw, {"node", "execution"});
}
template <class T>
RawOption option(const std::string& key, T value) {
    return {key, {"conductord.toml", 12, 13}, false, {{std::move(value), spot}}};
}
template <class T>
std::string complaint(const std::string& key, T value) {
    const auto checked = check({option(key, std::move(value))});
    REQUIRE_FALSE(checked);
    REQUIRE(checked.error().size() == 1);
    return checked.error().front();
}
std::int64_t integer(const OptionValues& values, const std::string& key) {
    return std::get<std::int64_t>(values.values.at(key).at(0));
}

}  // namespace

TEST_CASE("what the configuration leaves out takes the declared fallback", "[plugin][options]") {
    const auto checked = check({});
    REQUIRE(checked);
    CHECK(integer(*checked, "min") == 1);
    CHECK(integer(*checked, "patience") == 5'000'000'000);
    CHECK(integer(*checked, "min_free") == 53'687'091'200);
    CHECK(integer(*checked, "strict") == 0);
    CHECK(std::get<double>(checked->values.at("share").at(0)) == Approx(0.5));
    CHECK(std::get<std::string>(checked->values.at("colour").at(0)) == "red");
    CHECK(checked->values.count("paths") == 0);
    CHECK(checked->values.count("token") == 0);
}

TEST_CASE("values of every type reach the instance in its unit", "[plugin][options]") {
    const RawOption list{"paths", spot, true, {{std::string{"/a"}, spot}, {std::string{"/b"}, spot}}};
    const auto checked =
        check({option("min", std::int64_t{7}), option("patience", std::string{"90s"}),
               option("min_free", std::int64_t{4096}), option("share", std::int64_t{2}), option("strict", true),
               option("colour", std::string{"blue"}), option("node", std::string{"execution"}), list});
    REQUIRE(checked);
    CHECK(integer(*checked, "min") == 7);
    CHECK(integer(*checked, "patience") == 90'000'000'000);
    CHECK(integer(*checked, "min_free") == 4096);
    CHECK(integer(*checked, "strict") == 1);
    CHECK(std::get<double>(checked->values.at("share").at(0)) == Approx(2));
    CHECK(checked->values.at("paths").size() == 2);
}

TEST_CASE("a wrong value is named with file, line, column, instance, option and what to write",
          "[plugin][options]") {
    CHECK(complaint("min_free", std::string{"50 gigs"}) ==
          "conductord.toml:12:51: health \"data-disk\": min_free: \"50 gigs\" is not a size; write a number "
          "with B, "
          "KiB, MiB, GiB or TiB");
    CHECK(complaint("min", std::int64_t{5000})
              .ends_with("min: 5000 is out of range; it must lie between 0 and 1000"));
    CHECK(complaint("min", std::string{"x"}).ends_with("min: \"x\" is not a whole number"));
    CHECK(complaint("patience", std::int64_t{5}).find("patience: 5 is not a duration; write") !=
          std::string::npos);
    CHECK(complaint("patience", std::string{"2h"}).ends_with("it must lie between 0s and 3600s"));
    CHECK(complaint("strict", std::string{"yes"}).ends_with("strict: \"yes\" is neither true nor false"));
    CHECK(complaint("share", std::string{"half"}).ends_with("share: \"half\" is not a number"));
    CHECK(complaint("colour", std::string{"gren"})
              .ends_with("colour: \"gren\" is none of its choices; did you mean \"green\"? choose from: red, "
                         "green, blue"));
    CHECK(complaint("node", std::string{"nod"})
              .ends_with("node: \"nod\" is no endpoint; did you mean \"node\"? there are: node, execution"));
    CHECK(complaint("mode", std::int64_t{1}).ends_with("mode: 1 is not text; write it in quotes"));
    CHECK(complaint("paths", std::string{"/a"}).ends_with("paths: takes a list; write [ … ]"));
}

TEST_CASE("an unknown option names the near one and all that exist", "[plugin][options]") {
    const auto why = complaint("mni", std::int64_t{1});
    CHECK(why.starts_with(
        "conductord.toml:12:13: health \"data-disk\": unknown option \"mni\"; did you mean \"min\"? "
        "it accepts: mode, release, node, min"));
}

TEST_CASE("all problems are reported at once", "[plugin][options]") {
    const auto checked = check({option("min", std::int64_t{-1}), option("colour", std::string{"mauve"}),
                                option("nonsense", true), option("min", std::int64_t{1})});
    REQUIRE_FALSE(checked);
    CHECK(checked.error().size() == 5);  // the doubled key is said for each of its places
}

TEST_CASE("a required option that is missing says what it is for", "[plugin][options]") {
    Descriptor descriptor;
    OptionSpec spec;
    spec.key = "path";
    spec.summary = "any path on the file system";
    spec.required = true;
    descriptor.options.push_back(spec);
    const auto checked = check_options("health \"data-disk\"", whole, descriptor, {}, {});
    REQUIRE_FALSE(checked);
    CHECK(
        checked.error().front() ==
        "conductord.toml:10:1: health \"data-disk\": option \"path\" is required: any path on the file system");
}

TEST_CASE("a list that is required holds something", "[plugin][options]") {
    Descriptor descriptor;
    OptionSpec spec;
    spec.key = "paths";
    spec.summary = "any path on each file system";
    spec.required = spec.list = true;
    descriptor.options.push_back(spec);
    const RawOption nothing{"paths", spot, true, {}};
    const auto checked = check_options("health \"data-disk\"", whole, descriptor, {nothing}, {});
    REQUIRE_FALSE(checked);
    CHECK(checked.error().front() ==
          "conductord.toml:12:51: health \"data-disk\": paths: is required, so its list holds one value at "
          "least: "
          "any path on each file system");
}

TEST_CASE("the bounds of an option hold for reals and secrets too, and no real is infinite or none",
          "[plugin][options]") {
    Descriptor descriptor;
    OptionSpec share;
    share.key = "share";
    share.type = OptionType::real;
    share.min = 0;
    share.max = 1;
    OptionSpec token;
    token.key = "token";
    token.secret = true;
    token.min = 8;
    token.max = 64;
    descriptor.options = {share, token};
    const auto why = [&](const RawOption& raw) {
        const auto checked = check_options("health \"x\"", whole, descriptor, {raw}, {});
        return checked ? std::string{"taken"} : checked.error().front();
    };
    CHECK(why(option("share", 0.5)) == "taken");
    CHECK(why(option("share", std::int64_t{1})) == "taken");
    CHECK(why(option("share", 1.5)).ends_with("share: 1.5 is out of range; it must lie between 0 and 1"));
    CHECK(why(option("share", std::int64_t{-1})).ends_with("must lie between 0 and 1"));
    for (const double odd : {std::numeric_limits<double>::infinity(), std::nan("")})
        CHECK(why(option("share", odd)).ends_with("is no finite number"));

    const TemporaryDirectory directory;
    const auto file = directory.write("token", "hunter2\n").string();
    const auto said = why(option("token", SecretSource{SecretSource::Kind::file, file}));
    CHECK(said.ends_with("token: " + file + " holds 7 bytes; it must have 8 to 64"));
    CHECK(said.find("hunter2") == std::string::npos);
}

TEST_CASE("a secret comes from a file or a variable, never from the configuration itself",
          "[plugin][options]") {
    const TemporaryDirectory directory;
    const auto file = directory.write("token", "hunter2\n").string();
    ::setenv("CONDUCTOR_TEST_TOKEN", "from-environment", 1);
    using Kind = SecretSource::Kind;

    const auto from_file = check({option("token", SecretSource{Kind::file, file})});
    REQUIRE(from_file);
    CHECK(std::get<std::string>(from_file->values.at("token").at(0)) == "hunter2");
    CHECK(from_file->secrets == std::vector<std::string>{"hunter2"});
    const auto from_variable =
        check({option("token", SecretSource{Kind::environment, "CONDUCTOR_TEST_TOKEN"})});
    REQUIRE(from_variable);
    CHECK(from_variable->secrets == std::vector<std::string>{"from-environment"});

    CHECK(complaint("token", std::string{"hunter2"}).find("a secret is not written here") != std::string::npos);
    CHECK(complaint("token", std::string{"hunter2"}).find("hunter2") == std::string::npos);
    CHECK(complaint("token", SecretSource{Kind::file, "/no/such"}).find("/no/such") != std::string::npos);
    CHECK(complaint("token", SecretSource{Kind::environment, "CONDUCTOR_TEST_ABSENT"}).find("is not set") !=
          std::string::npos);
    CHECK(complaint("mode", SecretSource{Kind::file, file}).find("is no secret") != std::string::npos);
}

TEST_CASE("a place is shown as far as it is known", "[plugin][options]") {
    CHECK(to_prefix({"f.toml", 3, 9}) == "f.toml:3:9: ");
    CHECK(to_prefix({"f.toml", 0, 0}) == "f.toml: ");
    CHECK(to_prefix({}).empty());
}

TEST_CASE("an instance is named by small letters, digits and dashes", "[plugin][options]") {
    CHECK(is_instance_name("data-disk-2"));
    CHECK_FALSE(is_instance_name(""));
    CHECK_FALSE(is_instance_name("Data"));
    CHECK_FALSE(is_instance_name("a_b"));
    CHECK_FALSE(is_instance_name(std::string(64, 'a')));
}

TEST_CASE("how often and how long a plugin runs is its wish within bounds, or the host's choice",
          "[plugin][options]") {
    Descriptor descriptor;
    CHECK(descriptor.interval_or(7s) == 7s);
    CHECK(descriptor.timeout_or(5s) == 5s);
    descriptor.interval = 1ns;
    descriptor.timeout = 1ns;
    CHECK(descriptor.interval_or(7s) == 100ms);
    CHECK(descriptor.timeout_or(5s) == 10ms);
    descriptor.interval = 48h;
    descriptor.timeout = 48h;
    CHECK(descriptor.interval_or(7s) == 1h);
    CHECK(descriptor.timeout_or(5s) == 60s);
}
