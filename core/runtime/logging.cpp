#include "core/runtime/logging.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "core/base/check.hpp"

namespace conductor::logging {
namespace {

// A buffer that once held a huge line gives the memory back.
constexpr std::size_t kept_capacity = 64 * 1024;

LogTime system_now() {
    return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

Style style_of(const Options& options) {
    return {options.format, options.color, options.pid ? std::int64_t{::getpid()} : 0};
}

StandardOutput& standard_output() {
    static StandardOutput sink;
    return sink;
}

// Leaked on purpose, see global(); held for ever, so that a leak checker finds it.
Logger& first() {
    static auto& logger = *[] {
        Options options;
        options.color = ::isatty(STDOUT_FILENO) == 1;
        return new Logger{options, standard_output()};
    }();
    return logger;
}

std::atomic<Logger*>& current() noexcept {
    static std::atomic<Logger*> logger{&first()};
    return logger;
}

}  // namespace

void StandardOutput::write(std::string_view line) noexcept {
    while (!line.empty()) {
        const auto written = ::write(STDOUT_FILENO, line.data(), line.size());
        if (written < 0) {
            if (errno == EINTR) continue;
            return;
        }
        line.remove_prefix(static_cast<std::size_t>(written));
    }
}

Logger::Logger(Options options, Sink& sink, Now now)
    : level_{options.level},
      style_{style_of(options)},
      sink_{sink},
      now_{now ? std::move(now) : Now{system_now}} {}

void Logger::log(Level level, std::string_view message, FieldSpan fields) {
    if (!enabled(level)) return;
    const std::lock_guard lock{mutex_};
    text_.clear();
    render(text_, Line{now_(), level, message, fields}, style_, padding_);
    sink_.write(text_);
    if (text_.capacity() > kept_capacity) std::string{}.swap(text_);
}

void Logger::log(const HeldLine& line) {
    std::vector<Field> fields;
    fields.reserve(line.fields.size());
    for (const auto& [key, value] : line.fields) fields.push_back({key, Value{value}});
    log(line.level, line.message, FieldSpan{fields});
}

Logger& global() noexcept {
    return *current().load(std::memory_order_acquire);
}

void configure(const Options& options) {
    // Another thread may be inside the old logger: all that ever served stay, few as they are.
    static auto& served = *new std::vector<std::unique_ptr<Logger>>;
    static std::mutex mutex;  // two threads may configure at once
    const std::lock_guard lock{mutex};
    served.push_back(std::make_unique<Logger>(options, standard_output()));
    current().store(served.back().get(), std::memory_order_release);
}

class Capture::Memory final : public Sink {
public:
    void write(std::string_view line) noexcept override {
        const std::lock_guard lock{mutex_};
        line.remove_suffix(1);
        lines_.emplace_back(line);
    }
    [[nodiscard]] std::vector<std::string> lines() const {
        const std::lock_guard lock{mutex_};
        return lines_;
    }

private:
    mutable std::mutex mutex_;  // the test reads while other threads log
    std::vector<std::string> lines_;
};

Capture::Capture(Level level)
    : memory_{std::make_unique<Memory>()},
      logger_{Options{level, Format::logfmt, false, false}, *memory_},
      before_{current().exchange(&logger_)} {}

Capture::~Capture() {
    const auto* was = current().exchange(before_);
    CONDUCTOR_CHECK(was == &logger_);
}

std::vector<std::string> Capture::lines() const {
    return memory_->lines();
}

bool Capture::contains(std::string_view part) const {
    return std::ranges::any_of(memory_->lines(),
                               [part](const auto& line) { return line.find(part) != std::string::npos; });
}

}  // namespace conductor::logging
