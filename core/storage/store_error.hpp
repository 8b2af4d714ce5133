// Why the store could not do its work. `place` names the file; the text is for the operator.
#pragma once

#include <cstdint>
#include <string>

namespace conductor::storage {

enum class StoreErrc : std::uint8_t {
    corrupt_record = 1,  ///< a checksum or an index disagrees: fetch it again, until then never campaign
    no_space,            ///< ENOSPC or EDQUOT; nothing of the batch counts
    io,                  ///< any other error of a file operation or of LevelDB; final for this process
    locked,              ///< another process holds the directory
    foreign,             ///< the directory holds a Go conductor's files and no store of ours
    newer_format,        ///< written by a later version of this program; nothing was changed
    log_lost,            ///< segments that were there are gone: it has forgotten what it acknowledged
    vote_lost,           ///< both vote slots are bad, or there is no vote file beside segments: never vote
    not_permitted,       ///< the directory cannot be made, read or written
};

struct StoreError {
    StoreErrc code{StoreErrc::io};
    std::string place;  ///< path of the file or directory
    std::string text;  ///< one sentence, complete: names the file, the cause, and the way on where there is one
};

}  // namespace conductor::storage
