#include "core/ctl/places.hpp"

#include <algorithm>
#include <system_error>

#include "core/config/file.hpp"
#include "core/config/load.hpp"
#include "core/plugin/text.hpp"
#include "core/plugin/trust.hpp"

namespace conductor::ctl {
namespace {

namespace fs = std::filesystem;

/// `plugins.directories` of the file and of conf.d beside it; what is wrong there is the daemon's to say.
std::vector<fs::path> configured_directories(const std::string& path) {
    const auto files = config::disk_files();
    config::FileContents contents;
    const auto read = [&](const std::string& file) {
        if (const auto text = files.read(file)) config::read_file(contents, text->text, file);
    };
    read(path);
    const auto more = (fs::path{path}.parent_path() / "conf.d").string();
    auto names = files.list(more);
    std::ranges::sort(names);
    for (const auto& name : names)
        if (name.ends_with(".toml")) read(more + "/" + name);
    std::vector<fs::path> out;
    for (const auto& item : contents.options) {
        if (item.option->name != "plugins.directories") continue;
        const auto& list = std::get<std::vector<std::string>>(item.value);
        out.assign(list.begin(), list.end());
    }
    return out;
}

}  // namespace

plugin::Registry registry_of(const Setting& setting) {
    plugin::RegistrySettings settings;
    settings.directories.assign(setting.directories.begin(), setting.directories.end());
    for (auto& directory : configured_directories(setting.config))
        settings.directories.push_back(std::move(directory));
    settings.executable = plugin::own_executable();
    return plugin::Registry{std::move(settings)};
}

std::string from(const plugin::Installed& found) {
    return found.bundled ? "bundled" : found.file.parent_path().string();
}

Result<Chosen, Complaint> choose(const Setting& setting, const std::string& plugin) {
    if (plugin.find('/') != std::string::npos || plugin.ends_with(".so")) {
        std::error_code error;
        const auto file = fs::absolute(plugin, error);
        auto notes = plugin::read_notes(file);
        if (!notes) return notes.error();
        const auto bundled = plugin::own_executable().parent_path().parent_path() / "lib/conductord/plugins";
        return Chosen{file, std::move(*notes), file.parent_path() == bundled};
    }
    std::vector<std::string> ids;
    for (const auto& found : registry_of(setting).installed()) {
        if (found.note.id == plugin) return Chosen{found.file, {found.note}, found.bundled};
        ids.push_back(found.note.id);
    }
    return Complaint{"plugin \"" + plugin + "\" is not installed;" + plugin::did_you_mean(plugin, ids) +
                     " conductorctl plugin list shows what is; a path names any library"};
}

std::string refusal(const Chosen& chosen) {
    for (const auto& note : chosen.notes)
        if (!plugin::speaks_abi(note.abi_major, note.abi_minor))
            return "it is for ABI " + plugin::abi_of(note) + "; this conductord speaks ABI " +
                   plugin::own_abi();
    const auto trust = chosen.bundled ? plugin::check_bundled(chosen.file, plugin::own_executable())
                                      : plugin::check_trust(chosen.file, plugin::Trust::root);
    return trust ? "" : trust.error().text;
}

}  // namespace conductor::ctl
