// What the scanner lets pass can be walked, piece by piece, and every piece is a value again; raw tokens are
// views of the text.
#include <string>
#include <vector>

#include "core/base/check.hpp"
#include "core/base/json_scan.hpp"

using namespace conductor;

namespace {

void check_string(std::string_view token) {
    const auto text = json::unescape(token);
    CONDUCTOR_CHECK(text.size() <= 3 * token.size());
    (void)json::key_matches(token, "skStateRoot");
    bool ascii = true;
    for (const char c : text) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
    if (ascii) CONDUCTOR_CHECK(json::key_matches(token, text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text{data, data + size};
    const auto value = json::first_value(text);
    if (!value) {
        CONDUCTOR_CHECK(value.error().offset <= text.size());
        return 0;
    }
    // Walked in breadth, so that the harness needs no stack; one level deep is checked again for each value.
    std::vector<json::RawValue> open{*value};
    for (std::size_t i = 0; i < open.size() && i < 2000; ++i) {
        const auto one = open[i];
        CONDUCTOR_CHECK(one.raw.data() >= text.data() &&
                        one.raw.data() + one.raw.size() <= text.data() + text.size());
        const auto again = json::first_value(one.raw);
        CONDUCTOR_CHECK(again);
        CONDUCTOR_CHECK(*again == one);
        if (one.kind == json::Kind::string) check_string(one.raw);
        if (one.kind == json::Kind::array) {
            json::ElementCursor elements{one};
            while (const auto element = elements.next()) open.push_back(*element);
        }
        if (one.kind == json::Kind::object) {
            json::MemberCursor members{one};
            while (const auto member = members.next()) {
                check_string(member->key);
                open.push_back(member->value);
            }
        }
    }
    return 0;
}
