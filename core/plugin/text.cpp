#include "core/plugin/text.hpp"

#include <algorithm>

#include "core/base/go_text.hpp"
#include "core/base/near_name.hpp"

namespace conductor::plugin {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

bool continues(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;
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
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const auto rune = first_rune(text.substr(at));
        if (!rune.valid) {
            out += replacement;
        } else if (rune.value < 0x20 || rune.value == 0x7f) {
            out += ' ';
        } else {
            out += text.substr(at, rune.size);
        }
        at += rune.size;
    }
    for (const auto& secret : secrets) {
        if (secret.empty()) continue;
        for (auto at = out.find(secret); at != std::string::npos; at = out.find(secret, at + 3))
            out.replace(at, secret.size(), "***");
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
