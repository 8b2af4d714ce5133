#include "core/transport/wire_entry.hpp"

#include <algorithm>
#include <chrono>

#include "core/base/check.hpp"
#include "core/transport/msgpack.hpp"
#include "core/transport/wire_fields.hpp"

namespace conductor::wire {

using consensus::Configuration;
using consensus::Entry;
using consensus::EntryType;
using consensus::Server;
using consensus::Stamp;
using consensus::Suffrage;

namespace {

bool changes_configuration(EntryType type) {
    return type == EntryType::configuration || type == EntryType::add_peer || type == EntryType::remove_peer;
}

// Go's legacy form is taken from a fixstr only, the standard timestamp from any string or extension −1
// (raft-wire 2.2); what time it names matters to nobody.
bool is_time(const msgpack::Head& head, ByteSpan object) {
    const auto standard = head.value == 4 || head.value == 8 || head.value == 12;
    if (head.kind == msgpack::Kind::nil) return true;
    if (head.kind == msgpack::Kind::ext) return head.ext_type == -1 && standard;
    if (head.kind != msgpack::Kind::raw) return false;
    if (standard) return true;
    const auto fixstr = head.size == 1;
    const auto version = head.value == 15 ? 1 : 2;
    return fixstr && (head.value == 15 || head.value == 16) && object[1] == version;
}

Stamp read_stamp(msgpack::Reader& reader) {
    Stamp stamp;
    const auto head = reader.peek();
    const auto object = reader.object();
    if (!reader.ok()) return stamp;
    if (!is_time(*head, object.span()) || object.size() > stamp.octets.size()) {
        reader.fail("AppendedAt has no form of a time");
        return stamp;
    }
    stamp.octets.fill(0);
    std::copy(object.span().begin(), object.span().end(), stamp.octets.begin());
    stamp.size = static_cast<std::uint8_t>(object.size());
    return stamp;
}

Server read_server(msgpack::Reader& reader) {
    Server server;
    reader.fields([&](std::string_view key) {
        if (key == "Address") return server.address = reader.text(), true;
        if (key == "ID") return server.id = ServerId{reader.text()}, true;
        if (key != "Suffrage") return false;
        const auto value = reader.signed_number();
        if (value < 0 || value > 2) reader.fail("unknown suffrage " + std::to_string(value));
        server.suffrage = static_cast<Suffrage>(value & 3);
        return true;
    });
    return server;
}

std::vector<Server> read_servers(msgpack::Reader& reader) {
    std::vector<Server> servers;
    const auto count = reader.array();
    reader.charge(count * sizeof(Server));
    if (reader.ok()) servers.reserve(count);
    for (std::size_t i = 0; i < count && reader.ok(); ++i) servers.push_back(read_server(reader));
    return servers;
}

Result<Configuration, Complaint> configuration_in(const Entry& entry) {
    return entry.type == EntryType::configuration ? decode_configuration(entry.data.span())
                                                  : decode_peers(entry.data);
}

}  // namespace

// The whole voter set as addresses, which were the identities then.
Result<Configuration, Complaint> decode_peers(const Bytes& encoded) {
    msgpack::Reader reader{encoded};
    Configuration configuration;
    const auto count = reader.array();
    reader.charge(count * sizeof(Server));
    if (reader.ok()) configuration.servers.reserve(count);
    for (std::size_t i = 0; i < count && reader.ok(); ++i) {
        auto address = reader.text();
        configuration.servers.push_back(Server{ServerId{address}, address, Suffrage::voter});
    }
    if (!reader.ok()) return Complaint{"peers: " + reader.failure().text};
    return configuration;
}

void write_octets(msgpack::Writer& writer, const Bytes& octets) {
    if (octets.data() == nullptr) return writer.nil();
    writer.raw(octets.span());
}

EncodedEntry encode_entry(const Entry& entry) {
    EncodedEntry encoded;
    encoded.facts = {entry.position, entry.type, entry.data.size(), entry.configuration};
    encoded.data = entry.data;
    if (changes_configuration(entry.type) && entry.data.empty()) {
        CONDUCTOR_CHECK(entry.type == EntryType::configuration);
        CONDUCTOR_CHECK(entry.configuration != nullptr);
        encoded.data = encode_configuration(*entry.configuration);
        encoded.facts.octets = encoded.data.size();
    }

    msgpack::Writer head;
    head.map(6);
    head.raw("AppendedAt");
    head.verbatim(entry.appended_at.span());
    head.raw("Data");
    if (encoded.data.data() == nullptr) {
        head.nil();
    } else {
        head.raw_header(encoded.data.size());
    }
    encoded.head = head.take();

    msgpack::Writer tail;
    tail.raw("Extensions");
    write_octets(tail, entry.extensions);
    tail.raw("Index");
    tail.unsigned_number(entry.position.index.value());
    tail.raw("Term");
    tail.unsigned_number(entry.position.term.value());
    tail.raw("Type");
    tail.unsigned_number(static_cast<std::uint8_t>(entry.type));
    encoded.tail = tail.take();
    return encoded;
}

Entry read_entry(msgpack::Reader& reader) {
    Entry entry;
    if (const auto head = reader.peek(); head && head->kind == msgpack::Kind::nil) {
        reader.fail("nil in place of an entry");
        return entry;
    }
    std::uint64_t type = 0;
    reader.fields([&](std::string_view key) {
        if (key == "AppendedAt") return entry.appended_at = read_stamp(reader), true;
        if (key == "Data") return entry.data = reader.octets(), true;
        if (key == "Extensions") return entry.extensions = reader.octets(), true;
        if (key == "Index") return entry.position.index = LogIndex{reader.unsigned_number()}, true;
        if (key == "Term") return entry.position.term = Term{reader.unsigned_number()}, true;
        if (key == "Type") return type = reader.unsigned_number(), true;
        return false;
    });
    if (!reader.ok()) return entry;
    if (type > static_cast<std::uint8_t>(EntryType::configuration)) {
        reader.fail("unknown type " + std::to_string(type) + " of entry " +
                    std::to_string(entry.position.index.value()));
        return entry;
    }
    entry.type = static_cast<EntryType>(type);
    if (!changes_configuration(entry.type)) return entry;
    auto configuration = configuration_in(entry);
    if (!configuration) {
        reader.fail("entry " + std::to_string(entry.position.index.value()) + ": " +
                    configuration.error().text);
        return entry;
    }
    reader.charge(sizeof(Configuration) + configuration->servers.size() * sizeof(Server));
    entry.configuration = std::make_shared<const Configuration>(std::move(*configuration));
    return entry;
}

Result<Entry, Complaint> decode_entry(Bytes encoded) {
    msgpack::Reader reader{std::move(encoded)};
    auto entry = read_entry(reader);
    if (reader.ok() && !reader.at_end()) reader.fail("octets behind the entry");
    if (!reader.ok()) return reader.failure();
    return entry;
}

Bytes encode_configuration(const Configuration& configuration) {
    msgpack::Writer writer;
    writer.map(1);
    writer.raw("Servers");
    if (configuration.servers.empty()) {
        writer.nil();
    } else {
        writer.array(configuration.servers.size());
    }
    for (const auto& server : configuration.servers) {
        writer.map(3);
        writer.raw("Address");
        writer.raw(server.address);
        writer.raw("ID");
        writer.raw(server.id.text());
        writer.raw("Suffrage");
        writer.signed_number(static_cast<std::uint8_t>(server.suffrage));
    }
    return writer.take();
}

Result<Configuration, Complaint> decode_configuration(ByteSpan encoded) {
    msgpack::Reader reader{Bytes{nullptr, encoded}};
    Configuration configuration;
    reader.fields([&](std::string_view key) {
        if (key != "Servers") return false;
        configuration.servers = read_servers(reader);
        return true;
    });
    if (!reader.ok()) return Complaint{"configuration: " + reader.failure().text};
    return configuration;
}

Stamp stamp_of(std::chrono::system_clock::time_point when) {
    using namespace std::chrono;
    constexpr std::int64_t year_one_to_1970 = 62'135'596'800;
    const auto whole = floor<seconds>(when);
    const auto since_year_one = static_cast<std::uint64_t>(whole.time_since_epoch().count() + year_one_to_1970);
    const auto nanos = static_cast<std::uint64_t>(duration_cast<nanoseconds>(when - whole).count());

    Stamp stamp;
    for (std::size_t i = 0; i < 8; ++i)
        stamp.octets[2 + i] = static_cast<std::uint8_t>(since_year_one >> (56 - 8 * i));
    for (std::size_t i = 0; i < 4; ++i) stamp.octets[10 + i] = static_cast<std::uint8_t>(nanos >> (24 - 8 * i));
    return stamp;
}

}  // namespace conductor::wire
