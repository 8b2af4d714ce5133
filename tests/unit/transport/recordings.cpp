#include "tests/unit/transport/recordings.hpp"

#include <zlib.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "core/base/hex.hpp"
#include "tests/support/checkout.hpp"

namespace conductor::test {

namespace {

std::ifstream open_data(const std::string& name) {
    std::ifstream file{conductor::checkout::test_data() + "/raft/" + name};
    if (!file) throw std::runtime_error{"missing test data: " + name};
    return file;
}

Bytes unzipped(const std::string& name) {
    const auto path = conductor::checkout::test_data() + "/raft/" + name;
    const auto file = gzopen(path.c_str(), "rb");
    if (file == nullptr) throw std::runtime_error{"missing test data: " + path};
    std::vector<std::uint8_t> octets;
    std::uint8_t piece[65536];
    for (int got = gzread(file, piece, sizeof piece); got > 0; got = gzread(file, piece, sizeof piece))
        octets.insert(octets.end(), piece, piece + got);
    gzclose(file);
    return Bytes::adopt(std::move(octets));
}

Bytes octets_in(const std::string& column) {
    if (column == "-") return {};
    return column.front() == '@' ? unzipped(column.substr(1)) : octets_of(column);
}

std::vector<Recording> read_recordings() {
    auto file = open_data("recordings.txt");
    std::vector<Recording> all;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#') continue;
        std::istringstream columns{line};
        std::string first;
        columns >> first;
        if (first == "recording") {
            auto& added = all.emplace_back();
            columns >> added.name >> added.origin;
            continue;
        }
        RecordedMessage message;
        std::string type;
        std::string octets;
        message.kind = first;
        columns >> message.connection >> message.from >> message.to >> type >> octets;
        if (type != "-") message.rpc_type = std::stoi(type);
        message.octets = octets_in(octets);
        all.back().messages.push_back(std::move(message));
    }
    return all;
}

std::vector<Vector> read_vectors() {
    auto file = open_data("vectors.txt");
    std::vector<Vector> all;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#') continue;
        const auto space = line.find(' ');
        all.push_back({line.substr(0, space), octets_of(line.substr(space + 1))});
    }
    return all;
}

}  // namespace

Bytes octets_of(std::string_view hex_digits) {
    auto octets = from_hex(hex_digits);
    if (!octets) throw std::runtime_error{"bad hexadecimal in test data"};
    return Bytes::adopt(std::move(*octets));
}

const std::vector<Recording>& recordings() {
    static const auto all = read_recordings();
    return all;
}

const Recording& recording(const std::string& name) {
    for (const auto& candidate : recordings())
        if (candidate.name == name) return candidate;
    throw std::runtime_error{"no recording " + name};
}

const std::vector<Vector>& appendix_vectors() {
    static const auto all = read_vectors();
    return all;
}

Bytes appendix_vector(const std::string& name) {
    for (const auto& candidate : appendix_vectors())
        if (candidate.name == name) return candidate.octets;
    throw std::runtime_error{"no vector " + name};
}

}  // namespace conductor::test
