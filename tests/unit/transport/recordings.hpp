// What Go put on the wire, from tests/data/raft.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "core/base/bytes.hpp"
#include "core/base/result.hpp"

namespace conductor::test {

struct RecordedMessage {
    std::string kind;  ///< request, response, partial, close
    int connection{0};
    std::string from;
    std::string to;
    int rpc_type{-1};
    Bytes octets;
};
struct Recording {
    std::string name;
    std::string origin;  ///< go: both sides; client, server: Go's codec played that side; hand: not Go's octets
    std::vector<RecordedMessage> messages;
};

[[nodiscard]] const std::vector<Recording>& recordings();
[[nodiscard]] const Recording& recording(const std::string& name);

struct Vector {
    std::string name;
    Bytes octets;
};
[[nodiscard]] const std::vector<Vector>& appendix_vectors();
[[nodiscard]] Bytes appendix_vector(const std::string& name);

/// What must have worked for the test to go on.
template <class T>
[[nodiscard]] T good(Result<T, Complaint> result) {
    if (!result) throw std::runtime_error{result.error().text};
    return std::move(*result);
}

[[nodiscard]] Bytes octets_of(std::string_view hex_digits);

}  // namespace conductor::test
