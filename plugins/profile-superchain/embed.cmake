file(READ ${TABLE} text)
file(WRITE ${OUT} "#include \"plugins/profile-superchain/catalogue.hpp\"\n
extern const char* const networks_text;
const char* const networks_text = R\"toml(${text})toml\";\n")
