// Answers of the real conductord beside those that were recorded from op-conductor, without what is a run's
// own: hashes, numbers, ports, ids. What still differs must stand in docs/divergence.md, and what stands there
// must differ.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/rpc/raw_client.hpp"
#include "tests/unit/rpc/recordings.hpp"

namespace conductor::test {

/// An answer in a form that two runs share. A result keeps its members and the kinds of their values; texts
/// keep all but addresses and pointers.
struct Answer {
    int status{0};
    std::vector<std::pair<std::string, std::string>>
        fields;  ///< in wire order; Date and lengths without values
    std::string body;

    friend bool operator==(const Answer&, const Answer&) = default;
};
std::ostream& operator<<(std::ostream& out, const Answer& answer);

/// `version` is how the program calls itself.
[[nodiscard]] Answer comparable(const rpc::test::RawAnswer& answer, const std::string& version);
[[nodiscard]] Answer comparable(const rpc::test::Line& recorded, const std::string& version);
/// As the page of differences writes it: status, then an error's code and text, or the form of a result.
[[nodiscard]] std::string summary(const Answer& answer);

struct RecordedCase {
    std::string flavour, state, name;
};

/// One table of docs/divergence.md whose columns are: case, one for each way to run the daemon, reason. A case
/// is a name, `flavour/name` or `flavour/state/name`, perhaps its beginning and a star; the first row that
/// covers one counts. A cell `as recorded` admits nothing.
class AdmittedTable {
public:
    explicit AdmittedTable(std::string_view heading);
    /// Empty, or what is wrong: a difference without its row, a row without its difference.
    [[nodiscard]] std::string judge(const RecordedCase& recorded, std::size_t column, const std::string& ours,
                                    bool differs);
    /// Rows that no case has met.
    [[nodiscard]] std::vector<std::string> unused() const;

private:
    struct Row {
        std::string cases;
        std::vector<std::string> ours;
        bool used{false};
    };
    [[nodiscard]] Row* covering(const RecordedCase& recorded);
    std::vector<Row> rows_;
};

}  // namespace conductor::test
