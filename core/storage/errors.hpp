// From a failed file operation to what the store says of it. Pure.
#pragma once

#include <string>

#include "core/storage/file.hpp"
#include "core/storage/store_error.hpp"

namespace conductor::storage {

/// no_space, not_permitted or io, by errno.
[[nodiscard]] StoreError store_error(const FileError& error);
[[nodiscard]] StoreError newer_format(const std::string& path);

}  // namespace conductor::storage
