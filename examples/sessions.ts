// Sessions: a client that does not know whether its command arrived sends it again, and it takes effect once.

import { decodeEnvelope, encodeOpen, encodeSessionCommand, Sequencer, withSessions } from "@quorate/client/sessions";
import { memoryLogStorage, memoryNetwork } from "@quorate/memory";
import { RaftNode } from "@quorate/node";
import { add, Counter } from "./counter.ts";
import { leaderOf } from "./leader.ts";

// On the servers: any state machine, wrapped. The table of sessions is replicated and part of its snapshots.
const voters = ["n1", "n2", "n3"];
const network = memoryNetwork();
const start = (nodeId: string) =>
  RaftNode.start({
    clusterId: "sessions",
    nodeId,
    configuration: { voters, learners: [] },
    storage: memoryLogStorage(),
    transport: network.transport(nodeId),
    stateMachine: withSessions(new Counter(), { encodeResult: (value) => new TextEncoder().encode(String(value)) }),
  });
const nodes = await Promise.all(voters.map(start));
const leader = await leaderOf(nodes);

// At the client: a session, and a number for each command.
const opened = await leader.propose(encodeOpen());
if (opened.result.type !== "opened") throw new Error(`not opened: ${opened.result.type}`);
const { session } = opened.result;
const sequencer = new Sequencer(100);

const numbered = sequencer.begin();
if (numbered === undefined) throw new Error("a hundred commands are under way");
const command = encodeSessionCommand({ session, ...numbered, command: add(5) });
console.log("to be committed:", decodeEnvelope(command)?.type);

// The leader commits it, and dies before its answer arrives. Whoever leads next knows the command.
await leader.propose(command);
await leader.close();
const next = await leaderOf(nodes.filter((node) => node !== leader));
const { result } = await next.propose(command);
if (result.type !== "answered") throw new Error(`not answered: ${result.type}`);
sequencer.settle(numbered.sequence); // from now on the servers may forget the answer

console.log(`answered ${new TextDecoder().decode(result.answer)}, replayed: ${result.replayed}`);
console.log(`the counter is ${(await next.query("value")).answer}`);
await Promise.all(nodes.map((node) => node.close()));
