// Whatever moment a crash picks and whatever it leaves of what was not synced: acknowledged entries and votes
// are there, nothing else is, and a second start says the same. Also with the index gone or damaged and with
// either copy of the vote bad, and when a second crash follows the first.
//
// CONDUCTOR_CRASH_IMAGES: how many images. CONDUCTOR_CRASH_SEED: the seed of the first life; a failure prints
// the seed and the operation at which its life was cut.
#include <catch2/catch.hpp>

#include <cstdlib>

#include "tests/sim/storage/crash_run.hpp"

using namespace conductor;
using namespace conductor::test;
using storage::LogStore;

namespace {

constexpr std::size_t steps_of_a_life = 14;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const auto* const text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void flip_octet(std::vector<std::uint8_t>& file, std::mt19937_64& draw) {
    if (file.empty()) return;
    const auto at = std::uniform_int_distribution<std::size_t>{0, file.size() - 1}(draw);
    file[at] = static_cast<std::uint8_t>(file[at] ^ (1U << (draw() % 8U)));
}

// Damage beside the crash that must cost nothing.
void damage(DiskImage& image, bool voting, std::mt19937_64& draw) {
    const auto index = image.paths("/index/");
    const auto some_file = [&]() -> std::vector<std::uint8_t>& {
        return *image.find(index[draw() % index.size()]);
    };
    switch (draw() % 8U) {
        case 0:
            for (const auto& path : index) image.remove(path);
            break;
        case 1:
            if (!index.empty()) flip_octet(some_file(), draw);
            break;
        case 2:
            if (!index.empty()) {
                auto& file = some_file();
                file.resize(file.size() / 2);
            }
            break;
        case 3:
            if (!index.empty()) image.remove(index[draw() % index.size()]);
            break;
        case 4:
        case 5: {
            auto* const vote = image.find("/data/a/vote");
            if (vote != nullptr && !voting && vote->size() == 8192) {
                const auto slot = draw() % 2U;
                for (std::size_t i = 0; i < 700; ++i) (*vote)[slot * 4096 + i] ^= 0x5a;
            }
            break;
        }
        default:
            break;
    }
}

struct Reopened {
    std::string fault;
    CrashRun::Judgement judgement;
    DiskImage disk;
};

Reopened reopen(const CrashRun& run, DiskImage image, std::size_t operation, std::uint64_t seed) {
    Reopened result;
    CrashFiles files{std::move(image), seed};
    consensus::StoredState first;
    {
        auto store = LogStore::open(files, CrashRun::options());
        if (!store) {
            result.fault = "open: " + store.error().text;
            return result;
        }
        result.judgement = run.judge(**store, operation);
        result.fault = result.judgement.fault;
        if (!result.fault.empty()) return result;
        first = (*store)->recovered();
    }
    auto again = LogStore::open(files, CrashRun::options());
    if (!again) {
        result.fault = "second open: " + again.error().text;
        return result;
    }
    result.fault = difference((*again)->recovered(), first);
    if (result.fault.empty()) result.fault = difference(**again, result.judgement.log);
    if (!result.fault.empty()) result.fault = "second open: " + result.fault;
    again = {};
    result.disk = files.disk();
    return result;
}

// Returns how many images were opened.
std::uint64_t every_crash_of(std::uint64_t seed, std::uint64_t limit) {
    std::uint64_t images = 0;
    CrashRun run{seed};
    INFO("CONDUCTOR_CRASH_SEED=" << seed);
    REQUIRE(run.live(steps_of_a_life) == "");
    for (std::size_t operation = 0; operation <= run.operations() && images < limit; ++operation) {
        std::mt19937_64 draw{seed * 1'000'003 + operation};
        INFO("operation " << operation << " of " << run.operations());
        auto image = operation % 16 == 0 ? run.whole(operation) : run.crash(operation, draw);
        damage(image, run.voting(operation), draw);
        const auto found = reopen(run, std::move(image), operation, draw());
        ++images;
        REQUIRE(found.fault == "");

        if (operation % 4 != 0 || images >= limit) continue;
        CrashRun after{draw(), found.disk, found.judgement.log, found.judgement.hard_state};
        REQUIRE(after.live(4) == "");
        const auto second = draw() % (after.operations() + 1);
        INFO("second crash at operation " << second << " of " << after.operations());
        auto twice = after.crash(second, draw);
        damage(twice, after.voting(second), draw);
        const auto survived = reopen(after, std::move(twice), second, draw());
        ++images;
        REQUIRE(survived.fault == "");
    }
    return images;
}

void open_images(std::uint64_t count) {
    auto seed = number_from("CONDUCTOR_CRASH_SEED", 1);
    std::uint64_t done = 0;
    while (done < count) done += every_crash_of(seed++, count - done);
    CHECK(done == count);
    INFO(done << " images, seeds up to " << seed - 1);
}

}  // namespace

TEST_CASE("no crash loses what was acknowledged or shows what was not written", "[storage][crash]") {
    open_images(number_from("CONDUCTOR_CRASH_IMAGES", 2500));
}

TEST_CASE("two hundred thousand crashes neither", "[storage][crash][slow]") {
    open_images(number_from("CONDUCTOR_CRASH_IMAGES", 200'000));
}
