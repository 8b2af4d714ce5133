#include "core/plugin/note.hpp"

#include <elf.h>

#include <cstring>

#include "tests/unit/plugin/world.hpp"

using namespace conductor::plugin;
using namespace conductor::plugin::test;

namespace {

std::string refusal(const fs::path& file) {
    const auto notes = read_notes(file);
    REQUIRE_FALSE(notes);
    return notes.error().text;
}

}  // namespace

TEST_CASE("a library says who it is before it is mapped, one note for each plugin", "[plugin][note]") {
    const auto notes = read_notes(library("sample"));
    REQUIRE(notes);
    REQUIRE(notes->size() == 3);
    CHECK((*notes)[0] == Note{0, 1, "conductor.health-check/1", "org.example.sample", "1.2.3"});
    CHECK((*notes)[1].id == "org.example.second");
}

TEST_CASE("a plugin in plain C has notes like any other", "[plugin][note]") {
    const auto notes = read_notes(library("memory"));
    REQUIRE(notes);
    CHECK(notes->size() == 2);
}

TEST_CASE("what is no plugin library is refused with its path and the reason", "[plugin][note]") {
    const TemporaryDirectory directory;
    CHECK(refusal("/no/such/file.so") == "/no/such/file.so: No such file or directory");
    CHECK(refusal(directory.path()).ends_with(": not a regular file"));
    CHECK(refusal(directory.write("text.so", "hello")).ends_with(": not a shared library"));
    CHECK(refusal(directory.write("empty.so", "")).ends_with(": not a shared library"));
}

TEST_CASE("a library for another machine is refused unmapped", "[plugin][note]") {
    const TemporaryDirectory directory;
    auto octets = content(library("sample"));
    Elf64_Ehdr elf;
    std::memcpy(&elf, octets.data(), sizeof elf);
    elf.e_machine = elf.e_machine == EM_RISCV ? EM_S390 : EM_RISCV;
    std::memcpy(octets.data(), &elf, sizeof elf);
    CHECK(refusal(directory.write("other.so", octets)).find("built for another machine") != std::string::npos);
}

TEST_CASE("a library that was cut off or stripped of its note is refused", "[plugin][note]") {
    const TemporaryDirectory directory;
    auto octets = content(library("sample"));
    CHECK(refusal(directory.write("cut.so", octets.substr(0, octets.size() / 2))).find("section table") !=
          std::string::npos);

    const auto name = octets.find(".note.conductord");
    REQUIRE(name != std::string::npos);
    octets[name + 1] = 'X';
    CHECK(refusal(directory.write("stripped.so", octets)).find("no conductord note") != std::string::npos);
}

TEST_CASE("a note without its lines is refused", "[plugin][note]") {
    const TemporaryDirectory directory;
    for (const std::string key : {"abi=0.1", "kind=", "id=", "version="}) {
        auto octets = content(library("memory"));
        for (auto at = octets.find(key); at != std::string::npos; at = octets.find(key, at + 1))
            octets[at] = 'X';
        CHECK(refusal(directory.write("odd.so", octets)).find("note cannot be read") != std::string::npos);
    }
}

TEST_CASE("in 0.x a host takes its own ABI and no other", "[plugin][note]") {
    CHECK(speaks_abi(0, 1));
    CHECK_FALSE(speaks_abi(0, 2));
    CHECK_FALSE(speaks_abi(0, 0));
    CHECK_FALSE(speaks_abi(1, 1));
}
