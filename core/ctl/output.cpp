#include "core/ctl/output.hpp"

#include <algorithm>

#include "core/base/check.hpp"
#include "core/base/go_text.hpp"

namespace conductor::ctl {
namespace {

std::string capitals(std::string text) {
    for (char& c : text)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

}  // namespace

void Table::add(std::vector<std::string> row) {
    CONDUCTOR_CHECK(row.size() == columns_.size());
    rows_.push_back(std::move(row));
}

std::string Table::text() const {
    std::vector<std::vector<std::string>> all{{}};
    for (const auto& column : columns_) all.front().push_back(capitals(column));
    all.insert(all.end(), rows_.begin(), rows_.end());
    std::vector<std::size_t> widths(columns_.size(), 0);
    for (const auto& row : all)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());

    std::string out;
    for (const auto& row : all) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += row[i];
            if (i + 1 < row.size()) out.append(widths[i] - row[i].size() + 2, ' ');
        }
        out += '\n';
    }
    return out;
}

std::string Table::json() const {
    std::string out = "[";
    for (const auto& row : rows_) {
        JsonObject object;
        for (std::size_t i = 0; i < row.size(); ++i) object.text(columns_[i], row[i]);
        out += (&row == &rows_.front() ? "\n  " : ",\n  ") + object.done();
    }
    return out + (rows_.empty() ? "]\n" : "\n]\n");
}

JsonObject& JsonObject::text(std::string_view name, std::string_view value) {
    std::string quoted;
    json_quote(quoted, value);
    return raw(name, quoted);
}

JsonObject& JsonObject::raw(std::string_view name, std::string_view json) {
    if (out_.size() > 1) out_ += ',';
    json_quote(out_, name);
    out_ += ':';
    out_ += json;
    return *this;
}

std::string json_list(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const auto& text : texts) {
        if (out.size() > 1) out += ',';
        json_quote(out, text);
    }
    return out + "]";
}

}  // namespace conductor::ctl
