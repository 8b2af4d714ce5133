#include "core/base/ordinal.hpp"

#include <ostream>

#include "core/base/hex.hpp"

namespace conductor {

std::string to_hex(const BlockHash& hash) {
    return hex_with_prefix(hash.bytes);
}

std::ostream& operator<<(std::ostream& out, const ServerId& id) {
    return out << id.text();
}
std::ostream& operator<<(std::ostream& out, const BlockHash& hash) {
    return out << to_hex(hash);
}

}  // namespace conductor
