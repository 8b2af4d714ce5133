// A directory of ours with some octets flipped, cut or replaced: it opens or says why not, twice alike, and
// shows nothing that was not written. The input is a list of changes to a directory that is built once.
#include <algorithm>
#include <map>

#include "core/base/check.hpp"
#include "core/storage/log_store.hpp"
#include "tests/support/crash_files.hpp"

using namespace conductor;
using namespace conductor::storage;

namespace {

constexpr std::size_t change_octets = 8;  // file (1), kind (1), offset (4), value (2)
constexpr std::size_t max_changes = 64;
constexpr std::uint64_t entries = 12;

StoreOptions options() {
    StoreOptions some;
    some.directory = "/store";
    some.segment_octets = 32U << 10U;
    some.background_spares = false;
    return some;
}

Bytes data_of(std::uint64_t index) {
    return Bytes::adopt(std::vector<std::uint8_t>(2000 + 700 * index, static_cast<std::uint8_t>(index)));
}

const conductor::test::DiskImage& written() {
    static const auto image = [] {
        conductor::test::CrashFiles files;
        auto store = LogStore::open(files, options());
        CONDUCTOR_CHECK(store.has_value());
        for (std::uint64_t index = 1; index <= entries; ++index) {
            consensus::Entry entry;
            entry.position = {Term{1 + index / 5}, LogIndex{index}};
            entry.data = data_of(index);
            StoreWrite one;
            if (index % 5 == 0)
                one.hard_state = consensus::HardState{entry.position.term, entry.position.term, "a"};
            one.entries.push_back(wire::encode_entry(entry));
            CONDUCTOR_CHECK((*store)->write({&one, 1}).has_value());
        }
        store->reset();
        return files.disk();
    }();
    return image;
}

void change(conductor::test::DiskImage& image, const std::uint8_t* what) {
    const auto names = image.paths("/store/");
    auto* octets = image.find(names[what[0] % names.size()]);
    if (octets == nullptr || octets->empty()) return;
    const auto offset =
        (std::size_t{what[2]} | std::size_t{what[3]} << 8U | std::size_t{what[4]} << 16U) % octets->size();
    switch (what[1] % 3) {
        case 0:
            (*octets)[offset] = static_cast<std::uint8_t>((*octets)[offset] ^ what[6]);
            break;
        case 1:
            octets->resize(offset);
            break;
        default:
            std::fill_n(octets->begin() + static_cast<std::ptrdiff_t>(offset),
                        std::min<std::size_t>(what[7] * 16U, octets->size() - offset), what[6]);
    }
}

struct Seen {
    bool opened{false};
    consensus::HardState hard_state;
    std::map<LogIndex, Term> log;
    friend bool operator==(const Seen&, const Seen&) = default;
};

Seen look(conductor::test::CrashFiles& files) {
    Seen seen;
    auto store = LogStore::open(files, options());
    if (!store) {
        CONDUCTOR_CHECK(!store.error().text.empty());
        return seen;
    }
    seen.opened = true;
    seen.hard_state = (*store)->recovered().hard_state;
    for (const auto& facts : (*store)->recovered().entries) {
        seen.log[facts.position.index] = facts.position.term;
        const auto entry = (*store)->read(facts.position.index);
        if (!entry) continue;
        CONDUCTOR_CHECK(facts.position.index.value() <= entries);
        CONDUCTOR_CHECK(entry->data == data_of(facts.position.index.value()));
    }
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto image = written();
    for (std::size_t i = 0; i < std::min(size / change_octets, max_changes); ++i)
        change(image, data + i * change_octets);

    conductor::test::CrashFiles files{image};
    const auto first = look(files);
    const auto second = look(files);
    if (first.opened) CONDUCTOR_CHECK(first == second);
    return 0;
}
