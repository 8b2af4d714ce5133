#include <conductor/cpp/health_check.hpp>
#include <filesystem>

/// Unhealthy when the file system that holds `path` has less than `min_free` left.
class DiskSpace final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"org.example.disk-space", "Disk space", "1.0.0",
                                            "Free space of one file system"};
    static constexpr std::array options{
        conductor::required(conductor::option_string("path", nullptr, "any path on the file system")),
        conductor::option_bytes("min_free", "50GiB", "unhealthy below this")};
    static constexpr std::array<const char*, 3> reasons{"disk.low", "disk.unreadable", nullptr};
    static constexpr std::array metrics{conductor::gauge("free_bytes", "Free space")};

    explicit DiskSpace(conductor::Host host)
        : host_{host}, path_{host.string("path")}, min_free_{host.integer("min_free")} {}

    conductor::Finding judge(const conductor_call&) override {
        std::error_code error;
        const auto free = static_cast<std::int64_t>(std::filesystem::space(path_, error).available);
        if (error) return conductor::Finding::unknown("disk.unreadable", error.message());
        host_.gauge("free_bytes", static_cast<double>(free));
        if (free >= min_free_) return conductor::Finding::healthy();
        return conductor::Finding::unhealthy("disk.low", std::to_string(free) + " bytes left at " + path_);
    }

private:
    conductor::Host host_;
    std::string path_;
    std::int64_t min_free_;
};

CONDUCTOR_EXPORT_HEALTH_CHECK(DiskSpace)
