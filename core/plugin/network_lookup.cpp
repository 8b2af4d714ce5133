#include "core/plugin/network_lookup.hpp"

#include <conductor/plugin.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/near_name.hpp"
#include "core/plugin/network_profile.hpp"
#include "core/plugin/profile_text.hpp"
#include "core/plugin/registry.hpp"

namespace conductor::plugin {

using namespace std::chrono_literals;

namespace {

constexpr const char* files_id = "io.conductord.profile-files";
constexpr const char* operators_files = "/etc/conductord/networks.d";
constexpr const char* shipped_files = "/usr/share/conductord/networks.d";
constexpr const char* superchain_id = "io.conductord.superchain";
constexpr auto open_limit = 5s;
constexpr auto call_limit = 2s;
constexpr auto close_limit = 500ms;

// Names are looked up before there is a log, a scrape or an endpoint: a provider that wants them gets nothing.
class NoLog final : public PluginLog {
public:
    void write(LogLevel, std::string_view, std::string_view, std::string_view,
               std::span<const LogPair>) override {}
};
class NoMetrics final : public PluginMetrics {
public:
    void gauge(const MetricSeries&, double) override {}
    void count(const MetricSeries&, std::uint64_t) override {}
};
class NoHttp final : public HttpPost {
public:
    Result<HttpReply, HttpError> post(const HttpCall&) override { return none(); }
    Result<HttpReply, HttpError> get(const HttpCall&) override { return none(); }

private:
    static HttpError none() { return {HttpError::Kind::no_endpoint, "there are no endpoints yet"}; }
};

/// The provider at work, on a core thread of its own that runs while somebody waits.
class Provider {
public:
    Provider(const Admitted& admitted, OptionValues options)
        : instance_{{"network", admitted, std::move(options)},
                    {std::make_shared<NoLog>(), std::make_shared<NoMetrics>(), std::make_shared<SystemClock>(),
                     std::make_shared<NoHttp>()},
                    std::make_shared<Watch>(),
                    [this](std::function<void()> work) { boost::asio::post(core_, std::move(work)); }},
          profiles_{instance_} {}
    ~Provider() {
        wait<bool>([this](auto done) { instance_.close(close_limit, done); });
    }
    Provider(const Provider&) = delete;
    Provider& operator=(const Provider&) = delete;

    Result<void, CallError> open() {
        return wait<Result<void, CallError>>(
            [this](auto done) { instance_.open(open_limit, std::move(done)); });
    }
    Result<std::optional<std::string>, CallError> resolve(const std::string& name) {
        return wait<Result<std::optional<std::string>, CallError>>(
            [&](auto done) { profiles_.resolve(name, call_limit, std::move(done)); });
    }
    Result<std::vector<std::string>, CallError> names() {
        return wait<Result<std::vector<std::string>, CallError>>(
            [this](auto done) { profiles_.list(call_limit, std::move(done)); });
    }

private:
    // Every call of an instance comes back within its limit.
    template <class Answer, class Ask>
    Answer wait(Ask ask) {
        std::optional<Answer> answer;
        ask([&answer](Answer got) { answer = std::move(got); });
        const auto work = boost::asio::make_work_guard(core_);
        core_.restart();
        while (!answer) core_.run_one();
        return std::move(*answer);
    }

    boost::asio::io_context core_;
    Instance instance_;
    NetworkProfile profiles_;
};

Complaint cannot_ask(const std::string& id, const std::string& why) {
    return Complaint{"the provider " + id + " cannot be asked: " + why};
}

Registry own_registry() {
    RegistrySettings settings;
    settings.executable = own_executable();
    return Registry{std::move(settings)};
}

Result<std::unique_ptr<Provider>, Complaint> open_provider(const Registry& registry,
                                                           const NetworkProvider& wanted) {
    const auto admitted = registry.admit({wanted.id, CONDUCTOR_NETWORK_PROFILE, "network", {}, {}});
    if (!admitted) return cannot_ask(wanted.id, admitted.error().text);
    auto options = check_options("network", {}, *admitted->descriptor, wanted.options, {});
    if (!options) return cannot_ask(wanted.id, options.error().front());
    auto provider = std::make_unique<Provider>(*admitted, std::move(*options));
    if (const auto opened = provider->open(); !opened) return cannot_ask(wanted.id, opened.error().text);
    return provider;
}

std::vector<RawOption> files_in(std::string directory) {
    return {{"directory", {}, false, {{std::move(directory), {}}}},
            {"shipped", {}, false, {{std::string{}, {}}}}};
}

/// What a message calls the text: an operator looks for his file.
std::string file_of(const ProfileText& text, const std::string& name) {
    return text.provider == files_id ? "networks.d/" + name + ".toml" : "profile of " + name;
}

}  // namespace

// Each directory by itself: a file of the operator's changes what a package has brought key by key, as it
// changes what is compiled in.
std::vector<NetworkProvider> network_providers() {
    return {{files_id, files_in(operators_files)}, {files_id, files_in(shipped_files)}, {superchain_id, {}}};
}

Result<config::Profile, Complaint> merge_profiles(const std::vector<ProfileText>& texts,
                                                  const std::string& name) {
    config::Profile policy;
    std::map<std::string, std::pair<std::string, std::string>> known;  // fact → value, provider
    for (auto text = texts.rbegin(); text != texts.rend(); ++text) {
        const auto read = read_profile_text(text->text, file_of(*text, name));
        if (!read) return read.error();
        for (const auto& [fact, value] : read->facts) {
            const auto& [shipped, provider] = known.try_emplace(fact, value, text->provider).first->second;
            if (shipped != value)
                return Complaint{"profile of " + name + ": " + text->provider + " says that " + fact + " is " +
                                 value + ", " + provider + " that it is " + shipped +
                                 "; facts cannot be overridden"};
        }
        for (const auto& [option, value] : read->policy) policy[option] = value;
    }
    return policy;
}

Result<std::vector<ProfileText>, Complaint> profile_texts(const std::string& name,
                                                          const std::vector<NetworkProvider>& providers) {
    const Registry registry = own_registry();
    std::vector<ProfileText> texts;
    for (const auto& one : providers) {
        const auto provider = open_provider(registry, one);
        if (!provider) return provider.error();
        const auto text = (*provider)->resolve(name);
        if (!text) return cannot_ask(one.id, text.error().text);
        if (*text) texts.push_back({one.id, **text});
    }
    return texts;
}

Result<config::Profile, Complaint> network_facts(const std::string& name,
                                                 const std::vector<NetworkProvider>& providers) {
    const auto texts = profile_texts(name, providers);
    if (!texts) return texts.error();
    config::Profile out;
    for (const auto& text : *texts) {
        auto read = read_profile_text(text.text, file_of(text, name));
        if (!read) return read.error();
        out.merge(std::move(read->facts));
    }
    return out;
}

Result<std::vector<NetworkName>, Complaint> network_names(const std::vector<NetworkProvider>& providers) {
    const Registry registry = own_registry();
    std::map<std::string, std::string> known;
    for (const auto& one : providers) {
        const auto provider = open_provider(registry, one);
        if (!provider) return provider.error();
        const auto names = (*provider)->names();
        if (!names) return cannot_ask(one.id, names.error().text);
        for (const auto& name : *names) known.try_emplace(name, one.id);
    }
    std::vector<NetworkName> out;
    for (const auto& [name, provider] : known) out.push_back({name, provider});
    return out;
}

Result<config::Profile, Complaint> look_up_network(const std::string& name,
                                                   const std::vector<NetworkProvider>& wanted) {
    const auto texts = profile_texts(name, wanted);
    if (!texts) return texts.error();
    if (!texts->empty()) return merge_profiles(*texts, name);

    std::vector<std::string> names;
    if (const auto known = network_names(wanted))
        for (const auto& one : *known) names.push_back(one.name);
    std::string near;
    if (const auto meant = near_name(name, names)) near = "did you mean \"" + *meant + "\"? ";
    return Complaint{near +
                     "a network is added as /etc/conductord/networks.d/NAME.toml; without a name the limits "
                     "of the health checks are set by their flags"};
}

Result<config::Profile, Complaint> look_up_network(const std::string& name) {
    return look_up_network(name, network_providers());
}

}  // namespace conductor::plugin
