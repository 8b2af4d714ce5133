// Room on the file systems that a sequencer writes to: octets, and inodes, whose end looks the same to a
// writer.
#include <sys/statvfs.h>
#include <conductor/cpp/health_check.hpp>

#include <cerrno>
#include <vector>

using conductor::Finding;

/// Unhealthy when one of `paths` has less than `min_free` or `min_inodes` left, amber below `warn_free`.
class Disk final : public conductor::HealthCheck {
public:
    static constexpr conductor::About about{"io.conductord.disk", "Disk", "0.1.0",
                                            "The file systems of some paths have room left"};
    static constexpr std::array options{
        conductor::live(conductor::required(
            conductor::list_of(conductor::option_string("paths", nullptr, "any path on each file system")))),
        conductor::live(conductor::option_bytes("min_free", "10GiB", "unhealthy below this")),
        conductor::live(
            conductor::option_bytes("warn_free", "0B", "degraded, which counts as healthy, below this")),
        conductor::option_minimum("min_inodes", "0")};
    static constexpr std::array<const char*, 5> reasons{"disk.low", "disk.inodes", "disk.warn",
                                                        "disk.unreadable", nullptr};
    static constexpr std::array metrics{conductor::gauge("free_bytes", "Free space", "path"),
                                        conductor::gauge("free_inodes", "Free inodes", "path")};

    explicit Disk(conductor::Host host)
        : host_{host},
          paths_{host.strings("paths")},
          min_free_{host.natural("min_free")},
          warn_free_{host.natural("warn_free")},
          min_inodes_{host.natural("min_inodes")} {}

    // Every path is looked at, so that every gauge is fresh; the first bad one speaks.
    Finding judge(const conductor_call&) override {
        auto worst = Finding::healthy();
        for (const auto& path : paths_) {
            auto found = look(path);
            if (weight(found) > weight(worst)) worst = std::move(found);
        }
        return worst;
    }

private:
    static int weight(const Finding& finding) {
        switch (finding.verdict) {
            case CONDUCTOR_HEALTHY:
                return 0;
            case CONDUCTOR_DEGRADED:
                return 1;
            case CONDUCTOR_UNKNOWN:
                return 2;
            default:
                return 3;
        }
    }

    [[nodiscard]] Finding look(const std::string& path) const {
        struct statvfs now{};
        if (::statvfs(path.c_str(), &now) != 0)
            return Finding::unknown("disk.unreadable", path + ": " + std::strerror(errno));
        const auto free = static_cast<std::uint64_t>(now.f_bavail) * now.f_frsize;
        host_.gauge("free_bytes", static_cast<double>(free), path);
        host_.gauge("free_inodes", static_cast<double>(now.f_favail), path);
        const auto left = std::to_string(free) + " bytes left at " + path;
        if (free < min_free_)
            return Finding::unhealthy("disk.low", left + ", want " + std::to_string(min_free_));
        // Some file systems count no inodes, and say that there are none.
        if (now.f_files != 0 && now.f_favail < min_inodes_)
            return Finding::unhealthy("disk.inodes", std::to_string(now.f_favail) + " inodes left at " + path +
                                                         ", want " + std::to_string(min_inodes_));
        if (free < warn_free_) return Finding::degraded("disk.warn", left);
        return Finding::healthy();
    }

    conductor::Host host_;
    std::vector<std::string> paths_;
    std::uint64_t min_free_;
    std::uint64_t warn_free_;
    std::uint64_t min_inodes_;
};

CONDUCTOR_EXPORT_HEALTH_CHECK(Disk)
