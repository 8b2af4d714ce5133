// Any octets as a vote file: it is believed or refused, changed by neither look, and what is believed survives
// being written again.
#include "core/storage/vote_file.hpp"
#include "core/base/check.hpp"
#include "tests/support/crash_files.hpp"

using namespace conductor;
using namespace conductor::storage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    conductor::test::DiskImage image;
    image.directories.insert("/store");
    image.files[1].assign(data, data + size);
    image.names["/store/vote"] = 1;
    conductor::test::CrashFiles files{image};

    auto found = VoteFile::look(files, "/store");
    CONDUCTOR_CHECK(files.disk() == image);
    if (!found) {
        CONDUCTOR_CHECK(!found.error().text.empty());
        return 0;
    }
    CONDUCTOR_CHECK(found->has_value());  // there is a file
    const auto state = (*found)->state;
    const auto segment = (*found)->segment;
    CONDUCTOR_CHECK(VoteFile::open(files, "/store", std::move(*found)).has_value());
    const auto again = VoteFile::look(files, "/store");
    CONDUCTOR_CHECK(again.has_value());
    CONDUCTOR_CHECK((*again)->state == state);
    CONDUCTOR_CHECK((*again)->segment == segment);
    CONDUCTOR_CHECK(!(*again)->stale_slot.has_value());
    return 0;
}
