#include "core/plugin/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <optional>

#include "core/plugin/text.hpp"
#include "core/plugin/units.hpp"

namespace conductor::plugin {
namespace {

constexpr std::size_t secret_limit = 64 * 1024;

// The value as a message quotes it.
std::string shown(const RawValue& raw) {
    struct Show {
        std::string operator()(bool b) const { return b ? "true" : "false"; }
        std::string operator()(std::int64_t i) const { return std::to_string(i); }
        std::string operator()(double d) const {
            char digits[32];
            const auto end = std::to_chars(digits, digits + sizeof digits, d).ptr;
            return {digits, end};
        }
        std::string operator()(const std::string& s) const { return '"' + mended(s) + '"'; }
        std::string operator()(const SecretSource&) const { return "a secret"; }
    };
    return std::visit(Show{}, raw.value);
}

std::string in_unit(std::int64_t value, OptionType type) {
    if (type != OptionType::duration) return std::to_string(value);
    if (value % 1'000'000'000 == 0) return std::to_string(value / 1'000'000'000) + "s";
    if (value % 1'000'000 == 0) return std::to_string(value / 1'000'000) + "ms";
    return std::to_string(value) + "ns";
}

class Checker {
public:
    Checker(const std::string& subject, const Descriptor& descriptor, const std::vector<std::string>& endpoints)
        : subject_{subject}, descriptor_{descriptor}, endpoints_{endpoints} {}

    void complain(const Place& place, const std::string& what) {
        complaints_.push_back(to_prefix(place) + subject_ + ": " + what);
    }

    void option(const RawOption& raw) {
        const auto* spec = descriptor_.option(raw.key);
        if (spec == nullptr) return unknown(raw);
        if (spec->list != raw.is_list)
            return complain(raw.place, spec->list ? raw.key + ": takes a list; write [ … ]"
                                                  : raw.key + ": takes one value, not a list");
        if (spec->required && raw.values.empty())
            return complain(raw.place,
                            raw.key + ": is required, so its list holds one value at least: " + spec->summary);
        auto& taken = out_.values[raw.key];
        for (const auto& value : raw.values)
            if (auto good = one(*spec, value)) taken.push_back(std::move(*good));
    }

    void absent(const OptionSpec& spec, const Place& place) {
        if (spec.fallback && !spec.secret) {
            // As it would stand in the file; numbers and booleans have no quotes there.
            auto good = one(spec, RawValue{literal(spec), place});
            if (good) out_.values[spec.key].push_back(std::move(*good));
        } else if (spec.required) {
            complain(place, "option \"" + spec.key + "\" is required: " + spec.summary);
        }
    }

    Result<OptionValues, std::vector<std::string>> result() {
        if (!complaints_.empty()) return std::move(complaints_);
        return std::move(out_);
    }

private:
    void unknown(const RawOption& raw) {
        std::vector<std::string> keys;
        for (const auto& spec : descriptor_.options) keys.push_back(spec.key);
        complain(raw.place, "unknown option \"" + mended(raw.key) + "\";" + did_you_mean(raw.key, keys) +
                                (keys.empty() ? " it takes none" : " it accepts: " + joined(keys)));
    }

    static decltype(RawValue::value) literal(const OptionSpec& spec) {
        const auto& text = *spec.fallback;
        const char* end = text.data() + text.size();
        if (spec.type == OptionType::boolean && (text == "true" || text == "false")) return text == "true";
        if (spec.type == OptionType::integer || spec.type == OptionType::bytes) {
            std::int64_t whole = 0;
            if (const auto read = std::from_chars(text.data(), end, whole);
                read.ec == std::errc{} && read.ptr == end)
                return whole;
        }
        if (spec.type == OptionType::real) {
            double real = 0;
            if (const auto read = std::from_chars(text.data(), end, real);
                read.ec == std::errc{} && read.ptr == end)
                return real;
        }
        return text;
    }

    std::optional<OptionValue> one(const OptionSpec& spec, const RawValue& raw) {
        const auto* source = std::get_if<SecretSource>(&raw.value);
        if (spec.secret) {
            if (source != nullptr) return secret(spec, *source, raw.place);
            complain(raw.place,
                     spec.key + ": a secret is not written here; use { file = \"…\" } or { env = \"…\" }");
            return std::nullopt;
        }
        if (source != nullptr) {
            complain(raw.place, spec.key + ": is no secret; write the value itself");
            return std::nullopt;
        }
        switch (spec.type) {
            case OptionType::boolean:
                if (const auto* b = std::get_if<bool>(&raw.value)) return std::int64_t{*b ? 1 : 0};
                return wrong(spec, raw, "is neither true nor false");
            case OptionType::integer:
                if (const auto* i = std::get_if<std::int64_t>(&raw.value)) return in_range(spec, raw, *i);
                return wrong(spec, raw, "is not a whole number");
            case OptionType::real:
                if (const auto* d = std::get_if<double>(&raw.value)) return real_in_range(spec, raw, *d);
                if (const auto* i = std::get_if<std::int64_t>(&raw.value))
                    return real_in_range(spec, raw, static_cast<double>(*i));
                return wrong(spec, raw, "is not a number");
            case OptionType::duration:
                if (const auto* s = std::get_if<std::string>(&raw.value))
                    if (const auto ns = duration_ns(*s)) return in_range(spec, raw, *ns);
                return wrong(spec, raw, "is not a duration; write a number with ms, s, m or h, such as \"5s\"");
            case OptionType::bytes:
                if (const auto* i = std::get_if<std::int64_t>(&raw.value)) return in_range(spec, raw, *i);
                if (const auto* s = std::get_if<std::string>(&raw.value))
                    if (const auto octets = size_octets(*s)) return in_range(spec, raw, *octets);
                return wrong(spec, raw, "is not a size; write a number with B, KiB, MiB, GiB or TiB");
            case OptionType::string:
                return string(spec, raw);
            case OptionType::choice:
                return one_of(spec, raw, spec.choices, "is none of its choices;", "choose from: ");
            case OptionType::endpoint:
                return one_of(spec, raw, endpoints_, "is no endpoint;", "there are: ");
        }
        return std::nullopt;
    }

    std::optional<OptionValue> wrong(const OptionSpec& spec, const RawValue& raw, const std::string& why) {
        complain(raw.place, spec.key + ": " + shown(raw) + " " + why);
        return std::nullopt;
    }

    std::optional<OptionValue> in_range(const OptionSpec& spec, const RawValue& raw, std::int64_t value) {
        if (spec.min > spec.max || (spec.min <= value && value <= spec.max)) return value;
        return wrong(spec, raw,
                     "is out of range; it must lie between " + in_unit(spec.min, spec.type) + " and " +
                         in_unit(spec.max, spec.type));
    }

    std::optional<OptionValue> real_in_range(const OptionSpec& spec, const RawValue& raw, double value) {
        if (!std::isfinite(value)) return wrong(spec, raw, "is no finite number");
        if (spec.min > spec.max ||
            (static_cast<double>(spec.min) <= value && value <= static_cast<double>(spec.max)))
            return value;
        return wrong(spec, raw,
                     "is out of range; it must lie between " + std::to_string(spec.min) + " and " +
                         std::to_string(spec.max));
    }

    std::optional<OptionValue> string(const OptionSpec& spec, const RawValue& raw) {
        const auto* text = std::get_if<std::string>(&raw.value);
        if (text == nullptr) return wrong(spec, raw, "is not text; write it in quotes");
        const auto size = static_cast<std::int64_t>(text->size());
        if (spec.min > spec.max || (spec.min <= size && size <= spec.max)) return *text;
        return wrong(spec, raw,
                     "has " + std::to_string(size) + " bytes; it must have " + std::to_string(spec.min) +
                         " to " + std::to_string(spec.max));
    }

    std::optional<OptionValue> one_of(const OptionSpec& spec, const RawValue& raw,
                                      const std::vector<std::string>& names, const std::string& why,
                                      const std::string& list) {
        const auto* text = std::get_if<std::string>(&raw.value);
        if (text == nullptr) return wrong(spec, raw, "is not text; write it in quotes");
        if (std::ranges::find(names, *text) != names.end()) return *text;
        return wrong(spec, raw, why + did_you_mean(*text, names) + " " + list + joined(names));
    }

    std::optional<OptionValue> secret(const OptionSpec& spec, const SecretSource& source, const Place& place) {
        std::string text;
        if (source.kind == SecretSource::Kind::environment) {
            const char* found = std::getenv(source.where.c_str());
            if (found == nullptr) {
                complain(place, spec.key + ": the variable " + source.where + " is not set");
                return std::nullopt;
            }
            text = found;
        } else {
            std::ifstream in{source.where, std::ios::binary};
            text.resize(secret_limit + 1);
            in.read(text.data(), static_cast<std::streamsize>(text.size()));
            text.resize(static_cast<std::size_t>(in.gcount()));
            if (in.bad() || (text.empty() && !in.eof()) || text.size() > secret_limit) {
                complain(place, spec.key + ": " + source.where + " cannot be read, or is longer than 64 KiB");
                return std::nullopt;
            }
            while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
        }
        if (text.empty()) {
            complain(place, spec.key + ": " + source.where + " is empty");
            return std::nullopt;
        }
        const auto size = static_cast<std::int64_t>(text.size());
        if (spec.min <= spec.max && (size < spec.min || size > spec.max)) {
            complain(place, spec.key + ": " + source.where + " holds " + std::to_string(size) +
                                " bytes; it must have " + std::to_string(spec.min) + " to " +
                                std::to_string(spec.max));
            return std::nullopt;
        }
        out_.secrets.push_back(text);
        return text;
    }

    const std::string& subject_;
    const Descriptor& descriptor_;
    const std::vector<std::string>& endpoints_;
    OptionValues out_;
    std::vector<std::string> complaints_;
};

}  // namespace

std::string to_prefix(const Place& place) {
    if (place.file.empty()) return {};
    if (place.line == 0) return place.file + ": ";
    return place.file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
}

Result<OptionValues, std::vector<std::string>> check_options(const std::string& subject, const Place& place,
                                                             const Descriptor& descriptor,
                                                             const std::vector<RawOption>& raw,
                                                             const std::vector<std::string>& endpoints) {
    Checker checker{subject, descriptor, endpoints};
    for (const auto& option : raw) {
        if (std::ranges::count(raw, option.key, &RawOption::key) > 1)
            checker.complain(option.place, option.key + ": is set twice");
        checker.option(option);
    }
    for (const auto& spec : descriptor.options)
        if (std::ranges::find(raw, spec.key, &RawOption::key) == raw.end()) checker.absent(spec, place);
    return checker.result();
}

bool is_instance_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= 63 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

}  // namespace conductor::plugin
