// Finds the library that an id names, and lets it in: notes first, then trust, then the map. The id in the note
// decides, never the file's name; the order of directories is the search order. Only what is asked for is
// mapped. At start-up and at reload; blocks on the disk.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/note.hpp"
#include "core/plugin/options.hpp"
#include "core/plugin/trust.hpp"

namespace conductor::plugin {

struct RegistrySettings {
    std::vector<std::filesystem::path> directories;  ///< `plugins.directories`, searched first
    std::filesystem::path executable;                ///< bundled plugins lie in ../lib/conductord/plugins of it
    std::vector<std::string> allow;  ///< ids, or beginnings with `*`; empty: what the configuration names
    Trust trust{Trust::root};
    bool drafts{false};  ///< `plugins.drafts`: kinds that promise nothing yet
};

/// The executable this process runs.
[[nodiscard]] std::filesystem::path own_executable();

struct Request {
    std::string id;
    std::string kind;
    std::string subject;  ///< as messages name the instance: `health "data-disk"`
    Place place;          ///< of the id in the configuration
    std::string sha256;   ///< empty: any
};

/// A library that may be used, and the one of its plugins that was asked for. Valid until the process ends.
struct Admitted {
    const Library* library{nullptr};
    const Descriptor* descriptor{nullptr};
    bool bundled{false};
};

/// One note found on the disk; nothing was mapped.
struct Installed {
    std::filesystem::path file;
    Note note;
    bool bundled{false};
};

class Registry {
public:
    explicit Registry(RegistrySettings settings);

    /// All that lies in the directories, in search order; files without a note are passed over.
    [[nodiscard]] std::vector<Installed> installed() const;

    /// errors  one sentence for the operator, with the request's place in front
    [[nodiscard]] Result<Admitted, Complaint> admit(const Request& request) const;
    /// All that admit() looks at before it maps the library; maps nothing.
    [[nodiscard]] Result<Installed, Complaint> vet(const Request& request) const { return find(request); }
    /// The rest of admit(), for what vet() has found.
    [[nodiscard]] static Result<Admitted, Complaint> map(const Request& request, const Installed& found);

private:
    struct Directory {
        std::filesystem::path path;
        bool bundled{false};
    };
    [[nodiscard]] Result<Installed, Complaint> find(const Request& request) const;
    [[nodiscard]] Result<void, Complaint> vet_file(const Request& request, const Installed& found) const;
    [[nodiscard]] static Result<Admitted, Complaint> admit_file(const Installed& found);
    [[nodiscard]] bool allowed(std::string_view id) const;

    RegistrySettings settings_;
    std::vector<Directory> directories_;
};

}  // namespace conductor::plugin
