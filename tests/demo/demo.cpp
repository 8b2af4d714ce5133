// `./dev demo`: what conductord is for, in three acts with real processes. Prints each step with its time;
// exits 1 where a step fails; leaves nothing running and nothing behind.
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include "tests/demo/acts.hpp"
#include "tests/demo/story.hpp"

int main(int argc, char** argv) {
    using namespace conductor::demo;
    std::map<std::string, std::string> flags;
    for (int i = 1; i + 1 < argc; i += 2) flags[argv[i]] = argv[i + 1];
    if (flags["--daemon"].empty() || flags["--simnode"].empty() || flags["--blocks"].empty()) {
        std::fprintf(stderr, "usage: demo --daemon PATH --simnode PATH --blocks DIRECTORY\n");
        return 2;
    }
    end_on_signals();
    title(
        "conductord keeps the sequencer of a rollup available: it stores every block on disk before the node "
        "may\n"
        "publish it, starts the node, judges its health, and stops it. Real processes; the seconds are real.");
    try {
        sequencing_act(flags["--daemon"], flags["--simnode"]);
        recorded_act(flags["--daemon"], flags["--blocks"]);
        group_act(flags["--daemon"], flags["--simnode"]);
    } catch (const Failed& failed) {
        title("FAILED: " + failed.why);
        return 1;
    } catch (const std::exception& error) {
        title(std::string{"FAILED: "} + error.what());
        return 1;
    }
    title(
        "Done: the chain went on after each failure, nothing acknowledged was lost, nothing is left running.");
    return 0;
}
