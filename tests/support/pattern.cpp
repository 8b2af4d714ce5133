#include "tests/support/pattern.hpp"

#include <map>
#include <regex>

namespace conductor::pattern {

namespace {

const std::regex& compiled(const std::string& pattern) {
    thread_local std::map<std::string, std::regex> known;
    const auto found = known.find(pattern);
    return found != known.end() ? found->second : known.emplace(pattern, std::regex{pattern}).first->second;
}

}  // namespace

std::vector<Match> matches(const std::string& text, const std::string& pattern) {
    std::vector<Match> out;
    for (std::sregex_iterator at{text.begin(), text.end(), compiled(pattern)}, end; at != end; ++at)
        out.push_back(
            {static_cast<std::size_t>(at->position()), at->str(), at->size() > 1 ? (*at)[1].str() : ""});
    return out;
}

bool has_match(const std::string& text, const std::string& pattern) {
    return std::regex_search(text, compiled(pattern));
}

std::string replaced(const std::string& text, const std::string& pattern, const std::string& with) {
    return std::regex_replace(text, compiled(pattern), with);
}

}  // namespace conductor::pattern
