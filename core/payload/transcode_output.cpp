// SSZ to the JSON that Go prints (payload.md §1.7). Wanted at a failover only; its length is known in advance.
#include <array>
#include <utility>

#include "core/payload/draft.hpp"
#include "core/payload/transcode.hpp"

namespace conductor::payload {
namespace {

constexpr auto pairs = [] {
    std::array<std::array<char, 2>, 256> table{};
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t i = 0; i < 256; ++i) table[i] = {digits[i >> 4U], digits[i & 15U]};
    return table;
}();

class Writer {
public:
    explicit Writer(std::size_t expected) { text_.reserve(expected); }

    void raw(std::string_view text) { text_ += text; }
    void key(std::string_view name) {
        comma();
        text_ += '"';
        text_ += name;
        text_ += "\":";
    }
    void comma() {
        if (text_.back() != '{' && text_.back() != '[') text_ += ',';
    }
    void data(ByteSpan octets) {
        text_ += "\"0x";
        for (const auto octet : octets) text_.append(pairs[octet].data(), 2);
        text_ += '"';
    }
    // Shortest digits of a little-endian number.
    void quantity(ByteSpan octets) {
        while (!octets.empty() && octets.back() == 0) octets = octets.first(octets.size() - 1);
        text_ += "\"0x";
        const auto first = text_.size();
        for (auto it = octets.rbegin(); it != octets.rend(); ++it) text_.append(pairs[*it].data(), 2);
        if (octets.empty()) text_ += '0';
        if (!octets.empty() && text_[first] == '0') text_.erase(first, 1);
        text_ += '"';
    }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

void put_transactions(Writer& out, const Transactions& transactions) {
    out.raw("[");
    for (std::size_t i = 0; i < transactions.size(); ++i) {
        out.comma();
        out.data(transactions[i]);
    }
    out.raw("]");
}

void put_withdrawals(Writer& out, ByteSpan withdrawals) {
    out.raw("[");
    for (; !withdrawals.empty(); withdrawals = withdrawals.subspan(layout::withdrawal_size)) {
        out.comma();
        out.raw("{");
        out.key("index");
        out.quantity(withdrawals.first(8));
        out.key("validatorIndex");
        out.quantity(withdrawals.subspan(8, 8));
        out.key("address");
        out.data(withdrawals.subspan(16, 20));
        out.key("amount");
        out.quantity(withdrawals.subspan(36, 8));
        out.raw("}");
    }
    out.raw("]");
}

}  // namespace

std::string envelope_to_json(const Envelope& envelope) {
    const auto ssz = envelope.ssz.span();
    const auto fields = fields_of(envelope);
    Writer out{2 * ssz.size() + fields.withdrawals.size() + 1024};
    out.raw("{");
    out.key(root_key.name);
    out.data(fields.parent_beacon_block_root);
    out.key("executionPayload");
    out.raw("{");
    for (const auto& which : payload_keys) {
        if (which.offset == layout::withdrawals_root && envelope.version != Version::v4) continue;
        out.key(which.name);
        switch (which.form) {
            case Form::data:
                out.data(ssz.subspan(which.offset, which.size));
                break;
            case Form::quantity:
                out.quantity(ssz.subspan(which.offset, which.size));
                break;
            case Form::extra_data:
                out.data(fields.extra_data);
                break;
            case Form::transactions:
                put_transactions(out, fields.transactions);
                break;
            case Form::withdrawals:
                put_withdrawals(out, fields.withdrawals);
                break;
        }
    }
    out.raw("}}");
    return out.take();
}

}  // namespace conductor::payload
