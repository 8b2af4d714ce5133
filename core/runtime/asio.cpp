// All of Asio that is no template, compiled here once; every other unit sees declarations only.
#include <boost/asio/impl/src.hpp>
