#include "core/transport/msgpack.hpp"

#include <limits>

#include "core/base/check.hpp"

namespace conductor::wire::msgpack {

namespace {

std::uint64_t big_endian(ByteSpan octets, std::size_t at, std::size_t count) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value << 8U | octets[at + i];
    return value;
}

std::uint64_t sign_extend(std::uint64_t value, std::size_t octets) {
    const auto unused = 64U - 8U * static_cast<unsigned>(octets);
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value << unused) >> unused);
}

// Markers whose number or length stands in the octets behind them.
struct Shape {
    Kind kind{Kind::invalid};
    std::size_t octets{0};  // of the number or length
    bool is_signed{false};
    bool text{false};
};

Shape shape_of(std::uint8_t marker) {
    switch (marker) {
        case 0xc4:
            return {Kind::raw, 1, false, false};
        case 0xc5:
            return {Kind::raw, 2, false, false};
        case 0xc6:
            return {Kind::raw, 4, false, false};
        case 0xc7:
            return {Kind::ext, 1, false, false};
        case 0xc8:
            return {Kind::ext, 2, false, false};
        case 0xc9:
            return {Kind::ext, 4, false, false};
        case 0xcc:
            return {Kind::number, 1, false, false};
        case 0xcd:
            return {Kind::number, 2, false, false};
        case 0xce:
            return {Kind::number, 4, false, false};
        case 0xcf:
            return {Kind::number, 8, false, false};
        case 0xd0:
            return {Kind::number, 1, true, false};
        case 0xd1:
            return {Kind::number, 2, true, false};
        case 0xd2:
            return {Kind::number, 4, true, false};
        case 0xd3:
            return {Kind::number, 8, true, false};
        case 0xd9:
            return {Kind::raw, 1, false, true};
        case 0xda:
            return {Kind::raw, 2, false, true};
        case 0xdb:
            return {Kind::raw, 4, false, true};
        case 0xdc:
            return {Kind::array, 2, false, false};
        case 0xdd:
            return {Kind::array, 4, false, false};
        case 0xde:
            return {Kind::map, 2, false, false};
        case 0xdf:
            return {Kind::map, 4, false, false};
        default:
            return {};
    }
}

Head small(Kind kind, std::uint64_t value) {
    Head head;
    head.kind = kind;
    head.value = value;
    head.size = 1;
    return head;
}

std::optional<Head> small_head(std::uint8_t marker) {
    if (marker <= 0x7f) return small(Kind::number, marker);
    if (marker <= 0x8f) return small(Kind::map, marker & 0x0fU);
    if (marker <= 0x9f) return small(Kind::array, marker & 0x0fU);
    if (marker <= 0xbf) {
        auto head = small(Kind::raw, marker & 0x1fU);
        head.text = true;
        return head;
    }
    if (marker >= 0xe0) {
        auto head = small(Kind::number, sign_extend(marker, 1));
        head.negative = true;
        return head;
    }
    switch (marker) {
        case 0xc0:
            return small(Kind::nil, 0);
        case 0xc1:
            return small(Kind::invalid, 0);
        case 0xc2:
            return small(Kind::boolean, 0);
        case 0xc3:
            return small(Kind::boolean, 1);
        case 0xca:
            return small(Kind::real, 4);
        case 0xcb:
            return small(Kind::real, 8);
        default:
            return std::nullopt;
    }
}

// Octets of an object that stand behind its head and are no objects themselves.
std::uint64_t body_of(const Head& head) {
    const auto has_body = head.kind == Kind::raw || head.kind == Kind::ext || head.kind == Kind::real;
    return has_body ? head.value : 0;
}

std::uint64_t children_of(const Head& head) {
    if (head.kind == Kind::array) return head.value;
    return head.kind == Kind::map ? 2 * head.value : 0;
}

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::nil:
            return "nil";
        case Kind::boolean:
            return "a boolean";
        case Kind::number:
            return "a number";
        case Kind::real:
            return "a float";
        case Kind::raw:
            return "a string";
        case Kind::ext:
            return "an extension";
        case Kind::array:
            return "an array";
        case Kind::map:
            return "a map";
        case Kind::invalid:
            break;
    }
    return "no msgpack";
}

}  // namespace

std::optional<Head> read_head(ByteSpan octets) {
    if (octets.empty()) return std::nullopt;
    const auto marker = octets.front();
    if (const auto head = small_head(marker)) return head;

    if (marker >= 0xd4 && marker <= 0xd8) {
        if (octets.size() < 2) return std::nullopt;
        auto head = small(Kind::ext, std::uint64_t{1} << (marker - 0xd4U));
        head.ext_type = static_cast<std::int8_t>(octets[1]);
        head.size = 2;
        return head;
    }

    const auto shape = shape_of(marker);
    const auto type_octets = shape.kind == Kind::ext ? std::size_t{1} : std::size_t{0};
    if (octets.size() < 1 + shape.octets + type_octets) return std::nullopt;
    auto head = small(shape.kind, big_endian(octets, 1, shape.octets));
    head.text = shape.text;
    head.size = 1 + shape.octets + type_octets;
    if (shape.is_signed) {
        head.value = sign_extend(head.value, shape.octets);
        head.negative = static_cast<std::int64_t>(head.value) < 0;
    }
    if (type_octets != 0) head.ext_type = static_cast<std::int8_t>(octets[1 + shape.octets]);
    return head;
}

// ---- Writer

void Writer::put_number(std::uint8_t marker, std::uint64_t value, std::size_t octets) {
    put(marker);
    for (auto left = octets; left > 0; --left)
        put(static_cast<std::uint8_t>(value >> (8U * (left - 1)) & 0xffU));
}

void Writer::map(std::size_t pairs) {
    CONDUCTOR_CHECK(pairs <= 15);  // Go's structs have 12 fields at most
    put(static_cast<std::uint8_t>(0x80U | pairs));
}

void Writer::array(std::size_t elements) {
    CONDUCTOR_CHECK(elements <= std::numeric_limits<std::uint32_t>::max());
    if (elements <= 15) return put(static_cast<std::uint8_t>(0x90U | elements));
    if (elements <= 0xffff) return put_number(0xdc, elements, 2);
    put_number(0xdd, elements, 4);
}

void Writer::unsigned_number(std::uint64_t value) {
    if (value <= 0x7f) return put(static_cast<std::uint8_t>(value));
    if (value <= 0xff) return put_number(0xcc, value, 1);
    if (value <= 0xffff) return put_number(0xcd, value, 2);
    if (value <= 0xffffffff) return put_number(0xce, value, 4);
    put_number(0xcf, value, 8);
}

void Writer::signed_number(std::int64_t value) {
    const auto bits = static_cast<std::uint64_t>(value);
    const auto fits = [value](auto narrow) {
        using Narrow = decltype(narrow);
        return value >= std::numeric_limits<Narrow>::min() && value <= std::numeric_limits<Narrow>::max();
    };
    if (value >= -32 && value <= 127) return put(static_cast<std::uint8_t>(bits & 0xffU));
    if (value < 0 && fits(std::int8_t{})) return put_number(0xd0, bits, 1);
    if (fits(std::int16_t{})) return put_number(0xd1, bits, 2);
    if (fits(std::int32_t{})) return put_number(0xd2, bits, 4);
    put_number(0xd3, bits, 8);
}

void Writer::raw_header(std::size_t octets) {
    CONDUCTOR_CHECK(octets <= std::numeric_limits<std::uint32_t>::max());
    if (octets <= 31) return put(static_cast<std::uint8_t>(0xa0U | octets));
    if (octets <= 0xffff) return put_number(0xda, octets, 2);
    put_number(0xdb, octets, 4);
}

void Writer::raw(ByteSpan octets) {
    raw_header(octets.size());
    verbatim(octets);
}

// ---- Extent

Result<std::optional<std::size_t>, Complaint> Extent::find(ByteSpan received) {
    const auto more = std::optional<std::size_t>{};
    if (!begun_) {
        begun_ = true;
        open_.push_back(1);
    }
    while (!open_.empty()) {
        if (open_.back() == 0) {
            open_.pop_back();
            continue;
        }
        if (at_ >= received.size()) return more;
        const auto head = read_head(received.subspan(at_));
        if (!head) return more;
        if (head->kind == Kind::invalid) return Complaint{"octet c1 is no msgpack"};
        at_ += head->size + body_of(*head);
        --open_.back();
        if (const auto children = children_of(*head); children != 0) {
            if (open_.size() > max_depth) return Complaint{"nested deeper than 1024"};
            open_.push_back(children);
        }
    }
    if (at_ > received.size()) return more;
    return std::optional<std::size_t>{static_cast<std::size_t>(at_)};
}

// ---- Reader

void Reader::fail(std::string why) {
    if (!failure_) failure_ = Complaint{std::move(why)};
}

void Reader::charge(std::size_t octets) {
    if (octets > budget_) return fail("asks for more memory than its octets allow");
    budget_ -= octets;
}

std::optional<Head> Reader::peek() const {
    return ok() ? read_head(source_.span().subspan(at_)) : std::nullopt;
}

Head Reader::head(std::string_view expected) {
    const auto found = peek();
    if (!found) {
        fail("message ends where " + std::string{expected} + " should be");
        return small(Kind::nil, 0);
    }
    at_ += found->size;
    return *found;
}

bool Reader::wants_octets(std::uint64_t count) {
    if (count <= source_.size() - at_) return true;
    fail("length reaches beyond the message");
    return false;
}

std::uint64_t Reader::unsigned_number() {
    const auto found = head("an unsigned number");
    if (found.kind == Kind::nil) return 0;
    if (found.kind != Kind::number) {
        fail("expected an unsigned number, found " + std::string{name_of(found.kind)});
        return 0;
    }
    if (!found.negative) return found.value;
    fail("negative number where an unsigned one is expected");
    return 0;
}

std::int64_t Reader::signed_number() {
    const auto found = head("a number");
    if (found.kind == Kind::nil) return 0;
    if (found.kind != Kind::number) {
        fail("expected a number, found " + std::string{name_of(found.kind)});
        return 0;
    }
    const auto value = static_cast<std::int64_t>(found.value);
    if (found.negative == (value < 0)) return value;
    fail("number too large for a signed one");
    return 0;
}

bool Reader::boolean() {
    const auto found = head("a boolean");
    if (found.kind == Kind::nil) return false;
    const auto is_one = !found.negative && found.value == 1;
    const auto fits = found.kind == Kind::boolean || (found.kind == Kind::number && found.value <= 1);
    if (!fits) fail("expected a boolean");
    return fits && is_one;
}

Bytes Reader::octets() {
    const auto found = head("a string");
    if (found.kind == Kind::nil || !ok()) return {};
    if (found.kind == Kind::raw) {
        if (!wants_octets(found.value)) return {};
        const auto begin = std::exchange(at_, at_ + static_cast<std::size_t>(found.value));
        return source_.slice(begin, static_cast<std::size_t>(found.value));
    }
    if (found.kind != Kind::array) {
        fail("expected a string, found " + std::string{name_of(found.kind)});
        return {};
    }
    if (!wants_octets(found.value)) return {};
    std::vector<std::uint8_t> collected;
    collected.reserve(static_cast<std::size_t>(found.value));
    for (std::uint64_t i = 0; i < found.value && ok(); ++i) {
        const auto value = unsigned_number();
        if (value > 0xff) fail("number above 255 among octets");
        collected.push_back(static_cast<std::uint8_t>(value & 0xffU));
    }
    return ok() ? Bytes::adopt(std::move(collected)) : Bytes{};
}

std::size_t Reader::array(bool* nil) {
    const auto found = head("an array");
    if (nil != nullptr) *nil = found.kind == Kind::nil;
    if (found.kind == Kind::nil) return 0;
    if (found.kind != Kind::array) {
        fail("expected an array, found " + std::string{name_of(found.kind)});
        return 0;
    }
    // Every element takes an octet at least, so a declared length beyond that cannot be true.
    if (!wants_octets(found.value)) return 0;
    return static_cast<std::size_t>(found.value);
}

std::uint64_t Reader::map() {
    const auto found = head("a map");
    if (found.kind == Kind::map) return found.value;
    if (found.kind != Kind::nil) fail("expected a map, found " + std::string{name_of(found.kind)});
    return 0;
}

std::string_view Reader::key() {
    const auto found = head("a key");
    if (found.kind != Kind::raw) {
        fail("expected a key, found " + std::string{name_of(found.kind)});
        return {};
    }
    if (found.value == 0) {
        fail("empty key");
        return {};
    }
    if (!wants_octets(found.value)) return {};
    const auto begin = std::exchange(at_, at_ + static_cast<std::size_t>(found.value));
    return as_text(source_.span().subspan(begin, static_cast<std::size_t>(found.value)));
}

Bytes Reader::object() {
    if (!ok()) return {};
    Extent extent;
    const auto end = extent.find(source_.span().subspan(at_));
    if (!end) {
        fail(end.error().text);
        return {};
    }
    if (!*end) {
        fail("message ends inside an object");
        return {};
    }
    const auto begin = std::exchange(at_, at_ + **end);
    return source_.slice(begin, **end);
}

}  // namespace conductor::wire::msgpack
