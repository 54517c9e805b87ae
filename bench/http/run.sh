#!/usr/bin/env bash
# Requests a second of Bridge's HTTP server (key checked at each request) beside nginx serving the same 8 KiB as a static file,
# in turns: bench/http/run.sh [ROUNDS] [SECONDS]. Prints the medians and their ratio, and the processor time of the servers for one
# request, which says the same on a machine that has other work.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-7} seconds=${2:-3}
./dev _build release http_bench_server >/dev/null

folder=$(mktemp -d)
cleanup() { kill ${nginx:-} ${ours:-} 2>/dev/null || true; rm -rf "$folder"; }
trap cleanup EXIT
head -c 6144 /dev/urandom | base64 -w0 | head -c 8192 >"$folder/data"
nginx_port=18081 our_port=18082
cat >"$folder/nginx.conf" <<CONF
worker_processes 2; daemon off; pid $folder/pid; error_log $folder/error.log crit; user root;
events { worker_connections 1024; }
http {
  access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; open_file_cache max=100; keepalive_requests 100000000; default_type application/json;
  client_body_temp_path $folder/t1; proxy_temp_path $folder/t2; fastcgi_temp_path $folder/t3; uwsgi_temp_path $folder/t4; scgi_temp_path $folder/t5;
  server { listen 127.0.0.1:$nginx_port reuseport; root $folder; }
}
CONF
nginx -c "$folder/nginx.conf" -p "$folder" 2>/dev/null & nginx=$!
build/release/bench/http/http_bench_server "$our_port" "$folder/data" & ours=$!
sleep 1
cmp <(curl -s "http://127.0.0.1:$nginx_port/data") <(curl -s -H 'Authorization: Bearer bench' "http://127.0.0.1:$our_port/data")

processor_ticks() { cat $(pgrep -P "$1" | sed 's|.*|/proc/&/stat|') "/proc/$1/stat" 2>/dev/null | awk '{sum += $14 + $15} END {print sum}'; }
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
measure() {  # measure NAME PROCESS URL: appends requests a second and microseconds of processor time a request
  local before out
  before=$(processor_ticks "$2")
  out=$(wrk -t1 -c64 "-d${seconds}s" -H 'Authorization: Bearer bench' "$3")
  grep -E 'Non-2xx|Socket errors' <<<"$out" >&2 && exit 1
  awk '/Requests\/sec/ {print int($2)}' <<<"$out" >>"$folder/$1.rate"
  awk -v ticks=$(($(processor_ticks "$2") - before)) -v hertz="$(getconf CLK_TCK)" '/requests in/ {printf "%.1f\n", ticks / hertz * 1e6 / $1}' <<<"$out" >>"$folder/$1.cost"
}
for ((round = 1; round <= rounds; ++round)); do
  measure nginx $nginx "http://127.0.0.1:$nginx_port/data"
  measure bridge $ours "http://127.0.0.1:$our_port/data"
  measure worker $ours "http://127.0.0.1:$our_port/worker"
  echo "round $round: nginx $(tail -1 "$folder/nginx.rate"), bridge $(tail -1 "$folder/bridge.rate"), by a worker $(tail -1 "$folder/worker.rate") requests/s" >&2
done
for name in nginx bridge worker; do
  rate=$(median <"$folder/$name.rate") cost=$(median <"$folder/$name.cost")
  [ $name = nginx ] && base_rate=$rate base_cost=$cost
  awk -v n=$name -v r="$rate" -v c="$cost" -v br="$base_rate" -v bc="$base_cost" \
    'BEGIN {printf "%-7s %7d requests/s (%.2f of nginx), %5.1f us of processor time a request (%.2f of nginx)\n", n, r, r / br, c, c / bc}'
done
