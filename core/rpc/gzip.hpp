// gzip of whole answers. Pure.
#pragma once

#include <string>
#include <string_view>

namespace conductor::rpc {

[[nodiscard]] std::string gzip(std::string_view text);

}  // namespace conductor::rpc
