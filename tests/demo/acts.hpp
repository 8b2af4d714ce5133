// What the demo shows. Each act starts its own processes in a directory of its own, and leaves neither behind;
// throws Failed where a step does not go as told.
#pragma once

#include <filesystem>

namespace conductor::demo {

/// conductord beside a node: bootstrap, resume, SIGKILL under load, an engine that stops and comes back.
void sequencing_act(const std::filesystem::path& conductord, const std::filesystem::path& simnode);

/// conductord alone, fed with blocks that op-node once sent, killed in the middle: nothing acknowledged is
/// lost.
void recorded_act(const std::filesystem::path& conductord, const std::filesystem::path& blocks);

/// Three of each, and a network between them: formed by hand, and then its leader is killed, handed over, cut
/// off, and left alone. Ends with an account of every block.
void group_act(const std::filesystem::path& conductord, const std::filesystem::path& simnode);

}  // namespace conductor::demo
