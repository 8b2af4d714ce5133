#include "core/plugin/text.hpp"

#include <algorithm>
#include <functional>
#include <vector>

#include "core/base/go_text.hpp"
#include "core/base/near_name.hpp"

namespace conductor::plugin {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

bool continues(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;
}

constexpr std::string_view struck = "***";
constexpr std::size_t telling = 4;  // octets of a secret that are worth hiding

// C0, DEL and C1: a terminal obeys the last as well.
bool is_control(std::uint32_t code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

void strike(std::string& text, std::string_view secret) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + struck.size()))
        text.replace(at, secret.size(), struck);
    for (auto part = std::min(secret.size() - 1, text.size()); part >= telling; --part) {
        if (!std::string_view{text}.ends_with(secret.substr(0, part))) continue;
        text.replace(text.size() - part, part, struck);
        return;
    }
}

}  // namespace

conductor_sink BoundedText::sink() noexcept {
    return {this, &BoundedText::append};
}

std::int32_t BoundedText::append(void* self, conductor_text piece) noexcept {
    auto& mine = *static_cast<BoundedText*>(self);
    const auto text = as_view(piece);
    if (mine.cut_) return 0;
    auto count = std::min(text.size(), mine.bound_ - mine.text_.size());
    if (count < text.size()) {
        mine.cut_ = true;
        while (count > 0 && continues(text, count)) --count;
    }
    try {
        mine.text_.append(text.substr(0, count));
    } catch (...) {
        mine.cut_ = true;
    }
    return mine.cut_ ? 0 : 1;
}

std::string mended(std::string_view text, std::span<const std::string> secrets) {
    std::string clear;
    if (!secrets.empty()) {
        // As they are, before anything is mended in them, and the longest first: one may begin with another.
        std::vector<std::string_view> longest_first{secrets.begin(), secrets.end()};
        std::ranges::sort(longest_first, std::ranges::greater{},
                          [](std::string_view one) { return one.size(); });
        clear = text;
        for (const auto secret : longest_first)
            if (!secret.empty()) strike(clear, secret);
        text = clear;
    }
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto rune = first_rune(text.substr(at));
        if (!rune.valid) {
            out += replacement;
        } else if (is_control(rune.value)) {
            out += ' ';
        } else {
            out += text.substr(at, rune.size);
        }
        at += rune.size;
    }
    return out;
}

bool is_slug(std::string_view text) noexcept {
    return !text.empty() && text.size() <= reason_bound && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
}

std::string did_you_mean(std::string_view wrong, std::span<const std::string> names) {
    const auto near = near_name(wrong, names);
    return near ? " did you mean \"" + *near + "\"?" : std::string{};
}

std::string joined(std::span<const std::string> names) {
    std::string out;
    for (const auto& name : names) {
        if (!out.empty()) out += ", ";
        out += name;
    }
    return out;
}

}  // namespace conductor::plugin
