#include "core/plugin/registry.hpp"

#include <algorithm>
#include <span>
#include <system_error>

#include "core/plugin/text.hpp"

namespace conductor::plugin {
namespace {

namespace fs = std::filesystem;

constexpr const char* local_directory = "/usr/local/lib/conductord/plugins";
constexpr std::size_t passed_over_limit = 5;
constexpr std::string_view draft = "conductor.draft.";

std::vector<fs::path> libraries_in(const fs::path& directory) {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator at{directory, error}, end; !error && at != end; at.increment(error))
        if (at->path().extension() == ".so") files.push_back(at->path());
    std::ranges::sort(files);
    return files;
}

// Why files that look like libraries are none: what somebody misses may be among them.
std::string passed_over(const std::vector<std::string>& why) {
    if (why.empty()) return {};
    const std::span<const std::string> all{why};
    const auto shown = std::min(all.size(), passed_over_limit);
    std::string out = "; passed over: " + joined(all.first(shown));
    if (shown < all.size()) out += ", and " + std::to_string(all.size() - shown) + " more";
    return out;
}

std::string quote(std::string_view text) {
    return '"' + mended(text) + '"';
}

Complaint refused(const Installed& found, const std::string& why) {
    return {"plugin " + quote(found.note.id) + " " + why};
}

}  // namespace

fs::path own_executable() {
    std::error_code error;
    return fs::read_symlink("/proc/self/exe", error);
}

Registry::Registry(RegistrySettings settings) : settings_{std::move(settings)} {
    for (const auto& directory : settings_.directories) directories_.push_back({directory, false});
    if (!settings_.executable.empty()) {
        const auto bundled = settings_.executable.parent_path().parent_path() / "lib/conductord/plugins";
        directories_.push_back({bundled, true});
    }
    directories_.push_back({local_directory, false});
}

std::vector<Installed> Registry::installed() const {
    std::vector<Installed> all;
    for (const auto& directory : directories_) {
        for (const auto& file : libraries_in(directory.path)) {
            const auto notes = read_notes(file);
            if (!notes) continue;
            for (const auto& note : *notes) all.push_back({file, note, directory.bundled});
        }
    }
    return all;
}

Result<Admitted, Complaint> Registry::admit(const Request& request) const {
    const auto found = find(request);
    if (!found) return found.error();
    return map(request, *found);
}

Result<Admitted, Complaint> Registry::map(const Request& request, const Installed& found) {
    auto admitted = admit_file(found);
    if (!admitted) return Complaint{to_prefix(request.place) + admitted.error().text};
    return admitted;
}

Result<Installed, Complaint> Registry::find(const Request& request) const {
    const auto all = installed();
    const auto found = std::ranges::find(all, request.id, [](const Installed& one) { return one.note.id; });
    if (found == all.end()) {
        std::vector<std::string> ids;
        // A driver is no health check, however much alike their ids are.
        for (const auto& one : all)
            if (one.note.kind == request.kind) ids.push_back(one.note.id);
        std::vector<std::string> searched;
        std::vector<std::string> unread;
        for (const auto& directory : directories_) {
            searched.push_back(directory.path.string());
            for (const auto& file : libraries_in(directory.path))
                if (const auto notes = read_notes(file); !notes) unread.push_back(mended(notes.error().text));
        }
        return Complaint{to_prefix(request.place) + request.subject + ": plugin " + quote(request.id) +
                         " is not installed;" + did_you_mean(request.id, ids) +
                         " searched: " + joined(searched) + passed_over(unread)};
    }
    if (const auto good = vet_file(request, *found); !good)
        return Complaint{to_prefix(request.place) + refused(*found, good.error().text).text};
    return *found;
}

Result<void, Complaint> Registry::vet_file(const Request& request, const Installed& found) const {
    const auto& note = found.note;
    if (!speaks_abi(note.abi_major, note.abi_minor))
        return Complaint{"is installed as " + mended(note.version) + " for ABI " + abi_of(note) +
                         "; this conductord speaks ABI " + own_abi()};
    if (note.kind.starts_with(draft) && !settings_.drafts)
        return Complaint{"is of the draft kind " + quote(note.kind) + "; plugins.drafts = true lets it in"};
    if (note.kind != request.kind)
        return Complaint{"is a " + quote(note.kind) + "; " + request.subject + " needs a " +
                         quote(request.kind)};
    if (!found.bundled && !allowed(note.id)) return Complaint{"is not in plugins.allow"};

    const auto trust = found.bundled ? check_bundled(found.file, settings_.executable)
                                     : check_trust(found.file, settings_.trust);
    if (!trust) return Complaint{"is not to be trusted: " + trust.error().text};
    if (!request.sha256.empty())
        if (const auto sum = check_sha256(found.file, request.sha256); !sum)
            return Complaint{"is another one: " + sum.error().text};
    return {};
}

Result<Admitted, Complaint> Registry::admit_file(const Installed& found) {
    const auto notes = read_notes(found.file);
    if (!notes) return notes.error();
    const auto library = map_library(found.file, *notes, found.note.id);
    if (!library) return refused(found, "cannot be loaded: " + library.error().text);
    const auto& plugins = (*library)->plugins;
    const auto descriptor = std::ranges::find(plugins, found.note.id, &Descriptor::id);
    if (descriptor == plugins.end()) return refused(found, "is named by the note alone");
    return Admitted{*library, &*descriptor, found.bundled};
}

bool Registry::allowed(std::string_view id) const {
    if (settings_.allow.empty()) return true;
    return std::ranges::any_of(settings_.allow, [id](std::string_view rule) {
        if (!rule.ends_with('*')) return rule == id;
        return id.starts_with(rule.substr(0, rule.size() - 1));
    });
}

}  // namespace conductor::plugin
