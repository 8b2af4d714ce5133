#include "core/ctl/trial.hpp"

#include <algorithm>
#include <conductor/testing/rules.hpp>

#include "core/plugin/text.hpp"

namespace conductor::ctl {
namespace {

/// The given options as the daemon would check them, and its fallbacks; what is required and was not given is
/// the suite's to find.
Result<plugin::OptionValues, std::vector<std::string>> checked(plugin::Descriptor descriptor,
                                                               const std::vector<plugin::RawOption>& given) {
    std::vector<std::string> endpoints{"node", "execution"};
    for (auto& spec : descriptor.options) {
        spec.required = false;
        if (spec.type == plugin::OptionType::endpoint && spec.fallback) endpoints.push_back(*spec.fallback);
    }
    for (const auto& option : given)  // an endpoint that was given is one that there is
        for (const auto& value : option.values)
            if (const auto* text = std::get_if<std::string>(&value.value)) endpoints.push_back(*text);
    return plugin::check_options("plugin", {}, descriptor, given, endpoints);
}

}  // namespace

void try_plugin(const plugin::Library& library, const plugin::Descriptor& descriptor,
                const std::vector<plugin::RawOption>& given, const TrialReport& report) {
    constexpr const char* taken = "its options are taken";
    report.begins(taken);
    const auto options = checked(descriptor, given);
    report.ended({taken, options ? std::string{} : plugin::joined(options.error()), {}});
    if (!options) return;

    const testing::Library mapped{library.path.string()};
    const auto all = mapped.plugins();
    const auto plugin = std::ranges::find(all, descriptor.id,
                                          [](const conductor_descriptor* one) { return std::string{one->id}; });
    if (plugin == all.end()) return;  // it had that id when it was mapped
    const auto give = [&options](const std::string&, testing::Host& host) {
        for (const auto& [key, values] : options->values)
            for (const auto& value : values) host.option(key, value);
    };
    testing::conform({mapped, **plugin, give}, report.begins,
                     [&](const std::string& rule, const testing::Seen& seen) {
                         auto problem = seen.problem;
                         if (rule == testing::can_be_made && !problem.empty())
                             problem += "; give it other options by --set key=value";
                         report.ended({rule, problem, seen.note});
                     });
}

}  // namespace conductor::ctl
