// Runs every check, a few at a time: they mostly wait, and each has a hub of its own. Results go to the file named last.
import { writeFileSync } from "node:fs";
import { PATIENCE_MS, checks } from "./support.mjs";
// Those that take longest begin.
import "./faults.mjs";
import "./processors.mjs";
import "./sending.mjs";
import "./positions.mjs";
import "./owners.mjs";
import "./refusals.mjs";
import "./transports.mjs";

const SIDE_BY_SIDE = 8;
const [results, only = ""] = process.argv.slice(2);

/** Fail after a time, so that a client that waits for ever is one failure and no more. */
function within(milliseconds, work) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function judge({ claim, run }) {
  const began = Date.now();
  const endings = [];
  const noted = [];
  const context = { after: (end) => endings.push(end), note: (line) => noted.push(line) };
  const failed = await within(2 * PATIENCE_MS, run(context)).then(
    () => null,
    (error) => String(error?.stack ?? error),
  );
  await within(PATIENCE_MS, Promise.all(endings.map((end) => end()))).catch((error) => noted.push(`closing: ${error}`));
  console.log(`${failed ? "FAILED" : "right "} ${Date.now() - began} ms  ${claim}${failed ? `\n${failed}` : ""}`);
  return { claim, failed, noted };
}

const waiting = checks.filter(({ claim }) => claim.includes(only));
const judged = [];
const worker = async () => {
  for (let next = waiting.shift(); next; next = waiting.shift()) judged.push(await judge(next));
};
await Promise.all(Array.from({ length: SIDE_BY_SIDE }, worker));
writeFileSync(results, JSON.stringify(judged));
process.exit(0); // whatever a client still holds open
