#include "core/payload/list_root.hpp"

#include <algorithm>
#include <array>

#include "core/base/check.hpp"
#include "core/payload/layout.hpp"
#include "core/payload/rlp.hpp"

namespace conductor::payload {
namespace {

using rlp::Octets;

/// The nibbles of RLP(index).
struct Path {
    std::array<std::uint8_t, 8> nibbles{};
    std::size_t size{0};
};

Path path_of(std::size_t index) {
    std::array<std::uint8_t, 9> little_endian{};
    std::size_t size = 0;
    for (auto rest = index; rest != 0; rest >>= 8U)
        little_endian[size++] = static_cast<std::uint8_t>(rest & 0xffU);
    if (index == 0 || index >= 128) little_endian[size] = static_cast<std::uint8_t>(0x80U + size), ++size;
    Path path;
    for (; size > 0; --size) {
        path.nibbles[path.size++] = little_endian[size - 1] >> 4U;
        path.nibbles[path.size++] = little_endian[size - 1] & 15U;
    }
    return path;
}

/// Builds nodes over ranges of positions in the order of the keys, which is 1 … 127, 0, 128 …: index zero is
/// written 80, between 7f and 8180.
class Builder {
public:
    Builder(std::size_t count, const std::function<ByteSpan(std::size_t)>& item)
        : small_{std::min<std::size_t>(count, 128)}, item_{item} {}

    [[nodiscard]] Digest root(std::size_t count) const {
        if (count == 1) return leaf_digest(0, 0);
        return keccak256(node(0, count, 0));
    }

private:
    [[nodiscard]] std::size_t index_at(std::size_t position) const {
        if (position >= small_) return position;
        return position + 1 == small_ ? 0 : position + 1;
    }
    [[nodiscard]] Path path_at(std::size_t position) const { return path_of(index_at(position)); }

    // Hex-prefix encoding of the nibbles [from, to) as an RLP string.
    static Octets compact(const Path& path, std::size_t from, std::size_t to, bool leaf) {
        const bool odd = (to - from) % 2 != 0;
        const unsigned flag = leaf ? 2U : 0U;
        Octets key;
        key.push_back(static_cast<std::uint8_t>(odd ? (flag + 1U) << 4U | path.nibbles[from++] : flag << 4U));
        for (; from < to; from += 2) {
            key.push_back(static_cast<std::uint8_t>(path.nibbles[from] << 4U | path.nibbles[from + 1]));
        }
        Octets out;
        rlp::append_string(out, key);
        return out;
    }

    // A leaf without its value, which may be large and is hashed where it lies.
    struct LeafHead {
        Octets octets;  // list prefix, path, prefix of the value
        ByteSpan value;
        [[nodiscard]] std::size_t size() const { return octets.size() + value.size(); }
    };
    [[nodiscard]] LeafHead leaf(std::size_t position, std::size_t depth) const {
        const auto path = path_at(position);
        const auto value = item_(index_at(position));
        CONDUCTOR_CHECK(!value.empty());
        const auto key = compact(path, depth, path.size, true);
        const auto value_prefix = rlp::string_prefix(value);
        LeafHead head;
        rlp::append(head.octets, rlp::prefix(0xc0, key.size() + value_prefix.size + value.size()).span());
        rlp::append(head.octets, key);
        rlp::append(head.octets, value_prefix.span());
        head.value = value;
        return head;
    }
    [[nodiscard]] Digest leaf_digest(std::size_t position, std::size_t depth) const {
        const auto head = leaf(position, depth);
        return Keccak256{}.update(head.octets).update(head.value).finish();
    }

    // The node over two or more positions, encoded.
    [[nodiscard]] Octets node(std::size_t low, std::size_t high, std::size_t depth) const {
        const auto first = path_at(low);
        const auto last = path_at(high - 1);
        auto fork = depth;
        while (first.nibbles[fork] == last.nibbles[fork]) ++fork;  // no key is a prefix of another
        if (fork == depth) return branch(low, high, depth);

        Octets body = compact(first, depth, fork, false);
        append_reference(body, branch(low, high, fork));
        return rlp::list(body);
    }

    [[nodiscard]] Octets branch(std::size_t low, std::size_t high, std::size_t depth) const {
        Octets body;
        for (std::uint8_t nibble = 0; nibble < 16; ++nibble) {
            const auto end = end_of(nibble, low, high, depth);
            append_child(body, low, end, depth + 1);
            low = end;
        }
        body.push_back(0x80);  // no key ends at a branch
        return rlp::list(body);
    }

    // Where the positions with this nibble at `depth` end. Keys are in order, so halving finds it.
    [[nodiscard]] std::size_t end_of(std::uint8_t nibble, std::size_t low, std::size_t high,
                                     std::size_t depth) const {
        while (low < high) {
            const auto middle = low + (high - low) / 2;
            if (path_at(middle).nibbles[depth] <= nibble) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    void append_child(Octets& body, std::size_t low, std::size_t high, std::size_t depth) const {
        if (low == high) {
            body.push_back(0x80);
        } else if (high - low > 1) {
            append_reference(body, node(low, high, depth));
        } else if (const auto head = leaf(low, depth); head.size() < 32) {
            rlp::append(body, head.octets);
            rlp::append(body, head.value);
        } else {
            rlp::append_string(body, Keccak256{}.update(head.octets).update(head.value).finish());
        }
    }
    // A node below 32 octets stands in its parent itself, any other by its digest.
    static void append_reference(Octets& body, const Octets& encoded) {
        if (encoded.size() < 32) {
            rlp::append(body, encoded);
        } else {
            rlp::append_string(body, keccak256(encoded));
        }
    }

    std::size_t small_;  ///< positions that hold the indices below 128
    const std::function<ByteSpan(std::size_t)>& item_;
};

}  // namespace

Digest list_root(std::size_t count, const std::function<ByteSpan(std::size_t)>& item) {
    CONDUCTOR_CHECK(count <= 1U << 24U);
    if (count == 0) return layout::empty_trie_root;
    return Builder{count, item}.root(count);
}

}  // namespace conductor::payload
