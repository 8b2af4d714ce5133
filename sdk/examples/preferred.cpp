#include <conductor/cpp/leader_transfer.hpp>

/// The members of `order`, as far as they are fit to lead, and nobody else. From memory: the host has asked
/// them.
class Preferred final : public conductor::LeaderTransfer {
public:
    static constexpr conductor::About about{"org.example.preferred", "Preferred", "1.0.0",
                                            "Members in the order that the operator wants"};
    static constexpr std::array options{conductor::required(
        conductor::list_of(conductor::option_string("order", nullptr, "server ids, the best first")))};

    explicit Preferred(conductor::Host host) : order_{host.strings("order")} {}

    void rank(const conductor_call&, const conductor::Transfer& transfer) override {
        for (const auto& id : order_)
            for (std::uint32_t i = 0; i < transfer.size(); ++i)
                if (conductor::view(transfer.member(i).id) == id && fit(transfer.member(i)))
                    (void)transfer.emit(i);  // the host passes over the leader itself, and who is no voter
    }

private:
    // Zero is "not known", which is no consent.
    static bool fit(const conductor_member& member) {
        return member.health == CONDUCTOR_HEALTHY && member.paused == CONDUCTOR_NO &&
               member.ready != CONDUCTOR_NO;
    }

    std::vector<std::string> order_;
};

CONDUCTOR_EXPORT_LEADER_TRANSFER(Preferred)
