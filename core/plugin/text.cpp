#include "core/plugin/text.hpp"

#include <algorithm>
#include <vector>

namespace conductor::plugin {
namespace {

constexpr std::string_view replacement = "\xef\xbf\xbd";

bool continues(std::string_view text, std::size_t at) {
    return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U;
}

// Octets of the well-formed character at `at`; 0 if there is none (Unicode 15, table 3-7).
std::size_t character_size(std::string_view text, std::size_t at) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first < 0x80) return 1;
    if (!continues(text, at + 1)) return 0;
    const auto second = static_cast<unsigned char>(text[at + 1]);
    if (first >= 0xc2 && first <= 0xdf) return 2;
    if (!continues(text, at + 2)) return 0;
    if (first == 0xe0) return second >= 0xa0 ? 3 : 0;
    if (first == 0xed) return second <= 0x9f ? 3 : 0;
    if (first >= 0xe1 && first <= 0xef) return 3;
    if (!continues(text, at + 3)) return 0;
    if (first == 0xf0) return second >= 0x90 ? 4 : 0;
    if (first >= 0xf1 && first <= 0xf3) return 4;
    return first == 0xf4 && second <= 0x8f ? 4 : 0;
}

// Optimal string alignment: insertions, deletions, changes, and swaps of neighbours, each one step.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
            d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + change});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
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
        const auto size = character_size(text, at);
        if (size == 0) {
            out += replacement;
            ++at;
            continue;
        }
        const auto octet = static_cast<unsigned char>(text[at]);
        if (octet < 0x20 || octet == 0x7f) {
            out += ' ';
        } else {
            out += text.substr(at, size);
        }
        at += size;
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

std::optional<std::string> near_name(std::string_view wrong, std::span<const std::string> names) {
    std::optional<std::string> best;
    if (wrong.empty() || wrong.size() > 128) return best;
    auto limit = std::max<std::size_t>(1, wrong.size() / 3) + 1;
    for (const auto& name : names) {
        if (name.size() > 128) continue;
        const auto steps = distance(wrong, name);
        if (steps >= limit) continue;
        limit = steps;
        best = name;
    }
    return best;
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
