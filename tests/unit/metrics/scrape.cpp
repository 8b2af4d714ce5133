#include "tests/unit/metrics/scrape.hpp"

#include <zlib.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

#include "tests/support/checkout.hpp"

namespace conductor::metrics::test {

namespace {

[[noreturn]] void wrong(std::string_view what, std::string_view line) {
    throw std::runtime_error{std::string{what} + ": " + std::string{line}};
}

std::string family_of(const std::string& name, const Scrape& scrape) {
    for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
        if (!name.ends_with(suffix)) continue;
        const auto base = name.substr(0, name.size() - suffix.size());
        const auto found = scrape.find(base);
        const bool many = found != scrape.end() && !found->second.type.empty();
        if (many && (found->second.type == "histogram" || found->second.type == "summary")) return base;
    }
    return name;
}

Sample parse_sample(std::string_view line) {
    Sample sample;
    const auto name_end = line.find_first_of("{ ");
    if (name_end == std::string_view::npos) wrong("no sample", line);
    sample.name = line.substr(0, name_end);
    auto rest = line.substr(name_end);
    if (rest.front() == '{') {
        rest.remove_prefix(1);
        while (rest.front() != '}') {
            const auto equals = rest.find("=\"");
            if (equals == std::string_view::npos) wrong("no label", line);
            const std::string label{rest.substr(0, equals)};
            rest.remove_prefix(equals + 2);
            std::string value;
            for (; rest.front() != '"'; rest.remove_prefix(1)) {
                if (rest.front() == '\\') rest.remove_prefix(1);
                value += rest.front();
            }
            rest.remove_prefix(1);
            if (rest.front() == ',') rest.remove_prefix(1);
            if (!sample.labels.emplace(label, value).second) wrong("a label twice", line);
        }
        rest.remove_prefix(1);
    }
    if (rest.front() != ' ') wrong("no value", line);
    sample.value = std::strtod(std::string{rest.substr(1)}.c_str(), nullptr);
    return sample;
}

}  // namespace

double Family::value(const Labels& labels, std::string_view suffix) const {
    const Sample* found = nullptr;
    for (const auto& sample : samples) {
        if (sample.labels != labels || !sample.name.ends_with(suffix)) continue;
        if (found != nullptr) throw std::runtime_error{"two samples of one name: " + sample.name};
        found = &sample;
    }
    if (found == nullptr) throw std::runtime_error{"no such sample: " + std::string{suffix}};
    return found->value;
}

bool Family::has(const Labels& labels) const {
    for (const auto& sample : samples)
        if (sample.labels == labels) return true;
    return false;
}

Scrape parse_scrape(std::string_view text) {
    Scrape scrape;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) wrong("no end of line", text);
        const auto line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (line.starts_with("# HELP ") || line.starts_with("# TYPE ")) {
            const auto name_end = line.find(' ', 7);
            auto& family = scrape[std::string{line.substr(7, name_end - 7)}];
            (line[2] == 'H' ? family.help : family.type) = line.substr(name_end + 1);
            continue;
        }
        auto sample = parse_sample(line);
        const auto found = scrape.find(family_of(sample.name, scrape));
        if (found == scrape.end() || found->second.type.empty()) wrong("a sample without TYPE", line);
        found->second.samples.push_back(std::move(sample));
    }
    return scrape;
}

std::string recorded(const std::string& name) {
    const auto path = checkout::test_data() + "/metrics/" + name + ".txt.gz";
    gzFile file = gzopen(path.c_str(), "rb");
    if (file == nullptr) throw std::runtime_error{"cannot open " + path};
    std::string text;
    std::array<char, 16384> buffer{};
    for (int got = 0; (got = gzread(file, buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    gzclose(file);
    return text;
}

}  // namespace conductor::metrics::test
