// All of Beast that is no template, compiled here once; every other unit sees declarations only.
#include <boost/beast/src.hpp>
