// URLs fit for logs, reports and metrics: providers put their keys into user, password and query. Pure.
#pragma once

#include <string>
#include <string_view>

namespace conductor {

/// `url` with `xxxxx` in place of user, password, and each value of the query. What has none of them, and what
/// is no URL, comes back as it is.
[[nodiscard]] std::string masked_url(std::string_view url);

/// Every URL within a text masked: for lists and messages.
[[nodiscard]] std::string masked_urls(std::string_view text);

}  // namespace conductor
