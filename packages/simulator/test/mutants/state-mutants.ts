// Mistakes about snapshots, sessions and damaged disks. Thesis chapters 5 and 6.3.
import type { Mutant } from "./mutants.ts";

export const stateMutants: readonly Mutant[] = [
  {
    name: "leaves the present configuration out of its snapshots",
    isFast: true,
    edits: [
      {
        package: "node",
        file: "snapshot-work.ts",
        find: "configuration: raft.configurationAt(index) };",
        replace: "configuration: raft.options.configuration };",
      },
    ],
  },
  {
    name: "leaves the sessions out of its snapshots",
    workload: "sessions",
    edits: [
      {
        package: "client",
        file: "sessions/with-sessions.ts",
        find: "sessionSnapshot(this.#table.view(), this.#machine.snapshot())",
        replace: "sessionSnapshot([], this.#machine.snapshot())",
      },
    ],
  },
  {
    name: "keeps the log behind a snapshot that contradicts it",
    edits: [
      {
        file: "snapshot.ts",
        find: "const keepsTail = server.log.contains(position);",
        replace: "const keepsTail = position.index <= server.log.lastIndex;",
      },
      {
        file: "log.ts",
        find: "const hasBase = this.contains(base);",
        replace: "const hasBase = base.index <= this.#lastIndex;",
      },
    ],
  },
  {
    name: "installs a snapshot that is older than what it has committed",
    edits: [
      {
        file: "snapshot.ts",
        find: "if (message.lastIncludedIndex <= server.commitIndex) {",
        replace: "if (message.lastIncludedIndex < 0) {",
      },
      { file: "snapshot.ts", find: "if (position.index <= server.commitIndex) return false;", replace: "" },
    ],
  },
  {
    name: "forgets the log before the snapshot is durable",
    isFast: true,
    edits: [
      {
        package: "node",
        file: "snapshot-work.ts",
        find: "const stored = await this.#taker.take();",
        replace:
          "const { raft, replica, input } = this.#parts;\n      input(() => void raft.compact(replica.last.index));\n      const stored = await this.#taker.take();",
      },
    ],
  },
  {
    name: "forgets the sessions when another server leads",
    isFast: true,
    workload: "sessions",
    edits: [
      {
        package: "client",
        file: "sessions/with-sessions.ts",
        find: "  #applyEnvelope(committed: CommittedCommand): SessionResult<Result> {\n    const { index, term, data } = committed;",
        replace:
          "  #term = 0;\n  #applyEnvelope(committed: CommittedCommand): SessionResult<Result> {\n    const { index, term, data } = committed;\n    if (term !== this.#term) this.#table = new SessionTable(this.#limits);\n    this.#term = term;",
      },
    ],
  },
  {
    name: "remembers answers only as long as its process lives",
    workload: "sessions",
    edits: [
      {
        package: "client",
        file: "sessions/with-sessions.ts",
        find: "if (known !== undefined) {",
        replace: "if (known !== undefined && known.index > this.#restoredAt) {",
      },
      {
        package: "client",
        file: "sessions/with-sessions.ts",
        find: "    this.#table = new SessionTable(this.#limits, sessions);",
        replace:
          "    this.#table = new SessionTable(this.#limits, sessions);\n    this.#restoredAt = Math.max(0, ...sessions.map(({ lastUsedIndex }) => lastUsedIndex));",
      },
      {
        package: "client",
        file: "sessions/with-sessions.ts",
        find: "  #table: SessionTable;",
        replace: "  #table: SessionTable;\n  #restoredAt = 0;",
      },
    ],
  },
  {
    name: "takes a command of a session that has expired",
    workload: "sessions",
    edits: [
      {
        package: "client",
        file: "sessions/with-sessions.ts",
        find: 'if (session === undefined) return refused("unknownSession");',
        replace:
          "if (session === undefined) {\n      this.#table.open(id);\n      return this.#applyOnce({ session: id, sequence, acknowledgedBelow, command } as SessionCommand, place);\n    }",
      },
    ],
  },
  {
    name: "goes on behind a batch at which its state machine has thrown",
    edits: [
      {
        package: "node",
        file: "apply-work.ts",
        find: "onError(error);\n      return;",
        replace: "void onError;\n      void error;",
      },
      {
        package: "node",
        file: "replica.ts",
        find: '    const commands = entries.filter(({ kind }) => kind === "command");',
        replace:
          '    const commands = entries.filter(({ kind }) => kind === "command");\n    this.#last = entries.at(-1) ?? this.#last;',
      },
    ],
  },
  {
    name: "does not notice that the snapshot before its log is missing",
    edits: [{ package: "node", file: "recovery.ts", find: "refuseGap(stored.log.base.index, 0);", replace: "" }],
  },
  {
    name: "cuts its log off where a bit has changed on the disk",
    isNoticed: true,
    edits: [
      {
        package: "simulator",
        file: "ports/storage.ts",
        find: "if (bad !== undefined) return Promise.reject(corrupt(bad));\n    const stored",
        replace:
          'for (const image of bad === undefined ? [] : [this.#disk.durable, this.#disk.visible]) image.take({ kind: "write", write: { truncateFrom: bad, entries: [] } });\n    const stored',
      },
    ],
  },
];
