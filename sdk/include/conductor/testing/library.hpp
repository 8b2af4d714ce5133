// A plugin library as the daemon takes it: its notes, its entry, one instance at work. Throws
// std::runtime_error with what is wrong. A library stays mapped.
#pragma once

#include <dlfcn.h>
#include <elf.h>
#include <conductor/cpp/health_check.hpp>
#include <conductor/testing/host.hpp>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace conductor {
inline namespace sdk_0_1 {
namespace testing {

/// The lines of one note.
using NoteLines = std::map<std::string, std::string>;

/// The notes of a library, read without mapping it.
inline std::vector<NoteLines> notes_of(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    const std::string file{std::istreambuf_iterator<char>{in}, {}};
    const auto at = [&file](std::uint64_t offset, auto& to) {
        if (offset > file.size() || file.size() - offset < sizeof to)
            throw std::runtime_error("the library is cut short");
        std::memcpy(&to, file.data() + offset, sizeof to);
    };
    Elf64_Ehdr header{};
    at(0, header);
    Elf64_Shdr names{};
    at(header.e_shoff + std::uint64_t{header.e_shstrndx} * header.e_shentsize, names);
    std::vector<NoteLines> notes;
    for (std::uint64_t i = 0; i < header.e_shnum; ++i) {
        Elf64_Shdr section{};
        at(header.e_shoff + i * header.e_shentsize, section);
        const auto name = names.sh_offset + section.sh_name;
        if (name >= file.size() || std::string_view{file.c_str() + name} != ".note.conductord") continue;
        for (auto offset = section.sh_offset;
             offset + sizeof(Elf64_Nhdr) < section.sh_offset + section.sh_size;) {
            Elf64_Nhdr note{};
            at(offset, note);
            const auto text_at =
                offset + sizeof note + ((std::uint64_t{note.n_namesz} + 3) & ~std::uint64_t{3});
            if (text_at > file.size()) throw std::runtime_error("a note is cut short");
            std::string text{file.substr(text_at, note.n_descsz).c_str()};
            NoteLines lines;
            for (std::size_t begin = 0; begin < text.size();) {
                const auto end = std::min(text.find('\n', begin), text.size());
                const auto line = text.substr(begin, end - begin);
                const auto equals = std::min(line.find('='), line.size());
                lines[line.substr(0, equals)] = line.substr(std::min(equals + 1, line.size()));
                begin = end + 1;
            }
            notes.push_back(std::move(lines));
            offset = text_at + ((std::uint64_t{note.n_descsz} + 3) & ~std::uint64_t{3});
        }
    }
    return notes;
}

class Library {
public:
    explicit Library(std::string path) : path_{std::move(path)} {
        void* handle = ::dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (handle == nullptr) throw std::runtime_error(::dlerror());
        entry_ = static_cast<const conductor_entry*>(::dlsym(handle, "conductor_plugin_v1"));
        if (entry_ == nullptr) throw std::runtime_error("no symbol conductor_plugin_v1");
        if (entry_->magic != CONDUCTOR_ABI_MAGIC || !CONDUCTOR_HAS(conductor_entry, entry_, create))
            throw std::runtime_error("its entry table is none of ours");
    }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] const conductor_entry& entry() const noexcept { return *entry_; }
    /// Of every id, in the library's order.
    [[nodiscard]] std::vector<const conductor_descriptor*> plugins() const {
        std::vector<const conductor_descriptor*> all;
        for (std::uint32_t i = 0; i < 64; ++i) {
            const auto* one = entry_->describe(i);
            if (one == nullptr) break;
            all.push_back(one);
        }
        return all;
    }

private:
    std::string path_;
    const conductor_entry* entry_ = nullptr;
};

/// A declared fallback as the host would hand it over.
inline Host::Value fallback_of(const conductor_option& option) {
    const std::string said = option.fallback;
    const auto measured = [&said](const std::map<std::string, double>& units) {
        std::int64_t sum = 0;
        const char* at = said.c_str();
        while (*at != '\0') {
            char* end = nullptr;
            const double number = std::strtod(at, &end);
            if (end == at) throw std::runtime_error("\"" + said + "\" has no unit");
            std::string unit;
            for (at = end; *at != '\0' && (*at < '0' || *at > '9'); ++at) unit += *at;
            sum += static_cast<std::int64_t>(number * units.at(unit));
        }
        return sum;
    };
    switch (option.type) {
        case CONDUCTOR_BOOL:
            return std::int64_t{said == "true"};
        case CONDUCTOR_INT:
            return static_cast<std::int64_t>(std::strtoll(said.c_str(), nullptr, 10));
        case CONDUCTOR_REAL:
            return std::strtod(said.c_str(), nullptr);
        case CONDUCTOR_DURATION:
            return measured({{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}});
        case CONDUCTOR_BYTES:
            return measured(
                {{"B", 1}, {"KiB", 1024.}, {"MiB", 1048576.}, {"GiB", 1073741824.}, {"TiB", 1099511627776.}});
        default:
            return said;
    }
}

/// Gives `host` the fallback of every option that it does not hold.
inline void fill_in(Host& host, const conductor_descriptor& plugin) {
    for (std::uint32_t i = 0; i < plugin.option_count; ++i) {
        const auto* octets = reinterpret_cast<const unsigned char*>(plugin.options);
        const auto& option =
            *reinterpret_cast<const conductor_option*>(octets + std::size_t{i} * plugin.option_stride);
        if (option.fallback != nullptr && !host.has_option(option.key))
            host.option(option.key, fallback_of(option));
    }
}

/// One instance of the library's plugin `id`: created and started, stopped and destroyed.
class Instance {
public:
    /// Options that `host` lacks get their fallbacks.
    Instance(const Library& library, const std::string& id, Host& host) {
        const conductor_descriptor* plugin = nullptr;
        for (const auto* one : library.plugins())
            if (id == one->id) plugin = one;
        if (plugin == nullptr) throw std::runtime_error("no plugin " + id);
        fill_in(host, *plugin);
        Call call;
        auto status = library.entry().create(id.c_str(), &host, &call, &plugin_);
        if (status >= 0 && plugin_ == nullptr) throw std::runtime_error("create gave no instance");
        if (status >= 0) status = plugin_->start(plugin_->self, &call);
        if (status < 0) {
            if (plugin_ != nullptr) {
                plugin_->stop(plugin_->self, &call);
                plugin_->destroy(plugin_->self);
            }
            throw std::runtime_error("status " + std::to_string(status) + ": " + call.error_text);
        }
    }
    ~Instance() {
        const Call call;
        plugin_->stop(plugin_->self, &call);
        plugin_->destroy(plugin_->self);
    }
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    /// The table of its kind.
    template <class T>
    [[nodiscard]] const T& table(const char* kind) const {
        const auto* found = static_cast<const T*>(plugin_->extension(plugin_->self, kind));
        if (found == nullptr) throw std::runtime_error(std::string{"not of the kind "} + kind);
        return *found;
    }
    [[nodiscard]] void* self() const noexcept { return plugin_->self; }

    /// Of a health check. A status below zero is thrown: in the daemon the verdict would be unknown.
    Finding judge(std::chrono::nanoseconds limit = std::chrono::seconds{5}) const {
        const Call call{limit};
        Finding found;
        conductor_finding out{};
        out.size = sizeof out;
        out.reason = into(found.reason);
        out.detail = into(found.detail);
        const auto status = table<conductor_health_check>(CONDUCTOR_HEALTH_CHECK).judge(self(), &call, &out);
        if (status < 0) throw std::runtime_error("status " + std::to_string(status) + ": " + call.error_text);
        found.verdict = out.verdict;
        found.fault_class = out.fault_class;
        found.since_unix_ns = out.since_unix_ns;
        return found;
    }

private:
    const conductor_plugin* plugin_ = nullptr;
};

}  // namespace testing
}  // namespace sdk_0_1
}  // namespace conductor
