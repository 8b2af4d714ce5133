#include "core/plugin/trust.hpp"

#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "core/base/hex.hpp"

namespace conductor::plugin {
namespace {

namespace fs = std::filesystem;

// For a shell: the command in a message is meant to be pasted.
std::string quoted(const fs::path& path) {
    std::string out{'\''};
    for (const char c : path.string()) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + '\'';
}

Complaint refusal(const fs::path& path, const std::string& rule, const std::string& command) {
    return {path.string() + ": " + rule + "; mend it with: " + command + " " + quoted(path)};
}

Result<struct ::stat, Complaint> status_of(const fs::path& path) {
    struct ::stat st{};
    if (::stat(path.c_str(), &st) != 0) return Complaint{path.string() + ": " + std::strerror(errno)};
    return st;
}

Result<void, Complaint> check_owner(const fs::path& path, const struct ::stat& st, Trust trust) {
    if (st.st_uid == 0) return {};
    if (trust == Trust::user && st.st_uid == ::geteuid()) return {};
    return refusal(path, "is owned by uid " + std::to_string(st.st_uid) + ", not by root", "chown root:root");
}

Result<void, Complaint> check_directories(fs::path directory, Trust trust) {
    for (;; directory = directory.parent_path()) {
        const auto st = status_of(directory);
        if (!st) return st.error();
        if (const auto owner = check_owner(directory, *st, trust); !owner) return owner;
        const bool sticky = (st->st_mode & S_ISVTX) != 0;
        if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0 && !(trust == Trust::user && sticky))
            return refusal(directory, "a directory above the library that others than its owner may write to",
                           "chmod go-w");
        if (directory == directory.root_path()) return {};
    }
}

Result<void, Complaint> check_file(const fs::path& file, const struct ::stat& st, Trust trust) {
    if (!S_ISREG(st.st_mode)) return Complaint{file.string() + ": not a regular file"};
    if (const auto owner = check_owner(file, st, trust); !owner) return owner;
    if ((st.st_mode & (S_ISUID | S_ISGID)) != 0)
        return refusal(file, "has set-uid or set-gid bits", "chmod u-s,g-s");
    if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return refusal(file, "others than its owner may write to it", "chmod go-w");
    return {};
}

constexpr int links_limit = 40;  // as the kernel's

// Where `named` leads, step by step: whoever may turn one of the links on the way decides what is loaded,
// however safe both ends lie.
Result<fs::path, Complaint> check_way(const fs::path& named, Trust trust) {
    std::deque<fs::path> ahead{named.begin(), named.end()};
    fs::path at{"/"};
    int links = 0;
    while (!ahead.empty()) {
        const auto step = std::move(ahead.front());
        ahead.pop_front();
        if (step.empty() || step == "." || step == "/") continue;
        if (step == "..") {
            // Whoever may turn it into a link decides where this step leads.
            if (const auto good = check_directories(at, trust); !good) return good.error();
            at = at.parent_path();
            continue;
        }
        const auto next = at / step;
        struct ::stat st{};
        if (::lstat(next.c_str(), &st) != 0) return Complaint{named.string() + ": " + std::strerror(errno)};
        if (!S_ISLNK(st.st_mode)) {
            at = next;
            continue;
        }
        if (++links > links_limit) return Complaint{named.string() + ": " + std::strerror(ELOOP)};
        if (const auto owner = check_owner(next, st, trust); !owner) return owner.error();
        if (const auto good = check_directories(at, trust); !good) return good.error();
        std::error_code error;
        const auto target = fs::read_symlink(next, error);
        if (error) return Complaint{next.string() + ": " + error.message()};
        ahead.insert(ahead.begin(), target.begin(), target.end());
        if (target.is_absolute()) at = "/";
    }
    return {boost::system::in_place_value, std::move(at)};
}

}  // namespace

Result<void, Complaint> check_trust(const fs::path& file, Trust trust) {
    std::error_code error;
    const auto real = check_way(fs::absolute(file, error), trust);
    if (!real) return real.error();
    const auto st = status_of(*real);
    if (!st) return st.error();
    if (const auto good = check_file(*real, *st, trust); !good) return good;
    return check_directories(real->parent_path(), trust);
}

Result<void, Complaint> check_bundled(const fs::path& file, const fs::path& executable) {
    std::error_code error;
    const auto real = fs::canonical(file, error);
    if (error) return Complaint{file.string() + ": " + error.message()};
    const auto program = fs::canonical(executable, error);
    if (error) return Complaint{executable.string() + ": " + error.message()};
    const auto program_st = status_of(program);
    if (!program_st) return program_st.error();

    const auto prefix = program.parent_path().parent_path();
    const auto as_program = [&](const fs::path& path) -> Result<void, Complaint> {
        const auto st = status_of(path);
        if (!st) return st.error();
        if (st->st_uid != 0 && st->st_uid != program_st->st_uid)
            return refusal(path,
                           "is owned by uid " + std::to_string(st->st_uid) + ", not as " + program.string(),
                           "chown --reference=" + quoted(program));
        const auto open_to = st->st_mode & (S_IWGRP | S_IWOTH);
        if ((open_to & ~program_st->st_mode) != 0)
            return refusal(path, "may be written to by more users than " + program.string(), "chmod go-w");
        return {};
    };

    const auto st = status_of(real);
    if (!st) return st.error();
    if (!S_ISREG(st->st_mode)) return Complaint{real.string() + ": not a regular file"};
    if ((st->st_mode & (S_ISUID | S_ISGID)) != 0)
        return refusal(real, "has set-uid or set-gid bits", "chmod u-s,g-s");
    for (auto path = real; path != prefix && path != path.root_path(); path = path.parent_path())
        if (const auto good = as_program(path); !good) return good;
    return {};
}

Result<void, Complaint> check_sha256(const fs::path& file, std::string_view sha256) {
    std::ifstream in{file, std::ios::binary};
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
    if (!in || !digest || EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) != 1)
        return Complaint{file.string() + ": cannot be read for its sha256"};
    std::vector<char> chunk(64 * 1024);
    while (in.read(chunk.data(), static_cast<std::streamsize>(chunk.size())) || in.gcount() > 0)
        EVP_DigestUpdate(digest.get(), chunk.data(), static_cast<std::size_t>(in.gcount()));
    std::array<std::uint8_t, 32> sum{};
    EVP_DigestFinal_ex(digest.get(), sum.data(), nullptr);

    const auto wanted = from_hex(sha256);
    if (wanted && std::ranges::equal(*wanted, sum)) return {};
    return Complaint{file.string() + ": its sha256 is " + hex(sum) + ", the configuration says " +
                     std::string(sha256)};
}

}  // namespace conductor::plugin
