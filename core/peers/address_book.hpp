// Where the RPC of each member is (conductor.md 1.7.2): as `peers.rpc` lists it, else guessed from its raft
// address and our own RPC port. Pure; owned by the core thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/consensus/types.hpp"
#include "core/peers/table.hpp"
#include "core/runtime/http_url.hpp"

namespace conductor::peers {

/// An entry of `peers.rpc`.
struct Listed {
    ServerId id;
    http::Url url;
    std::string token;  ///< sent as bearer; empty: none. Never shown
};

/// Another member, and how it is to be asked.
struct Contact {
    Member member;
    http::Url url;  ///< means nothing where `member.reach` is none
    std::string token;
};

class AddressBook {
public:
    /// `rpc_port` 0: the system chose it, so it says nothing about the others and nobody is guessed.
    AddressBook(ServerId self, std::uint16_t rpc_port, std::vector<Listed> listed)
        : self_{std::move(self)}, rpc_port_{rpc_port}, listed_{std::move(listed)} {}

    /// Everybody but ourselves, in the order of `servers`. A guess that would be our own listener, because it
    /// has our own host, is dropped; no token goes to a guess.
    [[nodiscard]] std::vector<Contact> contacts(const std::vector<consensus::Server>& servers) const;
    /// Everybody of `peers.rpc` but ourselves: whom a node can ask that knows of no group.
    [[nodiscard]] std::vector<Contact> listed() const;
    /// One server that such a node has heard of; `own_address` is its own raft address. Nothing where it can
    /// not be asked.
    [[nodiscard]] std::optional<Contact> guess(const consensus::Server& server,
                                               const std::string& own_address) const;

private:
    [[nodiscard]] Contact contact(const consensus::Server& server, const std::string& own_host) const;

    ServerId self_;
    std::uint16_t rpc_port_;
    std::vector<Listed> listed_;
};

}  // namespace conductor::peers
