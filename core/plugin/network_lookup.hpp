// What a network's name stands for: its profile, asked of the bundled providers before there is a configuration
// (conductor.md 1.5.3). Loads them only when a network is named. Blocks; at start-up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/config/load.hpp"
#include "core/plugin/options.hpp"

namespace conductor::plugin {

struct NetworkProvider {
    std::string id;
    std::vector<RawOption> options;
};
/// Files of the operator first, then those that packages have brought, then what is compiled in.
[[nodiscard]] std::vector<NetworkProvider> network_providers();

/// Defaults of the options that the profile sets. Every provider is asked: an earlier one's policy stands
/// before a later one's, key by key.
///   errors  why a provider cannot be asked; facts that contradict each other; or, for a name that nobody
///   knows,
///           the nearest one and how a network is added
[[nodiscard]] Result<config::Profile, Complaint> look_up_network(const std::string& name,
                                                                 const std::vector<NetworkProvider>& providers);
[[nodiscard]] Result<config::Profile, Complaint> look_up_network(const std::string& name);

/// The text of a profile, and who has given it.
struct ProfileText {
    std::string provider;
    std::string text;
};
/// Of the providers that know the name, in their order. Nobody knows it: empty.
[[nodiscard]] Result<std::vector<ProfileText>, Complaint> profile_texts(
    const std::string& name, const std::vector<NetworkProvider>& providers);

/// What they say the network is: `chain_id`, `forks.canyon`, … Nobody knows it: empty.
///   errors  a provider cannot be asked, or its text is none
[[nodiscard]] Result<config::Profile, Complaint> network_facts(const std::string& name,
                                                               const std::vector<NetworkProvider>& providers);

struct NetworkName {
    std::string name;
    std::string provider;  ///< the first that knows it
};
/// All names, aliases included, sorted, each once.
[[nodiscard]] Result<std::vector<NetworkName>, Complaint> network_names(
    const std::vector<NetworkProvider>& providers);

/// The options that the `[policy]` of profiles sets, as one would write them behind their flags; the first text
/// has the first word. Pure.
///   errors  a text that read_profile_text() refuses; a fact that differs from a later text's
[[nodiscard]] Result<config::Profile, Complaint> merge_profiles(const std::vector<ProfileText>& texts,
                                                                const std::string& name);

}  // namespace conductor::plugin
