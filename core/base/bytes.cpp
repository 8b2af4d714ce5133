#include "core/base/bytes.hpp"

#include <algorithm>

#include "core/base/check.hpp"

namespace conductor {

Bytes Bytes::copy_of(ByteSpan octets) {
    return adopt({octets.begin(), octets.end()});
}
Bytes Bytes::copy_of(std::string_view text) {
    return copy_of(as_octets(text));
}

Bytes Bytes::adopt(std::vector<std::uint8_t> octets) {
    auto owner = std::make_shared<const std::vector<std::uint8_t>>(std::move(octets));
    const ByteSpan view{*owner};
    return {std::move(owner), view};
}

Bytes Bytes::slice(std::size_t offset, std::size_t count) const {
    CONDUCTOR_CHECK(offset <= view_.size());
    CONDUCTOR_CHECK(count <= view_.size() - offset);
    return {owner_, view_.subspan(offset, count)};
}

bool operator==(const Bytes& a, const Bytes& b) noexcept {
    return std::ranges::equal(a.view_, b.view_);
}

}  // namespace conductor
