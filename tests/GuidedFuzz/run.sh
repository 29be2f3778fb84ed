#!/usr/bin/env bash
# tests/GuidedFuzz/run.sh TARGET [SECONDS]: coverage-guided fuzzing of one target with AFL++ and SharpFuzz (Debian: apt-get install
#   afl++). What does harm is kept in tests/GuidedFuzz/out/TARGET/default/crashes.
set -euo pipefail
cd "$(dirname "$0")"
target=${1:?which target? dotnet run --project tests/GuidedFuzz names them}
seconds=${2:-60}
command -v afl-fuzz >/dev/null || { echo "afl-fuzz is missing: apt-get install afl++" >&2; exit 1; }
[ -x obj/tools/sharpfuzz ] || dotnet tool install --tool-path obj/tools SharpFuzz.CommandLine --version 2.3.0 >/dev/null

rm -rf obj/published
dotnet publish Ci.Fuzz.csproj -c Release -o obj/published -v quiet --nologo
obj/tools/sharpfuzz obj/published/Ci.Pipeline.dll
mkdir -p out

# .NET reserves more address space than it uses, and its runtime is no program that AFL has built.
AFL_SKIP_BIN_CHECK=1 AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_NO_AFFINITY=1 \
    afl-fuzz -i "seeds/$target" -o "out/$target" -m none -t 10000 -V "$seconds" -- dotnet obj/published/Ci.Fuzz.dll "$target" >"out/$target.log" 2>&1 ||
    { tail -n 20 "out/$target.log" >&2; exit 1; }
sed -n 's/^\(execs_done\|corpus_count\|saved_crashes\|saved_hangs\|bitmap_cvg\) *: /\1: /p' "out/$target/default/fuzzer_stats"
