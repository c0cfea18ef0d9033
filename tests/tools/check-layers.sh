#!/bin/sh
# Fail where a file includes what its layer may not; the rules are in layers.txt beside this.
set -eu
cd "$(dirname "$0")/../.."
exec awk '
function say(s) { print "layers: " s; bad = 1 }
function has(list, x) { return index("," list ",", "," x ",") > 0 }
FILENAME ~ /layers.txt$/ {
	if ($1 == "room") may[$2] = $3
	else if ($1 == "module") {
		room[$2] = $4; src[$3] = $2; src["include/mkdomu/" $2 ".h"] = $2
		n = split($5, l, ",")
		for (i = 1; i <= n; i++) if (l[i] != "-") { libs[l[i]] = 1; owns[$3, l[i]] = 1 }
		if (!($4 in may)) say("module " $2 ": no room " $4)
	}
	next
}
FNR == 1 { mod = src[FILENAME]; if (mod == "") say(FILENAME " is not in tests/tools/layers.txt") }
mod != "" && match($0, /^#include "mkdomu\/[a-z_0-9]+\.h"/) {
	h = $0; sub(/^#include "mkdomu\//, "", h); sub(/\.h".*/, "", h)
	r = room[h]
	if (r == "") say(FILENAME ": mkdomu/" h ".h is not in the table")
	else if (r != room[mod] && r != "base" && !has(may[room[mod]], r))
		say(FILENAME " (" room[mod] ") may not include mkdomu/" h ".h (" r ")")
}
/^#include </ {
	h = $0; sub(/^#include </, "", h); sub(/>.*/, "", h)
	for (lib in libs) if (index(h, lib) == 1 && !((FILENAME, lib) in owns))
		say(FILENAME " includes <" h ">, which has an owner")
}
END { exit bad }
' tests/tools/layers.txt $(find builder hooks include -name '*.[ch]' | sort)
