#include "core/storage/segment_name.hpp"

#include <charconv>
#include <cstdio>

namespace conductor::storage {

namespace {

constexpr std::size_t digits = 20;
constexpr std::string_view segment_suffix = ".segment";
constexpr std::string_view spare_suffix = ".spare";
constexpr std::string_view unfinished_suffix = ".unfinished";

std::string padded(std::uint64_t number) {
    auto text = std::to_string(number);
    return std::string(digits - text.size(), '0') + text;
}

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.size() != digits || fault != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

std::string to_file_name(const SegmentName& name) {
    return padded(name.id.value()) + "-" + padded(name.first.value()) + std::string{segment_suffix};
}

std::optional<SegmentName> parse_segment_name(std::string_view file) {
    if (file.size() != 2 * digits + 1 + segment_suffix.size() || !file.ends_with(segment_suffix) ||
        file[digits] != '-')
        return std::nullopt;
    const auto id = number_in(file.substr(0, digits));
    const auto first = number_in(file.substr(digits + 1, digits));
    if (!id || !first) return std::nullopt;
    return SegmentName{SegmentId{*id}, LogIndex{*first}};
}

std::string spare_file_name(SegmentId id) {
    return padded(id.value()) + std::string{spare_suffix};
}

std::optional<SegmentId> parse_spare_name(std::string_view file) {
    if (!file.ends_with(spare_suffix)) return std::nullopt;
    const auto id = number_in(file.substr(0, file.size() - spare_suffix.size()));
    return id ? std::optional{SegmentId{*id}} : std::nullopt;
}

std::string unfinished_file_name(SegmentId id) {
    return padded(id.value()) + std::string{unfinished_suffix};
}
bool is_unfinished_name(std::string_view file) {
    return file.ends_with(unfinished_suffix);
}

}  // namespace conductor::storage
