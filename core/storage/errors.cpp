#include "core/storage/errors.hpp"

#include <cerrno>

#include "core/storage/format.hpp"

namespace conductor::storage {

StoreError store_error(const FileError& error) {
    switch (error.code) {
        case ENOSPC:
        case EDQUOT:
            return {StoreErrc::no_space, error.path, to_string(error)};
        case EACCES:
        case EPERM:
        case EROFS:
            return {StoreErrc::not_permitted, error.path, to_string(error)};
        default:
            return {StoreErrc::io, error.path, to_string(error)};
    }
}

StoreError newer_format(const std::string& path) {
    return {StoreErrc::newer_format, path,
            path + ": written by a later version of this program than this one, which knows format " +
                std::to_string(format_version) + "; nothing was changed, start the later version again"};
}

}  // namespace conductor::storage
