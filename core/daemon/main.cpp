// conductord.
#include <signal.h>
#include <unistd.h>

#include <cstdio>

#include "core/config/load.hpp"
#include "core/daemon/check.hpp"
#include "core/daemon/daemon.hpp"
#include "core/plugin/network_lookup.hpp"
#include "core/runtime/logging.hpp"

#ifndef CONDUCTOR_VERSION
#error "CONDUCTOR_VERSION comes from the build"
#endif

namespace {

using namespace conductor;

/// The transcoder and the checksums are compiled for it; a processor without it would end in SIGILL.
bool processor_suffices() {
    if (__builtin_cpu_supports("sse4.2") != 0) return true;
    std::fputs("conductord: this processor lacks SSE4.2, which conductord needs\n", stderr);
    return false;
}

/// With the words and variables of the start: files are what can have changed.
Result<daemon::Reread, daemon::Problems> read_again(const std::vector<std::string>& words,
                                                    const config::Surroundings& around) {
    auto loaded = config::load(words, around);
    if (auto* settings = std::get_if<config::Settings>(&loaded.outcome))
        return daemon::Reread{std::move(*settings), std::move(loaded.effective)};
    if (loaded.problems.empty()) loaded.problems.emplace_back("the configuration asks for no daemon");
    return loaded.problems;
}

}  // namespace

int main(int argc, char** argv) {
    if (!processor_suffices()) return daemon::exit_failed;
    ::signal(SIGPIPE, SIG_IGN);  // a reader that has gone is an error of a write, not the end of the process
    ::signal(SIGHUP, SIG_IGN);   // there is nothing to reload before the daemon stands

    auto supervisor = daemon::ServiceSocket::from_environment();
    config::Surroundings around;
    around.environment = config::process_environment();
    around.files = config::disk_files();
    around.profile = [](const std::string& name) { return plugin::look_up_network(name); };
    around.version = CONDUCTOR_VERSION;
    around.output_is_terminal = ::isatty(STDOUT_FILENO) == 1;
    const std::vector<std::string> words{argv + 1, argv + argc};
    auto loaded = config::load(words, around);

    logging::configure({loaded.log.level, loaded.log.format, loaded.log.color, loaded.log.pid});
    if (auto* exit = std::get_if<config::Exit>(&loaded.outcome)) {
        const auto problems = loaded.checked ? daemon::problems_of_start(*loaded.checked) : std::string{};
        if (!problems.empty()) *exit = {daemon::exit_failed, problems, {}};
        std::fputs(exit->output.c_str(), stdout);
        std::fflush(stdout);
        for (const auto& line : loaded.lines) logging::global().log(line);
        if (exit->crit) logging::global().log(*exit->crit);
        std::fflush(nullptr);
        if (loaded.checked)
            ::_exit(exit->code);  // a library that hung while it was looked at holds the loader's lock
        return exit->code;
    }
    for (const auto& line : loaded.lines) logging::global().log(line);
    int code = 0;
    {
        auto read = [words, around] { return read_again(words, around); };
        daemon::Daemon conductord{std::move(std::get<config::Settings>(loaded.outcome)),
                                  CONDUCTOR_VERSION,
                                  {std::move(supervisor), std::move(read), std::move(loaded.effective)}};
        code = conductord.run();
    }
    return code;
}
