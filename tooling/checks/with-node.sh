# Starts a command with the workspace's own Node: sh with-node.sh COMMAND [ARGUMENT...]
# That Node needs libatomic, which a minimal Debian lacks; it is then unpacked from Debian's package into a cache folder, which
# needs no special rights. Plain sh, because until then no Node of the workspace starts.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
cache=$root/node_modules/.cache/quorate/libatomic
PATH=$root/node_modules/.bin:$PATH
export PATH

# Fails if Node does not start, or is one that the guard refuses; $said tells why.
start_node() {
  said=$(node "$root/tooling/checks/guard.js" 2>&1)
}

lacks_libatomic() {
  case $said in
    *"loading shared libraries: libatomic.so.1:"*) true ;;
    *) false ;;
  esac
}

# Fills a folder next to the cache and moves it into place, so that two processes may do it at once.
fetch_libatomic() (
  mkdir -p "$(dirname "$cache")" && work=$(mktemp -d "$cache-XXXXXX") && cd "$work" || exit 1
  trap 'rm -rf "$work"' EXIT
  get() { apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=3 "$@"; }
  get_with_own_lists() { get -o Dir::State="$work/state" -o Dir::Cache="$work/cache" "$@"; }

  mkdir -p state/lists/partial cache/archives/partial
  # With the system's lists of packages, or else with lists of our own, which anybody may fetch.
  get download libatomic1 || { get_with_own_lists update && get_with_own_lists download libatomic1; } || exit 1
  dpkg-deb -x libatomic1_*.deb tree || exit 1
  mv -T tree/usr/lib/*-linux-gnu* "$cache" || [ -d "$cache" ]
)

if ! start_node && lacks_libatomic; then
  # Whatever the command starts inherits this.
  export LD_LIBRARY_PATH="$cache${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
  if [ ! -d "$cache" ]; then
    echo "The workspace's Node needs libatomic.so.1, which is not installed here: taking it from Debian's package libatomic1." >&2
    log=$(fetch_libatomic 2>&1) || echo "$log" >&2
  fi
fi
if ! start_node; then
  echo "$said" >&2
  if lacks_libatomic; then
    echo "The workspace's Node needs the shared library libatomic.so.1, and Debian's package with it could not be unpacked." >&2
    echo "Install it and try again. Debian, Ubuntu: apt-get install libatomic1. Fedora: dnf install libatomic." >&2
  fi
  exit 1
fi
exec "$@"
