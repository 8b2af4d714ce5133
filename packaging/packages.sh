# The packages: for each component of CMake's rules its name, its architecture, what it needs besides libraries (Debian's
# words; rpm's stand in rpm/conductord.spec.in), and what it is. Read by packaging/build.
# shellcheck shell=bash disable=SC2034

components=(daemon plugins sdk ctl compat)

declare -A package=([daemon]=conductord [plugins]=conductord-plugins [sdk]=conductor-sdk [ctl]=conductorctl
  [compat]=conductord-op-conductor)
declare -A architecture=([daemon]=amd64 [plugins]=amd64 [sdk]=all [ctl]=amd64 [compat]=all)
declare -A section=([daemon]=net [plugins]=net [sdk]=libdevel [ctl]=net [compat]=net)

# @VERSION@ and the ABI of plugins, @ABI@ = 0.1 with @ABI_MAJOR@ = 0, are filled in. Until 1.0 a host takes exactly its own.
declare -A depends=([daemon]='conductord-plugins (= @VERSION@)' [plugins]='conductord-plugin-abi-@ABI_MAJOR@ (= @ABI@)'
  [sdk]='' [ctl]='' [compat]='conductord (>= @VERSION@)')
declare -A provides=([daemon]='conductord-plugin-abi-@ABI_MAJOR@ (= @ABI@)' [compat]='op-conductor')
declare -A conflicts=([compat]='op-conductor')
declare -A suggests=([daemon]='conductorctl' [sdk]='cmake, conductorctl' [plugins]='' [ctl]='conductord')

declare -A summary=(
  [daemon]='keep the sequencer of an OP Stack rollup highly available'
  [plugins]='health checks, drivers, profiles and strategies of conductord'
  [sdk]='headers and CMake package to write plugins for conductord'
  [ctl]='operators'\'' tool for conductord'
  [compat]='start conductord under the name op-conductor')
declare -A description=(
  [daemon]='One conductord runs beside one sequencer. Usually three of them form a Raft
group that stores the newest unsafe block: a block that no quorum has on disk
is never published, and when the sequencer of the leader fails, another takes
over. Flags, variables, JSON-RPC, metrics and Raft wire are those of Go'\''s
op-conductor.'
  [plugins]='The plugins that come with conductord: how a sequencer is judged, started and
stopped, what is known of the networks of the superchain, and to whom
leadership goes.'
  [sdk]='A plugin is one shared library behind a C interface. This package holds the
C headers, a header-only C++ layer over them, and conductor_add_plugin() for
CMake.'
  [ctl]='Lists, inspects and validates plugins, shows what a network'\''s profile sets,
and has a running daemon read its configuration again.'
  [compat]='Units and scripts that were written for Go'\''s op-conductor start conductord
unchanged. This package holds a link and nothing else.')
