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

}  // namespace conductor::demo
