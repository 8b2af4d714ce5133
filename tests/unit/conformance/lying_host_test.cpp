// New plugins on a host that is older, or younger, than it should be: every bundled library meets tables that
// end early, with nothing behind them that may be touched, and tables that go on with what it cannot know.
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <conductor/testing/rules.hpp>
#include <cstring>
#include <filesystem>
#include <memory>

namespace testing = conductor::testing;

namespace {

/// A table whose last octet is the last that may be read: behind it lies a page that nobody may touch.
template <class T>
class AtEdge {
public:
    /// Beyond what `T` has come octets that mean nothing yet.
    AtEdge(const T& table, std::size_t size) : page_{static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))} {
        base_ = static_cast<unsigned char*>(
            ::mmap(nullptr, 2 * page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        REQUIRE(base_ != MAP_FAILED);
        REQUIRE(::mprotect(base_ + page_, page_, PROT_NONE) == 0);
        auto* at = base_ + page_ - size;
        std::memset(at, 0xee, size);
        std::memcpy(at, &table, std::min(size, sizeof table));
        const auto said = static_cast<std::uint32_t>(size);
        std::memcpy(at, &said, sizeof said);  // each begins with its size
        table_ = reinterpret_cast<T*>(at);
    }
    ~AtEdge() { ::munmap(base_, 2 * page_); }
    AtEdge(const AtEdge&) = delete;
    AtEdge& operator=(const AtEdge&) = delete;
    [[nodiscard]] T* get() const { return table_; }

private:
    std::size_t page_;
    unsigned char* base_{nullptr};
    T* table_{nullptr};
};

enum class Which { host, call, log, clock, config, metrics, rpc, finding, transfer };

constexpr std::pair<Which, std::size_t> tables[] = {
    {Which::host, sizeof(conductor_host)},        {Which::call, sizeof(conductor_call)},
    {Which::log, sizeof(conductor_log)},          {Which::clock, sizeof(conductor_clock)},
    {Which::config, sizeof(conductor_config)},    {Which::metrics, sizeof(conductor_metrics)},
    {Which::rpc, sizeof(conductor_rpc)},          {Which::finding, sizeof(conductor_finding)},
    {Which::transfer, sizeof(conductor_transfer)}};

/// The kit's host, one of whose tables is of another size.
class LyingHost : public testing::Host {
public:
    LyingHost(Which which, std::size_t bytes) : which_{which}, bytes_{bytes} {
        node().answers("optimism_syncStatus",
                       R"({"unsafe_l2":{"number":1,"timestamp":1},"safe_l2":{"number":1,"timestamp":1}})");
        node().answers("opp2p_peerStats", R"({"connected":1})").page("", 200, "{}");
        log_ = make<conductor_log>(Which::log, CONDUCTOR_LOG);
        clock_ = make<conductor_clock>(Which::clock, CONDUCTOR_CLOCK);
        config_ = make<conductor_config>(Which::config, CONDUCTOR_CONFIG);
        metrics_ = make<conductor_metrics>(Which::metrics, CONDUCTOR_METRICS);
        rpc_ = make<conductor_rpc>(Which::rpc, CONDUCTOR_RPC);
        service = &LyingHost::table_of;
        if (which != Which::host) return;
        if (bytes < sizeof(conductor_host)) short_ = std::make_unique<AtEdge<conductor_host>>(*this, bytes);
        size = static_cast<std::uint32_t>(bytes);
    }
    [[nodiscard]] const conductor_host* table() const { return short_ ? short_->get() : this; }
    [[nodiscard]] std::size_t of(Which which, std::size_t bytes) const {
        return which == which_ ? bytes_ : bytes;
    }

private:
    template <class T>
    std::unique_ptr<AtEdge<T>> make(Which which, const char* id) {
        return std::make_unique<AtEdge<T>>(*static_cast<const T*>(service(this, id)), of(which, sizeof(T)));
    }
    static const void* table_of(const conductor_host* host, const char* id) {
        const auto& mine = static_cast<const LyingHost&>(*host);
        const std::string_view wanted{id};
        if (wanted == CONDUCTOR_LOG) return mine.log_->get();
        if (wanted == CONDUCTOR_CLOCK) return mine.clock_->get();
        if (wanted == CONDUCTOR_CONFIG) return mine.config_->get();
        if (wanted == CONDUCTOR_METRICS) return mine.metrics_->get();
        return mine.rpc_->get();
    }

    Which which_;
    std::size_t bytes_;
    std::unique_ptr<AtEdge<conductor_host>> short_;
    std::unique_ptr<AtEdge<conductor_log>> log_;
    std::unique_ptr<AtEdge<conductor_clock>> clock_;
    std::unique_ptr<AtEdge<conductor_config>> config_;
    std::unique_ptr<AtEdge<conductor_metrics>> metrics_;
    std::unique_ptr<AtEdge<conductor_rpc>> rpc_;
};

/// What a health check or a strategy is handed besides its call; the other kinds get no table.
void work(const LyingHost& host, std::string_view kind, const void* table, void* self,
          const conductor_call* call) {
    if (kind == CONDUCTOR_HEALTH_CHECK) {
        conductor_finding finding{};
        finding.reason.append = finding.detail.append = nullptr;
        const AtEdge<conductor_finding> edge{finding, host.of(Which::finding, sizeof finding)};
        (void)static_cast<const conductor_health_check*>(table)->judge(self, call, edge.get());
    } else if (kind == CONDUCTOR_LEADER_TRANSFER) {
        conductor_member member{};
        member.id = conductor::text("a");
        member.voter = 1;
        conductor_transfer transfer{};
        transfer.member_count = 1;
        transfer.member_stride = sizeof member;
        transfer.members = &member;
        transfer.emit = [](void*, std::uint32_t) -> std::int32_t { return 0; };
        const AtEdge<conductor_transfer> edge{transfer, host.of(Which::transfer, sizeof transfer)};
        (void)static_cast<const conductor_leader_transfer*>(table)->rank(self, call, edge.get());
    } else {
        for (const auto& one : testing::work_calls(kind, table)) (void)one.run(self, *call);
    }
}

/// A whole life of the plugin with that host; whether it was made.
bool lives(const testing::Library& library, const conductor_descriptor& plugin, LyingHost& host) {
    testing::fill_in(host, plugin);
    if (std::string_view{plugin.id} == "io.conductord.op-node-sync")
        host.option("unsafe_interval", std::int64_t{9});
    if (std::string_view{plugin.id} == "io.conductord.disk") host.option("paths", std::string{"/"});
    if (std::string_view{plugin.id} == "io.conductord.http") host.option("endpoint", std::string{"node"});
    if (std::string_view{plugin.id} == "io.conductord.exec") host.option("command", std::string{"/bin/true"});
    const testing::Call real;
    conductor_call honest{real};
    honest.cancelled = [](const conductor_call*) -> std::int32_t {
        return 0;
    };  // the kit's looks behind the table
    const AtEdge<conductor_call> call{honest, host.of(Which::call, sizeof(conductor_call))};
    const conductor_plugin* made = nullptr;
    if (library.entry().create(plugin.id, host.table(), call.get(), &made) < 0) return false;
    REQUIRE(made != nullptr);
    (void)made->start(made->self, call.get());
    work(host, plugin.kind, made->extension(made->self, plugin.kind), made->self, call.get());
    made->stop(made->self, call.get());
    made->destroy(made->self);
    return true;
}

}  // namespace

TEST_CASE("a new plugin touches nothing behind the end of a table, whoever says how long it is",
          "[sdk][abi][lying]") {
    constexpr std::size_t beyond = 64;  // of a host that is younger
    int refused = 0;
    for (const auto& file : std::filesystem::directory_iterator{CONDUCTOR_PLUGINS}) {
        if (file.path().extension() != ".so") continue;
        const testing::Library library{file.path().string()};
        for (const auto* plugin : library.plugins()) {
            for (const auto& [which, whole] : tables) {
                for (std::size_t bytes = 8; bytes <= whole + beyond; bytes += 8) {
                    CAPTURE(plugin->id, static_cast<int>(which), bytes);
                    LyingHost host{which, bytes};
                    const bool made = lives(library, *plugin, host);
                    // What is there as it was, or with more behind it, serves; without a host or a call nothing
                    // does.
                    if (bytes >= whole) CHECK(made);
                    if (bytes < whole && (which == Which::host || which == Which::call)) CHECK_FALSE(made);
                    refused += made ? 0 : 1;
                }
            }
        }
    }
    CHECK(refused > 100);  // or nobody was lied to
}
