// A request's head and an answer, as the layers of the server hand them on. Values only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conductor::rpc {

/// What the server and its routes ask of a request; other header fields are forgotten.
struct RequestHead {
    std::string method;        ///< as sent, any token
    std::string path;          ///< percent-decoded; empty where the target is `*`
    std::string escaped_path;  ///< as sent
    std::string query;         ///< without the '?'
    unsigned minor{1};         ///< HTTP/1.`minor`
    bool star{false};          ///< the target is `*`
    bool keep_alive{true};
    bool expects_continue{false};
    bool expects_unknown{false};  ///< an expectation that nobody can meet
    bool chunked{false};
    std::uint64_t content_length{0};  ///< 0 where none was declared or the body is chunked
    std::optional<std::string> content_type;
    std::optional<std::string> origin;
    std::string cors_method;   ///< Access-Control-Request-Method
    std::string cors_headers;  ///< Access-Control-Request-Headers
    std::string accept_encoding;

    [[nodiscard]] bool has_body() const noexcept { return chunked || content_length > 0; }
};

using HeaderField = std::pair<std::string, std::string>;

struct HttpResponse {
    int status{200};
    std::vector<HeaderField> fields;  ///< any order, canonical names; written sorted, as Go does
    std::string body;
    /// As where Go's handler sets the length and flushes: Content-Length is sorted among `fields`, and the
    /// body is neither compressed nor chunked.
    bool plain{false};
    bool last{false};  ///< the server ends: so does the connection, and the header says it
};

/// `text` and a newline, as http.Error of Go answers.
[[nodiscard]] HttpResponse text_response(int status, std::string_view text);

/// The status line and header of `response`, blank line included.
struct Framing {
    unsigned minor{1};
    bool close{false};     ///< the connection ends after this answer
    bool says_so{true};    ///< the header announces the end; not to a client that ended it himself
    bool keeps_10{false};  ///< an HTTP/1.0 client asked to go on
};
struct WireResponse {
    std::string head;
    std::string body;  ///< as it travels: chunked where Go would do so
};
[[nodiscard]] WireResponse to_wire(HttpResponse response, const RequestHead& request, const Framing& framing,
                                   std::string_view date);

/// RFC 7231 date, GMT.
[[nodiscard]] std::string http_date(std::int64_t unix_s);

[[nodiscard]] std::string_view reason_of(int status) noexcept;

}  // namespace conductor::rpc
