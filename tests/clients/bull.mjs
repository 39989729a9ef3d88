// A service that uses Bull, told what to do: node bull.mjs URL PREFIX [SETTINGS of its workers as JSON], then one
// JSON array [method, …] a line.
// Each answer is one line of JSON.
import { createInterface } from "node:readline";
import Queue from "bull";

const [url, prefix, settings = "{}"] = process.argv.slice(2);
const queues = new Map();
const heard = [];
let worked = 0;

function queue(name) {
  if (!queues.has(name)) queues.set(name, new Queue(name, url, { prefix, settings: JSON.parse(settings) }));
  return queues.get(name);
}

const job = async (name, id) => {
  const found = await queue(name).getJob(id);
  if (!found) return null;
  const { data, returnvalue, failedReason, attemptsMade, stacktrace, finishedOn, processedOn } = found;
  return { state: await found.getState(), data, returnvalue, failedReason, attemptsMade, stacktrace,
    finished: Boolean(finishedOn), processed: Boolean(processedOn) };
};

const methods = {
  // Jobs without a name, as one queue for each type has them; or with one: each is [name, data, options].
  add: async (name, data, options) => (await queue(name).add(data, options)).id,
  addNamed: async (name, type, data, options) => (await queue(name).add(type, data, options)).id,
  addBulk: async (name, jobs) => {
    for (let at = 0; at < jobs.length; at += 1000)
      await queue(name).addBulk(jobs.slice(at, at + 1000).map(([type, data, opts]) =>
        type === null ? { data, opts } : { name: type, data, opts }));
    return jobs.length;
  },
  counts: (name) => queue(name).getJobCounts(),
  job,
  ids: async (name, state) => (await queue(name).getJobs([state], 0, 1e6, true)).map((each) => each.id),
  pause: (name) => queue(name).pause(),
  resume: (name) => queue(name).resume(),
  retry: async (name, id) => (await queue(name).getJob(id)).retry(),
  // What others hear of the queue from now on.
  listen: async (name) => {
    const events = ["active", "completed", "failed", "stalled", "waiting", "drained"];
    for (const event of events)
      queue(name).on(`global:${event}`, (id, value) => heard.push([event, id ?? null, value ?? null]));
    const subscribed = () => Object.values(queue(name).registeredEvents);
    while (subscribed().length < events.length) await new Promise((done) => setTimeout(done, 20));
    await Promise.all(subscribed());
  },
  heard: () => heard,
  // A worker of Bull's own that does nothing, for as many jobs as come.
  work: (name, concurrency) => { queue(name).process("*", concurrency, () => { worked += 1; }); },
  worked: () => worked,
};

for await (const line of createInterface({ input: process.stdin })) {
  const [method, ...given] = JSON.parse(line);
  const answer = await methods[method](...given);
  console.log(JSON.stringify(answer ?? null));
}
process.exit(0);
