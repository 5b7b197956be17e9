// grpc-js against the tests' echo service: `node grpc.js HOST:PORT`. Says what came of each kind of call.
const grpc = require("@grpc/grpc-js");

const client = new grpc.Client(process.argv[2], grpc.credentials.createInsecure());
const path = (method) => `/dragoman.tests.echo.Echo/${method}`;
const soon = () => ({ deadline: Date.now() + 20000 });

function encode({ text, count = 0 }) {
  const bytes = Buffer.from(text);
  const parts = [Buffer.from([10, bytes.length]), bytes];
  if (count) parts.push(Buffer.from([16, (count & 127) | 128, count >> 7]));
  return Buffer.concat(parts);
}

function decode(data) {
  return data[0] === 10 ? data.subarray(2, 2 + data[1]).toString() : "";
}

const coding = [encode, decode];
const unary = (text, options) =>
  new Promise((done) =>
    client.makeUnaryRequest(path("Say"), ...coding, { text }, new grpc.Metadata(), options, (error, answer) =>
      done(error ? `${error.code} ${error.details}` : answer),
    ),
  );

async function main() {
  console.log("say", await unary("hi", soon()));
  const split = client.makeServerStreamRequest(path("Split"), ...coding, { text: "x", count: 1000 }, soon());
  let count = 0;
  for await (const _ of split) count += 1;
  console.log("split", count);
  const joined = await new Promise((done, fail) => {
    const call = client.makeClientStreamRequest(path("Join"), ...coding, new grpc.Metadata(), soon(), (error, answer) =>
      error ? fail(error) : done(answer),
    );
    for (const text of ["a", "b", "c"]) call.write({ text });
    call.end();
  });
  console.log("join", joined);
  const talk = client.makeBidiStreamRequest(path("Talk"), ...coding, soon());
  const heard = [];
  talk.write({ text: "a" });
  for await (const text of talk) {
    heard.push(text);
    if (heard.length < 3) talk.write({ text: "abc"[heard.length] });
    else talk.end();
  }
  console.log("talk", ...heard);
  console.log("fail", await unary("fail", soon()));
  console.log("late", (await unary("wait", { deadline: Date.now() + 200 })).slice(0, 1));
  client.close();
}

main();
