// Any body is a frame or is not; what comes back of its ids and names is JSON again, and no parameters crash
// the decoders.
#include <string>

#include "core/base/check.hpp"
#include "core/rpc/jsonrpc_frame.hpp"
#include "core/rpc/params.hpp"

using namespace conductor;
using namespace conductor::rpc;

namespace {

void check_message(const json::RawValue& value) {
    const auto message = read_message(value);
    const auto id = message.has_valid_id() ? *message.id : std::string_view{"null"};
    const RpcError error{code::method_not_found, "the method " + message.method, {}};
    for (const auto& text : {result_text(id, "null"), error_text(id, error)}) {
        const auto again = json::first_value(text);
        CONDUCTOR_CHECK(again);
        CONDUCTOR_CHECK(again->raw == text);
        CONDUCTOR_CHECK(text.find('<') == std::string::npos);
    }
    (void)decode_params<std::string, std::optional<std::uint64_t>, std::optional<bool>>(message.params);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string body{data, data + size};
    const auto frame = read_frame(body);
    if (!frame) return 0;
    if (!frame->is_batch()) {
        check_message(frame->value);
        return 0;
    }
    json::ElementCursor elements{frame->value};
    for (int left = 1000; left > 0; --left) {
        const auto element = elements.next();
        if (!element) break;
        check_message(*element);
    }
    return 0;
}
