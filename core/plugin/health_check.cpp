#include "core/plugin/health_check.hpp"

#include "core/plugin/text.hpp"

namespace conductor::plugin {
namespace {

struct Answer {
    BoundedText reason{reason_bound};
    BoundedText detail{detail_bound};
    conductor_finding finding{};

    Answer() {
        finding.size = sizeof finding;
        finding.verdict = CONDUCTOR_UNKNOWN;
        finding.fault_class = CONDUCTOR_HARD;
        finding.reason = reason.sink();
        finding.detail = detail.sink();
    }
};

Finding failed(const CallError& error) {
    Finding out;
    out.probe_failed = true;
    out.skipped = error.fate == Fate::busy;
    out.detail = error.text;
    return out;
}

Finding read(const Answer& answer, const Descriptor& descriptor, const std::vector<std::string>& secrets) {
    const auto& said = answer.finding;
    if (said.verdict > CONDUCTOR_DEGRADED)
        return failed(
            {Fate::finished, CONDUCTOR_INTERNAL, "malformed: verdict " + std::to_string(said.verdict)});
    Finding out;
    out.verdict = static_cast<Verdict>(said.verdict);
    out.fault_class = said.fault_class <= CONDUCTOR_BUILDER_DOWN ? static_cast<FaultClass>(said.fault_class)
                                                                 : FaultClass::hard;
    out.since_unix_ns = said.since_unix_ns;
    out.detail = mended(answer.detail.text(), secrets);
    if (out.verdict != Verdict::healthy)
        out.reason = answer.reason.cut() ? "other" : descriptor.reason_or_other(answer.reason.text());
    return out;
}

}  // namespace

void HealthCheck::judge(Instance::Limit limit, std::function<void(Finding)> done) {
    // Both live as long as the job that calls back.
    const auto& descriptor = instance_.descriptor();
    const auto& secrets = instance_.secrets();
    instance_.call<conductor_health_check, Answer>(
        "judge", limit, std::make_shared<Answer>(),
        [](const conductor_health_check& table, void* self, const conductor_call& call, Answer& answer) {
            return table.judge(self, &call, &answer.finding);
        },
        [&descriptor, &secrets, done = std::move(done)](const Answer& answer, conductor_status,
                                                        const CallError* error) {
            done(error != nullptr ? failed(*error) : read(answer, descriptor, secrets));
        });
}

}  // namespace conductor::plugin
