#include <algorithm>
#include <ostream>

#include "core/ctl/child.hpp"
#include "core/ctl/commands.hpp"
#include "core/ctl/places.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/text.hpp"

namespace conductor::ctl {

using namespace std::chrono_literals;

namespace {

constexpr auto look_limit = 10s;

const char* type_name(plugin::OptionType type) {
    switch (type) {
        case plugin::OptionType::boolean:
            return "true or false";
        case plugin::OptionType::integer:
            return "integer";
        case plugin::OptionType::real:
            return "number";
        case plugin::OptionType::string:
            return "text";
        case plugin::OptionType::duration:
            return "duration";
        case plugin::OptionType::bytes:
            return "size";
        case plugin::OptionType::choice:
            return "one of";
        case plugin::OptionType::endpoint:
            return "endpoint";
    }
    return "?";
}

std::string type_of(const plugin::OptionSpec& spec) {
    std::string out = spec.list ? std::string{"list of "} + type_name(spec.type) : type_name(spec.type);
    for (const auto& choice : spec.choices) out += " " + plugin::mended(choice);
    if (spec.secret) out += ", secret";
    return out;
}

Table options_of(const plugin::Descriptor& descriptor) {
    Table table{{"option", "type", "default", "live", "summary"}};
    for (const auto& spec : descriptor.options)
        table.add({plugin::mended(spec.key), type_of(spec),
                   spec.fallback   ? plugin::mended(*spec.fallback)
                   : spec.required ? "(required)"
                                   : "",
                   spec.live ? "yes" : "no", plugin::mended(spec.summary)});
    return table;
}

Table metrics_of(const plugin::Descriptor& descriptor) {
    Table table{{"metric", "type", "label", "summary"}};
    for (const auto& spec : descriptor.metrics)
        table.add({plugin::mended(spec.name), spec.counter ? "counter" : "gauge", plugin::mended(spec.label),
                   plugin::mended(spec.summary)});
    return table;
}

/// In the child: what the mapped library says of the plugins that were chosen.
std::string declared(const Chosen& chosen, Format format) {
    const auto notes = plugin::read_notes(chosen.file);
    if (!notes) return {};
    const auto library = plugin::map_library(chosen.file, *notes);
    if (!library)
        return format == Format::json ? JsonObject{}.text("error", library.error().text).done()
                                      : "error: " + library.error().text + "\n";
    std::string out;
    for (const auto& descriptor : (*library)->plugins) {
        const bool wanted =
            std::ranges::any_of(chosen.notes, [&](const auto& note) { return note.id == descriptor.id; });
        if (!wanted) continue;
        if (format == Format::json) {
            if (!out.empty()) out += ',';
            out += JsonObject{}
                       .text("id", descriptor.id)
                       .text("name", descriptor.name)
                       .text("summary", descriptor.summary)
                       .raw("options", options_of(descriptor).json())
                       .raw("metrics", metrics_of(descriptor).json())
                       .raw("reasons", json_list(descriptor.reasons))
                       .done();
            continue;
        }
        out += "\n" + plugin::mended(descriptor.id) + ": " + plugin::mended(descriptor.summary) + "\n";
        if (!descriptor.options.empty()) out += "\n" + options_of(descriptor).text();
        if (!descriptor.metrics.empty()) out += "\n" + metrics_of(descriptor).text();
        if (!descriptor.reasons.empty())
            out += "\nreasons: " + plugin::mended(plugin::joined(descriptor.reasons)) + "\n";
    }
    return out;
}

}  // namespace

int plugin_inspect(const Setting& setting, const Which& which) {
    const auto chosen = choose(setting, which.plugin);
    if (!chosen) {
        setting.err << "conductorctl: " << chosen.error().text << '\n';
        return exit_failed;
    }
    Table notes{{"id", "kind", "version", "abi"}};
    for (const auto& note : chosen->notes)
        notes.add({plugin::mended(note.id), plugin::mended(note.kind), plugin::mended(note.version),
                   plugin::abi_of(note)});
    const auto refused = refusal(*chosen);
    ChildEnd looked;
    if (which.options)
        looked = in_child([&](int out) { write_all(out, declared(*chosen, setting.format)); }, look_limit);

    if (setting.format == Format::json) {
        JsonObject object;
        object.text("path", chosen->file.string()).raw("plugins", notes.json()).text("refused", refused);
        if (which.options) object.raw("declared", "[" + looked.written + "]").text("failure", looked.failure);
        setting.out << object.done() << '\n';
    } else {
        setting.out << "library: " << chosen->file.string()
                    << "\ntrust: " << (refused.empty() ? "would be loaded" : "would be refused: " + refused)
                    << "\n\n"
                    << notes.text() << looked.written;
        if (!looked.failure.empty())
            setting.out << "\nthe library cannot be looked at: it " << looked.failure << '\n';
    }
    return looked.failure.empty() ? exit_ok : exit_failed;
}

}  // namespace conductor::ctl
