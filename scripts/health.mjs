// node scripts/health.mjs PORT SECONDS
// Waits so many seconds at most until /api/health says that builds can run. Prints the parts that are not well, with what
// they say, a line each; ends with 1 if builds cannot run.
import fs from "node:fs";
import http from "node:http";

const [port, seconds] = process.argv.slice(2).map(Number);
const deadline = Date.now() + seconds * 1000;

// The environment's wins, as it does for the functions.
function key() {
    if (process.env.Api__Key !== undefined) return process.env.Api__Key;
    try {
        return JSON.parse(fs.readFileSync("local.settings.json", "utf8").replace(/^\ufeff/, "")).Values?.Api__Key ?? "";
    } catch {
        // Without the key it is said which part is not well, and no more.
        return "";
    }
}

function ask() {
    return new Promise((resolve, reject) => {
        const signal = AbortSignal.timeout(Math.max(deadline - Date.now(), 1));
        const headers = { "x-functions-key": key(), accept: "application/json" };
        http.get({ host: "localhost", port, path: "/api/health", headers, signal }, (answer) => {
            let text = "";
            answer.setEncoding("utf8").on("data", (piece) => (text += piece)).on("error", reject);
            answer.on("end", () => {
                try {
                    const { canBuild, parts } = JSON.parse(text);
                    resolve({ canBuild: canBuild === true, parts: parts.map(({ name, state, says }) => ({ name, state, says })) });
                } catch {
                    reject(new Error(`it answered ${answer.statusCode}`));
                }
            });
        }).on("error", reject);
    });
}

let seen;
let problem;
do {
    try {
        seen = await ask();
    } catch (error) {
        // What was seen before says more than that there was no time for another look.
        if (error.name !== "AbortError" && error.name !== "TimeoutError") problem = error.message;
    }
    if (!seen?.canBuild) await new Promise((resolve) => setTimeout(resolve, Math.min(500, Math.max(deadline - Date.now(), 0))));
} while (!seen?.canBuild && Date.now() < deadline);

if (!seen) console.log(`  health     http://localhost:${port}/api/health: ${problem ?? `no answer within ${seconds} s`}`);
for (const part of seen?.parts ?? [])
    if (part.state === "warning" || part.state === "failing")
        console.log(`  ${part.name.padEnd(10)} ${part.state}: ${part.says ?? "sign in at /api/health to see more"}`);
process.exitCode = seen?.canBuild ? 0 : 1;
