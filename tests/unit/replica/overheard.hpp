// Links that keep what is said, and tell nobody.
#pragma once

#include <vector>

#include "core/replica/links.hpp"

namespace conductor::replica::test {

struct Overheard final : Links {
    void set_members(const consensus::Configuration& members) override { configuration = members; }
    void post(consensus::Envelope envelope, Freight freight) override {
        posted.push_back(std::move(envelope));
        freights.push_back(std::move(freight));
    }
    void hang_up(consensus::Exchange exchange) override { hung_up.push_back(exchange); }
    void reopen_bulk(const ServerId& member) override { reopened.push_back(member); }

    consensus::Configuration configuration;
    std::vector<consensus::Envelope> posted;
    std::vector<Freight> freights;  ///< of the envelope at the same place
    std::vector<consensus::Exchange> hung_up;
    std::vector<ServerId> reopened;
};

}  // namespace conductor::replica::test
