#include "core/daemon/order_mark.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace conductor::daemon {

namespace {

constexpr std::string_view since_key{"since_unix_ms "};
constexpr std::string_view until_key{"until_unix_ms "};
constexpr std::string_view by_key{"by "};

std::string line(std::string_view key, OrderMark::Wall when) {
    return std::string{key} + std::to_string(when.time_since_epoch().count()) + "\n";
}

std::optional<OrderMark::Wall> wall_of(std::string_view digits) {
    std::int64_t value = 0;
    const auto* const end = digits.data() + digits.size();
    const auto [used, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc{} || used != end || value < 0) return std::nullopt;
    return OrderMark::Wall{std::chrono::milliseconds{value}};
}

}  // namespace

std::string to_text(const OrderMark& mark) {
    std::string out;
    if (mark.since) out += line(since_key, *mark.since);
    if (mark.until) out += line(until_key, *mark.until);
    if (!mark.by.empty()) out.append(by_key).append(mark.by).append("\n");
    return out;
}

OrderMark read_mark(std::string_view text) {
    OrderMark mark;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto one = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (one.starts_with(since_key)) mark.since = wall_of(one.substr(since_key.size()));
        if (one.starts_with(until_key)) mark.until = wall_of(one.substr(until_key.size()));
        if (one.starts_with(by_key)) mark.by = one.substr(by_key.size());
    }
    return mark;
}

storage::FileResult<void> write_mark(storage::FileSystem& files, const std::string& directory,
                                     const std::string& name, const OrderMark& mark) {
    const auto path = directory + "/" + name;
    const auto draft = path + ".new";
    const auto text = to_text(mark);
    if (auto made = files.make_directory(directory); !made) return made;
    auto file = files.open(draft, storage::OpenMode::create_new);
    if (!file) return file.error();
    if (auto written = storage::write_all(**file, 0, as_octets(text)); !written) return written;
    if (auto synced = (*file)->sync(); !synced) return synced;
    if (auto renamed = files.rename(draft, path); !renamed) return renamed;
    return files.sync_directory(directory);
}

std::optional<OrderMark> find_mark(storage::FileSystem& files, const std::string& directory,
                                   const std::string& name) {
    const auto names = files.list(directory);
    if (!names || std::ranges::find(*names, name) == names->end()) return std::nullopt;
    std::array<std::uint8_t, 512> octets{};
    const auto file = files.open(directory + "/" + name, storage::OpenMode::read);
    if (!file) return OrderMark{};
    const auto size = storage::read_all(**file, 0, octets);
    if (!size) return OrderMark{};
    return read_mark(as_text({octets.data(), *size}));
}

}  // namespace conductor::daemon
