// The fast way: one pass of RapidJSON, in place, over the whole body, each string decoded as it is met. It
// knows only yes: whatever is not exactly what an op-node sends ends it, and the exact way decides. Therefore
// it needs no error texts, no key folding, no withdrawals, and cannot disagree about what it does not accept.
//
// In-situ parsing writes a zero over each closing quote; every event puts the quote back, so the body is
// pristine when the exact way reads it. Bodies with a backslash are not touched at all.
#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "core/base/check.hpp"
#include "core/base/json_buffer.hpp"
#include "core/base/json_scan.hpp"
#include "core/payload/draft.hpp"
#include "core/payload/hex_kernel.hpp"
#include "core/payload/transcode.hpp"

namespace conductor::payload {
namespace {

// Where the transactions' bodies begin in the buffer. In front of them is room for the largest header, which
// is written last, when all that it holds is known: nothing moves, whatever the order of the keys.
constexpr std::size_t headroom =
    layout::withdrawals_root + 32 + layout::max_extra_data + 4 * layout::max_transactions;

// Below this a copy costs less than keeping a pooled buffer busy.
constexpr std::size_t small_payload = 64U << 10U;

constexpr std::string_view commit_method = "conductor_commitUnsafePayload";

/// The events of RapidJSON's reader, judged by where in the call they come. False ends the parse.
class CallHandler {
public:
    explicit CallHandler(std::uint8_t* bodies) noexcept : bodies_{bodies} {}

    bool StartObject() {
        switch (where_) {
            case Where::outside:
                return enter(Where::frame);
            case Where::params:
                return envelopes_++ == 0 && enter(Where::envelope);
            case Where::envelope:
                return payload_awaited_ && enter(Where::payload);
            default:
                return false;
        }
    }
    bool EndObject(rapidjson::SizeType) {
        switch (where_) {
            case Where::frame:
                return enter(Where::done);
            case Where::envelope:
                return enter(Where::params);
            case Where::payload:
                return enter(Where::envelope);
            default:
                return false;
        }
    }
    bool StartArray() {
        if (where_ == Where::frame && frame_key_ == FrameKey::params) return enter(Where::params);
        if (where_ != Where::payload) return false;
        if (payload_key_ == key::transactions) return enter(Where::transactions);
        return payload_key_ == key::withdrawals && enter(Where::withdrawals);
    }
    bool EndArray(rapidjson::SizeType) {
        if (where_ == Where::params) return enter(Where::frame);
        return enter(Where::payload);
    }
    bool Key(const char* text, rapidjson::SizeType size, bool) {
        restore_quote(text, size);
        const std::string_view name{text, size};
        switch (where_) {
            case Where::frame:
                return frame_key(name);
            case Where::envelope:
                return envelope_key(name);
            case Where::payload:
                return payload_key(name);
            default:
                return false;
        }
    }
    bool String(const char* text, rapidjson::SizeType size, bool) {
        restore_quote(text, size);
        switch (where_) {
            case Where::transactions:
                return transaction(text, size);
            case Where::payload:
                return scalar(text, size);
            case Where::envelope:
                return !payload_awaited_ && data(text, size, draft_.at(root_key));
            case Where::frame:
                return frame_string({text, size});
            default:
                return false;
        }
    }
    // The id alone may be a number. The reader's own view of it is useless in place, so it is found by its key.
    bool RawNumber(const char*, rapidjson::SizeType, bool) {
        return where_ == Where::frame && frame_key_ == FrameKey::id;
    }
    bool Null() { return false; }
    bool Bool(bool) { return false; }
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }

    /// All that was seen is one regular call.
    [[nodiscard]] bool complete() const noexcept;
    [[nodiscard]] const char* id_key_end() const noexcept { return id_key_end_; }
    [[nodiscard]] Draft& draft() noexcept { return draft_; }
    [[nodiscard]] std::size_t octets() const noexcept { return octets_; }
    [[nodiscard]] std::size_t count() const noexcept { return count_; }
    /// Completes the octets: header in front, offsets turned round. Where they begin; they end with the bodies.
    std::uint8_t* finish() noexcept;

private:
    enum class Where : std::uint8_t {
        outside,
        frame,
        params,
        envelope,
        payload,
        transactions,
        withdrawals,
        done
    };
    enum class FrameKey : std::uint8_t { jsonrpc, id, method, params };

    bool enter(Where where) noexcept {
        where_ = where;
        return true;
    }
    static void restore_quote(const char* text, rapidjson::SizeType size) noexcept {
        const_cast<char*>(text)[size] = '"';  // in-situ: the text is our mutable buffer
    }

    bool frame_key(std::string_view name) noexcept {
        constexpr std::array<std::string_view, 4> names{"jsonrpc", "id", "method", "params"};
        const auto found = std::ranges::find(names, name);
        if (found == names.end()) return false;
        const auto index = static_cast<std::size_t>(found - names.begin());
        if (frame_seen_[index]) return false;
        frame_seen_.set(index);
        frame_key_ = static_cast<FrameKey>(index);
        if (frame_key_ == FrameKey::id) id_key_end_ = name.data() + name.size() + 1;
        return true;
    }
    bool frame_string(std::string_view text) const noexcept {
        switch (frame_key_) {
            case FrameKey::jsonrpc:
                return text == "2.0";
            case FrameKey::method:
                return text == commit_method;
            case FrameKey::id:
                return true;
            case FrameKey::params:
                break;
        }
        return false;
    }
    bool envelope_key(std::string_view name) noexcept {
        payload_awaited_ = name == "executionPayload";
        auto& seen = payload_awaited_ ? payload_seen_ : draft_.root_present;
        if (seen || !(payload_awaited_ || name == root_key.name)) return false;
        seen = true;
        return true;
    }
    bool payload_key(std::string_view name) noexcept {
        // Nodes send the keys in the order of the table.
        const auto at = next_key_ < payload_keys.size() && payload_keys[next_key_].name == name
                            ? payload_keys.begin() + static_cast<std::ptrdiff_t>(next_key_)
                            : std::ranges::find(payload_keys, name, &payload::Key::name);
        if (at == payload_keys.end()) return false;
        payload_key_ = static_cast<std::size_t>(at - payload_keys.begin());
        if (draft_.present[payload_key_]) return false;
        draft_.present.set(payload_key_);
        next_key_ = payload_key_ + 1;
        return true;
    }

    static bool has_prefix(const char* text, std::size_t size) noexcept {
        return size >= 2 && text[0] == '0' && text[1] == 'x';
    }
    static bool data(const char* text, std::size_t size, std::span<std::uint8_t> out) noexcept {
        return has_prefix(text, size) && size == 2 + 2 * out.size() &&
               decode_hex(text + 2, size - 2, out.data());
    }
    static bool quantity(const char* text, std::size_t size, std::span<std::uint8_t> out) noexcept {
        if (!has_prefix(text, size) || size < 3 || size > 2 + 2 * out.size()) return false;
        if (text[2] == '0' && size > 3) return false;
        const char* last = text + size;
        for (auto& octet : out) {
            if (last == text + 2) break;
            const char low = *--last;
            const char high = last == text + 2 ? '0' : *--last;
            const char pair[2]{high, low};
            if (!decode_hex(pair, 2, &octet)) return false;
        }
        return true;
    }
    bool scalar(const char* text, std::size_t size) noexcept {
        const auto& which = payload_keys[payload_key_];
        switch (which.form) {
            case Form::data:
                return data(text, size, draft_.at(which));
            case Form::quantity:
                return quantity(text, size, draft_.at(which));
            case Form::extra_data:
                if (!has_prefix(text, size) || size % 2 != 0 || size > 2 + 2 * layout::max_extra_data)
                    return false;
                draft_.extra_size = size / 2 - 1;
                return decode_hex(text + 2, size - 2, draft_.extra.data());
            default:
                return false;
        }
    }
    bool transaction(const char* text, std::size_t size) {
        if (!has_prefix(text, size) || size % 2 != 0 || count_ == layout::max_transactions) return false;
        if (!decode_hex(text + 2, size - 2, bodies_ + octets_)) return false;
        ++count_;
        layout::put_u32(bodies_ - 4 * count_, static_cast<std::uint32_t>(octets_));
        octets_ += size / 2 - 1;
        return true;
    }

    Where where_{Where::outside};
    FrameKey frame_key_{FrameKey::jsonrpc};
    std::bitset<4> frame_seen_;
    const char* id_key_end_{nullptr};
    unsigned envelopes_{0};
    bool payload_awaited_{false};
    bool payload_seen_{false};
    std::size_t payload_key_{0};
    std::size_t next_key_{0};
    Draft draft_;
    std::uint8_t* bodies_;  ///< in front of them lie the starts of the transactions, the first one nearest
    std::size_t octets_{0};
    std::size_t count_{0};
};

bool CallHandler::complete() const noexcept {
    const auto without_root = draft_.present | std::bitset<key::count>{}.set(key::withdrawals_root);
    const bool root_dropped = draft_.present[key::withdrawals_root] && draft_.withdrawals_root_is_empty_trie();
    return where_ == Where::done && frame_seen_.all() && draft_.root_present && payload_seen_ &&
           without_root.all() && !root_dropped;
}

// The starts were written backwards, because how many there are was not known; the table wants them forwards,
// counted from its own beginning.
std::uint8_t* CallHandler::finish() noexcept {
    std::uint8_t* const table = bodies_ - 4 * count_;
    const auto size = static_cast<std::uint32_t>(4 * count_);
    for (std::size_t low = 0, high = count_; low < high; ++low) {
        --high;
        const auto last = layout::u32_at(table + 4 * low);
        const auto first = layout::u32_at(table + 4 * high);
        layout::put_u32(table + 4 * high, last + size);
        layout::put_u32(table + 4 * low, first + size);
    }
    draft_.set_offsets(count_, octets_);
    std::uint8_t* const extra = table - draft_.extra_size;
    std::memcpy(extra, draft_.extra.data(), draft_.extra_size);
    std::uint8_t* const begin = extra - draft_.fixed_size();
    std::memcpy(begin, draft_.fixed.data(), draft_.fixed_size());
    return begin;
}

// The token behind the key. RapidJSON lets some control characters pass in strings; the scanner does not.
std::optional<std::string_view> id_token(const char* key_end, std::string_view body) {
    auto rest = body.substr(static_cast<std::size_t>(key_end - body.data()));
    rest.remove_prefix(rest.find(':') + 1);
    const auto token = json::first_value(rest, 0);
    if (!token) return std::nullopt;
    return token->raw;
}

}  // namespace

std::optional<CommitCall> fast_commit_call(JsonBuffer& body, SszPool& pool) {
    constexpr auto flags = rapidjson::kParseInsituFlag | rapidjson::kParseStopWhenDoneFlag |
                           rapidjson::kParseIterativeFlag | rapidjson::kParseNumbersAsStringsFlag;
    constexpr std::size_t longest_body = 1U << 30U;  // offsets have 32 bits, and RapidJSON counts in them
    const auto text = body.text();
    if (text.empty() || text.size() > longest_body) return std::nullopt;
    if (text.find('\\') != std::string_view::npos) return std::nullopt;

    const auto buffer = pool.take(headroom + text.size() / 2);
    CallHandler handler{buffer->octets.get() + headroom};
    rapidjson::Reader reader;
    rapidjson::InsituStringStream stream{body.data()};
    if (reader.Parse<flags>(stream, handler).IsError() || !handler.complete()) return std::nullopt;
    const auto id = id_token(handler.id_key_end(), text);
    if (!id) return std::nullopt;

    const auto* const begin = handler.finish();
    const auto* const end = buffer->octets.get() + headroom + handler.octets();
    const ByteSpan octets{begin, end};
    auto envelope =
        envelope_from_ssz(octets.size() < small_payload ? Bytes::copy_of(octets) : Bytes{buffer, octets});
    CONDUCTOR_CHECK(envelope.has_value());
    return CommitCall{*id, *std::move(envelope)};
}

}  // namespace conductor::payload
