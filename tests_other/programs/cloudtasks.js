// @google-cloud/tasks: `tasks QUEUE COUNT` makes QUEUE and COUNT tasks, each sent to a server of its own, and prints what
// that is sent; one of them fails at first, one waits for its time, one is run before it, one is deleted. `feed QUEUE
// COUNT` makes QUEUE with a target, says so, and prints what is sent there, which others have published.
// `later QUEUE COUNT` leaves COUNT tasks that wait for tomorrow. HOST:PORT comes first. The exit status is 0 when all of
// it worked.
const http = require("node:http");
const { once } = require("node:events");
const { credentials } = require("@grpc/grpc-js");
const { v2, v2beta3 } = require("@google-cloud/tasks");

process.env.METADATA_SERVER_DETECTION = "none";

const [address, mode, name, count] = process.argv.slice(2);
const [servicePath, port] = address.split(":");
const sslCreds = credentials.createInsecure();
const options = { servicePath, port: Number(port), sslCreds, projectId: "default" };
const client = new v2.CloudTasksClient(options);
const parent = client.locationPath("default", "local");
const queueName = client.queuePath("default", "local", name);
const ALREADY_EXISTS = 6;
const TOMORROW_S = 86_400;

function expect(is, what) {
  if (!is) throw new Error(`not so: ${what}`);
}

async function serve(answer) {
  const found = [];
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      const seen = { body, headers: request.headers };
      response.statusCode = answer(seen);
      response.end();
      if (response.statusCode === 200) found.push(seen);
      server.emit("found");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const until = async (wanted) => {
    while (found.length < wanted) await once(server, "found");
    return found;
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, port: server.address().port, until };
}

function task(url, value, more = {}) {
  const headers = { "X-Value": value };
  return { httpRequest: { httpMethod: "POST", url, headers, body: Buffer.from(value) }, ...more };
}

function at(seconds) {
  return { scheduleTime: { seconds: Math.floor(Date.now() / 1000) + seconds } };
}

async function create(value, url, more) {
  const named = client.taskPath("default", "local", name, value);
  const [made] = await client.createTask({ parent: queueName, task: { name: named, ...task(url, value, more) } });
  return made.name;
}

async function tasks() {
  const retryConfig = { minBackoff: { nanos: 50_000_000 } };
  await client.createQueue({ parent, queue: { name: queueName, retryConfig } });
  let failed = false;
  const server = await serve(({ body, headers }) => {
    expect(headers["x-cloudtasks-queuename"] === name, "X-CloudTasks-QueueName");
    expect(headers["x-cloudtasks-taskname"] === body, "X-CloudTasks-TaskName");
    expect(headers["user-agent"] === "Google-Cloud-Tasks", "User-Agent");
    if (body !== "value-0" || failed) return 200;
    failed = true;
    return 503;
  });
  await client.pauseQueue({ name: queueName });
  const names = [];
  const total = Number(count);
  for (let number = 0; number < total - 2; number += 1) names.push(await create(`value-${number}`, server.url));
  names.push(await create(`value-${total - 2}`, server.url, at(1)));
  names.push(await create(`value-${total - 1}`, server.url, at(TOMORROW_S)));
  const gone = await create("deleted", server.url);
  const [listed] = await client.listTasks({ parent: queueName, pageSize: 1000 });
  expect(listed.length === total + 1, `${listed.length} tasks are listed`);
  await client.deleteTask({ name: gone });
  const [told] = await client.getTask({ name: names[0], responseView: "FULL" });
  expect(told.httpRequest.body.toString() === "value-0", "the body in a FULL view");
  await client.resumeQueue({ name: queueName });
  await client.runTask({ name: names[total - 1] });
  const found = await server.until(total);
  expect(failed, "a task failed at first");
  const again = found.find(({ body }) => body === "value-0").headers;
  expect(again["x-cloudtasks-taskretrycount"] === "1", "X-CloudTasks-TaskRetryCount");
  expect(again["x-cloudtasks-taskpreviousresponse"] === "503", "X-CloudTasks-TaskPreviousResponse");
  const code = await create("value-0", server.url).catch((error) => error.code);
  expect(code === ALREADY_EXISTS, `the name of a task that is over: ${code}`);
  return found;
}

async function feed() {
  const server = await serve(() => 200);
  const uriOverride = { scheme: "HTTP", host: "127.0.0.1", port: server.port };
  const beta = new v2beta3.CloudTasksClient(options); // its v2 knows no httpTarget
  await beta.createQueue({ parent, queue: { name: queueName, httpTarget: { uriOverride } } });
  return server.until(Number(count));
}

async function later() {
  await client.createQueue({ parent, queue: { name: queueName } });
  for (let number = 0; number < Number(count); number += 1) {
    await create(`value-${number}`, "http://127.0.0.1:1/", at(TOMORROW_S));
  }
  const [listed] = await client.listTasks({ parent: queueName });
  expect(listed.length === Number(count), `${listed.length} tasks wait`);
  const [purged] = await client.purgeQueue({ name: queueName });
  expect(purged.purgeTime, "purgeTime");
  const [left] = await client.listTasks({ parent: queueName });
  expect(left.length === 0, `${left.length} tasks are left`);
  await client.deleteQueue({ name: queueName });
  return [];
}

const MODES = { tasks, feed, later };

MODES[mode]().then(
  (found) => process.stdout.write(found.map(({ body }) => `${body}\n`).join(""), () => process.exit(0)),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
