// Exchanges with real op-conductors, as octets: what was sent, what came back, and the differences that
// docs/divergence.md admits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/json_scan.hpp"

namespace conductor::rpc::test {

/// One line of JSON. Absent and null are both nothing.
class Line {
public:
    explicit Line(std::string text);
    [[nodiscard]] std::optional<json::RawValue> raw(std::string_view name) const;
    [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
    [[nodiscard]] std::string need(std::string_view name) const;
    [[nodiscard]] std::optional<Line> object(std::string_view name) const;
    [[nodiscard]] std::vector<Line> objects(std::string_view name) const;
    [[nodiscard]] long number(std::string_view name) const;
    /// A text, or `{"base64":…}`.
    [[nodiscard]] std::string octets(std::string_view name) const;
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> headers() const;

private:
    std::string text_;
};

[[nodiscard]] std::string file_text(const std::string& file);  ///< under tests/data; `.gz` is unpacked
[[nodiscard]] std::vector<Line> recorded_lines(const std::string& file);
[[nodiscard]] std::string from_base64(std::string_view text);
/// The request of an exchange of vectors/rpc, as octets.
[[nodiscard]] std::string request_octets(const Line& request);
/// Pieces and counts, joined.
[[nodiscard]] std::string joined_parts(const json::RawValue& parts);

/// One row of the table `Recorded answers that differ` of docs/divergence.md.
struct AdmittedDifference {
    std::string cases;  ///< the name of a case, or its beginning and a star
    std::string ours;   ///< what we answer: `status`, or `status code message`
    [[nodiscard]] bool covers(std::string_view name) const;
    mutable bool used{false};
};
[[nodiscard]] std::vector<AdmittedDifference> admitted_differences(std::string_view heading);

}  // namespace conductor::rpc::test
