// The options of one instance: what the configuration says against what the plugin declares. All problems are
// reported, each with its place, not only the first. Any thread; reads the files that secrets are kept in.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "core/base/result.hpp"
#include "core/plugin/descriptor.hpp"

namespace conductor::plugin {

/// Where something stands. An empty file, or line 0: not known.
struct Place {
    std::string file;
    std::uint32_t line{0};
    std::uint32_t column{0};
};
/// `file:line:column: ` as far as it is known.
[[nodiscard]] std::string to_prefix(const Place& place);

struct SecretSource {
    enum class Kind : std::uint8_t { file, environment };
    Kind kind{Kind::file};
    std::string where;  ///< path, or name of the variable
};
struct RawValue {
    std::variant<bool, std::int64_t, double, std::string, SecretSource> value;
    Place place;
};
struct RawOption {
    std::string key;
    Place place;          ///< of the key
    bool is_list{false};  ///< written as an array
    std::vector<RawValue> values;
};

/// Integers, booleans, durations (ns) and sizes (octets); reals; strings, choices and names of endpoints.
using OptionValue = std::variant<std::int64_t, double, std::string>;
struct OptionValues {
    std::map<std::string, std::vector<OptionValue>, std::less<>> values;
    std::vector<std::string> secrets;  ///< to be struck out of everything the instance says
};

/// `subject` names the instance as messages do: `health "data-disk"`. Fallbacks are filled in.
///   errors  every problem, one sentence each, with its place in front
[[nodiscard]] Result<OptionValues, std::vector<std::string>> check_options(
    const std::string& subject, const Place& place, const Descriptor& descriptor,
    const std::vector<RawOption>& raw, const std::vector<std::string>& endpoints);

/// Whether `name` can name an instance: [a-z0-9-], 1 to 63 octets.
[[nodiscard]] bool is_instance_name(std::string_view name) noexcept;

}  // namespace conductor::plugin
