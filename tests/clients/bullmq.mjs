// A service that uses BullMQ, told what to do: node bullmq.mjs URL PREFIX [SETTINGS of its workers as JSON], then
// one JSON array [method, …] a line. Each answer is one line of JSON.
import { createInterface } from "node:readline";

const [url, prefix, given = "{}"] = process.argv.slice(2);
const { library = "bullmq", ...settings } = JSON.parse(given);
const { Queue, QueueEvents, Worker } = await import(library);
const { hostname: host, port } = new URL(url);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };
const queues = new Map();
const heard = [];
let worked = 0;

function queue(name) {
  if (!queues.has(name)) queues.set(name, new Queue(name, { connection, prefix }));
  return queues.get(name);
}

const methods = {
  add: async (name, data, options) => (await queue(name).add(name, data, options)).id,
  addNamed: async (name, type, data, options) => (await queue(name).add(type, data, options)).id,
  addBulk: async (name, jobs) => {
    for (let at = 0; at < jobs.length; at += 1000)
      await queue(name).addBulk(jobs.slice(at, at + 1000).map(([type, data, opts]) =>
        ({ name: type ?? name, data, opts: opts ?? {} })));
    return jobs.length;
  },
  counts: (name) => queue(name).getJobCounts(),
  job: async (name, id) => {
    const found = await queue(name).getJob(id);
    if (!found) return null;
    const { data, returnvalue, failedReason, attemptsMade, stacktrace, finishedOn, processedOn } = found;
    return { state: await found.getState(), data, returnvalue, failedReason, attemptsMade, stacktrace,
      finished: Boolean(finishedOn), processed: Boolean(processedOn) };
  },
  ids: async (name, state) => (await queue(name).getJobs([state], 0, 1e6, true)).map((each) => each.id),
  pause: (name) => queue(name).pause(),
  resume: (name) => queue(name).resume(),
  retry: async (name, id) => (await queue(name).getJob(id)).retry(),
  listen: async (name) => {
    const events = new QueueEvents(name, { connection, prefix });
    for (const event of ["active", "completed", "failed", "stalled", "waiting", "delayed", "drained"])
      events.on(event, (about) => heard.push([event, about.jobId ?? null, about.returnvalue ?? null]));
    await events.waitUntilReady();
  },
  heard: () => heard,
  work: (name, concurrency) => {
    new Worker(name, async () => { worked += 1; }, { connection, prefix, concurrency, ...settings });
  },
  worked: () => worked,
};

for await (const line of createInterface({ input: process.stdin })) {
  const [method, ...given] = JSON.parse(line);
  const answer = await methods[method](...given);
  console.log(JSON.stringify(answer ?? null));
}
process.exit(0);
