#include "core/plugin/library.hpp"

#include <boost/dll/shared_library.hpp>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "core/plugin/crash.hpp"
#include "core/plugin/process_guard.hpp"

namespace conductor::plugin {
namespace {

constexpr const char* symbol = "conductor_plugin_v1";
constexpr std::uint32_t plugins_limit = 64;

struct Mapped {
    explicit Mapped(CrashLabel name) : label{std::move(name)} {}

    CrashLabel label;                   // threads that the library has made may fall at any time
    boost::dll::shared_library handle;  // unmaps in its destructor, which never runs
    Library library;
};

// Leaked on purpose: exit() must not unmap code that another thread may be in.
std::map<std::string, std::unique_ptr<Mapped>>& shelf() {
    static auto& all = *new std::map<std::string, std::unique_ptr<Mapped>>;
    return all;
}
// Mapped is mapped: what was refused then stays as well, as often as it is tried.
void keep_refused(std::unique_ptr<Mapped> mapped) {
    static auto& all = *new std::vector<std::unique_ptr<Mapped>>;
    all.push_back(std::move(mapped));
}
std::mutex& shelf_mutex() {
    static auto& mutex = *new std::mutex;
    return mutex;
}

void look_after(const CrashLabel& label, const char* what) {
    look_after_descriptors(label, what);
    look_after_handlers(label, what);
}

Result<void, Complaint> check_entry(const conductor_entry& entry) {
    if (entry.magic != CONDUCTOR_ABI_MAGIC) return Complaint{"its entry table has another magic number"};
    if (!CONDUCTOR_HAS(conductor_entry, &entry, create))
        return Complaint{"its entry table has " + std::to_string(entry.size) + " bytes, ABI 0.1 has " +
                         std::to_string(sizeof entry)};
    if (!speaks_abi(entry.abi_major, entry.abi_minor))
        return Complaint{"it was built for ABI " + std::to_string(entry.abi_major) + "." +
                         std::to_string(entry.abi_minor) + "; this conductord speaks ABI " + own_abi()};
    if (entry.min_host_minor > CONDUCTOR_ABI_MINOR)
        return Complaint{"it needs ABI " + std::to_string(entry.abi_major) + "." +
                         std::to_string(entry.min_host_minor) + "; this conductord speaks ABI " + own_abi()};
    if (entry.describe == nullptr || entry.create == nullptr)
        return Complaint{"its entry table has empty members"};
    return {};
}

Result<std::vector<Descriptor>, Complaint> read_descriptors(const conductor_entry& entry,
                                                            const std::vector<Note>& notes) {
    std::vector<Descriptor> plugins;
    for (std::uint32_t index = 0; index < plugins_limit; ++index) {
        const auto* table = entry.describe(index);
        if (table == nullptr) break;
        auto read = read_descriptor(*table);
        if (!read) return read.error();
        const Note said{entry.abi_major, entry.abi_minor, read->kind, read->id, read->version};
        if (std::ranges::count(notes, said) != 1)
            return Complaint{"its descriptor of \"" + read->id + "\" is unlike its note"};
        plugins.push_back(std::move(*read));
    }
    if (plugins.size() != notes.size())
        return Complaint{"it has " + std::to_string(notes.size()) + " notes and " +
                         std::to_string(plugins.size()) + " descriptors"};
    return plugins;
}

}  // namespace

Result<const Library*, Complaint> map_library(const std::filesystem::path& file, const std::vector<Note>& notes,
                                              std::string_view id) try {
    const std::scoped_lock lock{shelf_mutex()};
    if (const auto found = shelf().find(file.string()); found != shelf().end()) return &found->second->library;

    const auto refuse = [&file](const std::string& why) { return Complaint{file.string() + ": " + why}; };
    // Constructors of the library run here: who falls now is named.
    const std::string first{notes.empty() ? std::string{} : notes.front().id};
    auto mapped = std::make_unique<Mapped>(CrashLabel{file.string(), id.empty() ? first : id, file.string()});
    const auto& label = mapped->label;
    const CrashScope scope{label, "its constructors"};

    using boost::dll::load_mode::type;
    const auto mode = static_cast<type>(boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    mapped->handle.load(file, mode);
    look_after(label, "its constructors");
    if (!mapped->handle.has(symbol)) {
        keep_refused(std::move(mapped));
        return refuse(std::string("has no symbol ") + symbol);
    }
    const auto& entry = mapped->handle.get<const conductor_entry>(symbol);
    claim_code(label, &entry);
    auto& library = mapped->library;
    library = {file, &entry, {}};
    auto keep = [&](Complaint why) {
        keep_refused(std::move(mapped));
        return refuse(why.text);
    };
    if (const auto good = check_entry(entry); !good) return keep(good.error());
    const CrashScope described{label, "describe"};
    auto plugins = read_descriptors(entry, notes);
    look_after(label, "describe");
    if (!plugins) return keep(plugins.error());
    library.plugins = std::move(*plugins);
    return &shelf().emplace(file.string(), std::move(mapped)).first->second->library;
} catch (const std::exception& error) {
    return Complaint{file.string() + ": " + error.what()};
}

}  // namespace conductor::plugin
