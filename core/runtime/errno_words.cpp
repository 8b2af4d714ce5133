#include "core/runtime/errno_words.hpp"

namespace conductor {

std::string errno_words(const boost::system::error_code& error) {
    auto text = error.message();
    const bool is_word = text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'a';
    if (is_word) text[0] = static_cast<char>(text[0] - 'A' + 'a');  // but `RPC …`
    return text;
}

}  // namespace conductor
