#include <algorithm>
#include <charconv>
#include <ostream>
#include <sstream>

#include "core/ctl/child.hpp"
#include "core/ctl/commands.hpp"
#include "core/ctl/places.hpp"
#include "core/ctl/trial.hpp"
#include "core/plugin/library.hpp"
#include "core/plugin/text.hpp"

namespace conductor::ctl {
namespace {

struct Line {
    std::string step, problem, note;
};

/// What the child has got done. A step that has begun and not ended is where it ended itself.
struct Verdict {
    std::vector<Line> lines;
    std::string unfinished;
    bool finished{false};
};

// Fields end with a unit separator, lines with a record separator: neither stands in text that was mended.
constexpr char field_end = '\x1f';
constexpr char line_end = '\x1e';

std::string encoded(char tag, const std::vector<std::string>& fields) {
    std::string out{tag};
    for (const auto& field : fields) out += plugin::mended(field) + field_end;
    return out + line_end;
}

Verdict decoded(const std::string& written) {
    Verdict out;
    std::istringstream lines{written};
    for (std::string line; std::getline(lines, line, line_end);) {
        if (line.empty()) continue;
        std::vector<std::string> fields;
        std::istringstream in{line.substr(1)};
        for (std::string field; std::getline(in, field, field_end);) fields.push_back(field);
        fields.resize(3);
        if (line[0] == 'b') out.unfinished = fields[0];
        if (line[0] == 'e') {
            out.lines.push_back({fields[0], fields[1], fields[2]});
            out.unfinished.clear();
        }
        if (line[0] == 'f') out.finished = true;
    }
    return out;
}

/// A value as the file would hold it: a number, true or false, else text; commas do not make a list.
plugin::RawValue value_of(const plugin::OptionSpec& spec, const std::string& text) {
    if (spec.type == plugin::OptionType::boolean && (text == "true" || text == "false"))
        return {text == "true", {}};
    const char* end = text.data() + text.size();
    if (spec.type == plugin::OptionType::integer || spec.type == plugin::OptionType::bytes) {
        std::int64_t number = 0;
        if (const auto read = std::from_chars(text.data(), end, number);
            read.ec == std::errc{} && read.ptr == end)
            return {number, {}};
    }
    if (spec.type == plugin::OptionType::real) {
        double number = 0;
        if (const auto read = std::from_chars(text.data(), end, number);
            read.ec == std::errc{} && read.ptr == end)
            return {number, {}};
    }
    if (spec.secret) return {plugin::SecretSource{plugin::SecretSource::Kind::file, text}, {}};
    return {text, {}};
}

/// What concerns another plugin of the library is left to that one; what concerns none is a mistake for each.
std::vector<plugin::RawOption> options_of(const plugin::Library& library, const plugin::Descriptor& descriptor,
                                          const std::vector<std::string>& values) {
    std::vector<plugin::RawOption> out;
    for (const auto& one : values) {
        const auto equals = one.find('=');
        const auto key = one.substr(0, equals);
        const auto text = equals == std::string::npos ? std::string{} : one.substr(equals + 1);
        const auto* spec = descriptor.option(key);
        const bool foreign = std::ranges::any_of(
            library.plugins, [&](const auto& other) { return other.option(key) != nullptr; });
        if (spec == nullptr && foreign) continue;
        const plugin::OptionSpec unknown;
        const auto& like = spec == nullptr ? unknown : *spec;
        const auto before = std::ranges::find(out, key, &plugin::RawOption::key);
        if (before != out.end() && like.list)
            before->values.push_back(value_of(like, text));
        else
            out.push_back({key, {}, like.list, {value_of(like, text)}});
    }
    return out;
}

/// In the child.
void try_in(int out, const Chosen& chosen, const std::string& id, const std::vector<std::string>& values) {
    const auto begins = [out](const std::string& name) { write_all(out, encoded('b', {name})); };
    const auto ended = [out](const TrialStep& step) {
        write_all(out, encoded('e', {step.name, step.problem, step.note}));
    };
    begins("it can be mapped");
    const auto notes = plugin::read_notes(chosen.file);
    const auto library = notes ? plugin::map_library(chosen.file, *notes)
                               : Result<const plugin::Library*, Complaint>{notes.error()};
    ended({"it can be mapped", library ? "" : library.error().text, {}});
    if (library) {
        const auto& plugins = (*library)->plugins;
        const auto descriptor = std::ranges::find(plugins, id, &plugin::Descriptor::id);
        if (descriptor != plugins.end())
            try_plugin(**library, *descriptor, options_of(**library, *descriptor, values), {begins, ended});
    }
    write_all(out, encoded('f', {}));
}

}  // namespace

int plugin_validate(const Setting& setting, const Which& which) {
    const auto chosen = choose(setting, which.plugin);
    if (!chosen) {
        setting.err << "conductorctl: " << chosen.error().text << '\n';
        return exit_failed;
    }
    std::size_t problems = 0;
    Table table{{"plugin", "check", "result", "detail"}};
    for (const auto& note : chosen->notes) {
        const auto end = in_child([&](int out) { try_in(out, *chosen, note.id, which.values); }, which.limit);
        auto verdict = decoded(end.written);
        if (!verdict.finished)
            verdict.lines.push_back(
                {verdict.unfinished.empty() ? "the whole" : verdict.unfinished,
                 "the plugin " + (end.failure.empty() ? std::string{"ended the trial"} : end.failure),
                 {}});
        for (const auto& line : verdict.lines) {
            if (!line.problem.empty()) ++problems;
            table.add({plugin::mended(note.id), line.step, line.problem.empty() ? "ok" : "FAILED",
                       line.problem.empty() ? line.note : line.problem});
        }
    }
    const auto refused = refusal(*chosen);
    if (setting.format == Format::json) {
        setting.out << JsonObject{}
                           .text("path", chosen->file.string())
                           .raw("valid", problems == 0 ? "true" : "false")
                           .text("refused", refused)
                           .raw("checks", table.json())
                           .done()
                    << '\n';
    } else {
        setting.out << table.text() << '\n'
                    << (problems == 0 ? "valid"
                                      : std::to_string(problems) + (problems == 1 ? " problem" : " problems"))
                    << '\n';
        if (!refused.empty()) setting.out << "where it lies the daemon would refuse it: " << refused << '\n';
    }
    return problems == 0 ? exit_ok : exit_failed;
}

}  // namespace conductor::ctl
