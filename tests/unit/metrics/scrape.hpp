// A scrape, taken apart: families with their help, type and samples.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace conductor::metrics::test {

using Labels = std::map<std::string, std::string>;

struct Sample {
    std::string name;  ///< of the line: a histogram's family has `_bucket`, `_sum` and `_count`
    Labels labels;
    double value{0};
};

struct Family {
    std::string help;
    std::string type;
    std::vector<Sample> samples;

    /// Of the only sample with these labels; REQUIREs that there is one.
    [[nodiscard]] double value(const Labels& labels, std::string_view suffix = {}) const;
    [[nodiscard]] bool has(const Labels& labels) const;
};

using Scrape = std::map<std::string, Family>;

/// REQUIREs that every line is one of the text format.
[[nodiscard]] Scrape parse_scrape(std::string_view text);

/// tests/data/metrics/NAME.txt.gz
[[nodiscard]] std::string recorded(const std::string& name);

}  // namespace conductor::metrics::test
