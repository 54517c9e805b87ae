#!/usr/bin/env bash
# Requests a second of Bridge's HTTP server (key checked at each request) beside nginx serving the same 8 KiB as a static file,
# in turns: bench/http/run.sh [ROUNDS] [SECONDS]. Prints the medians and their ratio.
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-7} seconds=${2:-3}
PRESET=release ./dev build http_bench_server >/dev/null

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

measure() { wrk -t1 -c64 "-d${seconds}s" -H 'Authorization: Bearer bench' "$1" | awk '/Requests\/sec/ {print int($2)} /Non-2xx|Socket errors/ {print > "/dev/stderr"}'; }
median() { sort -n | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
for ((round = 1; round <= rounds; ++round)); do
  measure "http://127.0.0.1:$nginx_port/data" >>"$folder/nginx.txt"
  measure "http://127.0.0.1:$our_port/data" >>"$folder/ours.txt"
  measure "http://127.0.0.1:$our_port/worker" >>"$folder/worker.txt"
  echo "round $round: nginx $(tail -1 "$folder/nginx.txt"), bridge $(tail -1 "$folder/ours.txt"), by a worker $(tail -1 "$folder/worker.txt") requests/s" >&2
done
theirs=$(median <"$folder/nginx.txt") mine=$(median <"$folder/ours.txt") worker=$(median <"$folder/worker.txt")
awk -v a="$mine" -v b="$theirs" -v w="$worker" 'BEGIN {printf "bridge %d, nginx %d requests/s: ratio %.2f (by way of a worker %d: %.2f)\n", a, b, a / b, w, w / b}'
