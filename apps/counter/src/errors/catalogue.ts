// Every error code that a user of the service can meet: its title, its HTTP status and the exit code of the command line.
// HTTP and CLI read the same table, so that they cannot disagree.

/** Exit codes of the command line. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  noLeader: 3,
  outcomeUnknown: 4,
  preconditionFailed: 5,
  unreachable: 6,
} as const;

/** What the service knows about an error code. */
export type CatalogueEntry = {
  /** Short and the same for every occurrence. */
  readonly title: string;
  /** HTTP status. */
  readonly status: number;
  readonly exitCode: number;
  /** What to do, for errors that bring no hint of their own. */
  readonly hint: string;
};

const { failure, usage, noLeader, outcomeUnknown, preconditionFailed, unreachable } = exitCodes;

function entry(status: number, exitCode: number, title: string, hint: string): CatalogueEntry {
  return { status, exitCode, title, hint };
}

const entries: Readonly<Record<string, CatalogueEntry>> = {
  QUORATE_NOT_LEADER: entry(307, noLeader, "This node is not the leader", "Send the request to the leader."),
  QUORATE_NO_LEADER: entry(
    503,
    noLeader,
    "No leader is known",
    "Retry after a moment; an election takes less than a second.",
  ),
  QUORATE_QUORUM_LOST: entry(
    503,
    noLeader,
    "The leader lost its majority",
    "Check that a majority of the nodes is running and can reach each other.",
  ),
  QUORATE_PROPOSAL_TIMEOUT: entry(
    504,
    outcomeUnknown,
    "The outcome of the write is unknown",
    "Retry with the same Idempotency-Key, or read back before assuming failure.",
  ),
  QUORATE_PROPOSAL_DROPPED: entry(
    503,
    failure,
    "The write was lost in a change of leader",
    "It has certainly not happened: retry.",
  ),
  QUORATE_READ_TIMEOUT: entry(
    504,
    failure,
    "The read was not confirmed in time",
    "Retry, or ask for consistency=stale.",
  ),
  QUORATE_ABORTED: entry(504, outcomeUnknown, "The call was given up", "Read back before assuming failure."),
  QUORATE_BUSY: entry(503, failure, "Too much work is waiting", "Retry after a moment, with fewer requests at once."),
  QUORATE_TOO_LARGE: entry(413, failure, "The request is too large", "Split the value: bodies are limited to 1 MiB."),
  QUORATE_STORAGE_FAILED: entry(503, failure, "The node's storage failed", "Check the disk, then restart the node."),
  QUORATE_STORAGE_FULL: entry(
    503,
    failure,
    "The node's disk has hardly any space left",
    "Free space on the disk; the node goes on by itself.",
  ),
  QUORATE_CLOSED: entry(503, failure, "The node is shutting down", "Ask another node."),
  QUORATE_NOT_READY: entry(503, failure, "The node is not ready", "See the reasons."),
  // 422 where no waiting helps: the target is not a voter, or there is no other one.
  QUORATE_TRANSFER_REFUSED: entry(
    409,
    failure,
    "Leadership cannot be handed over as asked",
    "Choose another voter, or wait for the transfer that is under way.",
  ),
  // 504 and not 503, which invites to repeat blindly: writes are refused during each attempt.
  QUORATE_TRANSFER_ABORTED: entry(
    504,
    failure,
    "The chosen node did not take over in time",
    "The old leader goes on. Check that the chosen node is running, or choose another one.",
  ),
  QUORATE_CHANGE_IN_PROGRESS: entry(
    409,
    failure,
    "Another change of the members is under way",
    "Wait until it is committed.",
  ),
  QUORATE_WOULD_LOSE_QUORUM: entry(
    422,
    failure,
    "The change would leave no majority that answers",
    "Bring the other nodes back first, or force the change if they are gone for good.",
  ),
  // 404 if there is no such member, 422 if no waiting helps.
  QUORATE_CHANGE_REFUSED: entry(
    409,
    failure,
    "The members cannot be changed as asked",
    "Compare the change with the members that are listed.",
  ),
  // 503 and not 504: another node may answer at once.
  QUORATE_INDEX_NOT_REACHED: entry(
    503,
    failure,
    "The node's state does not reach the index",
    "Ask another node, or wait longer; an index that no node reaches was never committed here.",
  ),
  QUORATE_STALE_TOO_OLD: entry(
    503,
    failure,
    "The node's state may be too old",
    "Read from the leader, or raise max_age_ms.",
  ),

  QUORATE_NOT_FOUND: entry(
    404,
    failure,
    "There is no such counter or register",
    "Check the name; a counter exists after its first increment.",
  ),
  QUORATE_PRECONDITION: entry(
    412,
    preconditionFailed,
    "A precondition does not hold",
    "Read the register again and decide anew.",
  ),
  QUORATE_COUNTER_RANGE: entry(422, failure, "The counter would leave its range", "Counters stay within ±(2^53−1)."),
  QUORATE_KEY_REUSED: entry(
    422,
    failure,
    "The idempotency key belongs to another request",
    "Use a new Idempotency-Key for each new request.",
  ),
  QUORATE_COMMAND_INVALID: entry(422, usage, "The command is not valid", "Correct the command; nothing was done."),

  QUORATE_DECODE_FAILED: entry(400, failure, "Bytes were not understood", "Use a client of the servers' version."),
  QUORATE_SESSION_UNKNOWN: entry(
    410,
    outcomeUnknown,
    "The session has expired",
    "Read back before assuming that writes of the session failed.",
  ),
  QUORATE_REQUEST_INVALID: entry(400, usage, "The request is not valid", "Correct the request; nothing was done."),
  QUORATE_JSON_INVALID: entry(400, usage, "The body is not JSON", "Send one JSON object in UTF-8."),
  QUORATE_NAME_INVALID: entry(
    400,
    usage,
    "The name is not valid",
    "Names are 1 to 256 bytes of UTF-8, percent-encoded.",
  ),
  QUORATE_KEY_INVALID: entry(400, usage, "The idempotency key is not valid", "Use 1 to 128 visible ASCII characters."),
  QUORATE_CONTENT_TYPE: entry(
    415,
    usage,
    "The content type is not supported",
    "Send the header content-type: application/json.",
  ),
  QUORATE_ROUTE_NOT_FOUND: entry(
    404,
    usage,
    "There is no such route",
    "The routes are listed in the package's README.",
  ),
  QUORATE_METHOD_NOT_ALLOWED: entry(
    405,
    usage,
    "The method is not allowed here",
    "Use one of the methods of the Allow header.",
  ),
  QUORATE_URI_TOO_LONG: entry(414, usage, "The address of the request is too long", "Addresses are limited to 8 KiB."),
  QUORATE_HEADERS_TOO_LARGE: entry(431, usage, "The headers are too large", "Headers are limited to 16 KiB."),
  QUORATE_REQUEST_TIMEOUT: entry(
    408,
    failure,
    "The request did not arrive in time",
    "Send the whole request within 30 seconds.",
  ),
  QUORATE_INTERNAL: entry(500, failure, "The node made an error", "This is a defect; the node's log has the details."),

  QUORATE_CONFIG_INVALID: entry(500, usage, "The configuration is not valid", "Correct the configuration."),
  QUORATE_TLS_UNUSABLE: entry(500, usage, "Certificates cannot be used", "Give PEM files that belong together."),
  QUORATE_CERTIFICATE_MISMATCH: entry(
    500,
    usage,
    "The certificate is another node's",
    "Give each node its own certificate; quorate tls show tells whose it is.",
  ),
  QUORATE_ADVERTISE_INVALID: entry(
    500,
    usage,
    "An advertised address cannot be dialled",
    "Advertise an address of this machine.",
  ),
  QUORATE_TIMEOUTS_UNSAFE: entry(500, usage, "The timeouts cannot work", "Use the values that the message names."),
  QUORATE_ADDRESS_IN_USE: entry(
    500,
    failure,
    "An address is in use",
    "Stop the other process, or choose another port.",
  ),
  QUORATE_DATA_LOCKED: entry(
    500,
    failure,
    "The data directory is in use",
    "Stop the other process, or choose another directory.",
  ),
  QUORATE_PEER_UNKNOWN: entry(
    500,
    failure,
    "A node is not a member of the cluster",
    "Add it with quorate members add; if it was removed, stop it.",
  ),
  QUORATE_CLUSTER_MISMATCH: entry(
    500,
    failure,
    "The data belongs to another cluster",
    "Use the directory with the cluster it was made for.",
  ),
  QUORATE_NODE_MISMATCH: entry(
    500,
    failure,
    "The data belongs to another node",
    "Give each node its own data directory.",
  ),
  QUORATE_MEMBERS_MISMATCH: entry(
    500,
    failure,
    "The cluster was formed with other members",
    "Name the same members as at the first start.",
  ),
  QUORATE_ADDRESS_UNUSABLE: entry(500, failure, "An address cannot be used", "Listen on an address of this machine."),
  QUORATE_OPTIONS_INVALID: entry(
    500,
    usage,
    "The options cannot work together",
    "Use the values that the message names.",
  ),
  QUORATE_FORMAT_UNSUPPORTED: entry(
    500,
    failure,
    "The files have a format of another version",
    "Use the version of Quorate that wrote them, or a later one.",
  ),
  QUORATE_APPLY_FAILED: entry(
    500,
    failure,
    "The state machine failed",
    "This is a defect; the node's log has the details.",
  ),
  QUORATE_INVARIANT_VIOLATED: entry(
    500,
    failure,
    "An invariant of the protocol is broken",
    "This is a defect; the node stopped to protect the data.",
  ),
  QUORATE_LOG_CORRUPT: entry(500, failure, "The log is damaged", "Replace the node, or restore its directory."),
  QUORATE_SNAPSHOT_CORRUPT: entry(
    500,
    failure,
    "The snapshot is damaged",
    "Replace the node, or restore its directory.",
  ),
  QUORATE_REBUILD_IMPOSSIBLE: entry(
    500,
    failure,
    "The others cannot rebuild this node",
    "Start the other nodes; a majority with intact files is needed.",
  ),
  QUORATE_UNREACHABLE: entry(
    502,
    unreachable,
    "No node answers",
    "Check that the nodes are running and the endpoints are right.",
  ),
  QUORATE_ANSWER_INVALID: entry(
    502,
    failure,
    "The answer is not one of a Quorate node",
    "Check the endpoint and what stands before it.",
  ),
};

const unknownEntry: CatalogueEntry = entry(500, failure, "An unexpected error", "The node's log has the details.");

/** The codes in the table. */
export const catalogueCodes: readonly string[] = Object.keys(entries);

/** What is known about a code; something general for codes that are not in the table. */
export function describeCode(code: string): CatalogueEntry {
  return Object.hasOwn(entries, code) ? (entries[code] ?? unknownEntry) : unknownEntry;
}

/** A URI that identifies the kind of error: RFC 9457 `type`. */
export function problemType(code: string): string {
  return `urn:quorate:error:${code
    .replace(/^QUORATE_/, "")
    .toLowerCase()
    .replaceAll("_", "-")}`;
}
