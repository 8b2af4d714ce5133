// The networks that are compiled in, cut out of the table's text: no TOML library in a plugin. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The project's copy of the table (networks.toml), embedded at build time.
extern const char* const networks_text;

class Catalogue {
public:
    /// `table` must outlive the catalogue.
    explicit Catalogue(std::string_view table);

    /// Every network and every alias, sorted.
    [[nodiscard]] std::vector<std::string> names() const;
    /// The text of a profile file: `[facts]`, `[facts.forks]`, `[policy]`. Names match without case.
    [[nodiscard]] std::optional<std::string> profile(std::string_view name) const;

private:
    struct Network {
        std::string_view facts;  ///< lines of key = value
        std::string_view forks;
    };
    std::map<std::string, Network, std::less<>> networks_;
    std::map<std::string, std::string, std::less<>> aliases_;
};
